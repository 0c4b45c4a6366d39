package pages

import "net/url"

// queryText escapes a text for the query of a URL.
func queryText(text string) string { return url.QueryEscape(text) }

// targetsURL asks for the models of the provider that is chosen.
func targetsURL(model string) string { return modelURL(model) + "/targets" }
