package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"squirrel/models"
	"squirrel/views/pages"
)

// What may be attached to the messages of one request. The images travel with the form, so they are bounded together.
const (
	maxPlayForm    = 32 << 20 // bytes
	maxImages      = 8
	maxImagesBytes = 8 << 20 // of all
	maxImageURL    = 2048
)

const imageTooLarge = "is larger than 4 MB"

var imageTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// attachImages gathers the images of each message: those the form had, files that came with it, and an address.
func attachImages(form *pages.Playground, v url.Values, files []formFile) {
	count, size := 0, 0
	for i := range form.Messages {
		n := strconv.Itoa(i)
		take := func(address, problem string) {
			if problem == "" && count == maxImages {
				problem = "can have at most 8 images"
			}
			if problem == "" && size+len(address)*3/4 > maxImagesBytes {
				problem = "can have images of at most 8 MB together"
			}
			if problem != "" {
				form.Errors["image_"+n] = problem
				return
			}
			count++
			size += len(address) * 3 / 4
			form.Messages[i].Images = append(form.Messages[i].Images, address)
		}
		for _, kept := range v["image_"+n] {
			take(kept, imageProblem(kept))
		}
		for _, f := range files {
			switch {
			case f.Field != "image_file_"+n:
			case f.TooLarge && form.Errors["image_"+n] == "": // what was wrong before may be why
				take("", imageTooLarge)
			case !f.TooLarge:
				take(dataURL(f.Data))
			}
		}
		if address := strings.TrimSpace(v.Get("image_url_" + n)); address != "" {
			take(address, imageProblem(address))
		}
		if len(form.Messages[i].Images) > 0 && form.Messages[i].Role != "user" {
			form.Errors["image_"+n] = "only messages of the user can hold images"
		}
	}
}

// dataURL makes an address of an image that was sent. What it is, its bytes say, not its name.
func dataURL(data []byte) (address, problem string) {
	kind := http.DetectContentType(data)
	switch {
	case !slices.Contains(imageTypes, kind):
		return "", "is no PNG, JPEG, GIF or WebP image"
	case len(data) > pages.MaxPlayImage:
		return "", imageTooLarge
	}
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data), ""
}

// imageProblem says what is wrong with the address of an image; empty when nothing is.
func imageProblem(address string) string {
	if rest, ok := strings.CutPrefix(address, "data:"); ok {
		_, encoded, _ := strings.Cut(rest, ";base64,")
		data, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(data) == 0 {
			return "is no PNG, JPEG, GIF or WebP image"
		}
		written, problem := dataURL(data)
		if problem == "" && written != address {
			problem = "is no PNG, JPEG, GIF or WebP image"
		}
		return problem
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(address) > maxImageURL {
		return "must be a URL that begins with https:// or http://"
	}
	return ""
}

// dropImage takes one image off a message: op is "drop:message:image".
func dropImage(form *pages.Playground, op string) {
	_, place, _ := strings.Cut(op, ":")
	message, image, _ := strings.Cut(place, ":")
	i, err1 := strconv.Atoi(message)
	k, err2 := strconv.Atoi(image)
	if err1 != nil || err2 != nil || i < 0 || i >= len(form.Messages) || k < 0 || k >= len(form.Messages[i].Images) {
		return
	}
	form.Messages[i].Images = slices.Delete(form.Messages[i].Images, k, k+1)
}

type contentPart = map[string]any

// contentParts writes a message with images in the words of its endpoint. Anthropic advises to put images first.
func contentParts(endpoint models.Endpoint, m pages.PlayMessage) []contentPart {
	var images, text []contentPart
	for _, address := range m.Images {
		images = append(images, imagePart(endpoint, address))
	}
	if m.Text != "" {
		kind := "text"
		if endpoint == models.EndpointResponses {
			kind = "input_text"
		}
		text = []contentPart{{"type": kind, "text": m.Text}}
	}
	if endpoint == models.EndpointMessages {
		return append(images, text...)
	}
	return append(text, images...)
}

func imagePart(endpoint models.Endpoint, address string) contentPart {
	switch endpoint {
	case models.EndpointResponses:
		return contentPart{"type": "input_image", "image_url": address}
	case models.EndpointMessages:
		if rest, ok := strings.CutPrefix(address, "data:"); ok {
			kind, data, _ := strings.Cut(rest, ";base64,")
			return contentPart{"type": "image", "source": contentPart{"type": "base64", "media_type": kind, "data": data}}
		}
		return contentPart{"type": "image", "source": contentPart{"type": "url", "url": address}}
	}
	return contentPart{"type": "image_url", "image_url": contentPart{"url": address}}
}
