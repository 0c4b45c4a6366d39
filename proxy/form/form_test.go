package form

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

func build(t testing.TB, fileSize int, fields ...string) (body []byte, contentType string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	if fileSize > 0 {
		part, _ := w.CreateFormFile("file", "../../speech.wav")
		_, _ = part.Write(bytes.Repeat([]byte("\r\n--almost"), fileSize/10))
	}
	for i := 0; i < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	w.Close()
	return buf.Bytes(), w.FormDataContentType()
}

func TestForm_ReplacesOneValueAndNothingElse(t *testing.T) {
	for name, size := range map[string]int{"in memory": 1000, "in a file": 2 << 20, "fields only": 0} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			body, contentType := build(t, size, "model", "virtual", "language", "en")
			f, err := Receive(iotest.HalfReader(bytes.NewReader(body)), contentType, dir, 100<<20)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := f.Value("model"); got != "virtual" {
				t.Fatalf("model = %q", got)
			}
			open, length := f.With("model", "whisper-1")
			want := bytes.Replace(body, []byte("virtual"), []byte("whisper-1"), 1)
			for range 2 { // a retry reads it again
				got, _ := io.ReadAll(open())
				if !bytes.Equal(got, want) || int64(len(got)) != length {
					t.Fatalf("body changed beyond the model: %d bytes, want %d, announced %d", len(got), len(want), length)
				}
			}
			f.Close()
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Fatalf("temporary files left: %v", left)
			}
		})
	}
}

func TestD10_HostileForms(t *testing.T) {
	many, manyType := func() ([]byte, string) {
		var fields []string
		for range maxParts + 1 {
			fields = append(fields, "a", "b")
		}
		return build(t, 0, fields...)
	}()
	whole, wholeType := build(t, 100, "model", "m")
	cases := map[string]struct {
		body  []byte
		ctype string
		limit int64
		want  error
	}{
		"too many parts":      {many, manyType, 1 << 30, ErrMalformed},
		"no closing boundary": {whole[:len(whole)-6], wholeType, 1 << 20, ErrMalformed},
		"no boundary":         {whole, "multipart/form-data", 1 << 20, ErrMalformed},
		"long boundary":       {whole, "multipart/form-data; boundary=" + strings.Repeat("-", 71), 1 << 20, ErrMalformed},
		"dashes":              {bytes.Repeat([]byte("-"), 4<<20), "multipart/form-data; boundary=" + strings.Repeat("-", 60), 8 << 20, ErrMalformed},
		"huge part header":    {[]byte("--b\r\nContent-Disposition: form-data; name=\"" + strings.Repeat("x", 20<<10) + "\"\r\n\r\nv\r\n--b--\r\n"), "multipart/form-data; boundary=b", 1 << 20, ErrMalformed},
		"over the limit":      {whole, wholeType, 50, ErrTooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := Receive(bytes.NewReader(c.body), c.ctype, dir, c.limit); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Fatalf("temporary files left: %v", left)
			}
		})
	}
}

func FuzzReceive(f *testing.F) {
	body, _ := build(f, 300, "model", "m")
	f.Add(body)
	f.Add([]byte("--b\r\n\r\n--b--"))
	f.Fuzz(func(t *testing.T, data []byte) {
		form, err := Receive(bytes.NewReader(data), "multipart/form-data; boundary=b", t.TempDir(), 1<<20)
		if err != nil {
			return
		}
		defer form.Close()
		open, length := form.With("\x00no such field", "x")
		if got, _ := io.ReadAll(open()); !bytes.Equal(got, data) || length != int64(len(data)) {
			t.Fatal("an unchanged form is not the same bytes")
		}
	})
}
