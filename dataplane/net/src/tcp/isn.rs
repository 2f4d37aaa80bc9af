//! Initial sequence numbers (RFC 6528): a clock that everybody can read, moved by a function of the four addresses that only
//! who has the key can compute. SipHash-2-4 (Aumasson, Bernstein 2012) is that function.

use super::number::SequenceNumber;
use std::net::SocketAddrV4;

/// Nanoseconds for one number of the clock (RFC 9293 §3.4.1).
const NANOS_PER_NUMBER: u64 = 4_000;
/// Each connection moves the clock on by so much, as in 4.4BSD: two that follow one another at one moment do not meet.
const NUMBERS_PER_CONNECTION: u32 = 64_000;

/// The first number of a connection between `local` and `remote` at `nanos`, the host having opened `opened` before.
pub(crate) fn initial_number(
    key: [u64; 2],
    local: SocketAddrV4,
    remote: SocketAddrV4,
    nanos: u64,
    opened: u64,
) -> SequenceNumber {
    let addresses = u64::from(local.ip().to_bits()) << 32 | u64::from(remote.ip().to_bits());
    let ports = u64::from(local.port()) << 16 | u64::from(remote.port());
    let clock = (nanos / NANOS_PER_NUMBER) as u32;
    let connections = (opened as u32).wrapping_mul(NUMBERS_PER_CONNECTION);
    let offset = siphash(key, [addresses, ports]) as u32;
    SequenceNumber(clock.wrapping_add(connections).wrapping_add(offset))
}

/// SipHash-2-4 of two little-endian words: sixteen bytes.
fn siphash(key: [u64; 2], words: [u64; 2]) -> u64 {
    let mut v = [
        key[0] ^ 0x736F_6D65_7073_6575,
        key[1] ^ 0x646F_7261_6E64_6F6D,
        key[0] ^ 0x6C79_6765_6E65_7261,
        key[1] ^ 0x7465_6462_7974_6573,
    ];
    // The last word holds the length in its highest byte.
    for word in [words[0], words[1], 16 << 56] {
        v[3] ^= word;
        round(&mut v);
        round(&mut v);
        v[0] ^= word;
    }
    v[2] ^= 0xFF;
    for _ in 0..4 {
        round(&mut v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn siphash_gives_the_published_vector() {
        // The reference implementation's vectors: key 00 01 … 0f, input 00 01 … 0f.
        let key = [0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908];
        assert_eq!(siphash(key, key), 0x3F2A_CC7F_57C2_9BDB);
    }

    #[test]
    fn numbers_of_one_pair_rise_with_time_and_connections_and_differ_between_pairs() {
        let local = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 7_000);
        let remote = |port| SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), port);
        let first = initial_number([1, 2], local, remote(5_000), 1_000_000, 0);
        assert_eq!(first.until(initial_number([1, 2], local, remote(5_000), 5_000_000, 0)), 1_000);
        assert_eq!(first.until(initial_number([1, 2], local, remote(5_000), 1_000_000, 1)), 64_000);
        assert!(first.until(initial_number([1, 2], local, remote(5_001), 1_000_000, 0)).unsigned_abs() > 100_000);
        assert!(first.until(initial_number([1, 3], local, remote(5_000), 1_000_000, 0)).unsigned_abs() > 100_000);
    }
}
