//! Who takes part in a drill's day: members with their seats, clients and positions; instruments; addresses. All of it follows from
//! the options; nothing is drawn here.

use super::full;
use super::options::DayChoice;
use crate::base_data::{self, private_series};
use crate::base_files::{InstrumentRow, MoreTerms, RightName};
use crate::order_flow::OrderFlow;
use engine::command::{CommandBuffer, PositionSet, RightScope, RightSet, USER_ASCENDING_LOCAL_IDS};
use engine::types::{AccountIndex, InstrumentIndex, Phase, PriceRule, Right, TieBreak};
use hw_profiles::Limits;
use std::net::{Ipv4Addr, SocketAddrV4};

/// The trading day of every drill, yyyymmdd.
pub const TRADING_DAY: u32 = 20_240_603;
/// 08:30 China Standard Time of that day, nanoseconds since the Unix epoch.
pub const DAY_BEGINS_NS: u64 = 1_717_374_600_000_000_000;
/// Data centre of the primary.
pub const PRIMARY_DATA_CENTER: u32 = 1;
/// Data centre of Backstop.
pub const BACKSTOP_DATA_CENTER: u32 = 2;

/// The primary: members' fronts and the feed.
pub const PRIMARY_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// Backstop.
pub const BACKSTOP_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// The name service.
pub const NAMES_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 3);
/// Members' port of both cores.
pub const MEMBER_PORT: u16 = 9_001;
/// Feed port of both cores.
pub const FEED_PORT: u16 = 9_100;
/// The name service's port for members.
pub const NAMES_PORT: u16 = 9_500;
/// The name service's port for cores.
pub const NAMES_CORE_PORT: u16 = 9_501;

/// Most members of a drill: the dev profile's participants, and one octet pair of addresses.
pub const MAX_MEMBERS: u16 = 200;
/// Fewest members of a seeded drill: some have parts of their own to play.
pub const MIN_MEMBERS: u16 = 4;

/// A member's account.
#[derive(Clone, Debug)]
pub struct DrillAccount {
    /// Its place in the base data.
    pub index: AccountIndex,
    /// ClientId.
    pub client_id: String,
}

/// A member: one participant with one seat.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Its participant's and user's place in the base data.
    pub index: u16,
    /// ParticipantId.
    pub participant_id: String,
    /// UserId.
    pub user_id: String,
    /// The seat's secret.
    pub secret: String,
    /// Where it connects from.
    pub address: Ipv4Addr,
    /// Series of its private stream.
    pub series: u16,
    /// Its clients.
    pub accounts: Vec<DrillAccount>,
}

/// The day's base data, as texts for members and as commands for the log.
#[derive(Clone)]
pub struct World {
    /// The members.
    pub seats: Vec<Seat>,
    /// The instruments.
    pub instruments: Vec<InstrumentRow>,
    /// Instruments in which the first account of every member holds [`YESTERDAYS_LOTS`], on both sides.
    pub held: Vec<u16>,
    /// The products' letters.
    pub products: Vec<&'static str>,
    /// By instrument: its product, as its place in `products`.
    pub product_of: Vec<usize>,
    /// The commands that begin the log.
    pub base_data: Vec<CommandBuffer>,
    /// The tables' sizes that the day begins with.
    pub limits: Limits,
}

/// The member whose trader must send ascending local ids.
pub const ASCENDING_MEMBER: usize = 2;
/// The member that has a client which may only close (its last account).
pub const CLOSE_ONLY_MEMBER: usize = 0;
/// The member that has a client which may not trade (its last account).
pub const FORBIDDEN_MEMBER: usize = 1;
/// Lots of yesterday that the first account of every member holds, on both sides, in the first instrument.
pub const YESTERDAYS_LOTS: u32 = 6;

fn seat(index: u16) -> Seat {
    let participant_id = format!("{:04}", index + 1);
    Seat {
        index,
        user_id: format!("{participant_id}T01"),
        secret: format!("secret of {participant_id}"),
        address: Ipv4Addr::new(10, 1, (index / 250) as u8, (index % 250 + 1) as u8),
        series: private_series(index),
        accounts: Vec::new(),
        participant_id,
    }
}

/// Tables of a seeded day; the profile must have room for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeededTables {
    /// Orders that rest at once.
    pub live_orders: u32,
    /// Local ids.
    pub local_ids: u32,
    /// Position rows.
    pub position_rows: u32,
    /// Instruments: those of the day, and an index that stays empty.
    pub instruments: u16,
}

