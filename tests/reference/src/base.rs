//! Base data, rights, seats, epochs: everything that is neither an order nor published (RULES.md, Base data and the rest).

use crate::checks::{HEDGES, require, within_bounds};
use crate::command::{
    AccountDefine, EXERCISE, EpochOpen, InstrumentDefine, LIMIT_BY_VIEW, PREMIUM, ParticipantDefine, PasswordUpdate,
    PositionSet, ProductDefine, RightSet, SeatBlock, UserDefine, function,
};
use crate::digest::Thing;
use crate::exchange::{Exchange, Refusal};
use crate::number::{Account, Instrument, Participant, User};
use crate::proof::unpadded;
use crate::reject::Reject;
use crate::state::{BUY, Client, Family, Holding, Market, Member, SELL, Trader, phase, right};
use std::collections::{BTreeMap, BTreeSet};

impl Exchange {
    pub(crate) fn participant_define(&mut self, define: &ParticipantDefine) -> Result<(), Refusal> {
        let day = self.state.day.expect("the day is open");
        let members = &self.state.members;
        let taken = |member: &Member| member.define.series == define.series || member.define.id == define.id;
        let valid = define.index.0 < day.participants
            && !members.contains_key(&define.index)
            && define.series >= 2
            && (define.clearing == define.index || members.contains_key(&define.clearing))
            && right::ALL.contains(&define.right)
            && !members.values().any(taken);
        require::<Refusal>(valid, Reject::DefinitionInvalid)?;
        let member =
            Member { define: *define, right: define.right, private: 0, used: 0, cleared: 0, funds: -1, credit: -1 };
        self.state.members.insert(define.index, member);
        self.touch(Thing::Participant(define.index));
        Ok(())
    }

    pub(crate) fn user_define(&mut self, define: &UserDefine) -> Result<(), Refusal> {
        let day = self.state.day.expect("the day is open");
        let traders = &self.state.traders;
        let valid = define.index.0 < day.users
            && !traders.contains_key(&define.index)
            && self.state.members.contains_key(&define.participant)
            && right::ALL.contains(&define.right)
            && !traders.values().any(|trader| trader.define.id == define.id);
        require::<Refusal>(valid, Reject::DefinitionInvalid)?;
        let trader = Trader { define: *define, right: define.right, blocked: false, secret: define.secret };
        self.state.traders.insert(define.index, trader);
        self.touch(Thing::User(define.index));
        Ok(())
    }

    pub(crate) fn account_define(&mut self, define: &AccountDefine) -> Result<(), Refusal> {
        let day = self.state.day.expect("the day is open");
        let clients = &self.state.clients;
        let contradicts = |other: &Client| {
            let same_number = other.define.client_number == define.client_number;
            let same_id = other.define.client_id == define.client_id;
            same_number != same_id || (same_id && other.define.participant == define.participant)
        };
        let valid = define.index.0 < day.accounts
            && !clients.contains_key(&define.index)
            && self.state.members.contains_key(&define.participant)
            && right::ALL.contains(&define.right)
            && !clients.values().any(contradicts);
        require::<Refusal>(valid, Reject::DefinitionInvalid)?;
        let name = (define.participant, unpadded(&define.client_id).to_vec());
        self.state.client_ids.insert(name, define.index);
        self.state.clients.insert(define.index, Client { define: *define, right: define.right });
        self.touch(Thing::Account(define.index));
        Ok(())
    }

    pub(crate) fn product_define(&mut self, define: &ProductDefine) -> Result<(), Refusal> {
        let day = self.state.day.expect("the day is open");
        let products = &self.state.products;
        let valid = define.index.0 < day.products
            && !products.contains_key(&define.index)
            && matches!(define.kind, b'0'..=b'3')
            && define.flags & !LIMIT_BY_VIEW == 0
            && define.functions & !function::ALL == 0
            && !products.values().any(|family| family.define.id == define.id);
        require::<Refusal>(valid, Reject::DefinitionInvalid)?;
        let family = Family { define: *define, functions: define.functions, window: false };
        self.state.products.insert(define.index, family);
        self.touch(Thing::Product(define.index));
        Ok(())
    }

