package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"squirrel/models"
)

// Parse reads the JSON of a rule strictly and checks it; nil for null. The error is an *Error whose problems name the line
// and column of a syntax error.
func Parse(data []byte) (*models.Rule, error) {
	var rule *models.Rule
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(&rule)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			return nil, syntaxProblem(data, dec.InputOffset(), "more follows after the rule")
		}
	}
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return nil, syntaxProblem(data, syntax.Offset-1, syntax.Error()) // the offset counts the wrong byte
	case errors.As(err, &wrongType):
		return nil, syntaxProblem(data, wrongType.Offset, fmt.Sprintf("%s can't be a %s", wrongType.Field, wrongType.Value))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, syntaxProblem(data, int64(len(data)), "the text ends too early")
	case err != nil:
		return nil, &Error{Problems: []Problem{{Message: err.Error()}}}
	}
	if _, err := Compile(rule); err != nil {
		return nil, err
	}
	return rule, nil
}

func syntaxProblem(data []byte, offset int64, message string) error {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return &Error{Problems: []Problem{{Message: fmt.Sprintf("line %d, column %d: %s", line, column, message)}}}
}
