package admin

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/models/store"
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
		err := validate.Var(name, "model_name")
		if starts := name[0] == '@'; (err != nil) != starts {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "a b", "a\"b", "a'b", "a?b", "a#b", "a%2Fb", "a\\b", "/a", "a/", "a//b", "a/../b", "a/.", "ä", "stats", "export", "import", strings.Repeat("m", 129)} {
		if validate.Var(name, "model_name") == nil {
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
		if !slices.Contains([]string{"bearer", "x-api-key", "api-key", "none"}, p.Auth) || p.Quirks == nil {
			t.Errorf("preset %s: auth %q, quirks %v", p.ID, p.Auth, p.Quirks)
		}
		for _, quirk := range p.Quirks {
			if Quirks[quirk] == "" {
				t.Errorf("preset %s has a quirk nobody knows: %s", p.ID, quirk)
			}
		}
		url := strings.ReplaceAll(p.BaseURL, "{resource}", "res")
		c := check{}
		if url != "" {
			c.baseURL("base_url", &url)
		}
		if len(c) > 0 {
			t.Errorf("preset %s: %v", p.ID, c)
		}
	}
	// The vendors whose base URLs were looked up in their own documents.
	for id, base := range map[string]string{
		"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com", "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
		"azure": "https://{resource}.openai.azure.com/openai/v1", "deepseek": "https://api.deepseek.com", "deepseek-anthropic": "https://api.deepseek.com/anthropic",
		"openrouter": "https://openrouter.ai/api/v1", "openrouter-anthropic": "https://openrouter.ai/api", "groq": "https://api.groq.com/openai/v1", "mistral": "https://api.mistral.ai/v1",
		"xai": "https://api.x.ai/v1", "together": "https://api.together.xyz/v1", "fireworks": "https://api.fireworks.ai/inference/v1", "cerebras": "https://api.cerebras.ai/v1",
		"perplexity": "https://api.perplexity.ai", "cohere": "https://api.cohere.ai/compatibility/v1", "nvidia": "https://integrate.api.nvidia.com/v1",
		"moonshot": "https://api.moonshot.cn/v1", "moonshot-anthropic": "https://api.moonshot.cn/anthropic", "zhipu": "https://open.bigmodel.cn/api/paas/v4",
		"zhipu-anthropic": "https://open.bigmodel.cn/api/anthropic", "qwen": "https://dashscope.aliyuncs.com/compatible-mode/v1", "qwen-anthropic": "https://dashscope.aliyuncs.com/apps/anthropic",
		"volcengine": "https://ark.cn-beijing.volces.com/api/v3", "siliconflow": "https://api.siliconflow.cn/v1", "minimax": "https://api.minimax.io/v1", "minimax-anthropic": "https://api.minimax.io/anthropic",
		"ollama": "http://localhost:11434/v1", "vllm": "http://localhost:8000/v1", "lmstudio": "http://localhost:1234/v1", "llamacpp": "http://localhost:8080/v1", "localai": "http://localhost:8080/v1",
	} {
		if i := slices.IndexFunc(Presets(), func(p Preset) bool { return p.ID == id }); i < 0 || Presets()[i].BaseURL != base {
			t.Errorf("no preset %s with %s", id, base)
		}
	}
}

