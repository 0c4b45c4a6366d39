package admin

import (
	"encoding/json"
	"testing"

	"squirrel/models"
)

const storedKey = "sk-proj-0123456789abcdef"

func stored() models.Provider {
	p := newProvider()
	p.ID, p.Name, p.BaseURL, p.APIKey = 1, "p", "https://api.openai.com/v1", storedKey
	p.ExtraHeaders = map[string]string{"X-Org": "acme", "X-Api-Token": "token-0123456789"}
	p.ProxyURL = "http://user:hunter22@proxy.example:3128"
	return p
}

func TestE08_KeyIsNeededForAnotherHost(t *testing.T) {
	s := New(Options{})
	plain := func(in ProviderInput) ProviderInput { // without secret headers
		in.ExtraHeaders = Some(map[string]string{})
		return in
	}
	for name, c := range map[string]struct {
		in   ProviderInput
		want models.Code
	}{
		"same host, other path":    {ProviderInput{BaseURL: Some("https://api.openai.com/v2")}, ""},
		"no change":                {ProviderInput{}, ""},
		"other host":               {plain(ProviderInput{BaseURL: Some("https://evil.example/v1")}), models.CodeKeyRequired},
		"other port":               {plain(ProviderInput{BaseURL: Some("https://api.openai.com:8443/v1")}), models.CodeKeyRequired},
		"no TLS":                   {plain(ProviderInput{BaseURL: Some("http://api.openai.com/v1")}), models.CodeKeyRequired},
		"empty key":                {plain(ProviderInput{BaseURL: Some("https://evil.example/v1"), APIKey: Some("")}), models.CodeKeyRequired},
		"masked key":               {plain(ProviderInput{BaseURL: Some("https://evil.example/v1"), APIKey: Some(models.Secret(storedKey).Mask())}), models.CodeKeyRequired},
		"new key":                  {plain(ProviderInput{BaseURL: Some("https://new.example/v1"), APIKey: Some("sk-new")}), ""},
		"key removed":              {plain(ProviderInput{BaseURL: Some("https://new.example/v1"), APIKey: Null[string]()}), ""},
		"new key, headers left in": {ProviderInput{BaseURL: Some("https://new.example/v1"), APIKey: Some("sk-new")}, models.CodeKeyRequired},
		"new key, masked header": {ProviderInput{
			BaseURL: Some("https://new.example/v1"), APIKey: Some("sk-new"),
			ExtraHeaders: Some(map[string]string{"X-Api-Token": models.Secret("token-0123456789").Mask()}),
		}, models.CodeKeyRequired},
		"new key, header in full": {ProviderInput{
			BaseURL: Some("https://new.example/v1"), APIKey: Some("sk-new"), ExtraHeaders: Some(map[string]string{"X-Api-Token": "other"}),
		}, ""},
	} {
		p := stored()
		if err := s.applyProvider(t.Context(), &p, c.in); models.ErrorCode(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestE08_AnotherProxyMustNotReadAKeyWithoutTLS(t *testing.T) {
	s := New(Options{})
	for url, want := range map[string]models.Code{"http://10.0.0.1/v1": models.CodeKeyRequired, "https://10.0.0.1/v1": ""} {
		p := stored()
		p.BaseURL = url
		err := s.applyProvider(t.Context(), &p, ProviderInput{ProxyURL: Some("http://evil.example:3128")})
		if models.ErrorCode(err) != want {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}

func TestMaskedSecretsSentBackAreUnchanged(t *testing.T) {
	s := New(Options{})
	p := stored()
	v := viewProvider(&p)
	if v.APIKey == storedKey || v.ExtraHeaders["X-Api-Token"] == "token-0123456789" || v.ExtraHeaders["X-Org"] != "acme" ||
		v.ProxyURL != "http://user:***@proxy.example:3128" {
		t.Errorf("view shows %+v", v)
	}
	in := ProviderInput{APIKey: Some(v.APIKey), ExtraHeaders: Some(v.ExtraHeaders), ProxyURL: Some(v.ProxyURL), Remark: Some("new")}
	if err := s.applyProvider(t.Context(), &p, in); err != nil {
		t.Fatal(err)
	}
	want := stored()
	if p.APIKey != want.APIKey || p.ProxyURL != want.ProxyURL || p.ExtraHeaders["X-Api-Token"] != want.ExtraHeaders["X-Api-Token"] || p.Remark != "new" {
		t.Errorf("changed to %q %q %v", p.APIKey.Reveal(), p.ProxyURL.Reveal(), p.ExtraHeaders)
	}
	for name, in := range map[string]ProviderInput{
		"mask of another key":    {APIKey: Some("sk-x…zz")},
		"mask of no header":      {ExtraHeaders: Some(map[string]string{"X-New-Token": "***"})},
		"mask of another header": {ExtraHeaders: Some(map[string]string{"X-Api-Token": "abcd…zz"})},
		"mask of another proxy":  {ProxyURL: Some("http://user:***@other.example:3128")},
	} {
		p := stored()
		if err := s.applyProvider(t.Context(), &p, in); models.ErrorCode(err) != models.CodeValidation {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProviderChecks(t *testing.T) {
	s := New(Options{})
	ok := func() ProviderInput { return ProviderInput{Name: Some("n"), BaseURL: Some("https://h/v1")} }
	for field, change := range map[string]func(*ProviderInput){
		"name":                       func(in *ProviderInput) { in.Name = Some(" ") },
		"remark":                     func(in *ProviderInput) { in.Remark = Some("a\x00") },
		"protocol":                   func(in *ProviderInput) { in.Protocol = Some(models.Protocol("grpc")) },
		"api_key":                    func(in *ProviderInput) { in.APIKey = Some("with space") },
		"response_timeout_seconds":   func(in *ProviderInput) { in.ResponseTimeout = Some(0) },
		"connect_timeout_seconds":    func(in *ProviderInput) { in.ConnectTimeout = Some(-1) },
		"first_byte_timeout_seconds": func(in *ProviderInput) { in.FirstByteTimeout = Some(-1) },
		"idle_timeout_seconds":       func(in *ProviderInput) { in.IdleTimeout = Some(0) },
		"default_parameters":         func(in *ProviderInput) { in.DefaultParameters = Some(json.RawMessage(`{"model":"x"}`)) },
		"extra_headers":              func(in *ProviderInput) { in.ExtraHeaders = Some(map[string]string{"Host": "x"}) },
		"proxy_url":                  func(in *ProviderInput) { in.ProxyURL = Some("ftp://x") },
	} {
		in, p := ok(), newProvider()
		change(&in)
		e, _ := asError(s.applyProvider(t.Context(), &p, in))
		if e == nil || len(e.Fields) != 1 || e.Fields[field] == "" {
			t.Errorf("%s: %v", field, e)
		}
	}
	in, p := ok(), newProvider()
	if err := s.applyProvider(t.Context(), &p, in); err != nil || p.ResponseTimeout != 1800 || p.ConnectTimeout != 10 || !p.IsActive {
		t.Errorf("defaults: %+v, %v", p, err)
	}
}
