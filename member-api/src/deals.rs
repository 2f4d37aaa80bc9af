//! Quotes, enquiries and exercise instructions: what a member sends of them, and what it knows of its own and its participant's others.
//!
//! ```text
//! quote         answered in the dialog; its private stream tells of it (Quote) when it stands and when it ends, and of its two orders
//! instruction   answered in the dialog; its private stream tells of it (ExecOrder) when it stands and when it was taken back
//! enquiry       answered in the dialog; nothing else of it is ours
//! ```
//!
//! Their local ids are sets of their own at the exchange; this package gives them from the one counter of orders. The two orders of a quote
//! have its local id too, so that they are known by their OrderSysIds: [`View::quoted_order`]. A quote whose last order ends by a
//! trade has no further message: its orders say so.

use crate::config::Config;
use crate::member::{CancelOf, Member};
use crate::order::{
    ClientId, InstrumentId, LocalId, Nanoseconds, NewCancel, NewOrder, Price, StreamNumber, SystemId, UserId,
};
use crate::requests::{CancelState, What};
use crate::view::{PrivateRecord, View, index_of};
use crate::wire::Wire;
use ftd::field::{
    EnquireQuoteField, ExecActionField, ExecOrderActionField, ExecOrderField, InputExecOrderField, InputQuoteField,
    QuoteActionField, QuoteField,
};
use ftd::value::{action_flag, direction, exec_action, exec_result, hedge_flag, match_session, offset_flag};
use ftd::{SequenceNumber, tid};

/// One side of a quote. Codes are the characters of [`ftd::value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteSide {
    /// [`ftd::value::offset_flag`].
    pub offset: u8,
    /// [`ftd::value::hedge_flag`].
    pub hedge: u8,
    /// At what price.
    pub price: Price,
    /// Lots.
    pub volume: u32,
}

impl QuoteSide {
    /// A market maker's, to open.
    #[must_use]
    pub fn open(price: Price, volume: u32) -> Self {
        QuoteSide { offset: offset_flag::OPEN, hedge: hedge_flag::MARKET_MAKER, price, volume }
    }
}

/// A quote 双边报价 to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewQuote {
    /// ClientId.
    pub client_id: ClientId,
    /// InstrumentId.
    pub instrument_id: InstrumentId,
    /// What is bid.
    pub bid: QuoteSide,
    /// What is asked.
    pub ask: QuoteSide,
    /// MessageReference: comes back as it was sent.
    pub message_reference: [u8; 6],
}

/// An enquiry 询价 to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewEnquiry {
    /// ClientId.
    pub client_id: ClientId,
    /// InstrumentId.
    pub instrument_id: InstrumentId,
    /// [`ftd::value::quote_direction`].
    pub direction: u8,
    /// MessageReference: comes back as it was sent.
    pub message_reference: [u8; 6],
}

/// An instruction to exercise or to abandon 执行宣告, to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewInstruction {
    /// ClientId.
    pub client_id: ClientId,
    /// InstrumentId.
    pub instrument_id: InstrumentId,
    /// Lots.
    pub volume: u32,
    /// [`ftd::value::exec_action`].
    pub action: u8,
    /// MessageReference: comes back as it was sent.
    pub message_reference: [u8; 6],
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// A quote.
    Quote(NewQuote),
    /// An enquiry.
    Enquiry(NewEnquiry),
    /// An instruction.
    Instruction(NewInstruction),
}

/// What a deal is. The exchange keeps local ids of each apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum DealKind {
    /// A quote.
    Quote = 0,
    /// An enquiry.
    Enquiry = 1,
    /// An instruction.
    Instruction = 2,
}

/// Where a deal stands. The numbers are for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum DealState {
    /// To be sent, or to be sent again.
    Waiting = 0,
    /// Sent; nothing heard.
    Sent = 1,
    /// Accepted, as the dialog said; the private stream has not yet. An enquiry goes no further.
    Accepted = 2,
    /// The private stream told of it.
    Standing = 3,
    /// Cancelled, replaced, taken back, or ended by the exchange.
    Ended = 4,
    /// Refused: [`Deal::reject`].
    Rejected = 5,
    /// Known only from messages that a takeover made void: for the exchange it was never sent.
    RolledBack = 6,
}

