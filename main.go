// Squirrel is an LLM gateway: one binary that speaks the OpenAI and Anthropic APIs, routes to many providers and records
// every request.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"squirrel/app"
	"squirrel/app/config"
	"squirrel/app/demo"
)

var version = "dev"

const usage = `usage: squirrel [command]

  serve         start the gateway (the default)
  demo          a working gateway with simulated providers and a ready key
  mock          only the simulated, fault-injecting upstream (--port N)
  migrate       bring the database to this version and exit
  check-config  print the effective configuration, secrets masked
  healthcheck   exit 0 when the gateway on this machine answers
  version       print the version`

var commands = map[string]func(context.Context, []string) error{
	"serve": app.Serve, "demo": demo.Run, "mock": demo.Mock, "migrate": app.Migrate, "check-config": app.CheckConfig, "healthcheck": app.HealthCheck,
	"version": func(context.Context, []string) error { fmt.Println("squirrel", version); return nil },
}

func main() {
	args := os.Args[1:]
	if len(args) == 0 {
		args = []string{"serve"}
	}
	run, known := commands[args[0]]
	if !known {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app.Version = version
	os.Exit(exitStatus(run(ctx, args[1:])))
}

func exitStatus(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 2
	case errors.As(err, new(*config.Problem)):
		fmt.Fprintln(os.Stderr, err)
		return 78
	default:
		fmt.Fprintln(os.Stderr, "squirrel:", err)
		return 1
	}
}
