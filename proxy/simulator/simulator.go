// Package simulator is an upstream that can be told to fail. It speaks the public APIs of OpenAI and Anthropic over a raw
// listener, so that it can also break HTTP framing, and keeps a ledger of all it was asked. `squirrel mock`, `squirrel demo`,
// the integration tests and the benchmark use it.
//
// Any key is accepted but those that begin with "bad"; any model is known but those that begin with "unknown-". Paths are
// matched by their end, so "/v1/chat/completions" and "/p2/v1beta/openai/chat/completions" both work.
//
// # Faults
//
// A fault is a list of items joined by "+". It is given as a model name ("fault:status:500x2,200" or
// "fault-status-500x2-200"), in the header X-Fault, as a segment of the path ("/fault-delayhdr-2s/v1/…"), or by
// [Server.Script]. When several are given they combine, the model's items last. In an item ":", "-", "=" and "@" all separate
// the name from its argument, and "," and "-" and "@" the parts of the argument. What follows "#" is ignored: it makes
// names, and so sequences, of their own.
//
//	status:500x2,200     answer 500 twice, then 200 for ever, counted per base path and model
//	retryafter:2         a Retry-After header of any value
//	header:name=value    any response header, for instance a Set-Cookie
//	echoauth             an error 401 that repeats the credentials it got
//	redirect:URL         302 to the URL (everything after the colon)
//	json:KIND            a body that is garbage, html, truncated, deep, empty or error (200 with an error object)
//	delayhdr:5s          wait before the status line
//	delaychunk:2s@3      wait before event 3
//	slow:50ms            wait before each event but the first
//	rst  rst@N           reset the connection before any byte of the answer, or after N body bytes; "rst@3e" after 3 events
//	fin  fin@N           close it instead, without the end of the body
//	stall@N              send nothing more after N events (or N bytes of a body that is no stream), and keep it open
//	blackhole            never answer
//	clshort  cllong      a Content-Length below, or above, what is sent
//	badchunk             a chunk whose size is no number
//	hdrdrip:1B/s         the header byte by byte; a duration is the pause between two bytes
//	hdrflood:10MB        a header of that size
//	1xxflood:100000      so many interim answers before the answer
//	gzipbomb:2GB         a gzip body that inflates to that size
//	sse:KIND             crlf, cr, lf, bom, nospace, multiline, comment, giantline=8MB, splitutf8, nodone, dupdone,
//	                     errorevent or onebyte
//	firststreamerror     the first event of the stream is an error (":429" and so on says which), with status 200
//	midstreamerror@N     the stream ends in an error after N events
//	onebyte  seg=N       send the body in segments of one, or N, bytes
//	replay:NAME          serve a recorded answer byte for byte, see [Recordings]; "replay:NAME" is a model name by itself
package simulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options say how a server behaves. The zero value is a good one.
type Options struct {
	// Addr is the address to listen on; empty means a free port on the loopback interface.
	Addr string
	// Seed makes the ids.
	Seed uint64
	// Script decides about the faults of each request; see [Server.Script].
	Script func(*Request) Fault
	// TLS makes the server speak TLS: "valid", "expired" or "wronghost" says what its certificate is like.
	TLS string
	// Fast answers the models whose names begin with "bench-" from memory and keeps no ledger of them.
	Fast bool
	// Interval is the pause between the events of each stream.
	Interval time.Duration
	// Models are the names that GET /v1/models lists; nil means a few well-known kinds.
	Models []string
	// LedgerSize is how many requests the ledger keeps (default 10,000), LedgerBody how many bytes of each body (default 1 MiB).
	LedgerSize, LedgerBody int
	// Now is the clock of the answers' timestamps; nil means time.Now. Faults and the ledger always use the real clock.
	Now func() time.Time
	// Logger gets the requests, at level debug; nil means none.
	Logger *slog.Logger
}

// DefaultModels are the models a server lists when it is not told which.
var DefaultModels = []string{
	"gpt-5-mini", "gpt-4o-mini", "deepseek-reasoner", "claude-sonnet-4-5", "claude-haiku-4-5",
	"text-embedding-3-small", "tts-1", "whisper-1", "gpt-image-1", "omni-moderation-latest",
}

