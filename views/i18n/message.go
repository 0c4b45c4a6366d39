package i18n

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// messagePrefix marks the words of messages that come ready-made in English from below, such as the field errors of the
// use-cases. Their English words are what they look like there.
const messagePrefix = "messages."

// message is a known English message as a pattern with its key.
type message struct {
	key     string
	pattern *regexp.Regexp
	names   []string
}

var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

var messages = sync.OnceValue(func() []message {
	var all []message
	for key, words := range catalogues()[English] {
		if strings.HasPrefix(key, messagePrefix) {
			all = append(all, newMessage(key, words))
		}
	}
	// The longest pattern first: what says more fits better.
	slices.SortFunc(all, func(a, b message) int {
		if d := len(b.pattern.String()) - len(a.pattern.String()); d != 0 {
			return d
		}
		return strings.Compare(a.key, b.key)
	})
	return all
})

func newMessage(key, words string) message {
	m := message{key: key}
	var pattern strings.Builder
	pattern.WriteString("^")
	rest := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(words, -1) {
		pattern.WriteString(regexp.QuoteMeta(words[rest:at[0]]) + "(.+?)")
		m.names = append(m.names, words[at[2]:at[3]])
		rest = at[1]
	}
	pattern.WriteString(regexp.QuoteMeta(words[rest:]) + "$")
	m.pattern = regexp.MustCompile(pattern.String())
	return m
}

// Message puts a ready-made English message into the language of the page. What isn't known stays as it is.
func Message(ctx context.Context, english string) string {
	lang := From(ctx).Lang
	if lang == English {
		return english
	}
	for _, m := range messages() {
		if found := m.pattern.FindStringSubmatch(english); found != nil {
			args := make([]any, 0, 2*len(m.names))
			for i, name := range m.names {
				args = append(args, name, found[i+1])
			}
			return Translate(lang, m.key, args...)
		}
	}
	return english
}

// Known reports whether an English message can be translated.
func Known(english string) bool {
	return slices.ContainsFunc(messages(), func(m message) bool { return m.pattern.MatchString(english) })
}
