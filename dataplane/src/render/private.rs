//! Messages of the private streams. STREAMS.md, "Private stream".

use super::items::{clock, set_price, set_volume};
use super::{Failed, Hand, MessagePlace, Scribe};
use crate::directory::Conflict;
use crate::streams::logged::{LoggedOrder, OrderTerms, QuotedOrder, rested_price};
use crate::streams::reading::AcceptedOrder;
use engine::command::BodyView;
use engine::event::{Accepted, EndReason, Ended, Restated, Traded};
use engine::types::{Direction, Nanoseconds, OrderKey, Price, StreamNumber, Volume};
use ftd::field::{BulletinField, OrderInsertField, OrderStatusField, TradeInsertSingleField};
use ftd::types::{Char, Str};
use ftd::value::{bool_flag, match_condition, order_status, order_type};
use ftd::write::message_size;
use ftd::{SequenceNumber, Series, Tid, tid, write_sole};
use std::mem::offset_of;
use zerocopy::{FromBytes, IntoBytes};

/// What has become of an order.
pub(super) struct OrderState {
    /// VolumeTotal.
    pub(super) remaining: Volume,
    /// TradeVolume.
    pub(super) traded: Volume,
    /// Of its last trade.
    pub(super) last_price: Price,
    /// OrderStatus.
    pub(super) status: u8,
    /// ActiveUserId: whose doing it was.
    pub(super) active_user: Active,
}

impl OrderState {
    /// Accepted, and nothing else yet.
    #[inline]
    pub(super) fn accepted(order: &impl OrderTerms) -> Self {
        OrderState {
            remaining: order.volume(),
            traded: Volume(0),
            last_price: Price(0),
            status: order_status::NO_TRADE_QUEUEING,
            active_user: Active::Owner,
        }
    }
}

/// Whose doing it was.
pub(super) enum Active {
    /// The order's own user's.
    Owner,
    /// This user's.
    User([u8; 15]),
    /// The exchange's.
    Nobody,
}

/// Of what OrderStatusField has in common with OrderInsertField, the first bytes, and then those behind its VolumeTotal.
const HEAD: usize = offset_of!(OrderInsertField, match_condition);
const MIDDLE: usize = offset_of!(OrderInsertField, insert_time) - HEAD;
const STATUS_MIDDLE: usize = offset_of!(OrderStatusField, match_condition);

// The two fields hold the same items in the same order there.
macro_rules! same_place {
    ($behind:expr, $($item:ident)*) => {
        $(const _: () = assert!(offset_of!(OrderStatusField, $item) == offset_of!(OrderInsertField, $item) + $behind);)*
    };
}
same_place! { 0, trade_date action_date order_sys_id order_local_id user_id participant_id client_id instrument_id direction
offset_flag hedge_flag stop_price limit_price volume_total_orginal order_type }
same_place! { STATUS_MIDDLE - HEAD, match_condition match_session valid_through minimal_volume auto_suspend }
const _: () = assert!(offset_of!(OrderStatusField, volume_total) == HEAD);
const _: () = assert!(offset_of!(OrderStatusField, order_status) == STATUS_MIDDLE + MIDDLE);

