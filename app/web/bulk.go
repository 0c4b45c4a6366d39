package web

import (
	"context"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"
)

// The fields of what is done to many rows at once.
const (
	bulkOp     = "op" // enable, disable
	bulkPicked = "id" // repeated
)

// bulk turns the picked rows of a list on or off. set does it and says how many changed; key is of the message.
func (w *Web) bulk(list, key string, set func(ctx context.Context, picked []string, on bool) (int, error)) fiber.Handler {
	return func(c *fiber.Ctx) error {
		sent, err := readForm(c)
		if err != nil {
			return err
		}
		if !sent.Has(bulkOp) { // the way back has its fields in the URL
			if sent, err = url.ParseQuery(string(c.Request().URI().QueryString())); err != nil {
				return fiber.ErrBadRequest
			}
		}
		op, opposite := "enable", "disable"
		if sent.Get(bulkOp) != op {
			op, opposite = opposite, op
		}
		picked := sent[bulkPicked]
		n, err := set(c.UserContext(), picked, op == "enable")
		if err != nil {
			return err
		}
		undo := list + "/bulk?" + url.Values{bulkOp: {opposite}, bulkPicked: picked}.Encode()
		if n == 0 || localPath(undo) != undo {
			say(c, key+"."+op+"d_all", "n", n)
		} else {
			sayUndo(c, undo, key+"."+op+"d_all", "n", n)
		}
		return redirect(c, backOr(c, list))
	}
}

// extensions are the days by which keys are extended, by the value of the button.
var extensions = map[string]int{"extend-30": 30, "extend-90": 90}

// bulkKeys lets the picked keys live longer, or turns them on or off.
func (w *Web) bulkKeys() fiber.Handler {
	const list = "/admin/keys"
	toggle := w.bulk(list, "keys", byID(w.opts.Admin.EnableAPIKeys))
	return func(c *fiber.Ctx) error {
		sent, err := readForm(c)
		if err != nil {
			return err
		}
		days, ok := extensions[sent.Get(bulkOp)]
		if !ok {
			return toggle(c)
		}
		extend := byID(func(ctx context.Context, ids []int64, _ bool) (int, error) {
			return w.opts.Admin.ExtendAPIKeys(ctx, ids, days)
		})
		n, err := extend(c.UserContext(), sent[bulkPicked], true)
		if err != nil {
			return err
		}
		say(c, "keys.extended_all", "n", n, "days", days)
		return redirect(c, backOr(c, list))
	}
}

// byID adapts a use-case that takes ids. What is no id is nothing that could be found.
func byID(set func(context.Context, []int64, bool) (int, error)) func(context.Context, []string, bool) (int, error) {
	return func(ctx context.Context, picked []string, on bool) (int, error) {
		ids := make([]int64, len(picked))
		for i, text := range picked {
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return 0, fiber.ErrNotFound
			}
			ids[i] = id
		}
		return set(ctx, ids, on)
	}
}
