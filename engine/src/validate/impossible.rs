//! Why somebody else's frame cannot be applied.

/// Why a frame cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// What is wrong.
    pub kind: ImpossibleKind,
    /// Which event, from 0; None: the frame itself.
    pub event: Option<u32>,
}

impl std::fmt::Display for Impossible {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.event {
            Some(event) => write!(out, "event {event}: {}", self.kind.text()),
            None => out.write_str(self.kind.text()),
        }
    }
}

impl std::error::Error for Impossible {}

macro_rules! kinds {
    ($( $number:literal $name:ident $text:literal )*) => {
        /// What is wrong with a frame that cannot be applied; the numbers are metrics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum ImpossibleKind { $( #[doc = $text] $name = $number ),* }

        impl ImpossibleKind {
            /// Every kind.
            pub const ALL: &[ImpossibleKind] = &[$( ImpossibleKind::$name ),*];

            /// In words.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $( ImpossibleKind::$name => $text ),* }
            }
        }
    };
}

kinds! {
    1 NoEvents "the frame has no events"
    2 SequenceOutOfOrder "the frame is not the next one"
    3 TimeOutOfOrder "the frame's time lies before the last frame's"
    4 EpochOutOfOrder "the frame's epoch is not the present one and does not begin here"
    5 UnknownKind "the event is of a kind that is not of the list"
    6 ReservedNotZero "a field that is to be zero is not"
    7 DoesNotFit "the event does not fit its command, or not at this place"
    8 UnknownCode "a code is not of its list"
    9 UnknownIndex "an instrument, account, user or participant is not defined"
    10 UnknownOrder "the order is not live"
    11 WrongIndex "orders or trades of the frame are not counted from 0 without gaps"
    12 WrongStreamNumber "a stream number is not the next one"
    13 WrongVolume "a volume, remainder or last price contradicts the order"
    14 WrongSide "the orders of a trade are not a buy and a sell order of one instrument"
    15 PositionInsufficient "more would be frozen than the position has"
    16 CapacityExceeded "the tables that DayOpen sized are full"
    17 LocalIdTaken "the local id is marked already"
    18 SystemIdUnusable "the OrderSysId is blank or another live order's"
    19 PriceUnusable "the price is not on a tick of the day's band"
    20 DefinitionImpossible "the definition contradicts what is defined or what the state can hold"
    21 Overflow "a number would grow beyond its type"
    22 OrderLeftOver "an order entered and neither traded fully nor ended nor rests"
}