    pub(crate) fn instrument_define(&mut self, define: &InstrumentDefine) -> Result<(), Refusal> {
        const FAR: i32 = 1 << 30;
        let day = self.state.day.expect("the day is open");
        let known = self.state.products.contains_key(&define.product);
        require::<Refusal>(known, Reject::IndexUnknown)?;
        let markets = &self.state.markets;
        let heads_a_group = |market: &Market| {
            market.define.limit_with == market.define.index && market.define.product == define.product
        };
        let valid = define.index.0 < day.instruments
            && define.index != Instrument::UNKNOWN
            && !markets.contains_key(&define.index)
            && define.previous_open_interest <= 1 << 62
            && define.tick > 0
            && define.multiplier > 0
            && define.minimum_volume > 0
            && define.maximum_volume > 0
            && define.maximum_market_volume > 0
            && define.minimum_volume <= define.maximum_volume
            && define.lower_limit <= define.upper_limit
            && i64::from(define.upper_limit) - i64::from(define.lower_limit) <= 65_535
            && define.lower_limit > -FAR
            && define.upper_limit < FAR
            && (-FAR..=FAR).contains(&define.previous_settlement)
            && define.price_rule <= 1
            && matches!(define.option_type, b'0'..=b'2')
            && define.flags & !(EXERCISE | PREMIUM) == 0
            && (define.limit_with == define.index || markets.get(&define.limit_with).is_some_and(heads_a_group))
            && define.margin_long >= 0
            && define.margin_short >= 0
            && define.tie_break <= 4
            && phase::ALL.contains(&define.phase)
            && right::ALL.contains(&define.right)
            && !markets.values().any(|market| market.define.id == define.id);
        require::<Refusal>(valid, Reject::DefinitionInvalid)?;
        let market = Market {
            define: *define,
            phase: define.phase,
            right: define.right,
            last: None,
            open: Default::default(),
            high: Default::default(),
            low: Default::default(),
            volume: 0,
            turnover: 0,
            open_interest: define.previous_open_interest,
            touched: false,
            last_lots: 0,
            prints: BTreeMap::new(),
            published: [Vec::new(), Vec::new()],
            queues: [BTreeSet::new(), BTreeSet::new()],
        };
        self.state.markets.insert(define.index, market);
        self.touch(Thing::Instrument(define.index));
        Ok(())
    }

    pub(crate) fn position_set(&mut self, set: &PositionSet) -> Result<(), Refusal> {
        let day = self.state.day.expect("the day is open");
        let state = &self.state;
        let known = state.clients.contains_key(&set.account) && state.markets.contains_key(&set.instrument);
        require::<Refusal>(known, Reject::IndexUnknown)?;
        require::<Refusal>(HEDGES.contains(&set.hedge), Reject::DefinitionInvalid)?;
        let fits = |yesterday: u32, today: u32| yesterday.checked_add(today).is_some();
        let both = fits(set.long_yesterday, set.long_today) && fits(set.short_yesterday, set.short_today);
        require::<Refusal>(both, Reject::DefinitionInvalid)?;
        let key = (set.account, set.instrument, set.hedge);
        let before = state.rows.get(&key).copied();
        let room = before.is_some() || state.rows.len() < day.position_rows as usize;
        require::<Refusal>(room, Reject::PositionRowsExhausted)?;
        let before = before.unwrap_or_default();
        let idle = |holding: &Holding| holding.frozen_yesterday + holding.frozen_today + holding.pending == 0;
        require::<Refusal>(before.iter().all(idle), Reject::DefinitionInvalid)?;

        let holding = |yesterday: u32, today: u32| Holding {
            yesterday: u64::from(yesterday),
            today: u64::from(today),
            ..Holding::default()
        };
        let now = [holding(set.long_yesterday, set.long_today), holding(set.short_yesterday, set.short_today)];
        let market = &self.state.markets[&set.instrument];
        let margin = |row: &[Holding; 2]| -> i128 {
            [BUY, SELL].map(|side| market.margin(side) * i128::from(row[side].yesterday + row[side].today)).iter().sum()
        };
        let more = margin(&now) - margin(&before);
        let member = &self.state.members[&self.state.clients[&set.account].define.participant];
        let clearing = &self.state.members[&member.define.clearing];
        let bounded = within_bounds(member.used + more) && within_bounds(clearing.cleared + more);
        require::<Refusal>(bounded, Reject::DefinitionInvalid)?;
        for side in [BUY, SELL] {
            self.count(key, side, before[side].yesterday + before[side].today, false);
            self.count(key, side, now[side].yesterday + now[side].today, true);
        }
        self.state.rows.insert(key, now);
        self.touch(Thing::Row(set.account, set.instrument, set.hedge));
        Ok(())
    }

