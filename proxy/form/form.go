// Package form takes in multipart uploads (RFC 7578) without holding a file in memory: the body is spilled to a temporary
// file as it arrives, indexed on the way, and read back in segments with single values replaced. Every other byte of it
// reaches the provider as the client sent it.
package form

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/textproto"
	"os"
	"strings"
)

// Limits of one form; past them it is refused.
const (
	maxParts      = 1000
	maxPartHeader = 10 << 10
	maxValue      = 1 << 20 // of a part that is no file
	memoryLimit   = 256 << 10
)

// The reasons to refuse a form. Their text is for the client.
var (
	ErrTooLarge  = errors.New("the form is larger than the gateway accepts")
	ErrMalformed = errors.New("the form is not valid multipart/form-data")
)

// Part is one field of a form. Offsets are into the whole body.
type Part struct {
	Name     string
	FileName string // "" for a plain value
	Type     string
	Start    int64 // of the content
	End      int64
}

// Form is an upload that was received whole. Close removes its temporary file.
type Form struct {
	Parts []Part

	memory []byte
	file   *os.File
	size   int64
}

// Receive reads a body of the given content type to its end. dir is where the temporary file goes when the body is not
// small; limit bounds the whole body in bytes.
func Receive(body io.Reader, contentType, dir string, limit int64) (*Form, error) {
	_, params, err := mime.ParseMediaType(contentType)
	boundary := params["boundary"]
	if err != nil || boundary == "" || len(boundary) > 70 {
		return nil, fmt.Errorf("%w: no usable boundary in the content type", ErrMalformed)
	}
	f := &Form{}
	if err := f.spill(body, dir, limit); err != nil {
		f.Close()
		return nil, err
	}
	if err := f.index(boundary); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// spill copies the body to memory, and to a file once it outgrows memoryLimit.
func (f *Form) spill(body io.Reader, dir string, limit int64) error {
	body = io.LimitReader(body, limit+1)
	head, err := io.ReadAll(io.LimitReader(body, memoryLimit))
	if err != nil {
		return err
	}
	f.size = int64(len(head))
	if len(head) < memoryLimit {
		f.memory = head
		return f.checkSize(limit)
	}
	if f.file, err = os.CreateTemp(dir, "upload-*"); err != nil {
		return fmt.Errorf("make a temporary file: %w", err)
	}
	if _, err = f.file.Write(head); err != nil {
		return fmt.Errorf("write the temporary file: %w", err)
	}
	n, err := io.Copy(f.file, body)
	f.size += n
	if err != nil {
		return err
	}
	return f.checkSize(limit)
}

func (f *Form) checkSize(limit int64) error {
	if f.size > limit {
		return ErrTooLarge
	}
	return nil
}

// Close removes what the form holds on disk. Readers made before must not be used any more.
func (f *Form) Close() {
	if f.file != nil {
		f.file.Close()
		os.Remove(f.file.Name())
		f.file = nil
	}
	f.memory = nil
}

// Size returns the length of the body in bytes.
func (f *Form) Size() int64 { return f.size }

func (f *Form) section(start, end int64) io.Reader {
	if f.file == nil {
		return bytes.NewReader(f.memory[start:end])
	}
	return io.NewSectionReader(f.file, start, end-start)
}

// Value returns a plain field's first value.
func (f *Form) Value(name string) (string, bool) {
	for _, p := range f.Parts {
		if p.Name == name && p.FileName == "" && p.End-p.Start <= maxValue {
			data, err := io.ReadAll(f.section(p.Start, p.End))
			return string(data), err == nil
		}
	}
	return "", false
}

// With returns the body with every plain field called name set to value, and its length. Each call returns a new reader.
func (f *Form) With(name, value string) (newReader func() io.ReadCloser, length int64) {
	type edge struct{ start, end int64 }
	var cuts []edge
	length = f.size
	for _, p := range f.Parts {
		if p.Name == name && p.FileName == "" {
			cuts = append(cuts, edge{p.Start, p.End})
			length += int64(len(value)) - (p.End - p.Start)
		}
	}
	return func() io.ReadCloser {
		var readers []io.Reader
		at := int64(0)
		for _, cut := range cuts {
			readers = append(readers, f.section(at, cut.start), strings.NewReader(value))
			at = cut.end
		}
		return io.NopCloser(io.MultiReader(append(readers, f.section(at, f.size))...))
	}, length
}

// index finds the parts. The first delimiter may stand at the very start; each part ends at CRLF and a delimiter.
func (f *Form) index(boundary string) error {
	s := &scanner{r: bufio.NewReaderSize(f.section(0, f.size), 64<<10), delimiter: []byte("\r\n--" + boundary)}
	if err := s.preamble([]byte("--" + boundary)); err != nil {
		return err
	}
	for {
		last, err := s.afterDelimiter()
		if err != nil {
			return err
		}
		if last && len(f.Parts) == 0 {
			return fmt.Errorf("%w: it has no parts", ErrMalformed)
		}
		if last {
			return nil
		}
		if len(f.Parts) == maxParts {
			return fmt.Errorf("%w: more than %d parts", ErrMalformed, maxParts)
		}
		part, err := s.header()
		if err != nil {
			return err
		}
		part.Start = s.at
		if part.End, err = s.content(); err != nil {
			return err
		}
		f.Parts = append(f.Parts, part)
	}
}

func parseHeader(raw []byte) (Part, error) {
	h, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(raw))).ReadMIMEHeader()
	if err != nil {
		return Part{}, fmt.Errorf("%w: a part's header can't be read", ErrMalformed)
	}
	disposition, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil || disposition != "form-data" {
		return Part{}, fmt.Errorf("%w: a part has no form-data disposition", ErrMalformed)
	}
	return Part{Name: params["name"], FileName: params["filename"], Type: h.Get("Content-Type")}, nil
}
