#!/usr/bin/env python3
"""Prints files and functions above the soft budgets; fails when one is above double.

  file 800 lines, function 60 lines, cyclomatic complexity 25

A function's lines count from its name to its closing brace. Complexity is one and every `if`, `for`,
`while`, `case`, `?`, `&&`, `||` and loop macro (`..._foreach`).
"""

import re
import sys

from csource import code_only, line_of, name_of, sources, without_directives

FILE_LINES, FUNCTION_LINES, COMPLEXITY = 800, 60, 25
TABLES = {"src/auth/password_common.c"}  # data; a longer list is not a harder file

BRANCH = re.compile(r"\b(?:if|for|while|case|\w+_foreach(?:_\w+)?)\b|&&|\|\||\?")
# A name and its parameters right before a brace, maybe with attributes in between.
HEAD = re.compile(r"\b([A-Za-z_]\w*)\s*\([^;{}]*\)[\sA-Z_a-z0-9(,)]*$")
KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof", "__attribute__"}


def block_end(code, start):
    """The offset after the brace that closes the one at `start`."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, start):
        depth += 1 if match.group(0) == "{" else -1
        if depth == 0:
            return match.end()
    return len(code)


def functions(code):
    """(name, first line, lines, complexity) of every function in the code of one file."""
    at = head_start = 0
    while (brace := code.find("{", at)) >= 0:
        end = block_end(code, brace)
        head_start = max(code.rfind(";", at, brace), code.rfind("}", at, brace), at - 1) + 1
        head = code[head_start:brace]
        match = HEAD.search(head)
        if match and "=" not in head and match.group(1) not in KEYWORDS:
            first = line_of(code, head_start + match.start())
            body = code[brace:end]
            lines = line_of(code, end) - first + 1
            yield match.group(1), first, lines, 1 + len(BRANCH.findall(body))
        at = end


def report(over, what, where, value, budget):
    if value > budget:
        over.append(value > 2 * budget)
        word = "FAIL" if over[-1] else "over"
        print(f"{word}  {where}: {what} {value}, budget {budget}")


def main():
    over, count = [], 0
    for path in sources("src", "tests", suffixes=(".c", ".h", ".mjs")):
        name, text = name_of(path), path.read_text(encoding="utf-8")
        if name not in TABLES:
            report(over, "lines", name, text.count("\n"), FILE_LINES)
        if path.suffix == ".mjs":
            continue
        for function, first, lines, complexity in functions(without_directives(code_only(text))):
            count += 1
            where = f"{name}:{first} {function}()"
            report(over, "lines", where, lines, FUNCTION_LINES)
            report(over, "complexity", where, complexity, COMPLEXITY)
    print(f"budgets: {count} functions, {len(over)} over a budget, {sum(over)} over its double")
    return 1 if any(over) else 0


if __name__ == "__main__":
    sys.exit(main())
