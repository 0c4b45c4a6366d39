// Package demo is `squirrel demo`: the gateway on a data directory that is thrown away, with simulated providers in the same
// process, so that a newcomer sees an answer, a stream, a failover and a bill within a minute. It also serves `squirrel mock`.
package demo

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"squirrel/app"
	"squirrel/proxy/simulator"
)

// Run is the command `squirrel demo`.
func Run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	port := flags.Int("port", 8000, "port of the gateway; another free one is taken when it is in use")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "squirrel-demo-*")
	if err != nil {
		return fmt.Errorf("make a data directory: %w", err)
	}
	defer os.RemoveAll(dir)

	sim, err := simulator.Start(simulator.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		return fmt.Errorf("start the simulated providers: %w", err)
	}
	defer sim.Close()

	password := randomPassword()
	cfg, logger, err := app.Configure([]string{
		"HOST=127.0.0.1", fmt.Sprintf("PORT=%d", freePort(*port)), "DATA_DIR=" + dir, "DATABASE_URL=sqlite:///" + dir + "/demo.db",
		"ADMIN_USERNAME=demo", "ADMIN_PASSWORD=" + password, "RETRY_DELAY_MS=200", "SHUTDOWN_GRACE_SECONDS=5",
	}, "", io.Discard)
	if err != nil {
		return err
	}
	a, err := app.Start(ctx, cfg, logger)
	if err != nil {
		return err
	}
	key, err := seed(ctx, a.Store(), sim)
	if err != nil {
		return fmt.Errorf("seed the demo: %w", err)
	}
	if err := a.Reload(ctx); err != nil {
		return err
	}
	greet(os.Stdout, "http://"+a.Addr(), password, key)
	return a.Run(ctx)
}

// Mock is the command `squirrel mock`.
func Mock(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("mock", flag.ContinueOnError)
	port := flags.Int("port", 8001, "port to listen on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	sim, err := simulator.Start(simulator.Options{Addr: fmt.Sprintf("127.0.0.1:%d", *port)})
	if err != nil {
		return err
	}
	defer sim.Close()
	fmt.Printf("simulated providers on %s (OpenAI: %s, Anthropic: %s)\n", sim.URL(), sim.OpenAIBase(), sim.AnthropicBase())
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return nil
}

// freePort returns the wanted port, or 0 (any) when something listens there already.
func freePort(wanted int) int {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", wanted))
	if err != nil {
		return 0
	}
	l.Close()
	return wanted
}

func randomPassword() string {
	var b [9]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func greet(w io.Writer, url, password, key string) {
	fmt.Fprintf(w, `Squirrel demo: the gateway with three simulated providers. Ctrl-C ends it and leaves nothing behind.

  admin   %[1]s/admin   user demo   password %[2]s
  key     %[3]s

Try it:

  curl -s %[1]s/v1/chat/completions -H 'Authorization: Bearer %[3]s' -H 'Content-Type: application/json' \
    -d '{"model":"smart","messages":[{"role":"user","content":"Hello, squirrel!"}]}'

Models: smart (priority, with failover), fast (round_robin), cheap (cost_first), claude (weighted; also for /v1/messages),
vectors (embeddings), paint (images), voice (speech), scribe (transcription).
`, url, password, key)
}
