package tokens

import (
	"math"
	"strings"

	"github.com/tidwall/gjson"
)

const (
	// audioTokensPerSecond is OpenAI's rate for what users say: one token for 100 ms
	// (https://platform.openai.com/docs/guides/realtime-costs).
	audioTokensPerSecond = 10
	// bytesPerPDFToken: a page of 60 KB, in base64 80 KB, makes about 2,000 tokens. Anthropic documents 1,500 to 3,000 a page.
	bytesPerPDFToken = 40
	// bytesPerOpaqueToken is for encrypted reasoning, which is base64 of text with some structure.
	bytesPerOpaqueToken = 10
	// unknownFile is what a file is taken for that is somewhere else.
	unknownFile = 2000
)

// audio counts a recording by its length.
func (c *counter) audio(part gjson.Result) {
	data := part.Get("input_audio.data").Str
	if data == "" {
		data = part.Get("source.data").Str
	}
	c.estimate(int64(math.Ceil(audioSeconds(data) * audioTokensPerSecond)))
}

// file counts a document: its text when it is text, else by its size.
func (c *counter) file(part gjson.Result) {
	if source := part.Get("source"); source.IsObject() { // Anthropic
		c.text(part.Get("title").Str)
		c.text(part.Get("context").Str)
		switch source.Get("type").Str {
		case "text":
			c.text(source.Get("data").Str)
		case "content":
			c.content(source.Get("content"))
		case "base64":
			c.encodedFile(source.Get("media_type").Str, source.Get("data").Str)
		default:
			c.estimate(unknownFile)
		}
		return
	}
	data := part.Get("file_data")
	if !data.Exists() {
		data = part.Get("file.file_data")
	}
	head, encoded, found := strings.Cut(data.Str, ";base64,")
	if !found {
		encoded = data.Str
	}
	if encoded == "" {
		c.estimate(unknownFile)
		return
	}
	c.encodedFile(strings.TrimPrefix(head, "data:"), encoded)
}

func (c *counter) encodedFile(mediaType, data string) {
	if strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "json") {
		c.estimate(int64(len(data)) * 3 / 16) // four characters of base64 are three bytes, four bytes are a token
		return
	}
	c.estimate(int64(len(data)) / bytesPerPDFToken)
}