/// A quote, an enquiry or an instruction: one of ours, or of another seat of the participant.
#[derive(Clone, Debug)]
pub struct Deal {
    /// Its local id; unique for its user and kind.
    pub local_id: LocalId,
    /// Whose.
    pub user_id: UserId,
    /// As it was sent; of another seat's what the private stream said.
    pub sent: Terms,
    /// QuoteSysID or ExecOrderSysID; blank as long as unknown.
    pub sys_id: SystemId,
    /// A quote's: OrderSysIds of its bid and its ask; blank as long as unknown.
    pub order_sys_ids: [SystemId; 2],
    /// Where it stands.
    pub state: DealState,
    /// The code it was refused with; 0 = none.
    pub reject: u16,
    /// Messages of the private stream that spoke of it and stand.
    pub(crate) told: u32,
    /// The request that sends it; none if it is another seat's.
    pub(crate) request: Option<u32>,
    /// The newest cancel of it.
    pub(crate) cancel: Option<u32>,
    /// The view's folding only: it was told of before the roll-back; it had ended before the roll-back.
    pub(crate) before: (bool, bool),
}

impl Terms {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> DealKind {
        match self {
            Terms::Quote(_) => DealKind::Quote,
            Terms::Enquiry(_) => DealKind::Enquiry,
            Terms::Instruction(_) => DealKind::Instruction,
        }
    }
}

impl NewQuote {
    /// Fills the standard's field. None: a price is beyond its twelve characters.
    pub(crate) fn fill(&self, field: &mut InputQuoteField) -> Option<()> {
        (field.client_id, field.instrument_id) = (self.client_id, self.instrument_id);
        field.bid_comb_offset_flag.set(self.bid.offset);
        field.bid_comb_hedge_flag.set(self.bid.hedge);
        field.bid_volume.set_unsigned(self.bid.volume);
        field.bid_price.set_units(self.bid.price.0).ok()?;
        field.ask_comb_offset_flag.set(self.ask.offset);
        field.ask_comb_hedge_flag.set(self.ask.hedge);
        field.ask_volume.set_unsigned(self.ask.volume);
        field.ask_price.set_units(self.ask.price.0).ok()?;
        field.message_reference = self.message_reference.into();
        Some(())
    }

    /// The order that a side of it becomes.
    fn order(&self, side: usize) -> NewOrder {
        let (way, terms) = if side == 0 { (direction::BUY, &self.bid) } else { (direction::SELL, &self.ask) };
        let mut order = NewOrder::limit(self.client_id, self.instrument_id, way, terms.price, terms.volume);
        (order.offset, order.hedge) = (terms.offset, terms.hedge);
        order.match_session = match_session::OPENING_AUCTION_AND_CONTINUOUS;
        order.message_reference = self.message_reference;
        order
    }

    fn of(field: &QuoteField) -> Option<Self> {
        Some(NewQuote {
            client_id: field.client_id,
            instrument_id: field.instrument_id,
            bid: QuoteSide {
                offset: field.bid_comb_offset_flag.get(),
                hedge: field.bid_comb_hedge_flag.get(),
                price: Price(field.bid_price.units().ok()?),
                volume: field.bid_volume.unsigned(),
            },
            ask: QuoteSide {
                offset: field.ask_comb_offset_flag.get(),
                hedge: field.ask_comb_hedge_flag.get(),
                price: Price(field.ask_price.units().ok()?),
                volume: field.ask_volume.unsigned(),
            },
            message_reference: *field.message_reference.bytes(),
        })
    }
}

impl NewEnquiry {
    pub(crate) fn fill(&self, field: &mut EnquireQuoteField) {
        (field.client_id, field.instrument_id) = (self.client_id, self.instrument_id);
        field.quote_direction.set(self.direction);
        field.message_reference = self.message_reference.into();
    }
}

