package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"squirrel/app/config"
)

// dotenv is read from the working directory, below the environment.
const dotenv = ".env"

// Serve is the command that runs the gateway.
func Serve(ctx context.Context, args []string) error {
	if err := noArguments("serve", args); err != nil {
		return err
	}
	raiseHeapFloor()
	cfg, logger, err := Configure(os.Environ(), dotenv, os.Stderr)
	if err != nil {
		return err
	}
	a, err := Start(ctx, cfg, logger)
	if err != nil {
		return err
	}
	debug.FreeOSMemory() // starting takes several times what running does
	return a.Run(ctx)
}

// Configure reads the configuration, prepares the data directory and makes the logger.
func Configure(environ []string, dotenv string, stderr io.Writer) (config.Config, *slog.Logger, error) {
	cfg, warnings, err := config.Load(environ, dotenv)
	if err != nil {
		return cfg, nil, err
	}
	more, err := cfg.OpenDataDir()
	if err != nil {
		return cfg, nil, err
	}
	level := slog.LevelInfo
	if cfg.Debug {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: level}))
	for _, w := range append(warnings, more...) {
		logger.Warn("configuration", "warning", w.String())
	}
	return cfg, logger, nil
}

// Migrate is the command that brings the database to this version.
func Migrate(ctx context.Context, args []string) error {
	if err := noArguments("migrate", args); err != nil {
		return err
	}
	cfg, logger, err := Configure(os.Environ(), dotenv, os.Stderr)
	if err != nil {
		return err
	}
	s, err := openStore(ctx, cfg, logger)
	if err != nil {
		return err
	}
	fmt.Println("the database is up to date")
	return s.Close()
}

// CheckConfig is the command that prints the effective configuration.
func CheckConfig(_ context.Context, args []string) error {
	if err := noArguments("check-config", args); err != nil {
		return err
	}
	cfg, warnings, err := config.Load(os.Environ(), dotenv)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	for _, line := range cfg.Effective() {
		fmt.Fprintf(w, "%s\t%s\t(%s)\n", line.Name, line.Value, line.Source)
	}
	for _, warning := range warnings {
		fmt.Fprintf(w, "warning\t%s\n", warning)
	}
	return w.Flush()
}

// HealthCheck is the command that tells a container runtime whether the gateway of this machine answers.
func HealthCheck(ctx context.Context, args []string) error {
	if err := noArguments("healthcheck", args); err != nil {
		return err
	}
	cfg, _, err := config.Load(os.Environ(), dotenv)
	if err != nil {
		return err
	}
	host := cfg.Host
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	url := "http://" + net.JoinHostPort(host, strconv.Itoa(cfg.Port)) + "/healthz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return errors.New("the gateway does not answer on " + strings.TrimPrefix(url, "http://"))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway answered %s", resp.Status)
	}
	return nil
}

func noArguments(command string, args []string) error {
	if len(args) == 0 {
		return nil
	}
	fmt.Fprintf(os.Stderr, "squirrel %s takes no arguments; settings come from the environment (see squirrel check-config)\n", command)
	return flag.ErrHelp
}
