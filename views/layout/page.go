package layout

import (
	"net/url"

	"github.com/a-h/templ"

	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// Page is what a handler shows: the shell is put around its body.
type Page struct {
	Title  string // of the window; the body has its own h1
	Nav    Nav    // the entry that is lit
	Crumbs []Crumb
	Form   bool // as narrow as a form, not as wide as a table
	Body   templ.Component
}

// Crumb is a step on the way to a page; the last has no URL.
type Crumb struct {
	Label string
	URL   string
}

// Theme is the colours somebody wants.
type Theme string

// The themes.
const (
	ThemeAuto  Theme = "auto"
	ThemeLight Theme = "light"
	ThemeDark  Theme = "dark"
)

// Valid reports whether there is such a theme.
func (t Theme) Valid() bool { return t == ThemeAuto || t == ThemeLight || t == ThemeDark }

// Frame is what the shell knows about the request; app/web fills it.
type Frame struct {
	AppName   string
	Version   string
	Items     []Item // the entries that lead somewhere
	Problems  map[Nav]int
	User      string // who is signed in
	Local     bool   // let in without an account, on the machine itself
	Theme     Theme
	Shortcuts bool
	Path      string // path and query of the request
	Toasts    []ui.Toast
}

// langURL is the present page in another language.
func (f Frame) langURL(lang i18n.Lang) string {
	u, err := url.Parse(f.Path)
	if err != nil {
		return "?lang=" + string(lang)
	}
	q := u.Query()
	q.Set("lang", string(lang))
	return u.EscapedPath() + "?" + q.Encode()
}

func (f Frame) shortcuts() string {
	if f.Shortcuts {
		return "on"
	}
	return "off"
}

// Nav names an entry of the navigation.
type Nav string

// The entries.
const (
	NavNone       Nav = ""
	NavOverview   Nav = "overview"
	NavLogs       Nav = "logs"
	NavUsage      Nav = "usage"
	NavModels     Nav = "models"
	NavProviders  Nav = "providers"
	NavSimulate   Nav = "simulate"
	NavKeys       Nav = "keys"
	NavPlayground Nav = "playground"
	NavPrices     Nav = "prices"
	NavSettings   Nav = "settings"
	NavChanges    Nav = "changes"
)

// Item is an entry: its words are "nav.<id>", its key follows g.
type Item struct {
	Nav   Nav
	URL   string
	Icon  string
	Key   string
	Group string // words "nav.group.<group>" above the first of a group; empty = the group before
}

// Items is the whole navigation, by how often a page is needed.
func Items() []Item {
	return []Item{
		{Nav: NavOverview, URL: "/admin", Icon: "home", Key: "o"},
		{Nav: NavLogs, URL: "/admin/logs", Icon: "list", Key: "l"},
		{Nav: NavUsage, URL: "/admin/usage", Icon: "chart", Key: "u"},
		{Nav: NavModels, URL: "/admin/models", Icon: "cube", Key: "m", Group: "routing"},
		{Nav: NavProviders, URL: "/admin/providers", Icon: "server", Key: "p", Group: "routing"},
		{Nav: NavSimulate, URL: "/admin/simulate", Icon: "route", Key: "t", Group: "routing"},
		{Nav: NavKeys, URL: "/admin/keys", Icon: "key", Key: "k", Group: "access"},
		{Nav: NavPlayground, URL: "/admin/playground", Icon: "terminal", Key: "y", Group: "build"},
		{Nav: NavPrices, URL: "/admin/prices", Icon: "dollar", Key: "r", Group: "system"},
		{Nav: NavSettings, URL: "/admin/settings", Icon: "settings", Key: "s", Group: "system"},
		{Nav: NavChanges, URL: "/admin/changes", Icon: "history", Key: "c", Group: "system"},
	}
}

// begins reports whether an entry is the first of its group.
func begins(items []Item, i int) bool {
	return items[i].Group != "" && (i == 0 || items[i-1].Group != items[i].Group)
}
