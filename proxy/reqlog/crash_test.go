package reqlog

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrel/models"
)

const (
	crashDirVariable = "REQLOG_CRASH_DIR"
	crashWriters     = 24
	crashRounds      = 6
)

// writeUntilKilled is the child of TestH01: it prints the id of each record after it was acknowledged.
func writeUntilKilled(dir string) {
	spool, err := OpenSpool(testConfig(dir))
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var out sync.Mutex
	say := func(word, id string) {
		out.Lock()
		defer out.Unlock()
		fmt.Println(word, id)
	}
	body := []byte(strings.Repeat("0123456789abcdef", 256))
	var writers sync.WaitGroup
	for n := range crashWriters {
		writers.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), n, i)
				b, e := begin(id), end(id)
				b.Detail.RequestBody, e.Detail.ResponseBody = body, body
				if spool.Begin(b) == nil {
					say("begun", id)
				}
				if spool.End(e) == nil {
					say("ended", id)
				}
			}
		})
	}
	writers.Wait()
}

// TestH01_KillNineLosesNothing kills a process that writes with many writers, at random moments, and then looks for every
// record it had acknowledged. What was printed and lost in the pipe is not in the parent's ledger, so the ledger is a lower bound.
func TestH01_KillNineLosesNothing(t *testing.T) {
	dir := t.TempDir()
	begun, ended := map[string]bool{}, map[string]bool{}
	for range crashRounds {
		killed(t, dir, func(line string) {
			word, id, _ := strings.Cut(line, " ")
			switch word {
			case "begun":
				begun[id] = true
			case "ended":
				ended[id] = true
			default:
				t.Fatal(line)
			}
		})
	}
	sink := newSink()
	s := open(t, testConfig(dir))
	sh, stop := ship(t, s, sink, quick)
	flush(t, sh)
	eventually(t, "the requests that were cut are closed", func() bool { return sh.Stats().Interrupted > 0 })
	stop()
	lost := 0
	for id := range begun {
		if _, there := sink.rows[id]; !there {
			lost++
		}
	}
	for id := range ended {
		if w := sink.rows[id]; w.Kind != models.WriteEnd || w.Log.ErrorCode != "" || sink.ended[id] != 1 {
			lost++
		}
	}
	if lost > 0 || len(ended) == 0 {
		t.Fatalf("%d of %d acknowledged records were lost", lost, len(begun)+len(ended))
	}
	for id, w := range sink.rows {
		if w.Kind != models.WriteEnd {
			t.Fatalf("%s is still running", id)
		}
	}
	t.Logf("%d kills, %d records acknowledged, none lost; %+v", crashRounds, len(begun)+len(ended), sh.Stats())
}

func killed(t *testing.T, dir string, line func(string)) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), crashDirVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	timer := time.AfterFunc(80*time.Millisecond+rand.N(250*time.Millisecond), func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		line(scanner.Text())
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the child ended by itself: %v", err)
	}
}

func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	s := open(t, testConfig(filepath.Join(dir, "spool")))
	must(t, s.Begin(begin("a")))
	must(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && path != dir && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	}))
}
