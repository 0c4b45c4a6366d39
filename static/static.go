// Package static embeds what browsers load besides pages. Files are served by exact name, under a path that holds a hash of
// their content, so they may be cached for ever and no path of a request ever meets a file system.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"sync"
)

//go:embed app.css app.js columns.js logs.js playground.js htmx-2.0.11.min.js favicon.svg
var files embed.FS

// Prefix is the path below which assets are served.
const Prefix = "/static/"

// CacheControl is for all of them: another content has another path.
const CacheControl = "public, max-age=31536000, immutable"

// Asset is an embedded file. Its bytes are shared: callers must not change them.
type Asset struct {
	Path        string // "/static/app.1a2b3c4d5e6f.css"
	ContentType string
	Body        []byte
	Gzip        []byte
}

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

type index struct{ byName, byPath map[string]Asset }

var assets = sync.OnceValue(func() index {
	all := index{map[string]Asset{}, map[string]Asset{}}
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(fmt.Sprintf("embedded files: %v", err)) // they are part of the program
	}
	for _, entry := range entries {
		asset := load(entry.Name())
		all.byName[entry.Name()] = asset
		all.byPath[asset.Path] = asset
	}
	return all
})

func load(name string) Asset {
	body, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("embedded file %s: %v", name, err))
	}
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	return Asset{
		Path:        Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext,
		ContentType: contentTypes[ext],
		Body:        body,
		Gzip:        compress(body),
	}
}

func compress(body []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is valid
	_, _ = w.Write(body)                                    // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// URL is the path of an embedded file. It panics for a name that is not embedded: names are literals in templates.
func URL(name string) string {
	asset, ok := assets().byName[name]
	if !ok {
		panic("static: no file " + name)
	}
	return asset.Path
}

// Lookup finds the asset of a request path.
func Lookup(path string) (Asset, bool) {
	asset, ok := assets().byPath[path]
	return asset, ok
}

// Build identifies the assets of this program, so that a page can tell that the server has changed under it.
var Build = sync.OnceValue(func() string {
	sum := sha256.New()
	for _, name := range []string{"app.css", "app.js"} {
		sum.Write([]byte(URL(name)))
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
})
