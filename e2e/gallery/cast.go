package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var namedInPath = regexp.MustCompile(`\{([a-z0-9-]+)\}`)

// path puts the cast's ids into a path.
func (c *cast) path(path string) (string, error) {
	var missing error
	full := namedInPath.ReplaceAllStringFunc(path, func(name string) string {
		id := c.IDs[name[1:len(name)-1]]
		if id == "" {
			missing = fmt.Errorf("nothing is called %s", name)
		}
		return url.PathEscape(id)
	})
	return full, missing
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64) // the cast's ids are numbers, or made here
	return n
}

func portOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return "0"
	}
	return u.Port()
}

// collect finds a request whose details are gone, once the gateway has cleaned up.
func (s *scene) collect(ctx context.Context) error {
	for range 60 {
		expired, err := s.expired(ctx)
		if err != nil || expired != "" {
			s.cast.IDs["expired"] = expired
			return err
		}
		time.Sleep(time.Second)
	}
	return errors.New("no request has lost its details")
}

// expired is a request whose details were deleted; "" = none yet.
func (s *scene) expired(ctx context.Context) (string, error) {
	var page struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	end := time.Now().UTC().AddDate(0, 0, -7).Format(time.RFC3339)
	if err := s.full.call(ctx, http.MethodGet, "/api/admin/logs?page_size=60&status=200&end_time="+end, nil, &page); err != nil {
		return "", err
	}
	for _, item := range page.Items {
		var view struct {
			Reason string `json:"detail_reason"`
		}
		if err := s.full.call(ctx, http.MethodGet, "/api/admin/logs/"+item.ID, nil, &view); err != nil {
			return "", err
		}
		if view.Reason == "expired" {
			return item.ID, nil
		}
	}
	return "", nil
}

// post sends a form of a page as a logged-in browser does.
func (g *gateway) post(ctx context.Context, path string, form url.Values) error {
	jar, _ := cookiejar.New(nil) // it has no options that could be wrong
	client := &http.Client{Jar: jar}
	send := func(path string, form url.Values) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+path, strings.NewReader(form.Encode()))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: status %d", path, resp.StatusCode)
		}
		return nil
	}
	if err := send("/admin/login", url.Values{"username": {adminName}, "password": {adminPassword}}); err != nil {
		return err
	}
	return send(path, form)
}
