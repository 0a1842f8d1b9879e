#!/usr/bin/env bash
# Installs what agentgen needs on Debian 12 or 13, by package name.
#
#   scripts/deps.sh build    what `make` needs (compiler, libraries, Node.js and npm packages)
#   scripts/deps.sh test     that, and what `make test` needs (clang, PostgreSQL, nginx, Chromium, ...)
#
# Nothing is done for what is already there, so it is cheap to call before every build. Debian 12
# lacks two libraries (llhttp, yyjson); they come from Debian 13, pinned to exactly those names and
# reached by changing the suite of the machine's own Debian source, so that mirrors keep working. Its
# Node.js is too old for building the web pages; a newer one comes from npm into tools/node/.
set -euo pipefail
cd "$(dirname "$0")/.."
# What the machine itself has; `make` puts what was installed here before it.
PATH=${PATH//"$PWD/tools/node/bin:"/}

BUILD="gcc make meson ninja-build pkg-config python3 python3-brotli libuv1-dev libboost-context-dev
  libcurl4-openssl-dev libsqlite3-dev libpq-dev libsodium-dev libssl-dev libcjose-dev libhiredis-dev
  zlib1g-dev libllhttp-dev libyyjson-dev ca-certificates"
TEST="clang clang-format clang-tidy cppcheck libclang-rt-dev llvm libcmocka-dev postgresql redis-server
  nginx-light chromium-headless-shell valgrind curl openssl sqlite3 procps"
FROM_NEXT="libllhttp-dev libllhttp9.2 libyyjson-dev libyyjson0"

what=${1:-build}
packages=$BUILD
[ "$what" = build ] || packages="$BUILD $TEST"
# A Node.js that is already there is kept.
command -v node >/dev/null 2>&1 || packages="$packages nodejs"
command -v npm >/dev/null 2>&1 || packages="$packages npm"

say() { printf '%s\n' "deps: $*" >&2; }
suite() { . /etc/os-release && printf '%s' "${VERSION_CODENAME:-}"; }

sudo=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || { say "run this as root, or install sudo"; exit 1; }
  sudo=sudo
fi

# Adds Debian 13 as a source for exactly the packages of FROM_NEXT.
add_next_suite() {
  local list=/etc/apt/sources.list.d/agentgen-trixie uri keyring
  [ ! -e "$list.sources" ] || return 0
  uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        awk '$2 == "bookworm" || $2 == "stable" || $2 == "oldstable" {print $1; exit}')
  [ -n "$uri" ] || { say "no Debian source found in this machine's apt configuration"; exit 1; }
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  say "adding Debian 13 for: $FROM_NEXT"
  $sudo tee "$list.sources" >/dev/null <<SRC
Types: deb
URIs: $uri
Suites: trixie
Components: main
Signed-By: $keyring
SRC
  $sudo tee /etc/apt/preferences.d/agentgen-trixie >/dev/null <<PIN
Package: *
Pin: release n=trixie
Pin-Priority: -10

Package: $FROM_NEXT
Pin: release n=trixie
Pin-Priority: 500
PIN
}

missing=
for p in $packages; do
  dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || missing="$missing $p"
done
if [ -n "$missing" ]; then
  say "installing:$missing"
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -q >/dev/null
  if [ "$(suite)" = bookworm ]; then
    add_next_suite
    $sudo apt-get update -q >/dev/null
  fi
  # Servers are installed for the tests to start on ports of their own; none is to start by itself.
  policy=/usr/sbin/policy-rc.d
  if [ "$what" != build ] && [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
    $sudo chmod +x $policy
    trap '$sudo rm -f $policy' EXIT
  fi
  $sudo apt-get install -y -q --no-install-recommends $missing
fi

# Whether the machine's own Node.js can build the web pages (20.9).
node_is_new() {
  local version
  version=$(node --version 2>/dev/null) || return 1
  [ "$(printf '%s\n' v20.9.0 "$version" | sort -V | head -n 1)" = v20.9.0 ]
}

# Puts `node`, `npm` and `npx` into tools/node/bin, which the Makefile and the scripts look into first.
install_node() {
  local packages=tools/node/node_modules bin=tools/node/bin machine
  case $(uname -m) in
  x86_64) machine=x64 ;;
  aarch64) machine=arm64 ;;
  *) say "Node.js 20.9 or newer is needed for $(uname -m): install it and run this again"; exit 1 ;;
  esac
  if [ ! -x "$bin/node" ] || [ tools/node/package-lock.json -nt "$bin" ]; then
    say "installing Node.js into tools/node/ (the machine's is $(node --version))"
    (cd tools/node && npm ci --ignore-scripts --loglevel=error)
    rm -rf "$bin"
    mkdir "$bin"
    ln -s "../node_modules/node-linux-$machine/bin/node" "$bin/node"
    ln -s ../node_modules/npm/bin/npm-cli.js "$bin/npm"
    ln -s ../node_modules/npm/bin/npx-cli.js "$bin/npx"
    chmod +x "$packages/node-linux-$machine/bin/node"
  fi
  PATH=$PWD/$bin:$PATH
}

if node_is_new; then rm -rf tools/node/bin tools/node/node_modules; else install_node; fi

# npm packages, exactly as locked: the API explorer's files, the tests' tools, those of web/.
if [ -f package-lock.json ]; then
  stamp=node_modules/.agentgen-$what
  if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
    if [ "$what" = build ]; then npm ci --omit=dev --ignore-scripts --loglevel=error
    else npm ci --ignore-scripts --loglevel=error; fi
    touch "$stamp"
    [ "$what" = build ] || touch node_modules/.agentgen-build
  fi
fi
scripts/web.sh install
