package answers

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
)

type embeddingRequest struct {
	Model          string          `json:"model"`
	Input          json.RawMessage `json:"input"`
	Dimensions     *int            `json:"dimensions"`
	EncodingFormat string          `json:"encoding_format"`
}

func embeddings(r *Request) (*Answer, *failure) {
	req, f := decode[embeddingRequest](r)
	if f != nil {
		return nil, f
	}
	if f := checkModel(req.Model); f != nil {
		return nil, f
	}
	inputs, count := embeddingInputs(req.Input)
	if len(inputs) == 0 {
		return nil, refuse("input", "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.")
	}
	size := firstOf(req.Dimensions, new(1536))
	if size < 1 || size > 8192 {
		return nil, refuse("dimensions", "Invalid 'dimensions': expected a value between 1 and 8192.")
	}
	data := list{}
	for i, input := range inputs {
		data = append(data, object{{"object", "embedding"}, {"index", i}, {"embedding", embeddingValue(vector(input, size), req.EncodingFormat)}})
	}
	return plain(object{
		{"object", "list"}, {"data", data}, {"model", req.Model},
		{"usage", object{{"prompt_tokens", count}, {"total_tokens", count}}},
	}), nil
}

// embeddingInputs reads a string, a list of strings, a list of tokens, or a list of such lists.
func embeddingInputs(raw json.RawMessage) (inputs []string, count int) {
	if texts := stringsOf(raw); len(texts) > 0 {
		for _, t := range texts {
			count += max(tokens(t), 1)
		}
		return texts, count
	}
	var ids []int
	if json.Unmarshal(raw, &ids) == nil && len(ids) > 0 {
		return []string{string(raw)}, len(ids)
	}
	var many [][]int
	if json.Unmarshal(raw, &many) != nil {
		return nil, 0
	}
	for _, ids := range many {
		inputs = append(inputs, string(encode(ids)))
		count += len(ids)
	}
	return inputs, count
}

// vector is a unit vector that depends on the input alone.
func vector(input string, size int) []float32 {
	h := fnv.New64a()
	h.Write([]byte(strings.TrimSpace(input)))
	rng := rand.New(rand.NewPCG(h.Sum64(), 0))
	raw := make([]float64, size)
	var sum float64
	for i := range raw {
		raw[i] = rng.NormFloat64()
		sum += raw[i] * raw[i]
	}
	out := make([]float32, size)
	for i, x := range raw {
		out[i] = float32(x / math.Sqrt(sum))
	}
	return out
}

// embeddingValue is the vector as numbers, or as base64 of little-endian float32 values, which the official clients ask for.
func embeddingValue(v []float32, format string) any {
	if format != "base64" {
		return v
	}
	raw := make([]byte, 0, 4*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
