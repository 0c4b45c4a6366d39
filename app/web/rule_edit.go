package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

// ruled is what a rule belongs to: a model or a route.
type ruled struct {
	rule    *models.Rule
	version int64
	field   string // of the use-case's input
	subject string // in words
	back    string // its page
	model   string
	route   int64 // 0 = the model's own rule
}

func (w *Web) ruledModel(c *fiber.Ctx) (ruled, error) {
	m, err := w.opts.Admin.Model(c.UserContext(), modelParam(c))
	return ruled{
		rule: m.Rules, version: m.Version, field: "matching_rules", back: modelPath(m.Name), model: m.Name,
		subject: i18n.T(c.UserContext(), "rules.of_model", "model", m.Name),
	}, err
}

func (w *Web) ruledRoute(c *fiber.Ctx) (ruled, error) {
	id, err := idOf(c)
	if err != nil {
		return ruled{}, err
	}
	r, err := w.opts.Admin.Route(c.UserContext(), id)
	return ruled{
		rule: r.Rules, version: r.Version, field: "provider_rules", back: modelPath(r.ModelName), model: r.ModelName, route: id,
		subject: i18n.T(c.UserContext(), "rules.of_route", "model", r.ModelName, "provider", r.ProviderName, "target", r.TargetModel),
	}, err
}

func (w *Web) modelRule(c *fiber.Ctx) error { return w.ruleForm(c, w.ruledModel) }
func (w *Web) routeRule(c *fiber.Ctx) error { return w.ruleForm(c, w.ruledRoute) }

func (w *Web) editModelRule(c *fiber.Ctx) error { return w.ruleAction(c, w.ruledModel) }
func (w *Web) editRouteRule(c *fiber.Ctx) error { return w.ruleAction(c, w.ruledRoute) }

// ruleForm shows the saved rule.
func (w *Web) ruleForm(c *fiber.Ctx, find func(*fiber.Ctx) (ruled, error)) error {
	of, err := find(c)
	if err != nil {
		return err
	}
	p := pages.RuleEditor{Version: whole(of.version), Root: ruleNode(of.rule)}
	p.Test.Sample, err = w.readSample(c.UserContext(), url.Values{"try_log": {c.Query("log")}, "op": {"load"}}, "try_")
	if err != nil {
		return err
	}
	return w.showRule(c, of, p)
}

func (w *Web) showRule(c *fiber.Ctx, of ruled, p pages.RuleEditor) error {
	ctx := c.UserContext()
	p.Action, p.Back, p.Subject, p.Fields = of.back+"/rule", of.back, of.subject, ruleFields(ctx)
	if of.route != 0 {
		p.Action = routePath(of.route) + "/rule"
	}
	if p.Words == "" {
		rule, ok := ruleOf(p.Root)
		p.Words, p.Leaves = i18n.T(ctx, "rules.words.invalid"), countLeaves(p.Root)
		if ok {
			p.Words = ruleWords(ctx, rule)
		}
	}
	title := i18n.T(ctx, "rules.title")
	page := layout.Page{Title: title, Nav: layout.NavModels, Body: pages.RuleEditorPage(p), Crumbs: []layout.Crumb{
		{Label: i18n.T(ctx, "nav.models"), URL: "/admin/models"}, {Label: of.model, URL: of.back}, {Label: title},
	}}
	return w.render(c, page, pages.RuleForm(p))
}

// ruleAction does what a button of the form asks and shows the form again, or saves.
func (w *Web) ruleAction(c *fiber.Ctx, find func(*fiber.Ctx) (ruled, error)) error {
	ctx := c.UserContext()
	of, err := find(c)
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	p := pages.RuleEditor{Version: form.Get("version")}
	if p.Test.Sample, err = w.readSample(ctx, form, "try_"); err != nil {
		return err
	}
	rule, ok := readRule(form, &p)
	op := form.Get("op")
	switch {
	case op == "view:json" && ok:
		p.AsJSON, p.JSON = true, ruleJSON(rule)
	case op == "view:form" && ok:
		p.AsJSON = false
	case op == "test" && ok:
		w.tryRule(ctx, rule, of, &p)
	case op == "save" && ok:
		if err := w.saveRule(ctx, of, rule, form.Get("version")); err == nil {
			say(c, "rules.saved")
			return redirect(c, of.back)
		} else if err := w.refuseRule(c, err, of, &p); err != nil {
			return err
		}
	case !p.AsJSON:
		if done := editRule(p.Root, op); done != "" {
			p.Changed = i18n.T(ctx, done)
		}
	}
	if !ok && (op == "save" || op == "test" || strings.HasPrefix(op, "view:")) {
		c.Status(http.StatusUnprocessableEntity)
	}
	return w.showRule(c, of, p)
}

