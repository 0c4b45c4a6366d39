package sse

import (
	"bytes"
	"math/rand/v2"
	"strings"
)

// message is what the tests compare.
type message struct{ name, data, id string }

// reference reads a stream line by line, as the standard tells it, with no regard to speed. Like the package it forgives a
// byte order mark in front of any event, and an end without a blank line.
func reference(stream []byte) []message {
	text := strings.ReplaceAll(strings.ReplaceAll(string(stream), "\r\n", "\n"), "\r", "\n")
	var out []message
	for _, block := range blocks(text) {
		var m message
		var data []string
		for line := range strings.SplitSeq(strings.TrimPrefix(block, "\uFEFF"), "\n") {
			field, value, _ := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			switch field {
			case "data":
				data = append(data, value)
			case "event":
				m.name = value
			case "id":
				if !strings.Contains(value, "\x00") {
					m.id = value
				}
			}
		}
		if data != nil {
			m.data = strings.Join(data, "\n")
			out = append(out, m)
		}
	}
	return out
}

// blocks splits at blank lines.
func blocks(text string) []string {
	var out []string
	var block []string
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			out, block = append(out, strings.Join(block, "\n")), nil
			continue
		}
		block = append(block, line)
	}
	return append(out, strings.Join(block, "\n"))
}

func messageOf(ev Event) message { return message{ev.Name, string(ev.Data), ev.ID} }

// pieces cuts a stream into random pieces; size 1 means single bytes. Each piece is a copy that is wiped after use, so that
// what is kept of it too long is noticed.
func pieces(stream []byte, rng *rand.Rand, size int, use func([]byte)) {
	for len(stream) > 0 {
		n := min(1+rng.IntN(size), len(stream))
		piece := bytes.Clone(stream[:n])
		use(piece)
		for i := range piece {
			piece[i] = '#'
		}
		stream = stream[n:]
	}
}

// parseAll reads a stream with a Parser, fed in random pieces.
func parseAll(stream []byte, rng *rand.Rand, size int) ([]message, error) {
	p := NewParser(0)
	var out []message
	pieces(stream, rng, size, func(piece []byte) {
		p.Feed(piece)
		for ev, ok := p.Next(); ok; ev, ok = p.Next() {
			out = append(out, messageOf(ev))
		}
	})
	if ev, ok := p.Rest(); ok {
		out = append(out, messageOf(ev))
	}
	return out, p.Err()
}

// splitAll splits a stream, fed in random pieces, and returns the bytes of the events and the messages among them.
func splitAll(stream []byte, rng *rand.Rand, size, hold int) (raw []byte, whole []message) {
	s := NewSplitter(hold)
	take := func(ev Event) {
		raw = append(raw, ev.Raw...)
		if ev.Kind == Message {
			whole = append(whole, messageOf(ev))
		}
	}
	pieces(stream, rng, size, func(piece []byte) {
		s.Feed(piece)
		for ev, ok := s.Next(); ok; ev, ok = s.Next() {
			take(ev)
		}
	})
	if ev, ok := s.Rest(); ok {
		take(ev)
	}
	return raw, whole
}
