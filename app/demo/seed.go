package demo

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"math/big"

	"squirrel/models"
	"squirrel/models/store"
	"squirrel/proxy/simulator"
)

// seed fills an empty database with two OpenAI-style and one Anthropic-style provider, a model for each strategy and one of each
// other kind, prices, and a key, whose value it returns.
func seed(ctx context.Context, s *store.Store, sim *simulator.Server) (key string, err error) {
	key = "lgw-" + randomText(32)
	return key, s.InTx(store.WithActor(ctx, "demo"), func(s *store.Store) error {
		providers, err := seedProviders(ctx, s, sim)
		if err != nil {
			return err
		}
		if err := seedModels(ctx, s, providers); err != nil {
			return err
		}
		return s.CreateAPIKey(ctx, &models.APIKey{
			Name: "demo", Hash: sha256.Sum256([]byte(key)), Mask: key[:8] + "…" + key[len(key)-4:], IsActive: true, RecordDetails: true, Tags: []string{"demo"},
		})
	})
}

func seedProviders(ctx context.Context, s *store.Store, sim *simulator.Server) (map[string]int64, error) {
	ids := map[string]int64{}
	for _, p := range []models.Provider{
		{Name: "Acorn AI", Protocol: models.ProtocolOpenAI, BaseURL: sim.OpenAIBase(), Remark: "simulated, OpenAI style"},
		{Name: "Birch Inference", Protocol: models.ProtocolOpenAI, BaseURL: sim.OpenAIBase(), Remark: "simulated, OpenAI style"},
		{Name: "Walnut Labs", Protocol: models.ProtocolAnthropic, BaseURL: sim.AnthropicBase(), Remark: "simulated, Anthropic style"},
	} {
		p.APIKey, p.IsActive = models.Secret("sim-"+randomText(24)), true
		p.ResponseTimeout, p.ConnectTimeout, p.FirstByteTimeout, p.IdleTimeout = 1800, 10, 120, 120
		if err := s.CreateProvider(ctx, &p); err != nil {
			return nil, err
		}
		ids[p.Name] = p.ID
	}
	return ids, nil
}

func seedModels(ctx context.Context, s *store.Store, provider map[string]int64) error {
	type route struct {
		provider, target string
		priority, weight int
		prices           models.Prices
	}
	for _, m := range []struct {
		name     string
		kind     models.ModelType
		strategy models.StrategyName
		routes   []route
	}{
		{"smart", models.ModelChat, models.StrategyPriority, []route{
			{"Acorn AI", "gpt-4o", 0, 1, flat("2.50", "10")},
			{"Birch Inference", "gpt-4o", 1, 1, flat("3", "12")},
		}},
		{"fast", models.ModelChat, models.StrategyRoundRobin, []route{
			{"Acorn AI", "gpt-4o-mini", 0, 1, flat("0.15", "0.60")},
			{"Birch Inference", "gpt-4o-mini", 0, 1, flat("0.18", "0.70")},
		}},
		{"cheap", models.ModelChat, models.StrategyCostFirst, []route{
			{"Acorn AI", "gpt-4.1-nano", 0, 1, flat("0.10", "0.40")},
			{"Birch Inference", "gpt-4.1-nano", 0, 1, flat("0.08", "0.45")},
		}},
		{"claude", models.ModelChat, models.StrategyWeighted, []route{
			{"Walnut Labs", "claude-sonnet-4-5", 0, 3, flat("3", "15")},
			{"Acorn AI", "gpt-4o", 0, 1, flat("2.50", "10")},
		}},
		{"vectors", models.ModelEmbedding, models.StrategyRoundRobin, []route{{"Acorn AI", "text-embedding-3-small", 0, 1, flat("0.02", "0")}}},
		{"paint", models.ModelImages, models.StrategyRoundRobin, []route{{"Acorn AI", "gpt-image-1", 0, 1, flat("5", "40")}}},
		{"voice", models.ModelSpeech, models.StrategyRoundRobin, []route{{"Birch Inference", "tts-1", 0, 1, perRequest("0.002")}}},
		{"scribe", models.ModelTranscription, models.StrategyRoundRobin, []route{{"Birch Inference", "gpt-4o-transcribe", 0, 1, flat("2.50", "10")}}},
	} {
		model := models.Model{Name: m.name, Strategy: m.strategy, Type: m.kind, IsActive: true}
		if err := s.CreateModel(ctx, &model); err != nil {
			return err
		}
		for _, r := range m.routes {
			if err := s.CreateRoute(ctx, &models.Route{
				ModelName: m.name, ProviderID: provider[r.provider], TargetModel: r.target, Priority: r.priority, Weight: r.weight, IsActive: true, Prices: r.prices,
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// flat makes prices per 1M tokens.
func flat(input, output string) models.Prices {
	mode := models.BillingTokenFlat
	in, out := mustUSD(input), mustUSD(output)
	return models.Prices{BillingMode: &mode, TokenPrices: models.TokenPrices{Input: &in, Output: &out}}
}

// perRequest makes a price for a whole request.
func perRequest(price string) models.Prices {
	mode, each := models.BillingPerRequest, mustUSD(price)
	return models.Prices{BillingMode: &mode, PerRequest: &each}
}

func mustUSD(text string) models.NanoUSD {
	price, err := models.ParseUSD(text)
	if err != nil {
		panic("demo: bad price in the source: " + text)
	}
	return price
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func randomText(n int) string {
	out := make([]byte, n)
	for i := range out {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic(err) // crypto/rand never fails
		}
		out[i] = alphabet[k.Int64()]
	}
	return string(out)
}
