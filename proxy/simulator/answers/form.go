package answers

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

// form is a decoded multipart request.
type form struct {
	values map[string]string
	files  []upload
}

type upload struct {
	field, name string
	size        int
}

// isForm reports whether the request is a multipart form.
func isForm(h http.Header) (boundary string, ok bool) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	return params["boundary"], err == nil && kind == "multipart/form-data"
}

// readForm decodes a multipart body without keeping its files.
func readForm(h http.Header, body []byte) (*form, *failure) {
	boundary, ok := isForm(h)
	if !ok {
		return nil, refuse("", "Invalid content type: expected multipart/form-data.")
	}
	f := &form{values: map[string]string{}}
	for parts := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, refuse("", "Could not parse multipart form")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, refuse("", "Could not parse multipart form")
		}
		if part.FileName() == "" {
			f.values[part.FormName()] = string(content)
			continue
		}
		f.files = append(f.files, upload{part.FormName(), part.FileName(), len(content)})
	}
}
