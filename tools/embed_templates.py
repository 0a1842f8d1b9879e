#!/usr/bin/env python3
"""Turns the agent templates into a C table.

    embed_templates.py TEMPLATES_DIR OUT.c OUT.d

TEMPLATES_DIR holds index.json, the ids in the order they are shown, and ID.json for each of them.
There, a list of strings in `instructions` or `persona` stands for its lines. `keywords` are words of
descriptions that the template fits; they go into the table, not into the document. OUT.d tells the
build what was read, the folder included, so that a new file is noticed.
"""

import hashlib
import json
import pathlib
import re
import sys

ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
WORD = re.compile(r"[a-z0-9]{2,30}")
LINES = ("instructions", "persona")


def stop(text):
    sys.exit(f"embed_templates: {text}")


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} stands there twice")
    return dict(pairs)


def read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=no_duplicates)
    except (OSError, ValueError) as error:
        stop(f"{path}: {error}")


def read_template(folder, name):
    """(id, keywords, compact document)"""
    if not ID.fullmatch(name):
        stop(f"{name}: an id is lower case, with hyphens between its words")
    path = folder / f"{name}.json"
    document = read_json(path)
    keywords = document.pop("keywords", [])
    if not keywords or not all(WORD.fullmatch(word) for word in keywords):
        stop(f"{path}: `keywords` are single words in lower case")
    config = document.get("config", {})
    for field in LINES:
        if isinstance(config.get(field), list):
            config[field] = "\n".join(config[field])
    document = {"id": name, **document}
    return name, " ".join(keywords), json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def c_string(text):
    """One C string literal, cut into lines."""
    out, line = [], ""
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\?':
            line += "\\" + char
        elif 32 <= byte < 127:
            line += char
        else:
            line += f"\\{byte:03o}"
        if len(line) > 88:
            out.append(f'     "{line}"')
            line = ""
    out.append(f'     "{line}"')
    return "\n".join(out)


def main():
    if len(sys.argv) != 4:
        stop("usage: embed_templates.py TEMPLATES_DIR OUT.c OUT.d")
    root, out, depfile = (pathlib.Path(arg) for arg in sys.argv[1:])
    index = root / "index.json"
    names = read_json(index)
    found = {path.stem for path in root.glob("*.json")} - {"index"}
    if len(set(names)) != len(names) or set(names) != found:
        stop(f"{index}: must list each template of the folder once; differs in "
             f"{', '.join(sorted(found.symmetric_difference(names))) or 'a repeated id'}")
    templates = [read_template(root, name) for name in names]
    digest = hashlib.sha256("\n".join(text for _, _, text in templates).encode()).hexdigest()[:16]
    rows = "".join(f'    {{"{name}", "{keywords}",\n{c_string(text)}}},\n'
                   for name, keywords, text in templates)
    out.write_text(
        '#include "core/templates.h"\n\n'
        f"const struct ag_template_source ag_template_sources[] = {{\n{rows}}};\n"
        f"const size_t ag_template_count = {len(templates)};\n"
        f'const char ag_templates_digest[] = "{digest}";\n'
    )
    read = [root, index, *(root / f"{name}.json" for name in names)]
    depfile.write_text(f"{out}: {' '.join(str(p).replace(' ', chr(92) + ' ') for p in read)}\n")


main()
