package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"

	"squirrel/app"
	"squirrel/models"
)

// visitor is a logged-in browser at a gateway of this process.
type visitor struct {
	gateway *app.App
	base    string
	client  *http.Client
	dir     string
	stop    context.CancelFunc
	stopped chan error
}

const password = "a password for the bench"

// visit starts a gateway on a database and logs in. The key that encrypts nothing is that of bench/logs.
func visit(ctx context.Context, database string) (*visitor, error) {
	dir, err := os.MkdirTemp("", "bench-pages-*")
	if err != nil {
		return nil, fmt.Errorf("make a data directory: %w", err)
	}
	cfg, logger, err := app.Configure([]string{
		"HOST=127.0.0.1", "PORT=0", "DATA_DIR=" + dir, "DATABASE_URL=" + database, "ADMIN_USERNAME=bench", "ADMIN_PASSWORD=" + password,
		"ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32)), "LOG_RETENTION_DAYS=3650", "SHUTDOWN_GRACE_SECONDS=1",
	}, "", io.Discard)
	if err != nil {
		return nil, err
	}
	gateway, err := app.Start(ctx, cfg, logger)
	if err != nil {
		return nil, err
	}
	jar, _ := cookiejar.New(nil) // it has no options that could be wrong
	running, stop := context.WithCancel(ctx)
	v := &visitor{gateway: gateway, base: "http://" + gateway.Addr(), client: &http.Client{Jar: jar}, dir: dir, stop: stop, stopped: make(chan error, 1)}
	go func() { v.stopped <- gateway.Run(running) }()
	resp, err := v.client.PostForm(v.base+"/admin/login", url.Values{"username": {"bench"}, "password": {password}})
	if err != nil {
		v.close()
		return nil, err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		v.close()
		return nil, fmt.Errorf("login: status %d", resp.StatusCode)
	}
	return v, nil
}

func (v *visitor) close() {
	v.stop()
	if err := <-v.stopped; err != nil {
		fmt.Fprintln(os.Stderr, "bench/pages: stop:", err)
	}
	os.RemoveAll(v.dir)
}

// get reads a page and returns its size.
func (v *visitor) get(ctx context.Context, path string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "</html>")) {
		err = fmt.Errorf("%s: status %d, %d bytes", path, resp.StatusCode, len(body))
	}
	return len(body), err
}

// configure adds what the generated requests seem to have come through, unless something is there.
func (v *visitor) configure(ctx context.Context, sample []models.RequestLog) error {
	store := v.gateway.Store()
	config, err := store.LoadConfig(ctx)
	if err != nil || len(config.Providers) > 0 {
		return err
	}
	providers, named, keys := map[string]int64{}, map[string]bool{}, map[string]bool{}
	for i := range sample {
		l := &sample[i]
		if l.ProviderName == "" || l.TargetModel == "" {
			continue
		}
		if _, there := providers[l.ProviderName]; !there {
			p := models.Provider{Name: l.ProviderName, Protocol: models.ProtocolOpenAI, BaseURL: "https://" + l.ProviderName + ".example/v1", IsActive: true, ResponseTimeout: 60, ConnectTimeout: 10}
			if err := store.CreateProvider(ctx, &p); err != nil {
				return err
			}
			providers[l.ProviderName] = p.ID
		}
		if !named[l.RequestedModel] {
			named[l.RequestedModel] = true
			if err := v.addModel(ctx, l, providers[l.ProviderName]); err != nil {
				return err
			}
		}
		if !keys[l.APIKeyName] {
			keys[l.APIKeyName] = true
			k := models.APIKey{Name: l.APIKeyName, Mask: "lgw-a1b2…c3d4", IsActive: true, RecordDetails: true}
			copy(k.Hash[:], l.ID)
			if err := store.CreateAPIKey(ctx, &k); err != nil {
				return err
			}
		}
	}
	if len(providers) == 0 {
		return errors.New("the log holds no request that a provider answered")
	}
	return v.gateway.Reload(ctx)
}

func (v *visitor) addModel(ctx context.Context, l *models.RequestLog, provider int64) error {
	store := v.gateway.Store()
	if err := store.CreateModel(ctx, &models.Model{Name: l.RequestedModel, Strategy: models.StrategyPriority, Type: models.ModelChat, IsActive: true}); err != nil {
		return err
	}
	return store.CreateRoute(ctx, &models.Route{ModelName: l.RequestedModel, ProviderID: provider, TargetModel: l.TargetModel, Weight: 1, IsActive: true})
}
