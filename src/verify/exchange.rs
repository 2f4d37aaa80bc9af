//! An exchange for one case: one participant, one trader, one client; what is traded comes with the case.

use crate::base_data;
use engine::IdStyle;
use engine::command::{Body, CommandBuffer, InstrumentDefine, OrderInsert, ProductDefine};
use engine::event::Event;
use engine::reject::Reject;
use engine::types::{
    AccountIndex, Direction, InstrumentIndex, Nanoseconds, Phase, PriceRule, ProductIndex, RawPrice, Right, TieBreak,
    UserIndex, Volume,
};
use hw_profiles::{Limits, Profile};
use journal::{Identity, Log, LogLimits, LogReader, Machine};
use std::net::Ipv4Addr;

const DATA_CENTER: u32 = 1;
/// 2024-09-30 0:00 in China, nanoseconds since the Unix epoch: evidence has times of a day, and any day will do.
pub const MIDNIGHT: u64 = 1_727_625_600_000_000_000;
const TRADING_DAY: u32 = 20_240_930;

/// The exchange.
pub struct Exchange {
    machine: Machine,
    orders: u32,
}

impl Exchange {
    /// Opens a day with room for so many orders in so many instruments.
    pub fn open(orders: usize, instruments: usize) -> Result<Self, String> {
        let count = u32::try_from(orders.max(1)).map_err(|_| "too many orders".to_owned())?;
        let dev = Profile::load("dev").map_err(|error| error.to_string())?.limits;
        let instruments = u16::try_from(instruments.max(1)).map_err(|_| "too many instruments".to_owned())?;
        let limits = Limits {
            live_orders: count,
            local_ids: count,
            instruments,
            position_rows: u32::from(instruments) + 1,
            accounts: 1,
            participants: 1,
            users: 1,
            products: 1,
            enquiries: 1,
            exec_orders: 1,
            limits: 1,
            ..dev
        };
        let commands = orders + usize::from(instruments) + 64;
        let log = Log::in_memory(LogLimits::for_commands(commands));
        let log = log.map_err(|error| format!("memory for the log: {error}"))?;
        let machine = Machine::new(log, Identity { ids: IdStyle { prefix: b'B' }, data_center: DATA_CENTER });
        let mut exchange = Exchange { machine, orders: 0 };
        for command in [
            base_data::day(TRADING_DAY, DATA_CENTER, &limits),
            base_data::participant(0, "0001"),
            base_data::user(0, 0, "0001T01", "secret", Ipv4Addr::UNSPECIFIED, 0),
            base_data::account(0, 0, 0, "C0000001", Right::Full),
        ] {
            exchange.own_buffer(&command, 0)?;
        }
        exchange.own(&ProductDefine {
            index: ProductIndex(0),
            kind: b'3',
            flags: 0,
            functions: base_data::FUNCTIONS,
            enquiry_interval: 0,
            enquiry_spread: 0,
            open_limit: 0,
            quote_spread: 0,
            quote_volume: 0,
            reserved: 0,
            id: base_data::text("EVIDENCE"),
            group: base_data::text("EVIDENCE"),
        })?;
        Ok(exchange)
    }

    /// A command of the exchange itself; a refusal is an error.
    pub fn own<B: Body>(&mut self, body: &B) -> Result<&[Event], String> {
        self.own_buffer(&CommandBuffer::own(body), 0)
    }

    fn own_buffer(&mut self, command: &CommandBuffer, time: u32) -> Result<&[Event], String> {
        match self.execute(command, time)? {
            None => Ok(self.machine.decided()),
            Some(reject) => Err(format!("{:?}: refused: {reject:?}", command.command().body.kind())),
        }
    }

    /// A limit order, good for the day, opening, at `time` milliseconds of the day. None: it was accepted.
    pub fn order(
        &mut self,
        instrument: InstrumentIndex,
        direction: Direction,
        price: i64,
        volume: u32,
        time: u32,
    ) -> Result<Option<Reject>, String> {
        self.orders += 1;
        let insert = OrderInsert {
            local_id: base_data::text(&format!("{:012}", self.orders)),
            message_reference: [b' '; 6],
            direction: direction as u8,
            offset: b'0',
            hedge: b'1',
            order_type: b'0',
            match_condition: b'3',
            match_session: b'7',
            instrument,
            flags: 0,
            price: RawPrice(price),
            account: AccountIndex(0),
            volume: Volume(volume),
            minimal_volume: Volume(0),
            reserved: 0,
        };
        self.execute(&CommandBuffer::new(0, 0, UserIndex(0), &insert), time)
    }

    /// The log of it all.
    pub fn reader(&self) -> &LogReader {
        self.machine.reader()
    }

    fn execute(&mut self, command: &CommandBuffer, time: u32) -> Result<Option<Reject>, String> {
        let now = Nanoseconds(MIDNIGHT + u64::from(time) * 1_000_000);
        let executed = self.machine.execute(&command.command(), now).map_err(|error| error.to_string())?;
        if let Some(alarm) = executed.alarm {
            return Err(format!("the engine panicked: {alarm}"));
        }
        Ok(executed.rejected)
    }
}

/// An instrument of the evidence: `tick` in 1/10,000 yuan, the rest in ticks.
pub fn instrument(
    index: u16,
    id: &str,
    tick: u32,
    (lower, upper): (i32, i32),
    reference: i32,
    phase: Phase,
    tie_break: TieBreak,
) -> Result<InstrumentDefine, String> {
    if id.is_empty() || id.len() > 30 {
        return Err(format!("instrument `{id}`: expected 1 to 30 bytes"));
    }
    Ok(InstrumentDefine {
        index: InstrumentIndex(index),
        price_rule: PriceRule::Resting as u8,
        tie_break: tie_break as u8,
        phase: phase as u8,
        right: Right::Full as u8,
        product: ProductIndex(0),
        tick,
        multiplier: 1,
        lower_limit: lower,
        upper_limit: upper,
        previous_settlement: reference,
        minimum_volume: 1,
        maximum_volume: u32::MAX,
        maximum_market_volume: u32::MAX,
        open_limit: 0,
        position_limit: 0,
        limit_with: InstrumentIndex(index),
        option_type: b'0',
        flags: 0,
        last_trading_day: 0,
        previous_open_interest: 0,
        strike: RawPrice(0),
        margin_long: 0,
        margin_short: 0,
        id: base_data::text(id),
    })
}
