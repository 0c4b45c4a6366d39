package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// maxForm is how large the body of a form may be, in bytes.
const maxForm = 1 << 20

// readForm reads the fields of a posted form. Bodies are read raw and bounded: Fiber's own way inflates without a limit.
func readForm(c *fiber.Ctx) (url.Values, error) {
	mediaType, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";")
	switch {
	case c.Get(fiber.HeaderContentEncoding) != "":
		return nil, fiber.ErrUnsupportedMediaType
	case len(c.Request().Header.ContentType()) > 0 && !strings.EqualFold(strings.TrimSpace(mediaType), fiber.MIMEApplicationForm):
		return nil, fiber.ErrUnsupportedMediaType
	}
	body, err := readBody(c)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fiber.NewError(http.StatusBadRequest, "the form can't be read")
	}
	return form, nil
}

func readBody(c *fiber.Ctx) ([]byte, error) {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		if body := c.Request().Body(); len(body) <= maxForm {
			return body, nil
		}
		return nil, errTooLarge(maxForm)
	}
	limited := &io.LimitedReader{R: stream, N: maxRefused*maxForm + 1}
	body, fits, err := readUpTo(limited, maxForm)
	switch {
	case err != nil:
		return nil, fiber.NewError(http.StatusBadRequest, "the form did not arrive")
	case !fits:
		if limited.N <= 0 {
			c.Context().Response.SetConnectionClose()
		}
		return nil, errTooLarge(maxForm)
	}
	return body, nil
}

// fieldsOf returns what an error says about fields, by their names.
func fieldsOf(err error) map[string]string {
	if e, ok := asError(err); ok {
		return e.Fields
	}
	return nil
}
