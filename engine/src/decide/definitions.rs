//! What the exchange itself sets: the day, base data, positions, rights, seats, epochs. RULES.md, Base data and the rest.
//!
//! Each command has one check and, if that says yes, one event, Applied. What is checked here is also what the state can hold at
//! all, so `validate` asks the same of somebody else's frames.

use crate::book::MAXIMUM_SPAN;
use crate::command::{
    AccountDefine, BodyView, ClientLimitSet, Command, CreditSet, DayOpen, EpochOpen, ExecWindowSet, FunctionSet,
    INSTRUMENT_EXERCISE, INSTRUMENT_PREMIUM, InstrumentDefine, MarketMakerSet, MemberLimitSet, PRODUCT_LIMIT_BY_VIEW,
    ParticipantDefine, PositionSet, ProductDefine, RightScope, RightSet, ScheduleAction, ScheduleSet, UserDefine,
};
use crate::keyed::pair_name;
use crate::money::MOST_MONEY;
use crate::position::{Row, whose};
use crate::reject::Reject;
use crate::state::State;
use crate::types::{
    AccountIndex, Direction, Function, InstrumentIndex, ParticipantIndex, Phase, PriceRule, ProductIndex, Right,
    TieBreak, UserIndex,
};

/// Orders that a day may let rest: a gigabyte of them.
pub(crate) const MOST_LIVE_ORDERS: u32 = 1 << 24;
/// Local ids that a day may let mark: four gigabytes of them.
pub(crate) const MOST_LOCAL_IDS: u32 = 1 << 26;
/// Position rows that a day may have: a gigabyte of them.
pub(crate) const MOST_POSITION_ROWS: u32 = 1 << 24;
/// Accounts that a day may have.
pub(crate) const MOST_ACCOUNTS: u32 = 1 << 24;
/// Prices lie strictly within this, in ticks.
const MOST_TICKS: i32 = 1 << 30;
/// Open interest that a day may begin with: it stays within 64 bits whatever trades.
const MOST_OPEN_INTEREST: u64 = 1 << 62;
/// Rows that a day may have of enquiries, of exercise instructions and of limits.
const MOST_OTHERS: u32 = 1 << 24;
/// Steps that a day's calendar may have.
const MOST_STEPS: usize = 256;
/// A step lies before this, milliseconds: a night session may reach into the next day.
const END_OF_STEPS: u32 = 48 * 3_600_000;
/// Private streams below this are the standard's own.
const FIRST_SERIES: u16 = 2;

/// Whether a command of the exchange can take effect.
///
/// # Errors
/// The reject that it gets.
pub(crate) fn check(state: &State, command: &Command<'_>) -> Result<(), Reject> {
    let user = command.header.user;
    match command.body {
        BodyView::DayOpen(day) => day_open(state, day),
        BodyView::ParticipantDefine(new) => participant(state, new),
        BodyView::UserDefine(new) => trader(state, new),
        BodyView::AccountDefine(new) => account(state, new),
        BodyView::InstrumentDefine(new) => instrument(state, new),
        BodyView::ProductDefine(new) => product(state, new),
        BodyView::MarketMakerSet(set) => market_maker(state, set),
        BodyView::ClientLimitSet(set) => client_limit(state, set),
        BodyView::MemberLimitSet(set) => member_limit(state, set),
        BodyView::CreditSet(set) => credit(state, set),
        BodyView::FunctionSet(set) => functions(state, set),
        BodyView::ScheduleSet(set) => schedule(state, set),
        BodyView::ExecWindowSet(set) => window(state, set),
        BodyView::PositionSet(set) => position(state, set),
        BodyView::RightSet(set) => right(state, set),
        BodyView::PasswordUpdate(_) => known_user(state, user),
        BodyView::SeatBlock(block) => known_user(state, block.user),
        BodyView::EpochOpen(open) => epoch(state, open),
        _ => Ok(()),
    }
}

fn valid(holds: bool) -> Result<(), Reject> {
    if holds { Ok(()) } else { Err(Reject::DefinitionInvalid) }
}

fn day_open(state: &State, day: &DayOpen) -> Result<(), Reject> {
    if state.day.is_some() {
        return Err(Reject::DayAlreadyOpen);
    }
    valid(
        day.live_orders <= MOST_LIVE_ORDERS
            && day.local_ids <= MOST_LOCAL_IDS
            && day.position_rows <= MOST_POSITION_ROWS
            && day.accounts <= MOST_ACCOUNTS
            && [day.enquiries, day.exec_orders, day.limits].iter().all(|&rows| rows <= MOST_OTHERS),
    )
}

