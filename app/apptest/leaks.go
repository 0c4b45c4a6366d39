package apptest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
)

// A piece of a secret of twelve characters counts as leaked: shorter ones are in every mask. Other spellings of as much are longer.
const (
	plainPiece  = 12
	base64Piece = 16
	hexPiece    = 24
)

// Canaries are secrets that must not turn up anywhere.
type Canaries struct {
	pieces map[string]string // every piece of every secret, and whose it is
}

// Add watches for each piece of a secret, as it is and as it may be spelled: in a URL, base64, hexadecimal.
func (c *Canaries) Add(name, secret string) {
	if c.pieces == nil {
		c.pieces = map[string]string{}
	}
	raw := []byte(secret)
	c.add(name, secret, plainPiece)
	c.add(name+" in a URL", url.QueryEscape(secret), plainPiece)
	c.add(name+" in base64", base64.StdEncoding.EncodeToString(raw), base64Piece)
	c.add(name+" in base64", base64.RawURLEncoding.EncodeToString(raw), base64Piece)
	c.add(name+" in hexadecimal", hex.EncodeToString(raw), hexPiece)
	c.add(name+" in hexadecimal", strings.ToUpper(hex.EncodeToString(raw)), hexPiece)
}

func (c *Canaries) add(name, text string, length int) {
	for i := 0; i+length <= len(text); i++ {
		if piece := text[i : i+length]; c.pieces[piece] == "" {
			c.pieces[piece] = name
		}
	}
}

// Search returns what was found of the secrets, with what stands around it; nothing is good.
func (c *Canaries) Search(where string, data []byte) (leaks []string) {
	told := map[string]bool{}
	for _, length := range []int{plainPiece, base64Piece, hexPiece} {
		for i := 0; i+length <= len(data); i++ {
			name, found := c.pieces[string(data[i:i+length])]
			if !found || told[name] {
				continue
			}
			told[name] = true
			leaks = append(leaks, fmt.Sprintf("%s: %s at byte %d: %q", where, name, i, data[max(0, i-60):min(len(data), i+60)]))
		}
	}
	return leaks
}
