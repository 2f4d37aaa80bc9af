//! What must hold at the end of a drill's day. Each check reads two sides that do not know each other: the log and the members' own views, the
//! primary's records and what Backstop reported in doubt, the engine's state and the second exchange's.

use super::day::Day;
use super::options::DayChoice;
use super::world::PRIMARY_DATA_CENTER;
use crate::appliance::ID_PREFIX;
use dataplane::streams::Stream;
use engine::State;
use engine::command::{BodyView, Command, CommandKind};
use engine::event::{EndReason, EventView};
use engine::reject::Reject;
use engine::types::{Epoch, OrderKey, ParticipantIndex, Phase, Sequence};
use member_api::{DealKind, DealState, OrderState};
use reference::{Settings, shadow::Shadow};
use std::collections::{BTreeMap, BTreeSet};

/// Failures that are named one by one; further ones are counted.
const FAILURES_KEPT: usize = 24;

/// What was counted and found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Orders accepted.
    pub orders: u64,
    /// Orders refused.
    pub refused: u64,
    /// … of them, that traded.
    pub orders_traded: u64,
    /// … that were cancelled by their member.
    pub orders_cancelled: u64,
    /// Trades.
    pub trades: u64,
    /// Quotes accepted.
    pub quotes: u64,
    /// Enquiries accepted.
    pub enquiries: u64,
    /// Exercise instructions accepted.
    pub instructions: u64,
    /// Frames of the log.
    pub frames: u64,
    /// The cut: the last frame of the primary's that counts.
    pub cut: u64,
    /// Frames that the primary executed beyond the cut.
    pub frames_beyond: u64,
    /// Messages in doubt, all private streams together.
    pub in_doubt: u64,
    /// … and of the broadcast stream.
    pub in_doubt_broadcast: u64,
    /// Orders that a member holds for accepted and the log does not have.
    pub lost_acked: u64,
    /// Trades told or recorded more than once.
    pub duplicate_trades: u64,
    /// Members that came back to the core that took over.
    pub members_back: u64,
    /// Messages resumed, all members together.
    pub resumed_messages: u64,
    /// Repeats that were recognised.
    pub repeats_recognised: u64,
    /// Orders rolled back.
    pub rolled_back_orders: u64,
    /// Requests sent again.
    pub sent_again: u64,
    /// Refusals in the log, by code.
    pub rejects: BTreeMap<u16, u64>,
    /// Both digests of every frame are the second exchange's.
    pub digest_equal: bool,
    /// By product: in which phase it was at the cut.
    pub failed_in: Vec<(&'static str, Phase)>,
    /// What a seeded day did not reach.
    pub not_reached: Vec<String>,
    /// Every failure, in words.
    pub failures: Vec<String>,
    failures_beyond: u64,
}

/// What the log says of an order.
struct Logged {
    participant: u16,
    account: u32,
    traded: u32,
    end: Option<EndReason>,
    original: u32,
}

/// What became of a local id: the order's key, or the code that refused it and where.
type Marked = Result<OrderKey, (u16, Sequence)>;

/// A participant's sides of trades: price and volume by TradeId and direction.
type Sides = BTreeMap<([u8; 20], u8), (i32, u32)>;

/// What the log says of a quote or an instruction: the code that refused it, and where; or whether it has ended other than by a trade.
type LoggedDeal = Result<bool, (u16, Sequence)>;

#[derive(Default)]
struct Folded {
    /// The orders of quotes, by OrderSysId.
    quoted: BTreeMap<[u8; 20], OrderKey>,
    /// By kind, user and local id.
    deals: BTreeMap<(DealKind, u16, [u8; 24]), LoggedDeal>,
    /// Which deal a key is: a quote's bid's, an instruction's.
    deal_of: BTreeMap<OrderKey, (DealKind, u16, [u8; 24])>,
    orders: BTreeMap<OrderKey, Logged>,
    /// By user and local id: the key, or the code that refused it first, and where.
    local_ids: BTreeMap<(u16, [u8; 24]), Marked>,
    trade_ids: BTreeSet<[u8; 20]>,
    /// (TradeId, direction) by participant.
    sides: BTreeMap<u16, Sides>,
}

impl Logged {
    /// What its member must know of it.
    fn state(&self) -> OrderState {
        match self.end {
            _ if self.traded == self.original => OrderState::AllTraded,
            None => OrderState::Working,
            Some(EndReason::AllTraded) => OrderState::AllTraded,
            Some(EndReason::ImmediateRemainder) => OrderState::Unfilled,
            Some(_) => OrderState::Cancelled,
        }
    }
}