fn participant(state: &State, new: &ParticipantDefine) -> Result<(), Reject> {
    let taken = |other: &ParticipantDefine| other.series == new.series || other.id == new.id;
    valid(
        state.participants.is_free(usize::from(new.index.0))
            && new.series >= FIRST_SERIES
            && Right::from_code(new.right).is_some()
            && (new.clearing == new.index || state.participant(new.clearing).is_some())
            && !state.participants().any(|other| taken(&other.definition)),
    )
}

fn trader(state: &State, new: &UserDefine) -> Result<(), Reject> {
    valid(
        state.users.is_free(usize::from(new.index.0))
            && state.participant(new.participant).is_some()
            && Right::from_code(new.right).is_some()
            && !state.users().any(|other| other.definition.id == new.id),
    )
}

fn account(state: &State, new: &AccountDefine) -> Result<(), Reject> {
    valid(
        state.accounts.is_free(new.index.0 as usize)
            && state.participant(new.participant).is_some()
            && Right::from_code(new.right).is_some()
            && !state.clients.contradicts(&state.accounts, new),
    )
}

fn product(state: &State, new: &ProductDefine) -> Result<(), Reject> {
    valid(
        state.products.is_free(usize::from(new.index.0))
            && (b'0'..=b'3').contains(&new.kind)
            && new.flags & !PRODUCT_LIMIT_BY_VIEW == 0
            && new.functions & !Function::BITS == 0
            && !state.products().any(|other| other.definition.id == new.id),
    )
}

fn instrument(state: &State, new: &InstrumentDefine) -> Result<(), Reject> {
    known(state.product(new.product).is_some())?;
    let leads = |first: InstrumentIndex| {
        let first = state.instrument(first).map(|first| &first.definition);
        first.is_some_and(|first| first.limit_with == first.index && first.product == new.product)
    };
    let span = i64::from(new.upper_limit) - i64::from(new.lower_limit);
    valid(
        new.index < InstrumentIndex::UNKNOWN
            && state.instruments.is_free(usize::from(new.index.0))
            && new.tick != 0
            && new.multiplier != 0
            && new.minimum_volume != 0
            && new.maximum_volume != 0
            && new.maximum_market_volume != 0
            && (b'0'..=b'2').contains(&new.option_type)
            && new.flags & !(INSTRUMENT_EXERCISE | INSTRUMENT_PREMIUM) == 0
            && (new.limit_with == new.index || leads(new.limit_with))
            && new.margin_long >= 0
            && new.margin_short >= 0
            && new.minimum_volume <= new.maximum_volume
            && (0..MAXIMUM_SPAN as i64).contains(&span)
            && new.lower_limit > -MOST_TICKS
            && new.upper_limit < MOST_TICKS
            && (-MOST_TICKS..=MOST_TICKS).contains(&new.previous_settlement)
            && new.previous_open_interest <= MOST_OPEN_INTEREST
            && PriceRule::from_code(new.price_rule).is_some()
            && TieBreak::from_code(new.tie_break).is_some()
            && Phase::from_code(new.phase).is_some()
            && Right::from_code(new.right).is_some()
            && !state.instruments().any(|other| other.definition.id == new.id),
    )
}

fn position(state: &State, set: &PositionSet) -> Result<(), Reject> {
    if state.account(set.account).is_none() || state.instrument(set.instrument).is_none() {
        return Err(Reject::IndexUnknown);
    }
    valid((b'1'..=b'4').contains(&set.hedge))?;
    // A side's positions together are a number of lots too.
    valid(set.long_yesterday.checked_add(set.long_today).is_some())?;
    valid(set.short_yesterday.checked_add(set.short_today).is_some())?;
    let row = state.rows.find(whose(set.account, set.instrument, set.hedge)).map(|row| state.rows.get(row));
    match row {
        None if !state.rows.has_room() => return Err(Reject::PositionRowsExhausted),
        None => (),
        Some(row) => valid(!row.has_working_orders())?,
    }
    let (own, clearing) =
        state.money_of(state.account(set.account).ok_or(Reject::IndexUnknown)?.definition.participant);
    let growth = margin_growth(state, set, row);
    valid(
        [own.used, clearing.cleared]
            .iter()
            .all(|used| (-MOST_MONEY..=MOST_MONEY).contains(&used.saturating_add(growth))),
    )
}

