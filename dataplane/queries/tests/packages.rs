//! The table of the standard's packages in SPECIFICATION.md is what a day over a front shows: each request is sent, each message of the
//! exchange is heard or not. `UPDATE=1 cargo test -p queries --test packages` writes the table.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;

use common::front_support::*;
use common::{OPTION, ask};
use dataplane::names::{self, NamePorts, NameService};
use engine::command::*;
use engine::types::*;
use ftd::catalogue::{Mode, PACKAGES, PackageInfo, packages_of};
use ftd::field::*;
use ftd::value::data_flow_flag;
use ftd::{MessageWriter, Next, SequenceNumber, Series, Tid, next_message, tid};
use net::{CloseReason, Filter, Handler, Host, HostConfig, Network, NetworkConfig, Peer, SessionId};
use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

/// JR/T 0016-2014 §5.5.1, table 7: what a system must have (要求); everything else of the standard is optional (可选) or, of the messages
/// that table 7 does not list, stands in appendix E.
const REQUIRED: &[&str] = &[
    "ReqUserLogin",
    "RspUserLogin",
    "ReqUserLogout",
    "RspUserLogout",
    "FlowMessageCancel",
    "ReqOrderInsert",
    "RspOrderInsert",
    "ReqOrderAction",
    "RspOrderAction",
    "ReqQuoteInsert",
    "RspQuoteInsert",
    "ReqQuoteAction",
    "RspQuoteAction",
    "ReqEnquireQuote",
    "RspEnquireQuote",
    "ReqExecOrderInsert",
    "RspExecOrderInsert",
    "ReqExecOrderAction",
    "RspExecOrderAction",
    "Error",
    "OrderConfirmation",
    "TradeInsertSingle",
    "MarketStatusChangeNotify",
    "InstrumentChangeNotify",
    "InstrumentStatusChangeNotify",
    "MarketMatchData",
];
/// In appendix E, but not in table 7.
const UNLISTED: &[&str] = &["Quote", "ExecOrder", "EnquireQuoteNotify"];

/// Where a package is tested: the first line whose word its name contains, and what the file must contain.
const TESTS: &[(&str, &str)] = &[
    ("Qry", "dataplane/queries/tests/answers.rs"),
    ("Fronts", "dataplane/tests/names_service.rs"),
    ("FlowMessageCancel", "dataplane/tests/front_faults.rs"),
    ("Challenge", "dataplane/tests/front_login.rs"),
    ("UserLog", "dataplane/tests/front_login.rs"),
    ("EnquireQuoteNotify", "dataplane/queries/tests/packages.rs"),
    ("Quote", "dataplane/tests/front_quotes.rs"),
    ("ExecOrder", "dataplane/tests/front_quotes.rs"),
    ("MarketBulletin", "dataplane/tests/front_faults.rs"),
    ("Market", "dataplane/tests/market_data.rs"),
    ("InstrumentStatusChange", "dataplane/tests/market_data.rs"),
    ("InstrumentChange", "dataplane/tests/market_data.rs"),
    ("", "dataplane/tests/front_orders.rs"),
];

/// What is not there, and why.
const ABSENT: &[(&str, &str)] = &[];

/// The package that a message of the exchange is.
fn heard_as(message: &Received) -> Option<&'static PackageInfo> {
    let is_dialog = message.series == 0;
    let of_stream = |package: &&PackageInfo| {
        let is_stream = matches!(package.mode, Mode::Private | Mode::Broadcast) && package.name != "FlowMessageCancel";
        !package.name.starts_with("Req") && is_stream != is_dialog
    };
    packages_of(message.tid).find(of_stream)
}

/// A request with its required fields, all blank.
fn blank_request(package: &PackageInfo, number: u32) -> Vec<u8> {
    let mut fields = Vec::new();
    let required = package.fields.iter().filter(|field| field.required);
    let mut count = 0;
    for field in required {
        fields.extend(field.fid.0.to_be_bytes());
        fields.extend((field.size as u16).to_be_bytes());
        fields.extend(vec![b' '; field.size]);
        count += 1;
    }
    let mut bytes = vec![0; 4_100];
    let mut writer = MessageWriter::new(&mut bytes, package.tid, Series::DIALOG, SequenceNumber(number)).expect("room");
    writer.push_raw(&fields, count).expect("a request is short");
    let length = writer.finish();
    bytes.truncate(length);
    bytes
}

/// The code of a request's Error; none: it was answered otherwise.
fn code_of(world: &mut World, client: usize, number: u32, bytes: &[u8]) -> Option<u16> {
    world.clients[client].send(bytes);
    let answer = common::hear(world, client, number);
    (answer[0].tid == tid::ERROR).then(|| answer[0].error_code())
}