// The messages are those the translations know.
func TestFieldMessages(t *testing.T) {
	s := onDisk(t)
	long := strings.Repeat("é", 1001)
	provider := func(in ProviderInput) func(context.Context) error {
		p := stored()
		return func(ctx context.Context) error { return s.applyProvider(ctx, &p, in) }
	}
	model := func(in ModelInput) func(context.Context) error {
		m := newModel()
		m.Name = "m"
		return func(ctx context.Context) error { return s.applyModel(ctx, &m, in) }
	}
	route := func(in RouteInput) func(context.Context) error {
		r := newRoute()
		r.ModelName, r.TargetModel, r.ProviderID = "m", "t", 1
		return func(ctx context.Context) error { return s.applyRoute(ctx, &r, in) }
	}
	key := func(in APIKeyInput) func(context.Context) error {
		k := models.APIKey{Name: "k"}
		return func(context.Context) error { return s.applyAPIKey(&k, in) }
	}
	names := func(n int) (list []string) {
		for i := range n {
			list = append(list, "a"+strings.Repeat("b", i))
		}
		return list
	}
	const ends = "provider_id does not exist; requested_model does not exist"
	million, nothing := 1_000_000*models.NanoPerUSD, models.NanoUSD(-1)
	for name, c := range map[string]struct {
		apply func(context.Context) error
		want  string
	}{
		"provider/new":         {func(ctx context.Context) error { _, err := s.CreateProvider(ctx, ProviderInput{}); return err }, "base_url must not be empty; name must not be empty"},
		"model/new":            {func(ctx context.Context) error { _, err := s.CreateModel(ctx, ModelInput{}); return err }, "requested_model must not be empty"},
		"key/new":              {func(ctx context.Context) error { _, err := s.CreateAPIKey(ctx, APIKeyInput{}); return err }, "key_name must not be empty"},
		"provider/unchanged":   {provider(ProviderInput{}), ""},
		"provider/no name":     {provider(ProviderInput{Name: Some(" ")}), "name must not be empty"},
		"provider/null name":   {provider(ProviderInput{Name: Null[string]()}), "name must not be empty"},
		"provider/long name":   {provider(ProviderInput{Name: Some(long[:202])}), "name must have at most 100 characters"},
		"provider/name":        {provider(ProviderInput{Name: Some(long[:200])}), ""},
		"provider/hidden":      {provider(ProviderInput{Name: Some("a\u202eb")}), "name must have printable characters only"},
		"provider/bytes":       {provider(ProviderInput{Name: Some("a\xff")}), "name is not valid UTF-8"},
		"provider/remark":      {provider(ProviderInput{Remark: Some("a\n\tb\r\n")}), ""},
		"provider/no remark":   {provider(ProviderInput{Remark: Null[string]()}), ""},
		"provider/long remark": {provider(ProviderInput{Remark: Some(long)}), "remark must have at most 1000 characters"},
		"provider/bell":        {provider(ProviderInput{Remark: Some("a\a")}), "remark must have printable characters only"},
		"provider/protocol":    {provider(ProviderInput{Protocol: Some(models.Protocol("x"))}), "protocol must be one of openai, openai_responses, anthropic"},
		"provider/no protocol": {provider(ProviderInput{Protocol: Null[models.Protocol]()}), "protocol must be one of openai, openai_responses, anthropic"},
		"provider/timeouts": {
			provider(ProviderInput{ResponseTimeout: Some(86_401), ConnectTimeout: Some(0), FirstByteTimeout: Some(-1), IdleTimeout: Null[int]()}),
			"connect_timeout_seconds must be between 1 and 600; first_byte_timeout_seconds must be between 0 and 86400; " +
				"idle_timeout_seconds must be between 1 and 86400; response_timeout_seconds must be between 1 and 86400",
		},
		"provider/timeouts at the limits": {
			provider(ProviderInput{ResponseTimeout: Some(86_400), ConnectTimeout: Some(600), FirstByteTimeout: Null[int](), IdleTimeout: Some(1)}), "",
		},
		"model/unchanged": {model(ModelInput{}), ""},
		"model/no name":   {model(ModelInput{Name: Null[string]()}), "requested_model must not be empty"},
		"model/long":      {model(ModelInput{Name: Some(strings.Repeat("m", 129))}), "requested_model must have at most 128 characters"},
		"model/letters": {
			model(ModelInput{Name: Some("a b")}), "requested_model must begin with a letter or digit and have only letters, digits and / : @ . _ - + ~",
		},
		"model/path":        {model(ModelInput{Name: Some("a/../b")}), "requested_model must not have empty, . or .. parts between slashes"},
		"model/reserved":    {model(ModelInput{Name: Some("export")}), "requested_model is a reserved name"},
		"model/alias":       {model(ModelInput{Aliases: Some([]string{"ok", "a b"})}), "aliases must begin with a letter or digit and have only letters, digits and / : @ . _ - + ~"},
		"model/empty alias": {model(ModelInput{Aliases: Some([]string{""})}), "aliases must not be empty"},
		"model/no aliases":  {model(ModelInput{Aliases: Null[[]string]()}), ""},
		"model/50 aliases":  {model(ModelInput{Aliases: Some(append(names(50), "a"))}), ""},
		"model/51 aliases":  {model(ModelInput{Aliases: Some(names(51))}), "aliases must have at most 50 entries"},
		"model/choices": {
			model(ModelInput{Strategy: Null[models.StrategyName](), Type: Some(models.ModelType("x"))}),
			"model_type must be one of chat, embedding, speech, transcription, images, moderation; " +
				"strategy must be one of round_robin, priority, weighted, cost_first",
		},
		"model/prices": {
			model(ModelInput{PriceInput: PriceInput{Input: Some(million + 1), PerImage: Some(nothing), CacheWrite: Some(million), Reasoning: Null[models.NanoUSD]()}}),
			"input_price must be between 0 and 1000000; per_image_price must be between 0 and 1000000",
		},
		"model/billing mode": {
			model(ModelInput{PriceInput: PriceInput{BillingMode: Some(models.BillingMode("x"))}}),
			"billing_mode must be one of token_flat, token_tiered, per_request, per_image",
		},
		"model/inherited": {model(ModelInput{PriceInput: PriceInput{BillingMode: Some(models.BillingMode(""))}}), ""},
		"model/tiers": {
			model(ModelInput{PriceInput: PriceInput{Tiers: Some([]models.PriceTier{{TokenPrices: models.TokenPrices{Input: &million, Output: &nothing}}})}}),
			"tiered_pricing has a price that is not between 0 and 1000000",
		},
		"model/21 tiers": {model(ModelInput{PriceInput: PriceInput{Tiers: Some(risingTiers(21))}}), "tiered_pricing must have at most 20 tiers"},
		"model/20 tiers": {model(ModelInput{PriceInput: PriceInput{Tiers: Some(risingTiers(20))}}), ""},
		"route/fine":     {route(RouteInput{Priority: Null[int](), Weight: Null[int](), OnLoss: Null[models.OnLoss]()}), ends},
		"route/numbers": {
			route(RouteInput{Priority: Some(-1_000_001), Weight: Some(-1)}),
			"priority must be between -1000000 and 1000000; " + ends + "; weight must be between 0 and 1000000",
		},
		"route/target":        {route(RouteInput{TargetModel: Some(strings.Repeat("t", 201))}), ends + "; target_model_name must have at most 200 characters"},
		"key/no name":         {key(APIKeyInput{Name: Some("")}), "key_name must not be empty"},
		"key/no limits":       {key(APIKeyInput{RPMLimit: Null[int64](), TPMLimit: Null[int64](), Budget: Null[models.NanoUSD]()}), ""},
		"key/limits":          {key(APIKeyInput{RPMLimit: Some[int64](0), TPMLimit: Some[int64](1e12 + 1)}), "rpm_limit must be between 1 and 1000000000000; tpm_limit must be between 1 and 1000000000000"},
		"key/budget":          {key(APIKeyInput{Budget: Some(1000*million + 1)}), "budget_usd must be between 0 and 1000000000"},
		"key/whole budget":    {key(APIKeyInput{Budget: Some(1000 * million), BudgetPeriod: Null[models.BudgetPeriod]()}), ""},
		"key/period":          {key(APIKeyInput{BudgetPeriod: Some(models.BudgetPeriod("x"))}), "budget_period must be one of day, month, total"},
		"key/tags":            {key(APIKeyInput{Tags: Some(append(names(20), " a "))}), ""},
		"key/many tags":       {key(APIKeyInput{Tags: Some(names(21))}), "tags must have at most 20 entries"},
		"key/long tag":        {key(APIKeyInput{Tags: Some([]string{"a", strings.Repeat("b", 51)})}), "tags must have at most 50 characters"},
		"key/empty tag":       {key(APIKeyInput{Tags: Some([]string{"a", " "})}), "tags must not be empty"},
		"key/allowed":         {key(APIKeyInput{AllowedModels: Some([]string{"a b"})}), "allowed_models must begin with a letter or digit and have only letters, digits and / : @ . _ - + ~"},
		"key/all are allowed": {key(APIKeyInput{AllowedModels: Some([]string{})}), ""},
		"key/past":            {key(APIKeyInput{ExpiresAt: Some(s.Now())}), "expires_at must be in the future"},
		"bulk": {func(ctx context.Context) error {
			_, err := s.BulkUpgradeRoutes(ctx, BulkUpgrade{From: Null[string]()})
			return err
		}, "current_target_model_name must not be empty; new_target_model_name must not be empty"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := c.apply(t.Context()); err != nil {
				e, _ := asError(err)
				got = fieldsMessage(e.Fields)
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// The tags spell out the names that models declares.
func TestEveryChoiceIsAccepted(t *testing.T) {
	accepted := func(field string, in any) {
		c := check{}
		if c.fields(in); c[field] != "" {
			t.Errorf("%s: %s: %+v", field, c[field], in)
		}
	}
	for _, v := range []models.Protocol{models.ProtocolOpenAI, models.ProtocolResponses, models.ProtocolAnthropic} {
		accepted("protocol", &ProviderInput{Protocol: Some(v)})
	}
	for _, v := range []models.StrategyName{models.StrategyRoundRobin, models.StrategyPriority, models.StrategyWeighted, models.StrategyCostFirst} {
		accepted("strategy", &ModelInput{Strategy: Some(v)})
	}
	for _, v := range []models.ModelType{
		models.ModelChat, models.ModelEmbedding, models.ModelSpeech, models.ModelTranscription, models.ModelImages, models.ModelModeration,
	} {
		accepted("model_type", &ModelInput{Type: Some(v)})
	}
	for _, v := range []models.BillingMode{models.BillingTokenFlat, models.BillingTokenTiered, models.BillingPerRequest, models.BillingPerImage} {
		accepted("billing_mode", &models.Prices{BillingMode: &v})
	}
	for _, v := range []models.OnLoss{"", models.OnLossAllow, models.OnLossReject} {
		accepted("on_loss", &RouteInput{OnLoss: Some(v)})
	}
	for _, v := range []models.BudgetPeriod{models.BudgetDay, models.BudgetMonth, models.BudgetTotal} {
		accepted("budget_period", &APIKeyInput{BudgetPeriod: Some(v)})
	}
}

func TestEveryPriceHasALimit(t *testing.T) {
	for _, field := range []string{
		"input_price", "output_price", "cached_input_price", "cache_write_price", "reasoning_price", "audio_input_price",
		"audio_output_price", "per_request_price", "per_image_price",
	} {
		var p models.Prices
		if err := json.Unmarshal([]byte(`{"`+field+`":"1000000.000000001"}`), &p); err != nil {
			t.Fatal(err)
		}
		c := check{}
		if c.prices(&p); len(c) != 1 || c[field] != "must be between 0 and 1000000" {
			t.Errorf("%s: %v", field, c)
		}
	}
}

func risingTiers(n int) (tiers []models.PriceTier) {
	for i := range n {
		price := models.NanoUSD(i)
		tiers = append(tiers, models.PriceTier{MaxInputTokens: int64(i + 1), TokenPrices: models.TokenPrices{Input: &price, Output: &price}})
	}
	return tiers
}

// onDisk is a control plane with an empty database.
func onDisk(t *testing.T) *Service {
	t.Helper()
	cipher, err := store.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), store.Config{
		Type: "sqlite", URL: "sqlite:///" + filepath.Join(t.TempDir(), "test.db"), Cipher: cipher, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return New(Options{Store: db})
}