/// By how much the margin of a row grows when its positions are set.
pub(crate) fn margin_growth(state: &State, set: &PositionSet, row: Option<&Row>) -> i128 {
    let instrument = state.instrument(set.instrument).expect("checked: a defined instrument");
    let lots = [(set.long_yesterday, set.long_today), (set.short_yesterday, set.short_today)];
    let sides = [Direction::Buy, Direction::Sell].into_iter().zip(lots);
    let grown = sides.map(|(side, (yesterday, today))| {
        let before = row.map_or(0, |row| row.held(side));
        let after = u64::from(yesterday) + u64::from(today);
        instrument.margin(side) * (i128::from(after) - i128::from(before))
    });
    grown.sum()
}

fn market_maker(state: &State, set: &MarketMakerSet) -> Result<(), Reject> {
    known(state.account(set.account).is_some() && state.product(set.product).is_some())?;
    valid(set.on <= 1)
}

fn client_limit(state: &State, set: &ClientLimitSet) -> Result<(), Reject> {
    known(state.clients.knows(&state.accounts, set.client))?;
    let instrument = state.instrument(set.instrument).ok_or(Reject::IndexUnknown)?;
    valid(set.class <= 1 && instrument.definition.limit_with == set.instrument)?;
    let is_there = state.client_limits.get(client_limit_name(set)).is_some();
    valid(is_there || has_room_for_limit(state))
}

/// As the digest has it.
pub(crate) fn client_limit_name(set: &ClientLimitSet) -> u64 {
    pair_name(set.client.0, set.instrument.0) | u64::from(set.class) << 48
}

fn member_limit(state: &State, set: &MemberLimitSet) -> Result<(), Reject> {
    known(state.participant(set.participant).is_some() && state.instrument(set.instrument).is_some())?;
    let is_there = state.rows.member_limit(set.participant, set.instrument).is_some();
    valid(is_there || has_room_for_limit(state))
}

fn has_room_for_limit(state: &State) -> bool {
    let most = state.day.map_or(0, |day| day.limits as usize);
    state.client_limits.len() + state.rows.member_limit_count() < most
}

fn credit(state: &State, set: &CreditSet) -> Result<(), Reject> {
    known(state.participant(set.participant).is_some())?;
    valid(set.kind <= 1 && set.amount >= -1)
}

fn functions(state: &State, set: &FunctionSet) -> Result<(), Reject> {
    known_product(state, set.product)?;
    valid(set.on <= 1 && set.functions & !Function::BITS == 0)
}

fn schedule(state: &State, set: &ScheduleSet) -> Result<(), Reject> {
    let last = state.schedule.last().map_or(0, |last| last.step);
    let phase = match ScheduleAction::from_code(set.action).ok_or(Reject::DefinitionInvalid)? {
        ScheduleAction::Phase => Phase::from_code(set.phase).is_some() && set.last_day <= 1,
        _ => set.phase == 0 && set.last_day == 0,
    };
    valid(phase && set.step > last && state.schedule.len() < MOST_STEPS && set.time < END_OF_STEPS)?;
    known_product(state, set.product)
}

fn window(state: &State, set: &ExecWindowSet) -> Result<(), Reject> {
    known_product(state, set.product)?;
    valid(set.open <= 1)
}

fn known_product(state: &State, product: ProductIndex) -> Result<(), Reject> {
    known(product == ProductIndex::ALL || state.product(product).is_some())
}

fn right(state: &State, set: &RightSet) -> Result<(), Reject> {
    let scope = RightScope::from_code(set.scope).ok_or(Reject::DefinitionInvalid)?;
    valid(Right::from_code(set.right).is_some())?;
    let small = u16::try_from(set.index).ok();
    let known_account = state.account(AccountIndex(set.index)).is_some();
    let known_instrument = state.instrument(set.instrument).is_some();
    let known = match scope {
        RightScope::Participant => small.is_some_and(|index| state.participant(ParticipantIndex(index)).is_some()),
        RightScope::User => small.is_some_and(|index| state.user(UserIndex(index)).is_some()),
        RightScope::Account => known_account,
        RightScope::Instrument => known_instrument,
        RightScope::AccountInstrument => known_account && known_instrument,
    };
    self::known(known)
}

fn known(holds: bool) -> Result<(), Reject> {
    if holds { Ok(()) } else { Err(Reject::IndexUnknown) }
}

fn known_user(state: &State, user: UserIndex) -> Result<(), Reject> {
    state.user(user).map(|_| ()).ok_or(Reject::IndexUnknown)
}

fn epoch(state: &State, open: &EpochOpen) -> Result<(), Reject> {
    if open.epoch > state.epoch { Ok(()) } else { Err(Reject::EpochNotHigher) }
}
