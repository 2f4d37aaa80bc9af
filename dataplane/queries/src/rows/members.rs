//! Participants, their clients, their users, and their money.

use super::{View, head, set_date_time, set_value};
use crate::ask::is;
use crate::fold::{Own, class_of, has_premium, turnover_of};
use crate::paper::Paper;
use engine::types::{AccountIndex, Direction, ParticipantIndex, UserIndex};
use ftd::field::{
    ClientField, DepositField, ParticipantField, ReqQryClientField, ReqQryUserField, ReqQryUserLoginField, UserField,
    UserLoginField,
};
use ftd::types::Str;
use ftd::value::{bool_flag, offset_flag, user_status, user_type};

/// A participant's money being summed up, in 1/10,000 yuan; tables are [long, short][speculation, hedge].
#[derive(Default)]
pub(crate) struct Money {
    /// Margin of what the day began with.
    began: i128,
    /// Margin of what was opened.
    used: [[i128; 2]; 2],
    /// Margin of what was closed.
    given_back: [[i128; 2]; 2],
    /// Margin of what is about to be opened.
    frozen: [[i128; 2]; 2],
    /// Premium of what is about to be bought.
    frozen_premium: i128,
}

impl View<'_> {
    pub(crate) fn participant(&self, own: ParticipantIndex, paper: &mut Paper) {
        let Some(participant) = self.fold.state.participant(own) else { return };
        let mut field = ParticipantField::BLANK;
        field.participant_id = Str::from(participant.definition.id);
        field.participant_type.set(participant.definition.participant_type);
        field.parti_trd_right.set(participant.right as u8);
        paper.push(&field);
    }

    pub(crate) fn client(&self, own: ParticipantIndex, asked: &ReqQryClientField, row: usize, paper: &mut Paper) {
        let Some(account) = self.fold.state.account(AccountIndex(row as u32)) else { return };
        if account.definition.participant != own || !is(&asked.client_id, &account.definition.client_id) {
            return;
        }
        let mut field = ClientField::BLANK;
        field.client_id = Str::from(account.definition.client_id);
        field.participant_id = self.participant_id(own);
        field.client_type.set(account.definition.client_type);
        field.trade_rights.set(account.right as u8);
        paper.push(&field);
    }

    pub(crate) fn user(&self, own: ParticipantIndex, asked: &ReqQryUserField, row: usize, paper: &mut Paper) {
        let index = UserIndex(row as u16);
        let Some(user) = self.fold.state.user(index) else { return };
        if user.definition.participant != own || !is(&asked.user_id, &user.definition.id) {
            return;
        }
        let mut field = UserField::BLANK;
        field.user_id = head(&user.definition.id);
        field.participant_id = self.participant_id(own);
        let online = self.presence.of(index).streams.iter().any(|stream| stream.connections > 0);
        field.is_login.set(flag(online));
        field.user_status.set(user_status::DEFAULT);
        field.user_type.set(user_type::DEFAULT);
        paper.push(&field);
    }

    pub(crate) fn user_login(
        &self,
        own: ParticipantIndex,
        asked: &ReqQryUserLoginField,
        row: usize,
        paper: &mut Paper,
    ) {
        let index = UserIndex(row as u16);
        let Some(user) = self.fold.state.user(index) else { return };
        if user.definition.participant != own || !is(&asked.user_id, &user.definition.id) {
            return;
        }
        let [dialog, private, broadcast] = self.presence.of(index).streams;
        let mut field = UserLoginField::BLANK;
        field.participant_id = self.participant_id(own);
        field.user_id = head(&user.definition.id);
        field.dialog_stream_status.set(flag(dialog.connections > 0));
        set_date_time(&mut field.dialog_login_time, dialog.login_ns);
        set_date_time(&mut field.dialog_logout_time, dialog.logout_ns);
        field.private_stream_status.set(flag(private.connections > 0));
        set_date_time(&mut field.private_login_time, private.login_ns);
        set_date_time(&mut field.private_logout_time, private.logout_ns);
        field.broadcast_stream_status.set(flag(broadcast.connections > 0));
        set_date_time(&mut field.broadcast_login_time, broadcast.login_ns);
        set_date_time(&mut field.broadcast_log_out_time, broadcast.logout_ns);
        paper.push(&field);
    }

    /// The next of a participant's holdings, and then of its orders, that moves its money.
    pub(crate) fn add_money(&self, day: &Own, row: usize, money: &mut Money) {
        let state = &self.fold.state;
        if let Some(&place) = day.holdings.get(row) {
            let holding = &self.fold.day.holdings[place as usize];
            let instrument = self.instrument_of(holding.instrument);
            let class = class_of(holding.hedge);
            let position = state.position(holding.account, holding.instrument, holding.hedge);
            let margin = [if has_premium(instrument) { 0 } else { instrument.margin_long }, instrument.margin_short];
            for (side, margin) in margin.map(i128::from).into_iter().enumerate() {
                let lots = u64::from(holding.began_yesterday[side]) + u64::from(holding.began_today[side]);
                money.began += margin * i128::from(lots);
                money.used[side][class] += margin * i128::from(holding.opened[side]);
                let closed = holding.closed_today[side] + holding.closed_yesterday[side];
                money.given_back[side][class] += margin * i128::from(closed);
                let pending = [position.pending_buy, position.pending_sell][side];
                money.frozen[side][class] += margin * i128::from(pending);
            }
        } else if let Some(&place) = day.orders.get(row - day.holdings.len()) {
            let order = &self.fold.day.orders[place as usize];
            let instrument = self.instrument_of(order.instrument);
            let buys_to_open = order.direction == Direction::Buy && order.offset == offset_flag::OPEN;
            if buys_to_open
                && has_premium(instrument)
                && let Some(live) = state.order(order.key)
            {
                money.frozen_premium += turnover_of(instrument, live.price, live.remaining);
            }
        }
    }

    /// Money of the day. What it began with, plus used, minus given back, plus frozen, premium included, is what the engine calls used.
    pub(crate) fn deposit(&self, own: ParticipantIndex, money: &Money, paper: &mut Paper) {
        let state = &self.fold.state;
        let (Some(participant), Some(purse)) = (state.participant(own), state.purse(own)) else { return };
        let Money { began, used, given_back, frozen, frozen_premium } = *money;
        let day = self.fold.day.of(own);
        let turnover = day.map_or([[0; 2]; 2], |day| day.turnover);
        let (paid, received) = day.map_or((0, 0), |day| (day.premium_paid, day.premium_received));
        let mut field = DepositField::BLANK;
        field.participant_id = Str::from(participant.definition.id);
        field.participant_type.set(participant.definition.participant_type);
        field.trade_date = self.dates().0;
        set_value(&mut field.init_margin, began);
        set_value(&mut field.buy_spec_open_used_margin, used[0][0]);
        set_value(&mut field.buy_hedge_open_used_margin, used[0][1]);
        set_value(&mut field.sell_spec_open_used_margin, used[1][0]);
        set_value(&mut field.sell_hedge_open_used_margin, used[1][1]);
        set_value(&mut field.buy_spec_open_froz_margin, frozen[0][0]);
        set_value(&mut field.buy_hedge_open_froz_margin, frozen[0][1]);
        set_value(&mut field.sell_spec_open_froz_margin, frozen[1][0]);
        set_value(&mut field.sell_hedge_open_froz_margin, frozen[1][1]);
        // A buy closes what is short.
        set_value(&mut field.buy_spec_offset_margin, given_back[1][0]);
        set_value(&mut field.buy_hedge_offset_margin, given_back[1][1]);
        set_value(&mut field.sell_spec_offset_margin, given_back[0][0]);
        set_value(&mut field.sell_hedge_offset_margin, given_back[0][1]);
        set_value(&mut field.buy_spec_turn_over, turnover[0][0]);
        set_value(&mut field.buy_hedge_turn_over, turnover[0][1]);
        set_value(&mut field.sell_spec_turn_over, turnover[1][0]);
        set_value(&mut field.sell_hedge_turn_over, turnover[1][1]);
        set_value(&mut field.premium, received - paid);
        set_value(&mut field.buy_open_used_premium, paid);
        set_value(&mut field.buy_open_froz_premium, frozen_premium);
        // Of the limits that are checked, what is left of the narrower; what another clears is that one's to know.
        let credit = (purse.credit >= 0).then(|| i128::from(purse.credit) - purse.used);
        let clears_itself = purse.clearing == own && purse.funds >= 0;
        let funds = clears_itself.then(|| i128::from(purse.funds) - purse.cleared);
        let left = [credit, funds].into_iter().flatten().min();
        set_value(&mut field.balance_value, left.unwrap_or(0));
        paper.push(&field);
    }

    pub(super) fn participant_id(&self, index: ParticipantIndex) -> Str<8> {
        self.fold.state.participant(index).map_or(Str::BLANK, |participant| Str::from(participant.definition.id))
    }
}

fn flag(is: bool) -> u8 {
    if is { bool_flag::TRUE } else { bool_flag::FALSE }
}
