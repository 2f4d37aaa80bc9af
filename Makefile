# One command for each job. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: tools
tools: ## what the suite needs and this machine lacks (apt or dnf; asks for nothing else)
	@tests/tools

.PHONY: test
test: ## all of it: format, lints, documents, every test with DPDK, and the suite again for aarch64 (test-arm)
	@tests/all

.PHONY: test-arm
test-arm: ## the suite for aarch64 (baseline and tsv110), cross-built with DPDK's sysroot and run under qemu
	@tests/arm/suite

.PHONY: drill
drill: ## the day that fails over
	cargo run --release -- drill

.PHONY: bench-compare
bench-compare: ## W1 beside the published crates lobster and orderbook-rs (builds 80 outside packages)
	cd benches/compare && cargo run --release --quiet --locked

.PHONY: bench
bench: ## evidence of speed, on this machine
	cargo bench --quiet --bench parts --bench w1 --bench t2 --bench t3

PROFILE ?= dev
DESTDIR ?=
PREFIX ?= /usr/local
# A binary that is there already, instead of one built here; and what one built here can do.
BACKSTOP ?=
FEATURES ?= $(shell pkg-config --exists libdpdk 2>/dev/null && echo dpdk)

.PHONY: install
install: backstop := $(or $(BACKSTOP),$${CARGO_TARGET_DIR:-target}/release/backstop)
install: ## the appliance of a profile: make install PROFILE=kunpeng-920 [DESTDIR=…]; starts, stops and enables nothing
	@[ -n "$(BACKSTOP)" ] || cargo build --release --quiet --features "$(FEATURES)"
	@[ -n "$(BACKSTOP)$(FEATURES)" ] || echo "libdpdk is not here (libdpdk-dev, dpdk-devel): this backstop has TAP and kernel ports only"
	install -d -m 755 "$(DESTDIR)/etc/backstop" "$(DESTDIR)/etc/systemd/system"
	@"$(backstop)" doctor --profile "$(PROFILE)" --json >/dev/null || [ $$? = 1 ] # a profile that is none ends here
	"$(backstop)" doctor --profile "$(PROFILE)" --source >"$(DESTDIR)/etc/backstop/profile.toml"
	chmod 644 "$(DESTDIR)/etc/backstop/profile.toml"
	install -m 644 deploy/site.toml "$(DESTDIR)/etc/backstop/site.toml.example"
	install -D -m 755 "$(backstop)" "$(DESTDIR)$(PREFIX)/bin/backstop"
	install -D -m 644 README.md "$(DESTDIR)$(PREFIX)/share/doc/backstop/README.md"
	install -D -m 644 SPECIFICATION.md "$(DESTDIR)$(PREFIX)/share/doc/backstop/SPECIFICATION.md"
	install -D -m 644 deploy/90-backstop.conf "$(DESTDIR)/etc/sysctl.d/90-backstop.conf"
	for unit in deploy/*.service; do \
	  sed 's|/usr/local|$(PREFIX)|g' "$$unit" > "$(DESTDIR)/etc/systemd/system/$${unit##*/}"; \
	  chmod 644 "$(DESTDIR)/etc/systemd/system/$${unit##*/}"; done
	@echo "installed for profile $(PROFILE); next, when you want it: copy /etc/backstop/site.toml.example to site.toml and fill it in;"
	@echo "  sysctl --system; backstop nic plan --profile /etc/backstop/profile.toml; systemctl daemon-reload; systemctl enable --now backstop"
