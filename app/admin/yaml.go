package admin

import (
	"bytes"
	"errors"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"squirrel/models"
)

const (
	maxYAML      = 512 << 10 // the parser takes quadratic time; larger documents come as JSON
	maxYAMLDepth = 100       // brackets, and columns of indentation in pairs
)

var (
	errYAMLSize  = errors.New("the document is too large for YAML; send it as JSON")
	errYAMLDepth = errors.New("the document is nested too deeply")
	errYAMLAlias = errors.New("the document uses anchors or aliases")
)

// YAMLToJSON turns a YAML document into JSON. Anchors and aliases are refused, with which a few hundred bytes expand to
// gigabytes, and so is nesting that would exhaust the stack of the parser.
func YAMLToJSON(data []byte) ([]byte, error) {
	converted, err := yamlToJSON(data)
	switch {
	case errors.Is(err, errYAMLSize), errors.Is(err, errYAMLDepth), errors.Is(err, errYAMLAlias):
		return nil, &models.Error{Code: models.CodeInvalid, Message: err.Error()}
	case err != nil:
		return nil, &models.Error{Code: models.CodeInvalid, Message: "the document is neither YAML nor JSON", Err: err}
	}
	return converted, nil
}

func yamlToJSON(data []byte) ([]byte, error) {
	if len(data) > maxYAML {
		return nil, errYAMLSize
	}
	if tooDeep(data) {
		return nil, errYAMLDepth
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, err
	}
	finder := &aliasFinder{}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			ast.Walk(finder, doc.Body)
		}
	}
	if finder.found {
		return nil, errYAMLAlias
	}
	return yaml.YAMLToJSON(data)
}

type aliasFinder struct{ found bool }

// Visit implements ast.Visitor.
func (f *aliasFinder) Visit(node ast.Node) ast.Visitor {
	switch node.(type) {
	case *ast.AliasNode, *ast.AnchorNode:
		f.found = true
	}
	return f
}

// tooDeep looks at the bytes alone, before any parser does: a run of openings, or an indentation that only deep nesting
// needs. Brackets inside of texts count too; no configuration comes near the limit.
func tooDeep(data []byte) bool {
	depth := 0
	for line := range bytes.Lines(data) {
		content := bytes.TrimLeft(line, " \t-?")
		if len(line)-len(content) > 2*maxYAMLDepth {
			return true
		}
		for _, b := range content {
			switch b {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(depth-1, 0)
			}
			if depth > maxYAMLDepth {
				return true
			}
		}
	}
	return false
}
