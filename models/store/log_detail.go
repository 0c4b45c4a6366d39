package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"squirrel/models"
)

// Details are stored as bytes, whatever they hold: PostgreSQL's text and jsonb refuse NUL and lone surrogates. A payload is one
// byte for the encoding (0 plain, 1 zstd) and then sections: tag, length (uvarint), bytes. What belongs to one request is
// compressed together, for headers and short bodies alone hardly shrink. Parts are only ever inserted, never updated: a row is
// written once even when a prompt is large. What the client asked may be in two of them, when records were delivered again.
const (
	partRequest = 1 // known when the request begins
	partAnswer  = 2 // everything else; everything, when begin and end came together
	partSoFar   = 3 // the text of a stream that still runs, replaced at each checkpoint, deleted at the end
)

const (
	encodingPlain = 0
	encodingZstd  = 1

	minCompressed = 200 // bytes; below it compression gains nothing
	maxDetail     = 1 << 30
)

// Tags of sections. They are stored: never change one, only add.
const (
	tagRequestHeaders = iota + 1
	tagRequestBody
	tagUpstreamURL
	tagUpstreamHeaders
	tagUpstreamBody
	tagResponseHeaders
	tagUpstreamResponse
	tagResponseBody
	tagStreamEvents
	tagDecision
	tagDropped
	tagCostLines
	tagTruncated
	tagReason
	tagStreamPacing
)

var errDamagedDetail = errors.New("the stored details are damaged")

// codec holds the compressor's tables, which are shared and safe for concurrent use.
var codec = sync.OnceValues(func() (*zstd.Encoder, *zstd.Decoder) {
	encoder, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	decoder, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxDetail))
	return encoder, decoder // constant options: they can't fail
})

func compress(plain []byte) []byte {
	if len(plain) < minCompressed {
		return append([]byte{encodingPlain}, plain...)
	}
	encoder, _ := codec()
	return encoder.EncodeAll(plain, append(make([]byte, 0, len(plain)/3+64), encodingZstd))
}

func decompress(payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return nil, errDamagedDetail
	}
	switch payload[0] {
	case encodingPlain:
		return payload[1:], nil
	case encodingZstd:
		_, decoder := codec()
		plain, err := decoder.DecodeAll(payload[1:], nil)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errDamagedDetail, err)
		}
		return plain, nil
	}
	return nil, errDamagedDetail
}

// sections is a payload before compression.
type sections []byte

// add appends a section. Nil is left out, and so comes back as nil; an empty body does not.
func (s *sections) add(tag byte, body []byte) {
	if body == nil {
		return
	}
	*s = append(*s, tag)
	*s = binary.AppendUvarint(*s, uint64(len(body)))
	*s = append(*s, body...)
}

func (s *sections) addText(tag byte, text string) {
	if text != "" {
		s.add(tag, []byte(text))
	}
}

// addJSON appends what always marshals, and leaves out what is empty.
func (s *sections) addJSON(tag byte, v any, empty bool) error {
	if empty {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the details: %w", err)
	}
	s.add(tag, text)
	return nil
}

// addRequest appends what the client asked.
func (s *sections) addRequest(d *models.LogDetail) error {
	s.add(tagRequestHeaders, d.RequestHeaders)
	s.add(tagRequestBody, d.RequestBody)
	if len(*s) == 0 {
		return nil
	}
	cut := truncatedOf(d.Truncated, true)
	return s.addJSON(tagTruncated, cut, len(cut) == 0)
}

// addAnswer appends the rest.
func (s *sections) addAnswer(d *models.LogDetail) error {
	s.addText(tagUpstreamURL, d.UpstreamURL)
	s.add(tagUpstreamHeaders, d.UpstreamHeaders)
	s.add(tagUpstreamBody, d.UpstreamBody)
	s.add(tagResponseHeaders, d.ResponseHeaders)
	s.add(tagUpstreamResponse, d.UpstreamResponse)
	s.add(tagResponseBody, d.ResponseBody)
	s.add(tagStreamEvents, d.StreamEvents)
	s.add(tagStreamPacing, d.StreamPacing)
	s.addText(tagReason, d.Reason)
	cut := truncatedOf(d.Truncated, false)
	return errors.Join(s.addJSON(tagDecision, d.Decision, d.Decision == nil), s.addJSON(tagDropped, d.Dropped, len(d.Dropped) == 0),
		s.addJSON(tagCostLines, d.CostLines, len(d.CostLines) == 0), s.addJSON(tagTruncated, cut, len(cut) == 0))
}

// truncatedOf picks the notes about the request's own body, or all others.
func truncatedOf(notes []string, request bool) (out []string) {
	for _, note := range notes {
		if strings.HasPrefix(note, "request_") == request {
			out = append(out, note)
		}
	}
	return out
}

// decodePart adds the sections of a stored part to a detail. Unknown tags, of a newer version, are passed over.
func decodePart(payload []byte, d *models.LogDetail) error {
	rest, err := decompress(payload)
	if err != nil {
		return err
	}
	for len(rest) > 0 {
		tag := rest[0]
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || size > uint64(len(rest)-1-n) {
			return errDamagedDetail
		}
		body := rest[1+n : 1+n+int(size) : 1+n+int(size)]
		rest = rest[1+n+int(size):]
		if err := decodeSection(tag, body, d); err != nil {
			return fmt.Errorf("%w: section %d: %w", errDamagedDetail, tag, err)
		}
	}
	return nil
}

func decodeSection(tag byte, body []byte, d *models.LogDetail) error {
	switch tag {
	case tagRequestHeaders:
		d.RequestHeaders = body
	case tagRequestBody:
		d.RequestBody = body
	case tagUpstreamURL:
		d.UpstreamURL = string(body)
	case tagUpstreamHeaders:
		d.UpstreamHeaders = body
	case tagUpstreamBody:
		d.UpstreamBody = body
	case tagResponseHeaders:
		d.ResponseHeaders = body
	case tagUpstreamResponse:
		d.UpstreamResponse = body
	case tagResponseBody:
		d.ResponseBody = body
	case tagStreamEvents:
		d.StreamEvents = body
	case tagStreamPacing:
		d.StreamPacing = body
	case tagReason:
		d.Reason = string(body)
	case tagDecision:
		return json.Unmarshal(body, &d.Decision)
	case tagDropped:
		return json.Unmarshal(body, &d.Dropped)
	case tagCostLines:
		return json.Unmarshal(body, &d.CostLines)
	case tagTruncated:
		return addNotes(d, body)
	}
	return nil
}

// addNotes adds the notes that are not there yet: a part that was delivered again in another company holds those of the first.
func addNotes(d *models.LogDetail, list []byte) error {
	var notes []string
	if err := json.Unmarshal(list, &notes); err != nil {
		return err
	}
	for _, note := range notes {
		if !slices.Contains(d.Truncated, note) {
			d.Truncated = append(d.Truncated, note)
		}
	}
	return nil
}
