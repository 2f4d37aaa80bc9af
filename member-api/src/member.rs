//! The member: one state machine over connections, logins, streams and requests.
//!
//! States and what leads from one to the next stand in [`LinkState`]; every change is made in this file and in `session.rs`.

use crate::config::{Config, RolledBack};
use crate::deals::{DealState, write_deal, write_deal_cancel};
use crate::login::Flow;
use crate::market::MarketFeed;
use crate::order::{
    ClientId, Epoch, InstrumentId, LocalId, Nanoseconds, NewCancel, NewOrder, StreamNumber, SystemId, UserId,
};
use crate::requests::{Cancel, CancelState, Readiness, Requests, What};
use crate::targets::{Front, Target, Targets};
use crate::view::{OrderState, Position, View};
use crate::wire::Wire;
use ftd::field::{OrderActionField, OrderActionTargetField, OrderInsertField, ReadinessField};
use ftd::{ChainReader, SequenceNumber, tid};
use std::net::SocketAddrV4;

/// A member's seat: its connection, its streams, its requests and what it knows.
#[derive(Debug)]
pub struct Member {
    pub(crate) config: Config,
    pub(crate) view: View,
    /// If books are kept.
    pub(crate) market: Option<MarketFeed>,
    pub(crate) requests: Requests,
    pub(crate) targets: Targets,
    pub(crate) wire: Wire,
    pub(crate) link: LinkState,
    /// When the present state has lasted too long (for [`LinkState::Resting`]: long enough).
    pub(crate) deadline: Nanoseconds,
    /// A round of targets is under way.
    pub(crate) in_round: bool,
    pub(crate) target: Option<Target>,
    /// The connection is to be closed; nothing more of it is read.
    pub(crate) closing: bool,
    /// The highest epoch a core has shown us, and its data centre.
    pub(crate) epoch: Epoch,
    pub(crate) data_center: u32,
    pub(crate) heartbeat: Nanoseconds,
    /// The exchange's time of day at the private login, hhmmsscc.
    pub(crate) private_login_time: u32,
    pub(crate) fronts: Vec<Front>,
    pub(crate) front_parts: ChainReader,
    pub(crate) broadcast_parts: ChainReader,
    pub(crate) pace_until: Nanoseconds,
    /// Orders and cancels are held; this many may leave all the same.
    hold: Option<u32>,
    pub(crate) next_local_id: u64,
    pub(crate) counters: Counters,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) voided: Vec<Voided>,
    pub(crate) max_order_local_id: LocalId,
}

/// What the host is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a connection there; then say [`Member::connected`] or [`Member::closed`].
    Connect(SocketAddrV4),
    /// Close the connection (bytes of [`Member::output`] from before are void). Nothing is to be said afterwards: for the member it is closed.
    Close,
}

/// Where the connection stands. The numbers are for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum LinkState {
    /// Not connected; the next attempt comes when the wait is over.
    Resting = 0,
    /// Connecting to a name server.
    Asking = 1,
    /// A name server was asked for fronts.
    Asked = 2,
    /// Connecting to a front.
    Connecting = 3,
    /// Logging in to the dialog stream.
    LoginDialog = 4,
    /// Logging in to the private stream.
    LoginPrivate = 5,
    /// Logging in to the broadcast stream.
    LoginBroadcast = 6,
    /// Logged in to all three: requests go out.
    Working = 7,
    /// Logging out.
    LoggingOut = 8,
    /// Stopped by the application.
    Stopped = 9,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages of the private stream that followed their number.
    pub private_messages: u64,
    /// Messages of the broadcast stream that followed their number.
    pub broadcast_messages: u64,
    /// Of the private messages, those whose own time (to 1/100 s) is before that of the login: told while we were away.
    pub resumed_messages: u64,
    /// Stream messages that came a second time.
    pub messages_repeated: u64,
    /// Stream messages whose number did not follow; each closed the connection.
    pub gaps: u64,
    /// Requests sent again after a relogin.
    pub sent_again: u64,
    /// Orders that the exchange recognised as sent before: accepted then, not twice.
    pub repeats_recognised: u64,
    /// Messages voided by FlowMessageCancel.
    pub rolled_back_messages: u64,
    /// Orders that only void messages knew.
    pub rolled_back_orders: u64,
    /// Quotes and instructions that only void messages knew.
    pub rolled_back_deals: u64,
    /// Times that all three logins stood.
    pub logins: u64,
    /// … of them, after the first.
    pub reconnects: u64,
    /// Refused logins.
    pub refused_logins: u64,
    /// Logins to a core of a lower epoch than one seen before; each was left at once.
    pub stale_epochs: u64,
    /// Connections lost, or given up for want of an answer.
    pub connections_lost: u64,
    /// Messages that could not be read; each closed the connection.
    pub malformed: u64,
    /// Sides of trades told twice under different numbers: an error of the exchange's.
    pub trades_repeated: u64,
    /// Quotes and instructions told to stand or to end twice, or to end before they stood: an error of the exchange's.
    pub deals_contradicted: u64,
    /// Requests put back because the seat's limits (105, 106) were hit.
    pub paced: u64,
}

