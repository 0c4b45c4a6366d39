package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"
)

// maxUpload is how large a form with a file may be, in bytes.
const maxUpload = 16 << 20

// formFile is a file that came with a form.
type formFile struct {
	Field string
	Name  string
	Type  string
	Data  []byte
}

// readUpload reads a form that may hold files; a file is a field like any other. Forms without files are read too.
func readUpload(c *fiber.Ctx) (url.Values, error) {
	form, files, err := readFiles(c, maxUpload)
	for _, f := range files {
		form.Add(f.Field, string(f.Data))
	}
	return form, err
}

// readFiles reads a form and the files in it, all together no larger than limit bytes. Forms without files are read too.
func readFiles(c *fiber.Ctx, limit int64) (url.Values, []formFile, error) {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || kind != fiber.MIMEMultipartForm {
		form, err := readForm(c)
		return form, nil, err
	}
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return nil, nil, fiber.ErrUnsupportedMediaType
	}
	limited := &io.LimitedReader{R: uploadBody(c), N: limit + 1}
	form, files, err := readParts(multipart.NewReader(limited, params["boundary"]))
	switch {
	case limited.N <= 0:
		c.Context().Response.SetConnectionClose()
		return nil, nil, fiber.ErrRequestEntityTooLarge
	case err != nil:
		return nil, nil, fiber.NewError(http.StatusBadRequest, "the form can't be read")
	}
	return form, files, nil
}

func uploadBody(c *fiber.Ctx) io.Reader {
	if stream := c.Context().RequestBodyStream(); stream != nil {
		return stream
	}
	return bytes.NewReader(c.Request().Body())
}

func readParts(r *multipart.Reader) (url.Values, []formFile, error) {
	form := url.Values{}
	var files []formFile
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return form, files, nil
		}
		if err != nil {
			return nil, nil, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, err
		}
		if name := part.FileName(); name != "" {
			files = append(files, formFile{Field: part.FormName(), Name: name, Type: part.Header.Get(fiber.HeaderContentType), Data: data})
		} else {
			form.Add(part.FormName(), string(data))
		}
	}
}