impl SeededTables {
    /// Small enough that a day reaches every limit: the tables' refusals are part of the drill.
    #[must_use]
    pub fn of(members: u16, orders: u32) -> Self {
        SeededTables {
            live_orders: (orders / 100).max(40),
            local_ids: (orders - orders / 32).max(64),
            position_rows: (u32::from(members) + orders / 12).min(u32::from(members) * 20),
            instruments: INSTRUMENTS.len() as u16 + 1,
        }
    }
}

impl World {
    /// A made day: eight instruments of different rules; clients that trade through two members; rights; positions of yesterday.
    #[must_use]
    pub fn seeded(members: u16, orders: u32, profile: &Limits) -> World {
        Self::made(members, orders, profile, DayChoice::Short)
    }

    /// A made day of futures and options with their calendar ([`full`]); else as the other.
    #[must_use]
    pub fn full(members: u16, orders: u32, profile: &Limits) -> World {
        Self::made(members, orders, profile, DayChoice::Full)
    }

    fn made(members: u16, orders: u32, profile: &Limits, day: DayChoice) -> World {
        let SeededTables { live_orders, local_ids, position_rows, .. } = SeededTables::of(members, orders);
        let limits = match day {
            DayChoice::Short => Limits { live_orders, local_ids, position_rows, ..*profile },
            // Room for everything: quotes, enquiries and instructions have local ids and rows too.
            DayChoice::Full => Limits {
                live_orders: profile.live_orders.min(orders),
                local_ids: profile.local_ids.min(orders * 2),
                position_rows: profile.position_rows.min(u32::from(members) * 128),
                ..*profile
            },
        };
        let mut seats: Vec<Seat> = (0..members).map(seat).collect();
        let mut numbers = 0;
        let mut accounts = Vec::new();
        for (index, seat) in seats.iter_mut().enumerate() {
            let mut clients =
                vec![(format!("C{:07}", index + 1), Right::Full), (format!("S{:07}", index / 2 + 1), Right::Full)];
            match index {
                CLOSE_ONLY_MEMBER => clients.push(("CLOSE001".to_owned(), Right::CloseOnly)),
                FORBIDDEN_MEMBER => clients.push(("STOP0001".to_owned(), Right::Forbidden)),
                _ => {}
            }
            for (client_id, right) in clients {
                let account = DrillAccount { index: AccountIndex(numbers), client_id };
                accounts.push((index, account.clone(), right));
                seat.accounts.push(account);
                numbers += 1;
            }
        }
        let mut client_ids: Vec<&str> = accounts.iter().map(|(_, account, _)| account.client_id.as_str()).collect();
        client_ids.sort_unstable();
        client_ids.dedup();
        let client_number = |id: &str| client_ids.binary_search(&id).expect("every client is listed") as u32;

        let mut base_data = vec![base_data::day(TRADING_DAY, PRIMARY_DATA_CENTER, &limits)];
        define_seats(&seats, &mut base_data);
        for (member, account, right) in &accounts {
            let number = client_number(&account.client_id);
            base_data.push(base_data::account(account.index.0, *member as u16, number, &account.client_id, *right));
        }
        let is_full = day == DayChoice::Full;
        let instruments = if is_full { full::instruments() } else { made_instruments() };
        let places = 0..instruments.len();
        let (products, product_of) = if is_full {
            base_data.extend(full::products());
            base_data.extend(instruments.iter().zip(0..).map(|(terms, index)| full::define(terms, index)));
            base_data.extend(full::calendar());
            (full::PRODUCTS.to_vec(), places.map(full::product_of).collect())
        } else {
            base_data.push(base_data::one_product());
            base_data.extend(instruments.iter().zip(0..).map(|(terms, index)| terms.define(index)));
            (vec!["ALL"], places.map(|_| 0).collect())
        };
        let held = if is_full { vec![0, full::EXERCISED] } else { vec![0] };
        for (seat, &instrument) in seats.iter().flat_map(|seat| held.iter().map(move |instrument| (seat, instrument))) {
            base_data.push(CommandBuffer::own(&PositionSet {
                account: seat.accounts[0].index,
                instrument: InstrumentIndex(instrument),
                hedge: b'1',
                reserved: 0,
                long_yesterday: YESTERDAYS_LOTS,
                long_today: 0,
                short_yesterday: YESTERDAYS_LOTS,
                short_today: 0,
            }));
        }
        if is_full {
            base_data.extend(seats.iter().step_by(2).map(|seat| full::market_maker(seat.accounts[0].index)));
        }
        // One client may only close in one instrument: the worst right counts.
        base_data.push(CommandBuffer::own(&RightSet {
            scope: RightScope::AccountInstrument as u8,
            right: Right::CloseOnly as u8,
            instrument: InstrumentIndex(1),
            index: seats[3].accounts[0].index.0,
        }));
        World { seats, instruments, held, products, product_of, base_data, limits }
    }

