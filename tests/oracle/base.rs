//! The base data of a generated day: index futures, treasury futures with a rule for everything, options.

use super::Style;
use engine::command::*;
use engine::types::*;
use net::random::Random;

/// Participants, users, accounts, products, instruments of a generated day.
pub const PARTICIPANTS: u16 = 3;
pub const USERS: u16 = 5;
pub const ACCOUNTS: u32 = 7;
pub const PRODUCTS: u16 = 3;
pub const INSTRUMENTS: u16 = 8;

/// The data centre that opens every day.
pub const DATA_CENTER: u32 = 7;

/// From the middle of an instrument's band to its ends, ticks.
pub const BAND: i32 = 30;
/// The instrument that trades around nothing: spreads and rates may be negative.
const NEGATIVE: InstrumentIndex = InstrumentIndex(4);
/// The first option.
pub const FIRST_OPTION: u16 = 5;
/// One tick, in 1/10,000 yuan.
pub const TICK: u32 = 2_000;

/// The middle of an instrument's band, ticks.
pub fn middle(instrument: InstrumentIndex) -> i32 {
    if instrument == NEGATIVE { 0 } else { 1_030 }
}

pub fn text<const N: usize>(text: &str) -> [u8; N] {
    let mut padded = [b' '; N];
    padded[..text.len()].copy_from_slice(text.as_bytes());
    padded
}

pub fn phase_set(instrument: InstrumentIndex, phase: u8, reason: u8, step: u32) -> PhaseSet {
    PhaseSet {
        instrument,
        phase,
        reason,
        step,
        product: ProductIndex::ALL,
        last_day: 0,
        reserved: [0; 5],
        text: [b' '; 80],
    }
}

/// Limits by the day's style: some days have room for everything, some run into every limit.
pub fn day(random: &mut Random, style: Style, operations: u32) -> DayOpen {
    let tight = style == Style::Tight;
    DayOpen {
        trading_day: 20_240_603,
        action_day: 20_240_603,
        live_orders: if tight { 6 + random.below(10) as u32 } else { 4_096 },
        local_ids: if tight { operations * 3 / 5 } else { operations + 16 },
        position_rows: if tight { 32 } else { 4_096 },
        accounts: ACCOUNTS + 1,
        participants: PARTICIPANTS + 1,
        users: USERS + 1,
        instruments: INSTRUMENTS + 1,
        flags: if random.below(2) == 0 { DAY_CLOSE_TODAY_FIRST } else { 0 },
        epoch: Epoch(1),
        data_center: DATA_CENTER,
        enquiries: if tight { 6 } else { 64 },
        exec_orders: if tight { 3 } else { 4_096 },
        limits: 16,
        products: PRODUCTS + 1,
        reserved: 0,
    }
}

/// The base data that follows DayOpen.
pub fn base_data(random: &mut Random, style: Style) -> Vec<CommandBuffer> {
    let mut commands = Vec::new();
    // Positions only grow where clients open more often than they close: a busy day needs room.
    let room = if style == Style::Tight { 1 } else { 1_000 };
    for index in 0..PARTICIPANTS {
        commands.push(CommandBuffer::own(&ParticipantDefine {
            index: ParticipantIndex(index),
            series: index + 2,
            participant_type: b'1',
            right: b'0',
            // The second is cleared by the first, the others clear themselves.
            clearing: ParticipantIndex(if index == 1 { 0 } else { index }),
            id: text(&format!("{:04}", index + 1)),
        }));
    }
    for index in 0..USERS {
        let ascending = if index == 4 { USER_ASCENDING_LOCAL_IDS } else { 0 };
        commands.push(CommandBuffer::own(&UserDefine {
            index: UserIndex(index),
            participant: ParticipantIndex(index % PARTICIPANTS),
            right: b'0',
            flags: ascending | if index == 3 { USER_CANCEL_ON_DISCONNECT } else { 0 },
            reserved: [0; 2],
            address: [0; 4],
            requests_per_second: 0,
            requests_in_flight: 0,
            reserved_2: 0,
            id: text(&format!("U{index}")),
            secret: text("secret"),
        }));
    }
    for index in 0..ACCOUNTS {
        // The last two accounts are one client at two members.
        let number = index.min(ACCOUNTS - 2);
        commands.push(CommandBuffer::own(&AccountDefine {
            index: AccountIndex(index),
            participant: ParticipantIndex((index % u32::from(PARTICIPANTS)) as u16),
            right: b'0',
            client_type: b'1',
            client_number: ClientNumber(number),
            reserved: 0,
            client_id: text(&format!("C{number:04}")),
        }));
    }
    commands.extend((0..PRODUCTS).map(|index| CommandBuffer::own(&product(index, room))));
    commands.extend((0..INSTRUMENTS).map(|index| CommandBuffer::own(&instrument(random, style, index, room))));
    for account in 0..ACCOUNTS - 2 {
        for product in 0..PRODUCTS {
            commands.push(CommandBuffer::own(&MarketMakerSet {
                account: AccountIndex(account),
                product: ProductIndex(product),
                on: 1,
                reserved: 0,
            }));
        }
    }
    let steps = [
        (ScheduleAction::Phase, b'0'),
        (ScheduleAction::WindowOpen, 0),
        (ScheduleAction::Phase, b'2'),
        (ScheduleAction::Phase, b'6'),
        (ScheduleAction::Uncross, 0),
        (ScheduleAction::WindowClose, 0),
        (ScheduleAction::DayClose, 0),
    ];
    for (step, (action, phase)) in (1u32..).zip(steps) {
        commands.push(CommandBuffer::own(&ScheduleSet {
            step,
            time: 34_200_000 + 60_000 * step,
            product: ProductIndex::ALL,
            action: action as u8,
            phase,
            last_day: 0,
            reserved: [0; 3],
        }));
    }
    commands.push(CommandBuffer::own(&ExecWindowSet { product: ProductIndex::ALL, open: 1, reserved: 0, step: 0 }));
    commands
}