impl NewInstruction {
    pub(crate) fn fill(&self, field: &mut InputExecOrderField) {
        (field.client_id, field.instrument_id) = (self.client_id, self.instrument_id);
        field.volume.set_unsigned(self.volume);
        field.message_reference = self.message_reference.into();
    }
}

/// What a private message says of a deal.
struct Said {
    user_id: UserId,
    local_id: LocalId,
    sent: Terms,
    sys_id: SystemId,
    order_sys_ids: [SystemId; 2],
    ended: bool,
}

impl View {
    /// Every quote, enquiry and instruction known, in the order in which we came to know them.
    #[must_use]
    pub fn deals(&self) -> &[Deal] {
        &self.deals
    }

    /// The deal of `user_id` of this kind with this local id.
    #[must_use]
    pub fn deal(&self, kind: DealKind, user_id: &UserId, local_id: LocalId) -> Option<&Deal> {
        self.deal_index(kind, user_id, local_id).map(|index| &self.deals[index as usize])
    }

    pub(crate) fn deal_index(&self, kind: DealKind, user_id: &UserId, local_id: LocalId) -> Option<u32> {
        self.deal_of.get(&(kind, local_id, *user_id.bytes())).copied()
    }

    /// Puts down a deal; the local id must be new for its user and kind.
    pub(crate) fn add_deal(&mut self, user_id: UserId, local_id: LocalId, sent: Terms, request: Option<u32>) -> u32 {
        let index = index_of(self.deals.len());
        self.deals.push(Deal {
            local_id,
            user_id,
            sent,
            sys_id: SystemId::BLANK,
            order_sys_ids: [SystemId::BLANK; 2],
            state: DealState::Waiting,
            reject: 0,
            told: 0,
            request,
            cancel: None,
            before: (false, false),
        });
        self.deal_of.insert((sent.kind(), local_id, *user_id.bytes()), index);
        index
    }

    /// A Quote. None: an item of it cannot be read. Some(None): it told the same before, or an end without a beginning.
    pub(crate) fn quoted(&mut self, number: StreamNumber, field: &QuoteField) -> Option<Option<u32>> {
        let quote = NewQuote::of(field)?;
        let said = Said {
            user_id: field.user_id,
            local_id: LocalId(*field.quote_local_id.bytes()),
            sent: Terms::Quote(quote),
            sys_id: SystemId(*field.quote_sys_id.bytes()),
            order_sys_ids: [&field.bid_order_sys_id, &field.ask_order_sys_id].map(|id| SystemId(*id.bytes())),
            ended: !field.cancel_time.is_blank(),
        };
        let told = self.tell_deal(number, &said);
        if told.is_some() && !said.ended {
            for (side, &sys_id) in said.order_sys_ids.iter().enumerate() {
                self.add_quoted_order(said.user_id, said.local_id, sys_id, quote.order(side));
            }
        }
        Some(told)
    }

    /// An ExecOrder, and its action. None: its result is not of the list. Some(None): as for quotes.
    pub(crate) fn instructed(
        &mut self,
        number: StreamNumber,
        field: &ExecOrderField,
        action: Option<&ExecActionField>,
    ) -> Option<Option<u32>> {
        let ended = match field.exec_result.get() {
            exec_result::NOT_EXECUTED => false,
            exec_result::CANCELLED => true,
            _ => return None,
        };
        let sent = NewInstruction {
            client_id: field.client_id,
            instrument_id: field.instrument_id,
            volume: field.volume.unsigned(),
            action: action.map_or(exec_action::EXERCISE, |action| action.exec_action.get()),
            message_reference: *field.message_reference.bytes(),
        };
        let said = Said {
            user_id: field.user_id,
            local_id: LocalId(*field.exec_order_local_id.bytes()),
            sent: Terms::Instruction(sent),
            sys_id: SystemId(*field.exec_order_sys_id.bytes()),
            order_sys_ids: [SystemId::BLANK; 2],
            ended,
        };
        Some(self.tell_deal(number, &said))
    }

