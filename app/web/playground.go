package web

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// playground offers to send a request. It may begin with a recorded one.
func (w *Web) playground(c *fiber.Ctx) error {
	if !w.opts.Admin.CanPlay() {
		return fiber.ErrNotFound
	}
	form := newPlayground(pages.PlayMode(c.Query("mode")), c.Query("model"))
	if id := c.Query("log"); id != "" {
		found, err := w.opts.Admin.Log(c.UserContext(), id)
		if err != nil {
			return err
		}
		form = w.recordedPlayground(&found)
	}
	if text := c.Query("preset"); text != "" {
		id := optionalID(text)
		if id == nil {
			return fiber.ErrNotFound
		}
		preset, err := w.opts.Admin.Preset(c.UserContext(), *id)
		if err != nil {
			return err
		}
		form = presetForm(preset)
	}
	return w.showPlayground(c, form)
}

// newPlayground is an empty form.
func newPlayground(mode pages.PlayMode, model string) pages.Playground {
	form := readPlayground(map[string][]string{"mode": {string(mode)}, "model": {model}, "stream": {"true"}}, nil).Playground
	switch form.Mode {
	case pages.PlayRaw:
		form.Endpoint, form.Body = string(models.EndpointChat), pretty(emptyBody(models.EndpointChat, model))
	case pages.PlaySpeech:
		form.Params = map[string]string{"voice": "alloy", "response_format": "wav"}
	case pages.PlayTranscription:
		form.Stream = false // not every model can
	}
	return form
}

func (w *Web) playPage(c *fiber.Ctx, form *pages.Playground) (layout.Page, error) {
	ctx := c.UserContext()
	if err := w.playChoices(ctx, form); err != nil {
		return layout.Page{}, err
	}
	nameColumns(form)
	if err := w.listPresets(c, form); err != nil {
		return layout.Page{}, err
	}
	for _, mode := range pages.PlayModes {
		form.Tabs = append(form.Tabs, ui.Tab{Label: i18n.T(ctx, "playground.mode."+string(mode)), URL: "/admin/playground?mode=" + string(mode), Current: form.Mode == mode})
	}
	return layout.Page{Title: i18n.T(ctx, "nav.playground"), Nav: layout.NavPlayground, Body: pages.PlaygroundPage(*form)}, nil
}

func (w *Web) showPlayground(c *fiber.Ctx, form pages.Playground) error {
	page, err := w.playPage(c, &form)
	if err != nil {
		return err
	}
	return w.render(c, page, nil)
}

// play sends the request of the form. The answer arrives while the page is sent.
func (w *Web) play(c *fiber.Ctx) error {
	if !w.opts.Admin.CanPlay() {
		return fiber.ErrNotFound
	}
	v, files, err := readFiles(c, maxPlayForm)
	if err != nil {
		return err
	}
	form := readPlayground(v, files)
	op := v.Get("op")
	switch {
	case editMessages(&form.Playground, op), op == "attach":
		return w.changedPlayground(c, form.Playground)
	case op == "save":
		return w.savePreset(c, form.Playground)
	case strings.HasPrefix(op, "drop:"):
		dropImage(&form.Playground, op)
		return w.changedPlayground(c, form.Playground)
	}
	request := form.request()
	if op == "code" {
		delete(form.Errors, "file") // a program names it
	}
	switch {
	case len(form.Errors) > 0:
		return w.changedPlayground(c, form.Playground)
	case op == "raw" && request.Upload == nil:
		form.Mode, form.Endpoint, form.Body = pages.PlayRaw, string(request.Endpoint), pretty(string(request.Body))
		return w.showPlayground(c, form.Playground)
	case op == "code":
		form.Code = playCode(c.UserContext(), w.reachedAs(c), &form.Playground, &request)
		return w.showPlayground(c, form.Playground)
	case hasColumns(&form.Playground):
		form.Side = w.playColumns(&form)
	default:
		form.Streaming = w.playStream(request)
	}
	return w.streamPlayground(c, form.Playground)
}

// changedPlayground shows the form again, with what is wrong with it.
func (w *Web) changedPlayground(c *fiber.Ctx, form pages.Playground) error {
	if len(form.Errors) > 0 {
		c.Status(http.StatusUnprocessableEntity)
	}
	return w.showPlayground(c, form)
}

// playStream performs the request while its page is being sent.
func (w *Web) playStream(request admin.Play) pages.PlayStream {
	return func(ctx context.Context, to pages.PlaySink) (answer pages.PlayAnswer, err error) {
		defer func() {
			if r := recover(); r != nil { // columns run beside the page
				w.opts.Logger.ErrorContext(ctx, "playground panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
				err = errPlayground
			}
		}()
		played, err := w.opts.Admin.Play(ctx, request, func(e admin.PlayEvent) error {
			if e.LogID != "" {
				return to.Began(e.LogID)
			}
			return to.Say(e.Text, e.Reasoning)
		})
		if err != nil {
			if _, known := asError(err); !known {
				w.opts.Logger.ErrorContext(ctx, "playground failed", "error", err)
				err = errPlayground
			}
			return pages.PlayAnswer{}, err
		}
		return playAnswer(request.Endpoint, played), nil
	}
}

var errPlayground = models.Errorf(models.CodeInternal, "the request could not be sent")

// stopPlay ends a request that runs. With the script the page stays where it is, and what became of the request arrives in it;
// without, a form leads away from a page that still arrives, so it leads to the record.
func (w *Web) stopPlay(c *fiber.Ctx) error {
	if !w.opts.Admin.CanPlay() || !w.opts.Admin.CanCancel() {
		return fiber.ErrNotFound
	}
	v, err := readForm(c)
	if err != nil {
		return err
	}
	id := v.Get("id")
	_, err = w.opts.Admin.Cancel(c.UserContext(), id)
	if err != nil && models.ErrorCode(err) != models.CodeConflict { // it has ended by itself
		return err
	}
	if isHTMX(c) {
		return c.SendStatus(http.StatusNoContent)
	}
	if err := w.opts.Admin.AwaitLog(c.UserContext(), id); err != nil {
		return err
	}
	return redirect(c, logPath(id))
}
