package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"squirrel/app/config"
)

var update = flag.Bool("update", false, "write generated parts of documents anew")

// TestReadmeListsEverySetting keeps README's table equal to the one in the code.
func TestReadmeListsEverySetting(t *testing.T) {
	const begin, end = "<!-- settings:begin (generated from app/config, checked by a test) -->\n", "<!-- settings:end -->"
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("README.md has lost the markers of its settings table")
	}
	want := head + begin + config.Markdown() + end + tail
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Error("the settings table in README.md is stale: go test -run TestReadme . -update")
	}
}
