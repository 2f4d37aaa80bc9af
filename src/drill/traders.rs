//! What the members of a seeded drill do: ordinary trading around a wandering price, and every mistake a member can make.
//!
//! Mistakes come round in turn, so that a day of a thousand orders has made each of them. All of it follows from the seed, the members'
//! own views and the order in which they are asked.

use super::day::Day;
use super::world::{ASCENDING_MEMBER, CLOSE_ONLY_MEMBER, FORBIDDEN_MEMBER, World};
use crate::base_files::InstrumentRow;
use ftd::value::{
    action_flag, direction, exec_action, hedge_flag, match_condition, offset_flag, order_type, quote_direction,
};
use member_api::{
    ClientId, Deal, DealKind, DealState, InstrumentId, LocalId, Member, NewCancel, NewEnquiry, NewInstruction,
    NewOrder, NewQuote, OrderState, Price, QuoteSide, SystemId,
};
use net::random::Random;

/// What one member does next.
#[derive(Clone, Debug)]
pub enum Intent {
    /// An order under the next local id.
    Order(NewOrder),
    /// An order under this local id.
    OrderAs(LocalId, NewOrder),
    /// Takes an order of its own back, by its OrderSysId or by its local id.
    CancelOwn {
        /// Which.
        local_id: LocalId,
        /// By OrderSysId.
        by_system_id: bool,
    },
    /// A cancel that is wrong in some way.
    CancelAs(NewCancel),
    /// A quote.
    Quote(NewQuote),
    /// An enquiry.
    Enquire(NewEnquiry),
    /// An instruction to exercise or to abandon.
    Instruct(NewInstruction),
    /// Cancels a quote, or takes an instruction back.
    End(DealKind, LocalId),
}

/// Of a thousand operations, how many are cancels, and how many mistakes.
const CANCELS_PER_MILLE: u64 = 330;
const MISTAKES_PER_MILLE: u64 = 40;
/// … and how many while some refusal has not been met yet and the day is nearly over.
const CLUMSY_PER_MILLE: u64 = 500;
/// Of a thousand orders, how many may trade at once, FAK, FOK.
const AGGRESSIVE_PER_MILLE: u64 = 420;
const FILL_AND_KILL_PER_MILLE: u64 = 90;
const FILL_OR_KILL_PER_MILLE: u64 = 60;
/// Of a thousand operations, how many are quotes, enquiries and instructions, where all kinds are sent.
const DEALS_PER_MILLE: u64 = 150;
/// Of a thousand orders, how many are of another kind, where all kinds are sent.
const OTHER_KINDS_PER_MILLE: u64 = 200;
/// Requests that a member may have on their way.
const UNANSWERED_MAX: usize = 6;
/// Of a thousand orders, how many are hedges; the rest speculate.
const HEDGES_PER_MILLE: u64 = 150;
/// Ticks that a passive order stands behind the middle, at most.
const DEPTH_TICKS: u64 = 12;
/// Mistakes, in turn; what each is stands in [`Traders::mistake`].
const MISTAKES: u32 = 25;
/// The mistake that needs an order of another member's, still working.
const REACHES_FOR_ANOTHERS: u32 = 20;

/// All members' minds.
pub struct Traders {
    random: Random,
    /// Where each instrument's price wanders.
    middles: Vec<i32>,
    /// Per member: its orders that may still be working.
    working: Vec<Vec<LocalId>>,
    next_mistake: u32,
    /// Local ids that are lower than any number, for the trader that must ascend.
    lower_ids: u32,
    /// An order of some member's, for another to reach for.
    foreign: Option<(usize, SystemId)>,
    /// Half of what is done is wrong.
    pub clumsy: bool,
    /// Orders are of every kind.
    all_kinds: bool,
}

impl Traders {
    /// Minds for a world.
    #[must_use]
    pub fn new(world: &World, seed: u64) -> Self {
        Traders {
            random: Random::new(seed),
            middles: world.instruments.iter().map(|terms| terms.previous_settlement).collect(),
            working: vec![Vec::new(); world.seats.len()],
            next_mistake: 0,
            lower_ids: 0,
            foreign: None,
            clumsy: false,
            all_kinds: false,
        }
    }

    fn per_mille(&mut self, share: u64) -> bool {
        self.random.below(1_000) < share
    }

    /// Orders of every kind, not only limit orders.
    #[must_use]
    pub fn of_all_kinds(mut self) -> Self {
        self.all_kinds = true;
        self
    }

