package answers

import (
	"bytes"
	"encoding/base64"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"strconv"
)

// imageRequest is an image request, sent as JSON or as a form.
type imageRequest struct {
	Model          string `json:"model"`
	Prompt         string `json:"prompt"`
	N              *int   `json:"n"`
	ResponseFormat string `json:"response_format"`
	Stream         bool   `json:"stream"`
	PartialImages  *int   `json:"partial_images"`
}

// images answers generations, edits and variations with small pictures of one colour.
func images(r *Request) (*Answer, *failure) {
	req, f := readImageRequest(r)
	if f != nil {
		return nil, f
	}
	if f := checkModel(req.Model); f != nil {
		return nil, f
	}
	n := firstOf(req.N, new(1))
	if n < 1 || n > 10 {
		return nil, refuse("n", "Invalid 'n': expected a value between 1 and 10, but got %d instead.", n)
	}
	if req.Stream {
		return stream(req.events(r.Now.Unix())), nil
	}
	data := list{}
	for i := range n {
		if req.ResponseFormat == "url" {
			data = append(data, object{{"url", "https://images.example.com/" + strconv.Itoa(i) + ".png"}})
			continue
		}
		data = append(data, object{{"b64_json", picture(req.Prompt, i)}})
	}
	return plain(object{
		{"created", r.Now.Unix()}, {"background", "opaque"}, {"data", data}, {"output_format", "png"}, {"quality", "low"},
		{"size", "1024x1024"}, {"usage", req.usage(n)},
	}), nil
}

func readImageRequest(r *Request) (*imageRequest, *failure) {
	if _, ok := isForm(r.Header); !ok {
		return decode[imageRequest](r)
	}
	form, f := readForm(r.Header, r.Body)
	if f != nil {
		return nil, f
	}
	if len(form.files) == 0 {
		return nil, refuse("image", "Missing required parameter: 'image'.")
	}
	req := &imageRequest{
		Model: form.values["model"], Prompt: form.values["prompt"],
		ResponseFormat: form.values["response_format"], Stream: form.values["stream"] == "true",
	}
	if n, err := strconv.Atoi(form.values["n"]); err == nil {
		req.N = &n
	}
	return req, nil
}

// events are the partial pictures, when asked for, and the finished one.
func (req *imageRequest) events(created int64) []Event {
	event := func(kind string, variant int, more ...field) Event {
		return Event{Name: kind, Data: encode(object{
			{"type", kind}, {"b64_json", picture(req.Prompt, variant)}, {"created_at", created}, {"size", "1024x1024"},
			{"quality", "low"}, {"background", "opaque"}, {"output_format", "png"},
		}.with(more...))}
	}
	var events []Event
	for i := range min(firstOf(req.PartialImages), 3) {
		events = append(events, event("image_generation.partial_image", i+1, field{"partial_image_index", i}))
	}
	return append(events, event("image_generation.completed", 0, field{"usage", req.usage(1)}))
}

func (req *imageRequest) usage(n int) object {
	in := max(tokens(req.Prompt), 1)
	return object{
		{"input_tokens", in}, {"input_tokens_details", object{{"image_tokens", 0}, {"text_tokens", in}}},
		{"output_tokens", 272 * n}, {"total_tokens", in + 272*n},
	}
}

// picture is a PNG in base64 whose colour follows from the prompt.
func picture(prompt string, variant int) string {
	h := fnv.New32a()
	h.Write([]byte(prompt + strconv.Itoa(variant)))
	sum := h.Sum32()
	img := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.RGBA{uint8(sum), uint8(sum >> 8), uint8(sum >> 16), 255}})
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic("answers: a picture of one colour cannot be encoded: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}
