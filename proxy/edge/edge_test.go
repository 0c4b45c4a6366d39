package edge

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func pair(t *testing.T, writeTimeout time.Duration) (server, client net.Conn) {
	t.Helper()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := NewListener(raw, writeTimeout)
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return server, client
}

func TestWatch_TellsThatTheClientLeft(t *testing.T) {
	leave := map[string]func(net.Conn){
		"close":            func(c net.Conn) { c.Close() },
		"reset":            func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); c.Close() },
		"half-close (B04)": func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() },
		"close behind pipelined bytes": func(c net.Conn) {
			_, _ = c.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
			c.Close()
		},
	}
	for name, act := range leave {
		t.Run(name, func(t *testing.T) {
			server, client := pair(t, 0)
			gone := make(chan struct{})
			w := NewWatch(server, func() { close(gone) })
			defer w.Stop()
			act(client)
			select {
			case <-gone:
			case <-time.After(time.Second):
				t.Fatal("not told within a second")
			}
		})
	}
}

func TestWatch_StopGivesTheConnectionBack(t *testing.T) {
	for _, wait := range []time.Duration{0, watchDelay, 2 * watchDelay} {
		server, client := pair(t, 0)
		var called atomic.Bool
		w := NewWatch(server, func() { called.Store(true) })
		time.Sleep(wait)
		if _, err := client.Write([]byte("next")); err != nil {
			t.Fatal(err)
		}
		w.Stop()
		w.Stop()
		buf := make([]byte, 4)
		if _, err := io.ReadFull(server, buf); err != nil || string(buf) != "next" {
			t.Fatalf("after %v: read %q, %v", wait, buf, err)
		}
		if called.Load() {
			t.Fatalf("after %v: told that a present client left", wait)
		}
	}
}

// scarce is a listener that has no file descriptor for the first connections.
type scarce struct {
	net.Listener
	errs []error
}

func (l *scarce) Accept() (net.Conn, error) {
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		return nil, err
	}
	return l.Listener.Accept()
}

func TestH17_AShortageOfDescriptorsIsWaitedOut(t *testing.T) {
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	shortage := &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	l := NewListener(&scarce{raw, []error{shortage, &net.OpError{Op: "accept", Err: syscall.ECONNABORTED}, shortage}}, time.Second)
	client, err := net.Dial("tcp", raw.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	raw.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed listener: %v", err)
	}
}

func TestConn_CutsAReaderThatTakesNothing(t *testing.T) {
	server, _ := pair(t, 200*time.Millisecond)
	chunk := make([]byte, 1<<20)
	start := time.Now()
	for {
		if _, err := server.Write(chunk); err != nil {
			break
		}
		if time.Since(start) > 10*time.Second {
			t.Fatal("the write never failed")
		}
	}
}

func TestConn_AWriteAfterALongPauseStillWorks(t *testing.T) {
	server, client := pair(t, 100*time.Millisecond)
	for range 3 {
		if _, err := server.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(client, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