    fn tell_deal(&mut self, number: StreamNumber, said: &Said) -> Option<u32> {
        let deal = match self.deal_index(said.sent.kind(), &said.user_id, said.local_id) {
            Some(deal) => deal,
            None => self.add_deal(said.user_id, said.local_id, said.sent, None),
        };
        // It stands once, ends once, and ends as what stood.
        let known = &self.deals[deal as usize];
        let follows = match said.ended {
            false => known.told == 0,
            true => known.told == 1 && known.sys_id == said.sys_id,
        };
        if !follows {
            self.deals_contradicted += 1;
            return None;
        }
        let (sys_id, order_sys_ids, ended) = (said.sys_id, said.order_sys_ids, said.ended);
        let record = PrivateRecord::Deal { deal, sys_id, order_sys_ids, ended };
        self.put_private(number, record);
        Some(deal)
    }

    pub(crate) fn apply_deal(&mut self, deal: u32, sys_id: SystemId, order_sys_ids: [SystemId; 2], ended: bool) {
        let deal = &mut self.deals[deal as usize];
        deal.told += 1;
        (deal.sys_id, deal.order_sys_ids) = (sys_id, order_sys_ids);
        deal.state = if ended { DealState::Ended } else { DealState::Standing };
    }

    /// Before the messages that stand are folded anew.
    pub(crate) fn forget_deals(&mut self) {
        for deal in &mut self.deals {
            deal.before = (deal.told > 0, deal.state == DealState::Ended);
            if deal.told > 0 {
                deal.told = 0;
                (deal.sys_id, deal.order_sys_ids) = (SystemId::BLANK, [SystemId::BLANK; 2]);
                deal.state = DealState::RolledBack;
            }
        }
    }

    /// Behind that: deals that no message knows any more, and those that have not ended any more.
    pub(crate) fn undone_deals(&self) -> (Vec<u32>, Vec<u32>) {
        let with = |is: fn(&Deal) -> bool| {
            let found = self.deals.iter().enumerate().filter(move |(_, deal)| is(deal));
            found.map(|(index, _)| index_of(index)).collect()
        };
        let unknown = with(|deal| deal.before.0 && deal.told == 0);
        (unknown, with(|deal| deal.told > 0 && deal.before.1 && deal.state != DealState::Ended))
    }
}

impl Member {
    /// Queues a quote under the next local id, which it returns. It takes the place of the client's quote in the instrument.
    pub fn quote(&mut self, quote: NewQuote) -> LocalId {
        self.deal(Terms::Quote(quote))
    }

    /// Queues an enquiry under the next local id, which it returns.
    pub fn enquire(&mut self, enquiry: NewEnquiry) -> LocalId {
        self.deal(Terms::Enquiry(enquiry))
    }

    /// Queues an instruction to exercise or to abandon under the next local id, which it returns.
    pub fn instruct(&mut self, instruction: NewInstruction) -> LocalId {
        self.deal(Terms::Instruction(instruction))
    }

    fn deal(&mut self, sent: Terms) -> LocalId {
        let local_id = LocalId::numbered(self.next_local_id);
        self.note_local_id(local_id);
        let index = self.view.add_deal(self.config.user_id, local_id, sent, None);
        let request = self.requests.add(What::Deal { deal: index });
        self.view.deals[index as usize].request = Some(request);
        local_id
    }

    /// Queues the cancel of a quote, or the taking back of an instruction, of this seat and returns its ActionLocalId. None: no such one, or an
    /// enquiry, which cannot be taken back.
    pub fn end(&mut self, kind: DealKind, local_id: LocalId) -> Option<LocalId> {
        let index = self.view.deal_index(kind, &self.config.user_id, local_id).filter(|_| kind != DealKind::Enquiry)?;
        let sent = match self.view.deals[index as usize].sent {
            Terms::Quote(NewQuote { instrument_id, .. }) => instrument_id,
            Terms::Enquiry(NewEnquiry { instrument_id, .. }) => instrument_id,
            Terms::Instruction(NewInstruction { instrument_id, .. }) => instrument_id,
        };
        let cancel = NewCancel {
            action: ftd::value::action_flag::DELETE,
            order_sys_id: SystemId::BLANK,
            instrument_id: sent,
            target: None,
            message_reference: [b' '; 6],
        };
        Some(self.add_cancel(cancel, CancelOf::Deal(index), false))
    }

