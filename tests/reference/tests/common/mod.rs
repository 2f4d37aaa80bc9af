//! A small day to try rules in, and a few words to write them with.
//!
//! Participants 0 and 1 (series 2 and 3); user 0 and user 2 (ascending local ids) of participant 0, user 1 of participant 1;
//! account 0 of participant 0 and account 1 of participant 1, and account 2: account 0's client at participant 1;
//! instrument 0: resting price, pressure; instrument 1: middle price, reference. Both: tick 2,000 (0.2 yuan), multiplier 300,
//! limits 90..=110 ticks, previous settlement 100, 1..=20 lots, limit 30 lots. Each account has 5 long and 5 short of
//! yesterday in both. Participant 0 clears itself and participant 1. Products as [`product`] has them; both instruments are of 0.
#![allow(dead_code, reason = "each test takes what it needs")]

pub mod flow;
pub mod wire;

use reference::command::{
    self, AccountDefine, DayOpen, EnquireQuote, ExecOrderCancel, ExecOrderInsert, InstrumentDefine, MarketDataTick,
    OrderCancel, OrderInsert, ParticipantDefine, PhaseSet, PositionSet, ProductDefine, QuoteCancel, QuoteInsert,
    Uncross, UserDefine, padded,
};
use reference::wire::Zero;
use reference::*;

pub const TICK: i64 = 2_000;
pub const START: u64 = 1_727_659_500_000_000_000; // 2024-09-30 09:25:00 in China

pub struct Day {
    pub exchange: Exchange,
    pub sequence: u64,
    pub time: u64,
    pub epoch: u32,
    pub locals: u32,
}

pub fn day_open() -> DayOpen {
    DayOpen {
        trading_day: 20_240_930,
        action_day: 20_240_930,
        live_orders: 1_000,
        local_ids: 10_000,
        position_rows: 100,
        accounts: 10,
        participants: 10,
        users: 10,
        instruments: 10,
        flags: 0,
        epoch: Epoch(1),
        data_center: 7,
        enquiries: 2,
        exec_orders: 2,
        limits: 2,
        products: 4,
        zero: Zero,
    }
}

pub fn participant(index: u16) -> ParticipantDefine {
    ParticipantDefine {
        index: Participant(index),
        series: index + 2,
        participant_type: b'2',
        right: b'0',
        clearing: Participant(0),
        id: padded(format!("{:04}", index + 1).as_bytes()),
    }
}

pub fn user(index: u16, of: u16) -> UserDefine {
    UserDefine {
        index: User(index),
        participant: Participant(of),
        right: b'0',
        flags: 0,
        zero: Zero,
        address: [0; 4],
        requests_per_second: 0,
        requests_in_flight: 0,
        zero_2: Zero,
        id: padded(format!("trader{index}").as_bytes()),
        secret: padded(b"secret"),
    }
}

pub fn account(index: u32, of: u16, client: u32) -> AccountDefine {
    AccountDefine {
        index: Account(index),
        participant: Participant(of),
        right: b'0',
        client_type: b'1',
        client_number: ClientNumber(client),
        zero: Zero,
        client_id: padded(format!("{client:08}").as_bytes()),
    }
}

pub fn instrument(index: u16) -> InstrumentDefine {
    InstrumentDefine {
        index: Instrument(index),
        price_rule: index as u8 % 2,
        tie_break: index as u8 % 4,
        phase: b'4',
        right: b'0',
        product: Product(0),
        tick: TICK as u32,
        multiplier: 300,
        lower_limit: 90,
        upper_limit: 110,
        previous_settlement: 100,
        minimum_volume: 1,
        maximum_volume: 20,
        maximum_market_volume: 10,
        open_limit: 0,
        position_limit: 30,
        limit_with: Instrument(index),
        option_type: b'0',
        flags: 0,
        last_trading_day: 0,
        previous_open_interest: 1_000,
        strike: 0,
        margin_long: 1_000_000,
        margin_short: 1_500_000,
        id: padded(format!("IF24{:02}", index + 10).as_bytes()),
    }
}

