#!/usr/bin/env bash
# Runs the libFuzzer targets under AddressSanitizer and UndefinedBehaviorSanitizer.
#
#   scripts/fuzz.sh                 every target for 30 seconds
#   scripts/fuzz.sh 600             every target for 600 seconds
#   scripts/fuzz.sh 60 jwt fields   these two
#
# Each target starts from its seeds in tests/fuzz/corpus/<name>/ and what earlier runs here found in
# build-fuzz/corpus/<name>/, after every input in tests/fuzz/regressions/<name>/ has passed. As many
# targets run at once as there are cores. A finding fails the run and is left in build-fuzz/findings/:
# mend the code and move the input to tests/fuzz/regressions/<name>/.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build-fuzz

# Runs one target; prints its line and, after a finding, the end of its log.
run_target() {
  local name=$1 seconds=$2 log=$build/log/$1.txt rc=0 edges runs
  local program=$build/tests/fuzz/fuzz-$name options
  options=(-timeout=10 -rss_limit_mb=2048 -max_len=16384 "-artifact_prefix=$build/findings/$name-")
  mkdir -p "$build/corpus/$name"
  : >"$log"
  if compgen -G "tests/fuzz/regressions/$name/*" >/dev/null; then
    "$program" "${options[@]}" tests/fuzz/regressions/"$name"/* >>"$log" 2>&1 || rc=$?
  fi
  if [ -e "tests/fuzz/dict/$name.dict" ]; then options+=("-dict=tests/fuzz/dict/$name.dict"); fi
  if [ "$rc" = 0 ]; then
    "$program" "${options[@]}" "-max_total_time=$seconds" -print_final_stats=1 \
      "$build/corpus/$name" "tests/fuzz/corpus/$name" >>"$log" 2>&1 || rc=$?
  fi
  edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log" | tail -n 1)
  if [ "$rc" = 0 ]; then
    echo "ok    fuzz $name: ${runs:-0} runs in $seconds s, ${edges:-0} edges"
    return 0
  fi
  echo "FAIL  fuzz $name: exit $rc, see $log and $build/findings/$name-*"
  tail -n 40 "$log"
  return 1
}

if [ "${1:-}" = --one ]; then
  run_target "$2" "$3"
  exit
fi

seconds=${1:-30}
case $seconds in '' | *[!0-9]*) echo "usage: scripts/fuzz.sh [seconds [target...]]" >&2; exit 2 ;; esac
[ $# = 0 ] || shift
if [ $# = 0 ]; then
  for source in tests/fuzz/fuzz_*.c; do
    name=${source#tests/fuzz/fuzz_}
    set -- "$@" "${name%.c}"
  done
fi

if [ ! -e "$build/build.ninja" ]; then
  output=$(CC=clang meson setup "$build" -Dfuzz=true -Db_sanitize=address,undefined \
    -Db_lundef=false) || { printf '%s\n' "$output"; exit 1; }
fi
ninja -C "$build" fuzzers >"$build/ninja.txt" || { cat "$build/ninja.txt"; exit 1; }

mkdir -p "$build/log" "$build/findings"
printf '%s\n' "$@" | xargs -P "$(nproc)" -I '{}' "$0" --one '{}' "$seconds"
