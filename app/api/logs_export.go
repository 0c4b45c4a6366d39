package api

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
)

// exportLogs streams everything that matches, whatever its size.
func (a *API) exportLogs(c *fiber.Ctx) error {
	v, err := query(c)
	if err != nil {
		return err
	}
	filter, err := admin.ParseLogFilter(v, a.admin.Now())
	if err != nil {
		return err
	}
	switch v.Get("format") {
	case "csv", "":
		return a.stream(c, "text/csv; charset=utf-8", "requests.csv", func(ctx context.Context, w io.Writer) error {
			return a.admin.ExportCSV(ctx, filter, w)
		})
	case "jsonl":
		return a.stream(c, "application/jsonl", "requests.jsonl", func(ctx context.Context, w io.Writer) error {
			return a.admin.ExportJSONL(ctx, filter, w)
		})
	default:
		return models.Invalid("format", "must be csv or jsonl")
	}
}

// stream sends what write writes as a download. An error before the first byte is answered as usual; after it the
// answer is cut, so that nobody takes a part for the whole.
func (a *API) stream(c *fiber.Ctx, contentType, filename string, write func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.UserContext()))
	pipe, w := io.Pipe()
	go func() {
		err := errors.New("export ended early")
		defer func() {
			if p := recover(); p != nil {
				a.log.Error("export panicked", "panic", p)
			}
			w.CloseWithError(err) // nil ends the stream
		}()
		err = write(ctx, w)
	}()
	body := &download{Reader: bufio.NewReaderSize(pipe, 32<<10), pipe: pipe, cancel: cancel}
	if _, err := body.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return errors.Join(err, body.Close())
	}
	c.Set(fiber.HeaderContentType, contentType)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+filename+`"`)
	c.Context().SetBodyStream(body, -1)
	return nil
}

// download ends the writer when the client has everything, or is gone.
type download struct {
	*bufio.Reader
	pipe   *io.PipeReader
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (d *download) Close() error {
	d.cancel()
	return d.pipe.Close()
}