/// Products: 0 index futures, 1 index options with limits by view. Every function is on.
pub fn product(index: u16) -> ProductDefine {
    ProductDefine {
        index: Product(index),
        kind: b'0' + 2 * index as u8,
        flags: if index == 1 { command::LIMIT_BY_VIEW } else { 0 },
        functions: command::function::ALL,
        enquiry_interval: 60,
        enquiry_spread: 3,
        open_limit: 0,
        quote_spread: 5,
        quote_volume: 1,
        zero: Zero,
        id: padded(format!("P{index}").as_bytes()),
        group: padded(b"INDEX"),
    }
}

/// An option of product 1: limit group of instrument `first`, premium paid, may be exercised today.
pub fn option(index: u16, option_type: u8, first: u16) -> InstrumentDefine {
    InstrumentDefine {
        product: Product(1),
        option_type,
        limit_with: Instrument(first),
        flags: command::EXERCISE | command::PREMIUM,
        strike: 40_000_000,
        id: padded(format!("IO24{:02}", index + 10).as_bytes()),
        ..instrument(index)
    }
}

pub fn quote(local: u32) -> QuoteInsert {
    QuoteInsert {
        local_id: padded(format!("{local:012}").as_bytes()),
        message_reference: padded(b"ref"),
        instrument: Instrument(0),
        account: Account(0),
        offset: *b"00",
        hedge: *b"44",
        price: [99 * TICK, 101 * TICK],
        volume: [2, 2],
    }
}

pub fn quote_cancel(local: u32) -> QuoteCancel {
    QuoteCancel {
        sys_id: padded(b""),
        instrument: Instrument::NONE,
        action: b'0',
        zero: Zero,
        local_id: padded(format!("{local:012}").as_bytes()),
        action_local_id: padded(b"c1"),
        message_reference: padded(b"ref"),
        zero_2: Zero,
        account: Account::NONE,
        zero_3: Zero,
    }
}

pub fn enquiry(local: u32) -> EnquireQuote {
    EnquireQuote {
        local_id: padded(format!("{local:012}").as_bytes()),
        message_reference: padded(b"ref"),
        instrument: Instrument(0),
        account: Account(0),
        direction: b'2',
        zero: Zero,
    }
}

pub fn exec(local: u32) -> ExecOrderInsert {
    ExecOrderInsert {
        local_id: padded(format!("{local:012}").as_bytes()),
        message_reference: padded(b"ref"),
        instrument: Instrument(2),
        account: Account(0),
        volume: 1,
        action: b'1',
        hedge: b'1',
        zero: Zero,
    }
}

pub fn exec_cancel(local: u32) -> ExecOrderCancel {
    ExecOrderCancel {
        sys_id: padded(b""),
        action: b'0',
        zero: Zero,
        local_id: padded(format!("{local:012}").as_bytes()),
        action_local_id: padded(b"c1"),
        message_reference: padded(b"ref"),
        zero_2: Zero,
    }
}

pub fn phase_set(instrument: Instrument, phase: u8) -> PhaseSet {
    PhaseSet {
        instrument,
        phase,
        reason: b'2',
        step: 0,
        product: Product::ALL,
        last_day: 0,
        zero: Zero,
        text: [b' '; 80],
    }
}

pub fn uncross(instrument: Instrument) -> Uncross {
    Uncross { instrument, product: Product::ALL, step: 0 }
}

pub fn insert(local: u32) -> OrderInsert {
    OrderInsert {
        local_id: padded(format!("{local:012}").as_bytes()),
        message_reference: padded(b"ref"),
        direction: b'0',
        offset: b'0',
        hedge: b'1',
        order_type: b'0',
        match_condition: b'3',
        match_session: b'3',
        instrument: Instrument(0),
        flags: 0,
        price: 100 * TICK,
        account: Account(0),
        volume: 1,
        minimal_volume: 0,
        zero: Zero,
    }
}

pub fn cancel(local: u32) -> OrderCancel {
    OrderCancel {
        order_sys_id: padded(b""),
        instrument: Instrument::NONE,
        action: b'0',
        target_field: 1,
        local_id: padded(format!("{local:012}").as_bytes()),
        action_local_id: padded(b"c1"),
        message_reference: padded(b"ref"),
        zero: Zero,
        account: Account::NONE,
        zero_2: Zero,
    }
}

