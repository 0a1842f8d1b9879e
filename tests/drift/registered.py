#!/usr/bin/env python3
"""No source, unit test or fuzz target lies in the tree without being built.

Every src/<module>/*.c stands in that module's meson.build, every tests/unit/test_*.c and
tests/fuzz/fuzz_*.c in theirs, and every fuzz target has seeds.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from csource import ROOT, name_of, sources  # noqa: E402


def listed(meson, word):
    text = re.sub(r"#[^\n]*", "", meson.read_text(encoding="utf-8"))
    return f"'{word}'" in text


def main():
    missing = []
    for path in sources("src", suffixes=(".c",)):
        module = ROOT / "src" / name_of(path).split("/")[1]
        words = [str(path.relative_to(module)), path.name, str(path.relative_to(ROOT / "src")),
                 name_of(path)]
        mesons = [module / "meson.build", path.parent / "meson.build", ROOT / "src" / "meson.build",
                  ROOT / "meson.build"]
        if not any(listed(meson, word) for meson in mesons if meson.exists() for word in words):
            missing.append(f"{name_of(path)} is not built")
    for folder, prefix in (("unit", "test_"), ("fuzz", "fuzz_")):
        meson = ROOT / "tests" / folder / "meson.build"
        for path in sorted((ROOT / "tests" / folder).glob(f"{prefix}*.c")):
            name = path.stem[len(prefix):]
            if not listed(meson, name) and not listed(meson, path.name):
                missing.append(f"{name_of(path)} is not built")
            if folder == "fuzz" and not any((ROOT / "tests/fuzz/corpus" / name).glob("*")):
                missing.append(f"{name_of(path)} has no seeds in tests/fuzz/corpus/{name}/")
    print("\n".join(missing), end="\n" if missing else "")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
