package body

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

func mustScan(t *testing.T, text string) Info {
	t.Helper()
	info, err := Scan([]byte(text))
	if err != nil {
		t.Fatalf("Scan(%s): %v", text, err)
	}
	return info
}

func TestEdit(t *testing.T) {
	type edits struct {
		model    string
		usage    bool
		defaults string
	}
	for _, tc := range []struct {
		name, in string
		edits
		want string
	}{
		{"nothing", `{ "model":"a" }`, edits{model: "a"}, `{ "model":"a" }`},
		{"same name, escaped", `{"model":"\u0061"}`, edits{model: "a"}, `{"model":"\u0061"}`},
		{"model", `{"x":1.0, "model" : "a" ,"y":"\/"}`, edits{model: "b/c<&>\""}, `{"x":1.0, "model" : "b/c<&>\"" ,"y":"\/"}`},
		{"usage", `{"model":"a","stream":true }` + "\n", edits{"a", true, ""}, `{"model":"a","stream":true,"stream_options":{"include_usage":true} }` + "\n"},
		{"usage, given", `{"model":"a","stream_options":{"include_usage":false}}`, edits{"a", true, ""}, `{"model":"a","stream_options":{"include_usage":false}}`},
		{"usage, in place", `{"model":"a","stream_options":{"x":[1] }}`, edits{"a", true, ""}, `{"model":"a","stream_options":{"x":[1],"include_usage":true }}`},
		{"usage, empty", `{"stream_options":{ },"model":"a"}`, edits{"b", true, ""}, `{"stream_options":{"include_usage":true},"model":"b"}`},
		{"usage, null", `{"model":"a","stream_options":null}`, edits{"a", true, ""}, `{"model":"a","stream_options":{"include_usage":true}}`},
		{"usage, null inside", `{"model":"a","stream_options":{"include_usage":null}}`, edits{"a", true, ""}, `{"model":"a","stream_options":{"include_usage":true}}`},
		{"usage, nonsense", `{"model":"a","stream_options":7}`, edits{"a", true, ""}, `{"model":"a","stream_options":7}`},
		{"defaults", `{"model":"a","top_p":null}`, edits{"b", true, `{"top_p":1,"temperature":0.10,"model":"z","stream":true,"stream_options":{}}`},
			`{"model":"b","top_p":null,"stream_options":{"include_usage":true},"temperature":0.10}`},
		{"defaults, other spelling", `{"model":"a","max_completion_tokens":5}`, edits{"a", false, `{"max_tokens":9}`}, `{"model":"a","max_completion_tokens":5}`},
		{"defaults, twice", `{"model":"a"}`, edits{"a", false, ` {"s\u0065ed":1,"seed":2,"max_tokens":1,"max_completion_tokens":2} `}, `{"model":"a","seed":1,"max_tokens":1}`},
		{"defaults, null", `{"model":"a"}`, edits{"a", false, `null`}, `{"model":"a"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			info := mustScan(t, tc.in)
			edit := info.Edit()
			edit.SetModel(tc.model)
			if tc.usage {
				edit.IncludeUsage()
			}
			if err := edit.Defaults(json.RawMessage(tc.defaults)); err != nil {
				t.Fatal(err)
			}
			got := edit.Payload()
			if string(got.Bytes()) != tc.want || got.Len() != int64(len(tc.want)) {
				t.Errorf("got\n%s (%d)\nwant\n%s (%d)", got.Bytes(), got.Len(), tc.want, len(tc.want))
			}
			if string(info.Bytes()) != tc.in {
				t.Error("the client's bytes changed")
			}
		})
	}
}

func TestIncludeUsage_TellsWhetherItChangedTheBody(t *testing.T) {
	for options, want := range map[string]bool{
		`{}`: true, `null`: true, `{"include_usage":true}`: false, `{"include_usage":false}`: false, `5`: false,
	} {
		info := mustScan(t, `{"model":"a","stream_options":`+options+`}`)
		if got := info.Edit().IncludeUsage(); got != want {
			t.Errorf("stream_options %s: %t", options, got)
		}
	}
}

func TestDefaults_RefusesWhatIsNoObject(t *testing.T) {
	info := mustScan(t, `{"model":"a"}`)
	for _, text := range []string{`[]`, `5`, `{`, `{"a":}`} {
		if err := info.Edit().Defaults(json.RawMessage(text)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestD04_NumbersStayAsWritten(t *testing.T) {
	rest := `,"a":1e400,"b":9007199254740993,"c":-0,"d":` + strings.Repeat("9", 300) + `,"e":1.10E+02}`
	info := mustScan(t, `{"model":"a"`+rest)
	edit := info.Edit()
	edit.SetModel("bcd")
	if got := string(edit.Payload().Bytes()); got != `{"model":"bcd"`+rest {
		t.Errorf("became %s", got)
	}
}

func TestPayload_SharesTheClientsBytes(t *testing.T) {
	text := `{"model":"a","x":"` + strings.Repeat("y", 1<<20) + `"}`
	info := mustScan(t, text)
	allocated := testing.AllocsPerRun(10, func() {
		edit := info.Edit()
		edit.SetModel("other")
		edit.IncludeUsage()
		if _, err := edit.Payload().Reader().WriteTo(io.Discard); err != nil {
			t.Error(err)
		}
	})
	if allocated > 20 {
		t.Errorf("%v allocations", allocated)
	}
	payload := info.Edit().Payload()
	if &payload.Bytes()[0] != &info.Bytes()[0] {
		t.Error("an unedited body was copied")
	}
}

func TestPayload_Reader(t *testing.T) {
	info := mustScan(t, `{"model":"a","stream":true,"stream_options":{}}`)
	edit := info.Edit()
	edit.SetModel("longer-name")
	edit.IncludeUsage()
	payload := edit.Payload()
	want := payload.Bytes()
	if err := iotest.TestReader(payload.Reader(), want); err != nil {
		t.Error(err)
	}
	r := payload.Reader()
	if _, err := io.CopyN(io.Discard, r, 11); err != nil {
		t.Fatal(err)
	}
	var rest bytes.Buffer
	if n, err := r.WriteTo(&rest); err != nil || n != payload.Len()-11 || !bytes.Equal(rest.Bytes(), want[11:]) || r.Len() != 0 {
		t.Errorf("WriteTo wrote %q (%d), %v", rest.Bytes(), n, err)
	}
	if _, err := r.Seek(-1, io.SeekStart); err == nil {
		t.Error("went before the first byte")
	}
	if n, err := (Payload{}).Reader().Read(make([]byte, 4)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("the empty payload reads %d, %v", n, err)
	}
}

// writes counts calls of Write.
type writes struct {
	bytes.Buffer
	calls int
}

func (w *writes) Write(p []byte) (int, error) {
	w.calls++
	return w.Buffer.Write(p)
}

// TestPayload_ASmallBodyGoesWithItsHeader: one write to the provider's connection, not two.
func TestPayload_ASmallBodyGoesWithItsHeader(t *testing.T) {
	for size, most := range map[int]int{0: 1, 1 << 10: 1, smallBody: 2, 3 * smallBody: 4} {
		info := mustScan(t, `{"model":"a","x":"`+strings.Repeat("y", size)+`"}`)
		edit := info.Edit()
		edit.SetModel("other")
		payload := edit.Payload()
		req, err := http.NewRequest(http.MethodPost, "http://provider/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Body, req.ContentLength = payload.Open(), payload.Len()
		var sent writes
		w := bufio.NewWriter(&sent) // 4 KB, as the transport's
		if err := errors.Join(req.Write(w), w.Flush()); err != nil {
			t.Fatal(err)
		}
		_, body, _ := bytes.Cut(sent.Bytes(), []byte("\r\n\r\n"))
		if !bytes.Equal(body, payload.Bytes()) || sent.calls > most {
			t.Errorf("a body of %d bytes came as %d in %d writes", payload.Len(), len(body), sent.calls)
		}
	}
}

func TestPayload_WriteToStopsAtAnError(t *testing.T) {
	r := Of([]byte("0123456789")).Reader()
	n, err := r.WriteTo(iotest.TruncateWriter(failing{}, 0))
	if err != nil || n != 10 {
		t.Errorf("a truncating writer hides its loss: %d, %v", n, err)
	}
	r = Of([]byte("0123456789")).Reader()
	if n, err := r.WriteTo(failing{}); !errors.Is(err, io.ErrClosedPipe) || n != 4 || r.Len() != 6 {
		t.Errorf("wrote %d, %v, %d left", n, err, r.Len())
	}
}

// failing takes four bytes and fails.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 4, io.ErrClosedPipe }
