# Faultline: `make run` boots the tour of built-in guests, `make test` checks everything that this machine can check.
.PHONY: run test hunt bench guests build install format clean

NPM_STAMP := node_modules/.package-lock.json

install: $(NPM_STAMP)
$(NPM_STAMP): package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

build: install
	npm run --silent build

run: build
	node dist/faultline.js tour

test: build
	npm run --silent typecheck
	npm run --silent lint
	npm run --silent test

# A hundred times the random programs, page tables and system calls of `make test`, on every target, and the MMU's cases
# and snapshots that `make test` only samples: hours.
hunt: build
	FAULTLINE_HUNT=100 npx vitest run test/hunt mmu-pairs machine/x86/mmu guests/reproduce

bench: build
	node dist/faultline-bench.js

guests:
	$(MAKE) -C guest

format: install
	npm run --silent format

clean:
	rm -rf dist
