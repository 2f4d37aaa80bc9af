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
test: tools ## format, lints, documents, every test with DPDK
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features dpdk -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet --features dpdk
	cargo test --workspace --release --quiet --features dpdk
	tests/rings
	cargo build --release --quiet # as a newcomer has it, without DPDK
	timeout 30 cargo run --release --quiet -- drill --json >/dev/null # SPECIFICATION.md, P25: in under 30 s

.PHONY: test-arm
test-arm: ## the suite for aarch64 (baseline and tsv110), cross-built with DPDK's sysroot and run under qemu
	tests/arm/suite

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

.PHONY: install
install: ## the appliance of a profile: make install PROFILE=kunpeng-920 [DESTDIR=…]; starts, stops and enables nothing
	@cargo run --release --quiet -- doctor --profile "$(PROFILE)" --json >/dev/null || [ $$? = 1 ] # a profile that is none ends here
	cargo build --release --quiet
	install -D -m 755 "$${CARGO_TARGET_DIR:-target}/release/backstop" "$(DESTDIR)$(PREFIX)/bin/backstop"
	install -D -m 644 README.md "$(DESTDIR)$(PREFIX)/share/doc/backstop/README.md"
	install -D -m 644 SPECIFICATION.md "$(DESTDIR)$(PREFIX)/share/doc/backstop/SPECIFICATION.md"
	install -D -m 644 hw-profiles/$(PROFILE).toml "$(DESTDIR)/etc/backstop/profile.toml"
	install -D -m 644 deploy/90-backstop.conf "$(DESTDIR)/etc/sysctl.d/90-backstop.conf"
	install -d -m 755 "$(DESTDIR)/etc/systemd/system"
	for unit in deploy/*.service; do \
	  sed 's|@PROFILE@|$(PROFILE)|; s|/usr/local|$(PREFIX)|g' "$$unit" > "$(DESTDIR)/etc/systemd/system/$${unit##*/}"; \
	  chmod 644 "$(DESTDIR)/etc/systemd/system/$${unit##*/}"; done
	sed 's|@PROFILE@|$(PROFILE)|' deploy/site.toml > "$(DESTDIR)/etc/backstop/site.toml.example"
	@echo "installed for profile $(PROFILE); next, when you want it: copy /etc/backstop/site.toml.example to site.toml and fill it in;"
	@echo "  sysctl --system; backstop nic plan --profile $(PROFILE); systemctl daemon-reload; systemctl enable --now backstop"
