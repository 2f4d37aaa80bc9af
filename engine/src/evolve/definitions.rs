//! What the exchange itself sets takes effect; everything is in the command. RULES.md, Base data and the rest.

use super::{change_instrument, count_broadcast, grow};
use crate::book::Book;
use crate::command::{
    BodyView, Command, DAY_CLOSE_TODAY_FIRST, DayOpen, InstrumentDefine, PositionSet, RightScope, RightSet,
};
use crate::digest;
use crate::position::whose;
use crate::state::{Account, Instrument, Participant, State, User};
use crate::types::{AccountIndex, Money, Phase, Price, Right, StreamNumber};

/// The command took effect.
#[inline(never)]
pub(super) fn applied(state: &mut State, command: &Command<'_>) {
    let user = command.header.user;
    match command.body {
        BodyView::DayOpen(day) => day_open(state, day),
        BodyView::ParticipantDefine(new) => {
            let participant = Participant { definition: *new, right: right(new.right), private_count: StreamNumber(0) };
            let growth = state.participants.define(usize::from(new.index.0), participant);
            grow(state, growth);
        }
        BodyView::UserDefine(new) => {
            let user = User { definition: *new, right: right(new.right), blocked: false, largest_local_id: [0; 3] };
            let growth = state.users.define(usize::from(new.index.0), user);
            grow(state, growth);
        }
        BodyView::AccountDefine(new) => {
            state.clients.define(new);
            let account = Account { definition: *new, right: right(new.right) };
            let growth = state.accounts.define(new.index.0 as usize, account);
            grow(state, growth);
        }
        BodyView::InstrumentDefine(new) => instrument(state, new),
        BodyView::PositionSet(set) => position(state, set),
        BodyView::RightSet(set) => set_right(state, set),
        BodyView::PasswordUpdate(update) => {
            state.users.uncounted(usize::from(user.0)).definition.secret = update.secret;
        }
        BodyView::SeatBlock(block) => {
            let growth = state.users.change(usize::from(block.user.0), |user| user.blocked = block.blocked != 0);
            grow(state, growth);
        }
        BodyView::EpochOpen(open) => {
            assert!(open.epoch > state.epoch, "epochs only rise");
            state.epoch = open.epoch;
        }
        // Nothing of these is in the state; or they found nothing to do.
        BodyView::ReadinessReport(_)
        | BodyView::TakeoverBegin(_)
        | BodyView::TakeoverStep(_)
        | BodyView::PhaseSet(_)
        | BodyView::Uncross(_)
        | BodyView::MassCancel(_)
        | BodyView::MarketDataTick(_)
        | BodyView::BookRestate(_)
        | BodyView::DayClose(_) => (),
        BodyView::OrderInsert(_) | BodyView::OrderCancel(_) | BodyView::Bulletin(_) => {
            panic!("validated: orders, cancels and bulletins have events of their own")
        }
    }
}

fn right(code: u8) -> Right {
    Right::from_code(code).expect("validated: rights are of the list")
}

fn day_open(state: &mut State, day: &DayOpen) {
    assert!(state.day.is_none(), "a state is of one day");
    state.make_tables(day);
    state.day = Some(*day);
    state.close_today_first = day.flags & DAY_CLOSE_TODAY_FIRST != 0;
    state.epoch = day.epoch;
    count_broadcast(state, StreamNumber(0));
}

fn instrument(state: &mut State, new: &InstrumentDefine) {
    let index = usize::from(new.index.0);
    state.books[index] = Some(Book::new(Price(new.lower_limit), Price(new.upper_limit)));
    let instrument = Instrument {
        definition: *new,
        phase: Phase::from_code(new.phase).expect("validated: phases are of the list"),
        right: right(new.right),
        last: None,
        open: Price(0),
        high: Price(0),
        low: Price(0),
        volume: 0,
        turnover: Money(0),
        open_interest: new.previous_open_interest,
        touched: false,
    };
    let growth = state.instruments.define(index, instrument);
    grow(state, growth);
}

/// Replaces the four positions of a row; the exposure follows, the open interest does not.
fn position(state: &mut State, set: &PositionSet) {
    let client = state.account(set.account).expect("validated: a defined account").definition.client_number;
    let found = state.rows.find(whose(set.account, set.instrument, set.hedge));
    let place = found.unwrap_or_else(|| state.rows.make(set.account, client, set.instrument, set.hedge));
    let (row, exposure) = state.rows.touch(place);
    assert!(!row.has_working_orders(), "positions are set before orders work on them");
    for side in 0..2 {
        exposure.lots[side] -= u64::from(row.yesterday[side]) + u64::from(row.today[side]);
    }
    row.yesterday = [set.long_yesterday, set.short_yesterday];
    row.today = [set.long_today, set.short_today];
    for side in 0..2 {
        exposure.lots[side] += u64::from(row.yesterday[side]) + u64::from(row.today[side]);
    }
}

fn set_right(state: &mut State, set: &RightSet) {
    let right = right(set.right);
    match RightScope::from_code(set.scope).expect("validated: scopes are of the list") {
        RightScope::Participant => {
            let growth = state.participants.change(set.index as usize, |participant| participant.right = right);
            grow(state, growth);
        }
        RightScope::User => {
            let growth = state.users.change(set.index as usize, |user| user.right = right);
            grow(state, growth);
        }
        RightScope::Account => {
            let growth = state.accounts.change(set.index as usize, |account| account.right = right);
            grow(state, growth);
        }
        RightScope::Instrument => change_instrument(state, set.instrument, |instrument| instrument.right = right),
        RightScope::AccountInstrument => {
            let account = AccountIndex(set.index);
            let before = state.pair_rights.set(account, set.instrument, right);
            let term = |right| digest::pair_right_term(account, set.instrument, right);
            grow(state, term(right).wrapping_sub(term(before)));
        }
    }
}
