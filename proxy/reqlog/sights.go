package reqlog

import (
	"bytes"
	"encoding/json"
	"strings"

	"squirrel/models"
)

// Rules redacts what conditions of rules were about and what they saw, in place: headers and members of bodies by their name, and
// everything by what it looks like.
func (r *Redactor) Rules(seen []models.RuleTrace, own ...models.Secret) {
	for i := range seen {
		name := strings.TrimRight(seen[i].Field, "[]*0123456789")
		header, isHeader := strings.CutPrefix(name, "headers.")
		hide := isHeader && secretHeader(header) || secretKey([]byte(name[strings.LastIndexByte(name, '.')+1:]))
		for _, value := range []*json.RawMessage{&seen[i].Value, &seen[i].Actual} {
			switch {
			case hide && len(*value) > 0 && !bytes.Equal(*value, []byte("null")):
				*value = json.RawMessage(`"` + hidden + `"`)
			default:
				*value = r.redact(*value, own)
			}
		}
	}
}
