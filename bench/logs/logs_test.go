package main

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

var from = time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)

// TestRun measures a small log from end to end; run itself fails when a sum differs from the rows.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), settings{rows: 2000, days: 30, queries: 6, seed: 3, deleteFor: time.Second}, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"fill", "list, 3 filters", "by cursor", "search", "detail", "stats of 30 days", "export", "cold", "writer", "retention", "equal for all rows"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report says nothing about %q:\n%s", want, out.String())
		}
	}
}

func TestDatabaseInUseIsRefused(t *testing.T) {
	url := "sqlite:///" + filepath.Join(t.TempDir(), "logs.db")
	db, err := openDatabase(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	end := newGenerator(1, 1, 30, from).next()
	if err := errors.Join(db.WriteLogs(t.Context(), []models.LogWrite{end}), db.Close()); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), settings{rows: 1, days: 30, queries: 1, url: url}, io.Discard); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("err = %v, want a refusal", err)
	}
}

func TestWrongSumsAreNoticed(t *testing.T) {
	b := filled(t, 200)
	b.written.Cost++
	if err := b.exportAndVerify(t.Context()); err == nil {
		t.Error("one nano-dollar too much was not noticed")
	}
}

// filled is a bench whose database holds some requests.
func filled(t *testing.T, rows int) *bench {
	t.Helper()
	db, err := openDatabase(t.Context(), "sqlite:///"+filepath.Join(t.TempDir(), "logs.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	b := &bench{settings: settings{rows: rows, days: 30, queries: 1, seed: 1}, db: db, out: io.Discard, from: from, end: from.AddDate(0, 0, 30)}
	if err := b.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGeneratorIsReproducible(t *testing.T) {
	a, b, other := newGenerator(7, 500, 30, from), newGenerator(7, 500, 30, from), newGenerator(8, 500, 30, from)
	differs := false
	for range 500 {
		l := a.next()
		if !reflect.DeepEqual(l, b.next()) {
			t.Fatal("the same seed made different requests")
		}
		differs = differs || !reflect.DeepEqual(l, other.next())
	}
	if !differs {
		t.Error("another seed made the same requests")
	}
}

// TestGeneratorMakesAllKinds counts what a log page has filters for.
func TestGeneratorMakesAllKinds(t *testing.T) {
	const n = 20_000
	g := newGenerator(1, n, 30, from)
	seen := map[any]int{}
	last := from
	for range n {
		w := g.next()
		l := &w.Log
		if l.RequestTime.Before(last.Add(-time.Hour)) || !l.RequestTime.Before(from.AddDate(0, 0, 30)) {
			t.Fatalf("a request at %s follows one at %s", l.RequestTime, last)
		}
		last = l.RequestTime
		seen["model "+l.RequestedModel]++
		seen["provider "+l.ProviderName]++
		seen["key "+l.APIKeyName]++
		seen[*l.ResponseStatus]++
		seen[l.Endpoint]++
		if l.IsStream {
			seen["stream"]++
		}
		if l.RetryCount > 0 {
			seen["retried"]++
		}
		if w.Detail != nil {
			seen["detail"]++
		}
		if l.TotalCost == nil && l.InputTokens != nil {
			seen["unknown cost"]++
		}
		if l.AttemptCount != len(w.Attempts) {
			t.Fatalf("%d attempts are counted, %d made", l.AttemptCount, len(w.Attempts))
		}
	}
	kinds := map[string]int{}
	for what := range seen {
		if text, ok := what.(string); ok {
			kinds[strings.SplitN(text, " ", 2)[0]]++
		}
	}
	if kinds["model"] != 20 || kinds["key"] != 40 || kinds["provider"] != 8+1 {
		t.Errorf("%d models, %d keys, %d providers (and none)", kinds["model"], kinds["key"], kinds["provider"])
	}
	for _, what := range []any{200, 400, 401, 404, 429, 499, 500, 502, 503, 504, models.EndpointChat, models.EndpointMessages, models.EndpointEmbeddings, models.EndpointResponses, "stream", "retried", "unknown cost"} {
		if seen[what] == 0 {
			t.Errorf("no request of kind %v", what)
		}
	}
	if share := float64(seen["detail"]) / n; share < 0.18 || share > 0.22 {
		t.Errorf("%.0f %% have details", 100*share)
	}
}