    /// Quotes and instructions that a takeover rolled back and that were not sent again, in the order first sent.
    pub fn rolled_back_deals(&self) -> impl Iterator<Item = (DealKind, LocalId)> + '_ {
        self.requests.rolled_back.iter().filter_map(|&request| match self.requests.all[request as usize].what {
            What::Deal { deal } => {
                let deal = &self.view.deals[deal as usize];
                Some((deal.sent.kind(), deal.local_id))
            }
            _ => None,
        })
    }

    /// The same of a cancel of a deal.
    pub(crate) fn is_cancel_needless(&mut self, request: u32, deal: u32, was_sent: bool) -> bool {
        let What::Cancel { cancel } = self.requests.all[request as usize].what else { return false };
        let cancel = &mut self.requests.cancels[cancel as usize];
        match self.view.deals[deal as usize].state {
            DealState::RolledBack => {
                cancel.state = CancelState::RolledBack;
                self.requests.settle(request);
                self.requests.rolled_back.insert(request);
                true
            }
            DealState::Ended if was_sent => {
                cancel.state = CancelState::Done;
                self.requests.settle(request);
                true
            }
            _ => false,
        }
    }
}

/// Writes the request of a deal. None: a price is beyond its twelve characters.
pub(crate) fn write_deal(
    wire: &mut Wire,
    config: &Config,
    deal: &Deal,
    (number, now): (SequenceNumber, Nanoseconds),
) -> Option<()> {
    let (participant_id, user_id, local_id) = (config.participant_id, config.user_id, deal.local_id.0.into());
    match deal.sent {
        Terms::Quote(quote) => wire.message(now, tid::QUOTE_INSERT, number, |message| {
            let field = message.push::<InputQuoteField>()?;
            (field.participant_id, field.user_id) = (participant_id, user_id);
            field.quote_local_id = local_id;
            quote.fill(field)
        }),
        Terms::Enquiry(enquiry) => wire.message(now, tid::ENQUIRE_QUOTE, number, |message| {
            let field = message.push::<EnquireQuoteField>()?;
            (field.participant_id, field.user_id) = (participant_id, user_id);
            field.quote_local_id = local_id;
            enquiry.fill(field);
            Some(())
        }),
        Terms::Instruction(instruction) => wire.message(now, tid::EXEC_ORDER_INSERT, number, |message| {
            let field = message.push::<InputExecOrderField>()?;
            (field.participant_id, field.user_id) = (participant_id, user_id);
            field.exec_order_local_id = local_id;
            instruction.fill(field);
            message.push::<ExecActionField>()?.exec_action.set(instruction.action);
            Some(())
        }),
    }
}

/// Writes the cancel of a quote or of an instruction, by its number where that is known, else by its local id.
pub(crate) fn write_deal_cancel(
    wire: &mut Wire,
    config: &Config,
    deal: &Deal,
    action_local_id: LocalId,
    (number, now): (SequenceNumber, Nanoseconds),
) -> Option<()> {
    let (participant_id, user_id) = (config.participant_id, config.user_id);
    if deal.sent.kind() == DealKind::Instruction {
        return wire.message(now, tid::EXEC_ORDER_ACTION, number, |message| {
            let field = message.push::<ExecOrderActionField>()?;
            field.action_flag.set(action_flag::DELETE);
            field.exec_order_sys_id = deal.sys_id.0.into();
            field.exec_order_local_id = deal.local_id.0.into();
            field.action_local_id = action_local_id.0.into();
            (field.participant_id, field.user_id) = (participant_id, user_id);
            Some(())
        });
    }
    wire.message(now, tid::QUOTE_ACTION, number, |message| {
        let field = message.push::<QuoteActionField>()?;
        field.order_action_code.set(action_flag::DELETE);
        field.quote_sys_id = deal.sys_id.0.into();
        field.quote_local_id = deal.local_id.0.into();
        field.action_local_id = action_local_id.0.into();
        (field.participant_id, field.user_id) = (participant_id, user_id);
        Some(())
    })
}
