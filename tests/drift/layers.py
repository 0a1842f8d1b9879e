#!/usr/bin/env python3
"""Every #include in src/ obeys the layers, and libraries are met only behind their module.

  base < runtime < {http, db, cache, net} < llm < auth < store < core < api < app

A module includes itself and what stands left of it; modules inside the braces do not include each
other. Only api, app and the generated assets in web know HTTP; web is for api and app.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from csource import name_of, sources  # noqa: E402

LAYERS = [["base"], ["runtime"], ["http", "db", "cache", "net"], ["llm"], ["auth"], ["store"],
          ["core"], ["api"], ["app"]]
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}
# Modules that may be included only by these, besides themselves.
ONLY = {"http": {"api", "app", "web"}, "web": {"api", "app"}}
WEB_INCLUDES = {"base", "http"}

LIBRARIES = {
    "curl/": {"net"},
    "llhttp": {"http"},
    "sqlite3": {"db"},
    "libpq": {"db"},
    "postgres": {"db"},
    "hiredis": {"cache"},
    "openssl/": {"auth"},
    "zlib": {"http", "web"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def wrong_module(module, path):
    """Why a file of `module` must not include "path", or None."""
    target = path.split("/")[0]
    if "/" not in path or target not in RANK and target != "web":
        return "write it from src/, as in \"base/err.h\""
    if target == module:
        return None
    if target in ONLY and module not in ONLY[target]:
        return f"only {', '.join(sorted(ONLY[target]))} may include {target}/"
    if module == "web":
        return None if target in WEB_INCLUDES else f"web/ may not include {target}/"
    if target == "web" or RANK[target] < RANK[module]:
        return None
    side = "beside" if RANK[target] == RANK[module] else "right of"
    return f"{target}/ stands {side} {module}/"


def wrong_library(module, path):
    for prefix, owners in LIBRARIES.items():
        if path.startswith(prefix) and module not in owners:
            return f"only {', '.join(sorted(owners))} may use this library"
    return None


def main():
    mistakes = count = 0
    for path in sources("src"):
        module = name_of(path).split("/")[1]
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            count += 1
            quoted = match.group(1) == '"'
            why = (wrong_module if quoted else wrong_library)(module, match.group(2))
            if why:
                mistakes += 1
                print(f"{name_of(path)}:{number}: #include of {match.group(2)}: {why}")
    if count == 0:
        print("no #include found: the check looks in the wrong place")
    return 1 if mistakes or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
