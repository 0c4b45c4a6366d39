package reqlog

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"

	"squirrel/models"
)

const (
	// shortestSecret keeps a provider key such as "none" or "test" from masking ordinary words.
	shortestSecret = 8

	blockSize = 3 // bytes that are hashed together
	shiftBits = 13
)

// secretSet finds any of many secrets in a text. It looks at the last bytes of a window as long as the shortest secret and
// mostly moves on by almost that length (the algorithm of Wu and Manber), so that long texts are passed quickly.
// It never changes.
type secretSet struct {
	values [][]byte
	window int
	shift  [1 << shiftBits]uint8
	ends   map[uint32][]int // by hash of the window's last block: secrets whose window ends so
}

// newSecretSet makes a set of the secrets and of the forms they take in URLs, JSON and base64.
func newSecretSet(secrets []models.Secret) *secretSet {
	s := &secretSet{}
	for _, secret := range secrets {
		if plain := secret.Reveal(); len(plain) >= shortestSecret {
			s.values = append(s.values, forms(plain)...)
		}
	}
	slices.SortFunc(s.values, bytes.Compare)
	s.values = slices.CompactFunc(s.values, bytes.Equal)
	if len(s.values) == 0 {
		return nil
	}
	s.window = 64
	for _, v := range s.values {
		s.window = min(s.window, len(v))
	}
	farthest := uint8(s.window - blockSize + 1)
	for i := range s.shift {
		s.shift[i] = farthest
	}
	s.ends = make(map[uint32][]int)
	for n, v := range s.values {
		for end := blockSize; end <= s.window; end++ {
			h := blockHash(v[end-blockSize:])
			s.shift[h] = min(s.shift[h], uint8(s.window-end))
			if end == s.window {
				s.ends[h] = append(s.ends[h], n)
			}
		}
	}
	return s
}

func blockHash(b []byte) uint32 {
	x := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	return x * 0x9E3779B1 >> (32 - shiftBits)
}

// forms returns how a secret may be written: as it is, escaped for JSON and for URLs, and as a part of base64 text, where the
// first and last characters depend on the neighbours.
func forms(plain string) [][]byte {
	out := [][]byte{[]byte(plain)}
	add := func(form string) {
		if form != plain && len(form) >= shortestSecret {
			out = append(out, []byte(form))
		}
	}
	add(url.QueryEscape(plain))
	add(url.PathEscape(plain))
	if quoted, err := json.Marshal(plain); err == nil {
		add(string(quoted[1 : len(quoted)-1]))
	}
	for before := range 3 {
		padded := append(make([]byte, before), plain...)
		whole := len(padded) / 3 * 4 // characters that no later byte changes
		first := (before*8 + 5) / 6  // characters that the bytes before take part in
		for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if text := coding.EncodeToString(padded); whole > first {
				add(text[first:whole])
			}
		}
	}
	return out
}

// find adds each place of b where a secret is.
func (s *secretSet) find(b []byte, spans *spanList) {
	if s == nil {
		return
	}
	for end := s.window; end <= len(b); {
		h := blockHash(b[end-blockSize:])
		if skip := s.shift[h]; skip > 0 {
			end += int(skip)
			continue
		}
		from := end - s.window
		longest := 0
		for _, n := range s.ends[h] {
			if v := s.values[n]; len(v) > longest && bytes.HasPrefix(b[from:], v) {
				longest = len(v)
			}
		}
		if longest > 0 {
			spans.add(from, from+longest, false)
		}
		end++
	}
}
