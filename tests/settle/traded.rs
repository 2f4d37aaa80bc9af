//! A day of the template's folder, traded by hand, closed; times are of China.

use super::*;
use backstop::base_files::BaseFiles;
use backstop::day::table::days_of_date;
use backstop::day::template;
use engine::command::DayClose;
use std::path::Path;

pub const IF: u16 = 0;
pub const IO_CALL: u16 = 2;

fn at(hour: u64, minute: u64) -> Nanoseconds {
    Nanoseconds(((days_of_date(template::DAY) * 24 + hour - 8) * 60 + minute) * 60_000_000_000)
}

/// User and account, instrument, direction, offset, price, lots.
type Order = (u16, u32, u16, u8, u8, i64, u32);

pub fn day(folder: &Path) -> Machine {
    let files = BaseFiles::load_for(folder, template::DAY).unwrap();
    let mut machine = machine(1);
    for command in &files.commands(template::DAY, 1, &Profile::load("dev").unwrap().limits).unwrap() {
        assert_eq!(machine.execute(&command.command(), at(8, 30)).unwrap().rejected, None);
    }
    let phase = |machine: &mut Machine, phase, hour| {
        let command = base_data::phase(InstrumentIndex::ALL, phase, base_data::BY_HAND, 0);
        assert_eq!(machine.execute(&CommandBuffer::own(&command).command(), at(hour, 0)).unwrap().rejected, None);
    };
    let mut number = 0;
    let mut trade = |machine: &mut Machine, orders: [Order; 2], hour, minute| {
        for (user, account, instrument, direction, offset, price, lots) in orders {
            number += 1;
            let insert = OrderInsert {
                local_id: base_data::text(&format!("{number:012}")),
                message_reference: [b' '; 6],
                direction,
                offset,
                hedge: b'1',
                order_type: b'0',
                match_condition: b'3',
                match_session: b'7',
                instrument: InstrumentIndex(instrument),
                flags: 0,
                price: RawPrice(price),
                account: AccountIndex(account),
                volume: Volume(lots),
                minimal_volume: Volume(0),
                reserved: 0,
            };
            let command = CommandBuffer::new(0, 0, UserIndex(user), &insert);
            assert_eq!(machine.execute(&command.command(), at(hour, minute)).unwrap().rejected, None);
        }
    };
    phase(&mut machine, Phase::Continuous, 10);
    trade(&mut machine, [(0, 0, IF, b'0', b'0', 37_800_000, 1), (1, 1, IF, b'1', b'0', 37_800_000, 1)], 10, 30);
    phase(&mut machine, Phase::NoTrading, 11);
    phase(&mut machine, Phase::Continuous, 13);
    trade(&mut machine, [(0, 0, IF, b'0', b'0', 37_900_000, 2), (1, 1, IF, b'1', b'0', 37_900_000, 2)], 14, 30);
    // What was opened today at 3780 is closed: with one of yesterday's three lots before it, first in first out.
    trade(&mut machine, [(1, 1, IF, b'0', b'4', 37_920_000, 1), (0, 0, IF, b'1', b'1', 37_920_000, 1)], 14, 40);
    trade(&mut machine, [(0, 0, IO_CALL, b'0', b'0', 2_010_000, 4), (1, 2, IO_CALL, b'1', b'0', 2_010_000, 4)], 14, 50);
    let close = CommandBuffer::own(&DayClose { reserved: 0, step: 0 });
    assert_eq!(machine.execute(&close.command(), at(15, 30)).unwrap().rejected, None);
    machine
}
