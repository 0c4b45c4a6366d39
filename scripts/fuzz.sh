#!/usr/bin/env bash
# Runs each fuzz target for FUZZTIME, or only those whose name matches FUZZ. On a busy machine the fuzzer sometimes reports that its
# own time is over as a failure; without an input that failed, that is none.
set -euo pipefail
cd "$(dirname "$0")/.."
git grep -o 'func Fuzz[A-Za-z0-9_]*' -- '*_test.go' | grep -E "${FUZZ:-.}" | while IFS=: read -r file name; do
  echo "== ${name#func } in $(dirname "$file")"
  out=$(go test -run '^$' -fuzz "^${name#func }\$" -fuzztime "${FUZZTIME:-20s}" "./$(dirname "$file")" 2>&1) || {
    if ! grep -q 'context deadline exceeded' <<<"$out" || grep -q 'Failing input written' <<<"$out"; then
      echo "$out"
      exit 1
    fi
  }
  grep -E '^fuzz: elapsed' <<<"$out" | tail -1
done
