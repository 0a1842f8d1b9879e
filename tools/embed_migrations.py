#!/usr/bin/env python3
"""Turns the migrations of both databases into a C table.

    embed_migrations.py MIGRATIONS_DIR OUT.c OUT.d

MIGRATIONS_DIR holds sqlite/NNNN_name.sql and postgres/NNNN_name.sql: the same numbers and names,
without gaps from 0001. OUT.d tells the build what was read, the folders included, so that a new
file is noticed. No file at all is fine: the table is empty then.
"""

import hashlib
import pathlib
import re
import sys

NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
# Not the BEGIN ... END of a trigger's body.
CONTROL = re.compile(
    r"^[ \t]*(BEGIN|COMMIT|ROLLBACK)([ \t]+\w+)*[ \t]*;", re.IGNORECASE | re.MULTILINE
)


def stop(text):
    sys.exit(f"embed_migrations: {text}")


def read_folder(folder):
    """[(version, name, text)] in order; complains about what does not belong there."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(".") or path.name.endswith("~"):
            continue  # an editor's
        match = NAME.fullmatch(path.name)
        if not match:
            stop(f"{path}: a migration is called NNNN_name.sql")
        text = path.read_bytes()
        if b"\0" in text:
            stop(f"{path}: holds a NUL character")
        if CONTROL.search(text.decode("utf-8")):
            stop(f"{path}: each migration is one transaction already; take BEGIN and COMMIT out")
        found.append((int(match[1]), match[2], text))
    for number, (version, name, _) in enumerate(found, 1):
        if version != number:
            stop(f"{folder}: {version:04}_{name}.sql stands where number {number:04} should")
    return found


def c_string(text):
    """C string literals, one per line of the text."""
    lines = []
    for line in text.splitlines(keepends=True):
        out = ""
        for byte in line:
            char = chr(byte)
            if char in '"\\?':
                out += "\\" + char
            elif 32 <= byte < 127:
                out += char
            else:
                out += f"\\{byte:03o}"
        lines.append(f'     "{out}"')
    return "\n".join(lines) or '     ""'


def c_table(database, migrations):
    rows = "".join(
        f'    {{{version}, "{name}",\n     "{hashlib.sha256(text).hexdigest()}",\n{c_string(text)}}},\n'
        for version, name, text in migrations
    )
    # One row too many, all zero: an empty array is no C.
    return f"const struct ag_migration ag_migrations_{database}[] = {{\n{rows}    {{0}},\n}};\n"


def main():
    if len(sys.argv) != 4:
        stop("usage: embed_migrations.py MIGRATIONS_DIR OUT.c OUT.d")
    root, out, depfile = (pathlib.Path(arg) for arg in sys.argv[1:])
    both = {database: read_folder(root / database) for database in ("sqlite", "postgres")}
    if [m[:2] for m in both["sqlite"]] != [m[:2] for m in both["postgres"]]:
        stop(f"{root}: sqlite/ and postgres/ must hold the same numbers and names")

    out.write_text(
        '#include "db/migrate.h"\n\n'
        + "\n".join(c_table(database, migrations) for database, migrations in both.items())
        + f"\nconst size_t ag_migrations_count = {len(both['sqlite'])};\n"
    )
    read = [root, *(root / database for database in both)]
    read = [path for path in read if path.is_dir()]
    read += [p for folder in read[1:] for p in sorted(folder.iterdir())]
    depfile.write_text(f"{out}: {' '.join(str(path).replace(' ', chr(92) + ' ') for path in read)}\n")


main()
