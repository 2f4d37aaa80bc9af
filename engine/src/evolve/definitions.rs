//! What the exchange itself sets takes effect; everything is in the command. RULES.md, Base data and the rest.

use super::{change_instrument, count_broadcast, grow, take_step, use_money};
use crate::book::Book;
use crate::command::{
    BodyView, ClientLimitSet, Command, DAY_CLOSE_TODAY_FIRST, DayOpen, INSTRUMENT_PREMIUM, InstrumentDefine,
    MarketMakerSet, MemberLimitSet, PositionSet, RightScope, RightSet,
};
use crate::decide::definitions::{client_limit_name, margin_growth};
use crate::digest;
use crate::keyed::pair_name;
use crate::local_ids::ID_KINDS;
use crate::money::Purse;
use crate::position::whose;
use crate::state::{Account, Instrument, Participant, Product, State, User};
use crate::types::{
    AccountIndex, Direction, Money, Phase, Price, ProductIndex, Right, StreamNumber, UserIndex, Volume,
};

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
            let (participant, clearing) = (new.index, new.clearing);
            let purse = Purse { participant, clearing, used: 0, cleared: 0, funds: -1, credit: -1 };
            let growth = state.purses.define(usize::from(new.index.0), purse);
            grow(state, growth);
        }
        BodyView::UserDefine(new) => {
            let of = state.participant(new.participant).expect("validated: a defined participant");
            let user = User {
                definition: *new,
                right: right(new.right),
                worst_right: right(new.right).max(of.right),
                blocked: false,
                largest_local_id: [[0; 3]; ID_KINDS],
            };
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
        BodyView::ProductDefine(new) => {
            let product = Product { definition: *new, functions: new.functions, window_open: false };
            let growth = state.products.define(usize::from(new.index.0), product);
            grow(state, growth);
        }
        BodyView::MarketMakerSet(set) => market_maker(state, set),
        BodyView::ClientLimitSet(set) => client_limit(state, set),
        BodyView::MemberLimitSet(set) => member_limit(state, set),
        BodyView::CreditSet(set) => {
            let growth = state.purses.change(usize::from(set.participant.0), |purse| match set.kind {
                0 => purse.funds = set.amount,
                _ => purse.credit = set.amount,
            });
            grow(state, growth);
        }
        BodyView::FunctionSet(set) => {
            change_products(state, set.product, |product| match set.on {
                0 => product.functions &= !set.functions,
                _ => product.functions |= set.functions,
            });
            let State { instruments, products, .. } = state;
            instruments.all_uncounted().for_each(|of| {
                let product = products.get(usize::from(of.definition.product.0));
                of.offers = product.expect("instruments are of defined products").offers();
            });
        }
        BodyView::ScheduleSet(set) => state.schedule.push(*set),
        BodyView::ExecWindowSet(set) => {
            change_products(state, set.product, |product| product.window_open = set.open != 0);
            take_step(state, command);
        }
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
        | BodyView::MassCancel(_)
        | BodyView::MarketDataTick(_)
        | BodyView::BookRestate(_) => (),
        BodyView::PhaseSet(_) | BodyView::Uncross(_) | BodyView::DayClose(_) => take_step(state, command),
        BodyView::OrderInsert(_)
        | BodyView::OrderCancel(_)
        | BodyView::QuoteInsert(_)
        | BodyView::QuoteCancel(_)
        | BodyView::EnquireQuote(_)
        | BodyView::ExecOrderInsert(_)
        | BodyView::ExecOrderCancel(_)
        | BodyView::Bulletin(_) => panic!("validated: what members ask for, and bulletins, have events of their own"),
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
    let product = state.product(new.product).expect("validated: a defined product");
    let instrument = Instrument {
        definition: *new,
        phase: Phase::from_code(new.phase).expect("validated: phases are of the list"),
        right: right(new.right),
        last: None,
        last_volume: Volume(0),
        open: Price(0),
        high: Price(0),
        low: Price(0),
        volume: 0,
        turnover: Money(0),
        open_interest: new.previous_open_interest,
        touched: false,
        costs: new.margin_long != 0 || new.margin_short != 0 || new.flags & INSTRUMENT_PREMIUM != 0,
        swapped: state.counts_swapped(new),
        open_limited: new.open_limit != 0 || product.definition.open_limit != 0,
        offers: product.offers(),
    };
    let growth = state.instruments.define(index, instrument);
    grow(state, growth);
}

