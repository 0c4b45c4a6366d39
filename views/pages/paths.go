package pages

import "net/url"

// modelURL is the page of a model. Names may hold slashes; they are escaped whole.
func modelURL(name string) string { return "/admin/models/" + url.PathEscape(name) }
