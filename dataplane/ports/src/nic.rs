//! The drivers that ports are meant for: how a NIC comes to DPDK, and how its frames find their queue.
//!
//! Which server has which: `hw-profiles`. Only the virtual ones were run here; the rest is from DPDK's guides.

/// A driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Driver {
    /// DPDK's name for it.
    pub name: &'static str,
    /// What devices it drives.
    pub devices: &'static str,
    /// How the device comes to it.
    pub binding: Binding,
    /// How frames find their queue.
    pub steering: Steering,
}

/// How a device comes to DPDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The kernel's driver stays; DPDK shares the device with it. Never rebind it.
    Bifurcated,
    /// The device is bound to vfio-pci and leaves the kernel.
    Vfio,
    /// It stands on an interface of the kernel.
    Kernel,
    /// There is no device.
    Memory,
}

/// How frames find their queue when there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steering {
    /// By the two addresses: all connections of a member at one queue.
    Addresses,
    /// By addresses and ports: a connection stays at one queue; a rule by source address keeps a member there too.
    Connection,
    /// The interface's own (ethtool -X, -N).
    Interface,
    /// There is one queue.
    One,
    /// A driver that is not in the table.
    Unknown,
}

/// Every driver that a port was thought through for.
pub const DRIVERS: &[Driver] = &[
    driver_of("mlx5_pci", "NVIDIA/Mellanox ConnectX-4 to 7", Binding::Bifurcated, Steering::Addresses),
    driver_of("net_mlx4", "Mellanox ConnectX-3", Binding::Bifurcated, Steering::Addresses),
    driver_of("net_ixgbe", "Intel 82599, X540, X550", Binding::Vfio, Steering::Addresses),
    // They sort TCP apart from other IPv4 before hashing.
    driver_of("net_i40e", "Intel X710, XL710, XXV710", Binding::Vfio, Steering::Connection),
    driver_of("net_ice", "Intel E810", Binding::Vfio, Steering::Connection),
    driver_of("net_sfc_efx", "Solarflare/AMD X2, X3, SFN8000", Binding::Vfio, Steering::Addresses),
    driver_of("net_hns3", "HiSilicon, on Kunpeng 920 boards", Binding::Vfio, Steering::Addresses),
    driver_of("net_hinic", "Huawei Hi1822", Binding::Vfio, Steering::Addresses),
    driver_of("net_txgbe", "Wangxun 10 Gbit/s (SP1000, WX1820)", Binding::Vfio, Steering::Addresses),
    driver_of("net_ngbe", "Wangxun 1 Gbit/s (EM)", Binding::Vfio, Steering::Addresses),
    // PACKET_FANOUT_HASH.
    driver_of("net_af_packet", "any kernel interface", Binding::Kernel, Steering::Connection),
    driver_of("net_af_xdp", "any kernel interface", Binding::Kernel, Steering::Interface),
    driver_of("net_tap", "a TAP interface", Binding::Kernel, Steering::Connection),
    driver_of("net_pcap", "two files", Binding::Memory, Steering::One),
    driver_of("net_ring", "a ring in memory", Binding::Memory, Steering::One),
    driver_of("net_null", "nothing", Binding::Memory, Steering::One),
];

const fn driver_of(name: &'static str, devices: &'static str, binding: Binding, steering: Steering) -> Driver {
    Driver { name, devices, binding, steering }
}

/// The driver of this name.
#[must_use]
pub fn driver(name: &str) -> Option<&'static Driver> {
    DRIVERS.iter().find(|driver| driver.name == name)
}

/// Whether an IPv4/TCP frame's sums are right (RFC 791 §3.1, RFC 9293 §3.1); true for every other frame, which has none that
/// we would look at, or is dropped by whoever reads its headers.
#[cfg(any(feature = "dpdk", feature = "dpdk-static", test))]
pub(crate) fn sums_hold(frame: &[u8]) -> bool {
    const ETHERNET: usize = 14;
    let Some(packet) = frame.get(ETHERNET..) else { return true };
    let is_plain = packet.len() >= 40 && frame[12..ETHERNET] == [8, 0] && packet[0] == 0x45 && packet[9] == 6;
    if !is_plain {
        return true;
    }
    let total = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
    if total < 40 || total > packet.len() {
        return true;
    }
    let (header, segment) = packet[..total].split_at(20);
    // The pseudo header: both addresses, the protocol, the segment's length.
    let pseudo = sum(&header[12..20]) + 6 + segment.len() as u64;
    fold(sum(header)) == 0xFFFF && fold(sum(segment) + pseudo) == 0xFFFF
}

/// The 16-bit words of `bytes`, added up.
#[cfg(any(feature = "dpdk", feature = "dpdk-static", test))]
fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<2>();
    let last = rest.first().map_or(0, |&byte| u64::from(byte) << 8);
    words.iter().map(|&word| u64::from(u16::from_be_bytes(word))).sum::<u64>() + last
}

/// One's complement: carries come back in.
#[cfg(any(feature = "dpdk", feature = "dpdk-static", test))]
fn fold(mut sum: u64) -> u64 {
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_anywhere_in_a_summed_frame_is_found() {
        // A bare ACK of Linux's: 10.99.0.2:40000 > 10.99.0.1:7000.
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
        let mut packet = vec![0x45, 0, 0, 42, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 99, 0, 2, 10, 99, 0, 1];
        let header = !(fold(sum(&packet)) as u16);
        packet[10..12].copy_from_slice(&header.to_be_bytes());
        let mut segment =
            vec![0x9C, 0x40, 0x1B, 0x58, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 0xFF, 0xFF, 0, 0, 0, 0, b'o', b'k'];
        let pseudo = sum(&packet[12..20]) + 6 + segment.len() as u64;
        let tcp = !(fold(sum(&segment) + pseudo) as u16);
        segment[16..18].copy_from_slice(&tcp.to_be_bytes());
        frame.extend(packet);
        frame.extend(segment);
        assert!(sums_hold(&frame));
        for at in 14..frame.len() {
            for bit in 0..8 {
                let mut flipped = frame.clone();
                flipped[at] ^= 1 << bit;
                // What makes it another kind of packet, or one longer than the frame, is not looked at here.
                let is_other = at == 14 || at == 23 || (at == 16 || at == 17);
                assert!(is_other || !sums_hold(&flipped), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn drivers_have_one_line_each() {
        for (at, one) in DRIVERS.iter().enumerate() {
            assert!(DRIVERS[..at].iter().all(|other| other.name != one.name), "{} stands twice", one.name);
        }
        assert_eq!(driver("mlx5_pci").map(|driver| driver.binding), Some(Binding::Bifurcated));
        assert!(driver("net_unheard_of").is_none());
    }
}
