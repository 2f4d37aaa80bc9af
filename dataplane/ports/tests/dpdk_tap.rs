//! The kernel's TCP against ours over DPDK's net_tap, which sums and verifies: the way of the offloads. One EAL a process.
#![cfg(any(feature = "dpdk", feature = "dpdk-static"))]

mod common;

use common::*;
use ports::{AnyPort, PortSettings, PortSpec, open};

#[test]
fn a_kernel_client_gets_back_every_byte_over_dpdk_tap() {
    if !can_make_networks("a_kernel_client_gets_back_every_byte_over_dpdk_tap") {
        return;
    }
    let line = Line::without_port();
    let spec: PortSpec = format!("dpdk_tap:{}", line.interface).parse().unwrap();
    let port = open(&spec, &PortSettings::default()).unwrap_or_else(|error| panic!("{error}")).remove(0);
    let AnyPort::Dpdk(dpdk) = &port else { panic!("{spec} is a port of DPDK's") };
    let report = dpdk.report().clone();
    println!("{report:?}");
    assert!(report.checksums.verifies_ingress && report.checksums.fills_egress, "net_tap sums for us");
    line.take_tap();
    echo_over(&line, &line.interface, port, "dpdk_tap");
}