impl Day {
    /// Before DayOpen.
    pub fn unopened(settings: Settings) -> Day {
        Day { exchange: Exchange::new(settings), sequence: 0, time: START, epoch: 1, locals: 0 }
    }

    /// The day above, no trading yet.
    pub fn open() -> Day {
        Day::open_with(Settings::default(), day_open())
    }

    pub fn open_with(settings: Settings, open: DayOpen) -> Day {
        let mut day = Day::unopened(settings);
        for bytes in base_data(open) {
            let outcome = day.execute(&bytes).expect("base data");
            assert_eq!(outcome.refused, None);
        }
        day
    }

    pub fn execute(&mut self, bytes: &[u8]) -> Result<Outcome, Stopped> {
        self.time += 10_000_000;
        let stamp = (Epoch(self.epoch), Sequence(self.sequence + 1), Nanoseconds(self.time));
        let outcome = self.exchange.execute(stamp.0, stamp.1, stamp.2, bytes)?;
        if !outcome.frame_parts.is_empty() {
            assert_eq!(outcome.stamp.sequence, stamp.1);
            self.sequence += 1;
        }
        Ok(outcome)
    }

    /// A command of the exchange itself.
    pub fn own(&mut self, command: impl Into<Command>) -> Outcome {
        let bytes = command::write(Header::OWN, &command.into());
        self.execute(&bytes).expect("alive, and a command")
    }

    /// A user's request.
    pub fn by(&mut self, user: u16, command: impl Into<Command>) -> Outcome {
        let header = Header { session: 40 + u32::from(user), request: 5, user: User(user) };
        self.execute(&command::write(header, &command.into())).expect("alive, and a command")
    }

    pub fn phase(&mut self, instrument: Instrument, phase: u8) -> Outcome {
        self.own(phase_set(instrument, phase))
    }