    /// Which member does what next. `ready` gives a member that may send now.
    fn next<'m>(&mut self, world: &World, ready: impl Fn(usize) -> Option<&'m Member>) -> Option<(usize, Intent)> {
        let count = world.seats.len();
        let mistakes = if self.clumsy { CLUMSY_PER_MILLE } else { MISTAKES_PER_MILLE };
        if self.per_mille(mistakes) {
            let mistake = self.next_mistake % MISTAKES;
            // Some mistakes are one member's to make.
            let index = match mistake {
                2 => ASCENDING_MEMBER,
                7 => FORBIDDEN_MEMBER,
                8 => CLOSE_ONLY_MEMBER,
                _ => self.random.below(count as u64) as usize,
            };
            if mistake == REACHES_FOR_ANOTHERS
                && let other = (index + 1) % count
                && let Some(owner) = ready(other)
            {
                self.foreign = None;
                self.pick_working(other, owner);
            }
            // Whoever cannot make it now makes it when its turn comes again.
            self.next_mistake += 1;
            if let Some(member) = ready(index)
                && let Some(intent) = self.mistake(mistake, world, index, member)
            {
                return Some((index, intent));
            }
        }
        let index = self.random.below(count as u64) as usize;
        let member = ready(index)?;
        if self.all_kinds
            && self.per_mille(DEALS_PER_MILLE)
            && let Some(intent) = self.deal(world, index, member)
        {
            return Some((index, intent));
        }
        if self.per_mille(CANCELS_PER_MILLE)
            && let Some(local_id) = self.pick_working(index, member)
        {
            return Some((index, Intent::CancelOwn { local_id, by_system_id: self.per_mille(500) }));
        }
        Some((index, Intent::Order(self.order(world, index, member))))
    }

    /// Lets members send, up to so many operations and so many orders of the day; returns how many orders left.
    pub fn send(&mut self, day: &mut Day, most: usize, total: u32) -> u32 {
        let mut orders = 0;
        for _ in 0..most {
            if day.orders_sent + orders >= total {
                break;
            }
            let members = &day.members;
            let ready = |index: usize| {
                let node = &members[index];
                let may =
                    node.is_working() && !node.member.is_held() && node.member.unanswered_requests() < UNANSWERED_MAX;
                may.then_some(&node.member)
            };
            let Some((index, intent)) = self.next(&day.world, ready) else { continue };
            let node = &mut day.members[index];
            node.restless = true;
            match intent {
                Intent::Order(order) => {
                    let local_id = node.member.insert(order);
                    self.sent(index, local_id);
                    orders += 1;
                }
                Intent::OrderAs(local_id, order) => {
                    node.member.insert_as(local_id, order);
                    orders += 1;
                }
                Intent::CancelOwn { local_id, by_system_id: true } => {
                    node.member.cancel(local_id);
                }
                Intent::CancelOwn { local_id, by_system_id: false } => {
                    node.member.cancel_by_local_id(local_id);
                }
                Intent::CancelAs(cancel) => {
                    node.member.cancel_as(cancel);
                }
                Intent::Quote(quote) => {
                    node.member.quote(quote);
                }
                Intent::Enquire(enquiry) => {
                    node.member.enquire(enquiry);
                }
                Intent::Instruct(instruction) => {
                    node.member.instruct(instruction);
                }
                Intent::End(kind, local_id) => {
                    node.member.end(kind, local_id);
                }
            }
        }
        day.orders_sent += orders;
        orders
    }

    /// Remembers an order that was sent: it may be cancelled later.
    fn sent(&mut self, index: usize, local_id: LocalId) {
        self.working[index].push(local_id);
    }

    fn pick_working(&mut self, index: usize, member: &Member) -> Option<LocalId> {
        let user = member.user_id();
        for _ in 0..8 {
            let count = self.working[index].len();
            if count == 0 {
                return None;
            }
            let place = self.random.below(count as u64) as usize;
            let local_id = self.working[index][place];
            let order = member.view().order(user, local_id)?;
            if order.state.is_final() || order.state == OrderState::RolledBack {
                self.working[index].swap_remove(place);
                continue;
            }
            if order.state == OrderState::Working {
                self.foreign = Some((index, order.sys_id));
                return Some(local_id);
            }
        }
        None
    }

    fn order(&mut self, world: &World, index: usize, member: &Member) -> NewOrder {
        let place = self.random.below(world.instruments.len() as u64) as usize;
        let terms = &world.instruments[place];
        if self.per_mille(20) {
            let step = if self.per_mille(500) { 1 } else { -1 };
            let middle = self.middles[place] + step;
            self.middles[place] = middle.clamp(terms.lower_limit + 50, terms.upper_limit - 50);
        }
        let buy = self.per_mille(500);
        let aggressive = self.per_mille(AGGRESSIVE_PER_MILLE);
        let distance =
            if aggressive { -(self.random.below(5) as i32) } else { 1 + self.random.below(DEPTH_TICKS) as i32 };
        let ticks = self.middles[place] + if buy { -distance } else { distance };
        let volume = (1 + self.random.below(5) as u32).max(terms.minimum_volume);
        let account = self.random.below(2) as usize; // the first two of every member may trade
        let mut order = limit(world, index, account, terms, buy, ticks, volume);
        if self.per_mille(HEDGES_PER_MILLE) {
            order.hedge = hedge_flag::HEDGE;
        }
        if self.per_mille(FILL_AND_KILL_PER_MILLE) {
            order.match_condition = match_condition::FILL_AND_KILL;
        } else if self.per_mille(FILL_OR_KILL_PER_MILLE) {
            order.match_condition = match_condition::FILL_OR_KILL;
        }
        if self.all_kinds && self.per_mille(OTHER_KINDS_PER_MILLE) {
            self.make_another_kind(&mut order);
        }
        let position = member.view().position(&order.client_id, &order.instrument_id, order.hedge);
        let closable = if buy { position.short } else { position.long };
        if closable >= i64::from(volume) && self.per_mille(600) {
            order.offset = match self.random.below(4) {
                0 => offset_flag::CLOSE_TODAY,
                1 if place == 0 => offset_flag::CLOSE_YESTERDAY,
                _ => offset_flag::CLOSE,
            };
        }
        order
    }

    /// A quote, an enquiry, an instruction, or the end of one, in the options. Some are refused: a quote that crosses, of who is no market
    /// maker; an enquiry too soon; an instruction outside of its window or in a series that is not exercised.
    fn deal(&mut self, world: &World, index: usize, member: &Member) -> Option<Intent> {
        let options: Vec<usize> = (0..world.instruments.len()).filter(|&place| world.product_of[place] == 2).collect();
        let place = options[self.random.below(options.len() as u64) as usize];
        let terms = &world.instruments[place];
        let (client_id, instrument_id) = (client(world, index, 0), id(terms.instrument.as_bytes()));
        let message_reference = [b' '; 6];
        let kind = if self.per_mille(700) { DealKind::Quote } else { DealKind::Instruction };
        match self.random.below(10) {
            0..5 => {
                let crosses = self.per_mille(50);
                let mut side = |sign: i32| {
                    let distance = 1 + self.random.below(4) as i32;
                    let ticks = self.middles[place] + if crosses { -sign * distance } else { sign * distance };
                    QuoteSide::open(price(terms, ticks), 1 + self.random.below(4) as u32)
                };
                let (bid, ask) = (side(-1), side(1));
                Some(Intent::Quote(NewQuote { client_id, instrument_id, bid, ask, message_reference }))
            }
            5 => {
                let direction = quote_direction::BOTH;
                Some(Intent::Enquire(NewEnquiry { client_id, instrument_id, direction, message_reference }))
            }
            6 | 7 => {
                let action = if self.per_mille(700) { exec_action::EXERCISE } else { exec_action::ABANDON };
                let volume = 1 + self.random.below(2) as u32;
                let instruction = NewInstruction { client_id, instrument_id, volume, action, message_reference };
                Some(Intent::Instruct(instruction))
            }
            _ => {
                let own = |deal: &&Deal| {
                    deal.sent.kind() == kind && deal.state == DealState::Standing && deal.user_id == *member.user_id()
                };
                let deal = member.view().deals().iter().rev().find(own)?;
                Some(Intent::End(kind, deal.local_id))
            }
        }
    }

    /// An order without a price of its own, or one that takes no less than a minimum.
    fn make_another_kind(&mut self, order: &mut NewOrder) {
        let (once, day) = (match_condition::FILL_AND_KILL, match_condition::GOOD_FOR_DAY);
        let kinds = [
            (order_type::LIMIT, once),
            (order_type::MARKET, once),
            (order_type::MARKET_TO_LIMIT, day),
            (order_type::BEST_PRICE, once),
            (order_type::BEST_PRICE_TO_LIMIT, day),
            (order_type::FIVE_LEVEL, once),
            (order_type::FIVE_LEVEL_TO_LIMIT, day),
        ];
        (order.order_type, order.match_condition) = kinds[self.random.below(kinds.len() as u64) as usize];
        if order.order_type == order_type::LIMIT {
            order.minimal_volume = order.volume.min(2);
        }
    }

    /// A mistake, if this member can make it now.
    fn mistake(&mut self, mistake: u32, world: &World, index: usize, member: &Member) -> Option<Intent> {
        let terms = &world.instruments[3];
        let middle = self.middles[3];
        let order = limit(world, index, 0, terms, true, middle - 20, 1);
        let user = member.user_id();
        let wrong = |edit: &dyn Fn(&mut NewOrder)| {
            let mut order = order;
            edit(&mut order);
            Some(Intent::Order(order))
        };
        let cancel = NewCancel {
            action: action_flag::DELETE,
            order_sys_id: SystemId(crate::base_data::text("NOSUCHORDER")),
            instrument_id: order.instrument_id,
            target: None,
            message_reference: [b' '; 6],
        };
        match mistake {
            0 => Some(Intent::OrderAs(LocalId::BLANK, order)),
            1 => {
                // A repeat: of an order that was accepted, or of one that was refused.
                let sent = self.working[index].last().copied()?;
                let first = member.view().order(user, sent)?;
                Some(Intent::OrderAs(sent, first.sent))
            }
            2 => {
                self.lower_ids += 1; // '#' sorts before every digit
                Some(Intent::OrderAs(LocalId::text(format!("#{:08}", self.lower_ids).as_bytes())?, order))
            }
            3 => wrong(&|order| order.order_type = order_type::MARKET),
            4 => wrong(&|order| order.match_condition = match_condition::GOOD_TILL_CANCELLED),
            5 => wrong(&|order| order.client_id = id(b"NOBODY")),
            6 => wrong(&|order| order.instrument_id = id(b"XX9999")),
            7 => wrong(&|order| order.client_id = last_client(world, index)),
            8 => wrong(&|order| order.client_id = last_client(world, index)),
            9 => wrong(&|order| order.price.0 += i64::from(terms.tick) / 2),
            10 => wrong(&|order| order.price = price(terms, terms.lower_limit - 1)),
            11 => wrong(&|order| order.price = price(terms, terms.upper_limit + 1)),
            12 => wrong(&|order| order.volume = 0),
            13 => wrong(&|order| order.volume = terms.maximum_volume + 1),
            // Nobody ever opens as a market maker here: there is nothing to close.
            14..=16 => wrong(&|order| {
                order.hedge = hedge_flag::MARKET_MAKER;
                order.offset =
                    [offset_flag::CLOSE, offset_flag::CLOSE_TODAY, offset_flag::CLOSE_YESTERDAY][mistake as usize - 14];
            }),
            17 => Some(Intent::CancelAs(NewCancel { action: action_flag::SUSPEND, ..cancel })),
            18 => Some(Intent::CancelAs(cancel)),
            19 => Some(Intent::CancelAs(NewCancel { instrument_id: id(b"XX9999"), ..cancel })),
            REACHES_FOR_ANOTHERS => {
                let (owner, sys_id) = self.foreign?;
                (owner != index).then_some(Intent::CancelAs(NewCancel {
                    order_sys_id: sys_id,
                    instrument_id: InstrumentId::BLANK,
                    ..cancel
                }))
            }
            // Yesterday's lots and the largest order are more than a client may hold in the first instrument.
            21 => {
                let first = &world.instruments[0];
                Some(Intent::Order(limit(world, index, 0, first, true, first.lower_limit, first.maximum_volume)))
            }
            22 => wrong(&|order| order.match_condition = match_condition::FILL_AND_KILL),
            23 => wrong(&|order| {
                // Market orders are off here.
                (order.order_type, order.match_condition) = (order_type::MARKET, match_condition::FILL_AND_KILL);
            }),
            24 => wrong(&|order| order.order_type = order_type::STOP_LIMIT),
            _ => None,
        }
    }
}

fn id<const N: usize>(text: &[u8]) -> ftd::types::Str<N> {
    ftd::types::Str::padded(text).expect("ids of the drill fit")
}

fn client(world: &World, member: usize, account: usize) -> ClientId {
    id(world.seats[member].accounts[account].client_id.as_bytes())
}

fn last_client(world: &World, member: usize) -> ClientId {
    client(world, member, world.seats[member].accounts.len() - 1)
}

fn price(terms: &InstrumentRow, ticks: i32) -> Price {
    Price(i64::from(ticks) * i64::from(terms.tick))
}

/// A limit order of one of a member's clients.
pub(super) fn limit(
    world: &World,
    member: usize,
    account: usize,
    terms: &InstrumentRow,
    buy: bool,
    ticks: i32,
    volume: u32,
) -> NewOrder {
    let side = if buy { direction::BUY } else { direction::SELL };
    NewOrder::limit(client(world, member, account), id(terms.instrument.as_bytes()), side, price(terms, ticks), volume)
}
