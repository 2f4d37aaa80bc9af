//! The word that names a port.

use ports::{PortError, PortSettings, PortSpec, open};

#[test]
fn every_kind_of_port_is_read_and_written_as_the_same_word() {
    for word in [
        "tap:bs0",
        "af_packet:eth0.100",
        "af_xdp:ens1f0np0",
        "dpdk_tap:bs1",
        "pci:0000:17:00.0",
        "pci:000a:ff:1f.7",
        "pcap:a/in.pcap,b/out.pcap",
        "ring",
        "null",
    ] {
        let spec: PortSpec = word.parse().unwrap();
        assert_eq!(spec.to_string(), word);
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(json, format!("\"{word}\""));
        assert_eq!(serde_json::from_str::<PortSpec>(&json).unwrap(), spec);
    }
}

#[test]
fn a_word_that_names_no_port_is_refused_with_what_was_expected() {
    for (word, expected) in [
        ("", "names no port"),
        ("eth0", "names no port"),
        ("ring:", "names no port"),
        ("null:0", "names no port"),
        ("tap:", "interface name"),
        ("tap:a,b", "interface name"),
        ("tap:a b", "interface name"),
        ("tap:..", "interface name"),
        ("af_packet:sixteen_letters_", "interface name"),
        ("af_xdp:eth0,busy_budget=0", "interface name"),
        ("pci:17:00.0", "PCI address"),
        ("pci:0000:17:20.0", "PCI address"),
        ("pci:0000:17:00.8", "PCI address"),
        ("pci:0000:17:+0.0", "PCI address"),
        ("pcap:one", "two files"),
        ("pcap:a,", "two files"),
        ("pcap:a,b,c", "two files"),
    ] {
        let error = word.parse::<PortSpec>().unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains('\n'), "{word}: {error}");
        assert!(serde_json::from_str::<PortSpec>(&format!("\"{word}\"")).is_err());
    }
}

#[test]
fn sizes_out_of_range_are_refused_by_their_field() {
    let word = || "tap:bs0".parse::<PortSpec>().unwrap();
    let refused = |settings: PortSettings| match open(&word(), &settings) {
        Err(PortError::Setting { field, .. }) => field,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{settings:?} was taken"),
    };
    assert_eq!(refused(PortSettings { queues: 0, ..PortSettings::default() }), "queues");
    assert_eq!(refused(PortSettings { queues: 17, ..PortSettings::default() }), "queues");
    assert_eq!(refused(PortSettings { buffers: 127, ..PortSettings::default() }), "buffers");
    assert_eq!(refused(PortSettings { mac: Some(net::Mac([1, 0, 0, 0, 0, 0])), ..PortSettings::default() }), "mac");
}

#[cfg(not(feature = "dpdk"))]
#[test]
fn without_dpdk_its_ports_are_refused_by_name() {
    for word in ["af_packet:lo", "af_xdp:lo", "dpdk_tap:bs0", "pci:0000:17:00.0", "pcap:a,b", "ring", "null"] {
        let spec: PortSpec = word.parse().unwrap();
        let Err(error) = open(&spec, &PortSettings::default()) else { panic!("{word} was opened without DPDK") };
        assert!(error.to_string().contains("--features dpdk"), "{error}");
    }
}
