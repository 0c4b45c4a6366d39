package simulator

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ParseFault reads faults in the form the package documentation describes. An empty text is no fault.
func ParseFault(text string) (Fault, error) {
	var f Fault
	err := f.extend(text)
	return f, err
}

// extend adds the items of a text to f.
func (f *Fault) extend(text string) error {
	text, _, _ = strings.Cut(text, "#")
	for item := range strings.SplitSeq(text, "+") {
		if item == "" {
			continue
		}
		if err := f.add(item); err != nil {
			return fmt.Errorf("fault %q: %w", item, err)
		}
	}
	return nil
}

func (f *Fault) add(item string) error {
	for _, k := range faultKinds {
		rest, ok := strings.CutPrefix(item, k.name)
		if !ok {
			continue
		}
		if rest == "" {
			return k.set(f, "")
		}
		if strings.ContainsRune(":-=@", rune(rest[0])) {
			return k.set(f, rest[1:])
		}
	}
	return errors.New("unknown")
}

type faultKind struct {
	name string
	set  func(f *Fault, arg string) error
}

var faultKinds = []faultKind{
	{"ok", flag(func(*Fault) {})},
	{"status", setStatuses},
	{"retryafter", setRetryAfter},
	{"retry-after", setRetryAfter},
	{"header", setHeader},
	{"echoauth", flag(func(f *Fault) { f.EchoAuth = true })},
	{"redirect", text(func(f *Fault, url string) { f.Redirect = url })},
	{"replay", text(func(f *Fault, name string) { f.Replay = name })},
	{"json", setJSON},
	{"delayhdr", duration(func(f *Fault, d time.Duration) { f.DelayHeader = d })},
	{"delaychunk", setDelayChunk},
	{"slow", duration(func(f *Fault, d time.Duration) { f.Interval = d })},
	{"rst", cut(Bytes, func(f *Fault, c *Cut) { f.Reset = c })},
	{"fin", cut(Bytes, func(f *Fault, c *Cut) { f.Finish = c })},
	{"stall", cut(Parts, func(f *Fault, c *Cut) { f.Stall = c })},
	{"blackhole", flag(func(f *Fault) { f.Blackhole = true })},
	{"clshort", flag(func(f *Fault) { f.ShortLength = true })},
	{"cllong", flag(func(f *Fault) { f.LongLength = true })},
	{"badchunk", flag(func(f *Fault) { f.BadChunk = true })},
	{"hdrdrip", setHeaderDrip},
	{"hdrflood", size("10MB", func(f *Fault, n int64) { f.HeaderFlood = int(n) })},
	{"1xxflood", size("100000", func(f *Fault, n int64) { f.InterimFlood = int(n) })},
	{"gzipbomb", size("2GB", func(f *Fault, n int64) { f.GzipBomb = n })},
	{"sse", setSSE},
	{"firststreamerror", setFirstError},
	{"midstreamerror", setMidError},
	{"onebyte", flag(func(f *Fault) { f.Segment = 1 })},
	{"seg", size("1", func(f *Fault, n int64) { f.Segment = int(n) })},
}

func flag(set func(*Fault)) func(*Fault, string) error {
	return func(f *Fault, arg string) error {
		if arg != "" {
			return errors.New("takes no argument")
		}
		set(f)
		return nil
	}
}

func text(set func(*Fault, string)) func(*Fault, string) error {
	return func(f *Fault, arg string) error {
		if arg == "" {
			return errors.New("needs an argument")
		}
		set(f, arg)
		return nil
	}
}

func duration(set func(*Fault, time.Duration)) func(*Fault, string) error {
	return func(f *Fault, arg string) error {
		d, err := time.ParseDuration(arg)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is no duration", arg)
		}
		set(f, d)
		return nil
	}
}

func size(usual string, set func(*Fault, int64)) func(*Fault, string) error {
	return func(f *Fault, arg string) error {
		if arg == "" {
			arg = usual
		}
		n, err := parseSize(arg)
		if err != nil {
			return err
		}
		set(f, n)
		return nil
	}
}

