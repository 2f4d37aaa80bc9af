//! Which queue a peer's frames arrive at: the hash by which NICs spread (Toeplitz), in software, so that a plan can be
//! made and checked before a member connects.
//!
//! ```text
//! hash = for each bit of the input that is set: xor of the 32 bits of the key that begin at that bit
//! queue = table[hash mod entries], the table filled 0, 1, … queues - 1, 0, 1, …
//! ```
//!
//! The input is the source and the destination address, as on the wire. The key repeats two bytes, so that both directions
//! of a conversation hash alike (Woo and Park, Scalable TCP Session Monitoring with Symmetric Receive-side Scaling, 2012).

use std::net::Ipv4Addr;

/// The key: 6D5A over and over; 52 bytes are the longest key in use (i40e, ice).
pub const SPREAD_KEY: [u8; 52] = {
    let mut key = [0; 52];
    let mut at = 0;
    while at < key.len() {
        key[at] = if at % 2 == 0 { 0x6D } else { 0x5A };
        at += 1;
    }
    key
};

/// Toeplitz's hash of `input`.
///
/// # Panics
/// If the key is not four bytes longer than the input.
#[must_use]
pub fn toeplitz(key: &[u8], input: &[u8]) -> u32 {
    assert!(key.len() >= input.len() + 4, "a key reaches 32 bits beyond the input");
    let mut hash = 0;
    for (at, byte) in input.iter().enumerate() {
        let window = u64::from_be_bytes([0, 0, 0, key[at], key[at + 1], key[at + 2], key[at + 3], key[at + 4]]);
        for bit in 0..8 {
            if byte & (0x80 >> bit) != 0 {
                hash ^= (window >> (8 - bit)) as u32;
            }
        }
    }
    hash
}

/// The queue at which frames from `source` to `destination` arrive, on a NIC that spreads by addresses over a table of
/// `entries` (as a rule 128 or 512).
///
/// # Panics
/// If there are no entries or no queues.
#[must_use]
pub fn queue_of(source: Ipv4Addr, destination: Ipv4Addr, entries: u16, queues: u16) -> u16 {
    assert!(entries > 0 && queues > 0, "there are entries and queues to spread over");
    let mut input = [0; 8];
    input[..4].copy_from_slice(&source.octets());
    input[4..].copy_from_slice(&destination.octets());
    let entry = toeplitz(&SPREAD_KEY, &input) % u32::from(entries);
    (entry % u32::from(queues)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Microsoft, Verifying the RSS Hash Calculation: its key, and IPv4 without ports.
    #[test]
    fn published_examples_come_out() {
        let key = [
            0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca,
            0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b,
            0xbe, 0xac, 0x01, 0xfa,
        ];
        for (source, destination, hash) in [
            ([66, 9, 149, 187], [161, 142, 100, 80], 0x323e_8fc2),
            ([199, 92, 111, 2], [65, 69, 140, 83], 0xd718_262a),
            ([24, 19, 198, 95], [12, 22, 207, 184], 0xd2d0_a5de),
            ([38, 27, 205, 30], [209, 142, 163, 6], 0x8298_9176),
            ([153, 39, 163, 191], [202, 188, 127, 2], 0x5d18_09c5),
        ] {
            assert_eq!(toeplitz(&key, &[source, destination].concat()), hash, "{source:?}");
        }
    }

    #[test]
    fn both_directions_of_a_conversation_hash_alike() {
        let addresses: Vec<Ipv4Addr> = (0..64).map(|n: u32| Ipv4Addr::from(0x0A00_0000 + n * 0x0101_0307)).collect();
        let mut used = [0; 4];
        for &member in &addresses {
            for &front in &addresses {
                assert_eq!(queue_of(member, front, 128, 4), queue_of(front, member, 128, 4));
            }
            used[usize::from(queue_of(member, addresses[0], 128, 4))] += 1;
        }
        assert!(used.iter().all(|&count| count > 0), "64 members use every queue: {used:?}");
    }
}
