package api

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/app/auth"
	"squirrel/models"
)

// actor names who makes the changes of the request.
func (a *API) actor(c *fiber.Ctx) error {
	if id, ok := auth.From(c); ok {
		c.SetUserContext(admin.WithActor(c.UserContext(), id.Username))
	}
	return c.Next()
}

// idParam reads the number in the path. Whatever isn't one never reaches the store.
func idParam(c *fiber.Ctx) (int64, error) {
	id, err := strconv.ParseInt(c.Params("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, models.Invalid("id", "must be a whole number")
	}
	return id, nil
}

// nameParam reads a model's name from the end of the path, raw or with %2F.
func nameParam(rest string) (string, error) {
	name, err := url.PathUnescape(rest)
	if err != nil || name == "" {
		return "", models.Errorf(models.CodeNotFound, "there is nothing at this path")
	}
	return strings.Clone(name), nil
}

// query reads the parameters of the URL. What net/url can't read is refused rather than half read.
func query(c *fiber.Ctx) (url.Values, error) {
	v, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return nil, models.Errorf(models.CodeInvalid, "the query of the URL can't be read")
	}
	return v, nil
}

func pageQuery(c *fiber.Ctx) (admin.PageQuery, url.Values, error) {
	v, err := query(c)
	if err != nil {
		return admin.PageQuery{}, nil, err
	}
	q, err := admin.ParsePageQuery(v)
	return q, v, err
}

// items is a list that isn't cut into pages.
type items[T any] struct {
	Items []T `json:"items"`
}

// answer sends v, unless there is an error.
func answer[T any](c *fiber.Ctx, status int) func(v T, err error) error {
	return func(v T, err error) error {
		if err != nil {
			return err
		}
		return c.Status(status).JSON(v)
	}
}

func noContent(c *fiber.Ctx, err error) error {
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
