package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"squirrel/e2e/kit"
)

// look is how a page is looked at.
type look struct {
	lang, scheme string
	width        int64
}

// name is the end of a picture's name. English is not told.
func (l look) name() string {
	name := fmt.Sprintf("%d-%s", l.width, l.scheme)
	if l.lang != "en" {
		name += "-" + l.lang
	}
	return name
}

// looks are those of a state. Chinese is looked at in the light only: colours don't depend on the language.
func (s *state) looks(wanted []string) (all []look) {
	for _, lang := range []string{"en", "zh"} {
		for _, width := range []int64{1280, 375} {
			for _, scheme := range []string{"light", "dark"} {
				l := look{lang: lang, scheme: scheme, width: width}
				foreign := lang == "zh" && (!s.zh || scheme == "dark")
				if !foreign && (width > 600 || !s.wide) && holdsOne("en-"+l.name(), wanted) {
					all = append(all, l)
				}
			}
		}
	}
	return all
}

// photographer is a tab that is logged in.
type photographer struct {
	tab     context.Context
	gateway *gateway
	cast    *cast
	out     string
}

// takeAll takes the pictures of all states. A state that can't be brought about is told in the end; the others go on.
func takeAll(ctx context.Context, s *scene, states []state, o options) error {
	var failed []string
	taken, began := 0, time.Now()
	for _, home := range []*gateway{s.full, s.empty} {
		p := photographer{gateway: home, cast: &s.cast, out: o.out}
		var stop context.CancelFunc
		p.tab, stop = kit.Browser(ctx)
		if err := p.login(); err != nil {
			stop()
			return fmt.Errorf("login: %w", err)
		}
		for i := range states {
			if states[i].empty != (home == s.empty) {
				continue
			}
			n, err := p.take(&states[i], states[i].looks(o.looks))
			if taken += n; err != nil {
				failed = append(failed, fmt.Sprintf("%s: %v", states[i].name, err))
			}
		}
		stop()
	}
	fmt.Printf("gallery: %d pictures of %d states in %s\n", taken, len(states), time.Since(began).Round(time.Second))
	if len(failed) > 0 {
		return fmt.Errorf("%d states could not be taken:\n  %s", len(failed), strings.Join(failed, "\n  "))
	}
	return nil
}

// do runs steps in the tab. The first time it starts the browser, whose life must not end with the steps.
func (p *photographer) do(steps ...chromedp.Action) error {
	ctx, cancel := context.WithTimeout(p.tab, 20*time.Second)
	defer cancel()
	return chromedp.Run(ctx, steps...)
}

func (p *photographer) login() error {
	if err := chromedp.Run(p.tab); err != nil {
		return err
	}
	return p.do(
		kit.Size(1280, kit.Window), chromedp.Navigate(p.gateway.url+"/admin/login"),
		write(`#username`, adminName), write(`#password`, adminPassword), click(`main form button[type=submit]`), waitFor(`[data-testid=account]`),
	)
}

// take brings a state about once for each language, and takes it in all looks.
func (p *photographer) take(s *state, looks []look) (taken int, err error) {
	lang := ""
	for _, l := range looks {
		if l.lang != lang {
			if err := p.open(s, l); err != nil {
				return taken, err
			}
			lang = l.lang
		}
		if err := p.picture(s, l); err != nil {
			return taken, err
		}
		taken++
	}
	return taken, nil
}

func (p *photographer) open(s *state, l look) error {
	path, err := p.cast.path(s.path)
	if err != nil {
		return err
	}
	steps := []chromedp.Action{
		scripts(false), kit.Size(l.width, kit.Window), kit.Scheme(l.scheme), chromedp.Navigate(p.gateway.url + "/admin/account?lang=" + l.lang),
		scripts(s.plain), chromedp.Navigate(p.gateway.url + path), pause(300 * time.Millisecond),
	}
	return p.do(append(steps, s.steps...)...)
}

func (p *photographer) picture(s *state, l look) error {
	height := int64(kit.Window)
	steps := []chromedp.Action{kit.Size(l.width, kit.Window), kit.Scheme(l.scheme)}
	if !s.window {
		steps = append(steps, kit.Height(&height))
	}
	if err := p.do(steps...); err != nil {
		return err
	}
	var png []byte
	if err := p.do(kit.Size(l.width, height), pause(100*time.Millisecond), chromedp.CaptureScreenshot(&png)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.out, s.name+"--"+l.name()+".png"), png, 0o600)
}
