package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"squirrel/models"
	"squirrel/models/prices"
)

// fleet is the configuration that the generated requests seem to have come through.
type fleet struct {
	models    []model
	keys      []key
	users     []string
	modelRank []float64 // cumulative shares
	keyRank   []float64
	userRank  []float64
}

// provider is who answers. Names and ids are made up.
type provider struct {
	id       int64
	name     string
	protocol models.Protocol
}

// model is what a client asks for, and where it goes.
type model struct {
	name      string
	target    string
	kind      models.ModelType
	providers []provider // the first is preferred
	prices    models.Prices
	known     bool // the catalogue has prices
}

// key is an API key. A team uses a few models nearly always, and any now and then.
type key struct {
	id     int64
	name   string
	models []int
	client string
}

const (
	keyCount  = 40
	userCount = 600
)

var providers = []provider{
	{1, "openai-main", models.ProtocolOpenAI},
	{2, "azure-eu", models.ProtocolOpenAI},
	{3, "anthropic", models.ProtocolAnthropic},
	{4, "bedrock-gateway", models.ProtocolAnthropic},
	{5, "google-compat", models.ProtocolOpenAI},
	{6, "deepseek", models.ProtocolOpenAI},
	{7, "aggregator", models.ProtocolOpenAI},
	{8, "own-cluster", models.ProtocolOpenAI},
}

// The twenty models, the most popular first. Those of the own cluster have no price anywhere.
var modelTable = []struct {
	name, target string
	kind         models.ModelType
	providers    []int // ids
}{
	{"smart", "claude-sonnet-4-5", models.ModelChat, []int{3, 4}},
	{"fast", "gpt-4o-mini", models.ModelChat, []int{1, 2}},
	{"gpt-4o", "gpt-4o", models.ModelChat, []int{1, 2, 7}},
	{"text-embedding-3-small", "text-embedding-3-small", models.ModelEmbedding, []int{1, 2}},
	{"local-llama", "llama-3.3-70b-instruct-awq", models.ModelChat, []int{8}},
	{"claude-haiku-4-5", "claude-haiku-4-5", models.ModelChat, []int{3, 4}},
	{"gpt-4.1", "gpt-4.1", models.ModelChat, []int{1, 2}},
	{"gemini-2.5-flash", "gemini-2.5-flash", models.ModelChat, []int{5, 7}},
	{"coder", "deepseek-chat", models.ModelChat, []int{6, 7}},
	{"gpt-4.1-mini", "gpt-4.1-mini", models.ModelChat, []int{1, 2}},
	{"reasoner", "o3", models.ModelChat, []int{1}},
	{"claude-opus-4-1", "claude-opus-4-1", models.ModelChat, []int{3}},
	{"gemini-2.5-pro", "gemini-2.5-pro", models.ModelChat, []int{5, 7}},
	{"local-embed", "bge-m3-local", models.ModelEmbedding, []int{8}},
	{"gpt-5", "gpt-5", models.ModelChat, []int{1, 2}},
	{"gpt-5-mini", "gpt-5-mini", models.ModelChat, []int{1, 2}},
	{"deepseek-reasoner", "deepseek-reasoner", models.ModelChat, []int{6}},
	{"o4-mini", "o4-mini", models.ModelChat, []int{1}},
	{"local-qwen", "qwen2.5-coder-32b-gptq", models.ModelChat, []int{8}},
	{"text-embedding-3-large", "text-embedding-3-large", models.ModelEmbedding, []int{1}},
}

var clients = []string{"openai-python", "openai-node", "anthropic-python", "langchain", "curl", "claude-cli", "go-http-client"}

func newFleet(r *rand.Rand) *fleet {
	f := &fleet{modelRank: ranks(len(modelTable), 0.9), keyRank: ranks(keyCount, 0.8), userRank: ranks(userCount, 0.7)}
	for _, row := range modelTable {
		m := model{name: row.name, target: row.target, kind: row.kind}
		m.prices, m.known = prices.Embedded().Prices(row.target)
		for _, id := range row.providers {
			m.providers = append(m.providers, providers[id-1])
		}
		f.models = append(f.models, m)
	}
	for i := range keyCount {
		k := key{id: int64(i + 1), name: fmt.Sprintf("team-%02d", i+1), client: clients[r.IntN(len(clients))]}
		for range 3 + r.IntN(4) {
			k.models = append(k.models, pick(r, f.modelRank))
		}
		f.keys = append(f.keys, k)
	}
	for i := range userCount {
		f.users = append(f.users, fmt.Sprintf("user-%04d@example.com", i+1))
	}
	return f
}

// ranks are cumulative shares of n things of which the i-th is used in proportion to 1/i^s.
func ranks(n int, s float64) []float64 {
	out := make([]float64, n)
	sum := 0.0
	for i := range out {
		sum += math.Pow(float64(i+1), -s)
		out[i] = sum
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// pick draws an index by cumulative shares.
func pick(r *rand.Rand, cumulative []float64) int {
	at := r.Float64()
	for i, share := range cumulative {
		if at < share {
			return i
		}
	}
	return len(cumulative) - 1
}
