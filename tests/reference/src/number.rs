//! The numbers of this exchange. Numbers that mean different things are different types.

use crate::wire::{Reader, Wire};

macro_rules! number {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(out)
            }
        }

        impl Wire for $name {
            fn take(from: &mut Reader<'_>) -> Option<Self> {
                Wire::take(from).map($name)
            }

            fn put(&self, into: &mut Vec<u8>) {
                self.0.put(into);
            }
        }
    )*};
}

number! {
    /// Place of a frame in the log, from 1, without gaps.
    Sequence(u64);
    /// A core's reign.
    Epoch(u32);
    /// Nanoseconds since the Unix epoch.
    Nanoseconds(u64);
    /// A participant by its place in the base data.
    Participant(u16);
    /// A user (trader, seat) by its place in the base data.
    User(u16);
    /// An account (a participant's client) by its place in the base data.
    Account(u32);
    /// An instrument by its place in the base data.
    Instrument(u16);
    /// A product by its place in the base data.
    Product(u16);
    /// One client over all members.
    ClientNumber(u32);
    /// An order or a trade: `sequence << 24 | index within the frame`; of orders, time priority. 0 = none.
    Key(u64);
    /// A price in ticks of its instrument.
    Ticks(i32);
}

impl Key {
    /// The key of the `index`-th order (or trade) of a frame.
    #[must_use]
    pub fn new(sequence: Sequence, index: u32) -> Self {
        assert!(index < 1 << 24, "a frame makes fewer than 2^24 orders or trades");
        Key(sequence.0 << 24 | u64::from(index))
    }

    /// The frame that accepted the order.
    #[must_use]
    pub fn sequence(self) -> Sequence {
        Sequence(self.0 >> 24)
    }

    /// Which of that frame's orders it is, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        (self.0 & ((1 << 24) - 1)) as u32
    }
}

impl Participant {
    /// Everybody: the broadcast stream.
    pub const ALL: Participant = Participant(u16::MAX);
}

impl Product {
    /// Every product.
    pub const ALL: Product = Product(u16::MAX);
}

impl User {
    /// The exchange itself.
    pub const NONE: User = User(u16::MAX);
}

impl Account {
    /// Not named, or not of the base data.
    pub const NONE: Account = Account(u32::MAX);
}

impl Instrument {
    /// Every instrument (phases, uncross).
    pub const ALL: Instrument = Instrument(u16::MAX);
    /// Not named (cancel).
    pub const NONE: Instrument = Instrument(u16::MAX);
    /// Named, but not of the base data.
    pub const UNKNOWN: Instrument = Instrument(u16::MAX - 1);
}
