#!/usr/bin/env bash
# A route row without a permission does not compile; the same row with one does.
set -euo pipefail
cd "$(dirname "$0")/../.."

compiles() { # permission
  printf '%s\n' '#include "api/route.h"' \
    'static enum ag_err handler(struct ag_ctx *ctx) { (void)ctx; return AG_OK; }' \
    'extern const struct ag_route row;' \
    "const struct ag_route row = AG_ROUTE(\"x\", GET, \"/x\", $1, handler, \"X\", .tag = \"X\");" |
    "${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -Isrc -include src/base/banned.h -fsyntax-only -x c - \
      2>/dev/null
}

compiles PUBLIC || { echo "a row with a permission does not compile"; exit 1; }
compiles AGENTS_READ || { echo "a row with a permission does not compile"; exit 1; }
if compiles UNSET; then echo "a row without a permission compiles"; exit 1; fi
