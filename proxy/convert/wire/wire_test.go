package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"squirrel/proxy/llm"
)

func TestObject(t *testing.T) {
	o := Parse([]byte(` { "s" : "a\"\\\u00e9" , "n":-1.50e2,"i":1024.0,"b":true,"nil":null,"o":{"x":[1,"]}"]},"a":[ ],"s":"last", "x" : 1 } `))
	if o.Str("s") != "last" || o.Num("n") != "-1.50e2" || o.Int("i") != 1024 || !o.True("b") || o.Get("nil") != nil || !o.Has("nil") {
		t.Errorf("%+v", o)
	}
	if string(o.Object("o").Get("x")) != `[1,"]}"]` || o.Array("a") == nil || o.Wrong != "" {
		t.Errorf("%+v", o)
	}
	var rest []string
	for name := range o.Rest() {
		rest = append(rest, name)
	}
	if fmt.Sprint(rest) != "[x]" {
		t.Error(rest)
	}
	if o.Str("x") != "" || o.Wrong != "x" || o.Int("x") != 1 {
		t.Error(o.Wrong)
	}
}

func TestWrongTypes(t *testing.T) {
	for _, ask := range []func(*Object){
		func(o *Object) { o.Str("k") }, func(o *Object) { o.Int("k") }, func(o *Object) { o.Num("k") },
		func(o *Object) { o.Object("k") }, func(o *Object) { o.Bool("k") },
	} {
		o := Parse([]byte(`{"k":[]}`))
		if ask(o); o.Wrong != "k" {
			t.Error("a wrong type was taken")
		}
	}
	o := Parse([]byte(`{"k":1.5,"a":"x"}`))
	if o.Int("k") != 0 || o.Wrong != "k" || o.Array("a") != nil {
		t.Error(o.Wrong)
	}
}

func TestNilObject(t *testing.T) {
	var o *Object
	if o.Get("a") != nil || o.Has("a") || o.Str("a") != "" || o.Object("a") != nil || o.True("a") {
		t.Error("nothing has something")
	}
	for range o.Rest() {
		t.Error("nothing has a rest")
	}
}

func TestEachStops(t *testing.T) {
	n := 0
	for range Each([]byte(` [ 1 , {"a":[2]} , "x" ] `)) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Error(n)
	}
	for range Each([]byte(`{}`)) {
		t.Error("an object has elements")
	}
}

func TestWriter(t *testing.T) {
	var w Writer
	yes := true
	w.Event("e")
	w.Object("")
	w.Str("s", "a\"\\\n\r\t\x01é\xff\u2028")
	w.OptStr("no", "")
	w.StrOrNull("nil", "")
	w.StrOrNull("set", "x")
	w.Int("i", -1)
	w.OptInt("no", 0)
	w.OptNum("n", "1.0")
	w.OptNum("no", "")
	w.OptBool("b", &yes)
	w.OptBool("no", nil)
	w.Raw("r", json.RawMessage("{\n \"a\": [1,\r\n2] }"))
	w.Raw("empty", nil)
	w.OptRaw("no", nil)
	w.Member("q\"", json.RawMessage("1"))
	w.Array("l")
	w.Str("", "x")
	w.Null("")
	w.Object("")
	w.EndObject()
	w.EndArray()
	w.EndObject()
	w.EndEvent()
	want := "event: e\ndata: " + `{"s":"a\"\\\n\r\t\u0001é` + "\uFFFD\u2028" + `","nil":null,"set":"x","i":-1,"n":1.0,"b":true,"r":{"a":[1,2]},"empty":null,"q\"":1,"l":["x",null,{}]}` + "\n\n"
	if got := string(w.Take()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if w.Len() != 0 || w.Bytes() != nil {
		t.Error("Take left something")
	}
}

func TestDataURL(t *testing.T) {
	for url, want := range map[string]llm.Source{
		"data:image/PNG;charset=x;base64,AAA": {MediaType: "image/png", Data: "AAA"},
		"data:;base64,AAA":                    {Data: "AAA"},
		"data:text/plain,hi":                  {URL: "data:text/plain,hi"},
		"data:broken":                         {URL: "data:broken"},
		"https://example.com/a.png":           {URL: "https://example.com/a.png"},
	} {
		if got := DataURL(url); got != want {
			t.Errorf("%s: %+v", url, got)
		}
	}
	for data, want := range map[string]string{
		"/9j/4AAQSkZJRgABAQ==": "image/jpeg", "iVBORw0KGgo=": "image/png", "R0lGODlhAQ==": "image/gif", "JVBERi0xLjQ=": "application/pdf", "!!": "", "AAAA": "",
	} {
		if got := Sniff(data); got != want {
			t.Errorf("%s looks like %q", data, got)
		}
	}
}

func TestPlainMessage(t *testing.T) {
	for body, want := range map[string]string{
		"": "the upstream gave no reason", "<html>": "the upstream gave no reason", "\xff": "the upstream gave no reason", " no key sk-abcdef12345 ": "no key [REDACTED]",
	} {
		if got := PlainMessage([]byte(body)); got != want {
			t.Errorf("%q: %q", body, got)
		}
	}
	if got := PlainMessage([]byte(strings.Repeat("é", 400))); len(got) > maxPlain {
		t.Error(len(got))
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,{"b":"\\\""}],"c":null}`, `[`, `{"a"`, `{"a":`, `{"a":1,`, "{\"a\\u0061\": tru", `{"":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o := Parse(data)
		for range o.Rest() {
		}
		for range Each(data) {
		}
		var want map[string]json.RawMessage
		if o == nil || json.Unmarshal(data, &want) != nil {
			return
		}
		for name, value := range want {
			got := o.Get(name)
			if string(value) != "null" && !bytes.Equal(got, value) {
				t.Fatalf("%s of %s is %s", name, data, got)
			}
			s, ok := String(got)
			var text string
			if ok && (json.Unmarshal(value, &text) != nil || s != text) {
				t.Fatalf("%s reads as %q", value, s)
			}
		}
		var w Writer
		w.Object("")
		for name, value := range o.Members() {
			w.Member(name, value)
		}
		w.EndObject()
		var back map[string]json.RawMessage
		if err := json.Unmarshal(w.Bytes(), &back); err != nil || len(back) != len(want) {
			t.Fatalf("%s became %s: %v", data, w.Bytes(), err)
		}
		if !reflect.DeepEqual(keys(back), keys(want)) {
			t.Fatalf("%s became %s", data, w.Bytes())
		}
	})
}

func keys(m map[string]json.RawMessage) map[string]bool {
	out := make(map[string]bool)
	for k := range m {
		out[k] = true
	}
	return out
}