impl Folded {
    fn end(&mut self, key: OrderKey) {
        if let Some(deal) = self.deal_of.get(&key) {
            self.deals.insert(*deal, Ok(true));
        }
    }
}

/// Which quote or instruction a command enters.
fn deal_of(command: &Command<'_>) -> Option<(DealKind, u16, [u8; 24])> {
    let user = command.header.user.0;
    match command.body {
        BodyView::QuoteInsert(insert) => Some((DealKind::Quote, user, insert.local_id)),
        BodyView::ExecOrderInsert(insert) => Some((DealKind::Instruction, user, insert.local_id)),
        _ => None,
    }
}

/// By product: the phase of its first instrument at the cut.
fn phases_at_the_cut(day: &Day) -> Vec<(&'static str, Phase)> {
    let Some(takeover) = day.backstop.runbook().fold().takeover() else { return Vec::new() };
    let first = |product: usize| day.world.product_of.iter().position(|&of| of == product);
    let phase = |product| takeover.resume.get(first(product)?).copied().flatten();
    let products = day.world.products.iter().enumerate();
    products.filter_map(|(place, letters)| Some((*letters, phase(place)?))).collect()
}

impl Findings {
    fn fail(&mut self, text: String) {
        if self.failures.len() < FAILURES_KEPT {
            self.failures.push(text);
        } else {
            self.failures_beyond += 1;
        }
    }

