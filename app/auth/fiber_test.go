package auth

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

func TestCookieAttributes(t *testing.T) {
	for publicURL, want := range map[string]string{
		"":                     "sq_sess=%; max-age=60; path=/; HttpOnly; SameSite=Lax",
		"http://gw.example":    "sq_sess=%; max-age=60; path=/; HttpOnly; SameSite=Lax",
		"https://gw.example/x": "__Host-sq_sess=%; max-age=60; path=/; HttpOnly; secure; SameSite=Lax",
	} {
		k := newKit(t, Options{Username: "root", Password: "correct horse", PublicURL: publicURL, TokenTTL: time.Minute})
		login := k.mustLogin(t)
		app := fiber.New()
		app.Post("/in", func(c *fiber.Ctx) error { k.SetCookie(c, login); return nil })
		app.Post("/out", func(c *fiber.Ctx) error { k.ClearCookie(c); return nil })
		app.Get("/", k.Require, func(c *fiber.Ctx) error {
			id, ok := From(c)
			if !ok {
				return fiber.ErrTeapot
			}
			return c.SendString(id.Username)
		})
		in, err := app.Test(httptest.NewRequest("POST", "/in", nil))
		if err != nil {
			t.Fatal(err)
		}
		got := in.Header.Get("Set-Cookie")
		if wanted := replaceToken(want, login.Token.Reveal()); got != wanted {
			t.Errorf("PUBLIC_URL %q: %s, want %s", publicURL, got, wanted)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(in.Cookies()[0])
		if page, err := app.Test(r); err != nil || page.StatusCode != 200 {
			t.Errorf("PUBLIC_URL %q: page is %v, %v", publicURL, page.StatusCode, err)
		}
		out, err := app.Test(httptest.NewRequest("POST", "/out", nil))
		if err != nil || !out.Cookies()[0].Expires.Before(time.Now()) || out.Cookies()[0].Value != "" {
			t.Errorf("the cookie was not cleared: %v, %v", out.Header, err)
		}
	}
}

func replaceToken(pattern, token string) string {
	for i := range pattern {
		if pattern[i] == '%' {
			return pattern[:i] + token + pattern[i+1:]
		}
	}
	return pattern
}