/// Everything that a day over a front shows: names of packages that work.
fn day() -> BTreeSet<&'static str> {
    let mut works = BTreeSet::new();
    // The day begins at another core, so that somebody has heard what does not count.
    let setup = Setup { participants: 4, opened_by: 1, ..Setup::default() };
    let mut primary = machine(&setup);
    common::business(&mut primary);
    for text in ["one", "two"] {
        let command = CommandBuffer::own(&bulletin(ParticipantIndex(0), text));
        primary.execute(&command.command(), Nanoseconds(START.nanos())).unwrap();
    }
    let cut = primary.state().last_sequence();
    let log = journal::Log::in_memory(setup.limits).unwrap();
    let mut ours = journal::Machine::new(log, identity(DATA_CENTER));
    assert_eq!(ours.replay(primary.reader()).refused, None);
    let mut world = World::following(setup, ours.reader().clone());
    common::stand_beside(&mut world);
    world.core.start(ours, false);
    world.run(3);
    let open =
        EpochOpen { epoch: Epoch(2), data_center: DATA_CENTER, old_epoch: Epoch(1), reserved: 0, cut_sequence: cut };
    world.command(&open);

    let doubtful = world.add_client(0);
    world.connect(doubtful);
    world.clients[doubtful].login(data_flow_flag::PRIVATE, Some(5), Some(1));
    let (a, b) = (world.join(0), world.join(1));
    world.clients[a].challenge();
    world.run(5);

    // Each request of the dialog, with nothing in it: refused for something, but not as one that is not offered.
    for package in PACKAGES.iter().filter(|package| package.name.starts_with("Req") && package.mode == Mode::Dialog) {
        let number = world.clients[b].next_request;
        world.clients[b].next_request += 1;
        let bytes = blank_request(package, number);
        if code_of(&mut world, b, number, &bytes) != Some(108) {
            works.insert(package.name);
        }
    }
    let number = world.clients[b].next_request;
    world.clients[b].next_request += 1;
    let nobodys = PackageInfo { tid: Tid(0x7777), ..PACKAGES[0] };
    let bytes = blank_request(&PackageInfo { fields: &[], ..nobodys }, number);
    assert_eq!(code_of(&mut world, b, number, &bytes), Some(108), "what nobody has defined is not offered");

    // A day: trades, a cancel, a quote and its end, an enquiry, instructions, bulletins, phases, ticks.
    world.clients[a].order(b'0', 15_000, 5);
    world.run(5);
    world.clients[b].order(b'1', 15_000, 2);
    world.run(5);
    let own = world.heard(a).messages.iter().find(|message| message.tid == tid::ORDER_CONFIRMATION).unwrap();
    let sys_id = *own.field::<OrderStatusField>().order_sys_id.bytes();
    world.command(&MarketDataTick { reserved: 0 });
    world.clients[a].cancel(sys_id);
    let order = world.clients[a].order_field(b'0', 15_000, 1);
    let mut quote = InputQuoteField::BLANK;
    (quote.participant_id, quote.client_id, quote.user_id) = (order.participant_id, order.client_id, order.user_id);
    quote.quote_local_id = order.order_local_id;
    quote.instrument_id = order.instrument_id;
    quote.bid_comb_offset_flag.set(b'0');
    quote.ask_comb_offset_flag.set(b'0');
    quote.bid_comb_hedge_flag.set(b'4');
    quote.ask_comb_hedge_flag.set(b'4');
    quote.bid_volume.set(2);
    quote.ask_volume.set(2);
    quote.bid_price.set_units(14_990 * 2_000).unwrap();
    quote.ask_price.set_units(15_010 * 2_000).unwrap();
    let mut action = QuoteActionField::BLANK;
    action.order_action_code.set(b'0');
    action.quote_local_id = quote.quote_local_id;
    (action.participant_id, action.client_id, action.user_id) = (order.participant_id, order.client_id, order.user_id);
    let mut enquiry = EnquireQuoteField::BLANK;
    let order = world.clients[a].order_field(b'0', 15_000, 1);
    (enquiry.participant_id, enquiry.client_id, enquiry.user_id) =
        (order.participant_id, order.client_id, order.user_id);
    enquiry.quote_local_id = order.order_local_id;
    enquiry.instrument_id.set(b"IF2409").unwrap();
    enquiry.quote_direction.set(b'2');
    for bytes in [
        world.clients[a].request(tid::QUOTE_INSERT, &quote),
        world.clients[a].request(tid::QUOTE_ACTION, &action),
        world.clients[a].request(tid::ENQUIRE_QUOTE, &enquiry),
    ] {
        world.clients[a].send(&bytes);
        world.run(5);
    }
    let told = world.heard(b).messages.iter().find(|message| message.tid == tid::ENQUIRE_QUOTE_NOTIFY);
    let told = told.expect("an enquiry is told to all").field::<EnquireQuoteNotifyField>();
    assert_eq!((told.instrument_id.trimmed(), told.request_by.get()), (&b"IF2409"[..], b'1'));
    // An option to exercise, bought first.
    for (client, side) in [(b, b'1'), (a, b'0')] {
        let mut order = world.clients[client].order_field(side, 15_000, 1);
        order.instrument_id.set(OPTION).unwrap();
        let bytes = world.clients[client].request(tid::ORDER_INSERT, &order);
        world.clients[client].send(&bytes);
        world.run(5);
    }
    let order = world.clients[a].order_field(b'0', 15_000, 1);
    let mut exec = InputExecOrderField::BLANK;
    (exec.participant_id, exec.client_id, exec.user_id) = (order.participant_id, order.client_id, order.user_id);
    exec.exec_order_local_id = order.order_local_id;
    exec.instrument_id.set(OPTION).unwrap();
    exec.volume.set(1);
    let mut exec_action = ExecOrderActionField::BLANK;
    exec_action.exec_order_local_id = exec.exec_order_local_id;
    exec_action.action_flag.set(b'0');
    (exec_action.participant_id, exec_action.client_id, exec_action.user_id) =
        (order.participant_id, order.client_id, order.user_id);
    for bytes in [
        world.clients[a].request(tid::EXEC_ORDER_INSERT, &exec),
        world.clients[a].request(tid::EXEC_ORDER_ACTION, &exec_action),
    ] {
        world.clients[a].send(&bytes);
        world.run(5);
    }
    world.command(&bulletin(ParticipantIndex(0), "for one"));
    world.command(&bulletin(ParticipantIndex::ALL, "for all"));
    world.clients[b].order(b'1', 15_100, 2);
    world.run(5);
    world.command(&MarketDataTick { reserved: 0 });
    world.clients[a].readiness(b'1', b"ready");
    let mut update = ReqUserPasswordUpdateField::BLANK;
    update.participant_id = participant_id(0).into();
    update.user_id = user_id(0).into();
    update.old_password.set(&secret(0)).unwrap();
    update.new_password.set(b"another").unwrap();
    let bytes = world.clients[a].request(tid::USER_PASSWORD_UPDATE, &update);
    world.clients[a].send(&bytes);
    world.run(5);
    // Blank queries ask for all.
    for &query in dataplane::queries::QUERIES {
        let package = packages_of(query).find(|package| package.name.starts_with("Req")).unwrap();
        let number = world.clients[a].next_request;
        world.clients[a].next_request += 1;
        let bytes = blank_request(package, number);
        code_of(&mut world, a, number, &bytes);
    }
    ask(&mut world, a, tid::QRY_MARKET, &ReqQryMarketField::BLANK);
    world.command(&RightSet {
        scope: RightScope::Instrument as u8,
        right: b'1',
        instrument: InstrumentIndex(0),
        index: 0,
    });
    let suspend = PhaseSet {
        instrument: InstrumentIndex::ALL,
        phase: Phase::Suspended as u8,
        reason: b'2',
        step: 0,
        product: ProductIndex::ALL,
        last_day: 0,
        reserved: [0; 5],
        text: [b' '; 80],
    };
    world.command(&suspend);
    world.clients[a].logout(data_flow_flag::BROADCAST);
    world.run(5);
    world.command(&SeatBlock { user: UserIndex(0), blocked: 1, reserved: 0, text: [b' '; 100] });
    world.run(20);
    for client in &world.clients {
        works.extend(client.heard.messages.iter().filter_map(heard_as).map(|package| package.name));
    }
    works.extend(names_service());
    // A request that stands in no stream works if it is answered.
    for name in ["UserLogin", "UserLogout", "LoginChallenge", "Fronts"] {
        let find = |prefix: &str| PACKAGES.iter().find(|package| package.name == format!("{prefix}{name}")).unwrap();
        if works.contains(find("Rsp").name) {
            works.insert(find("Req").name);
        }
    }
    works
}

