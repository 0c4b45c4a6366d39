package proxy

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/proxy/form"
)

// upload is a multipart request: its file lies in a temporary file, never whole in memory.
type upload struct {
	form        *form.Form
	contentType string
	model       string
	stream      bool
}

func isMultipart(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "multipart/form-data")
}

// openUpload receives a form. The handler is still reading the connection, so this happens before anything else can fail.
func (g *Gateway) openUpload(c *fiber.Ctx, req *Request) *Failure {
	if int64(c.Context().Request.Header.ContentLength()) > g.opts.MaxUploadBytes {
		return tooLarge(g.opts.MaxUploadBytes)
	}
	return g.receiveUpload(bodySource(c), req)
}

// receiveUpload reads a form to its end and finds the model in it.
func (g *Gateway) receiveUpload(source io.Reader, req *Request) *Failure {
	contentType := req.Header.Get("Content-Type")
	f, err := form.Receive(source, contentType, g.opts.TempDir, g.opts.MaxUploadBytes)
	switch {
	case errors.Is(err, form.ErrTooLarge):
		return tooLarge(g.opts.MaxUploadBytes)
	case errors.Is(err, form.ErrMalformed):
		return &Failure{Status: http.StatusBadRequest, Code: "invalid_request", Message: err.Error() + "."}
	case err != nil:
		g.logger.Error("upload not received", "error", err)
		return unreadable(err)
	}
	req.Upload = &upload{form: f, contentType: contentType}
	req.Upload.model, _ = f.Value("model")
	stream, _ := f.Value("stream")
	req.Upload.stream = stream == "true"
	if req.Upload.model == "" {
		return &Failure{Status: http.StatusBadRequest, Code: "missing_model", Param: "model", Message: "The form has no 'model' field. Name one of the models that GET /v1/models lists."}
	}
	return nil
}

// summary is what the log keeps of an upload: its fields, and of files only their names, types and sizes.
func (u *upload) summary() []byte {
	type part struct {
		Name  string `json:"name"`
		File  string `json:"file_name,omitempty"`
		Type  string `json:"content_type,omitempty"`
		Bytes int64  `json:"bytes"`
		Value string `json:"value,omitempty"`
	}
	parts := make([]part, 0, len(u.form.Parts))
	for _, p := range u.form.Parts {
		row := part{Name: p.Name, File: p.FileName, Type: p.Type, Bytes: p.End - p.Start}
		if p.FileName == "" {
			row.Value, _ = u.form.Value(p.Name)
		}
		parts = append(parts, row)
	}
	out, _ := json.Marshal(map[string]any{"multipart": parts}) // strings and numbers always marshal
	return out
}
