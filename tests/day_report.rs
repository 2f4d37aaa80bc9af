//! `backstop day report`: a day that was counted by hand, and what its journal says.
#![allow(clippy::unwrap_used)]

use backstop::base_files::BaseFiles;
use backstop::day::report::{ClientRow, MakerRow, Thresholds, report};
use backstop::day::template;
use engine::IdStyle;
use engine::command::{Body, CommandBuffer, DayClose, EnquireQuote, OrderCancel, OrderInsert, QuoteInsert};
use engine::types::{AccountIndex, InstrumentIndex, Nanoseconds, Phase, RawPrice, UserIndex, Volume};
use hw_profiles::Profile;
use journal::{Identity, Log, LogLimits, Machine};
use tempfile::TempDir;

const SECOND: u64 = 1_000_000_000;
const IF2412: InstrumentIndex = InstrumentIndex(0);
const CALL: InstrumentIndex = InstrumentIndex(2);

struct Day {
    machine: Machine,
    ids: u32,
}

impl Day {
    fn at<B: Body>(&mut self, second: u64, user: u16, body: &B) {
        let command = CommandBuffer::new(0, 0, UserIndex(user), body);
        let executed = self.machine.execute(&command.command(), Nanoseconds(second * SECOND)).unwrap();
        assert_eq!(executed.rejected, None, "at {second}");
    }

    fn id(&mut self) -> [u8; 24] {
        self.ids += 1;
        backstop::base_data::text(&format!("{:06}", self.ids))
    }

    /// A limit order that opens; price in 1/10,000.
    fn order(
        &mut self,
        second: u64,
        (user, account): (u16, u32),
        instrument: InstrumentIndex,
        buys: bool,
        price: i64,
        volume: u32,
    ) {
        let insert = OrderInsert {
            local_id: self.id(),
            message_reference: [b' '; 6],
            direction: if buys { b'0' } else { b'1' },
            offset: b'0',
            hedge: b'1',
            order_type: b'0',
            match_condition: b'3',
            match_session: b'7',
            instrument,
            flags: 0,
            price: RawPrice(price),
            account: AccountIndex(account),
            volume: Volume(volume),
            minimal_volume: Volume(0),
            reserved: 0,
        };
        self.at(second, user, &insert);
    }

    fn quote(&mut self, second: u64, bid: i64, ask: i64) {
        let quote = QuoteInsert {
            local_id: self.id(),
            message_reference: [b' '; 6],
            instrument: CALL,
            account: AccountIndex(0),
            offset: [b'0'; 2],
            hedge: [b'1'; 2],
            price: [RawPrice(bid * 10_000), RawPrice(ask * 10_000)],
            volume: [Volume(10), Volume(10)],
        };
        self.at(second, 0, &quote);
    }
}

#[test]
fn a_day_that_was_counted_by_hand_is_told_so() {
    let folder = TempDir::new().unwrap();
    template::write(folder.path()).unwrap();
    let files = BaseFiles::load_for(folder.path(), template::DAY).unwrap();
    let log = Log::in_memory(LogLimits::for_commands(4_096)).unwrap();
    let identity = Identity { ids: IdStyle { prefix: b'B' }, data_center: 1 };
    let mut day = Day { machine: Machine::new(log, identity), ids: 0 };
    for command in files.commands(template::DAY, 1, &Profile::load("dev").unwrap().limits).unwrap() {
        assert_eq!(day.machine.execute(&command.command(), Nanoseconds(1)).unwrap().rejected, None);
    }
    let continuous = backstop::base_data::phase(InstrumentIndex::ALL, Phase::Continuous, b'1', 0);
    day.at(10, u16::MAX, &continuous);
    let enquiry = EnquireQuote {
        local_id: day.id(),
        message_reference: [b' '; 6],
        instrument: CALL,
        account: AccountIndex(2),
        direction: b'0',
        reserved: [0; 3],
    };
    day.at(20, 1, &enquiry);
    day.quote(30, 198, 202); // 20 ticks, and 40 are allowed: it answers
    day.quote(50, 190, 210); // 100 ticks: it replaces the other and does not count
    day.quote(60, 199, 201);
    day.order(70, (1, 2), CALL, true, 2_010_000, 1); // nine are left, and ten were promised
    day.order(80, (1, 1), IF2412, false, 37_888_000, 1);
    day.order(80, (0, 0), IF2412, true, 37_888_000, 1); // the same client at another member
    day.order(90, (1, 2), IF2412, true, 37_000_000, 20);
    let cancel = OrderCancel {
        order_sys_id: [b' '; 20],
        instrument: IF2412,
        action: b'0',
        target_field: 1,
        local_id: backstop::base_data::text(&format!("{:06}", day.ids)),
        action_local_id: [b' '; 24],
        message_reference: [b' '; 6],
        reserved: [0; 2],
        account: AccountIndex::NONE,
        reserved_2: 0,
    };
    day.at(91, 1, &cancel);
    day.at(100, u16::MAX, &DayClose { reserved: 0, step: 0 });

    let thresholds = Thresholds { answer_within: 60 * SECOND, cancels: 1, self_trades: 1, large: None };
    let told = report(day.machine.reader(), thresholds, |_| {});
    let maker = |instrument: &str| told.market_makers.iter().find(|row| row.instrument == instrument).unwrap();
    let expected = MakerRow {
        participant: "0001".to_owned(),
        client: "00000001".to_owned(),
        instrument: "IO2412-C-3700".to_owned(),
        quotes: 3,
        valid_quotes: 2,
        in_force_ns: 30 * SECOND,
        continuous_ns: 90 * SECOND,
        enquiries: 1,
        answered: 1,
    };
    assert_eq!(*maker("IO2412-C-3700"), expected);
    assert_eq!((maker("IO2412-P-3700").quotes, maker("IO2412-P-3700").in_force_ns), (0, 0));
    assert_eq!(told.market_makers.len(), 2);
    let client = |client: &str, instrument: &str| {
        let row = told.clients.iter().find(|row| row.client == client && row.instrument == instrument);
        row.unwrap_or_else(|| panic!("{client} in {instrument}")).clone()
    };
    let row = |client: &str, instrument: &str| ClientRow {
        client: client.to_owned(),
        instrument: instrument.to_owned(),
        ..ClientRow::default()
    };
    let quoted = ClientRow { orders: 6, trades: 1, lots: 1, ..row("00000001", "IO2412-C-3700") };
    assert_eq!(client("00000001", "IO2412-C-3700"), quoted);
    let itself = ClientRow {
        orders: 2,
        trades: 2,
        lots: 2,
        self_trades: 1,
        over: vec!["self-trades"],
        ..row("00000001", "IF2412")
    };
    assert_eq!(client("00000001", "IF2412"), itself);
    let large = ClientRow {
        orders: 1,
        cancels: 1,
        large_orders: 1,
        large_cancels: 1,
        over: vec!["cancels"],
        ..row("00000002", "IF2412")
    };
    assert_eq!(client("00000002", "IF2412"), large);
    assert_eq!(told.trading_day, template::DAY);
}
