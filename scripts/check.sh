#!/usr/bin/env bash
# Formatting, vet, pins, and proof that generated files are what their sources generate.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(git ls-files '*.go' | grep -v '_templ\.go$' | xargs gofmt -l)
[ -z "$unformatted" ] || { echo "gofmt needed:"; echo "$unformatted"; exit 1; }

go vet ./...
(cd sdktest && go vet ./... && go vet -tags agents ./...)
(cd e2e && go vet ./...)
go mod verify >/dev/null

fasthttp=$(go list -m -f '{{.Version}}' github.com/valyala/fasthttp)
minor=$(cut -d. -f2 <<<"$fasthttp")
[ "$minor" -ge 74 ] || { echo "fasthttp $fasthttp is open to request smuggling; v1.74.0 or newer is needed"; exit 1; }

if git ls-files '*.templ' | grep -q .; then
  before=$(git ls-files '*_templ.go' | xargs sha256sum)
  go tool templ generate -log-level error
  [ "$before" = "$(git ls-files '*_templ.go' | xargs sha256sum)" ] || { echo "templ output was stale: commit what 'make generate' makes"; exit 1; }
fi
if [ -f static/input.css ] && command -v npx >/dev/null; then
  fresh=$(mktemp)
  npx --yes tailwindcss@3.4.17 -c tailwind.config.js -i static/input.css -o "$fresh" --minify 2>/dev/null
  cmp -s "$fresh" static/app.css || { echo "static/app.css is stale: commit what 'make generate' makes"; exit 1; }
  rm -f "$fresh"
fi
if git grep -nE '\.(BodyParser|FormFile|SaveFile)\(|SetBodyStreamWriter|gjson\.Valid\(|templ\.Raw\(' -- '*.go' '*.templ' ':!*_test.go' ':!*_templ.go'; then
  echo "the calls above are banned: see docs/architecture.md"; exit 1
fi
echo "checks passed"