    fn expect(&mut self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.fail(text());
        }
    }

    /// Judges a day.
    #[must_use]
    pub fn of(day: &mut Day, state: Option<&State>) -> Findings {
        let mut found = Findings::default();
        if let Some(stuck) = &day.stuck {
            found.fail(stuck.clone());
        }
        found.expect(day.primary.is_dead(), || "the primary did not die".to_owned());
        found.expect(day.backstop.runbook().is_finished(), || "the takeover is not finished".to_owned());
        found.expect(day.death.first_accepted_ns.is_some() || day.closed, || {
            "no order was accepted after the takeover".to_owned()
        });
        let folded = found.fold_log(day);
        found.check_cut(day);
        found.check_doubt(day);
        found.check_members(day, &folded, state);
        found.check_shadow(day);
        found.check_audit(day);
        found.failed_in = phases_at_the_cut(day);
        if day.plan.options.day == DayChoice::Full {
            found.check_full(day);
        } else if day.plan.flow.is_none() {
            found.check_reach(day.plan.options.faults == "none");
        }
        if found.failures_beyond > 0 {
            let more = found.failures_beyond;
            found.failures.push(format!("… and {more} more"));
        }
        found
    }

    fn fold_log(&mut self, day: &Day) -> Folded {
        let mut folded = Folded::default();
        for frame in day.backstop.log().frames_from(0) {
            self.frames += 1;
            let sequence = frame.stamp().sequence;
            let command = frame.command();
            for event in frame.events() {
                match event.view() {
                    Some(EventView::Rejected(event)) => {
                        *self.rejects.entry(event.code).or_default() += 1;
                        if let Some(deal) = deal_of(&command).filter(|_| event.marked == 1) {
                            folded.deals.insert(deal, Err((event.code, sequence)));
                        }
                        if let BodyView::OrderInsert(insert) = command.body {
                            self.refused += 1;
                            if event.marked == 1 {
                                folded
                                    .local_ids
                                    .insert((command.header.user.0, insert.local_id), Err((event.code, sequence)));
                            }
                        }
                    }
                    Some(EventView::Accepted(event)) => {
                        let key = OrderKey::new(sequence, event.index);
                        let side = usize::from(event.index == 1);
                        let (account, original, local_id) = match command.body {
                            BodyView::OrderInsert(insert) => (insert.account.0, insert.volume.0, Some(insert.local_id)),
                            BodyView::QuoteInsert(insert) => (insert.account.0, insert.volume[side].0, None),
                            body => {
                                self.fail(format!("frame {sequence}: an order was accepted by {:?}", body.kind()));
                                continue;
                            }
                        };
                        self.orders += 1;
                        let participant = day.backstop.front().directory().user(command.header.user);
                        let logged = Logged {
                            participant: participant.map_or(u16::MAX, |user| user.participant.0),
                            account,
                            traded: 0,
                            end: None,
                            original,
                        };
                        let first = match local_id {
                            Some(id) => folded.local_ids.insert((command.header.user.0, id), Ok(key)),
                            None => folded.quoted.insert(event.sys_id, key).map(Ok),
                        };
                        self.expect(first.is_none(), || format!("frame {sequence}: a local id was accepted twice"));
                        folded.orders.insert(key, logged);
                    }
                    Some(EventView::Traded(trade)) => {
                        self.trades += 1;
                        if !folded.trade_ids.insert(trade.trade_id) {
                            self.duplicate_trades += 1;
                        }
                        for (key, direction) in [(trade.buy, b'0'), (trade.sell, b'1')] {
                            let Some(order) = folded.orders.get_mut(&key) else {
                                self.fail(format!("frame {sequence}: a trade of an order that was not accepted"));
                                continue;
                            };
                            self.orders_traded += u64::from(order.traded == 0);
                            order.traded += trade.volume.0;
                            let sides = folded.sides.entry(order.participant).or_default();
                            sides.insert((trade.trade_id, direction), (trade.price.0, trade.volume.0));
                        }
                    }
                    Some(EventView::QuoteAccepted(_) | EventView::ExecAccepted(_)) => {
                        let deal = deal_of(&command).expect("only a quote and an instruction are accepted so");
                        let count = if deal.0 == DealKind::Quote { &mut self.quotes } else { &mut self.instructions };
                        *count += 1;
                        folded.deal_of.insert(OrderKey::new(sequence, 0), deal);
                        let first = folded.deals.insert(deal, Ok(false));
                        self.expect(first.is_none(), || format!("frame {sequence}: {deal:?} was accepted twice"));
                    }
                    Some(EventView::QuoteEnded(ended)) => folded.end(ended.quote),
                    Some(EventView::ExecEnded(ended)) => folded.end(ended.order),
                    Some(EventView::Enquired(_)) => self.enquiries += 1,
                    Some(EventView::Ended(event)) => {
                        let reason = EndReason::from_code(event.reason);
                        self.orders_cancelled += u64::from(reason == Some(EndReason::Cancelled));
                        if let Some(order) = folded.orders.get_mut(&event.order) {
                            order.end = reason;
                        }
                    }
                    _ => {}
                }
            }
        }
        folded
    }

    /// The cut is the last frame that came whole, and everything up to it is as the primary wrote it.
    fn check_cut(&mut self, day: &Day) {
        let log = day.backstop.log();
        let open = log
            .frames_from(0)
            .find(|frame| frame.command().body.kind() == CommandKind::EpochOpen && frame.stamp().epoch.0 > 1);
        let Some(BodyView::EpochOpen(open)) = open.as_ref().map(|frame| frame.command().body) else {
            return self.fail("no new epoch was opened".to_owned());
        };
        let records = day.primary.records();
        self.cut = open.cut_sequence.0;
        self.frames_beyond = records.last().0.saturating_sub(self.cut);
        let end = log.offset_of(Sequence(self.cut + 1)).unwrap_or(0) as usize;
        let ours = log.bytes_from(0).map_or(&[][..], |bytes| &bytes[..end.min(bytes.len())]);
        let theirs = records.log.get(..ours.len()).unwrap_or(&[]);
        self.expect(!ours.is_empty() && ours == theirs, || {
            "up to the cut our log is not the primary's, byte for byte".to_owned()
        });
        let fed = records.fed().0;
        let cut = self.cut;
        self.expect(cut <= fed, || format!("the cut {cut} lies beyond the last frame fed, {fed}"));
        if day.plan.options.faults == "none" {
            self.expect(cut == fed, || format!("the cut is {cut}, but frame {fed} was fed whole"));
        }
        let times: Vec<u64> = log.frames_from(0).map(|frame| frame.stamp().time.0).collect();
        self.expect(times.is_sorted(), || "time ran back".to_owned());
    }

    /// What was reported in doubt is what members had really received beyond the cut.
    fn check_doubt(&mut self, day: &mut Day) {
        let reported = day.backstop.layout().in_doubt();
        let streams = day.backstop.front().streams();
        let cut_of = |stream| streams.count_at_cut(stream, Epoch(1)).map_or(0, |number| number.0);
        let mut expected: BTreeMap<String, (u32, u32)> = BTreeMap::new();
        let broadcast_cut = cut_of(Stream::Broadcast);
        for (index, &(private, broadcast)) in day.death.last_numbers.iter().enumerate() {
            let stream = Stream::Private(ParticipantIndex(index as u16));
            let cut = cut_of(stream);
            if private.0 > cut {
                expected.insert(format!("{stream:?}"), (cut + 1, private.0));
            }
            if broadcast.0 > broadcast_cut {
                let range =
                    expected.entry(format!("{:?}", Stream::Broadcast)).or_insert((broadcast_cut + 1, broadcast.0));
                range.1 = range.1.max(broadcast.0);
            }
            let theirs = day.primary.streams().end_at(
                reference::Stream::Private(reference::Participant(index as u16)),
                reference::Sequence(self.cut),
            );
            self.expect(theirs == cut, || {
                format!("member {}: at the cut its stream has {cut} messages, the primary's {theirs}", index + 1)
            });
            let handed =
                day.primary.records().handed.get(&reference::Stream::Private(reference::Participant(index as u16)));
            let handed = handed.copied().unwrap_or(0);
            let tail_arrives = day.plan.options.faults == "none" && !day.death.lost_tail;
            let told = if tail_arrives { private.0 == handed } else { private.0 <= handed };
            self.expect(told, || {
                format!("member {}: received {} private messages, the primary released {handed}", index + 1, private.0)
            });
        }
        let mut found = BTreeMap::new();
        for range in reported {
            let length = u64::from(range.to.0 - range.from.0 + 1);
            match range.stream {
                Stream::Broadcast => self.in_doubt_broadcast += length,
                Stream::Private(_) => self.in_doubt += length,
            }
            found.insert(format!("{:?}", range.stream), (range.from.0, range.to.0));
        }
        for (stream, range) in &expected {
            let other = found.remove(stream);
            self.expect(other == Some(*range), || {
                format!("in doubt: {stream} {range:?} was really told, {other:?} was reported")
            });
        }
        for (stream, range) in found {
            self.fail(format!("in doubt: {stream} {range:?} was reported and never told"));
        }
    }

    /// Every member's own view of orders, trades and positions is the log's and the engine's.
    fn check_members(&mut self, day: &Day, folded: &Folded, state: Option<&State>) {
        let nothing = BTreeMap::new();
        for (index, (node, seat)) in day.members.iter().zip(&day.world.seats).enumerate() {
            let name = &seat.participant_id;
            let counters = node.member.counters();
            self.members_back += u64::from(day.came_back(index));
            self.resumed_messages += counters.resumed_messages;
            self.repeats_recognised += counters.repeats_recognised;
            self.rolled_back_orders += counters.rolled_back_orders;
            self.sent_again += counters.sent_again;
            self.duplicate_trades += counters.trades_repeated;
            self.expect(day.came_back(index), || format!("member {name} did not come back"));
            self.expect(counters.malformed == 0, || {
                format!("member {name} could not read {} messages", counters.malformed)
            });
            let open = node.member.open_requests();
            self.expect(open == 0, || format!("member {name} has {open} requests without an outcome"));

            let view = node.member.view();
            self.check_deals(name, seat.index, view, folded);
            for order in view.orders() {
                if view.deal(DealKind::Quote, &order.user_id, order.local_id).is_some() {
                    self.check_quoted(name, order, folded);
                    continue;
                }
                let logged = folded.local_ids.get(&(seat.index, order.local_id.0));
                let agrees = match (order.state, logged) {
                    // What the dead core refused beyond the cut stays refused for the member; Backstop may have refused its repeat otherwise.
                    (OrderState::Rejected, Some(Err((code, sequence)))) => {
                        sequence.0 > self.cut || order.reject == *code || order.reject == Reject::LocalIdRepeated as u16
                    }
                    (OrderState::Rejected, None) => true, // refused without a mark
                    (state, Some(Ok(key))) => {
                        let logged = &folded.orders[key];
                        state == logged.state() && order.traded == logged.traded
                    }
                    _ => false,
                };
                if !agrees {
                    let held_for_accepted =
                        !matches!(order.state, OrderState::Rejected | OrderState::Waiting | OrderState::Sent);
                    self.lost_acked += u64::from(held_for_accepted && !matches!(logged, Some(Ok(_))));
                    let logged = match logged {
                        None => "nothing".to_owned(),
                        Some(Err((code, _))) => format!("refused with {code}"),
                        Some(Ok(key)) => format!(
                            "{} of {} traded, {:?}",
                            folded.orders[key].traded, folded.orders[key].original, folded.orders[key].end
                        ),
                    };
                    self.fail(format!(
                        "member {name}, order {}: its view says {:?} with {} traded and code {}, the log says {logged}",
                        order.local_id, order.state, order.traded, order.reject
                    ));
                }
            }

            let sides = folded.sides.get(&seat.index).unwrap_or(&nothing);
            let mut told = BTreeSet::new();
            for trade in view.trades() {
                if !told.insert((trade.trade_id.0, trade.direction)) {
                    self.duplicate_trades += 1;
                }
                let logged = sides.get(&(trade.trade_id.0, trade.direction));
                let tick = day
                    .world
                    .instruments
                    .iter()
                    .find(|terms| terms.instrument.as_bytes() == trade.instrument_id.trimmed())
                    .map_or(0, |terms| terms.tick);
                let agrees = logged.is_some_and(|&(price, volume)| {
                    trade.volume == volume && trade.price.0 == i64::from(price) * i64::from(tick)
                });
                self.expect(agrees, || {
                    format!("member {name}: trade {} was told and is not in the log so", trade.trade_id)
                });
            }
            self.expect(told.len() == sides.len(), || {
                format!("member {name} was told {} sides of trades, the log has {}", told.len(), sides.len())
            });
            if let Some(state) = state {
                self.check_positions(day, seat, view, state);
            }
        }
        let wrong = folded.orders.values().filter(|order| order.account == u32::MAX).count();
        self.expect(wrong == 0, || format!("{wrong} orders of unknown accounts were accepted"));
    }

    /// A quote's order is what the log says of its OrderSysId; one that a takeover rolled back is not in the log.
    fn check_quoted(&mut self, name: &str, order: &member_api::Order, folded: &Folded) {
        let logged = folded.quoted.get(&order.sys_id.0).map(|key| &folded.orders[key]);
        let agrees = match logged {
            Some(logged) => order.state == logged.state() && order.traded == logged.traded,
            None => order.state == OrderState::RolledBack,
        };
        self.lost_acked += u64::from(logged.is_none() && !agrees);
        self.expect(agrees, || {
            let log = logged.map(|logged| (logged.state(), logged.traded));
            format!(
                "member {name}, order {} of quote {}: its view says {:?} with {} traded, the log {log:?}",
                order.sys_id, order.local_id, order.state, order.traded
            )
        });
    }

    /// Every quote and instruction of a member is what the log says of it. An enquiry that was answered beyond the cut is gone, as the
    /// notice of it.
    fn check_deals(&mut self, name: &str, user: u16, view: &member_api::View, folded: &Folded) {
        for deal in view.deals().iter().filter(|deal| deal.sent.kind() != DealKind::Enquiry) {
            let logged = folded.deals.get(&(deal.sent.kind(), user, deal.local_id.0));
            let agrees = match (deal.state, logged) {
                (DealState::Standing, Some(Ok(ended))) => !ended,
                (DealState::Ended, Some(Ok(ended))) => *ended,
                (DealState::Rejected, Some(Err((code, sequence)))) => {
                    sequence.0 > self.cut || deal.reject == *code || deal.reject == Reject::LocalIdRepeated as u16
                }
                (DealState::Rejected, None) => true, // refused without a mark
                _ => false,
            };
            let is_lost = matches!(deal.state, DealState::Accepted | DealState::Standing | DealState::Ended);
            self.lost_acked += u64::from(is_lost && !matches!(logged, Some(Ok(_))));
            self.expect(agrees, || {
                let (kind, id, state, code) = (deal.sent.kind(), deal.local_id, deal.state, deal.reject);
                format!("member {name}, {kind:?} {id}: its view says {state:?} with code {code}, the log {logged:?}")
            });
        }
    }

    fn check_positions(&mut self, day: &Day, seat: &super::world::Seat, view: &member_api::View, state: &State) {
        for account in &seat.accounts {
            for (index, terms) in day.world.instruments.iter().enumerate() {
                for hedge in *b"1234" {
                    let client = ftd::types::Str::padded(account.client_id.as_bytes()).expect("ids of the drill fit");
                    let instrument =
                        ftd::types::Str::padded(terms.instrument.as_bytes()).expect("ids of the drill fit");
                    let theirs = view.position(&client, &instrument, hedge);
                    let ours = state.position(account.index, engine::types::InstrumentIndex(index as u16), hedge);
                    let long = i64::from(ours.long_yesterday) + i64::from(ours.long_today);
                    let short = i64::from(ours.short_yesterday) + i64::from(ours.short_today);
                    self.expect((theirs.long, theirs.short) == (long, short), || {
                        format!(
                            "client {} of {} in {}, hedge {}: its view says {} long and {} short, the engine {long} and {short}",
                            account.client_id, seat.participant_id, terms.instrument, char::from(hedge), theirs.long, theirs.short
                        )
                    });
                }
            }
        }
    }

    /// The second exchange executes the whole day's commands: every frame's events and digests must be its own.
    fn check_shadow(&mut self, day: &Day) {
        let mut shadow = Shadow::new(Settings {
            data_center: PRIMARY_DATA_CENTER,
            later_prefixes: vec![(reference::Epoch(2), ID_PREFIX)],
            ..Settings::default()
        });
        let bytes = day.backstop.log().bytes_from(0).unwrap_or(&[]);
        let mut compared = 0;
        let mut different = Vec::new();
        let result = shadow.follow_log(bytes, |frame| {
            compared += 1;
            if !frame.equal() {
                different.push(frame.sequence.0);
            }
        });
        self.digest_equal = result.is_ok() && different.is_empty() && compared == self.frames;
        if let Err(stopped) = result {
            self.fail(format!("the second exchange could not follow the log: {stopped:?}"));
        }
        if let Some(first) = different.first() {
            self.fail(format!("the second exchange differs in {} frames, first in {first}", different.len()));
        }
        let frames = self.frames;
        self.expect(compared == frames, || format!("the second exchange followed {compared} of {frames} frames"));
    }

    /// The audit of a primary that made no mistake is clean.
    fn check_audit(&mut self, day: &Day) {
        let audit = day.backstop.follower().audit();
        self.expect(audit.is_clean(), || format!("the audit found: {audit}"));
    }

    /// A full day: the calendar was gone through to its end, on whichever core; every kind of order was accepted.
    fn check_full(&mut self, day: &Day) {
        let calendar = day.backstop.runbook().fold().calendar();
        let last = calendar.steps().last().map_or(0, |step| step.step);
        let (taken, refused) = (calendar.taken(), calendar.refused());
        self.expect(last > 0 && taken == last, || format!("the calendar stands at step {taken} of {last}"));
        self.expect(refused == 0, || format!("step {refused} of the calendar was refused"));
        for (what, count) in
            [("quote", self.quotes), ("enquiry", self.enquiries), ("exercise instruction", self.instructions)]
        {
            self.expect(count > 0, || format!("no {what} was accepted"));
        }
        let mut kinds = BTreeSet::new();
        for frame in day.backstop.log().frames_from(0) {
            if let BodyView::OrderInsert(insert) = frame.command().body
                && frame.rejection().is_none()
            {
                kinds.insert(char::from(insert.order_type));
            }
        }
        for kind in "0145789".chars().filter(|kind| !kinds.contains(kind)) {
            self.fail(format!("no order of type '{kind}' was accepted"));
        }
    }

    /// A day that reaches too little proves too little: what it did not reach is named, and is a failure where nothing but the day's
    /// own making could keep it from being reached. Under network faults a takeover may roll most of a small day back.
    fn check_reach(&mut self, is_failure: bool) {
        let (orders, traded, cancelled) = (self.orders, self.orders_traded, self.orders_cancelled);
        let mut missing = Vec::new();
        if traded * 4 < orders {
            missing.push(format!("{traded} of {orders} orders traded, less than a quarter"));
        }
        if cancelled * 5 < orders {
            missing.push(format!("{cancelled} of {orders} orders were cancelled, less than a fifth"));
        }
        // Before DayOpen nothing is recorded, and a panic of the engine's is not a member's to provoke. Limits of the day, quotes, enquiries
        // and instructions are not this day's.
        let others = Reject::OpenLimitExceeded as u16..=Reject::ExerciseWindowClosed as u16;
        let beyond = [Reject::DayNotOpen, Reject::DecideFault, Reject::EnquiriesExhausted, Reject::ExecOrdersExhausted];
        for reject in Reject::ALL.iter().filter(|reject| !beyond.contains(reject)) {
            let code = *reject as u16;
            if others.contains(&code) {
                continue;
            }
            if !self.rejects.contains_key(&code) {
                missing.push(format!("reject {code} {reject:?} never occurred"));
            }
        }
        for text in &missing {
            self.expect(!is_failure, || text.clone());
        }
        self.not_reached = missing;
    }
}
