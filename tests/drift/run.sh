#!/usr/bin/env bash
# What is written in two places says the same in both. Prints a line per check and the mistakes of
# those that fail, and fails when one does. AGENTGEN_BIN names another binary than build/agentgen.
set -euo pipefail
cd "$(dirname "$0")"

failed=0
for check in *.py *.sh; do
  [ "$check" != run.sh ] || continue
  rc=0
  case $check in
  *.py) output=$(python3 -B "$check" 2>&1) || rc=$? ;;
  *) output=$(bash "$check" 2>&1) || rc=$? ;;
  esac
  if [ "$rc" = 0 ]; then
    echo "ok    ${check%.*}"
  else
    echo "FAIL  ${check%.*}"
    printf '%s\n' "$output"
    failed=1
  fi
done
exit "$failed"
