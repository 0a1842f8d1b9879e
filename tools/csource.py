"""Reading C well enough for the small checks of this repository."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL
)


def blank(text):
    """Spaces instead of every character but the line ends."""
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """`text` without comments and without what stands in strings; lines and columns stay."""

    def replace(match):
        token = match.group(0)
        return blank(token) if token[0] == "/" else token[0] + blank(token[1:-1]) + token[-1]

    return TOKENS.sub(replace, text)


def without_directives(code):
    """`code` without preprocessor lines, and of every #if only its first branch."""
    lines, branches, in_directive = [], [], False
    for line in code.split("\n"):
        words = re.match(r"\s*#\s*(\w+)", line)
        directive = in_directive or words is not None
        if words and not in_directive:
            if words.group(1) in ("if", "ifdef", "ifndef"):
                branches.append(True)
            elif words.group(1) in ("else", "elif") and branches:
                branches[-1] = False
            elif words.group(1) == "endif" and branches:
                branches.pop()
        in_directive = directive and line.endswith("\\")
        lines.append(line if not directive and all(branches) else "")
    return "\n".join(lines)


def sources(*folders, suffixes=(".c", ".h")):
    """The files with these suffixes in folders of the repository, in order."""
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes and "node_modules" not in path.parts and path.is_file():
                found.append(path)
    return found


def name_of(path):
    return str(path.relative_to(ROOT))


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
