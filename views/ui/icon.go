package ui

// iconPaths draws the icons on a grid of 24×24 with strokes.
var iconPaths = map[string]string{
	"activity":  "M3 12h4l3-8 4 16 3-8h4",
	"alert":     "M12 4 2.5 20h19L12 4ZM12 10v4M12 17v.01",
	"arrow-l":   "M19 12H5M11 6l-6 6 6 6",
	"arrow-r":   "M5 12h14M13 6l6 6-6 6",
	"ban":       "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM5.7 5.700l12.6 12.6",
	"chart":     "M4 20h16M7 20v-7M12 20V5M17 20v-10",
	"check":     "m5 12.5 4.5 4.500L19 7",
	"chevron-d": "m6 9 6 6 6-6",
	"chevron-r": "m9 6 6 6-6 6",
	"clock":     "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 7v5l3 2",
	"code":      "m8 7-5 5 5 5M16 7l5 5-5 5",
	"contrast":  "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 3v18M12 7l4-2M12 12h9M12 17l5 2",
	"copy":      "M9 9h11v11H9zM5 15H4V4h11v1",
	"cube":      "m12 3 8 4.500v9L12 21l-8-4.500v-9L12 3ZM4 7.500l8 4.5 8-4.500M12 12v9",
	"dollar":    "M12 3v18M16.5 7.500C16 6 14.2 5.3 12 5.300c-2.5 0-4.5 1.2-4.5 3.2 0 4.5 9.3 2.5 9.3 7 0 2-2 3.2-4.8 3.2-2.4 0-4.4-.9-4.8-2.7",
	"dot":       "M12 12v.01",
	"dots":      "M5 12a.8.8 0 1 0 1.6 0 .8.8 0 1 0-1.6 0ZM11.2 12a.8.8 0 1 0 1.6 0 .8.8 0 1 0-1.6 0ZM17.4 12a.8.8 0 1 0 1.6 0 .8.8 0 1 0-1.6 0Z",
	"download":  "M12 4v11M7 11l5 5 5-5M4 20h16",
	"edit":      "M4 20h4L19 9l-4-4L4 16v4ZM13 7l4 4",
	"external":  "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
	"filter":    "M4 5h16l-6 8v6l-4-2v-4L4 5Z",
	"globe":     "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
	"help":      "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM9.5 9.500c0-3.3 5-3.3 5 0 0 2.2-2.5 2-2.5 4.500M12 17v.01",
	"history":   "M4 5v5h5M4.5 14a8 8 0 1 0 1-7L4 10M12 8v4l3 2",
	"home":      "M4 11 12 4l8 7M6 9.500V20h12V9.500M10 20v-6h4v6",
	"info":      "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v6M12 7.500v.01",
	"key":       "M15 4a5 5 0 1 1-4.3 7.500L4 18v2h3v-2h2v-2h2l1.5-2.500A5 5 0 0 1 15 4ZM16 8v.01",
	"keyboard":  "M3 6h18v12H3zM7 10v.01M11 10v.01M15 10v.01M18 10v.01M8 14h8",
	"link":      "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
	"list":      "M8 6h12M8 12h12M8 18h12M4 6v.01M4 12v.01M4 18v.01",
	"lock":      "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
	"logout":    "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
	"menu":      "M4 6h16M4 12h16M4 18h16",
	"minus":     "M6 12h12",
	"pause":     "M9 5v14M15 5v14",
	"play":      "M7 5v14l12-7L7 5Z",
	"plug":      "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0V8ZM12 17v4",
	"plus":      "M12 5v14M5 12h14",
	"refresh":   "M20 5v5h-5M4 19v-5h5M19 10a7.5 7.5 0 0 0-13-3M5 14a7.5 7.5 0 0 0 13 3",
	"route":     "M6 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM18 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM8 18h7a3.5 3.5 0 0 0 0-7H9a3 3 0 0 1 0-6h7",
	"search":    "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l4 4",
	"server":    "M4 4h16v7H4zM4 13h16v7H4zM8 7.500v.01M8 16.500v.01",
	"settings":  "M4 7h9M17 7h3M4 17h3M11 17h9M15 5a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM9 15a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z",
	"shield":    "M12 3 5 6v6c0 4.5 3 7.5 7 9 4-1.5 7-4.5 7-9V6l-7-3Z",
	"sort-down": "M12 5v14M7 14l5 5 5-5",
	"sort-up":   "M12 19V5M7 10l5-5 5 5",
	"spinner":   "M12 3a9 9 0 1 1-9 9",
	"terminal":  "m5 8 4 4-4 4M12 17h7",
	"trash":     "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
	"upload":    "M12 16V5M7 9l5-5 5 5M4 20h16",
	"user":      "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4 20c1-4 4-5.5 8-5.500s7 1.5 8 5.5",
	"x":         "M6 6l12 12M18 6 6 18",
}

// toneIcons say with a form what a colour says.
var toneIcons = map[Tone]string{Neutral: "minus", OK: "check", Warn: "alert", Err: "alert", Info: "info"}

// Tone is what a colour means. It never stands without words.
type Tone string

// The tones.
const (
	Neutral Tone = "neutral"
	OK      Tone = "ok"
	Warn    Tone = "warn"
	Err     Tone = "err"
	Info    Tone = "info"
)

// Class names are written out whole, so that the stylesheet's generator finds them.
var badgeClasses = map[Tone]string{
	Neutral: "badge-neutral", OK: "badge-ok", Warn: "badge-warn", Err: "badge-err", Info: "badge-info",
}

var dotClasses = map[Tone]string{Neutral: "dot-neutral", OK: "dot-ok", Warn: "dot-warn", Err: "dot-err", Info: "dot-info"}

var noteClasses = map[Tone]string{
	Neutral: "note-quiet", OK: "note-ok", Warn: "note-warn", Err: "note-err", Info: "note-info",
}

var toastClasses = map[Tone]string{
	Neutral: "toast-info", OK: "toast-ok", Warn: "toast-err", Err: "toast-err", Info: "toast-info",
}
