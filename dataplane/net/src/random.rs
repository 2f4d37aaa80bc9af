//! Numbers that look random and repeat with their seed: fault rolls, initial sequence numbers, the demux's hash.

/// A 64-bit generator with 64 bits of state (xorshift64*, Marsaglia 2003, Vigna 2016).
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator whose whole sequence follows from `seed`; every seed is good, zero too.
    pub fn new(seed: u64) -> Random {
        // The state must not be zero; mixing first keeps neighbouring seeds apart.
        Random { state: mix(seed) | 1 }
    }

    /// The next 64 bits.
    pub fn next_bits(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `limit`; `limit` must not be zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        assert!(limit > 0, "a number below zero was asked for");
        // The upper half of the product is uniform enough: the bias is limit / 2^64.
        ((u128::from(self.next_bits()) * u128::from(limit)) >> 64) as u64
    }

    /// True `parts_per_million` times in a million.
    pub fn chance(&mut self, parts_per_million: u32) -> bool {
        parts_per_million > 0 && self.below(1_000_000) < u64::from(parts_per_million)
    }
}

/// Spreads 64 bits over 64 bits, one to one (the finalizer of splitmix64).
pub fn mix(bits: u64) -> u64 {
    let mut z = bits.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
