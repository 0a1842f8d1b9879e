#!/usr/bin/env bash
# Runs the tests step by step and ends with one line, `N passed, N failed`.
#
#   scripts/test.sh              every step, in the order below
#   scripts/test.sh check        debug build, unit tests, API tests on SQLite
#   scripts/test.sh lint drift   these steps
#
# A step prints one line; what it said is in build-test/STEP.log, and its end is shown when it fails.
# A step that counts no tests of its own, such as a build, counts as one.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/tools/node/bin:$PATH

logs=build-test
jobs=$(nproc)
total_passed=0
total_failed=0

# ---- what a step is made of ----

# configure DIR OPTION...: sets a build folder up once.
configure() {
  local dir=$1
  shift
  [ -e "$dir/build.ninja" ] || meson setup "$dir" "$@"
}

# Every build takes the web pages in; a release is none without them.
release() {
  scripts/web.sh && configure build --buildtype=release -Doptimization=2 &&
    ninja -C build -j "$jobs" "$@"
}
debug() { configure build-debug --buildtype=debugoptimized && ninja -C build-debug -j "$jobs" "$@"; }
clang_release() {
  scripts/web.sh && CC=clang configure "$logs/clang" --buildtype=release &&
    ninja -C "$logs/clang" -j "$jobs" "$@"
}
asan() {
  CC=clang configure "$logs/asan" -Db_sanitize=address,undefined -Db_lundef=false &&
    ninja -C "$logs/asan" -j "$jobs" "$@"
}
tsan() {
  CC=clang configure "$logs/tsan" -Db_sanitize=thread -Db_lundef=false &&
    ninja -C "$logs/tsan" -j "$jobs" "$@"
}

# unit DIR: runs the unit tests that were built there and prints what each said.
unit() {
  local rc=0
  meson test -C "$1" --suite unit --no-rebuild --num-processes "$jobs" || rc=$?
  cat "$1/meson-logs/testlog.txt"
  return "$rc"
}

# api DIR OPTION...: runs the tests in JavaScript against the binary that was built there.
api() {
  local dir=$1
  shift
  AGENTGEN_BIN=$dir/agentgen AGENTGEN_TEST_LOGS=$PWD/$logs/servers \
    node tests/lib/run.mjs --quiet --concurrency "$((jobs + 4))" "$@"
}

# What the sanitizers are told; a report ends the program at once.
sanitized() {
  ASAN_OPTIONS=abort_on_error=0:detect_leaks=1:strict_string_checks=1 \
    UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
    TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 \
    AGENTGEN_TEST_SLOW=$slow "$@"
}

# ---- the steps ----

# The pages themselves, and what of their sources can be tested without a browser.
step_web() {
  scripts/web.sh &&
    (cd web && npm run --silent typecheck && npm run --silent lint && NO_COLOR=1 npm test --silent)
}
step_gcc() { release all bench-tools && debug all meson-test-prereq; }
step_clang() { clang_release all meson-test-prereq bench-tools; }
step_unit() { debug meson-test-prereq && unit build-debug; }
step_api() { debug agentgen && api build-debug --db both; }
step_api_sqlite() { debug agentgen && api build-debug --db sqlite --no-self; }
step_asan_unit() { asan meson-test-prereq && slow=4 sanitized unit "$logs/asan"; }
# Between them the two checkers see each test with each database.
step_asan_api() { asan agentgen && slow=4 sanitized api "$logs/asan" --db this --no-self; }
step_tsan_unit() { tsan meson-test-prereq && slow=8 sanitized unit "$logs/tsan"; }
step_tsan_api() { tsan agentgen && slow=8 sanitized api "$logs/tsan" --db that --no-self; }
# The whole program in a browser.
step_e2e() {
  release agentgen && AGENTGEN_BIN=build/agentgen npx playwright test -c tests/e2e
}
step_fuzz() { scripts/fuzz.sh 30; }
step_lint() { scripts/lint.sh; }
step_drift() { release agentgen && tests/drift/run.sh; }
step_bench_tools() {
  release bench-tools && node --test --test-reporter=tap tests/bench/tools.test.mjs
}

all_steps="web gcc clang unit api e2e asan_unit asan_api tsan_unit tsan_api fuzz bench_tools drift lint"
check_steps="unit api_sqlite"

# ---- counting ----

# Sums the numbers that an expression captures in a log.
sum() { sed -nE "s/$1/\\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'; }

# Sets `passed` and `failed` from what the step printed, in the words of the tool that it runs.
count() {
  local step=$1 log=$2 rc=$3
  passed=0 failed=0
  case $step in
  *unit)
    passed=$(sum '^\[  PASSED  \] ([0-9]+) test.*' "$log")
    failed=$(sum '^\[  FAILED  \] ([0-9]+) test.*' "$log")
    ;;
  web)
    # The types and the linter count as one.
    passed=$(sum '^ +Tests .*[^0-9]([0-9]+) passed.*' "$log")
    failed=$(sum '^ +Tests .*[^0-9]([0-9]+) failed.*' "$log")
    [ "$rc" != 0 ] || passed=$((passed + 1))
    ;;
  *api | api_sqlite | e2e)
    passed=$(sum '^([0-9]+) passed, [0-9]+ failed$' "$log")
    failed=$(sum '^[0-9]+ passed, ([0-9]+) failed$' "$log")
    ;;
  bench_tools)
    passed=$(sum '^# pass ([0-9]+)$' "$log")
    failed=$(sum '^# fail ([0-9]+)$' "$log")
    ;;
  fuzz | lint | drift)
    passed=$(grep -c '^ok ' "$log" || true)
    failed=$(grep -c '^FAIL ' "$log" || true)
    ;;
  *) [ "$rc" != 0 ] || passed=1 ;;
  esac
  # Whatever fails without saying how often has failed once, and a step that tested nothing too.
  if [ "$failed" = 0 ] && { [ "$rc" != 0 ] || [ "$passed" = 0 ]; }; then failed=1; fi
}

# The part of a log that tells what went wrong.
excerpt() {
  local wrong='^NOT OK|^ +[0-9]+\) |AssertionError|^FAIL |^\[  ERROR|^\[   LINE|error:|Sanitizer|^not ok'
  if grep -qE "$wrong" "$1"; then grep -E -A 12 "$wrong" "$1" | head -n 150; else tail -n 60 "$1"; fi
}

run_step() {
  local step=$1 log=$logs/$1.log start=$SECONDS rc=0 passed failed state=ok
  declare -F "step_$step" >/dev/null || { echo "there is no step $step" >&2; exit 2; }
  "step_$step" >"$log" 2>&1 || rc=$?
  count "$step" "$log" "$rc"
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  [ "$failed" = 0 ] || state=FAIL
  printf '%-5s %-12s %5d passed, %d failed  %4d s\n' \
    "$state" "${step//_/-}" "$passed" "$failed" "$((SECONDS - start))"
  [ "$failed" = 0 ] || { excerpt "$log" | sed 's/^/      /'; echo "      all of it: $log"; }
}

mkdir -p "$logs"
rm -rf "$logs/servers"
case ${1:-all} in
all) steps=$all_steps ;;
check) steps=$check_steps ;;
*) steps=${*//-/_} ;;
esac
for step in $steps; do run_step "$step"; done
printf '%d passed, %d failed\n' "$total_passed" "$total_failed"
[ "$total_failed" = 0 ]
