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

	"squirrel/models"
)

// maxUpload is how large a form with a file may be, in bytes.
const maxUpload = 16 << 20

// maxRefused is how many times its limit a form may be and still be read to its end. A browser shows an answer only to what it
// has sent whole.
const maxRefused = 8

// codeTooLarge is of a form that was read past instead of being kept.
const codeTooLarge models.Code = "form_too_large"

func errTooLarge(limit int64) error {
	return models.Errorf(codeTooLarge, "All fields and files of a form can have %d MB together.", limit>>20)
}

// formFile is a file that came with a form.
type formFile struct {
	Field    string
	Name     string
	Type     string
	Data     []byte
	TooLarge bool // there was no room for it: it has no data
}

// readUpload reads a form that may hold files; a file is a field like any other. Forms without files are read too.
func readUpload(c *fiber.Ctx) (url.Values, error) {
	form, files, err := readFiles(c, maxUpload)
	for _, f := range files {
		if f.TooLarge {
			return nil, errTooLarge(maxUpload)
		}
		form.Add(f.Field, string(f.Data))
	}
	return form, err
}

// readFiles reads a form and the files in it, and keeps no more than limit bytes of them. A file that has no room is noted as
// such, so that the form can be shown again with everything that was typed. Forms without files are read too.
func readFiles(c *fiber.Ctx, limit int64) (url.Values, []formFile, error) {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || kind != fiber.MIMEMultipartForm {
		form, err := readForm(c)
		return form, nil, err
	}
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return nil, nil, fiber.ErrUnsupportedMediaType
	}
	limited := &io.LimitedReader{R: uploadBody(c), N: maxRefused*limit + 1}
	parts := formReader{room: limit}
	err = parts.read(multipart.NewReader(limited, params["boundary"]))
	switch {
	case limited.N <= 0:
		c.Context().Response.SetConnectionClose()
		return nil, nil, errTooLarge(limit)
	case parts.room < 0:
		return nil, nil, errTooLarge(limit)
	case err != nil:
		return nil, nil, fiber.NewError(http.StatusBadRequest, "the form can't be read")
	}
	return parts.form, parts.files, nil
}

func uploadBody(c *fiber.Ctx) io.Reader {
	if stream := c.Context().RequestBodyStream(); stream != nil {
		return stream
	}
	return bytes.NewReader(c.Request().Body())
}

// formReader gathers the parts of a form as long as there is room.
type formReader struct {
	room  int64 // in bytes; below 0 = the fields alone were too many
	form  url.Values
	files []formFile
}

func (f *formReader) read(r *multipart.Reader) error {
	f.form = url.Values{}
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if part.FileName() == "" {
			err = f.field(part)
		} else {
			err = f.file(part)
		}
		if err != nil {
			return err
		}
	}
}

func (f *formReader) field(part *multipart.Part) error {
	data, fits, err := readUpTo(part, max(f.room, 0))
	if f.room -= int64(len(data)); !fits {
		f.room = -1
	}
	f.form.Add(part.FormName(), string(data))
	return err
}

// file leaves room for the fields that follow.
func (f *formReader) file(part *multipart.Part) error {
	file := formFile{Field: part.FormName(), Name: part.FileName(), Type: part.Header.Get(fiber.HeaderContentType)}
	data, fits, err := readUpTo(part, max(f.room-maxForm, 0))
	file.Data, file.TooLarge = data, !fits
	f.room -= int64(len(data))
	f.files = append(f.files, file)
	return err
}

// readUpTo reads all of r. What is longer than limit is read past.
func readUpTo(r io.Reader, limit int64) (data []byte, fits bool, err error) {
	data, err = io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil || int64(len(data)) <= limit {
		return data, true, err
	}
	_, err = io.Copy(io.Discard, r)
	return nil, false, err
}
