package app

import (
	"net/http"
	"slices"
	"strings"
)

// route is a method and a path that the gateway serves, with values for its parameters.
type route struct{ method, pattern, path string }

var parameters = strings.NewReplacer("*", "gpt-4o", ":id", "1")

// routes lists all registered routes but middleware. HEAD comes with GET.
func (k *kit) routes() []route {
	var all []route
	for _, stack := range k.fiber.Stack() {
		for _, r := range stack {
			if r.Method == http.MethodConnect || k.isMiddleware(r.Path) {
				continue
			}
			all = append(all, route{r.Method, r.Path, parameters.Replace(r.Path)})
		}
	}
	slices.SortFunc(all, func(a, b route) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return slices.Compact(all)
}

// isMiddleware reports the paths that groups and Use register for every method.
func (k *kit) isMiddleware(path string) bool {
	return slices.Contains([]string{"/", "/api", "/api/admin"}, path)
}