// Server is a running upstream. Close it after use.
type Server struct {
	opt    Options
	ln     net.Listener
	tls    *tls.Config
	roots  *x509.CertPool
	ledger *Ledger
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	script atomic.Pointer[func(*Request) Fault]
	serial atomic.Uint64

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	hits  map[string]int
	fast  map[string]*canned
}

// Start listens and serves until Close.
func Start(opt Options) (*Server, error) {
	s := &Server{opt: withDefaults(opt), conns: map[net.Conn]struct{}{}, hits: map[string]int{}, fast: map[string]*canned{}}
	s.ledger = newLedger(s.opt.LedgerSize, s.opt.LedgerBody)
	s.Script(opt.Script)
	if opt.TLS != "" {
		var err error
		if s.tls, s.roots, err = certificates(opt.TLS, time.Now()); err != nil {
			return nil, fmt.Errorf("simulator: %w", err)
		}
	}
	ln, err := net.Listen("tcp", s.opt.Addr)
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	s.ln = ln
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.wg.Go(s.accept)
	return s, nil
}

func withDefaults(opt Options) Options {
	if opt.Addr == "" {
		opt.Addr = "127.0.0.1:0"
	}
	if opt.Models == nil {
		opt.Models = DefaultModels
	}
	if opt.LedgerSize == 0 {
		opt.LedgerSize = 10_000
	}
	if opt.LedgerBody == 0 {
		opt.LedgerBody = 1 << 20
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	return opt
}

// URL is the address of the server without a path, such as "http://127.0.0.1:4711".
func (s *Server) URL() string {
	scheme := "http"
	if s.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + s.ln.Addr().String()
}

// OpenAIBase is the base URL of an OpenAI provider: it ends in "/v1".
func (s *Server) OpenAIBase() string { return s.URL() + "/v1" }

// AnthropicBase is the base URL of an Anthropic provider as Anthropic's SDKs take it: without a version.
func (s *Server) AnthropicBase() string { return s.URL() }

// RootCAs trusts the server's certificate; nil without TLS.
func (s *Server) RootCAs() *x509.CertPool { return s.roots }

// Ledger is the record of what the server was asked.
func (s *Server) Ledger() *Ledger { return s.ledger }

// Script sets what decides about faults from now on; nil means none. It is called once for each request, from many
// goroutines. Faults named by the request itself are added to its decision.
func (s *Server) Script(decide func(*Request) Fault) {
	if decide == nil {
		decide = func(*Request) Fault { return Fault{} }
	}
	s.script.Store(&decide)
}

// Reset forgets the ledger and starts all status sequences anew.
func (s *Server) Reset() {
	s.mu.Lock()
	clear(s.hits)
	s.mu.Unlock()
	s.ledger.reset()
}

// Connections is the number of open connections.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Close stops listening, cuts all connections and waits until all is quiet.
func (s *Server) Close() error {
	s.cancel()
	err := s.ln.Close()
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Server) accept() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			if s.ctx.Err() != nil {
				return
			}
			s.opt.Logger.Warn("accept", slog.Any("error", err))
			time.Sleep(5 * time.Millisecond) // out of file descriptors: some connection will end
			continue
		}
		s.wg.Go(func() { s.serve(c) })
	}
}

// serve answers the requests of one connection.
func (s *Server) serve(tcp net.Conn) {
	if !s.track(tcp) {
		return
	}
	defer s.untrack(tcp)
	c := newConn(s, tcp)
	if s.opt.Fast {
		s.serveFast(c)
	}
	for c.open {
		c.exchange()
	}
}

func (s *Server) track(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		c.Close()
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) untrack(c net.Conn) {
	c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// maxHits bounds the memory that ever new model names take; beyond it all sequences start anew.
const maxHits = 100_000

// hit counts the requests of one kind, from 1.
func (s *Server) hit(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.hits) >= maxHits {
		clear(s.hits)
	}
	s.hits[kind]++
	return s.hits[kind]
}

// statusOverloaded is Anthropic's own status for a service under too much load.
const statusOverloaded = 529

// statusText is the reason phrase of a status line.
func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return text
	}
	if status == statusOverloaded {
		return "Overloaded"
	}
	return "Status"
}
