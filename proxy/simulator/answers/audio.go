package answers

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/http"

	"squirrel/models"
)

// speech answers with a short tone whose length grows with the text.
func speech(r *Request) (*Answer, *failure) {
	req, f := decode[struct {
		Model          string `json:"model"`
		Input          string `json:"input"`
		Voice          any    `json:"voice"`
		ResponseFormat string `json:"response_format"`
	}](r)
	if f != nil {
		return nil, f
	}
	if f := checkModel(req.Model); f != nil {
		return nil, f
	}
	if req.Input == "" || req.Voice == nil {
		return nil, refuse("input", "Missing required parameter: 'input' and 'voice' must be given.")
	}
	a := &Answer{Status: http.StatusOK, ContentType: "audio/wav", Pieces: true}
	samples := tone(800 + 40*min(len(req.Input), 1000))
	switch req.ResponseFormat {
	case "", "mp3":
		a.ContentType, a.Body = "audio/mpeg", silence(1+min(len(req.Input), 1000)/10)
	case "pcm":
		a.ContentType, a.Body = "audio/pcm", samples
	default:
		a.Body = wav(samples)
	}
	return a, nil
}

const sampleRate = 8000

// tone is a note of 440 Hz in 16-bit samples.
func tone(samples int) []byte {
	out := make([]byte, 0, 2*samples)
	for i := range samples {
		level := int16(8000 * math.Sin(2*math.Pi*440*float64(i)/sampleRate))
		out = binary.LittleEndian.AppendUint16(out, uint16(level))
	}
	return out
}

// wav puts a RIFF header in front of 16-bit mono samples.
func wav(samples []byte) []byte {
	le := binary.LittleEndian
	out := append(make([]byte, 0, 44+len(samples)), "RIFF"...)
	out = le.AppendUint32(out, uint32(36+len(samples)))
	out = append(out, "WAVEfmt "...)
	out = le.AppendUint32(out, 16)
	out = le.AppendUint16(out, 1) // PCM
	out = le.AppendUint16(out, 1) // mono
	out = le.AppendUint32(out, sampleRate)
	out = le.AppendUint32(out, 2*sampleRate)
	out = le.AppendUint16(out, 2)
	out = le.AppendUint16(out, 16)
	out = append(out, "data"...)
	out = le.AppendUint32(out, uint32(len(samples)))
	return append(out, samples...)
}

// silence is a number of empty MPEG-1 layer III frames of 128 kbit/s at 44.1 kHz: 417 bytes each.
func silence(frames int) []byte {
	out := make([]byte, 417*frames)
	for i := range frames {
		copy(out[417*i:], []byte{0xff, 0xfb, 0x90, 0x64})
	}
	return out
}

// transcription answers with a text that names the file and its size.
func transcription(r *Request) (*Answer, *failure) {
	form, f := readForm(r.Header, r.Body)
	if f != nil {
		return nil, f
	}
	if f := checkModel(form.values["model"]); f != nil {
		return nil, f
	}
	if len(form.files) == 0 || form.files[0].field != "file" {
		return nil, refuse("file", "Missing required parameter: 'file'.")
	}
	noun, task := "Transcript", "transcribe"
	if r.Endpoint == models.EndpointTranslations {
		noun, task = "Translation", "translate"
	}
	text := fmt.Sprintf("%s of %s (%d bytes): squirrels sing at dawn.", noun, form.files[0].name, form.files[0].size)
	if form.values["stream"] == "true" {
		return transcriptStream(text), nil
	}
	return transcript(text, task, form.values["response_format"]), nil
}

func transcript(text, task, format string) *Answer {
	switch format {
	case "text":
		return &Answer{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte(text + "\n")}
	case "srt":
		return &Answer{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte("1\n00:00:00,000 --> 00:00:02,500\n" + text + "\n\n")}
	case "vtt":
		return &Answer{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte("WEBVTT\n\n00:00:00.000 --> 00:00:02.500\n" + text + "\n\n")}
	case "verbose_json":
		return plain(object{
			{"task", task}, {"language", "english"}, {"duration", 2.5}, {"text", text}, {"segments", list{object{
				{"id", 0}, {"seek", 0}, {"start", 0.0}, {"end", 2.5}, {"text", text}, {"tokens", list{}}, {"temperature", 0.0},
				{"avg_logprob", -0.2}, {"compression_ratio", 1.1}, {"no_speech_prob", 0.01},
			}}}, {"usage", object{{"type", "duration"}, {"seconds", 3}}},
		})
	}
	return plain(object{{"text", text}, {"usage", transcriptUsage(text)}})
}

func transcriptUsage(text string) object {
	n := tokens(text)
	return object{
		{"type", "tokens"}, {"total_tokens", 25 + n}, {"input_tokens", 25},
		{"input_token_details", object{{"text_tokens", 0}, {"audio_tokens", 25}}}, {"output_tokens", n},
	}
}

func transcriptStream(text string) *Answer {
	var events []Event
	for _, p := range pieces(text) {
		events = append(events, Event{Data: encode(object{{"type", "transcript.text.delta"}, {"delta", p}})})
	}
	return stream(append(events, Event{Data: encode(object{
		{"type", "transcript.text.done"}, {"text", text}, {"usage", transcriptUsage(text)},
	})}))
}
