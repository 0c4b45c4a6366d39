package web

import (
	"bytes"
	"mime/multipart"
	"testing"
)

// TestFormReader keeps what there is room for: a file without room is noted, and the fields after it are still read.
func TestFormReader(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file, field int
		room        int64
		tooLarge    bool
		full        bool
	}{
		"all fits":         {100, 100, maxForm + 300, false, false},
		"a large file":     {400, 100, maxForm + 300, true, false},
		"a large field":    {10, maxForm + 400, maxForm + 300, false, true},
		"no room at all":   {10, 10, 5, true, true},
		"exactly the room": {100, maxForm - 1, maxForm + 100, false, false},
	} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, err := w.CreateFormFile("file", "a.bin")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(make([]byte, tt.file)) // a buffer takes everything
		_ = w.WriteField("text", string(bytes.Repeat([]byte("x"), tt.field)))
		_ = w.WriteField("z", "")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f := formReader{room: tt.room}
		if err := f.read(multipart.NewReader(&body, w.Boundary())); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(f.files) != 1 || f.files[0].TooLarge != tt.tooLarge || tt.tooLarge != (f.files[0].Data == nil) || (f.room < 0) != tt.full || !f.form.Has("z") {
			t.Errorf("%s: %d bytes of room, file %+v, %d fields", name, f.room, f.files[0].TooLarge, len(f.form))
		}
		if !tt.full && len(f.form.Get("text")) != tt.field {
			t.Errorf("%s: the text has %d bytes", name, len(f.form.Get("text")))
		}
	}
}
