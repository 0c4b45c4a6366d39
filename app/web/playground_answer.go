package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// codeStopped is what the log says of a request that an administrator ended.
const codeStopped = "cancelled"

// playAnswer shows an answer as what it is: a conversation, a sound, images, vectors, a text.
func playAnswer(endpoint models.Endpoint, played admin.Played) pages.PlayAnswer {
	a := pages.PlayAnswer{
		Status: played.Status, LogURL: "/admin/logs/" + url.PathEscape(played.LogID) + "?source=all&range=all", Provider: played.Provider,
		Target: played.Target, FirstByte: played.FirstByte, Total: played.Total, Log: played.Log, Cut: played.Cut,
	}
	if a.Stopped = played.Log != nil && played.Log.ErrorCode == codeStopped; a.Stopped || len(played.Body) == 0 {
		return a // of a request that was stopped the body only says so
	}
	kind, _, _ := mime.ParseMediaType(played.Type) // one that can't be read is none
	isJSON := played.Type == "" || kind == "application/json" || strings.HasSuffix(kind, "+json")
	switch {
	case played.Status >= http.StatusBadRequest:
		a.Chat = conversation(&admin.LogView{RequestLog: models.RequestLog{Endpoint: endpoint}, ResponseBody: ptrTo(string(played.Body))})
	case endpoint == models.EndpointSpeech && !isJSON:
		a.Bytes = int64(len(played.Body))
		a.Media = []pages.PlayMedia{sound(kind, played.Body)}
		return a
	case !isJSON && endpoint.TakesUpload():
		a.Text = shortened(strings.ToValidUTF8(string(played.Body), "�"))
		return a
	case endpoint == models.EndpointTranscriptions || endpoint == models.EndpointTranslations:
		a.Text = shortened(textField(played.Body))
	case endpoint == models.EndpointImages:
		a.Media = pictures(played.Body)
	case endpoint == models.EndpointEmbeddings:
		a.Vectors = vectors(played.Body)
	default:
		a.Chat = conversation(&admin.LogView{RequestLog: models.RequestLog{Endpoint: endpoint}, ResponseBody: ptrTo(string(played.Body))})
	}
	a.Body, a.Shortened = rawAnswer(played.Body)
	return a
}

func ptrTo[T any](v T) *T { return &v }

// rawAnswer is the body of an answer as a page shows it: images and vectors are named instead of written out.
func rawAnswer(body []byte) (text string, short bool) {
	text = longText.ReplaceAllStringFunc(string(body), func(found string) string {
		name, value, _ := strings.Cut(found, ":")
		return name + ":" + quoteJSON(sizeNote(len(strings.TrimSpace(value))-2)+" …")
	})
	text = longList.ReplaceAllStringFunc(text, func(found string) string {
		name, value, _ := strings.Cut(found, ":")
		return name + ":" + quoteJSON(fmt.Sprintf("%d numbers …", strings.Count(value, ",")+1))
	})
	short = len(text) != len(body)
	text = pretty(text)
	if len(text) > maxShownBody {
		text, short = strings.ToValidUTF8(text[:maxShownBody], ""), true
	}
	return text, short
}

// What is too long to be read: text in base64, and lists of numbers.
var (
	longText = regexp.MustCompile(`"(?:b64_json|data|embedding)"\s*:\s*"[A-Za-z0-9+/=]{200,}"`)
	longList = regexp.MustCompile(`"embedding"\s*:\s*\[[-+0-9eE.,\s]{200,}\]`)
)

var soundType = regexp.MustCompile(`^audio/[a-z0-9.+-]+$`)

// sounds are the endings of files that browsers may play. Raw samples they can't.
var sounds = map[string]string{
	"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/opus": "opus", "audio/ogg": "ogg",
	"audio/aac": "aac", "audio/flac": "flac", "audio/x-flac": "flac", "audio/mp4": "m4a", "audio/webm": "webm",
}

func sound(kind string, data []byte) pages.PlayMedia {
	m := pages.PlayMedia{Kind: "audio", Type: kind, Bytes: int64(len(data)), Name: "speech." + sounds[kind]}
	if sounds[kind] == "" {
		m.Kind, m.Name = "file", "speech.bin"
		if kind == "audio/pcm" {
			m.Name = "speech.pcm"
		}
	}
	if !soundType.MatchString(kind) {
		kind, m.Type = "application/octet-stream", "application/octet-stream"
	}
	m.URL = "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
	return m
}

// textField is the text of a transcript.
func textField(body []byte) string {
	var o object
	_ = json.Unmarshal(body, &o) // what is no object has no text
	return jsonText(o["text"])
}

// pictures are the images of an answer. Pages load nothing from elsewhere, so those that are there are only named.
func pictures(body []byte) (list []pages.PlayMedia) {
	var answer struct {
		Data []struct {
			Image   []byte `json:"b64_json"`
			URL     string `json:"url"`
			Revised string `json:"revised_prompt"`
		} `json:"data"`
	}
	_ = json.Unmarshal(body, &answer) // what can't be read shows as it is
	for i, each := range answer.Data {
		m := pages.PlayMedia{Kind: "image", Caption: each.Revised}
		if len(each.Image) == 0 {
			if m.URL, m.Remote = each.URL, true; each.URL != "" {
				list = append(list, m)
			}
			continue
		}
		m.Type, m.Bytes = http.DetectContentType(each.Image), int64(len(each.Image))
		if !slices.Contains(imageTypes, m.Type) {
			m.Kind, m.Type = "file", "application/octet-stream"
		}
		m.Name = fmt.Sprintf("image-%d.%s", i+1, strings.TrimPrefix(strings.TrimPrefix(m.Type, "image/"), "application/"))
		m.URL = "data:" + m.Type + ";base64," + base64.StdEncoding.EncodeToString(each.Image)
		list = append(list, m)
	}
	return list
}

// vectorHead is how many numbers of a vector are shown.
const vectorHead = 8

func vectors(body []byte) (list []pages.PlayVector) {
	var answer struct {
		Data []struct {
			Embedding []json.Number `json:"embedding"`
		} `json:"data"`
	}
	_ = json.Unmarshal(body, &answer) // what can't be read, such as base64, shows as it is
	for _, each := range answer.Data {
		v := pages.PlayVector{Dimensions: len(each.Embedding)}
		head := make([]string, 0, vectorHead)
		for _, n := range each.Embedding[:min(vectorHead, len(each.Embedding))] {
			head = append(head, n.String())
		}
		if v.Head = strings.Join(head, ", "); v.Dimensions > vectorHead {
			v.Head += ", …"
		}
		if v.Dimensions > 0 {
			list = append(list, v)
		}
	}
	return list
}

func quoteJSON(text string) string {
	out, _ := json.Marshal(text) // a text can always be marshalled
	return string(out)
}