// readRule reads the rule from either view. What is wrong is marked in p.
func readRule(form url.Values, p *pages.RuleEditor) (rule *models.Rule, ok bool) {
	var err error
	if form.Get("view") == "json" {
		p.AsJSON, p.JSON, p.Root = true, form.Get("json"), ruleNode(nil)
		if rule, err = parseRule(p.JSON); err != nil {
			p.Errors, p.Words = []string{err.Error()}, "—"
			return nil, false
		}
		p.Root = ruleNode(rule)
	} else {
		if p.Root, err = decodeNode(form); err != nil {
			p.Root, p.Errors = ruleNode(nil), []string{messageOf(err)}
			return nil, false
		}
		if rule, ok = ruleOf(p.Root); !ok {
			return nil, false
		}
	}
	if _, err := admin.CompileRule("rule", rule); err != nil {
		p.Errors = markProblems(p.Root, fieldsOf(err))
		if p.AsJSON {
			p.Errors = problemLines(fieldsOf(err))
		}
		return rule, false
	}
	return rule, true
}

// parseRule reads the JSON view, strictly, and says where it goes wrong.
func parseRule(text string) (*models.Rule, error) {
	var rule *models.Rule
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	err := dec.Decode(&rule)
	if err == nil && dec.More() {
		err = errors.New("there is more than one value")
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, models.Errorf(models.CodeInvalid, "is not valid JSON, line %d", lineAt(text, syntax.Offset))
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, models.Errorf(models.CodeInvalid, "is not valid JSON, line %d", lineAt(text, int64(len(text))))
	}
	if err != nil {
		return nil, models.Errorf(models.CodeInvalid, "is not a rule: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return rule, nil
}

func lineAt(text string, offset int64) int {
	return 1 + bytes.Count([]byte(text)[:min(max(offset, 0), int64(len(text)))], []byte("\n"))
}

func problemLines(fields map[string]string) []string {
	var lines []string
	for path, problem := range fields {
		lines = append(lines, path+": "+problem)
	}
	return sorted(lines)
}

func (w *Web) tryRule(ctx context.Context, rule *models.Rule, of ruled, p *pages.RuleEditor) {
	in, fields := dryRunOf(p.Test.Sample)
	p.Test.Errors = fields
	if len(fields) > 0 {
		return
	}
	if in.Model == "" {
		in.Model = of.model
	}
	test, err := w.opts.Admin.TestRule(ctx, rule, in)
	if err != nil {
		p.Test.Error = messageOf(err)
		return
	}
	p.Test.Done, p.Test.Matched, p.Test.Fault, p.Test.Estimated = true, test.Matched, test.Fault, test.Estimated
	showTrace(p.Root, test.Leaves)
}

func (w *Web) saveRule(ctx context.Context, of ruled, rule *models.Rule, version string) error {
	sent := admin.Null[models.Rule]()
	if rule != nil {
		sent = admin.Some(*rule)
	}
	expect := wholeOrNil(version)
	if of.route != 0 {
		_, err := w.opts.Admin.UpdateRoute(ctx, of.route, admin.RouteInput{Rules: sent, Version: expect})
		return err
	}
	_, err := w.opts.Admin.UpdateModel(ctx, of.model, admin.ModelInput{Rules: sent, Version: expect})
	return err
}

// refuseRule shows why a rule was not saved. After a conflict, saving again is meant to overwrite: the version is the new one.
func (w *Web) refuseRule(c *fiber.Ctx, err error, of ruled, p *pages.RuleEditor) error {
	if !refusedForm(err) {
		return err
	}
	c.Status(http.StatusUnprocessableEntity)
	if models.ErrorCode(err) == models.CodeVersionConflict {
		p.Message, p.Version = i18n.T(c.UserContext(), "rules.conflict", "theirs", ruleWords(c.UserContext(), of.rule)), whole(of.version)
		return nil
	}
	p.Errors = markProblems(p.Root, fieldsOf(err))
	return nil
}
