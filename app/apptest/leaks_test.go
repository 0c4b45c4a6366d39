package apptest

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
)

func TestG01_TheSearchFindsEverySpelling(t *testing.T) {
	const secret = "pW3vKq9zLr5XbT1mYd8c"
	var c Canaries
	c.Add("secret", secret)
	for name, text := range map[string]string{
		"whole": "key=" + secret, "beginning": secret[:12], "end": "x" + secret[8:] + "x", "hex": hex.EncodeToString([]byte(secret)),
		"base64": base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		if len(c.Search("here", []byte(text))) == 0 {
			t.Errorf("%s: nothing found in %q", name, text)
		}
	}
	for _, text := range []string{"", "pW3v…Yd8c", secret[:11], "something else altogether"} {
		if found := c.Search("here", []byte(text)); found != nil {
			t.Errorf("found %v in %q", found, text)
		}
	}
}
