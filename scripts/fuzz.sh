#!/usr/bin/env bash
# Runs each fuzz target for FUZZTIME.
set -euo pipefail
cd "$(dirname "$0")/.."
git grep -ho --line-number 'func Fuzz[A-Za-z0-9_]*' -- '*_test.go' >/dev/null || exit 0
git grep -o 'func Fuzz[A-Za-z0-9_]*' -- '*_test.go' | while IFS=: read -r file name; do
  go test -run '^$' -fuzz "^${name#func }\$" -fuzztime "${FUZZTIME:-20s}" "./$(dirname "$file")"
done
