//! What a member sends: an order, a cancel; and the numbers and texts they are made of.

use ftd::field::{OrderActionField, OrderActionTargetField, OrderInsertField};
use ftd::types::Str;
use ftd::value;

/// ParticipantId.
pub type ParticipantId = Str<8>;
/// UserId: a trader, a seat.
pub type UserId = Str<15>;
/// ClientId.
pub type ClientId = Str<8>;
/// InstrumentId.
pub type InstrumentId = Str<30>;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);
    };
}

number!(
    /// A moment of the host's clock, nanoseconds. Only differences count.
    Nanoseconds(u64)
);
number!(
    /// A price in 1/10,000 yuan.
    Price(i64)
);
number!(
    /// Number of a message in a private or the broadcast stream, from 1; 0 = none yet.
    StreamNumber(u32)
);
number!(
    /// A core's reign, one higher after each takeover.
    Epoch(u32)
);

impl Nanoseconds {
    /// `count` seconds.
    #[must_use]
    pub const fn seconds(count: u64) -> Self {
        Nanoseconds(count * 1_000_000_000)
    }

    /// `count` milliseconds.
    #[must_use]
    pub const fn milliseconds(count: u64) -> Self {
        Nanoseconds(count * 1_000_000)
    }

    pub(crate) fn plus(self, span: Nanoseconds) -> Self {
        Nanoseconds(self.0.saturating_add(span.0))
    }

    pub(crate) fn since(self, earlier: Nanoseconds) -> Nanoseconds {
        Nanoseconds(self.0.saturating_sub(earlier.0))
    }
}

/// OrderLocalId or ActionLocalId: the member's own number of a request, 24 bytes, left-aligned, blanks behind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub [u8; 24]);

/// Digits of the local ids that this package gives: they compare as texts in the order of their numbers.
pub const LOCAL_ID_DIGITS: usize = 12;

impl LocalId {
    /// Nothing but blanks.
    pub const BLANK: LocalId = LocalId([b' '; 24]);

    /// The `number`-th local id of a day, from 1.
    #[must_use]
    pub fn numbered(number: u64) -> Self {
        let mut text = Str::<24>::BLANK;
        text.set_zero_filled(number, LOCAL_ID_DIGITS).expect("fewer than 10^12 orders a day");
        LocalId(*text.bytes())
    }

    /// A text of at most 24 bytes.
    #[must_use]
    pub fn text(text: &[u8]) -> Option<Self> {
        Str::<24>::padded(text).ok().map(|text| LocalId(*text.bytes()))
    }

    /// The number, if it is one that [`LocalId::numbered`] gives.
    #[must_use]
    pub fn number(self) -> Option<u64> {
        let text = Str::<24>::from(self.0);
        if text.trimmed().len() == LOCAL_ID_DIGITS { text.decimal() } else { None }
    }
}

impl std::fmt::Display for LocalId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0.trim_ascii_end().escape_ascii())
    }
}

impl std::fmt::Debug for LocalId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "\"{self}\"")
    }
}

/// OrderSysId or TradeId: the exchange's number of an order or a trade.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemId(pub [u8; 20]);

impl SystemId {
    /// Nothing but blanks.
    pub const BLANK: SystemId = SystemId([b' '; 20]);

    /// Whether it names nothing.
    #[must_use]
    pub fn is_blank(self) -> bool {
        self.0.iter().all(|&byte| byte == b' ' || byte == 0)
    }
}

impl std::fmt::Display for SystemId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0.trim_ascii_end().escape_ascii())
    }
}

impl std::fmt::Debug for SystemId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "\"{self}\"")
    }
}

/// An order to be sent, as the standard's OrderInsertField has it. Codes are the characters of [`ftd::value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// ClientId.
    pub client_id: ClientId,
    /// InstrumentId.
    pub instrument_id: InstrumentId,
    /// [`value::direction`].
    pub direction: u8,
    /// [`value::offset_flag`].
    pub offset: u8,
    /// [`value::hedge_flag`].
    pub hedge: u8,
    /// [`value::order_type`].
    pub order_type: u8,
    /// [`value::match_condition`].
    pub match_condition: u8,
    /// [`value::match_session`].
    pub match_session: u8,
    /// LimitPrice.
    pub price: Price,
    /// StopPrice; 0 = none.
    pub stop_price: Price,
    /// Lots.
    pub volume: u32,
    /// MinimalVolume, lots.
    pub minimal_volume: u32,
    /// AutoSuspend.
    pub auto_suspend: bool,
    /// MessageReference: comes back as it was sent.
    pub message_reference: [u8; 6],
}

impl NewOrder {
    /// A limit order that stands for the day, speculative, opening.
    #[must_use]
    pub fn limit(client_id: ClientId, instrument_id: InstrumentId, direction: u8, price: Price, volume: u32) -> Self {
        NewOrder {
            client_id,
            instrument_id,
            direction,
            offset: value::offset_flag::OPEN,
            hedge: value::hedge_flag::SPECULATION,
            order_type: value::order_type::LIMIT,
            match_condition: value::match_condition::GOOD_FOR_DAY,
            match_session: value::match_session::ALL,
            price,
            stop_price: Price(0),
            volume,
            minimal_volume: 0,
            auto_suspend: false,
            message_reference: [b' '; 6],
        }
    }

    /// Fills the standard's field. False: a price is beyond its twelve characters.
    pub(crate) fn fill(&self, field: &mut OrderInsertField) -> bool {
        field.client_id = self.client_id;
        field.instrument_id = self.instrument_id;
        field.direction.set(self.direction);
        field.offset_flag.set(self.offset);
        field.hedge_flag.set(self.hedge);
        field.order_type.set(self.order_type);
        field.match_condition.set(self.match_condition);
        field.match_session.set(self.match_session);
        field.volume_total_orginal.set_unsigned(self.volume);
        field.minimal_volume.set_unsigned(self.minimal_volume);
        let suspend = if self.auto_suspend { value::bool_flag::TRUE } else { value::bool_flag::FALSE };
        field.auto_suspend.set(suspend);
        field.message_reference = self.message_reference.into();
        field.limit_price.set_units(self.price.0).is_ok() && field.stop_price.set_units(self.stop_price.0).is_ok()
    }
}

/// A cancel to be sent, item by item. [`crate::Member::cancel`] fills it for an order of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewCancel {
    /// [`value::action_flag`].
    pub action: u8,
    /// OrderSysId of the target; blank = by local id.
    pub order_sys_id: SystemId,
    /// InstrumentId; blank = not named.
    pub instrument_id: InstrumentId,
    /// OrderLocalId of the target and its ClientId (blank = not named), if the target is named so.
    pub target: Option<(LocalId, ClientId)>,
    /// MessageReference: comes back as it was sent.
    pub message_reference: [u8; 6],
}

impl NewCancel {
    pub(crate) fn fill(&self, field: &mut OrderActionField) {
        field.order_action_code.set(self.action);
        field.order_sys_id = self.order_sys_id.0.into();
        field.instrument_id = self.instrument_id;
        field.instrument_version.set(value::instrument_version::DEFAULT);
        field.message_reference = self.message_reference.into();
    }

    pub(crate) fn fill_target(&self, participant: ParticipantId, field: &mut OrderActionTargetField) {
        if let Some((local_id, client_id)) = self.target {
            field.order_local_id = local_id.0.into();
            field.participant_id = participant;
            field.client_id = client_id;
        }
    }
}
