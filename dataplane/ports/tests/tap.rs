//! The kernel's TCP against ours over a TAP interface in a network namespace.

mod common;

use common::*;
use ports::{PortSettings, PortSpec, open};

#[test]
fn a_kernel_client_gets_back_every_byte_over_tap() {
    if !can_make_networks("a_kernel_client_gets_back_every_byte_over_tap") {
        return;
    }
    let name = format!("bst{}", std::process::id());
    let spec: PortSpec = format!("tap:{name}").parse().unwrap();
    let port = open(&spec, &PortSettings::default()).unwrap().remove(0);
    let namespace = Namespace::new("tap");
    run("ip", &["link", "set", &name, "netns", &namespace.0]);
    namespace.address(&name);
    let mut echo = Echo::new(port);
    for (connections, bytes) in [(1, 100), (1, 1_000_000), (32, 50_000)] {
        let client = echo_client(&namespace, connections, bytes, 1);
        assert_exact(&echo.serve(client), &format!("tap, {connections} connections of {bytes} bytes"));
    }
    println!("{:?}", echo.host.counters());
}
