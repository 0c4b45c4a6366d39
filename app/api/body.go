package api

import (
	"errors"
	"io"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
)

const (
	maxBody   = 1 << 20
	maxImport = 8 << 20
	maxDrain  = 64 << 10
)

// readBody reads at most limit bytes of the request's body, which is nobody else's afterwards.
func readBody(c *fiber.Ctx, limit int64) ([]byte, error) {
	r := &c.Context().Request
	if int64(r.Header.ContentLength()) > limit {
		return nil, tooLarge(limit)
	}
	if !r.IsBodyStream() {
		body := r.Body()
		if int64(len(body)) > limit {
			return nil, tooLarge(limit)
		}
		return append([]byte(nil), body...), nil
	}
	body, err := io.ReadAll(io.LimitReader(c.Context().RequestBodyStream(), limit+1))
	if err != nil {
		return nil, &models.Error{Code: models.CodeInvalid, Message: "the body could not be read to its end", Err: err}
	}
	if int64(len(body)) > limit {
		return nil, tooLarge(limit)
	}
	return body, nil
}

func tooLarge(limit int64) error {
	return models.Errorf(codeTooLarge, "the body has more than %d bytes", limit)
}

// bodyUnread reports whether a part of the body is still on the wire, where it would be taken for the next request. A
// little of it is read away first, so that the connection survives a refused request.
func bodyUnread(c *fiber.Ctx) bool {
	r := &c.Context().Request
	if !r.IsBodyStream() || c.Context().RequestBodyStream() == nil {
		return false
	}
	_, err := io.CopyN(io.Discard, c.Context().RequestBodyStream(), maxDrain)
	return !errors.Is(err, io.EOF)
}

// decode reads the body into a request struct of app/admin.
func decode(c *fiber.Ctx, dst any) error {
	body, err := readBody(c, maxBody)
	if err != nil {
		return err
	}
	return admin.Decode(body, dst)
}

// decodeOptional takes an absent body for an empty object.
func decodeOptional(c *fiber.Ctx, dst any) error {
	body, err := readBody(c, maxBody)
	if err != nil || len(body) == 0 {
		return err
	}
	return admin.Decode(body, dst)
}
