//! The kernel's TCP against ours over a TAP interface.

mod common;

use common::*;
use ports::{PortSettings, PortSpec, open};

#[test]
fn a_kernel_client_gets_back_every_byte_over_tap() {
    if !can_make_networks("a_kernel_client_gets_back_every_byte_over_tap") {
        return;
    }
    let line = Line::without_port();
    let spec: PortSpec = format!("tap:{}", line.interface).parse().unwrap();
    let port = open(&spec, &PortSettings::default()).unwrap().remove(0);
    line.take_tap();
    echo_over(&line, &line.interface, port, "tap");
}

#[test]
fn a_connection_stays_at_its_queue_of_a_tap() {
    if !can_make_networks("a_connection_stays_at_its_queue_of_a_tap") {
        return;
    }
    let line = Line::without_port();
    let spec: PortSpec = format!("tap:{}", line.interface).parse().unwrap();
    let queues = open(&spec, &PortSettings { queues: 3, ..PortSettings::default() }).unwrap();
    assert_eq!(queues.len(), 3);
    line.take_tap();
    echo_over_queues(&line, queues, "tap with 3 queues");
}
