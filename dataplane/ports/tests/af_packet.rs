//! The kernel's TCP against ours over DPDK's net_af_packet, on one end of a veth pair. A file of its own: one EAL a process.
#![cfg(any(feature = "dpdk", feature = "dpdk-static"))]

mod common;

use common::*;
use ports::{AnyPort, PortSettings, PortSpec, open};

#[test]
fn a_kernel_client_gets_back_every_byte_over_af_packet() {
    let name = "a_kernel_client_gets_back_every_byte_over_af_packet";
    if !can_make_networks(name) || !has_packet_sockets(name) {
        return;
    }
    let line = Line::veth();
    let spec: PortSpec = format!("af_packet:{}", line.interface).parse().unwrap();
    let port = open(&spec, &PortSettings::default()).unwrap_or_else(|error| panic!("{error}")).remove(0);
    let AnyPort::Dpdk(dpdk) = &port else { panic!("{spec} is a port of DPDK's") };
    println!("{:?}", dpdk.report());
    assert_eq!(dpdk.report().driver, "net_af_packet");
    echo_over(&line, "near", port, "af_packet");

    // The device is closed by now; another is opened on the same interface, with two queues.
    let queues =
        open(&spec, &PortSettings { queues: 2, ..PortSettings::default() }).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(queues.len(), 2);
    echo_over_queues(&line, queues, "af_packet with 2 queues");
}