    /// Executes one line and says what came of it:
    ///
    /// - `0 buy 3@100` user 0 opens 3 lots; then any of `close` `today` `yday` (else open), `fak` `fok`, `i1`, `h3`, `a2`
    ///   `market` `best` `five` `market-to-limit` `best-to-limit` `five-to-limit`, `min3`
    /// - `0 cancel 4` by user 0, of the order with local id 4 (local ids count up with every order)
    /// - `0 quote 2@99 3@101`, then any of `i1`, `h14` (hedge flags of both sides), `o01` (offsets); `0 quote-cancel 4`
    /// - `0 enquire i1`; `0 exercise 2 i2`, `0 abandon 2 i2`, `0 exec-cancel 4`
    /// - `phase all 0`, `phase 1 0`, `uncross all`, `uncross 1`, `tick`
    pub fn line(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        let which = |word: &str| if word == "all" { Instrument::ALL } else { Instrument(word.parse().expect("index")) };
        let outcome = match words[..] {
            ["phase", instrument, phase] => self.phase(which(instrument), phase.as_bytes()[0]),
            ["uncross", instrument] => self.own(uncross(which(instrument))),
            ["tick"] => self.own(MarketDataTick { zero: Zero }),
            [user, "cancel", local] => self.by(user.parse().expect("user"), cancel(local.parse().expect("a local id"))),
            [user, "quote-cancel", local] => {
                self.by(user.parse().expect("user"), quote_cancel(local.parse().expect("a local id")))
            }
            [user, "exec-cancel", local] => {
                self.by(user.parse().expect("user"), exec_cancel(local.parse().expect("a local id")))
            }
            [user, "quote", bid, ask, ..] => {
                self.locals += 1;
                let mut quote = quote(self.locals);
                let user: u16 = user.parse().expect("user");
                quote.account = Account(u32::from(user) % 2);
                for (side, what) in [bid, ask].into_iter().enumerate() {
                    let (volume, price) = what.split_once('@').expect("volume@price");
                    quote.volume[side] = volume.parse().expect("volume");
                    quote.price[side] = price.parse::<i64>().expect("price") * TICK;
                }
                for word in &words[4..] {
                    match word.split_at(1) {
                        ("i", index) => quote.instrument = which(index),
                        ("h", hedges) => quote.hedge = hedges.as_bytes().try_into().expect("two flags"),
                        ("o", offsets) => quote.offset = offsets.as_bytes().try_into().expect("two flags"),
                        _ => panic!("{word} in {line}"),
                    }
                }
                self.by(user, quote)
            }
            [user, "enquire", index] => {
                self.locals += 1;
                let user: u16 = user.parse().expect("user");
                let account = Account(u32::from(user) % 2);
                self.by(user, EnquireQuote { account, instrument: which(&index[1..]), ..enquiry(self.locals) })
            }
            [user, action @ ("exercise" | "abandon"), volume, index] => {
                self.locals += 1;
                let user: u16 = user.parse().expect("user");
                let instruction = ExecOrderInsert {
                    account: Account(u32::from(user) % 2),
                    instrument: which(&index[1..]),
                    volume: volume.parse().expect("lots"),
                    action: if action == "exercise" { b'1' } else { b'2' },
                    ..exec(self.locals)
                };
                self.by(user, instruction)
            }
            [user, side, what, ..] => {
                self.locals += 1;
                let (volume, price) = what.split_once('@').expect("volume@price");
                let mut order = insert(self.locals);
                let user: u16 = user.parse().expect("user");
                order.account = Account(u32::from(user) % 2);
                order.direction = if side == "buy" { b'0' } else { b'1' };
                order.volume = volume.parse().expect("volume");
                order.price = price.parse::<i64>().expect("price") * TICK;
                for word in &words[3..] {
                    match *word {
                        "close" => order.offset = b'1',
                        "today" => order.offset = b'4',
                        "yday" => order.offset = b'5',
                        "fok" => order.match_condition = b'1',
                        "fak" => order.match_condition = b'2',
                        "market" => (order.order_type, order.match_condition) = (b'1', b'2'),
                        "best" => (order.order_type, order.match_condition) = (b'5', b'2'),
                        "five" => (order.order_type, order.match_condition) = (b'7', b'2'),
                        "market-to-limit" => order.order_type = b'4',
                        "best-to-limit" => order.order_type = b'9',
                        "five-to-limit" => order.order_type = b'8',
                        word if word.starts_with("min") => order.minimal_volume = word[3..].parse().expect("lots"),
                        word if word.starts_with('i') => order.instrument = which(&word[1..]),
                        word if word.starts_with('h') => order.hedge = word.as_bytes()[1],
                        word if word.starts_with('a') => order.account = Account(word[1..].parse().expect("account")),
                        word => panic!("{word} in {line}"),
                    }
                }
                self.by(user, order)
            }
            _ => panic!("{line}"),
        };
        assert_eq!(outcome.stamp.digest, self.exchange.state().recomputed_digest(), "{line}");
        outcome.events.iter().map(|event| words_of(event, &outcome)).collect::<Vec<_>>().join("; ")
    }
}