/// What the name service answers.
fn names_service() -> BTreeSet<&'static str> {
    #[derive(Default)]
    struct Ear(Vec<u8>);
    impl Handler for Ear {
        fn opened(&mut self, _: SessionId, _: Peer) {}
        fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
            self.0.extend_from_slice(bytes);
            bytes.len()
        }
        fn closed(&mut self, _: SessionId, _: CloseReason) {}
    }
    let network = Network::new(NetworkConfig::default());
    let ports = NamePorts { members: 7_001, cores: 7_002, publishers: Filter::everybody() };
    let mut service =
        NameService::new(Host::new(HostConfig::new(CORE, 1), network.attach()), ports).expect("two ports");
    let mut caller = Host::new(HostConfig::new(Ipv4Addr::new(10, 0, 0, 9), 2), network.attach());
    let mut now = START;
    let session = caller.connect(SocketAddrV4::new(CORE, 7_001), now).unwrap();
    let mut ear = Ear::default();
    let package = PACKAGES.iter().find(|package| package.name == "ReqFronts").unwrap();
    let mut asked = false;
    for _ in 0..10_000 {
        now = now + TICK;
        caller.poll_ingress(now, &mut ear);
        if !asked && caller.send_room(session) > 0 {
            asked = caller.send(session, &blank_request(package, 0)).is_ok();
        }
        caller.poll_egress(now);
        service.poll(now);
        if let Ok(Next::Message { message, .. }) = next_message(&ear.0) {
            assert_eq!(message.tid(), tid::FRONTS);
            return BTreeSet::from(["RspFronts"]);
        }
    }
    let _ = names::EPOCH_LOWER;
    BTreeSet::new()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A package's Chinese name, as ftd.xml has it.
