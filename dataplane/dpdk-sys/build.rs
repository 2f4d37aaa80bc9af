//! Compiles the shim against the DPDK that is installed, and says what to link.
//!
//! `pkg-config` is asked as a tool: its `--cflags` carry `-include rte_config.h` and `-march`, which are part of DPDK's ABI
//! and which the crate of the same name drops. `PKG_CONFIG`, `PKG_CONFIG_LIBDIR` and `PKG_CONFIG_SYSROOT_DIR` are honoured,
//! so that a cross build names another machine's DPDK.

use std::env;
use std::process::{Command, exit};

/// What DPDK is made of, as far as we call it; `net_ring` for ports made of rings.
const SHARED: &[&str] = &["net_ring", "ethdev", "mbuf", "mempool", "ring", "eal"];

/// The closed set of an image: the drivers that `ports` can name, and what they stand on. NICs: README of this room.
const STATIC: &[&str] = &[
    "mempool_ring",
    "bus_vdev",
    "bus_pci",
    "bus_auxiliary",
    "pci",
    "net_af_packet",
    "net_af_xdp",
    "net_tap",
    "net_ring",
    "net_null",
    "net_pcap",
    "common_mlx5",
    "net_mlx5",
    "net_ixgbe",
    "net_i40e",
    "common_iavf",
    "net_ice",
    "net_hns3",
    "net_txgbe",
    "net_ngbe",
    "common_sfc_efx",
    "net_sfc",
    "net_hinic",
    "gso",
    "hash",
    "rcu",
    "security",
    "cryptodev",
    "ip_frag",
    "sched",
    "timer",
    "bpf",
    "ethdev",
    "net",
    "mbuf",
    "mempool",
    "ring",
    "meter",
    "kvargs",
    "telemetry",
    "eal",
];

/// Libraries of the system that the static set needs.
const STATIC_SYSTEM: &[&str] = &[
    "mlx5", "ibverbs", "atomic", "numa", "pcap", "xdp", "bpf", "elf", "z", "bsd", "jansson", "crypto", "m", "dl",
    "pthread",
];

fn main() {
    println!("cargo:rerun-if-changed=shim.c");
    println!("cargo:rerun-if-changed=build.rs");
    for name in ["PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let is_static = env::var_os("CARGO_FEATURE_STATIC").is_some();
    if !is_static && env::var_os("CARGO_FEATURE_SHARED").is_none() {
        return;
    }
    let version = pkg_config(&["--modversion"]);
    let year: u32 = version.split('.').next().and_then(|year| year.parse().ok()).unwrap_or(0);
    if year < 22 {
        stop(&format!("DPDK {version} is too old: 22.11 or later is expected"));
    }
    let mut build = cc::Build::new();
    build.file("shim.c").opt_level(3).flag("-std=gnu11").flag("-fno-strict-aliasing");
    // DPDK's own headers are not ours to warn about.
    build.warnings(false).define("ALLOW_EXPERIMENTAL_API", None);
    for flag in pkg_config(&["--cflags"]).split_whitespace() {
        build.flag(flag);
    }
    if let Err(error) = build.try_compile("dpdkshim") {
        stop(&format!("the shim does not compile against DPDK {version}: {error}"));
    }
    println!("cargo:rustc-link-search=native={}", library_folder());
    if is_static {
        for name in STATIC {
            println!("cargo:rustc-link-lib=static:+whole-archive,-bundle=rte_{name}");
        }
        for name in STATIC_SYSTEM {
            println!("cargo:rustc-link-lib=dylib={name}");
        }
    } else {
        for name in SHARED {
            println!("cargo:rustc-link-lib=dylib=rte_{name}");
        }
    }
}

/// Where DPDK's libraries are, inside the sysroot if there is one.
fn library_folder() -> String {
    let folder = pkg_config(&["--variable=libdir"]);
    let sysroot = env::var("PKG_CONFIG_SYSROOT_DIR").unwrap_or_default();
    if sysroot.is_empty() || folder.starts_with(&sysroot) { folder } else { format!("{sysroot}{folder}") }
}

/// What the tool says about DPDK.
fn pkg_config(arguments: &[&str]) -> String {
    let tool = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".to_owned());
    match Command::new(&tool).args(arguments).arg("libdpdk").output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Ok(output) => stop(&format!(
            "DPDK is not installed: {}",
            String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("no libdpdk.pc")
        )),
        Err(error) => stop(&format!("{tool} does not start: {error}")),
    }
}

/// Ends the build with one line that says what to install.
fn stop(why: &str) -> ! {
    println!(
        "cargo:error={why}. Install DPDK 22.11 or later with its headers: package libdpdk-dev and pkg-config (Debian), dpdk-devel and \
         pkgconf (openEuler, Kylin); or build without the feature `dpdk`"
    );
    exit(1);
}
