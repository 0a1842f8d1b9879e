#!/usr/bin/env bash
# The generated documents in docs/ are what the binary generates now. `agentgen docs --dir docs`
# brings them up to date.
set -euo pipefail
cd "$(dirname "$0")/../.."

bin=${AGENTGEN_BIN:-build/agentgen}
[ -x "$bin" ] || { echo "$bin is missing: run make first"; exit 1; }

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$bin" docs --dir "$fresh"

failed=0
for name in config.md errors.md permissions.md audit.md routes.md openapi.json; do
  if [ ! -s "$fresh/$name" ]; then
    echo "$bin does not generate $name"
    failed=1
  elif [ ! -e "docs/$name" ]; then
    echo "docs/$name is missing: $bin docs --dir docs"
    failed=1
  elif ! diff -u "docs/$name" "$fresh/$name" >"$fresh/diff"; then
    echo "docs/$name is out of date: $bin docs --dir docs"
    head -n 20 "$fresh/diff"
    failed=1
  fi
done
for path in "$fresh"/*; do
  name=${path##*/}
  case $name in config.md | errors.md | permissions.md | audit.md | routes.md | openapi.json | diff) ;;
  *)
    echo "$bin generates $name, which tests/drift/docs.sh does not know"
    failed=1
    ;;
  esac
done
exit "$failed"