/// Replaces the four positions of a row; exposure and margin follow, the open interest does not.
fn position(state: &mut State, set: &PositionSet) {
    let participant = state.account(set.account).expect("validated: a defined account").definition.participant;
    let found = state.rows.find(whose(set.account, set.instrument, set.hedge));
    let margin = margin_growth(state, set, found.map(|row| state.rows.get(row)));
    let place = found.unwrap_or_else(|| state.make_row(set.account, set.instrument, set.hedge));
    let row = state.rows.touch(place);
    assert!(!row.has_working_orders(), "positions are set before orders work on them");
    let (before, now) = ([row.yesterday, row.today], [set.long_today, set.short_today]);
    row.yesterday = [set.long_yesterday, set.short_yesterday];
    row.today = now;
    let yesterday = row.yesterday;
    for side in [Direction::Buy, Direction::Sell] {
        for lots in before {
            state.rows.shrink(place, side, lots[side.side()]);
        }
        for lots in [yesterday, now] {
            state.rows.grow(place, side, lots[side.side()]);
        }
    }
    use_money(state, participant, margin);
}

fn change_products(state: &mut State, product: ProductIndex, change: impl Fn(&mut Product)) {
    let all: Vec<usize> = state.products().map(|of| usize::from(of.definition.index.0)).collect();
    for index in all.into_iter().filter(|&index| product == ProductIndex::ALL || usize::from(product.0) == index) {
        let growth = state.products.change(index, &change);
        grow(state, growth);
    }
}

fn market_maker(state: &mut State, set: &MarketMakerSet) {
    let name = pair_name(set.account.0, set.product.0);
    let on = state.market_makers.get_or(name, || false);
    let before = std::mem::replace(on, set.on != 0);
    let term = |on| digest::market_maker_term(name, on);
    grow(state, term(set.on != 0).wrapping_sub(term(before)));
}

fn client_limit(state: &mut State, set: &ClientLimitSet) {
    let (name, limits) = (client_limit_name(set), [set.long, set.short]);
    let before = state.client_limits.get(name).map_or(0, |&before| digest::client_limit_term(name, before));
    *state.client_limits.get_or(name, || limits) = limits;
    grow(state, digest::client_limit_term(name, limits).wrapping_sub(before));
}

fn member_limit(state: &mut State, set: &MemberLimitSet) {
    let State { rows, accounts, .. } = state;
    let is_its = |account: AccountIndex| {
        let account = accounts.get(account.0 as usize).expect("rows are of defined accounts");
        account.definition.participant == set.participant
    };
    let before = rows.set_member_limit(set.participant, set.instrument, set.volume, is_its);
    let name = pair_name(u32::from(set.participant.0), set.instrument.0);
    let term = |volume| digest::member_limit_term(name, volume);
    grow(state, term(set.volume).wrapping_sub(before.map_or(0, term)));
}

fn set_right(state: &mut State, set: &RightSet) {
    let right = right(set.right);
    match RightScope::from_code(set.scope).expect("validated: scopes are of the list") {
        RightScope::Participant => {
            let growth = state.participants.change(set.index as usize, |participant| participant.right = right);
            grow(state, growth);
            let of = |user: &&mut User| u32::from(user.definition.participant.0) == set.index;
            state.users.all_uncounted().filter(of).for_each(|user| user.worst_right = user.right.max(right));
        }
        RightScope::User => {
            let user = state.user(UserIndex(set.index as u16)).expect("validated: a defined user");
            let of = state.participant(user.definition.participant).expect("users are of defined participants");
            let worst = right.max(of.right);
            let growth = state.users.change(set.index as usize, |user| {
                user.right = right;
                user.worst_right = worst;
            });
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
