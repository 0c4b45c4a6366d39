package web

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/auth"
	"squirrel/models"
	"squirrel/views/i18n"
)

func TestErrorPages(t *testing.T) {
	k := newKit(t)
	fail := map[string]error{
		"/admin/x/secret": fmt.Errorf("SELECT * FROM secrets: %w", errors.New("sk-123 at /home/x")),
		"/admin/x/away":   models.Errorf(models.CodeUnavailable, "the database does not answer"),
		"/admin/x/gone":   models.Errorf(models.CodeNotFound, "there is no such provider"),
		"/admin/x/large":  fiber.ErrRequestEntityTooLarge,
	}
	for path, err := range fail {
		k.app.Get(path, k.web.begin, k.auth.Require, func(*fiber.Ctx) error { return err })
	}
	// Routes that are added late stand behind the page for everything else; so this one is a gateway of its own.
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	app.Use("/admin", k.web.begin)
	for path, err := range fail {
		app.Get(path, k.auth.Require, func(*fiber.Ctx) error { return err })
	}
	app.Get("/admin/x/panic", k.auth.Require, func(*fiber.Ctx) error { panic("sk-123") })
	k.app = app
	for path, want := range map[string]struct {
		status int
		words  []string
	}{
		"/admin/x/secret": {500, []string{"Something went wrong", "under <code>", "!sk-123", "!SELECT", "!/home"}},
		"/admin/x/panic":  {500, []string{"Something went wrong", "!sk-123"}},
		"/admin/x/away":   {503, []string{"Not available now", "the database does not answer"}},
		"/admin/x/gone":   {404, []string{"Not found", "there is no such provider"}},
		"/admin/x/large":  {413, []string{"Too large"}},
	} {
		k.get(path).want(t, path, want.status, append(want.words, "<!doctype html", `id="main"`)...)
		part := k.get(path, "HX-Request", "true")
		part.want(t, path+" to htmx", want.status, `hx-swap-oob="beforeend:#toasts"`, "!<!doctype html", "!sk-123")
		if part.header.Get("HX-Reswap") != "none" {
			t.Errorf("%s: the part that asked is replaced", path)
		}
	}
}

func TestFormsAreBounded(t *testing.T) {
	k := newKit(t)
	k.post("/admin/providers/new", "remark", strings.Repeat("x", maxForm)).want(t, "huge form", http.StatusRequestEntityTooLarge)
	k.postForm("/admin/providers/new", providerForm(), "Content-Type", "application/json").want(t, "JSON", http.StatusUnsupportedMediaType)
	k.postForm("/admin/providers/new", providerForm(), "Content-Encoding", "gzip").want(t, "packed", http.StatusUnsupportedMediaType)
	k.get("/admin/providers/abc").want(t, "odd id", http.StatusNotFound)
	k.get("/admin/providers/-1").want(t, "negative id", http.StatusNotFound)
	k.get("/admin/keys/99999999999999999999").want(t, "huge id", http.StatusNotFound)
}

func TestStatuses(t *testing.T) {
	for err, want := range map[error]int{
		fiber.ErrNotFound:                              404,
		errors.New("x"):                                500,
		models.Errorf(models.CodeInternal, "x"):        500,
		models.Errorf(auth.CodeCSRF, "x"):              403,
		models.Errorf(models.CodeBusy, "x"):            503,
		models.Errorf(models.CodeVersionConflict, "x"): 409,
	} {
		if got := statusOf(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

// TestMessagesFromBelowAreTranslated reads the sources of the packages below for what they say about fields.
func TestMessagesFromBelowAreTranslated(t *testing.T) {
	said := map[string]string{}
	for _, dir := range []string{"../admin", "../auth", "../../proxy/probe", "."} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") {
				collectMessages(t, name, said)
			}
		}
	}
	if len(said) < 40 {
		t.Fatalf("found only %d messages: does the search still fit?", len(said))
	}
	for message, where := range said {
		if !i18n.Known(message) {
			t.Errorf("%s says %q, which has no words in messages.json", where, message)
		}
	}
}

var verb = regexp.MustCompile(`%[a-z]`)

// collectMessages finds the literal formats given to fail, models.Invalid and models.Errorf, with examples in place of their verbs.
func collectMessages(t *testing.T, name string, said map[string]string) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || selector.Sel.Name != "fail" && selector.Sel.Name != "Invalid" && selector.Sel.Name != "Errorf" {
			return true
		}
		literal, ok := call.Args[1].(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		if text, err := strconv.Unquote(literal.Value); err == nil && text != "%s" {
			said[verb.ReplaceAllString(text, "7")] = fset.Position(n.Pos()).String()
		}
		return true
	})
}