/// The last refusal of a login, or the reason of a forced exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// ErrorCode; 0 = ForceExit.
    pub code: u16,
    /// ErrorText or ForceExitMsg.
    pub text: String,
}

/// A FlowMessageCancel that we were told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voided {
    /// The stream's series.
    pub series: u16,
    /// First void number.
    pub from: StreamNumber,
    /// Last void number.
    pub to: StreamNumber,
    /// The data centre that had sent them.
    pub data_center: u32,
}

impl Member {
    /// A member that has not connected yet; the first [`Member::poll`] does.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Member {
            targets: Targets::new(&config),
            market: config.keeps_books.then(MarketFeed::new),
            config,
            view: View::default(),
            requests: Requests::new(),
            wire: Wire::new(),
            link: LinkState::Resting,
            deadline: Nanoseconds(0),
            in_round: false,
            target: None,
            closing: false,
            epoch: Epoch(0),
            data_center: 0,
            heartbeat: Nanoseconds::seconds(10),
            private_login_time: 0,
            fronts: Vec::new(),
            front_parts: ChainReader::default(),
            broadcast_parts: ChainReader::default(),
            pace_until: Nanoseconds(0),
            hold: None,
            next_local_id: 1,
            counters: Counters::default(),
            refusal: None,
            voided: Vec::new(),
            max_order_local_id: LocalId::BLANK,
        }
    }

    /// What is to be done now. To be called until it says None: after every event, and when [`Member::wake_at`] comes.
    pub fn poll(&mut self, now: Nanoseconds) -> Option<Action> {
        if self.closing {
            self.drop_connection(now);
            return Some(Action::Close);
        }
        match self.link {
            LinkState::Stopped => None,
            LinkState::Resting => (now >= self.deadline).then(|| self.connect_next(now)).flatten(),
            LinkState::Working => {
                // errata.md, Streams: nothing received for three times TimeOut closes.
                if now.since(self.wire.last_received).0 >= 3 * self.heartbeat.0 {
                    self.give_up();
                    return self.poll(now);
                }
                self.send_waiting(now);
                if now.since(self.wire.last_sent) >= self.heartbeat {
                    self.wire.heartbeat(now);
                }
                None
            }
            _ if now >= self.deadline => {
                self.give_up();
                self.poll(now)
            }
            _ => None,
        }
    }

    /// When [`Member::poll`] has something to do again if nothing happens before; None: never.
    #[must_use]
    pub fn wake_at(&self) -> Option<Nanoseconds> {
        match self.link {
            _ if self.closing => Some(Nanoseconds(0)),
            LinkState::Stopped => None,
            LinkState::Working => {
                let heartbeat = self.wire.last_sent.plus(self.heartbeat);
                let silence = self.wire.last_received.plus(Nanoseconds(3 * self.heartbeat.0));
                let pace = if self.requests.has_waiting() && self.pace_until > self.wire.last_received {
                    self.pace_until
                } else {
                    heartbeat
                };
                Some(heartbeat.min(silence).min(pace))
            }
            _ => Some(self.deadline),
        }
    }

    /// Bytes for the connection.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        self.wire.output()
    }

    /// The host has taken this many bytes of [`Member::output`].
    pub fn sent(&mut self, count: usize) {
        self.wire.taken(count);
    }

    /// The connection that [`Action::Connect`] asked for stands.
    pub fn connected(&mut self, now: Nanoseconds) {
        self.wire.reset(now);
        self.deadline = now.plus(self.config.answer_timeout);
        match self.link {
            LinkState::Asking => {
                self.link = LinkState::Asked;
                self.fronts.clear();
                self.front_parts = ChainReader::default();
                self.wire.message(now, tid::FRONTS, SequenceNumber(0), |_| Some(())).expect("it has no fields");
            }
            LinkState::Connecting => self.begin_login(Flow::Dialog, now),
            _ => {}
        }
    }

    /// Bytes from the connection, in any pieces; all of them are taken. Returns how many: all.
    pub fn received(&mut self, bytes: &[u8], now: Nanoseconds) -> usize {
        if self.closing || matches!(self.link, LinkState::Resting | LinkState::Stopped) {
            return bytes.len();
        }
        self.wire.last_received = now;
        if self.wire.input.is_empty() {
            let done = self.read(bytes, now);
            self.wire.input.extend_from_slice(&bytes[done..]);
        } else {
            let mut input = std::mem::take(&mut self.wire.input);
            input.extend_from_slice(bytes);
            let done = self.read(&input, now);
            input.drain(..done);
            self.wire.input = input;
        }
        bytes.len()
    }

    /// The connection was closed by the other side, or could not be opened.
    pub fn closed(&mut self, now: Nanoseconds) {
        if !matches!(self.link, LinkState::Resting | LinkState::Stopped) {
            self.counters.connections_lost += 1;
            self.drop_connection(now);
        }
    }

    /// Queues an order under the next local id, which it returns.
    pub fn insert(&mut self, order: NewOrder) -> LocalId {
        let local_id = LocalId::numbered(self.next_local_id);
        self.insert_as(local_id, order);
        local_id
    }

    /// Queues an order under a local id of the caller's. One that is in use already is sent all the same; the exchange refuses it, and the
    /// view keeps the first.
    pub fn insert_as(&mut self, local_id: LocalId, order: NewOrder) {
        self.note_local_id(local_id);
        if self.view.order_index(&self.config.user_id, local_id).is_some() {
            self.requests.add(What::Repeat { local_id, sent: Box::new(order) });
            return;
        }
        let index = self.view.add_order(self.config.user_id, local_id, order, None);
        let request = self.requests.add(What::Insert { order: index });
        self.view.orders[index as usize].request = Some(request);
    }

    /// Queues a cancel of an order of this seat and returns its ActionLocalId. It names the order by its OrderSysId where that is known
    /// when it leaves, else by its local id. None: no such order.
    pub fn cancel(&mut self, local_id: LocalId) -> Option<LocalId> {
        self.cancel_own(local_id, false)
    }

    /// As [`Member::cancel`], by the local id in any case.
    pub fn cancel_by_local_id(&mut self, local_id: LocalId) -> Option<LocalId> {
        self.cancel_own(local_id, true)
    }

    fn cancel_own(&mut self, local_id: LocalId, by_local_id: bool) -> Option<LocalId> {
        let index = self.view.order_index(&self.config.user_id, local_id)?;
        let order = &self.view.orders[index as usize];
        let cancel = NewCancel {
            action: ftd::value::action_flag::DELETE,
            order_sys_id: SystemId::BLANK,
            instrument_id: order.sent.instrument_id,
            target: Some((local_id, order.sent.client_id)),
            message_reference: [b' '; 6],
        };
        Some(self.add_cancel(cancel, CancelOf::Order(index), by_local_id))
    }

    /// Queues a cancel as the caller filled it and returns its ActionLocalId.
    pub fn cancel_as(&mut self, cancel: NewCancel) -> LocalId {
        self.add_cancel(cancel, CancelOf::Anything, false)
    }

    /// Reports readiness (就绪, 举手) with words of at most 500 bytes; longer ones are cut at a character's border. Only the newest report counts.
    pub fn report(&mut self, readiness: Readiness, words: &str) {
        let end = (0..=words.len().min(500)).rev().find(|&end| words.is_char_boundary(end)).unwrap_or(0);
        self.requests.add(What::Readiness { readiness, words: words[..end].into() });
    }

    /// Sets the position that a client began the day with.
    pub fn set_position(&mut self, client_id: ClientId, instrument_id: InstrumentId, hedge: u8, opening: Position) {
        self.view.set_position(client_id, instrument_id, hedge, opening);
    }

    /// Local ids of orders that a takeover rolled back and that were not sent again, in the order first sent.
    pub fn rolled_back(&self) -> impl Iterator<Item = LocalId> + '_ {
        self.requests.rolled_back.iter().filter_map(|&request| match self.requests.all[request as usize].what {
            What::Insert { order } => Some(self.view.orders[order as usize].local_id),
            _ => None,
        })
    }

    /// ActionLocalIds of cancels that a takeover rolled back and that were not sent again, in the order first sent.
    pub fn rolled_back_cancels(&self) -> impl Iterator<Item = LocalId> + '_ {
        self.requests.rolled_back.iter().filter_map(|&request| match self.requests.all[request as usize].what {
            What::Cancel { cancel } => Some(self.requests.cancels[cancel as usize].action_local_id),
            _ => None,
        })
    }

    /// Sends everything that was rolled back again, in the order first sent, and returns how many requests that is.
    pub fn send_rolled_back(&mut self) -> usize {
        let requests: Vec<u32> = self.requests.rolled_back.iter().copied().collect();
        for &request in &requests {
            self.send_again(request);
        }
        requests.len()
    }

    /// Holds orders and cancels back, or lets them leave again. Everything else goes on: logins, resume, readiness. A member that
    /// comes back to a market that takes no orders yet would only be refused.
    pub fn hold(&mut self, hold: bool) {
        self.hold = hold.then_some(0);
    }

    /// Whether orders and cancels are held back.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.hold.is_some()
    }

    /// While orders and cancels are held: lets the next one that waits leave, in the order of the calls.
    pub fn release_next(&mut self) {
        if let Some(allowed) = &mut self.hold {
            *allowed += 1;
        }
    }

    /// Logs out of the three streams and stops. Open requests stay open.
    pub fn stop(&mut self, now: Nanoseconds) {
        if self.link == LinkState::Working {
            self.log_out(now);
        } else if !matches!(self.link, LinkState::Stopped | LinkState::LoggingOut) {
            self.closing = self.link != LinkState::Resting;
            self.link = if self.closing { LinkState::LoggingOut } else { LinkState::Stopped };
        }
    }

    /// Who it is: its seat's UserId.
    #[must_use]
    pub fn user_id(&self) -> &UserId {
        &self.config.user_id
    }

    /// What is known.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Books and figures of all instruments, as the broadcast stream told them; none unless [`Config::keeps_books`]. After a takeover that took back more
    /// than is kept it is empty, until it is recovered by queries.
    #[must_use]
    pub fn market(&self) -> Option<&MarketFeed> {
        self.market.as_ref()
    }

    /// [`Member::market`], to recover it.
    pub fn market_mut(&mut self) -> Option<&mut MarketFeed> {
        self.market.as_mut()
    }

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> LinkState {
        self.link
    }

    /// The highest epoch a core has shown us; 0 = none yet.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Requests whose outcome is not certain yet: waiting, on their way, or not yet told by the private stream.
    #[must_use]
    pub fn open_requests(&self) -> usize {
        self.requests.open_count()
    }

    /// Requests on their way without an answer.
    #[must_use]
    pub fn unanswered_requests(&self) -> usize {
        self.requests.unanswered
    }

    /// Logged in, and no request is open.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.link == LinkState::Working && self.requests.is_idle()
    }

    /// Where a cancel stands, by its ActionLocalId, and the code it was refused with (0 = none).
    #[must_use]
    pub fn cancel_state(&self, action_local_id: LocalId) -> Option<(CancelState, u16)> {
        let number = usize::try_from(action_local_id.number()?).ok()?;
        self.requests.cancels.get(number.checked_sub(1)?).map(|cancel| (cancel.state, cancel.reject))
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let View { trades_repeated, deals_contradicted, .. } = self.view;
        Counters { trades_repeated, deals_contradicted, ..self.counters }
    }

    /// The last refusal of a login or forced exit.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Every FlowMessageCancel told to us, in the order they came.
    #[must_use]
    pub fn voided(&self) -> &[Voided] {
        &self.voided
    }

    /// MaxOrderLocalId of the last dialog login.
    #[must_use]
    pub fn max_order_local_id(&self) -> LocalId {
        self.max_order_local_id
    }

    /// A local id of our own form that is in use moves the numbering behind it.
    pub(crate) fn note_local_id(&mut self, local_id: LocalId) {
        if let Some(number) = local_id.number() {
            self.next_local_id = self.next_local_id.max(number + 1);
        }
    }

    pub(crate) fn add_cancel(&mut self, sent: NewCancel, of: CancelOf, by_local_id: bool) -> LocalId {
        let number = self.requests.cancels.len() as u64 + 1;
        let action_local_id = LocalId::numbered(number);
        let (order, deal) = match of {
            CancelOf::Order(order) => (Some(order), None),
            CancelOf::Deal(deal) => (None, Some(deal)),
            CancelOf::Anything => (None, None),
        };
        let newest = |view: &View| match of {
            CancelOf::Order(order) => view.orders[order as usize].cancel,
            CancelOf::Deal(deal) => view.deals[deal as usize].cancel,
            CancelOf::Anything => None,
        };
        let earlier = newest(&self.view);
        let state = CancelState::Waiting;
        let cancel = Cancel { action_local_id, sent, order, deal, by_local_id, earlier, request: 0, state, reject: 0 };
        let index = self.requests.add_cancel(cancel);
        if let Some(order) = order {
            self.view.orders[order as usize].cancel = Some(index);
        }
        if let Some(deal) = deal {
            self.view.deals[deal as usize].cancel = Some(index);
        }
        action_local_id
    }

    fn connect_next(&mut self, now: Nanoseconds) -> Option<Action> {
        if !self.in_round {
            self.in_round = true;
            self.targets.begin_round();
        }
        let Some(target) = self.targets.next() else {
            self.in_round = false;
            self.deadline = now.plus(self.targets.wait_after_round());
            return None;
        };
        self.target = Some(target);
        self.deadline = now.plus(self.config.answer_timeout);
        Some(Action::Connect(match target {
            Target::NameServer(address) => {
                self.link = LinkState::Asking;
                address
            }
            Target::Front(address) => {
                self.link = LinkState::Connecting;
                address
            }
        }))
    }

    fn give_up(&mut self) {
        self.counters.connections_lost += 1;
        self.closing = true;
    }

    /// The connection is gone: what was on its way waits again, and the next target's turn comes.
    fn drop_connection(&mut self, now: Nanoseconds) {
        let was = self.link;
        self.closing = false;
        self.wire.reset(now);
        if let Some(Target::NameServer(_)) = self.target.take() {
            self.targets.name_server_failed(self.epoch);
        }
        if self.broadcast_parts.is_open() {
            // Half a message was shown. It comes again, or a takeover makes it void.
            let next = StreamNumber(self.view.broadcast.last.0 + 1);
            self.view.roll_back_broadcast(next);
        }
        self.broadcast_parts = ChainReader::default();
        if let Some(market) = &mut self.market {
            market.reconnected();
        }
        if was >= LinkState::Working {
            self.recall_requests();
        }
        self.link = LinkState::Resting;
        self.deadline = now;
        if was == LinkState::LoggingOut {
            self.link = LinkState::Stopped;
        } else if was == LinkState::Working {
            self.in_round = false;
            self.deadline = now.plus(self.targets.wait_after_loss());
        }
    }

    /// Everything open waits again. What only a dialog answer confirmed counts as unanswered: see the package's page.
    fn recall_requests(&mut self) {
        self.requests.begin_anew();
        for request in self.requests.open() {
            match self.requests.all[request as usize].what {
                What::Insert { order } => {
                    let order = &mut self.view.orders[order as usize];
                    if order.told == 0 {
                        order.state = OrderState::Waiting;
                        order.sys_id = SystemId::BLANK;
                    }
                }
                What::Deal { deal } => {
                    let deal = &mut self.view.deals[deal as usize];
                    if deal.told == 0 {
                        (deal.state, deal.sys_id) = (DealState::Waiting, SystemId::BLANK);
                    }
                }
                What::Cancel { cancel } => self.requests.cancels[cancel as usize].state = CancelState::Waiting,
                What::Repeat { .. } | What::Readiness { .. } => {}
            }
        }
    }

    /// Sends what waits, as long as the seat may have more unanswered and the socket takes it.
    fn send_waiting(&mut self, now: Nanoseconds) {
        while self.requests.unanswered < self.config.in_flight && now >= self.pace_until && self.wire.has_room() {
            let Some(request) = self.requests.next_waiting(self.hold == Some(0)) else { return };
            if self.is_needless(request) {
                continue;
            }
            if !matches!(self.requests.all[request as usize].what, What::Readiness { .. })
                && let Some(allowed) = &mut self.hold
            {
                *allowed -= 1;
            }
            let again = self.requests.all[request as usize].was_sent;
            let number = self.requests.depart(request);
            if self.write_request(request, SequenceNumber(number.0), now).is_none() {
                // A price beyond the width of its item. The number must not be lost: it was the last one given.
                self.requests.take_back(request);
                self.refuse(request, UNWRITABLE);
                continue;
            }
            self.counters.sent_again += u64::from(again);
        }
    }

    /// A request that need not be sent (again), because the streams have told its outcome meanwhile, or its order is void.
    fn is_needless(&mut self, request: u32) -> bool {
        match self.requests.all[request as usize].what {
            What::Insert { order } => {
                let told = self.view.orders[order as usize].told > 0;
                if told {
                    self.requests.settle(request);
                }
                told && !(self.config.repeat_told && self.requests.all[request as usize].was_sent)
            }
            What::Cancel { cancel } => {
                let was_sent = self.requests.all[request as usize].was_sent;
                let cancel = &mut self.requests.cancels[cancel as usize];
                if let Some(deal) = cancel.deal {
                    return self.is_cancel_needless(request, deal, was_sent);
                }
                let Some(order) = cancel.order else { return false };
                match self.view.orders[order as usize].state {
                    OrderState::RolledBack => {
                        cancel.state = CancelState::RolledBack;
                        self.requests.settle(request);
                        self.requests.rolled_back.insert(request);
                        true
                    }
                    state if was_sent && state.is_final() => {
                        cancel.state = CancelState::Done;
                        self.requests.settle(request);
                        true
                    }
                    _ => false,
                }
            }
            What::Deal { deal } => {
                let told = self.view.deals[deal as usize].told > 0;
                if told {
                    self.requests.settle(request);
                }
                told
            }
            What::Repeat { .. } | What::Readiness { .. } => false,
        }
    }

    fn write_request(&mut self, request: u32, number: SequenceNumber, now: Nanoseconds) -> Option<()> {
        let (config, view) = (&self.config, &mut self.view);
        match &self.requests.all[request as usize].what {
            What::Insert { order } => {
                let order = &mut view.orders[*order as usize];
                if order.told == 0 {
                    order.state = OrderState::Sent;
                }
                let (local_id, sent) = (order.local_id, order.sent);
                self.wire.message(now, tid::ORDER_INSERT, number, |message| {
                    fill_order(config, local_id, &sent, message.push::<OrderInsertField>()?)
                })
            }
            What::Repeat { local_id, sent } => self.wire.message(now, tid::ORDER_INSERT, number, |message| {
                fill_order(config, *local_id, sent, message.push::<OrderInsertField>()?)
            }),
            What::Cancel { cancel } => {
                let cancel = &mut self.requests.cancels[*cancel as usize];
                cancel.state = CancelState::Sent;
                let action_local_id = cancel.action_local_id;
                if let Some(deal) = cancel.deal {
                    return write_deal_cancel(
                        &mut self.wire,
                        config,
                        &view.deals[deal as usize],
                        action_local_id,
                        (number, now),
                    );
                }
                let mut sent = cancel.sent;
                if let Some(order) = cancel.order.filter(|_| !cancel.by_local_id) {
                    // By the exchange's number where it is known, which takes the exchange least work; else by ours.
                    sent.order_sys_id = view.orders[order as usize].sys_id;
                    sent.target = if sent.order_sys_id.is_blank() { sent.target } else { None };
                }
                self.wire.message(now, tid::ORDER_ACTION, number, |message| {
                    let field = message.push::<OrderActionField>()?;
                    sent.fill(field);
                    field.action_local_id = action_local_id.0.into();
                    field.user_id = config.user_id;
                    if sent.target.is_some() {
                        sent.fill_target(config.participant_id, message.push::<OrderActionTargetField>()?);
                    }
                    Some(())
                })
            }
            What::Deal { deal } => {
                let deal = &mut view.deals[*deal as usize];
                if deal.told == 0 {
                    deal.state = DealState::Sent;
                }
                write_deal(&mut self.wire, config, deal, (number, now))
            }
            What::Readiness { readiness, words } => self.wire.message(now, tid::READINESS, number, |message| {
                let field = message.push::<ReadinessField>()?;
                field.participant_id = config.participant_id;
                field.user_id = config.user_id;
                field.readiness.set(*readiness as u8);
                field.content.set(words.as_bytes()).ok()
            }),
        }
    }

    /// A request counts as never sent: it waits again.
    pub(crate) fn send_again(&mut self, request: u32) {
        match self.requests.all[request as usize].what {
            What::Insert { order } => self.view.orders[order as usize].state = OrderState::Waiting,
            What::Deal { deal } => self.view.deals[deal as usize].state = DealState::Waiting,
            What::Cancel { cancel } => self.requests.cancels[cancel as usize].state = CancelState::Waiting,
            What::Repeat { .. } | What::Readiness { .. } => {}
        }
        self.requests.open_again(request);
        self.requests.wait(request);
    }

    /// A request whose success a takeover made void.
    pub(crate) fn roll_back(&mut self, request: u32) {
        match self.config.rolled_back {
            RolledBack::SendAgain => self.send_again(request),
            RolledBack::Expose => {
                if let What::Cancel { cancel } = self.requests.all[request as usize].what {
                    self.requests.cancels[cancel as usize].state = CancelState::RolledBack;
                }
                self.requests.settle(request);
                self.requests.rolled_back.insert(request);
            }
        }
    }

    /// A request was refused with this code.
    pub(crate) fn refuse(&mut self, request: u32, code: u16) {
        match self.requests.all[request as usize].what {
            What::Insert { order } => {
                let order = &mut self.view.orders[order as usize];
                if order.told == 0 {
                    order.state = OrderState::Rejected;
                    order.reject = code;
                }
            }
            What::Cancel { cancel } => {
                let cancel = &mut self.requests.cancels[cancel as usize];
                cancel.state = CancelState::Rejected;
                cancel.reject = code;
            }
            What::Deal { deal } => {
                let deal = &mut self.view.deals[deal as usize];
                if deal.told == 0 {
                    (deal.state, deal.reject) = (DealState::Rejected, code);
                }
            }
            What::Repeat { .. } | What::Readiness { .. } => {}
        }
        self.requests.settle(request);
    }
}

/// What a cancel is of.
#[derive(Clone, Copy)]
pub(crate) enum CancelOf {
    /// An order of the view.
    Order(u32),
    /// A deal of the view.
    Deal(u32),
    /// Whatever the caller named.
    Anything,
}

/// An order that cannot be written: dataplane/STREAMS.md, 109 a field is malformed.
const UNWRITABLE: u16 = 109;

fn fill_order(config: &Config, local_id: LocalId, sent: &NewOrder, field: &mut OrderInsertField) -> Option<()> {
    field.order_local_id = local_id.0.into();
    field.user_id = config.user_id;
    field.participant_id = config.participant_id;
    sent.fill(field).then_some(())
}