    pub(crate) fn right_set(&mut self, set: &RightSet) -> Result<(), Refusal> {
        let listed = (1..=5).contains(&set.scope) && right::ALL.contains(&set.right);
        require::<Refusal>(listed, Reject::DefinitionInvalid)?;
        let state = &mut self.state;
        let small = u16::try_from(set.index).ok();
        let unknown = Refusal::from(Reject::IndexUnknown);
        let thing = match set.scope {
            1 => {
                let index = Participant(small.ok_or(unknown)?);
                state.members.get_mut(&index).ok_or(unknown)?.right = set.right;
                Thing::Participant(index)
            }
            2 => {
                let index = User(small.ok_or(unknown)?);
                state.traders.get_mut(&index).ok_or(unknown)?.right = set.right;
                Thing::User(index)
            }
            3 => {
                let index = Account(set.index);
                state.clients.get_mut(&index).ok_or(unknown)?.right = set.right;
                Thing::Account(index)
            }
            4 => {
                let market = state.markets.get_mut(&set.instrument).ok_or(unknown)?;
                let before = std::mem::replace(&mut market.right, set.right);
                self.right_changed(set.instrument, before);
                Thing::Instrument(set.instrument)
            }
            _ => {
                let index = Account(set.index);
                let known = state.clients.contains_key(&index) && state.markets.contains_key(&set.instrument);
                require::<Refusal>(known, Reject::IndexUnknown)?;
                if set.right == right::FULL {
                    state.rights.remove(&(index, set.instrument));
                } else {
                    state.rights.insert((index, set.instrument), set.right);
                }
                Thing::Right(index, set.instrument)
            }
        };
        self.touch(thing);
        Ok(())
    }

    pub(crate) fn password_update(&mut self, update: &PasswordUpdate) -> Result<(), Refusal> {
        let trader = self.state.traders.get_mut(&self.header.user).ok_or(Reject::IndexUnknown)?;
        trader.secret = update.secret;
        Ok(())
    }

    pub(crate) fn seat_block(&mut self, block: &SeatBlock) -> Result<(), Refusal> {
        let trader = self.state.traders.get_mut(&block.user).ok_or(Reject::IndexUnknown)?;
        trader.blocked = block.blocked != 0;
        if trader.blocked {
            self.outcome.force_exit = Some((block.user, block.text));
        }
        self.touch(Thing::User(block.user));
        Ok(())
    }

    pub(crate) fn epoch_open(&mut self, open: &EpochOpen) -> Result<(), Refusal> {
        require::<Refusal>(open.epoch > self.state.epoch, Reject::EpochNotHigher)?;
        self.state.epoch = open.epoch;
        self.state.data_center = open.data_center;
        Ok(())
    }
}
