package app

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// answer is one response on the wire.
type answer struct {
	status int
	header http.Header
	body   string
	closed bool // the server said that it closes the connection
}

func itoa(n int) string { return strconv.Itoa(n) }

// atOnce calls f for each of n numbers, some dozens at a time: most of it is waiting.
func atOnce(n int, f func(i int)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, 32)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() { defer func() { <-slots }(); f(i) })
	}
	all.Wait()
}

// exchange writes raw bytes to a server, says that nothing follows, and reads every answer it gives.
func exchange(t testing.TB, addr, raw string) []answer {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Error(err)
	}
	go func() {
		_, _ = io.WriteString(conn, raw) // a server that refuses early may not take all of it
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	return readAnswers(t, conn, raw)
}

// readAnswers reads until the server closes the connection.
func readAnswers(t testing.TB, conn net.Conn, request string) []answer {
	t.Helper()
	var answers []answer
	for in := bufio.NewReader(conn); ; {
		got, err := readAnswer(in, request)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the connection is still open after %d answers to %.60q", len(answers), request)
		}
		if err != nil {
			return answers
		}
		answers = append(answers, got)
	}
}

func readAnswer(in *bufio.Reader, request string) (answer, error) {
	method := http.MethodGet
	if bytes.HasPrefix([]byte(request), []byte("HEAD ")) {
		method = http.MethodHead
	}
	resp, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return answer{}, err
	}
	return answer{resp.StatusCode, resp.Header, string(body), resp.Close}, nil
}

func statuses(answers []answer) []int {
	list := make([]int, len(answers))
	for i := range answers {
		list[i] = answers[i].status
	}
	return list
}
