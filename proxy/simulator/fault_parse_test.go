package simulator

import (
	"reflect"
	"testing"
	"time"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Fault{
		"":                    {},
		"ok":                  {},
		"status:500x2,200":    {Statuses: []int{500, 500, 200}},
		"status-500x2-200#p2": {Statuses: []int{500, 500, 200}},
		"retry-after:Wed, 01 Jan 1970 00:00:00 GMT": {Header: [][2]string{{"Retry-After", "Wed, 01 Jan 1970 00:00:00 GMT"}}},
		"delayhdr:5s":                    {DelayHeader: 5 * time.Second},
		"delaychunk:2s@3":                {DelayChunks: []ChunkDelay{{At: 3, Wait: 2 * time.Second}}},
		"delaychunk:1s+delaychunk:9ms@4": {DelayChunks: []ChunkDelay{{At: 1, Wait: time.Second}, {At: 4, Wait: 9 * time.Millisecond}}},
		"delaychunk-2s-3":                {DelayChunks: []ChunkDelay{{At: 3, Wait: 2 * time.Second}}},
		"rst":                            {Reset: &Cut{}},
		"rst@0":                          {Reset: &Cut{0, Bytes}},
		"fin-12":                         {Finish: &Cut{12, Bytes}},
		"fin@3e":                         {Finish: &Cut{3, Events}},
		"stall@2":                        {Stall: &Cut{2, Parts}},
		"hdrdrip:1B/s":                   {HeaderDrip: time.Second},
		"hdrdrip-5ms":                    {HeaderDrip: 5 * time.Millisecond},
		"hdrflood":                       {HeaderFlood: 10 << 20},
		"1xxflood-7":                     {InterimFlood: 7},
		"gzipbomb:1GB":                   {GzipBomb: 1 << 30},
		"sse:crlf+sse:nospace+seg=7":     {SSE: SSEFault{Newline: "\r\n", NoSpace: true}, Segment: 7},
		"sse:giantline=64KB":             {SSE: SSEFault{GiantLine: 64 << 10}},
		"redirect:http://a-b:1/c,d@e":    {Redirect: "http://a-b:1/c,d@e"},
		"firststreamerror":               {FirstError: 529},
		"firststreamerror:429":           {FirstError: 429},
		"midstreamerror@9":               {MidError: 529, MidErrorAt: 9},
		"replay:a-b.c+onebyte":           {Replay: "a-b.c", Segment: 1},
		"header:x-a=b=c":                 {Header: [][2]string{{"X-A", "b=c"}}},
		"blackhole+clshort+cllong+badchunk+echoauth": {Blackhole: true, ShortLength: true, LongLength: true, BadChunk: true, EchoAuth: true},
	} {
		got, err := ParseFault(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"boom", "status", "status:abc", "status:99", "status:500x0", "status:500x99999", "rst@-1", "fin@x", "delayhdr", "delayhdr:soon",
		"delaychunk", "delaychunk:1s,0", "sse", "sse:odd", "json:odd", "seg:0", "gzipbomb:100PB", "gzipbomb:99GB", "header:x", "header:=x",
		"redirect", "replay", "blackhole:now", "hdrdrip:0B/s", "hdrdrip", "firststreamerror:x", "midstreamerror@x", "midstreamerror:-1", "statuses",
	} {
		if got, err := ParseFault(text); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

func TestMustFaultPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a mistake is taken")
		}
	}()
	MustFault("boom")
}

// FuzzParseFault: no text makes it panic or grow beyond reason.
func FuzzParseFault(f *testing.F) {
	for _, seed := range []string{"status:500x2,200", "rst@3e+seg=7", "sse:giantline=8MB", "redirect:http://x/", "hdrdrip:1B/s", "replay:a#b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := ParseFault(text)
		if err != nil {
			return
		}
		if fault.Segment < 0 || fault.MidErrorAt < 0 || fault.DelayHeader < 0 || fault.GzipBomb < 0 {
			t.Errorf("%q: %+v", text, fault)
		}
	})
}
