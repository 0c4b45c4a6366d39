package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"squirrel/models"
)

// OWASP's second choice for argon2id: 19 MiB, two passes, one lane; about 40 ms.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	saltSize     = 16
	hashSize     = 32

	parallelHashes = 2
	hashPatience   = time.Second
)

// Limits of new passwords. The upper one only bounds the work; nothing is cut off.
const (
	MinPassword = 8    // characters
	MaxPassword = 1024 // bytes
)

// hasher bounds how much memory and processor time passwords may take.
type hasher struct {
	slots  chan struct{}
	derive func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
}

func newHasher() *hasher {
	return &hasher{slots: make(chan struct{}, parallelHashes), derive: argon2.IDKey}
}

// hash makes a PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$hash (base64 without padding).
func (h *hasher) hash(password string) string {
	h.slots <- struct{}{}
	defer func() { <-h.slots }()
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails: crypto/rand ends the process instead
	return encodePHC(salt, h.derive([]byte(password), salt, argonTime, argonMemory, argonThreads, hashSize))
}

// decoy is a hash that no password has, and that takes as long to check as any other.
func decoy() string {
	salt, sum := make([]byte, saltSize), make([]byte, hashSize)
	rand.Read(salt)
	rand.Read(sum)
	return encodePHC(salt, sum)
}

func encodePHC(salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}

// verify compares in constant time. At most two checks run at once; who can't start within a second gets CodeRateLimited.
func (h *hasher) verify(ctx context.Context, password, encoded string) (bool, error) {
	p, err := parsePHC(encoded)
	if err != nil {
		return false, err
	}
	patience, cancel := context.WithTimeout(ctx, hashPatience)
	defer cancel()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-patience.Done():
		return false, tooMany(time.Second)
	}
	sum := h.derive([]byte(password), p.salt, p.time, p.memory, p.threads, uint32(len(p.sum)))
	return subtle.ConstantTimeCompare(sum, p.sum) == 1, nil
}

type phc struct {
	memory, time uint32
	threads      uint8
	salt, sum    []byte
}

// parsePHC refuses parameters that no version of this program has written: they would be a way to exhaust the memory.
func parsePHC(encoded string) (phc, error) {
	var p phc
	var version int
	parts := strings.Split(encoded, "$")
	broken := &models.Error{Code: models.CodeInternal, Message: "the stored password hash is damaged"}
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return p, broken
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return p, broken
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, broken
	}
	if p.memory == 0 || p.memory > 128*1024 || p.time == 0 || p.time > 10 || p.threads == 0 || p.threads > 8 {
		return p, broken
	}
	var saltErr, sumErr error
	p.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	p.sum, sumErr = base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(p.salt) < 8 || len(p.sum) < 16 || len(p.sum) > 64 {
		return p, broken
	}
	return p, nil
}

func checkNewPassword(field, password string) error {
	switch {
	case utf8.RuneCountInString(password) < MinPassword:
		return models.Invalid(field, "must have at least %d characters", MinPassword)
	case len(password) > MaxPassword:
		return models.Invalid(field, "must have at most %d bytes", MaxPassword)
	}
	return nil
}
