package routing

import (
	"fmt"
	"testing"

	"squirrel/models"
	"squirrel/routing/rules"
)

// BenchmarkPlan plans for a model with three routes and no rules. The time must not depend on the number of models.
func BenchmarkPlan(b *testing.B) {
	for _, count := range []int{1, 10_000} {
		for _, name := range []models.StrategyName{models.StrategyRoundRobin, models.StrategyWeighted, models.StrategyPriority} {
			b.Run(fmt.Sprintf("%s/%d_models", name, count), func(b *testing.B) {
				r := New(Options{})
				r.Swap(manyModels(count, name))
				req := &Request{Model: "model-0", Endpoint: models.EndpointChat, Facts: rules.NewFacts(rules.Source{})}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := r.Plan(req); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkPlan_Parallel plans for one model from all cores at once.
func BenchmarkPlan_Parallel(b *testing.B) {
	r := New(Options{})
	r.Swap(manyModels(1, models.StrategyWeighted))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		req := &Request{Model: "model-0", Endpoint: models.EndpointChat, Facts: rules.NewFacts(rules.Source{})}
		for pb.Next() {
			if _, err := r.Plan(req); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func manyModels(count int, name models.StrategyName) models.Config {
	cfg := models.Config{Providers: []models.Provider{provider(1), provider(2), provider(3)}}
	for i := range count {
		m := models.Model{ID: int64(i + 1), Name: fmt.Sprintf("model-%d", i), Strategy: name, IsActive: true}
		for j := range 3 {
			m.Routes = append(m.Routes, models.Route{
				ID: int64(i*3 + j + 1), ModelName: m.Name, ProviderID: int64(j + 1), TargetModel: "t", Weight: j + 1, IsActive: true,
			})
		}
		cfg.Models = append(cfg.Models, m)
	}
	return cfg
}

func provider(id int64) models.Provider {
	return models.Provider{ID: id, Name: fmt.Sprintf("p%d", id), Protocol: models.ProtocolOpenAI, BaseURL: "https://example.com/v1", IsActive: true}
}
