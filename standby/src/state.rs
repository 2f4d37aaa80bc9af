//! The life of a standby: fourteen states, and every way from one to another.

use std::fmt;

/// Where a standby stands. The number is a metric, and `from_state` of TakeoverBegin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// There is no frame yet.
    Empty = 0,
    /// Frames come, and we do not yet know that we hold the newest.
    Syncing = 1,
    /// We hold what the primary recorded, as far as it has told.
    InStep = 2,
    /// The primary is known to be further by more than the limit, or has been silent for longer than the limit.
    Lagging = 3,
    /// A frame cannot have come of our state; we are sealed at the frame before it.
    Diverged = 4,
    /// A takeover was commanded: the cut is made, and checked.
    Sealing = 5,
    /// The old core is being fenced; then the new epoch is recorded.
    Fencing = 6,
    /// The epoch is ours; every instrument is suspended.
    Suspended = 7,
    /// Instruments that were continuous take cancels only.
    CancelOnly = 8,
    /// They take orders for the reopening auction.
    AuctionOrdering = 9,
    /// The reopening auction is being matched.
    AuctionMatch = 10,
    /// The takeover is done; the day goes on.
    Continuous = 11,
    /// The day is closed.
    Closed = 12,
    /// Another core has a higher epoch.
    Retired = 13,
}

/// What leads from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A frame was adopted, and it is not known to be the newest.
    Adopted,
    /// We hold what the primary says it recorded.
    Level,
    /// The primary is further by more than the limit.
    Behind,
    /// Nothing came for longer than the limit.
    Silent,
    /// A frame cannot be.
    Impossible,
    /// A takeover was commanded, with the explicit choices that the state asks for.
    Commanded,
    /// The cut was made and checked.
    Reconciled,
    /// The new epoch is recorded and every instrument suspended.
    Taken,
    /// Step 11 began.
    CancelOnlyBegan,
    /// Step 12 began.
    AuctionBegan,
    /// Step 13 began.
    MatchBegan,
    /// Step 14 is done.
    Resumed,
    /// The day was closed.
    DayClosed,
    /// A higher epoch was seen.
    HigherEpoch,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[
        State::Empty,
        State::Syncing,
        State::InStep,
        State::Lagging,
        State::Diverged,
        State::Sealing,
        State::Fencing,
        State::Suspended,
        State::CancelOnly,
        State::AuctionOrdering,
        State::AuctionMatch,
        State::Continuous,
        State::Closed,
        State::Retired,
    ];

    /// Its number.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The state that follows. None: this cannot happen here, and nothing changes.
    #[must_use]
    pub fn after(self, happening: Happening) -> Option<State> {
        use Happening as H;
        use State as S;
        Some(match (self, happening) {
            (S::Empty | S::Syncing, H::Adopted) => S::Syncing,
            (S::InStep | S::Lagging, H::Adopted) => self,
            (S::Syncing | S::InStep | S::Lagging, H::Level) => S::InStep,
            (S::InStep | S::Lagging, H::Behind) => S::Lagging,
            (S::Syncing, H::Behind) => S::Syncing,
            (S::Syncing | S::InStep | S::Lagging, H::Silent) => S::Lagging,
            (S::Empty | S::Syncing | S::InStep | S::Lagging, H::Impossible) => S::Diverged,
            // Continuous and Closed: our own core was restarted, and takes over from itself.
            (S::Syncing | S::InStep | S::Lagging | S::Diverged | S::Continuous | S::Closed, H::Commanded) => S::Sealing,
            (S::Sealing, H::Reconciled) => S::Fencing,
            (S::Fencing, H::Taken) => S::Suspended,
            (S::Suspended, H::CancelOnlyBegan) => S::CancelOnly,
            (S::CancelOnly, H::AuctionBegan) => S::AuctionOrdering,
            (S::AuctionOrdering, H::MatchBegan) => S::AuctionMatch,
            (S::Suspended | S::AuctionMatch, H::Resumed) => S::Continuous,
            (
                S::Suspended | S::CancelOnly | S::AuctionOrdering | S::AuctionMatch | S::Continuous | S::Closed,
                H::DayClosed,
            ) => S::Closed,
            (
                S::Sealing
                | S::Fencing
                | S::Suspended
                | S::CancelOnly
                | S::AuctionOrdering
                | S::AuctionMatch
                | S::Continuous
                | S::Closed,
                H::HigherEpoch,
            ) => S::Retired,
            _ => return None,
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            State::Empty => "空 Empty",
            State::Syncing => "同步中 Syncing",
            State::InStep => "同步 InStep",
            State::Lagging => "落后 Lagging",
            State::Diverged => "背离 Diverged",
            State::Sealing => "封存中 Sealing",
            State::Fencing => "隔离中 Fencing",
            State::Suspended => "已暂停 Suspended",
            State::CancelOnly => "只可撤单 CancelOnly",
            State::AuctionOrdering => "集合竞价申报 AuctionOrdering",
            State::AuctionMatch => "集合竞价撮合 AuctionMatch",
            State::Continuous => "交易中 Continuous",
            State::Closed => "已收市 Closed",
            State::Retired => "已退役 Retired",
        })
    }
}
