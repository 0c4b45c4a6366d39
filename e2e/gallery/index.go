package main

import (
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

var indexPage = template.Must(template.New("index").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Gallery</title>
<style>
 body { font: 14px system-ui, sans-serif; margin: 1rem; background: #f1f5f9; color: #0f172a; }
 section { margin: 0 0 2rem; } h2 { font-size: 1rem; margin: 0 0 .5rem; }
 div { display: flex; flex-wrap: wrap; gap: .75rem; align-items: flex-start; }
 figure { margin: 0; } figcaption { color: #475569; font-size: 12px; }
 img { height: 420px; max-width: 620px; object-fit: cover; object-position: top left; border: 1px solid #cbd5e1; background: #fff; }
 nav { columns: 4; margin-bottom: 1.5rem; }
</style>
<h1>Gallery</h1>
<nav>{{range .}}<a href="#{{.Name}}">{{.Name}}</a><br>{{end}}</nav>
{{range .}}<section id="{{.Name}}"><h2>{{.Name}}</h2><div>
{{range .Files}}<figure><a href="{{.File}}"><img loading="lazy" src="{{.File}}" alt="{{.File}}"></a><figcaption>{{.Look}}</figcaption></figure>
{{end}}</div></section>
{{end}}</html>
`))

type shown struct {
	Name  string
	Files []picture
}

type picture struct{ File, Look string }

// writeIndex lists all pictures of the directory, those of earlier times as well.
func writeIndex(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*--*.png"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	var all []shown
	for _, file := range files {
		base := filepath.Base(file)
		name, look, _ := strings.Cut(strings.TrimSuffix(base, ".png"), "--")
		if len(all) == 0 || all[len(all)-1].Name != name {
			all = append(all, shown{Name: name})
		}
		last := &all[len(all)-1]
		last.Files = append(last.Files, picture{base, look})
	}
	out, err := os.Create(filepath.Join(dir, "index.html"))
	if err != nil {
		return err
	}
	defer out.Close()
	return indexPage.Execute(out, all)
}
