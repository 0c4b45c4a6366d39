package pages

import (
	"net/url"
	"strings"
)

// queryText escapes a text for the query of a URL.
func queryText(text string) string { return url.QueryEscape(text) }

// targetsURL asks for the models of the provider that is chosen.
func targetsURL(model string) string { return modelURL(model) + "/targets" }

// unbroken keeps the two halves of a price on one line, and of a range what joins it with its end.
func unbroken(price string) string {
	price = strings.ReplaceAll(price, " / ", "\u00a0/\u00a0")
	if at := strings.LastIndex(price, " "); at > 0 {
		price = price[:at] + "\u00a0" + price[at+1:]
	}
	return price
}
