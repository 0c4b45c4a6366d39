package convert

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

var protocols = []models.Protocol{models.ProtocolOpenAI, models.ProtocolResponses, models.ProtocolAnthropic}

// TestGolden converts testdata/<case>/<kind>.<protocol>.<ext> to the other protocols and compares with as.<protocol>.<ext>
// and, for what was dropped and counted, as.<protocol>.txt beside it.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*/*.*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range inputs {
		kind, rest, _ := strings.Cut(filepath.Base(path), ".")
		protocol, ext, _ := strings.Cut(rest, ".")
		if kind == "as" {
			continue
		}
		for _, other := range protocols {
			if string(other) == protocol {
				continue
			}
			dir := filepath.Dir(path)
			t.Run(filepath.Base(dir)+"/"+string(other), func(t *testing.T) {
				body, notes := convertGolden(t, kind, models.Protocol(protocol), other, readFile(t, path))
				base := filepath.Join(dir, "as."+string(other)+".")
				golden(t, base+ext, body)
				golden(t, base+"txt", []byte(notes))
			})
		}
	}
}

func convertGolden(t *testing.T, kind string, from, to models.Protocol, data []byte) ([]byte, string) {
	t.Helper()
	opt := Options{Model: "virtual-model", ID: "01TEST", Now: func() time.Time { return time.Unix(1700000000, 0) }, IncludeUsage: true}
	switch kind {
	case "request":
		out, dropped, err := Request(from, to, data, "target-model", opt)
		return pretty(t, out), droppedText(dropped) + errorText(err)
	case "answer":
		out, res, err := Response(to, from, data, opt)
		return pretty(t, out), resultText(res) + errorText(err)
	case "stream":
		s := NewStream(to, from, opt)
		out, err := run(s, data)
		checkStream(t, to, out)
		return out, resultText(s.Result()) + errorText(err)
	}
	t.Fatalf("unknown kind of case: %s", kind)
	return nil, ""
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := readFile(t, path); !bytes.Equal(got, want) {
		t.Errorf("%s differs; got\n%s", path, got)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func pretty(t *testing.T, data []byte) []byte {
	t.Helper()
	if len(data) == 0 {
		return nil
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, data)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

func droppedText(list []models.Dropped) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "dropped %s: %s\n", d.Path, d.Reason)
	}
	return b.String()
}

func resultText(r Result) string {
	return fmt.Sprintf("id %s\nmodel %s\nfinish %s\nusage %+v\n", r.UpstreamID, r.Model, r.FinishReason, r.Usage) + droppedText(r.Dropped)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return "error " + err.Error() + "\n"
}

// wireEvent is one event of a stream in a test.
type wireEvent struct{ name, data string }

// events splits a recorded stream. Segmentation is not this package's business, so the plain form is enough.
func events(raw []byte) []wireEvent {
	var list []wireEvent
	for _, block := range strings.Split(string(raw), "\n\n") {
		var e wireEvent
		for _, line := range strings.Split(block, "\n") {
			if name, ok := strings.CutPrefix(line, "event: "); ok {
				e.name = name
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				e.data += data
			}
		}
		if e.data != "" {
			list = append(list, e)
		}
	}
	return list
}

// run feeds a whole stream and ends it.
func run(s *Stream, raw []byte) ([]byte, error) {
	var out []byte
	for _, e := range events(raw) {
		got, err := s.Event(e.name, []byte(e.data))
		out = append(out, got...)
		if err != nil {
			return out, err
		}
	}
	got, err := s.Finish()
	return append(out, got...), err
}
