#!/usr/bin/env bash
# Builds the web pages, web/ into web/out/, when they are older than what they are made of.
#
#   scripts/web.sh            what is needed; nothing when nothing has changed
#   scripts/web.sh install    the npm packages alone (`make deps` does this, so that building needs no network)
#
# The program takes web/out/ in when it is built; `agentgen --web-dir` serves it as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/tools/node/bin:$PATH
export NEXT_TELEMETRY_DISABLED=1 CI=1

out=web/out
built=$out/.stamp
installed=web/node_modules/.agentgen
log=build-web/build.log

say() { printf '%s\n' "web: $*" >&2; }

# Whether there is a Node.js that can do it.
check_node() {
  local version
  version=$(node --version 2>/dev/null) || version=none
  if [ "$(printf '%s\n' v20.9.0 "$version" | sort -V | head -n 1)" != v20.9.0 ] || [ "$version" = none ]; then
    say "Node.js 20.9 or newer is needed, here is $version: run \`make deps\`"
    exit 1
  fi
}

install() {
  if [ -e "$installed" ] && [ ! web/package-lock.json -nt "$installed" ] &&
    [ ! web/package.json -nt "$installed" ]; then return 0; fi
  check_node
  say "installing the npm packages of web/"
  (cd web && npm ci --ignore-scripts --loglevel=error)
  touch "$installed"
}

# Names one source that is newer than the export. Folders count too: a file may have gone.
newer_source() {
  local not=() name
  for name in web/{node_modules,.next,out,coverage,test-results}; do not+=(-path "$name" -prune -o); done
  for name in next-env.d.ts schema.d.ts '*.tsbuildinfo'; do not+=(-name "$name" -o); done
  find web docs/openapi.json "${not[@]}" -path web -o -newer "$built" -print -quit
}

build() {
  install
  if [ -e "$built" ] && [ -z "$(newer_source)" ]; then return 0; fi
  check_node
  mkdir -p "${log%/*}"
  # What changes from here on is newer than the export.
  touch "$log.begun"
  say "building $out (what it says is in $log)"
  rm -f "$built"
  if ! (cd web && npm run build) >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    exit 1
  fi
  python3 -B tools/pack_assets.py --policies "$out"
  touch -r "$log.begun" "$built"
}

# One at a time, also when several builds of this tree begin together.
mkdir -p .cache
exec 9>.cache/web.lock
flock 9
case ${1:-build} in
build) build ;;
install) install ;;
*) say "no such command: $1"; exit 2 ;;
esac
