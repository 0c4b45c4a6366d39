// Command gallery takes pictures of every page of the admin in every state: full pages, wide and narrow, light and dark, and a
// file to leaf through them. The built program runs on a directory that is thrown away, with simulated providers whose faults
// bring the states about; a month of made-up requests stands before them.
//
//	go run ./gallery -out /tmp/pictures                    # all of them
//	go run ./gallery -out /tmp/pictures -only log-failed   # those whose name holds one of the words
//	go run ./gallery -out /tmp/pictures -data /tmp/scene   # keep the requests, for the next time
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// options are the flags.
type options struct {
	out, data   string
	only, looks []string
	list, serve bool
}

func main() {
	var o options
	var only, looks string
	flag.StringVar(&o.out, "out", "", "directory of the pictures")
	flag.StringVar(&o.data, "data", "", "directory that keeps the gateway's data for the next time; empty = none")
	flag.StringVar(&only, "only", "", "words, separated by commas: only states whose name holds one of them")
	flag.StringVar(&looks, "looks", "", "words, separated by commas: only looks that hold one of them, such as 375 or en-1280-dark")
	flag.BoolVar(&o.list, "list", false, "print the names of the states")
	flag.BoolVar(&o.serve, "serve", false, "start everything and say where it is, until interrupted")
	flag.Parse()
	o.only, o.looks = words(only), words(looks)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "gallery:", err)
		stop()
		os.Exit(1)
	}
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// holdsOne reports whether a name holds one of the words; no words ask for everything.
func holdsOne(name string, words []string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
}

func run(ctx context.Context, o options) (err error) {
	states := slices.DeleteFunc(allStates(), func(s state) bool { return !holdsOne(s.name, o.only) })
	switch {
	case o.list:
		for _, s := range states {
			fmt.Println(s.name)
		}
		return nil
	case o.out == "" && !o.serve:
		return errors.New("-out is needed: the directory of the pictures")
	case len(states) == 0:
		return fmt.Errorf("no state is called like %q; -list prints their names", o.only)
	}
	scene, err := startScene(ctx, o.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scene.close()) }()
	if o.serve {
		fmt.Printf("full: %s  empty: %s  user %s  password %s\n", scene.full.url, scene.empty.url, adminName, adminPassword)
		<-ctx.Done()
		return nil
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	if err := takeAll(ctx, scene, states, o); err != nil {
		return err
	}
	return writeIndex(o.out)
}
