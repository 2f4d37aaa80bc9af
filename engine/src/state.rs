//! State.
use crate::command::{AccountDefine, DayOpen, InstrumentDefine, ParticipantDefine, UserDefine};
use crate::event::SystemId;
use crate::types::*;

/// The state of the exchange.
pub struct State {}

/// The two digests that stand in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// Of the state.
    pub state: u64,
    /// Of the local-id marks.
    pub local_ids: u64,
}

/// A position: of one account, instrument and hedge flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Long, from yesterday.
    pub long_yesterday: u32,
    /// Long, of today.
    pub long_today: u32,
    /// Of long_yesterday, reserved by working close orders.
    pub long_frozen_yesterday: u32,
    /// Of long_today, reserved by working close orders.
    pub long_frozen_today: u32,
    /// Short, from yesterday.
    pub short_yesterday: u32,
    /// Short, of today.
    pub short_today: u32,
    /// Of short_yesterday, reserved.
    pub short_frozen_yesterday: u32,
    /// Of short_today, reserved.
    pub short_frozen_today: u32,
    /// Lots of working buy orders that open.
    pub pending_buy: u32,
    /// Lots of working sell orders that open.
    pub pending_sell: u32,
}

/// A live order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveOrder {
    /// Its key: its place in time.
    pub key: OrderKey,
    /// Whose.
    pub account: AccountIndex,
    /// Who sent it.
    pub user: UserIndex,
    /// Of which participant.
    pub participant: ParticipantIndex,
    /// In what.
    pub instrument: InstrumentIndex,
    /// Side.
    pub direction: Direction,
    /// Opens or closes.
    pub offset: Offset,
    /// FTDHedgeFlag.
    pub hedge: u8,
    /// Limit.
    pub price: Price,
    /// What remains.
    pub remaining: Volume,
    /// Of the remaining volume, what is frozen of yesterday's position.
    pub yesterday: Volume,
    /// What it had traded.
    pub traded: Volume,
    /// Price of its last trade; 0 if none.
    pub last_price: Price,
    /// OrderLocalId.
    pub local_id: [u8; 24],
    /// OrderSysId.
    pub sys_id: SystemId,
}

/// A participant.
#[derive(Clone, Copy, Debug)]
pub struct Participant {
    /// As defined.
    pub definition: ParticipantDefine,
    /// Its present right.
    pub right: Right,
    /// Private messages so far.
    pub private_count: StreamNumber,
}

/// A user.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// As defined, with its present secret.
    pub definition: UserDefine,
    /// Its present right.
    pub right: Right,
    /// The seat is blocked.
    pub blocked: bool,
}

/// An account.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// As defined.
    pub definition: AccountDefine,
    /// Its present right.
    pub right: Right,
}

/// An instrument.
#[derive(Clone, Copy, Debug)]
pub struct Instrument {
    /// As defined.
    pub definition: InstrumentDefine,
    /// Its present phase.
    pub phase: Phase,
    /// Its present right.
    pub right: Right,
    /// Last price today.
    pub last: Option<Price>,
    /// Open price; 0 before the first trade.
    pub open: Price,
    /// Highest; 0 before the first trade.
    pub high: Price,
    /// Lowest; 0 before the first trade.
    pub low: Price,
    /// Lots traded, counted once.
    pub volume: u64,
    /// Turnover.
    pub turnover: Money,
    /// Open interest, counted once.
    pub open_interest: i64,
    /// Something happened since the last market data.
    pub touched: bool,
}

/// Digests of a state by instrument and aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {}

/// Where two trees differ first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeDifference {}

#[allow(missing_docs, unused_variables, clippy::missing_panics_doc)]
impl State {
    pub fn new() -> Self { State {} }
    pub fn day(&self) -> Option<&DayOpen> { unimplemented!() }
    pub fn epoch(&self) -> Epoch { unimplemented!() }
    pub fn last_sequence(&self) -> Sequence { unimplemented!() }
    pub fn time(&self) -> Nanoseconds { unimplemented!() }
    pub fn digests(&self) -> Digests { unimplemented!() }
    pub fn recompute_digests(&self) -> Digests { unimplemented!() }
    pub fn instrument_digest(&self, index: InstrumentIndex) -> u64 { unimplemented!() }
    pub fn tree(&self) -> Tree { unimplemented!() }
    pub fn phase(&self, instrument: InstrumentIndex) -> Option<Phase> { unimplemented!() }
    pub fn last_price(&self, instrument: InstrumentIndex) -> Option<Price> { unimplemented!() }
    /// Best price of a side and the lots there.
    pub fn best(&self, instrument: InstrumentIndex, direction: Direction) -> Option<(Price, u64)> { unimplemented!() }
    pub fn position(&self, account: AccountIndex, instrument: InstrumentIndex, hedge: u8) -> Position { unimplemented!() }
    pub fn live_orders(&self) -> u32 { unimplemented!() }
    /// In the order of keys.
    pub fn orders(&self) -> Vec<LiveOrder> { unimplemented!() }
    pub fn order(&self, key: OrderKey) -> Option<LiveOrder> { unimplemented!() }
    pub fn private_count(&self, participant: ParticipantIndex) -> StreamNumber { unimplemented!() }
    pub fn broadcast_count(&self) -> StreamNumber { unimplemented!() }
    pub fn largest_local_id(&self, user: UserIndex) -> Option<[u8; 24]> { unimplemented!() }
    pub fn participant(&self, index: ParticipantIndex) -> Option<&Participant> { unimplemented!() }
    pub fn user(&self, index: UserIndex) -> Option<&User> { unimplemented!() }
    pub fn account(&self, index: AccountIndex) -> Option<&Account> { unimplemented!() }
    pub fn instrument(&self, index: InstrumentIndex) -> Option<&Instrument> { unimplemented!() }
    /// Touches every page of the tables, so that the order path meets no page fault.
    pub fn touch_pages(&mut self) { unimplemented!() }
}

impl Default for State {
    fn default() -> Self { Self::new() }
}
