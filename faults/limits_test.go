package faults

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"squirrel/app/apptest"
)

// vitals are what the kernel knows of a process.
type vitals struct {
	rss         int64 // bytes
	descriptors int
	cpu         time.Duration
}

func (p *process) vitals() (v vitals) {
	p.t.Helper()
	dir := fmt.Sprintf("/proc/%d", p.cmd.Process.Pid)
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	v.rss = kib << 10
	open, err := os.ReadDir(dir + "/fd")
	if err != nil {
		p.t.Fatal(err)
	}
	v.descriptors = len(open)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		p.t.Fatal(err)
	}
	fields := strings.Fields(string(stat)[strings.LastIndexByte(string(stat), ')')+1:])
	for _, field := range fields[11:13] { // utime and stime, in hundredths of a second
		ticks, _ := strconv.ParseInt(field, 10, 64)
		v.cpu += time.Duration(ticks) * 10 * time.Millisecond
	}
	return v
}

// idle opens connections that say nothing.
func idle(t *testing.T, p *process, n int) (closeAll func()) {
	t.Helper()
	conns := make([]net.Conn, 0, n)
	for range n {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	return func() {
		for _, conn := range conns {
			conn.Close()
		}
	}
}

// TestC09_IdleConnections cost little, and keep nobody out.
func TestC09_IdleConnections(t *testing.T) {
	t.Parallel()
	const n = 3000
	sim := newSimulator(t)
	p := newProcess(t)
	_, key := seeded(t, p, sim)
	before := p.vitals()
	closeAll := idle(t, p, n)
	defer closeAll()
	for i := range 20 {
		call := apptest.Call{ID: fmt.Sprint("beside-", i), Path: apptest.Chat, Model: apptest.Plain, Stream: i%2 == 0}
		if a := apptest.Do(t.Context(), http.DefaultClient, p.url, key, call, nil); a.Status != http.StatusOK || !a.Complete {
			t.Errorf("a call beside them: %d %v", a.Status, a.Err)
		}
	}
	p.eventually("all are accepted", func() bool { return p.vitals().descriptors >= n })
	after := p.vitals()
	if each := (after.rss - before.rss) / n; each > 48<<10 {
		t.Errorf("each costs %d KiB", each>>10)
	}
	t.Logf("%d idle connections: %d MiB, before them %d MiB", n, after.rss>>20, before.rss>>20)
}

// TestH17_FewFileDescriptors: running streams go on, the gateway does not spin, and takes clients again when some have left.
func TestH17_FewFileDescriptors(t *testing.T) {
	t.Parallel()
	sim := newSimulator(t)
	p := newProcess(t)
	_, key := seeded(t, p, sim)
	limit := unix.Rlimit{Cur: 256, Max: 256}
	if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
		t.Fatal(err)
	}
	running := begin(t, p, sim, key, apptest.Long, 10)
	closeAll := idle(t, p, 400)
	p.eventually("there are no more", func() bool { return p.vitals().descriptors >= 255 })
	before := p.vitals()
	time.Sleep(2 * time.Second)
	if used := p.vitals().cpu - before.cpu; used > time.Second {
		t.Errorf("%v of CPU in 2 s", used)
	}
	closeAll()
	for _, a := range running.end() {
		if a.Status != http.StatusOK || !a.Complete {
			t.Errorf("%s: %d, complete %t, %v", a.ID, a.Status, a.Complete, a.Err)
		}
	}
	p.eventually("clients are taken again", func() bool {
		a := apptest.Do(t.Context(), &http.Client{Timeout: time.Second}, p.url, key, apptest.Call{ID: "after", Path: apptest.Chat, Model: apptest.Plain}, nil)
		return a.Status == http.StatusOK
	})
}

// TestE06_TheEnvironmentsProxyIsNotUsed: a provider has a proxy when its settings say so.
func TestE06_TheEnvironmentsProxyIsNotUsed(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			conn.Close()
		}
	}()
	proxy := "http://" + l.Addr().String()
	p := newProcess(t, "HTTP_PROXY="+proxy, "HTTPS_PROXY="+proxy, "ALL_PROXY="+proxy, "http_proxy="+proxy, "https_proxy="+proxy)
	p.startReady()
	admin := p.login()
	for i, base := range []string{"http://provider.invalid/v1", "https://provider.invalid/v1"} {
		id, err := admin.AddProvider(t.Context(), fmt.Sprint("p", i), "openai", base, "sk-0123456789abcdef")
		if err != nil {
			t.Fatal(err)
		}
		if err := admin.AddModel(t.Context(), fmt.Sprint("m", i), id, "gpt-4o"); err != nil {
			t.Fatal(err)
		}
		if err := admin.Call(t.Context(), http.MethodPost, fmt.Sprintf("/api/admin/providers/%d/test", id), map[string]any{}, nil); err != nil {
			t.Error(err)
		}
	}
	key, err := admin.AddKey(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []string{"m0", "m1"} {
		p.eventually("the call fails for want of the name", func() bool {
			a := apptest.Do(t.Context(), http.DefaultClient, p.url, key, apptest.Call{ID: "x", Path: apptest.Chat, Model: model}, nil)
			return a.Status == http.StatusBadGateway
		})
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
}

// TestD11_UploadsLieOnDisk, not in memory, and are gone after a kill.
func TestD11_UploadsLieOnDisk(t *testing.T) {
	t.Parallel()
	const uploads, size = 24, 8 << 20
	sim := newSimulator(t)
	p := newProcess(t)
	admin, key := seeded(t, p, sim)
	if err := admin.AddModel(t.Context(), "whisper", 1, "fault:delayhdr:60s"); err != nil {
		t.Fatal(err)
	}
	p.eventually("the model is served", func() bool {
		req, _ := http.NewRequest(http.MethodGet, p.url+"/v1/models/whisper", nil)
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	before := p.vitals()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("model", "whisper") // to memory
	file, _ := w.CreateFormFile("file", "speech.wav")
	_, _ = file.Write(make([]byte, size))
	w.Close()
	var all sync.WaitGroup
	for range uploads {
		all.Go(func() {
			req, err := http.NewRequest(http.MethodPost, p.url+"/v1/audio/transcriptions", bytes.NewReader(form.Bytes()))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Authorization", "Bearer "+key)
			req.Header.Set("Content-Type", w.FormDataContentType())
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	tmp := filepath.Join(p.dir, "data", "tmp")
	p.eventually("every upload is at its provider", func() bool { return sim.Ledger().Count("fault:delayhdr:60s") == uploads })
	if files, err := os.ReadDir(tmp); err != nil || len(files) == 0 {
		t.Errorf("no files in %s: %v", tmp, err)
	}
	after := p.vitals()
	if grown := after.rss - before.rss; grown > uploads*size/3 {
		t.Errorf("%d uploads of %d MiB cost %d MiB of memory", uploads, size>>20, grown>>20)
	}
	p.kill()
	all.Wait()
	p.startReady()
	if files, err := os.ReadDir(tmp); err != nil || len(files) != 0 {
		t.Errorf("%d files are left, %v", len(files), err)
	}
	t.Logf("%d uploads of %d MiB: memory %d MiB, before them %d MiB", uploads, size>>20, after.rss>>20, before.rss>>20)
}
