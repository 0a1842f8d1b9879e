# A thin layer over Meson, Ninja and the scripts; `make help` lists what there is.

MAKEFLAGS += --no-print-directory
SECONDS_EACH ?= 30
# Where `make deps` puts a Node.js when the machine's is too old.
export PATH := $(CURDIR)/tools/node/bin:$(PATH)

.PHONY: build web run deps check test fmt lint fuzz bench docs clean help
.DEFAULT_GOAL := build

build: build/build.ninja ## build/agentgen, the release (no network; `make deps` first on a new machine)
	@scripts/web.sh
	@ninja -C build agentgen

web: ## the web pages alone, web/out, when their sources have changed; `make` does it too
	@scripts/web.sh

run: ## install what is missing, build, and serve at http://localhost:5000 with ./data
	@scripts/deps.sh build
	@$(MAKE) build
	@build/agentgen serve

deps: ## install everything that building and testing need, by package name
	@scripts/deps.sh test

check: ## the short test: debug build, unit tests, API tests on SQLite (under two minutes)
	@scripts/test.sh check

test: ## every test, install what is missing first; ends with `N passed, N failed`
	@scripts/deps.sh test
	@scripts/test.sh

fmt: ## format the C sources in place
	@find src tests -name '*.[ch]' -not -path '*/node_modules/*' -print0 | xargs -0 clang-format -i

lint: ## read the code without running it: format, budgets, forbidden calls, analyzers
	@scripts/lint.sh

fuzz: ## every fuzz target for SECONDS_EACH=30 seconds
	@scripts/fuzz.sh $(SECONDS_EACH)

bench: build ## measure beside nginx and print the goals as a table
	@ninja -C build bench-tools
	@node tests/bench/run.mjs --table

docs: build ## generate docs/*.md and docs/openapi.json anew
	@build/agentgen docs --dir docs

clean: ## remove everything that was built
	rm -rf build build-* web/out web/.next

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build/build.ninja:
	@command -v meson >/dev/null || { echo 'Meson is not installed: run `make deps`.'; exit 1; }
	@meson setup build --buildtype=release -Doptimization=2