    /// The day of an order-flow file: one instrument, one client a member, no limits but the file's own.
    #[must_use]
    pub fn of_flow(members: u16, flow: &OrderFlow, profile: &Limits) -> World {
        let mut seats: Vec<Seat> = (0..members).map(seat).collect();
        let mut base_data = vec![base_data::day(TRADING_DAY, PRIMARY_DATA_CENTER, profile)];
        define_seats(&seats, &mut base_data);
        for (index, seat) in seats.iter_mut().enumerate() {
            let client_id = format!("C{:07}", index + 1);
            let number = index as u32;
            base_data.push(base_data::account(number, index as u16, number, &client_id, Right::Full));
            seat.accounts.push(DrillAccount { index: AccountIndex(number), client_id });
        }
        let instruments = vec![flow_instrument(flow, PriceRule::Resting)];
        base_data.push(base_data::one_product());
        base_data.push(instruments[0].define(0));
        World {
            seats,
            instruments,
            held: Vec::new(),
            products: vec!["ALL"],
            product_of: vec![0],
            base_data,
            limits: *profile,
        }
    }
}

/// The one instrument of an order-flow file: its prices are its ticks, its band is the file's.
#[must_use]
pub fn flow_instrument(flow: &OrderFlow, price_rule: PriceRule) -> InstrumentRow {
    InstrumentRow {
        instrument: "FLOW".to_owned(),
        price_rule: price_rule.into(),
        tie_break: TieBreak::Pressure.into(),
        phase: Phase::Continuous.into(),
        right: RightName::Full,
        tick: 1,
        multiplier: 1,
        lower_limit: flow.lowest,
        upper_limit: flow.highest,
        previous_settlement: flow.lowest + (flow.highest - flow.lowest) / 2,
        maximum_volume: flow.largest_volume,
        minimum_volume: 1,
        position_limit: 0,
        open_interest: 0,
        more: MoreTerms::default(),
    }
}

fn define_seats(seats: &[Seat], base_data: &mut Vec<CommandBuffer>) {
    for seat in seats {
        base_data.push(base_data::participant(seat.index, &seat.participant_id));
    }
    for seat in seats {
        let flags = if usize::from(seat.index) == ASCENDING_MEMBER { USER_ASCENDING_LOCAL_IDS } else { 0 };
        base_data.push(base_data::user(seat.index, seat.index, &seat.user_id, &seat.secret, seat.address, flags));
    }
}

/// A seeded day's instruments.
const INSTRUMENTS: [&str; 8] = ["IF2406", "IH2406", "IC2406", "IM2406", "TS2409", "TF2409", "T2409", "TL2409"];

/// Eight instruments in the manner of index and treasury futures; every price rule and tie-break among them. Prices and limits are made.
fn made_instruments() -> Vec<InstrumentRow> {
    let rules = [PriceRule::Middle, PriceRule::Resting];
    let tie_breaks = [TieBreak::Pressure, TieBreak::Reference, TieBreak::Highest, TieBreak::Lowest];
    let mut instruments = Vec::new();
    for (index, name) in INSTRUMENTS.iter().enumerate() {
        let previous_settlement = 18_000 + 250 * index as i32;
        let treasury = index >= 4;
        instruments.push(InstrumentRow {
            instrument: (*name).to_owned(),
            price_rule: rules[index % 2].into(),
            tie_break: tie_breaks[index / 2 % 4].into(),
            phase: Phase::NoTrading.into(),
            right: RightName::Full,
            tick: if treasury { 50 } else { 2_000 }, // 0.005 and 0.2
            multiplier: if treasury { 10_000 } else { 300 },
            lower_limit: previous_settlement - 400,
            upper_limit: previous_settlement + 400,
            previous_settlement,
            maximum_volume: 20,
            minimum_volume: if index == 7 { 2 } else { 1 },
            // Tight in the first: with YESTERDAYS_LOTS the largest order is too much.
            position_limit: if index == 0 { 24 } else { 600 },
            open_interest: 0,
            more: MoreTerms::default(),
        });
    }
    instruments
}

/// An address of a port.
#[must_use]
pub const fn at(address: Ipv4Addr, port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(address, port)
}
