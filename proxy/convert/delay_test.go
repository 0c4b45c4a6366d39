package convert

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/llm"
	"squirrel/proxy/sse"
)

// TestStreamsAddNoMoreThanOneEventOfDelay feeds recorded streams event by event: what an event says is with the client before the
// event after the next is looked at. Only a call that begins in the middle of another one has to wait for it.
func TestStreamsAddNoMoreThanOneEventOfDelay(t *testing.T) {
	streams := 0
	for folder, upstream := range map[string]models.Protocol{"chat": chat, "responses": resp, "anthropic": messages} {
		files, err := filepath.Glob("../simulator/recordings/" + folder + "/*.sse")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, client := range protocols {
				if client == upstream || strings.Contains(file, "custom-tool") {
					continue
				}
				streams++
				checkDelay(t, filepath.Base(file), client, upstream, data)
			}
		}
	}
	if streams < 100 {
		t.Errorf("only %d streams", streams)
	}
}

func checkDelay(t *testing.T, name string, client, upstream models.Protocol, data []byte) {
	t.Helper()
	s := NewStream(client, upstream, Options{})
	in, out := codecs[upstream].newDecoder(), codecs[client].newDecoder()
	said, heard, before := 0, 0, 0
	for n := 0; len(data) > 0; n++ {
		raw := data
		if end := sse.Boundary(data, 0); end > 0 {
			raw = data[:end]
		}
		data = data[len(raw):]
		event := sse.ParseEvent(raw)
		if event.Kind != sse.Message {
			continue
		}
		written, err := s.Event(event.Name, event.Data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, e := range events(written) {
			heard += length(t, out, e.name, []byte(e.data))
		}
		if heard < before {
			t.Errorf("%s for %s: after event %d the client has %d bytes of text, the provider had sent %d one event before", name, client, n, heard, before)
			return
		}
		if s.Ended() { // some recordings hold the next answer of their conversation too
			return
		}
		said += length(t, in, event.Name, event.Data)
		before = said
	}
}

// length is how much text, thinking and arguments one event brings.
func length(t *testing.T, d llm.Decoder, name string, data []byte) (n int) {
	t.Helper()
	err := d.Decode(llm.Wire{Name: name, Data: data}, func(e llm.Event) {
		if e.Kind == llm.EventDelta {
			n += len(e.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
