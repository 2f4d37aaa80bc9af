//! Messages of the private streams. STREAMS.md, "Private stream".

use super::items::{clock, set_date, set_price, set_units, set_volume};
use super::{Failed, MessagePlace, Parties, Renderer};
use crate::directory::Conflict;
use crate::streams::reading::AcceptedOrder;
use engine::command::BodyView;
use engine::event::{Accepted, EndReason, Ended, Restated, Traded};
use engine::types::{Direction, Price, Volume};
use ftd::field::{BulletinField, OrderStatusField, TradeInsertSingleField};
use ftd::types::{Char, Str};
use ftd::value::{bool_flag, order_status};
use ftd::{Tid, tid};

/// What has become of an order.
struct OrderState {
    /// VolumeTotal.
    remaining: Volume,
    /// TradeVolume.
    traded: Volume,
    /// Of its last trade.
    last_price: Price,
    /// OrderStatus.
    status: u8,
    /// ActiveUserId: whose doing it was.
    active_user: Str<15>,
}

impl Renderer<'_> {
    /// OrderConfirmation of an order that was accepted and rests, or is about to match.
    #[inline]
    pub(super) fn accepted(&self, place: &MessagePlace<'_>, _: &Accepted, buffer: &mut [u8]) -> Result<usize, Failed> {
        let order = AcceptedOrder::in_part(&place.part).ok_or(Conflict::EventMisplaced)?;
        let parties = self.parties(&order)?;
        let state = OrderState {
            remaining: order.order.volume,
            traded: Volume(0),
            last_price: Price(0),
            status: order_status::NO_TRADE_QUEUEING,
            active_user: Str::from(parties.user.id),
        };
        self.order_confirmation(place, &order, &parties, state, buffer)
    }

    /// OrderConfirmation of an order that has ended.
    #[inline]
    pub(super) fn ended(&self, place: &MessagePlace<'_>, event: &Ended, buffer: &mut [u8]) -> Result<usize, Failed> {
        let order = AcceptedOrder::of(self.log, event.order)?;
        let parties = self.parties(&order)?;
        let (status, active_user) = match EndReason::from_code(event.reason).ok_or(Conflict::EventUnknown)? {
            EndReason::AllTraded => (order_status::ALL_TRADED, Str::from(parties.user.id)),
            EndReason::ImmediateRemainder if event.traded.0 > 0 => {
                (order_status::PART_TRADED_NOT_QUEUEING, Str::from(parties.user.id))
            }
            EndReason::ImmediateRemainder => (order_status::NO_TRADE_NOT_QUEUEING, Str::from(parties.user.id)),
            EndReason::Cancelled => {
                let command = place.part.command.as_ref().ok_or(Conflict::EventMisplaced)?;
                let user = self.directory.user(command.header.user).ok_or(Conflict::Undefined)?;
                (order_status::CANCELLED, Str::from(user.id))
            }
            EndReason::MassCancelled | EndReason::DayEnd => (order_status::CANCELLED, Str::BLANK),
        };
        let Ended { released: remaining, traded, last_price, .. } = *event;
        let state = OrderState { remaining, traded, last_price, status, active_user };
        self.order_confirmation(place, &order, &parties, state, buffer)
    }

    /// OrderConfirmation of an order that is told anew.
    pub(super) fn restated(
        &self,
        place: &MessagePlace<'_>,
        event: &Restated,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let order = AcceptedOrder::of(self.log, event.order)?;
        let parties = self.parties(&order)?;
        let Restated { remaining, traded, last_price, .. } = *event;
        let status = if traded.0 > 0 { order_status::PART_TRADED_QUEUEING } else { order_status::NO_TRADE_QUEUEING };
        let state = OrderState { remaining, traded, last_price, status, active_user: Str::from(parties.user.id) };
        self.order_confirmation(place, &order, &parties, state, buffer)
    }

    #[inline]
    fn order_confirmation(
        &self,
        place: &MessagePlace<'_>,
        order: &AcceptedOrder<'_>,
        parties: &Parties<'_>,
        state: OrderState,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let day = self.day()?;
        let inserted = day.clock(order.header.time);
        // Most are told in the frame that accepted them.
        let same_moment = order.header.time == place.part.header.time;
        let updated = if same_moment { inserted } else { day.clock(place.part.header.time) };
        let sent = order.order;
        let mut message = place.message(tid::ORDER_CONFIRMATION, buffer)?;
        let field: &mut OrderStatusField = message.push().ok_or(Failed::NoRoom)?;
        set_date(&mut field.trade_date, day.trading_day)?;
        set_date(&mut field.action_date, day.action_day)?;
        field.order_sys_id = Str::from(order.accepted.sys_id);
        field.order_local_id = Str::from(sent.local_id);
        field.user_id = Str::from(parties.user.id);
        field.participant_id = Str::from(parties.participant.id);
        field.client_id = Str::from(parties.account.client_id);
        field.instrument_id = Str::from(parties.instrument.id);
        field.direction = Char::from(sent.direction);
        field.offset_flag = Char::from(sent.offset);
        field.hedge_flag = Char::from(sent.hedge);
        set_units(&mut field.limit_price, sent.price.0)?;
        set_volume(&mut field.volume_total_orginal, sent.volume);
        field.order_type = Char::from(sent.order_type);
        set_volume(&mut field.volume_total, state.remaining);
        field.match_condition = Char::from(sent.match_condition);
        field.match_session = Char::from(sent.match_session);
        set_volume(&mut field.minimal_volume, sent.minimal_volume);
        field.auto_suspend.set(bool_flag::FALSE);
        field.order_status.set(state.status);
        field.insert_time.set_at(inserted);
        field.update_time.set_at(updated);
        field.active_user_id = state.active_user;
        if state.last_price.0 != 0 {
            set_price(&mut field.trade_price, state.last_price, parties.instrument)?;
        }
        set_volume(&mut field.trade_volume, state.traded);
        field.message_reference = Str::from(sent.message_reference);
        Ok(message.finish())
    }

    /// TradeInsertSingle: one side of a trade.
    #[inline]
    pub(super) fn trade(
        &self,
        place: &MessagePlace<'_>,
        event: &Traded,
        side: Direction,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let day = self.day()?;
        let key = if side == Direction::Buy { event.buy } else { event.sell };
        let order = AcceptedOrder::of(self.log, key)?;
        let parties = self.parties(&order)?;
        let mut message = place.message(tid::TRADE_INSERT_SINGLE, buffer)?;
        let field: &mut TradeInsertSingleField = message.push().ok_or(Failed::NoRoom)?;
        field.instrument_id = Str::from(parties.instrument.id);
        field.instrument_version.set(super::broadcast::INSTRUMENT_VERSION);
        field.cancel_flag.set(bool_flag::FALSE);
        field.trade_id = Str::from(event.trade_id);
        set_date(&mut field.match_date, day.action_day)?;
        field.match_time.set_at(day.clock(place.part.header.time));
        set_date(&mut field.clear_date, day.trading_day)?;
        set_price(&mut field.price, event.price, parties.instrument)?;
        set_volume(&mut field.volume, event.volume);
        field.order_sys_id = Str::from(order.accepted.sys_id);
        field.user_id = Str::from(parties.user.id);
        field.direction = Char::from(order.order.direction);
        field.offset_flag = Char::from(order.order.offset);
        field.hedge_flag = Char::from(order.order.hedge);
        field.participant_id = Str::from(parties.participant.id);
        field.client_id = Str::from(parties.account.client_id);
        field.order_local_id = Str::from(order.order.local_id);
        Ok(message.finish())
    }

    /// ParticipantBulletin, and for all MarketBulletin.
    pub(super) fn bulletin(&self, tid: Tid, place: &MessagePlace<'_>, buffer: &mut [u8]) -> Result<usize, Failed> {
        let command = place.part.command.as_ref().ok_or(Conflict::EventMisplaced)?;
        let BodyView::Bulletin(bulletin) = command.body else { return Err(Conflict::EventMisplaced.into()) };
        let (content, _) = bulletin.content.split_first_chunk::<500>().expect("504 bytes have 500 in front");
        let mut message = place.message(tid, buffer)?;
        let field: &mut BulletinField = message.push().ok_or(Failed::NoRoom)?;
        field.news_type = Str::from(bulletin.news_type);
        field.news_urgency = Char::from(bulletin.urgency);
        field.send_time.set_at(clock(place.part.header.time));
        field.abstract_ = Str::from(bulletin.summary);
        field.content = Str::from(*content);
        Ok(message.finish())
    }
}
