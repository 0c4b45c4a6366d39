package proxy

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"squirrel/models"
)

// maxKeyLength bounds what is hashed.
const maxKeyLength = 256

// Keyring holds the gateway keys in memory, by the whole SHA-256 of their value. Reading takes no lock.
type Keyring struct {
	keys atomic.Pointer[map[[32]byte]*models.APIKey]

	mu   sync.Mutex
	used map[int64]time.Time
}

// NewKeyring makes an empty keyring: no key is valid until Swap.
func NewKeyring() *Keyring {
	k := &Keyring{used: map[int64]time.Time{}}
	k.keys.Store(&map[[32]byte]*models.APIKey{})
	return k
}

// Swap replaces all keys.
func (k *Keyring) Swap(keys []models.APIKey) {
	table := make(map[[32]byte]*models.APIKey, len(keys))
	for i := range keys {
		table[keys[i].Hash] = &keys[i]
	}
	k.keys.Store(&table)
}

// Authenticate finds the key that a request carries. The answer to a wrong key never tells what was wrong with it.
func (k *Keyring) Authenticate(h http.Header, query string, now time.Time) (*models.APIKey, *Failure) {
	if keyInQuery(query) {
		return nil, invalidKey("The API key must be sent in a header (Authorization: Bearer, x-api-key or api-key), not in the URL.")
	}
	value, ok := credential(h)
	if !ok {
		return nil, invalidKey("Two different API keys were sent. Send one.")
	}
	if value == "" {
		return nil, invalidKey("No API key was sent. Send the gateway key as 'Authorization: Bearer <key>' or 'x-api-key: <key>'.")
	}
	if !plausibleKey(value) {
		return nil, invalidKey(wrongKey)
	}
	digest := sha256.Sum256([]byte(value))
	key := (*k.keys.Load())[digest]
	if key == nil || subtle.ConstantTimeCompare(key.Hash[:], digest[:]) != 1 {
		return nil, invalidKey(wrongKey)
	}
	if !key.IsActive {
		return nil, &Failure{Status: http.StatusUnauthorized, Code: "api_key_disabled", Message: "This API key is disabled. Ask the administrator of the gateway."}
	}
	if key.ExpiresAt != nil && !now.Before(*key.ExpiresAt) {
		return nil, &Failure{Status: http.StatusUnauthorized, Code: "api_key_expired", Message: "This API key has expired. Ask the administrator of the gateway for a new one."}
	}
	k.touch(key.ID, now)
	return key, nil
}

const wrongKey = "Incorrect API key. Use a key made on the gateway's admin page; provider keys are not accepted here."

func invalidKey(message string) *Failure {
	return &Failure{Status: http.StatusUnauthorized, Code: "invalid_api_key", Message: message}
}

// credential reads the three headers a key may come in. ok is false when two of them disagree.
func credential(h http.Header) (value string, ok bool) {
	for _, name := range []string{"Authorization", "X-Api-Key", "Api-Key"} {
		for _, sent := range h[name] {
			if name == "Authorization" {
				scheme, token, _ := strings.Cut(sent, " ")
				if !strings.EqualFold(scheme, "Bearer") {
					sent = "\x00" // another scheme can never match, nor be mistaken for an absent key
				} else {
					sent = token
				}
			}
			if sent == "" {
				continue
			}
			if value != "" && value != sent {
				return "", false
			}
			value = sent
		}
	}
	return value, true
}

func plausibleKey(value string) bool {
	if len(value) > maxKeyLength {
		return false
	}
	for i := range len(value) {
		if c := value[i]; c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

func keyInQuery(query string) bool {
	if query == "" {
		return false
	}
	values, _ := url.ParseQuery(query)
	for name := range values {
		switch strings.ToLower(name) {
		case "key", "api_key", "api-key", "apikey", "x-api-key", "access_token", "authorization":
			return true
		}
	}
	return false
}

func (k *Keyring) touch(id int64, now time.Time) {
	k.mu.Lock()
	k.used[id] = now
	k.mu.Unlock()
}

// TakeUsed returns when keys were used since the last call, for the store.
func (k *Keyring) TakeUsed() map[int64]time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	used := k.used
	k.used = map[int64]time.Time{}
	return used
}

// mayUse reports whether a key's allow-list holds a model.
func mayUse(key *models.APIKey, m *models.Model) bool {
	if len(key.AllowedModels) == 0 {
		return true
	}
	for _, name := range key.AllowedModels {
		if name == m.Name {
			return true
		}
		for _, alias := range m.Aliases {
			if name == alias {
				return true
			}
		}
	}
	return false
}
