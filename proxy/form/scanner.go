package form

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// scanner walks a multipart body and knows where it is. It searches a window, so a delimiter may lie across two reads.
type scanner struct {
	r         *bufio.Reader
	at        int64 // offset of the next byte to be read
	delimiter []byte
}

var errUnclosed = fmt.Errorf("%w: the closing boundary is missing", ErrMalformed)

func (s *scanner) skip(n int) {
	discarded, _ := s.r.Discard(n)
	s.at += int64(discarded)
}

func (s *scanner) preamble(first []byte) error {
	start, err := s.r.Peek(len(first))
	if err == nil && bytes.Equal(start, first) {
		s.skip(len(first))
		return nil
	}
	_, err = s.content()
	return err
}

// afterDelimiter reads what follows a delimiter: "--" ends the form, a line break begins a part.
func (s *scanner) afterDelimiter() (last bool, err error) {
	next, err := s.r.Peek(2)
	if err != nil {
		return false, errUnclosed
	}
	if string(next) == "--" {
		return true, nil
	}
	line, err := s.r.ReadSlice('\n')
	s.at += int64(len(line))
	if err != nil || len(bytes.TrimSpace(line)) != 0 {
		return false, fmt.Errorf("%w: bytes after a boundary", ErrMalformed)
	}
	return false, nil
}

// header reads a part's header up to its empty line.
func (s *scanner) header() (Part, error) {
	var raw []byte
	for {
		line, err := s.r.ReadSlice('\n')
		s.at += int64(len(line))
		raw = append(raw, line...)
		if err != nil || len(raw) > maxPartHeader {
			return Part{}, fmt.Errorf("%w: a part's header is unfinished or longer than %d bytes", ErrMalformed, maxPartHeader)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			return parseHeader(raw)
		}
	}
}

// content moves past the next delimiter and returns the offset where it began.
func (s *scanner) content() (end int64, err error) {
	for {
		window, err := s.r.Peek(s.r.Size())
		if i := bytes.Index(window, s.delimiter); i >= 0 {
			end = s.at + int64(i)
			s.skip(i + len(s.delimiter))
			return end, nil
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errUnclosed
			}
			return 0, err
		}
		s.skip(len(window) - len(s.delimiter) + 1)
	}
}
