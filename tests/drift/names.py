#!/usr/bin/env python3
"""What the written documents name exists.

A function in backticks with its parentheses, `ag_loop_run()`, is defined or called in src/ or in
tests/; in docs/internals/ this holds for our own functions, those that begin with ag_. A file in
backticks that begins with one of the repository's folders is there.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from csource import ROOT, code_only, line_of, name_of, sources  # noqa: E402

WRITTEN = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "THREAT-MODEL.md"]
FOLDERS = ("src", "tests", "scripts", "tools", "docs", "deploy", "web", ".ci")

CODE = re.compile(r"`([^`\n]+)`")
CALL = re.compile(r"\b([A-Za-z_]\w*)\(\)")
PATH = re.compile(r"(?:%s)/[\w./-]*\w" % "|".join(re.escape(f) for f in FOLDERS))


def known_functions():
    names = set()
    for path in sources("src", "tests"):
        code = code_only(path.read_text(encoding="utf-8"))
        names.update(re.findall(r"\b([A-Za-z_]\w*)\s*\(", code))
    return names


def documents():
    for name in WRITTEN:
        if (ROOT / name).exists():
            yield ROOT / name, False
    for path in sorted((ROOT / "docs" / "internals").glob("*.md")):
        yield path, True


def main():
    functions, mistakes = known_functions(), 0
    if not (ROOT / "ARCHITECTURE.md").exists():
        print("ARCHITECTURE.md is missing")
        mistakes += 1
    for path, ours_only in documents():
        text = path.read_text(encoding="utf-8")
        for match in CODE.finditer(text):
            where, words = f"{name_of(path)}:{line_of(text, match.start())}", match.group(1)
            for name in CALL.findall(words):
                if name not in functions and (name.startswith("ag_") or not ours_only):
                    mistakes += 1
                    print(f"{where}: there is no function {name}()")
            if PATH.fullmatch(words) and not (ROOT / words).exists():
                mistakes += 1
                print(f"{where}: there is no {words}")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
