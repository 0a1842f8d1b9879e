#!/usr/bin/env bash
# Reads the code without running it; prints one line per check and fails when one does.
#
#   scripts/lint.sh          everything (two to three minutes on two cores the first time)
#   scripts/lint.sh quick    without the two analyzers (seconds)
#
# clang-tidy looks again only at files that have changed, or that include one that has, since they
# last passed; the marks are in build-lint/tidy/.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build-lint
failed=0

# check NAME COMMAND...: runs it; shows its output when it fails, or when it has something to say.
check() {
  local name=$1 output rc=0
  shift
  output=$("$@" 2>&1) || rc=$?
  if [ "$rc" = 0 ]; then
    echo "ok    $name"
    [ "$name" != budgets ] || [ -z "$output" ] || printf '      %s\n' "${output//$'\n'/$'\n'      }"
    return 0
  fi
  failed=1
  echo "FAIL  $name"
  printf '%s\n' "$output"
}

c_files() { find src tests -name '*.[ch]' -not -path '*/node_modules/*' | sort; }

# Names the files that `make fmt` would change.
format() {
  local output
  if ! output=$(c_files | xargs clang-format --dry-run -Werror 2>&1); then
    printf '%s\n' "$output" | sed -n 's/^\([^ :]*\.[ch]\):.*/make fmt would change \1/p' | sort -u
    return 1
  fi
}

shell_syntax() {
  local script
  for script in scripts/*.sh tests/drift/*.sh; do bash -n "$script" || return 1; done
}

# The suppressed ids misread this code: a waiting fiber's stack in a queue, lists of pointers, and
# mmap without a file.
cppcheck_src() {
  mkdir -p "$build/cppcheck"
  cppcheck --quiet -j "$(nproc)" "--cppcheck-build-dir=$build/cppcheck" --error-exitcode=1 \
    --enable=warning,portability,performance --std=c11 --library=posix --max-configs=2 \
    -Isrc -DAG_DEBUG=1 -D__x86_64__ -D__linux__ \
    --suppress=missingIncludeSystem --suppress=autoVariables --suppress=pointerSize \
    --suppress=invalidFunctionArg:src/runtime/stack.c \
    --template='{file}:{line}: {severity}: {message} [{id}]' src
}

# Looks at one file and leaves a mark that holds the hash of all that it was compiled from.
tidy_file() {
  local file=$1 mark=$build/tidy/${1//\//_} now
  now=$( { cat .clang-tidy; clang -E -P -std=gnu17 -D_GNU_SOURCE -DAG_DEBUG=1 -Isrc \
    "-I$build/src" $(pkg-config --cflags-only-I libpq) -include src/base/banned.h "$file"; } |
    sha256sum)
  [ ! -e "$mark" ] || [ "$(cat "$mark")" != "$now" ] || return 0
  clang-tidy -p "$build" --quiet "$file" 2>/dev/null || return 1
  printf '%s\n' "$now" >"$mark"
}

tidy() {
  local output
  mkdir -p "$build/tidy"
  if [ ! -e "$build/build.ninja" ]; then
    output=$(CC=clang meson setup "$build") || { printf '%s\n' "$output"; return 1; }
  fi
  # Brings compile_commands.json up to date; builds nothing.
  output=$(ninja -C "$build" build.ninja) || { printf '%s\n' "$output"; return 1; }
  find src -name '*.c' | sort | xargs -P "$(nproc)" -n 1 "$0" --tidy-file
}

case ${1:-all} in
--tidy-file) tidy_file "$2"; exit ;;
all | quick) ;;
*) echo "usage: scripts/lint.sh [quick]" >&2; exit 2 ;;
esac

check format format
check shell-syntax shell_syntax
check budgets python3 -B tools/budgets.py
check forbidden-calls python3 -B tools/forbidden.py
if [ "${1:-all}" = all ]; then
  check cppcheck cppcheck_src
  check clang-tidy tidy
fi
exit "$failed"
