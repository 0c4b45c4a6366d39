// Package i18n holds the words of the pages, in English and Chinese at parity, and who is looking at them.
//
// The words are in locales/<language>/<area>.json; a key begins with its area: "providers.title". Tests compare the
// languages and look every key up that a template uses.
package i18n

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
)

// Lang is a language of the pages, as in the lang attribute.
type Lang string

// The languages.
const (
	English Lang = "en"
	Chinese Lang = "zh"
)

// Langs lists the languages with their own names.
func Langs() []Option { return []Option{{English, "English"}, {Chinese, "中文"}} }

// Option is a language to choose.
type Option struct {
	Lang Lang
	Name string
}

// Valid reports whether there are words in l.
func (l Lang) Valid() bool { return l == English || l == Chinese }

var matcher = language.NewMatcher([]language.Tag{language.English, language.Chinese})

// Match chooses a language by an Accept-Language header; English when nothing fits.
func Match(acceptLanguage string) Lang {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return English
	}
	if _, i, confidence := matcher.Match(tags...); confidence > language.No && i == 1 {
		return Chinese
	}
	return English
}

// Viewer is for whom a page is made. The zero Viewer reads English and UTC.
type Viewer struct {
	Lang Lang
	Zone *time.Location
	Now  time.Time // "3 min ago" counts from here; zero leaves such words out
}

type viewerKey struct{}

// With returns a context for templates that are shown to v.
func With(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// From returns for whom the page of ctx is.
func From(ctx context.Context) Viewer {
	v, _ := ctx.Value(viewerKey{}).(Viewer)
	if !v.Lang.Valid() {
		v.Lang = English
	}
	if v.Zone == nil {
		v.Zone = time.UTC
	}
	return v
}

// T returns the words of a key. args are pairs of a placeholder's name and its value: T(ctx, key, "name", p.Name) fills
// "{name}". A value may be a string, an integer or a fmt.Stringer.
func T(ctx context.Context, key string, args ...any) string {
	return Translate(From(ctx).Lang, key, args...)
}

// N is T for a count: the words of key+".one" or key+".other", where {n} is the count.
func N(ctx context.Context, key string, n int, args ...any) string {
	form := ".other"
	if n == 1 && From(ctx).Lang == English {
		form = ".one"
	}
	return T(ctx, key+form, append(args, "n", n)...)
}

// Translate is T for a given language. A key without words stands for itself.
func Translate(lang Lang, key string, args ...any) string {
	words, ok := catalogues()[lang][key]
	if !ok {
		return key
	}
	return fill(words, args)
}

// Has reports whether there are words for a key, to tell apart codes that have an explanation from others.
func Has(key string) bool {
	_, ok := catalogues()[English][key]
	return ok
}

func fill(words string, args []any) string {
	if len(args) == 0 {
		return words
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", args[i]), text(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(words)
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	default:
		return fmt.Sprint(v)
	}
}

//go:embed locales
var locales embed.FS

var catalogues = sync.OnceValue(func() map[Lang]map[string]string {
	all := map[Lang]map[string]string{English: {}, Chinese: {}}
	for lang, words := range all {
		files, err := fs.Glob(locales, path.Join("locales", string(lang), "*.json"))
		if err != nil {
			panic(fmt.Sprintf("locales: %v", err)) // they are part of the program
		}
		for _, name := range files {
			readInto(words, name)
		}
	}
	return all
})

func readInto(words map[string]string, name string) {
	data, err := locales.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("locales: %v", err))
	}
	if err := json.Unmarshal(data, &words); err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
}