fn chinese(xml: &str, name: &str) -> String {
    let line = xml.lines().find(|line| line.contains(&format!("<packageDefine name=\"{name}\""))).expect(name);
    line.split("comment=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("").to_owned()
}

fn table(works: &BTreeSet<&str>) -> String {
    let xml = fs::read_to_string(root().join("dataplane/ftd/ftd.xml")).unwrap();
    let mut rows = String::from("| package | 报文 | JR/T 0016 | works | tested in |\n|---|---|---|---|---|\n");
    for package in &PACKAGES {
        let need = match package.name {
            _ if REQUIRED.contains(&package.name) => "required",
            _ if package.extension => "extension",
            name if UNLISTED.contains(&name) => "appendix E",
            _ => "optional",
        };
        let absent = ABSENT.iter().find(|(name, _)| *name == package.name).map(|(_, why)| *why);
        let (state, test) = match works.contains(package.name) {
            true => ("yes", format!("`{}`", test_of(package.name))),
            false => (absent.unwrap_or("**no**"), String::new()),
        };
        rows += &format!("| {} | {} | {need} | {state} | {test} |\n", package.name, chinese(&xml, package.name));
    }
    rows
}

fn test_of(name: &str) -> &'static str {
    TESTS.iter().find(|(word, _)| name.contains(word)).map(|(_, file)| *file).expect("the last line takes all")
}

#[test]
fn the_table_of_packages_is_what_a_day_shows() {
    let works = day();
    let expected = table(&works);
    let path = root().join("SPECIFICATION.md");
    let page = fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once("<!-- packages -->\n").expect("the table's beginning is marked");
    let (present, tail) = rest.split_once("<!-- /packages -->").expect("the table's end is marked");
    if present != expected && std::env::var_os("UPDATE").is_some() {
        fs::write(&path, format!("{head}<!-- packages -->\n{expected}<!-- /packages -->{tail}")).unwrap();
        return;
    }
    assert!(present == expected, "SPECIFICATION.md has another table than this (UPDATE=1 writes it):\n{expected}");
    // Nothing is called absent that works, and nothing extension or required is absent without a reason.
    for (name, _) in ABSENT {
        assert!(!works.contains(name), "{name} works: it is not absent any more");
    }
    for package in PACKAGES.iter().filter(|package| !works.contains(package.name)) {
        assert!(ABSENT.iter().any(|(name, _)| *name == package.name), "{} does not work", package.name);
    }
}

#[test]
fn the_file_that_is_said_to_test_a_package_speaks_of_it() {
    let names = fs::read_to_string(root().join("dataplane/ftd/src/generated/tid.rs")).unwrap();
    for package in &PACKAGES {
        if ABSENT.iter().any(|(name, _)| *name == package.name) {
            continue;
        }
        let value = format!("Tid(0x{:04X})", package.tid.0);
        let tids = names.lines().filter(|line| line.contains(&value));
        let tids: Vec<&str> = tids.filter_map(|line| line.split([' ', ':']).nth(2)).collect();
        let file = test_of(package.name);
        let mut source = fs::read_to_string(root().join(file)).unwrap();
        for support in ["dataplane/tests/front_support/mod.rs", "dataplane/tests/market_support/mod.rs"] {
            source += &fs::read_to_string(root().join(support)).unwrap();
        }
        assert!(
            tids.iter().any(|tid| source.contains(&format!("tid::{tid}"))),
            "{file} does not speak of {}: {tids:?}",
            package.name
        );
    }
}
