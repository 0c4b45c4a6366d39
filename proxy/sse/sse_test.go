package sse

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

var streams = map[string]struct {
	text string
	want []message
}{
	"lf":              {"data: a\n\ndata: b\n\n", []message{{"", "a", ""}, {"", "b", ""}}},
	"crlf":            {"event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n", []message{{"x", "a", ""}, {"", "b", ""}}},
	"cr":              {"event: x\rdata: a\r\rdata: b\r\r", []message{{"x", "a", ""}, {"", "b", ""}}},
	"mixed":           {"data: a\r\n\ndata: b\n\rdata: c\r\r\n", []message{{"", "a", ""}, {"", "b", ""}, {"", "c", ""}}},
	"byte order mark": {"\xEF\xBB\xBFdata: a\n\n", []message{{"", "a", ""}}},
	"no space":        {"data:a\n\ndata:  b\n\n", []message{{"", "a", ""}, {"", " b", ""}}},
	"multi-line":      {"data: a\ndata\ndata: b\n\n", []message{{"", "a\n\nb", ""}}},
	"comments":        {": ping\n\n:\n\n: x\ndata: a\n: y\n\n", []message{{"", "a", ""}}},
	"no data":         {"event: ping\n\nid: 7\n\nretry: 10\n\n", nil},
	"empty data":      {"data:\n\ndata\n\n", []message{{"", "", ""}, {"", "", ""}}},
	"id":              {"id: 7\nretry: 250\ndata: a\n\nid: \x00\ndata: b\n\n", []message{{"", "a", "7"}, {"", "b", ""}}},
	"order":           {"data: a\nevent: x\nevent: y\n\n", []message{{"y", "a", ""}}},
	"unknown fields":  {"datax: 1\n data: 2\nDATA: 3\ndata: 4\n\n", []message{{"", "4", ""}}},
	"blank lines":     {"\n\n\r\n\rdata: a\n\n\n\n", []message{{"", "a", ""}}},
	"colons":          {"data: a: b:c\n\n", []message{{"", "a: b:c", ""}}},
	"no blank line":   {"data: a\n\ndata: b", []message{{"", "a", ""}, {"", "b", ""}}},
	"one line end":    {"data: [DONE]\n", []message{{"", "[DONE]", ""}}},
	"characters":      {"data: {\"c\":\"é世🙂\"}\n\n", []message{{"", "{\"c\":\"é世🙂\"}", ""}}},
	"nothing":         {"", nil},
}

func TestB07_AnySegmentationGivesTheSameEvents(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, tc := range streams {
		t.Run(name, func(t *testing.T) {
			stream := []byte(tc.text)
			if got := reference(stream); !reflect.DeepEqual(got, tc.want) {
				t.Fatalf("the reference reads %q", got)
			}
			for round := range 60 {
				size := 1 + round%12
				if got, err := parseAll(stream, rng, size); err != nil || !reflect.DeepEqual(got, tc.want) {
					t.Fatalf("in pieces of up to %d: %q, %v; want %q", size, got, err, tc.want)
				}
				if raw, got := splitAll(stream, rng, size, 1<<20); !bytes.Equal(raw, stream) || !reflect.DeepEqual(got, tc.want) {
					t.Fatalf("split in pieces of up to %d: %q, %q; want %q", size, raw, got, tc.want)
				}
			}
			for _, src := range []io.Reader{
				strings.NewReader(tc.text), iotest.OneByteReader(strings.NewReader(tc.text)), iotest.DataErrReader(strings.NewReader(tc.text)),
			} {
				if got := readAll(t, NewReader(src, 0)); !reflect.DeepEqual(got, tc.want) {
					t.Fatalf("the Reader gives %q; want %q", got, tc.want)
				}
			}
		})
	}
}

func readAll(t *testing.T, r *Reader) []message {
	t.Helper()
	var out []message
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, messageOf(ev))
	}
}

func TestParseEvent(t *testing.T) {
	ev := ParseEvent([]byte("id: 3\nretry: 1500\nevent: message_stop\ndata: {}\n\n"))
	if ev.Kind != Message || ev.ID != "3" || ev.Retry != 1500 || ev.Name != "message_stop" || string(ev.Data) != "{}" || ev.Cut {
		t.Errorf("read %+v", ev)
	}
	for text, want := range map[string]bool{"data: [DONE]\n\n": true, "data:[DONE] \n\n": true, "data: [done]\n\n": false, ": x\n\n": false} {
		if ev := ParseEvent([]byte(text)); ev.IsDone() != want {
			t.Errorf("%q is done: %t", text, !want)
		}
	}
	for _, retry := range []string{"x", "-1", "99999999999", "", "1.5"} {
		if ev := ParseEvent([]byte("retry: " + retry + "\n\n")); ev.Retry != 0 || ev.Kind != Comment {
			t.Errorf("retry %q: %+v", retry, ev)
		}
	}
	raw := []byte("event: content_block_delta\ndata: {\"x\":1}\n\n")
	if n := testing.AllocsPerRun(100, func() { ParseEvent(raw) }); n != 0 {
		t.Errorf("%v allocations for an ordinary event", n)
	}
}

