//! How slow the plain exchange is: 200,000 random orders and cancels of 64 members, with frames, digests and messages.

use reference::command::{
    AccountDefine, DayOpen, InstrumentDefine, OrderCancel, OrderInsert, ParticipantDefine, PhaseSet, ProductDefine,
    UserDefine, function, padded, write,
};
use reference::wire::Zero;
use reference::{
    Account, ClientNumber, Command, Epoch, Event, Exchange, Header, Instrument, Nanoseconds, Participant, Product,
    Sequence, Settings, User,
};
use std::time::Instant;

const MEMBERS: u16 = 64;
const OPERATIONS: u32 = 200_000;

fn main() {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = move |limit: u64| {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        (random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    };
    let mut exchange = Exchange::new(Settings::default());
    let (mut sequence, mut trades, mut messages, mut bytes) = (0, 0_u64, 0_u64, 0_u64);
    let mut execute = |user: User, command: Command| {
        sequence += 1;
        let command = write(Header { session: 1, request: 1, user }, &command);
        let (at, time) = (Sequence(sequence), Nanoseconds(sequence * 1_000));
        let outcome = exchange.execute(Epoch(1), at, time, &command).expect("alive");
        trades += outcome.events.iter().filter(|event| matches!(event, Event::Traded(_))).count() as u64;
        messages += (outcome.told.len() + outcome.answers.len()) as u64;
        bytes += outcome.frame_parts.iter().map(|part| part.len() as u64).sum::<u64>();
    };
    for command in base_data() {
        execute(User::NONE, command);
    }
    let started = Instant::now();
    for local in 1..=OPERATIONS {
        let user = below(u64::from(MEMBERS)) as u16;
        let command = if below(100) < 30 {
            let target = local.saturating_sub(1 + below(500) as u32);
            let local_id = padded(format!("{target:012}").as_bytes());
            Command::from(OrderCancel { local_id, ..cancel() })
        } else {
            let instrument = Instrument(below(4) as u16);
            Command::from(OrderInsert {
                local_id: padded(format!("{local:012}").as_bytes()),
                direction: b'0' + below(2) as u8,
                price: (1_000 + below(21) as i64) * 2_000,
                account: Account(u32::from(user)),
                volume: 1 + below(5) as u32,
                instrument,
                ..insert()
            })
        };
        execute(User(user), command);
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{OPERATIONS} operations in {seconds:.2} s: {trades} trades, {messages} messages, {bytes} bytes of log");
}

fn base_data() -> Vec<Command> {
    let mut commands: Vec<Command> = vec![
        DayOpen {
            trading_day: 20_240_930,
            action_day: 20_240_930,
            live_orders: 1 << 20,
            local_ids: 1 << 20,
            position_rows: 1 << 16,
            accounts: 1_000,
            participants: MEMBERS,
            users: MEMBERS,
            instruments: 4,
            flags: 0,
            epoch: Epoch(1),
            data_center: 1,
            enquiries: 0,
            exec_orders: 0,
            limits: 0,
            products: 1,
            zero: Zero,
        }
        .into(),
    ];
    for index in 0..MEMBERS {
        let define = ParticipantDefine {
            index: Participant(index),
            series: index + 2,
            participant_type: b'2',
            right: b'0',
            clearing: Participant(index),
            id: padded(format!("{index:04}").as_bytes()),
        };
        let user = UserDefine {
            index: User(index),
            participant: Participant(index),
            right: b'0',
            flags: 0,
            zero: Zero,
            address: [0; 4],
            requests_per_second: 0,
            requests_in_flight: 0,
            zero_2: Zero,
            id: padded(format!("trader{index}").as_bytes()),
            secret: [b' '; 40],
        };
        let account = AccountDefine {
            index: Account(u32::from(index)),
            participant: Participant(index),
            right: b'0',
            client_type: b'1',
            client_number: ClientNumber(u32::from(index)),
            zero: Zero,
            client_id: padded(format!("{index:08}").as_bytes()),
        };
        commands.extend([define.into(), user.into(), account.into()]);
    }
    let product = ProductDefine {
        index: Product(0),
        kind: b'0',
        flags: 0,
        functions: function::ALL,
        enquiry_interval: 0,
        enquiry_spread: 0,
        open_limit: 0,
        quote_spread: 0,
        quote_volume: 0,
        zero: Zero,
        id: padded(b"IF"),
        group: padded(b"INDEX"),
    };
    commands.push(product.into());
    for index in 0..4 {
        let define = InstrumentDefine {
            index: Instrument(index),
            price_rule: 1,
            tie_break: 0,
            phase: b'4',
            right: b'0',
            product: Product(0),
            tick: 2_000,
            multiplier: 300,
            lower_limit: 900,
            upper_limit: 1_100,
            previous_settlement: 1_010,
            minimum_volume: 1,
            maximum_volume: 20,
            maximum_market_volume: 10,
            open_limit: 0,
            position_limit: 0,
            limit_with: Instrument(index),
            option_type: b'0',
            flags: 0,
            last_trading_day: 0,
            previous_open_interest: 0,
            strike: 0,
            margin_long: 0,
            margin_short: 0,
            id: padded(format!("IF24{index:02}").as_bytes()),
        };
        commands.push(define.into());
    }
    let opening = PhaseSet {
        instrument: Instrument::ALL,
        phase: b'0',
        reason: b'1',
        step: 0,
        product: Product::ALL,
        last_day: 0,
        zero: Zero,
        text: [b' '; 80],
    };
    commands.push(opening.into());
    commands
}

fn insert() -> OrderInsert {
    OrderInsert {
        local_id: [b' '; 24],
        message_reference: [b' '; 6],
        direction: b'0',
        offset: b'0',
        hedge: b'1',
        order_type: b'0',
        match_condition: b'3',
        match_session: b'3',
        instrument: Instrument(0),
        flags: 0,
        price: 0,
        account: Account(0),
        volume: 1,
        minimal_volume: 0,
        zero: Zero,
    }
}

fn cancel() -> OrderCancel {
    OrderCancel {
        order_sys_id: [b' '; 20],
        instrument: Instrument::NONE,
        action: b'0',
        target_field: 1,
        local_id: [b' '; 24],
        action_local_id: [b' '; 24],
        message_reference: [b' '; 6],
        zero: Zero,
        account: Account::NONE,
        zero_2: Zero,
    }
}