/// A day of a whole exchange's instruments: a phase change of all of them takes several parts of a frame.
#[allow(dead_code, reason = "the oracle has one, planted faults need none")]
pub fn wide_day(random: &mut Random, instruments: u16) -> (DayOpen, Vec<CommandBuffer>) {
    let mut commands = base_data(random, Style::Auction);
    for index in INSTRUMENTS..instruments {
        let like = instrument(random, Style::Auction, index % INSTRUMENTS, 1_000);
        let middle = middle(like.index);
        commands.push(CommandBuffer::own(&InstrumentDefine {
            index: InstrumentIndex(index),
            limit_with: InstrumentIndex(index),
            previous_settlement: middle,
            id: text(&format!("W{index:04}")),
            ..like
        }));
    }
    (DayOpen { instruments, ..day(random, Style::Auction, 100_000) }, commands)
}

fn product(index: u16, room: u32) -> ProductDefine {
    let id = ["IF", "TS", "IO"][usize::from(index)];
    ProductDefine {
        index: ProductIndex(index),
        kind: b'0' + index as u8,
        flags: if index == 2 { PRODUCT_LIMIT_BY_VIEW } else { 0 },
        functions: Function::BITS,
        // One enquires as it likes, one not too often, and all but the first only where the spread is wide.
        enquiry_interval: u32::from(index == 1),
        enquiry_spread: [0, 2, 1][usize::from(index)],
        open_limit: room * [0, 90, 0][usize::from(index)],
        quote_spread: 4,
        quote_volume: 2,
        reserved: 0,
        id: text(id),
        group: text(id),
    }
}

fn instrument(random: &mut Random, style: Style, index: u16, room: u32) -> InstrumentDefine {
    let (at, middle) = (usize::from(index), middle(InstrumentIndex(index)));
    // Three of each style's day begin in continuous trading, or all of a busy one.
    let open = style == Style::Churn || (style == Style::Tight && index.is_multiple_of(3));
    let id = ["IF2400", "IF2401", "IF2402", "TS2403", "TS2404", "IO2405-C-1030", "IO2405-P-1030", "IO2409-C-1030"];
    InstrumentDefine {
        index: InstrumentIndex(index),
        price_rule: (index % 2) as u8,
        tie_break: (index % 5) as u8,
        phase: if open { b'0' } else { b'1' },
        right: b'0',
        product: ProductIndex([0, 0, 0, 1, 1, 2, 2, 2][at]),
        tick: TICK,
        multiplier: 300,
        lower_limit: middle - BAND,
        upper_limit: middle + BAND,
        previous_settlement: middle - 5 + random.below(11) as i32,
        minimum_volume: 1,
        maximum_volume: 20,
        maximum_market_volume: 10,
        open_limit: room * [0, 0, 60, 0, 40, 0, 0, 0][at],
        // The call and the put of one month are one limit group.
        limit_with: InstrumentIndex(if index == FIRST_OPTION + 1 { FIRST_OPTION } else { index }),
        option_type: [b'0', b'0', b'0', b'0', b'0', b'1', b'2', b'1'][at],
        // The last option is not exercised today; one pays no premium, as futures-style options do.
        flags: [0, 0, 0, 0, 0, INSTRUMENT_PREMIUM | INSTRUMENT_EXERCISE, INSTRUMENT_EXERCISE, INSTRUMENT_PREMIUM][at],
        last_trading_day: [0, 20_240_603, 0, 20_240_603, 20_240_604, 20_240_603, 20_240_603, 0][at],
        strike: RawPrice(if index < FIRST_OPTION { 0 } else { 10_300_000 }),
        margin_long: [0, 50_000, 0, 7_000, 0, 0, 9_000, 0][at],
        margin_short: [0, 50_000, 40_000, 0, 0, 90_000, 9_000, 0][at],
        position_limit: room * [0, 25, 80, 0, 200, 60, 0, 50][at],
        previous_open_interest: u64::from(index) * 10,
        id: text(id[at]),
    }
}
