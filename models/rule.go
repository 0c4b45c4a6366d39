package models

import "encoding/json"

// Rule is a node of a rule tree as it is stored and sent: a group when Logic or Rules is set, else one condition.
// routing/rules compiles and checks it.
type Rule struct {
	Logic      string          `json:"logic,omitempty"` // AND, OR, NOT; a group without logic is AND
	Rules      []Rule          `json:"rules,omitempty"`
	Field      string          `json:"field,omitempty"`
	Operator   string          `json:"operator,omitempty"`
	Value      json.RawMessage `json:"value,omitempty"` // typed: "007" is not 7
	IgnoreCase bool            `json:"ignore_case,omitempty"`
}

// IsGroup reports whether the node holds other nodes.
func (r *Rule) IsGroup() bool { return r.Field == "" && r.Operator == "" }
