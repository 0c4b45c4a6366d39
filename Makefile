# `make help` lists the targets. `make test` is the one that decides.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
GO ?= go
TAILWIND ?= npx --yes tailwindcss@3.4.17

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## start the gateway with the environment's settings
	$(GO) run .

.PHONY: demo
demo: ## a gateway with simulated providers and a ready key
	$(GO) run . demo

.PHONY: build
build: ## the static binary, ./squirrel
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$$(git describe --tags --always 2>/dev/null || echo dev)" -o squirrel .

.PHONY: setup
setup: ## install what the tests need: PostgreSQL, Chromium, Node packages
	bash scripts/setup.sh

.PHONY: test
test: setup check ## everything: checks, all tests with the race detector on SQLite and PostgreSQL, SDKs, browser
	@# SQLite is C made into Go, and zstd counts bits: the race detector makes them ten times slower and sees nothing of ours in them.
	$(GO) test -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=github.com/klauspost/compress/...=-race=false -shuffle=on -timeout 12m $$($(GO) list ./... | grep -v '/faults$$')
	$(GO) test -shuffle=on -parallel 6 -timeout 12m ./faults
	cd sdktest && $(GO) test -shuffle=on -timeout 8m ./...
	@if [ -d e2e ]; then cd e2e && $(GO) test -shuffle=on -timeout 8m ./...; fi

.PHONY: agents
agents: ## Claude Code and Codex through the gateway (installs 800 MB beside the tests)
	cd sdktest/agents && npm ci --no-audit --no-fund --loglevel=error
	cd sdktest && $(GO) test -tags agents -count=1 -timeout 8m -run TestAgents_ -v .

.PHONY: check
check: ## formatting, vet, generated files, module pins
	bash scripts/check.sh

.PHONY: generate
generate: ## templ components and the stylesheet
	$(GO) tool templ generate
	@if [ -f static/input.css ]; then $(TAILWIND) -c tailwind.config.js -i static/input.css -o static/app.css --minify; fi

.PHONY: bench
bench: ## ratios of Squirrel to a bare reverse proxy, side by side
	$(GO) run ./bench

.PHONY: bench-logs
bench-logs: ## a million log rows on SQLite: lists, details, statistics, retention against their targets
	$(GO) run ./bench/logs

.PHONY: bench-pages
bench-pages: ## every page of the admin over a million log rows: server time and size against their bounds
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	$(GO) run ./bench/logs -queries 1 -retention 1ms -db "sqlite:///$$dir/logs.db" >/dev/null && $(GO) run ./bench/pages -db "sqlite:///$$dir/logs.db"

.PHONY: gallery
gallery: ## pictures of every page of the admin in every state, into GALLERY (default /tmp/squirrel-gallery); ONLY=words picks states
	cd e2e && $(GO) run ./gallery -out $(or $(GALLERY),/tmp/squirrel-gallery) -only "$(ONLY)"

.PHONY: crash
crash: ## 200 random kills under load, and PostgreSQL away for 30 s
	$(GO) test -count=1 -timeout 40m -v -run 'TestH01_Kill|TestH04_' ./faults -args -kills=200 -outage=30s

.PHONY: load
load: ## a minute each of streams, faults, vanishing clients, slow readers and large bodies, with figures
	$(GO) test -count=1 -timeout 30m -v -p 1 -run 'TestLoad_' ./faults -args -soak=60s

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (default 20s)
	bash scripts/fuzz.sh

.PHONY: lint
lint: ## golangci-lint with .golangci.yml
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.5.0 run

.PHONY: docker
docker: ## the image
	docker build -t squirrel .
