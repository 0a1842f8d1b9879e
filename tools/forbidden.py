#!/usr/bin/env python3
"""Fails where src/ calls a function that has its one door elsewhere.

Outgoing connections leave through src/net, SQL is spoken in src/db, and what blocks a thread is
called only where a thread of its own, or start-up, waits for it.
"""

import re
import sys

from csource import code_only, line_of, name_of, sources

# (what is looked for, files or folders where it may stand, what to use instead)
RULES = [
    (r"curl_(?:easy|multi|global|url)_?\w*|connect|uv_tcp_connect|uv_pipe_connect", ["src/net/"],
     "outgoing connections go through net/http_client.h"),
    (r"sqlite3_\w+|PQ[a-z]\w*", ["src/db/"], "SQL goes through db/db.h"),
    (r"getaddrinfo|gethostbyname", ["src/net/egress.c", "src/http/server.c", "src/runtime/resolve.c"],
     "names are resolved on the offload pool"),
    (r"ag_host_resolve", ["src/runtime/resolve.c", "src/runtime/resolve.h",
     "src/db/postgres_connect.c", "src/cache/redis.c"],
     "it finds hosts of the operator's own settings alone; others go through net/egress.h"),
    (r"fopen|fsync|fdatasync|uv_fs_\w+", ["src/app/", "src/db/"],
     "files are read at start-up, or through ag_offload()"),
    (r"sleep|usleep|nanosleep|clock_nanosleep|uv_sleep", ["src/db/sqlite_writer.c", "src/db/sqlite_conn.c"],
     "ag_fiber_sleep() lets the loop go on"),
    (r"system|popen|fork|vfork|execv\w*|execl\w*|posix_spawnp?|uv_spawn", [],
     "no request may reach a shell or a child process"),
    (r"dlopen|dlsym|uv_dlopen", [], "there are no plugins loaded at run time"),
    (r"crypto_pwhash\w*", ["src/auth/password.c"], "passwords go through ag_password_verify()"),
    (r"EVP_MAC_\w+|HMAC", ["src/auth/jwt.c"], "tokens go through ag_jwt_verify()"),
]


def allowed(name, places):
    return any(name == place or (place.endswith("/") and name.startswith(place))
               for place in places)


def main():
    mistakes = 0
    for path in sources("src"):
        name = name_of(path)
        code = code_only(path.read_text(encoding="utf-8"))
        for pattern, places, instead in RULES:
            if allowed(name, places):
                continue
            for match in re.finditer(rf"(?<![\w.>])(?:{pattern})\s*\(", code):
                mistakes += 1
                call = match.group(0).rstrip("( \t\n")
                print(f"{name}:{line_of(code, match.start())}: {call}() may not be called here: "
                      f"{instead}")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
