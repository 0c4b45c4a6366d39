package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

var seeds = []string{
	`{"model":"m"}`,
	`{"model":"m","stream":true,"stream_options":{},"messages":[{"role":"user","content":"h\u00e9llo\n\ud83d\ude42 wörld 你好世界"}]}`,
	` { "model" : "a" , "n" : -0.5e+10 , "b" : [ 1 , 2.0 , 3E-7 , true , false , null ] , "o" : { } } `,
	`{"model":"m","model":"n"}`, `{"Model":"m"}`, `{"model":"m","x":"\ud800"}`, "{\"model\":\"\xff\"}", "\xEF\xBB\xBF{}",
	`[[[[[[]]]]]]`, `"abcdefgh\"ijklmnop"`, `-`, `1e400`, `00`, `{"a":`, `{"a"}`, `[1,]`, `tru`, "\x00", "\"\x1f\"", "\"\x7f\"",
	`"中文中文中文中文"`, "\"\xe4\xb8\xad\xe4\xb8\"", "\"\xed\xa0\x80\xe4\xb8\xad\xe4\xb8\"",
}

func FuzzScan(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		kept := bytes.Clone(data)
		s := scanner{data: data}
		ok, valid := s.scan(), json.Valid(data)
		switch {
		case ok && !(valid && utf8.Valid(data)):
			t.Fatalf("accepted %q; valid JSON %t, UTF-8 %t", data, valid, utf8.Valid(data))
		case !ok && valid && utf8.Valid(data) && s.why != failDepth:
			t.Fatalf("refused %q: %d at %d", data, s.why, s.at)
		}
		if Valid(data) != valid {
			t.Fatalf("Valid says %t of %q, the standard library %t", !valid, data, valid)
		}
		info, err := Scan(data)
		if !bytes.Equal(kept, data) {
			t.Fatal("Scan changed the body")
		}
		if err != nil {
			if _, typed := errors.AsType[*Error](err); !typed {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		var decoded map[string]json.RawMessage
		if err := json.Unmarshal(data, &decoded); err != nil || len(decoded) != len(info.Members) {
			t.Fatalf("%q has %d members, Scan says %d (%v)", data, len(decoded), len(info.Members), err)
		}
		for _, m := range info.Members {
			if !bytes.Equal(decoded[m.Key], data[m.Start:m.End]) {
				t.Fatalf("%q: member %q is %q, Scan says %q", data, m.Key, decoded[m.Key], data[m.Start:m.End])
			}
		}
	})
}

func FuzzModelSplice(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed), "target/model-1", uint16(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, name string, cut uint16) {
		info, err := Scan(data)
		if err != nil || !utf8.ValidString(name) {
			return
		}
		edit := info.Edit()
		edit.SetModel(name)
		out := edit.Payload()
		again, err := Scan(out.Bytes())
		if strings.TrimSpace(name) == "" {
			return
		}
		if err != nil || again.Model != name {
			t.Fatalf("%q with model %q became %q: %v", data, name, out.Bytes(), err)
		}
		checkOutside(t, data, out.Bytes(), info, again)
		edit.IncludeUsage()
		if err := edit.Defaults(json.RawMessage(`{"temperature":0.5,"top_p":1}`)); err != nil {
			t.Fatal(err)
		}
		full := edit.Payload()
		again, err = Scan(full.Bytes())
		if err != nil {
			t.Fatalf("%q became %q: %v", data, full.Bytes(), err)
		}
		for _, m := range info.Members {
			raw, ok := again.Get(m.Key)
			if m.Key != "model" && m.Key != "stream_options" && (!ok || !bytes.Equal(raw, data[m.Start:m.End])) {
				t.Fatalf("member %q became %q", m.Key, raw)
			}
		}
		r := full.Reader()
		if _, err := r.Seek(int64(cut), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(r)
		if want := full.Bytes()[min(int(cut), int(full.Len())):]; err != nil || !bytes.Equal(rest, want) {
			t.Fatalf("after a seek to %d: %q, %v", cut, rest, err)
		}
	})
}

// checkOutside checks that two bodies are the same but for the value of the model.
func checkOutside(t *testing.T, before, after []byte, a, b Info) {
	t.Helper()
	if !bytes.Equal(before[:a.ModelStart], after[:b.ModelStart]) || !bytes.Equal(before[a.ModelEnd:], after[b.ModelEnd:]) {
		t.Fatalf("%q became %q", before, after)
	}
}
