package simulator

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"

	"squirrel/models"
	"squirrel/proxy/simulator/answers"
)

// compose makes the answer's content, healthy or as the fault wants it. How it is framed is the delivery's business.
func (s *Server) compose(r *Request, f *Fault, serial uint64) *answers.Answer {
	protocol, id := answers.Protocol(r.Endpoint), answers.RequestID(s.opt.Seed, serial)
	status := f.status(r.Hit)
	switch {
	case f.EchoAuth:
		return f.dress(echo(r, protocol, id), 0)
	case status >= http.StatusBadRequest:
		return f.dress(answers.Error(protocol, status, "", id), 0)
	case f.Redirect != "":
		return f.dress(redirect(f.Redirect), status)
	case f.Replay != "":
		return f.dress(replay(f.Replay, protocol, id), status)
	}
	if bench, ok := benchAnswer(r, f); ok {
		return f.dress(bench, status)
	}
	return f.dress(answers.Make(&answers.Request{
		Endpoint: r.Endpoint, Name: r.item, Header: r.Header, Body: r.Body,
		Now: s.opt.Now(), Seed: s.opt.Seed, Serial: serial, Models: s.opt.Models,
	}), status)
}

// dress puts the fault's own header, body and status on an answer.
func (f *Fault) dress(a *answers.Answer, status int) *answers.Answer {
	if status != 0 && a.Status < http.StatusBadRequest {
		a.Status = status
	}
	switch {
	case f.Body != nil:
		a.Body, a.Events = f.Body, nil
		if f.ContentType != "" {
			a.ContentType = f.ContentType
		}
	case f.JSON != "":
		whole := a.Body
		a.Events = nil
		a.ContentType, a.Body = brokenBodies[f.JSON](whole)
	case f.GzipBomb > 0:
		a.ContentType, a.Events, a.Body = "application/json", nil, gzipBomb(f.GzipBomb)
		a.Header = append(a.Header, [2]string{"Content-Encoding", "gzip"})
	}
	a.Header = append(a.Header, f.Header...)
	return a
}

// echo is an error that tells the credentials it got, as careless services do.
func echo(r *Request, p models.Protocol, id string) *answers.Answer {
	var seen []string
	for _, name := range []string{"Authorization", "X-Api-Key", "Api-Key"} {
		if v := r.Header.Get(name); v != "" {
			seen = append(seen, name+": "+v)
		}
	}
	return answers.Error(p, http.StatusUnauthorized, "Access denied. Received "+strings.Join(seen, ", "), id)
}

func redirect(to string) *answers.Answer {
	return &answers.Answer{
		Status: http.StatusFound, ContentType: "text/html; charset=utf-8",
		Header: [][2]string{{"Location", to}}, Body: []byte("<a href=\"" + to + "\">Found</a>.\n"),
	}
}

// deepJSON is how many arrays the body of json:deep nests.
const deepJSON = 100_000

const jsonType = "application/json"

// brokenBodies make the bodies of the json faults from a healthy one.
var brokenBodies = map[string]func(whole []byte) (contentType string, body []byte){
	"garbage": func([]byte) (string, []byte) { return jsonType, []byte("\x00\xff{]this is not JSON") },
	"empty":   func([]byte) (string, []byte) { return jsonType, []byte{} },
	"html": func([]byte) (string, []byte) {
		return "text/html; charset=utf-8", []byte("<!doctype html>\n<title>502 Bad Gateway</title>\n<h1>502 Bad Gateway</h1>\n")
	},
	"deep": func([]byte) (string, []byte) {
		return jsonType, []byte(`{"id":"deep","choices":` + strings.Repeat("[", deepJSON) + strings.Repeat("]", deepJSON) + "}")
	},
	"error": func([]byte) (string, []byte) {
		return jsonType, []byte(`{"error":{"message":"The engine is not ready","type":"server_error","param":null,"code":null}}`)
	},
	"truncated": func(whole []byte) (string, []byte) {
		if len(whole) == 0 {
			whole = []byte(`{"id":"chatcmpl-0","object":"chat.completion","choices":[]}`)
		}
		return jsonType, whole[:len(whole)*2/3]
	},
}

// bombBlock is what one gzip member of a bomb inflates to.
const bombBlock = 16 << 20

// gzipBomb is a gzip body of equal members that inflates to n bytes of white space, rounded up to whole members.
func gzipBomb(n int64) []byte {
	var member bytes.Buffer
	block := int64(bombBlock)
	if n < block {
		block = n
	}
	zip, err := gzip.NewWriterLevel(&member, gzip.BestCompression)
	if err != nil {
		panic("simulator: gzip does not know its own level: " + strconv.Itoa(gzip.BestCompression))
	}
	_, _ = io.Copy(zip, io.LimitReader(blanks{}, block)) // a buffer takes all
	_ = zip.Close()
	return bytes.Repeat(member.Bytes(), int((n+block-1)/block))
}

// blanks is an endless run of spaces.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