// parseSize reads a number with an optional unit: KB, MB and GB are powers of 1024.
func parseSize(s string) (int64, error) {
	number, factor := s, int64(1)
	for i, unit := range []string{"KB", "MB", "GB"} {
		if n, ok := strings.CutSuffix(s, unit); ok {
			number, factor = n, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 || n > (64<<30)/factor {
		return 0, fmt.Errorf("%q is no size", s)
	}
	return n * factor, nil
}

// cut reads a point: nothing, a number, or a number of events ("3e").
func cut(unit Unit, set func(*Fault, *Cut)) func(*Fault, string) error {
	return func(f *Fault, arg string) error {
		c := &Cut{Unit: unit}
		if arg == "" && unit == Bytes {
			c.Unit = BeforeHeader
		}
		if number, ok := strings.CutSuffix(arg, "e"); ok {
			arg, c.Unit = number, Events
		}
		if arg != "" {
			var err error
			if c.At, err = strconv.Atoi(arg); err != nil || c.At < 0 {
				return fmt.Errorf("%q is no position", arg)
			}
		}
		set(f, c)
		return nil
	}
}

// parts splits the parts of an argument.
func parts(arg string) []string {
	return strings.FieldsFunc(arg, func(r rune) bool { return r == ',' || r == '-' || r == '@' })
}

func parseStatus(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 200 || n > 599 {
		return 0, fmt.Errorf("%q is no status", s)
	}
	return n, nil
}

func setStatuses(f *Fault, arg string) error {
	for _, part := range parts(arg) {
		code, times, repeated := strings.Cut(part, "x")
		status, err := parseStatus(code)
		if err != nil {
			return err
		}
		n := 1
		if repeated {
			if n, err = strconv.Atoi(times); err != nil || n < 1 || n > 10_000 {
				return fmt.Errorf("%q is no number of times", times)
			}
		}
		for range n {
			f.Statuses = append(f.Statuses, status)
		}
	}
	if len(f.Statuses) == 0 {
		return errors.New("needs a status")
	}
	return nil
}

func setRetryAfter(f *Fault, arg string) error {
	f.Header = append(f.Header, [2]string{"Retry-After", arg})
	return nil
}

func setHeader(f *Fault, arg string) error {
	name, value, ok := strings.Cut(arg, "=")
	if !ok || name == "" {
		return errors.New("needs name=value")
	}
	f.Header = append(f.Header, [2]string{http.CanonicalHeaderKey(name), value})
	return nil
}

func setJSON(f *Fault, arg string) error {
	if _, ok := brokenBodies[arg]; !ok {
		return fmt.Errorf("%q is no kind of body", arg)
	}
	f.JSON = arg
	return nil
}

func setDelayChunk(f *Fault, arg string) error {
	delay := ChunkDelay{At: 1}
	p := parts(arg)
	if len(p) == 0 || len(p) > 2 {
		return errors.New("needs a duration and an event")
	}
	if len(p) == 2 {
		at, err := strconv.Atoi(p[1])
		if err != nil || at < 1 {
			return fmt.Errorf("%q is no event", p[1])
		}
		delay.At = at
	}
	return duration(func(f *Fault, d time.Duration) {
		delay.Wait = d
		f.DelayChunks = append(f.DelayChunks, delay)
	})(f, p[0])
}

func setHeaderDrip(f *Fault, arg string) error {
	if rate, ok := strings.CutSuffix(arg, "B/s"); ok {
		n, err := strconv.Atoi(rate)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no rate", arg)
		}
		f.HeaderDrip = time.Second / time.Duration(n)
		return nil
	}
	return duration(func(f *Fault, d time.Duration) { f.HeaderDrip = d })(f, arg)
}

func setFirstError(f *Fault, arg string) (err error) {
	f.FirstError = statusOverloaded
	if arg != "" {
		f.FirstError, err = parseStatus(arg)
	}
	return err
}

func setMidError(f *Fault, arg string) error {
	f.MidError, f.MidErrorAt = statusOverloaded, 3
	if arg == "" {
		return nil
	}
	at, err := strconv.Atoi(arg)
	if err != nil || at < 0 {
		return fmt.Errorf("%q is no event", arg)
	}
	f.MidErrorAt = at
	return nil
}

func setSSE(f *Fault, arg string) error {
	name, value, _ := strings.Cut(strings.Replace(arg, "giantline-", "giantline=", 1), "=")
	switch name {
	case "lf":
		f.SSE.Newline = "\n"
	case "crlf":
		f.SSE.Newline = "\r\n"
	case "cr":
		f.SSE.Newline = "\r"
	case "bom":
		f.SSE.BOM = true
	case "nospace":
		f.SSE.NoSpace = true
	case "multiline":
		f.SSE.Multiline = true
	case "comment":
		f.SSE.Comment = true
	case "splitutf8":
		f.SSE.SplitUTF8 = true
	case "nodone":
		f.SSE.NoTerminator = true
	case "dupdone":
		f.SSE.DoubleTerminator = true
	case "errorevent":
		f.SSE.ErrorForTerminator = true
	case "onebyte":
		f.Segment = 1
	case "giantline":
		return size("8MB", func(f *Fault, n int64) { f.SSE.GiantLine = int(n) })(f, value)
	default:
		return fmt.Errorf("%q is no kind of stream", arg)
	}
	return nil
}
