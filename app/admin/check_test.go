package admin

import (
	"strings"
	"testing"
)

func TestD07_LabelsArePrintableAndNormalised(t *testing.T) {
	for text, want := range map[string]string{
		"OpenAI":        "OpenAI",
		"  中文 提供商  ":    "中文 提供商",
		"Cafe\u0301":    "Caf\u00e9",
		"emoji 🐿 works": "emoji 🐿 works",
	} {
		c, got := check{}, text
		if c.label("name", &got, 100); len(c) > 0 || got != want {
			t.Errorf("%q became %q, %v", text, got, c)
		}
	}
	for name, text := range map[string]string{
		"empty": "  ", "right-to-left override": "abc\u202egpj", "isolate": "\u2066x", "zero width": "a\u200bb", "joiner": "a\u200db",
		"byte order mark": "\ufeffa", "control": "a\x1b[2J", "new line": "a\nb", "no-break space": "a\u00a0b", "invalid": "a\xff", "long": strings.Repeat("x", 101),
	} {
		c := check{}
		if c.label("name", &text, 100); c["name"] == "" {
			t.Errorf("%s: %q was accepted", name, text)
		}
	}
}

func TestModelNames(t *testing.T) {
	for _, name := range []string{"gpt-4o", "anthropic/claude-sonnet-4.5", "ft:gpt-4o:acme::x1", "qwen2.5:7b", "@cf", "a+b_c", "accounts/x/models/y", strings.Repeat("m", 128)} {
		c, got := check{}, name
		c.modelName("requested_model", &got)
		if starts := name[0] == '@'; (len(c) > 0) != starts {
			t.Errorf("%q: %v", name, c)
		}
	}
	for _, name := range []string{"", "a b", "a\"b", "a'b", "a?b", "a#b", "a%2Fb", "a\\b", "/a", "a/", "a//b", "a/../b", "a/.", "ä", "stats", "export", "import", strings.Repeat("m", 129)} {
		c, got := check{}, name
		if c.modelName("requested_model", &got); len(c) == 0 {
			t.Errorf("%q was accepted", name)
		}
	}
}

func TestDecode(t *testing.T) {
	for body, want := range map[string]map[string]string{
		`{"name":"a","is_active":false,"version":3}`: {},
		`{"name":null,"extra_headers":{"a":"b"}}`:    {},
		`{"id":1,"key_hash":"x","is_admin":true}`:    {"id": "not a field", "key_hash": "not a field", "is_admin": "not a field"},
		`{"Name":"a"}`: {"Name": "not a field"},
		`{"name":1,"is_active":"yes","response_timeout_seconds":1.5}`: {"name": "must not be a number", "is_active": "must not be a string", "response_timeout_seconds": "must not be a number"},
	} {
		var in ProviderInput
		err := Decode([]byte(body), &in)
		e, _ := asError(err)
		if len(want) == 0 {
			if err != nil {
				t.Errorf("%s: %v", body, err)
			}
			continue
		}
		if e == nil || len(e.Fields) != len(want) {
			t.Errorf("%s: %v", body, err)
			continue
		}
		for name, part := range want {
			if !strings.Contains(e.Fields[name], part) {
				t.Errorf("%s: %s is %q, want %q", body, name, e.Fields[name], part)
			}
		}
	}
	for _, body := range []string{"", "null", "[]", `"x"`, "{", `{"name":"a"} {}`} {
		var in ProviderInput
		if err := Decode([]byte(body), &in); err == nil {
			t.Errorf("%q was accepted", body)
		}
	}
}

func TestF22_UnknownFieldsInsideAreRefusedToo(t *testing.T) {
	for _, body := range []string{
		`{"tiered_pricing":[{"max_input_tokens":1,"bogus":1}]}`, `{"matching_rules":{"rules":[{"field":"model","bogus":1}]}}`, `{"input_price":"1e-99"}`,
	} {
		var in ModelInput
		if err := Decode([]byte(body), &in); err == nil {
			t.Errorf("%s was accepted", body)
		}
	}
}

func TestPresetsAreValid(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Presets() {
		if seen[p.ID] || p.ID == "" || p.Name == "" || !p.Protocol.Valid() {
			t.Errorf("preset %+v", p)
		}
		seen[p.ID] = true
		url := strings.ReplaceAll(p.BaseURL, "{resource}", "res")
		c := check{}
		if url != "" {
			c.baseURL("base_url", &url)
		}
		if len(c) > 0 {
			t.Errorf("preset %s: %v", p.ID, c)
		}
	}
	if len(seen) < 25 {
		t.Errorf("only %d presets", len(seen))
	}
}