impl Scribe<'_> {
    /// OrderConfirmation of an order that was accepted and rests, or is about to match.
    #[inline]
    pub(super) fn accepted(
        &self,
        place: &MessagePlace<'_>,
        event: &Accepted,
        hand: &mut Hand,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        match place.part.order() {
            Some(order) => self.order_confirmation(place, &order, OrderState::accepted(&order), hand, buffer),
            None => {
                let key = OrderKey::new(place.part.header.sequence, event.index);
                let order = QuotedOrder::of(self.log, key)?;
                self.order_confirmation(place, &order, OrderState::accepted(&order), hand, buffer)
            }
        }
    }

    /// OrderConfirmation of an order that has ended.
    #[inline]
    pub(super) fn ended(
        &self,
        place: &MessagePlace<'_>,
        event: &Ended,
        hand: &mut Hand,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let (status, active_user) = match EndReason::from_code(event.reason).ok_or(Conflict::EventUnknown)? {
            EndReason::AllTraded => (order_status::ALL_TRADED, Active::Owner),
            EndReason::ImmediateRemainder if event.traded.0 > 0 => {
                (order_status::PART_TRADED_NOT_QUEUEING, Active::Owner)
            }
            EndReason::ImmediateRemainder => (order_status::NO_TRADE_NOT_QUEUEING, Active::Owner),
            EndReason::Cancelled | EndReason::Replaced => {
                let command = place.part.view()?.command.ok_or(Conflict::EventMisplaced)?;
                let user = self.directory.user(command.header.user).ok_or(Conflict::Undefined)?;
                (order_status::CANCELLED, Active::User(user.id))
            }
            EndReason::MassCancelled | EndReason::DayEnd | EndReason::Disconnected => {
                (order_status::CANCELLED, Active::Nobody)
            }
        };
        let Ended { released: remaining, traded, last_price, .. } = *event;
        let state = OrderState { remaining, traded, last_price, status, active_user };
        self.standing(place, event.order, state, hand, buffer)
    }

    /// OrderConfirmation of an order that is told anew.
    pub(super) fn restated(
        &self,
        place: &MessagePlace<'_>,
        event: &Restated,
        hand: &mut Hand,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let Restated { remaining, traded, last_price, .. } = *event;
        let status = if traded.0 > 0 { order_status::PART_TRADED_QUEUEING } else { order_status::NO_TRADE_QUEUEING };
        let active_user = Active::Owner;
        let state = OrderState { remaining, traded, last_price, status, active_user };
        self.standing(place, event.order, state, hand, buffer)
    }

    /// OrderConfirmation of an order that was accepted before.
    #[inline]
    fn standing(
        &self,
        place: &MessagePlace<'_>,
        key: OrderKey,
        state: OrderState,
        hand: &mut Hand,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        match LoggedOrder::of(self.log, key)? {
            LoggedOrder::Sent(order) => {
                let length = self.order_confirmation(place, &order, state, hand, buffer)?;
                if order.order_type() != order_type::LIMIT && order.match_condition() == match_condition::GOOD_FOR_DAY {
                    self.set_rested_price(&order, &mut buffer[..length])?;
                }
                Ok(length)
            }
            LoggedOrder::Quoted(order) => self.order_confirmation(place, &order, state, hand, buffer),
        }
    }

    /// Of an order that became a limit order LimitPrice is the price at which it came to rest: sets it in the OrderConfirmation that
    /// stands in `message`.
    #[cold]
    fn set_rested_price(&self, order: &AcceptedOrder<'_>, message: &mut [u8]) -> Result<(), Failed> {
        let Some(price) = rested_price(self.log, order.key())? else { return Ok(()) };
        let instrument = self.directory.instrument(order.instrument()).ok_or(Conflict::Undefined)?;
        let (_, field) = OrderStatusField::mut_from_suffix(message).map_err(|_| Failed::NoRoom)?;
        Ok(set_price(&mut field.limit_price, price, instrument)?)
    }

    #[inline]
    fn order_confirmation(
        &self,
        place: &MessagePlace<'_>,
        order: &impl OrderTerms,
        state: OrderState,
        hand: &mut Hand,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let told = self.take(order, hand)?;
        let field: &mut OrderStatusField = place.message(tid::ORDER_CONFIRMATION, buffer)?;
        self.confirm(told, field, order, &state, place.part.header.time)?;
        Ok(message_size::<OrderStatusField>())
    }

    /// Sets what OrderConfirmation says of an order that members are told of as `told`; `field` is blank.
    #[inline]
    pub(super) fn confirm(
        &self,
        told: &OrderInsertField,
        field: &mut OrderStatusField,
        order: &impl OrderTerms,
        state: &OrderState,
        time: Nanoseconds,
    ) -> Result<(), Conflict> {
        let (head, rest) = told.as_bytes().split_at(HEAD);
        field.as_mut_bytes()[..HEAD].copy_from_slice(head);
        field.as_mut_bytes()[STATUS_MIDDLE..STATUS_MIDDLE + MIDDLE].copy_from_slice(&rest[..MIDDLE]);
        set_volume(&mut field.volume_total, state.remaining);
        field.order_status.set(state.status);
        field.insert_time = told.insert_time;
        field.update_time = self.directory.hundredth(time).time();
        field.active_user_id = match state.active_user {
            Active::Owner => told.user_id,
            Active::User(id) => Str::from(id),
            Active::Nobody => Str::BLANK,
        };
        if state.last_price.0 != 0 {
            let instrument = self.directory.instrument(order.instrument()).ok_or(Conflict::Undefined)?;
            set_price(&mut field.trade_price, state.last_price, instrument)?;
        }
        set_volume(&mut field.trade_volume, state.traded);
        field.message_reference = told.message_reference;
        Ok(())
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
        let key = if side == Direction::Buy { event.buy } else { event.sell };
        let time = place.part.header.time;
        match LoggedOrder::of(self.log, key)? {
            LoggedOrder::Sent(order) => self.trade_of(time, event, &order, place.number, buffer),
            LoggedOrder::Quoted(order) => self.trade_of(time, event, &order, place.number, buffer),
        }
    }

    /// TradeInsertSingle for the participant of one of the two orders, under this number.
    #[inline]
    pub(crate) fn trade_of(
        &self,
        time: Nanoseconds,
        event: &Traded,
        order: &impl OrderTerms,
        number: StreamNumber,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let (day, parties) = (self.day()?, self.parties(order)?);
        let (series, number) = (Series(parties.participant.series), SequenceNumber(number.0));
        let field: &mut TradeInsertSingleField =
            write_sole(buffer, tid::TRADE_INSERT_SINGLE, series, number).ok_or(Failed::NoRoom)?;
        field.instrument_id = Str::from(parties.instrument.id);
        field.instrument_version.set(super::broadcast::INSTRUMENT_VERSION);
        field.cancel_flag.set(bool_flag::FALSE);
        field.trade_id = Str::from(event.trade_id);
        field.match_date = day.action_date;
        field.match_time = self.directory.hundredth(time).time();
        field.clear_date = day.trading_date;
        set_price(&mut field.price, event.price, parties.instrument)?;
        set_volume(&mut field.volume, event.volume);
        field.order_sys_id = Str::from(order.sys_id());
        field.user_id = Str::from(parties.user.id);
        field.direction = Char::from(order.direction());
        field.offset_flag = Char::from(order.offset());
        field.hedge_flag = Char::from(order.hedge());
        field.participant_id = Str::from(parties.participant.id);
        field.client_id = Str::from(parties.account.client_id);
        field.order_local_id = Str::from(order.local_id());
        Ok(message_size::<TradeInsertSingleField>())
    }

    /// ParticipantBulletin, and for all MarketBulletin.
    pub(super) fn bulletin(&self, tid: Tid, place: &MessagePlace<'_>, buffer: &mut [u8]) -> Result<usize, Failed> {
        let command = place.part.view()?.command.ok_or(Conflict::EventMisplaced)?;
        let BodyView::Bulletin(bulletin) = command.body else { return Err(Conflict::EventMisplaced.into()) };
        let (content, _) = bulletin.content.split_first_chunk::<500>().expect("504 bytes have 500 in front");
        let field: &mut BulletinField = place.message(tid, buffer)?;
        field.news_type = Str::from(bulletin.news_type);
        field.news_urgency = Char::from(bulletin.urgency);
        field.send_time.set_at(clock(place.part.header.time));
        let text = self.directory.member_text();
        field.abstract_ = text.tell(&bulletin.summary);
        field.content = text.tell(content);
        Ok(message_size::<BulletinField>())
    }
}
