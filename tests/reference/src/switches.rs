//! Market makers, limits, money, functions, the calendar, the window for exercise instructions (RULES.md: Switches, limits, money,
//! calendar).

use crate::checks::require;
use crate::command::{
    ClientLimitSet, CreditSet, ExecWindowSet, FunctionSet, MarketMakerSet, MemberLimitSet, ScheduleSet, function,
};
use crate::digest::Thing;
use crate::exchange::{Exchange, Refusal};
use crate::number::Product;
use crate::reject::Reject;
use crate::state::{State, phase};

/// Steps that a day's calendar may have.
const STEPS: usize = 256;
/// Milliseconds of two days: a night session ends on the day after the one it began on.
const TWO_DAYS: u32 = 48 * 3_600 * 1_000;
/// Kinds of calendar steps: their greatest number.
const LAST_ACTION: u8 = 4;

impl State {
    /// The products that a command concerns: one, or all of them.
    pub(crate) fn find_product(&self, product: Product) -> Result<Vec<Product>, Refusal> {
        if product == Product::ALL {
            return Ok(self.products.keys().copied().collect());
        }
        require::<Refusal>(self.products.contains_key(&product), Reject::IndexUnknown)?;
        Ok(vec![product])
    }

    /// Whether one more limit may be set.
    fn has_room_for_a_limit(&self) -> bool {
        let most = self.day.expect("the day is open").limits as usize;
        self.client_limits.len() + self.member_limits.len() < most
    }
}

impl Exchange {
    pub(crate) fn market_maker_set(&mut self, set: &MarketMakerSet) -> Result<(), Refusal> {
        let known = self.state.clients.contains_key(&set.account) && self.state.products.contains_key(&set.product);
        require::<Refusal>(known, Reject::IndexUnknown)?;
        require::<Refusal>(set.on <= 1, Reject::DefinitionInvalid)?;
        let maker = (set.account, set.product);
        match set.on {
            1 => self.state.makers.insert(maker),
            _ => self.state.makers.remove(&maker),
        };
        self.touch(Thing::Maker(set.account, set.product));
        Ok(())
    }

    pub(crate) fn client_limit_set(&mut self, set: &ClientLimitSet) -> Result<(), Refusal> {
        let state = &self.state;
        let known = state.clients.values().any(|client| client.define.client_number == set.client);
        require::<Refusal>(known, Reject::IndexUnknown)?;
        let market = state.markets.get(&set.instrument).ok_or(Reject::IndexUnknown)?;
        let group = (set.client, set.instrument, set.class);
        let valid = set.class <= 1
            && market.define.limit_with == set.instrument
            && (state.client_limits.contains_key(&group) || state.has_room_for_a_limit());
        require::<Refusal>(valid, Reject::DefinitionInvalid)?;
        self.state.client_limits.insert(group, *set);
        self.touch(Thing::ClientLimit(set.client, set.instrument, set.class));
        Ok(())
    }

    pub(crate) fn member_limit_set(&mut self, set: &MemberLimitSet) -> Result<(), Refusal> {
        let state = &self.state;
        let known = state.members.contains_key(&set.participant) && state.markets.contains_key(&set.instrument);
        require::<Refusal>(known, Reject::IndexUnknown)?;
        let whose = (set.participant, set.instrument);
        let room = state.member_limits.contains_key(&whose) || state.has_room_for_a_limit();
        require::<Refusal>(room, Reject::DefinitionInvalid)?;
        self.state.member_limits.insert(whose, set.volume);
        self.touch(Thing::MemberLimit(set.participant, set.instrument));
        Ok(())
    }

    pub(crate) fn credit_set(&mut self, set: &CreditSet) -> Result<(), Refusal> {
        let member = self.state.members.get_mut(&set.participant).ok_or(Reject::IndexUnknown)?;
        require::<Refusal>(set.kind <= 1 && set.amount >= -1, Reject::DefinitionInvalid)?;
        match set.kind {
            0 => member.funds = set.amount,
            _ => member.credit = set.amount,
        }
        self.touch(Thing::Credit(set.participant));
        Ok(())
    }

    pub(crate) fn function_set(&mut self, set: &FunctionSet) -> Result<(), Refusal> {
        let products = self.state.find_product(set.product)?;
        let valid = set.on <= 1 && set.functions & !function::ALL == 0;
        require::<Refusal>(valid, Reject::DefinitionInvalid)?;
        for product in products {
            let family = self.state.products.get_mut(&product).expect("found above");
            match set.on {
                1 => family.functions |= set.functions,
                _ => family.functions &= !set.functions,
            }
            self.touch(Thing::Product(product));
        }
        Ok(())
    }

    pub(crate) fn schedule_set(&mut self, set: &ScheduleSet) -> Result<(), Refusal> {
        let schedule = &self.state.schedule;
        let phase_fits = if set.action == 0 { phase::ALL.contains(&set.phase) } else { set.phase == 0 };
        let valid = set.step > schedule.last().map_or(0, |last| last.step)
            && schedule.len() < STEPS
            && set.time < TWO_DAYS
            && set.action <= LAST_ACTION
            && set.last_day <= u8::from(set.action == 0)
            && phase_fits;
        require::<Refusal>(valid, Reject::DefinitionInvalid)?;
        self.state.find_product(set.product)?;
        self.state.schedule.push(*set);
        Ok(())
    }

    pub(crate) fn exec_window_set(&mut self, set: &ExecWindowSet) -> Result<(), Refusal> {
        let products = self.state.find_product(set.product)?;
        require::<Refusal>(set.open <= 1, Reject::DefinitionInvalid)?;
        for product in products {
            self.state.products.get_mut(&product).expect("found above").window = set.open == 1;
            self.touch(Thing::Product(product));
        }
        Ok(())
    }
}
