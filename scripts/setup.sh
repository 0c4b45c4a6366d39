#!/usr/bin/env bash
# Installs what the tests need and is not there yet. Works on Debian and Ubuntu; elsewhere it says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

postgres_there() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
chromium_there() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }

missing=()
postgres_there || missing+=(postgresql)
chromium_there || missing+=(chromium)
command -v node >/dev/null || missing+=(nodejs npm)
command -v cc >/dev/null || missing+=(gcc libc6-dev) # the race detector needs a C toolchain

if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || { echo "please install: ${missing[*]}"; exit 1; }
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo="sudo"
  echo "installing ${missing[*]}"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

for packages in sdktest/node e2e/node; do
  installed="$packages/node_modules/.package-lock.json"
  if [ -f "$packages/package.json" ] && { [ ! -f "$installed" ] || [ "$packages/package-lock.json" -nt "$installed" ]; }; then
    (cd "$packages" && npm ci --no-audit --no-fund --loglevel=error)
  fi
done
