# One command for each job. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: tools
tools: ## what the suite needs and this machine lacks (apt or dnf; asks for nothing else)
	@need=(); \
	command -v cc >/dev/null || need+=(gcc); \
	command -v git >/dev/null || need+=(git); \
	command -v ip >/dev/null || need+=("$$(command -v apt-get >/dev/null && echo iproute2 || echo iproute)"); \
	command -v ethtool >/dev/null || need+=(ethtool); \
	command -v python3 >/dev/null || need+=(python3); \
	command -v pkg-config >/dev/null || need+=("$$(command -v apt-get >/dev/null && echo pkg-config || echo pkgconf-pkg-config)"); \
	pkg-config --exists libdpdk 2>/dev/null || need+=("$$(command -v apt-get >/dev/null && echo libdpdk-dev || echo dpdk-devel)"); \
	[ -e /usr/include/stdio.h ] || need+=("$$(command -v apt-get >/dev/null && echo libc6-dev || echo glibc-devel)"); \
	if [ $${#need[@]} -gt 0 ]; then \
	  echo "installing: $${need[*]}"; \
	  if command -v apt-get >/dev/null; then $(SUDO) apt-get update -qq; DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends "$${need[@]}"; \
	  elif command -v dnf >/dev/null; then $(SUDO) dnf install -y -q "$${need[@]}"; \
	  else echo "neither apt-get nor dnf is here: install $${need[*]} by hand" >&2; exit 2; fi; fi
	@command -v cargo >/dev/null || { echo "Rust is missing: https://rustup.rs, then again" >&2; exit 2; }
	@for part in rustfmt clippy; do \
	  cargo $${part/rustfmt/fmt} --version >/dev/null 2>&1 || rustup component add $$part; done

# With the ports of DPDK, wherever it could be installed.
DPDK = $(shell pkg-config --exists libdpdk && echo --features dpdk)

.PHONY: test
test: tools ## format, lints, documents, every test
	@[ -n "$(DPDK)" ] || echo "NOT TESTED: the ports of DPDK, which is not here (libdpdk-dev, dpdk-devel)" >&2
	cargo fmt --all --check
	cargo clippy --workspace --all-targets $(DPDK) -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps $(DPDK) --quiet
	cargo test --workspace --release $(DPDK) --quiet
	cargo build --release --quiet
	timeout 30 cargo run --release --quiet -- drill --json >/dev/null # SPECIFICATION.md, P25: in under 30 s

.PHONY: test-arm
test-arm: ## the suite for aarch64 (baseline and tsv110), cross-built with DPDK and run under qemu
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
