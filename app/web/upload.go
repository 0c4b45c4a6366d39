package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// maxUpload is how large a form with a file may be, in bytes.
const maxUpload = 16 << 20

// readUpload reads a form that may hold files; a file is a field like any other. Forms without files are read too.
func readUpload(c *fiber.Ctx) (url.Values, error) {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || kind != fiber.MIMEMultipartForm {
		return readForm(c)
	}
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return nil, fiber.ErrUnsupportedMediaType
	}
	limited := &io.LimitedReader{R: uploadBody(c), N: maxUpload + 1}
	form, err := readParts(multipart.NewReader(limited, params["boundary"]))
	switch {
	case limited.N <= 0:
		c.Context().Response.SetConnectionClose()
		return nil, fiber.ErrRequestEntityTooLarge
	case err != nil:
		return nil, fiber.NewError(http.StatusBadRequest, "the form can't be read")
	}
	return form, nil
}

func uploadBody(c *fiber.Ctx) io.Reader {
	if stream := c.Context().RequestBodyStream(); stream != nil {
		return stream
	}
	return bytes.NewReader(c.Request().Body())
}

func readParts(r *multipart.Reader) (url.Values, error) {
	form := url.Values{}
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return nil, err
		}
		var text strings.Builder
		if _, err := io.Copy(&text, part); err != nil {
			return nil, err
		}
		form.Add(part.FormName(), text.String())
	}
}
