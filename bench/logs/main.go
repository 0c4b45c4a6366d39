// Command logs measures the request log at size: it fills an empty database with requests as teams make them, asks what the log
// page, the statistics and the exports ask, deletes old days while others write, and holds the figures against their targets.
// Every sum is checked against the rows in the same run: a wrong sum is a failure, a missed target is a line in the table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"squirrel/models/store"
)

// settings are the flags.
type settings struct {
	rows, days, queries int
	seed                uint64
	url                 string // "" = a temporary SQLite file
	deleteFor           time.Duration
}

func main() {
	var s settings
	flag.IntVar(&s.rows, "rows", 1_000_000, "how many requests to store")
	flag.IntVar(&s.days, "days", 30, "over how many days until now they are spread")
	flag.IntVar(&s.queries, "queries", 240, "how many different queries of each kind of list")
	flag.Uint64Var(&s.seed, "seed", 1, "the same seed makes the same requests and queries")
	flag.DurationVar(&s.deleteFor, "retention", 20*time.Second, "how long to delete old requests while others write")
	flag.StringVar(&s.url, "db", "", "URL of an empty database: sqlite:///file or postgresql://…; empty = a temporary SQLite file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench/logs:", err)
		stop()
		os.Exit(1)
	}
}

// run does everything once and prints as it goes.
func run(ctx context.Context, s settings, out io.Writer) (err error) {
	if s.rows < 1 || s.days < 2 || s.queries < 1 {
		return errors.New("at least 1 row, 2 days and 1 query are needed")
	}
	if s.url == "" {
		dir, err := os.MkdirTemp("", "bench-logs-*")
		if err != nil {
			return fmt.Errorf("make a place for the database: %w", err)
		}
		defer os.RemoveAll(dir)
		s.url = "sqlite:///" + filepath.Join(dir, "logs.db")
	}
	db, err := openDatabase(ctx, s.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	b := &bench{settings: s, db: db, out: out, end: time.Now().UTC().Truncate(time.Minute)}
	b.from = b.end.AddDate(0, 0, -s.days)
	for _, step := range []func(context.Context) error{
		b.fill, b.size, b.lists, b.paging, b.searches, b.details, b.statistics, b.exportAndVerify, b.cold, b.retention,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return b.print()
}

// database is a Store that can be opened anew.
type database struct {
	*store.Store
	url string
}

// openDatabase refuses a database with anything in it: the last step deletes.
func openDatabase(ctx context.Context, url string) (*database, error) {
	db := &database{url: url}
	if err := db.open(ctx); err != nil {
		return nil, err
	}
	config, err := db.LoadConfig(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	report, err := db.Size(ctx)
	if err == nil && (report.OldestLog != nil || len(config.Providers) > 0 || len(config.Models) > 0) {
		err = errors.New("the database is in use: give an empty one, this command fills it and deletes from it")
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (d *database) open(ctx context.Context) error {
	// Nothing secret is stored, so any key will do.
	cipher, err := store.NewCipher(make([]byte, 32))
	if err != nil {
		return err
	}
	d.Store, err = store.Open(ctx, store.Config{URL: d.url, Cipher: cipher, Logger: slog.New(slog.DiscardHandler)})
	return err
}

// reopen closes all connections and opens new ones, whose caches are empty. Of a SQLite file, the operating system's copy is
// dropped as well, where it lets us.
func (d *database) reopen(ctx context.Context) error {
	if err := d.Close(); err != nil {
		return err
	}
	if d.Dialect() == "sqlite" {
		if err := evict(d.path()); err != nil {
			return err
		}
	}
	return d.open(ctx)
}

// path is the file of a SQLite database.
func (d *database) path() string {
	_, path, _ := strings.Cut(d.url, ":///")
	return path
}