func TestBoundary(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "data": 0, "data: a\n": 0, "data: a\n\nrest": 9, "data: a\r\n\r\nrest": 11, "data: a\r\rrest": 9, "\nrest": 1, "\r\nrest": 2,
		"data: a\r\n\r": 10, "data: a\r\n": 0, "data: a\n\r\nrest": 10, "a\rb\nc\r\n\n!": 8,
	} {
		buf := []byte(text)
		if got := Boundary(buf, 0); got != want {
			t.Errorf("Boundary(%q) = %d, want %d", text, got, want)
		}
		for from := 1; from < want; from++ {
			if Boundary(buf[:from], 0) == 0 && Boundary(buf, from) != want {
				t.Errorf("Boundary(%q, %d) = %d, want %d", text, from, Boundary(buf, from), want)
			}
		}
	}
}

func TestB08_GiantEventsPassInPieces(t *testing.T) {
	const hold, read = 1 << 10, 512
	giant := "data: " + strings.Repeat("x", 1<<20) + "\n\n"
	stream := []byte("data: a\n\n" + giant + "data: b\n\n")
	s := NewSplitter(hold)
	var raw []byte
	var kinds strings.Builder
	for rest := stream; len(rest) > 0; {
		n := min(read, len(rest))
		s.Feed(rest[:n])
		rest = rest[n:]
		for ev, ok := s.Next(); ok; ev, ok = s.Next() {
			raw = append(raw, ev.Raw...)
			if len(ev.Raw) > hold+read {
				t.Fatalf("%d bytes at once", len(ev.Raw))
			}
			if ev.Kind == Message {
				kinds.WriteString("m")
			} else if !strings.HasSuffix(kinds.String(), "f") {
				kinds.WriteString("f")
			}
		}
		if held := cap(s.carry); held > 4*hold {
			t.Fatalf("%d bytes held", held)
		}
	}
	if !bytes.Equal(raw, stream) || kinds.String() != "mfm" || s.Pending() {
		t.Errorf("%d bytes of %d, kinds %s, pending %t", len(raw), len(stream), kinds.String(), s.Pending())
	}
}

func TestB08_ReaderBoundsItsEvents(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("data: a\n\ndata: "), neverEnding('x'))
	r := NewReader(endless, 1<<16)
	if ev, err := r.Next(); err != nil || string(ev.Data) != "a" {
		t.Fatalf("first event %q, %v", ev.Data, err)
	}
	for range 2 {
		if _, err := r.Next(); !errors.Is(err, ErrTooLarge) {
			t.Fatalf("got %v", err)
		}
	}
	if held := cap(r.parser.split.carry); held > 1<<18 {
		t.Errorf("%d bytes held", held)
	}
}

type neverEnding byte

func (c neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

func TestReader_PassesErrorsOnAfterTheEvents(t *testing.T) {
	broken := errors.New("broken")
	r := NewReader(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken)), 0)
	if ev, err := r.Next(); err != nil || string(ev.Data) != "a" {
		t.Fatalf("%q, %v", ev.Data, err)
	}
	for range 2 {
		if ev, err := r.Next(); !errors.Is(err, broken) {
			t.Fatalf("half an event of a broken stream was given: %q, %v", ev.Data, err)
		}
	}
}

func TestReader_MarksTheEventTheStreamEndedIn(t *testing.T) {
	r := NewReader(strings.NewReader("data: a\n\ndata: b\n"), 0)
	for _, want := range []bool{false, true} {
		if ev, err := r.Next(); err != nil || ev.Cut != want {
			t.Errorf("%q, cut %t, %v", ev.Data, ev.Cut, err)
		}
	}
}

func TestSplitter_FeedBeforeTheLastIsRead(t *testing.T) {
	s := NewSplitter(100)
	s.Feed([]byte("data: a\n\ndata: b\n\nda"))
	if ev, ok := s.Next(); !ok || string(ev.Data) != "a" {
		t.Fatal("no first event")
	}
	s.Feed([]byte("ta: c\n\n"))
	var got string
	for ev, ok := s.Next(); ok; ev, ok = s.Next() {
		got += string(ev.Data)
	}
	if got != "bc" {
		t.Errorf("read %q", got)
	}
}

func TestAppendEvent(t *testing.T) {
	for _, tc := range []struct{ name, data, want string }{
		{"", "{}", "data: {}\n\n"},
		{"ping", `{"type":"ping"}`, "event: ping\ndata: {\"type\":\"ping\"}\n\n"},
		{"", "a\nb\r\nc\rd\n", "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"},
		{"", "", "data: \n\n"},
	} {
		out := AppendEvent(nil, tc.name, []byte(tc.data))
		if string(out) != tc.want {
			t.Errorf("%q: %q, want %q", tc.data, out, tc.want)
		}
		data := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(tc.data)
		if ev := ParseEvent(out); ev.Name != tc.name || string(ev.Data) != data || Boundary(out, 0) != len(out) {
			t.Errorf("%q is read back as %q", tc.data, ev.Data)
		}
	}
	if ev := ParseEvent([]byte(Done)); !ev.IsDone() {
		t.Error("Done is not done")
	}
	if ev := ParseEvent([]byte(Ping)); ev.Kind != Comment {
		t.Error("Ping is no comment")
	}
}