/// An event in a few words; orders are named by the sequence that accepted them, `-` for the present one.
pub fn words_of(event: &Event, outcome: &Outcome) -> String {
    let now = outcome.stamp.sequence;
    let name = |key: &Key| if key.sequence() == now { "-".to_owned() } else { key.sequence().to_string() };
    match event {
        Event::Rejected { code, .. } => {
            format!("{:?}", Reject::ALL.iter().find(|reject| **reject as u16 == *code).expect("a known code"))
        }
        Event::Accepted { rests, yesterday, private_number, .. } => {
            let rests = if *rests { " rests" } else { "" };
            let yesterday = if *yesterday > 0 { format!(" y{yesterday}") } else { String::new() };
            format!("accepted{rests}{yesterday} #{private_number}")
        }
        Event::Traded(trade) => format!(
            "{}@{} left {}/{} y{}/{} #{}/{}",
            trade.volume,
            trade.price,
            trade.buy_remaining,
            trade.sell_remaining,
            trade.buy_yesterday,
            trade.sell_yesterday,
            trade.buy_number,
            trade.sell_number
        ),
        Event::Rested { remaining, price, .. } => format!("rested {remaining}@{price}"),
        Event::Ended { reason, order, released, yesterday, traded, last_price, private_number } => format!(
            "{reason:?} {} released {released} y{yesterday} traded {traded} @{last_price} #{private_number}",
            name(order)
        ),
        Event::PhaseChanged { instrument, phase, broadcast_number } => {
            format!("i{instrument} in {} #{broadcast_number}", char::from(*phase))
        }
        Event::AuctionPriced { instrument, price, volume, surplus } => {
            format!("i{instrument} priced {volume}@{price} surplus {surplus}")
        }
        Event::Applied => "applied".to_owned(),
        // Its content is told.rs's business.
        Event::MarketData(data) if outcome.events.iter().any(|event| matches!(event, Event::Snapshot { .. })) => {
            format!("i{} told", data.instrument)
        }
        Event::MarketData(data) => format!(
            "i{} data{} last {} {}/{}/{} bid {}x{} ask {}x{} volume {} open interest {} turnover {} #{}",
            data.instrument,
            data.present,
            data.last,
            data.open,
            data.high,
            data.low,
            data.bid_volume,
            data.bid,
            data.ask_volume,
            data.ask,
            data.volume,
            data.open_interest,
            data.turnover,
            data.broadcast_number
        ),
        Event::Published { participant, number } => format!("published to {participant} #{number}"),
        Event::Restated { order, remaining, traded, private_number, .. } => {
            format!("restated {} {remaining} traded {traded} #{private_number}", name(order))
        }
        Event::QuoteAccepted { private_number, .. } => format!("quote #{private_number}"),
        Event::QuoteEnded { reason, quote, private_number } => {
            format!("quote {} {reason:?} #{private_number}", name(quote))
        }
        Event::Enquired { broadcast_number, .. } => format!("enquired #{broadcast_number}"),
        Event::ExecAccepted { yesterday, private_number, .. } => format!("exec y{yesterday} #{private_number}"),
        Event::ExecEnded { order, private_number } => format!("exec {} ended #{private_number}", name(order)),
        Event::Depth(depth) => {
            let levels: Vec<String> = depth.levels.iter().map(|(price, lots)| format!("{lots}x{price}")).collect();
            format!("i{} {} {}", depth.instrument, ["bids", "asks"][usize::from(depth.side)], levels.join(" "))
        }
        Event::Ticked { match_number, trade_number, depth_number } => {
            format!("ticked {match_number} {trade_number} {depth_number}")
        }
        Event::Snapshot { broadcast_number } => format!("snapshot #{broadcast_number}"),
        Event::MarketChanged { phase, broadcast_number } => {
            format!("market {} #{broadcast_number}", char::from(*phase))
        }
        Event::InstrumentChanged { instrument, right, broadcast_number } => {
            format!("{} right {} #{broadcast_number}", instrument.0, char::from(*right))
        }
    }
}

/// The commands of the day above.
pub fn base_data(open: DayOpen) -> Vec<Vec<u8>> {
    let ascending = UserDefine { flags: command::ASCENDING_LOCAL_IDS, ..user(2, 0) };
    let mut commands: Vec<Command> = vec![
        open.into(),
        participant(0).into(),
        participant(1).into(),
        user(0, 0).into(),
        user(1, 1).into(),
        ascending.into(),
        account(0, 0, 100).into(),
        account(1, 1, 101).into(),
        account(2, 1, 100).into(),
        product(0).into(),
        product(1).into(),
        instrument(0).into(),
        instrument(1).into(),
    ];
    for (account, instrument) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let set = PositionSet {
            account: Account(account),
            instrument: Instrument(instrument),
            hedge: b'1',
            zero: Zero,
            long_yesterday: 5,
            long_today: 0,
            short_yesterday: 5,
            short_today: 0,
        };
        commands.push(set.into());
    }
    commands.iter().map(|command| command::write(Header::OWN, command)).collect()
}

/// Runs lines of `input | what comes of it` on a new day.
pub fn check(name: &str, lines: &[(&str, &str)]) {
    let mut day = Day::open();
    for (input, expected) in lines {
        assert_eq!(day.line(input), *expected, "{name}: {input}");
    }
}
