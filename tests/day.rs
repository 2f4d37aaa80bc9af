//! Base data of a day: every broken file is named with row and column, all of them in one look; what loads, the engine opens; the
//! exchange's real sheet loads with its terms and limits; a day's end opens the next day; any bytes are an error or a day.
#![allow(clippy::unwrap_used)]

use backstop::base_files::{BaseFiles, OptionName, PhaseName, PositionRow};
use backstop::day::command::open;
use backstop::day::end::carry_on;
use backstop::day::table::{Fault, Faults};
use backstop::day::{load, template};
use engine::IdStyle;
use engine::command::{BodyView, CommandBuffer, DayClose};
use engine::types::Nanoseconds;
use hw_profiles::Profile;
use journal::{Identity, Log, LogLimits, Machine};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::TempDir;

const DAY: u32 = template::DAY;
const IDENTITY: Identity = Identity { ids: IdStyle { prefix: b'B' }, data_center: 1 };

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    template::write(folder.path()).unwrap();
    folder
}

fn dev() -> Profile {
    Profile::load("dev").unwrap()
}

fn faults_of(folder: &Path) -> Faults {
    match open(folder, DAY, 1, &dev(), None, (&|_| {}, &|_| {})) {
        Ok(opened) => panic!("{} frames were opened", opened.frames),
        Err(faults) => faults,
    }
}

/// Replaces a text of a file, which must be there.
fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// The exchange's sheet, where it is there.
fn sheet() -> Option<PathBuf> {
    let sheet = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/contracts-2024-09-30.csv");
    if sheet.is_file() {
        return Some(sheet);
    }
    println!("skipped: ../shared/data is not there");
    None
}

#[test]
fn the_template_loads_and_its_log_goes_from_the_days_opening_to_its_last_step() {
    let (folder, out) = (folder(), TempDir::new().unwrap());
    let log = out.path().join("opening.log");
    let opened = open(folder.path(), DAY, 1, &dev(), Some(&log), (&|_| {}, &|_| {})).unwrap();
    let inspected = journal::inspect(&log, Some(DAY)).unwrap();
    let frames: Vec<_> = inspected.reader.frames_from(0).collect();
    assert_eq!(frames.len() as u64, opened.frames);
    assert!(matches!(frames[0].command().body, BodyView::DayOpen(open) if open.trading_day == DAY));
    let steps = opened.loaded.files.calendar.len();
    assert!(steps > 80, "{steps} steps");
    let last = &frames[frames.len() - steps..];
    assert!(last.iter().all(|frame| matches!(frame.command().body, BodyView::ScheduleSet(_))));
    assert!(frames.iter().all(|frame| frame.rejection().is_none()));
    assert_eq!(frames.last().unwrap().digests().state, opened.digest);
    // The same folder gives the same bytes.
    let again = out.path().join("again.log");
    open(folder.path(), DAY, 1, &dev(), Some(&again), (&|_| {}, &|_| {})).unwrap();
    assert_eq!(fs::read(&log).unwrap()[..opened.bytes as usize], fs::read(&again).unwrap()[..opened.bytes as usize]);
    // What is there already is not overwritten.
    let faults = open(folder.path(), DAY, 1, &dev(), Some(&log), (&|_| {}, &|_| {})).unwrap_err();
    assert!(faults.to_string().contains("opening.log"), "{faults}");
}

/// A file, what stands there, what stands there instead; the row and the column that are named, and a part of the words.
type Broken = (&'static str, &'static str, &'static str, Option<u64>, Option<&'static str>, &'static str);

#[test]
fn every_broken_file_is_named_with_row_and_column() {
    let table: &[Broken] = &[
        ("participants.csv", "0001,1,full,", "000000001,1,full,", Some(3), Some("participant"), "1 to 8"),
        ("participants.csv", "0002,1,full,0001", "0001,1,full,", Some(4), Some("participant"), "twice"),
        (
            "participants.csv",
            "0002,1,full,0001",
            "0002,1,most,0001",
            Some(4),
            Some("right"),
            "full, close-only, forbidden",
        ),
        ("participants.csv", "0002,1,full,0001", "0002,1,full,0009", Some(4), Some("clearing"), "row above"),
        ("participants.csv", "0002,1,full,0001", "0002,12,full,0001", Some(4), Some("type"), "one character"),
        ("participants.csv", "participant,type", "member,type", Some(2), Some("member"), "unknown column"),
        ("users.csv", "change-me,0.0.0.0", "change-me,10.0.0", Some(3), Some("address"), "IPv4"),
        ("users.csv", "0002T01,0002", "0002T01,0003", Some(4), Some("participant"), "participants.csv"),
        ("users.csv", "0002T01", "0001T01", Some(4), Some("user"), "twice"),
        ("users.csv", "full,false,0,0", "full,maybe,0,0", Some(3), Some("ascending"), "true"),
        ("users.csv", "full,false,0,0", "full,false,-1,0", Some(3), Some("requests_per_second"), "0 to 4294967295"),
        (
            "users.csv",
            "0001T01,0001,change-me,0.0.0.0,full,false,0,0,false",
            "0001T01,0001",
            Some(3),
            None,
            "2 fields; expected 9",
        ),
        ("accounts.csv", "0002,00000002,1,full", "0002,00000001,1,full", Some(5), Some("client"), "twice"),
        ("accounts.csv", "0002,00000002,1,full", "0007,00000002,1,full", Some(5), Some("participant"), "0007"),
        ("products.csv", "IF,,,", "IF,limit+marketx,,", Some(5), Some("functions"), "limit-fak"),
        ("products.csv", "IH,,,", "IF,,,", Some(6), Some("product"), "twice"),
        ("products.csv", "IO,,40,10", "IO,,-1,10", Some(13), Some("quote_spread"), "whole number"),
        ("contracts.csv", "4167.6,3410", "4167.5,3410", Some(3), Some("limit_up"), "tick 0.2"),
        (
            "contracts.csv",
            "4167.6,3410",
            "4167.8,3410",
            Some(3),
            Some("limit_up"),
            "by rule 4167.6 from settlement 3788.8",
        ),
        ("contracts.csv", "107.725,103.505", "107.725,103.5", Some(4), Some("limit_down"), "by rule 103.505"),
        ("contracts.csv", "570.2,0.2", "570.2,0.4", Some(5), Some("limit_down"), "by rule 0.2"),
        ("contracts.csv", "IF2412,2412", "XX2412,2412", Some(3), Some("instrument"), "products.csv"),
        ("contracts.csv", "IO2412-P-3700", "IO2412-C-3700", Some(6), Some("instrument"), "twice"),
        ("contracts.csv", "IO2412-P-3700", "IO2412-X-3700", Some(6), Some("instrument"), "an option's id"),
        ("contracts.csv", "20240311,20241213", "20240311,20241313", Some(4), Some("last_trading_day"), "yyyymmdd"),
        ("contracts.csv", "20240311,20241213", "20240311,20240913", Some(4), Some("last_trading_day"), "expired"),
        ("contracts.csv", "20240311,20241213", "20241008,20241213", Some(4), Some("listed"), "not listed"),
        ("contracts.csv", "560.2,0.2,5000", "560.2,0.2,many", Some(6), Some("position_limit"), "number"),
        ("settlement_prices.csv", "T2412,105.615", "T2413,105.615", Some(4), Some("instrument"), "T2413"),
        ("settlement_prices.csv", "T2412,105.615", "T2412,105.61512", Some(4), Some("settlement"), "4 decimal places"),
        ("indices.csv", "IO,3703.68", "IO,0", Some(3), Some("close"), "0.0001"),
        ("margins.csv", "0.12,0.12", "0.12,12", Some(3), Some("short"), "0 to 1"),
        ("fees.csv", "IF,trade,rate", "IF,trading,rate", Some(3), Some("fee"), "close-today"),
        ("fees.csv", "IF,trade,rate", "IF,trade,message", Some(3), Some("basis"), "submission"),
        ("fees.csv", "IF,close-today", "IF,trade", Some(4), Some("fee"), "twice"),
        (
            "fees.csv",
            "IF,trade,rate,0.000023,",
            "IF,trade,rate,0.000023,20240931",
            Some(3),
            Some("valid_until"),
            "yyyymmdd",
        ),
        ("trading_days.csv", "20240927", "20240925", Some(4), Some("day"), "after the row above"),
        ("trading_days.csv", "20240930\n", "", None, Some("day"), "20240930 is no trading day"),
        ("calendar.csv", "IF,09:25:00", "IF,9:25", Some(3), Some("time"), "hh:mm:ss"),
        (
            "calendar.csv",
            "IF,09:25:00,phase,auction-ordering",
            "IF,09:25:00,phase,opening",
            Some(3),
            Some("phase"),
            "auction-ordering",
        ),
        (
            "calendar.csv",
            "IF,09:25:00,phase,auction-ordering",
            "IX,09:25:00,phase,auction-ordering",
            Some(3),
            Some("product"),
            "IX",
        ),
        (
            "calendar.csv",
            "IF,09:29:00,uncross,",
            "IF,09:29:00,uncross,continuous",
            Some(5),
            Some("phase"),
            "nothing for uncross",
        ),
        (
            "calendar.csv",
            "IF,09:29:00,phase,auction-match\n",
            "",
            Some(4),
            Some("action"),
            "without the phase auction-match",
        ),
        ("calendar.csv", "*,15:30:00,day-close,", "IF,15:30:00,day-close,", Some(111), Some("product"), "closes whole"),
        ("calendar.csv", "IF,15:00:00", "IF,15:30:01", Some(9), Some("time"), "after the day is closed"),
        ("positions.csv", "0001,00000001,IF2412,1,3", "0001,00000002,IF2412,1,3", Some(3), Some("client"), "of 0001"),
        ("positions.csv", "0001,00000001,IF2412,1,3", "0001,00000001,IF2412,5,3", Some(3), Some("hedge"), "1, 2, 3, 4"),
        ("positions.csv", "IF2412,1,3,0", "IF2412,1,4294967295,1", Some(3), Some("long_today"), "2^32"),
        ("positions.csv", "0002,00000002,IF2412", "0001,00000001,IF2412", Some(4), Some("instrument"), "row above"),
        ("rights.csv", "T2412", "T2409", Some(2), Some("instrument"), "T2409"),
        ("market_makers.csv", ",IO", ",ZZ", Some(3), Some("product"), "ZZ"),
        ("client_limits.csv", "IF2412,hedge", "IF2412,half", Some(3), Some("class"), "general, hedge"),
        ("client_limits.csv", "00000001,IF2412", "00000009,IF2412", Some(3), Some("client"), "accounts.csv"),
        ("client_limits.csv", "IF2412,hedge", "IO2412-P-3700,hedge", Some(3), Some("instrument"), "IO2412-C-3700"),
        ("member_limits.csv", "50000", "many", Some(3), Some("volume"), "whole number"),
        ("credit.csv", "0002,credit", "0002,funds", Some(4), Some("kind"), "cleared by 0001"),
        ("credit.csv", "500000000", "-1", Some(3), Some("amount"), "0 to"),
    ];
    let mut missed = Vec::new();
    for (file, from, to, row, column, words) in table {
        let folder = folder();
        change(folder.path(), file, from, to);
        let faults = faults_of(folder.path());
        let is_it = |fault: &Fault| {
            fault.file == *file
                && fault.row == *row
                && fault.column.as_deref() == *column
                && fault.message.contains(words)
        };
        if !faults.list.iter().any(is_it) {
            missed.push(format!("{file}, {from} -> {to}: {:#?}", faults.list));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    println!("{} broken files", table.len());
}

#[test]
fn files_that_are_missing_unknown_or_no_text_are_named() {
    for file in ["participants.csv", "users.csv", "accounts.csv"] {
        let folder = folder();
        fs::remove_file(folder.path().join(file)).unwrap();
        assert!(faults_of(folder.path()).list.iter().any(|fault| fault.file == file && fault.message == "missing"));
    }
    let nothing = folder();
    fs::remove_file(nothing.path().join("contracts.csv")).unwrap();
    assert!(
        faults_of(nothing.path()).list.iter().any(|fault| fault.message.contains("instruments.csv or contracts.csv"))
    );
    let typo = folder();
    fs::write(typo.path().join("postions.csv"), "").unwrap();
    let faults = faults_of(typo.path());
    assert!(faults.count == 1 && faults.to_string().contains("postions.csv: unknown file"), "{faults}");
    let bytes = folder();
    fs::write(bytes.path().join("rights.csv"), b"participant,client,instrument,right\n\xff\xfe,a,b,c\n").unwrap();
    let faults = faults_of(bytes.path());
    assert!(faults.to_string().contains("rights.csv, row 2: expected UTF-8"), "{faults}");
    let faults = faults_of(Path::new("no such folder"));
    assert!(faults.to_string().contains("no such folder: cannot be read"), "{faults}");
}

#[test]
fn one_look_names_all_faults() {
    let folder = folder();
    change(folder.path(), "users.csv", "change-me,0.0.0.0", "change-me,x");
    change(folder.path(), "rights.csv", "close-only", "none");
    change(folder.path(), "credit.csv", "500000000", "x");
    change(folder.path(), "calendar.csv", "IF,09:25:00", "IF,x");
    change(folder.path(), "positions.csv", "IF2412,1,3", "IF2412,1,x");
    let faults = faults_of(folder.path());
    let files: Vec<&str> = faults.list.iter().map(|fault| fault.file.as_str()).collect();
    assert_eq!(files, ["users.csv", "positions.csv", "rights.csv", "credit.csv", "calendar.csv"]);
    assert!(faults.to_string().ends_with("and 4 more: `backstop day load` names all"), "{faults}");
}

#[test]
fn tables_that_the_profile_has_no_room_for_are_named() {
    let folder = folder();
    for (shrink, words) in [
        (
            (|profile: &mut Profile| profile.limits.users = 1) as fn(&mut Profile),
            "users.csv: 2 rows; the profile has room for 1",
        ),
        (|profile| profile.limits.accounts = 2, "limits.accounts"),
        (|profile| profile.limits.products = 10, "limits.products"),
        (|profile| profile.limits.instruments = 3, "limits.instruments"),
        (|profile| profile.limits.position_rows = 1, "limits.position_rows"),
        (|profile| profile.limits.limits = 1, "limits.limits"),
    ] {
        let mut profile = dev();
        shrink(&mut profile);
        let faults = open(folder.path(), DAY, 1, &profile, None, (&|_| {}, &|_| {})).unwrap_err();
        assert!(faults.to_string().contains(words), "{faults}");
    }
}

#[test]
fn the_exchanges_sheet_loads_with_terms_groups_and_limits() {
    let Some(sheet) = sheet() else { return };
    let folder = folder();
    for file in ["settlement_prices.csv", "indices.csv"] {
        fs::remove_file(folder.path().join(file)).unwrap();
    }
    fs::copy(sheet, folder.path().join("contracts.csv")).unwrap();
    let opened = open(folder.path(), DAY, 1, &dev(), None, (&|_| {}, &|_| {})).unwrap();
    let instruments = &opened.loaded.files.instruments;
    assert_eq!(instruments.len(), 828);
    let futures = instruments.iter().filter(|row| row.more.option_type == OptionName::None).count();
    assert_eq!((futures, instruments.len() - futures), (28, 800));
    let row = |id: &str| instruments.iter().find(|row| row.instrument == id).unwrap();
    let (index, bond, call) = (row("IF2410"), row("TS2412"), row("IO2410-C-2800"));
    assert_eq!((index.tick, index.multiplier, index.previous_settlement), (2_000, 300, 18_912));
    assert_eq!((index.lower_limit, index.upper_limit, index.position_limit), (17_021, 20_803, 5_000));
    // 3782.4 x 300 x 12 %
    assert_eq!(index.more.margin_long, 1_361_664_000);
    assert_eq!((bond.tick, bond.multiplier, bond.more.maximum_market_volume), (20, 20_000, Some(30)));
    assert_eq!(
        (call.multiplier, call.more.premium, call.more.strike, call.position_limit),
        (100, true, 28_000_000, 5_000)
    );
    assert!(instruments.iter().all(|row| !row.more.exercise), "nothing expires on that day");
    // One limit group a product and month, its first contract at the head.
    let months: std::collections::BTreeSet<_> = instruments
        .iter()
        .filter(|row| row.more.option_type != OptionName::None)
        .map(|row| row.instrument.split('-').next().unwrap().to_owned())
        .collect();
    let heads = instruments.iter().filter(|row| row.more.premium && row.more.limit_with.is_none()).count();
    assert_eq!(heads, months.len());
    // A sheet whose limits are not by the rule is told so, contract by contract.
    change(folder.path(), "contracts.csv", "0.1,0.1,4160.6,3404.2", "0.1,0.1,4160.8,3404.2");
    let faults = faults_of(folder.path());
    assert!(
        faults.to_string().contains("contracts.csv, row 2, column limit_up: no settlement price gives both"),
        "{faults}"
    );
}

#[test]
fn on_its_last_trading_day_an_option_is_exercised_and_a_future_moves_further() {
    let folder = folder();
    fs::remove_file(folder.path().join("trading_days.csv")).unwrap();
    change(folder.path(), "contracts.csv", "20241220,0.1,0.1,4167.6,3410", "20241220,,,4546.4,3031.2");
    let loaded = load::load(folder.path(), Some(20_241_220), &|_| {});
    // T2412 has expired by then.
    let faults = loaded.unwrap_err();
    assert!(faults.count == 2 || faults.to_string().contains("expired"), "{faults:?}");
    change(folder.path(), "contracts.csv", "20240311,20241213", "20240311,20250113");
    let loaded = load::load(folder.path(), Some(20_241_220), &|_| {}).unwrap();
    let row = |id: &str| loaded.files.instruments.iter().find(|row| row.instrument == id).unwrap();
    // 3788.8 +- 20 %: 4546.56 down, 3031.04 up.
    assert_eq!((row("IF2412").lower_limit, row("IF2412").upper_limit), (15_156, 22_732));
    assert!(row("IO2412-C-3700").more.exercise && !row("IF2412").more.exercise);
}

/// A day's end leaves out the contracts whose last trading day it was, with all that is theirs, keeps the others' last trading days, and names
/// what it left out; the next day opens from it.
#[test]
fn a_days_end_leaves_out_what_has_expired_and_says_so() {
    const LAST: u32 = 20_241_213;
    let (folder, end) = (folder(), TempDir::new().unwrap());
    fs::remove_file(folder.path().join("trading_days.csv")).unwrap();
    let calendar = fs::read_to_string(folder.path().join("calendar.csv")).unwrap();
    assert!(calendar.contains("T,11:30:00,last-day-phase,closed\n"), "{calendar}");
    let files = BaseFiles::load_for(folder.path(), LAST).unwrap();
    let position = |row: &PositionRow| row.instrument.clone();
    assert_eq!(files.instruments.iter().find(|row| row.instrument == "T2412").unwrap().more.last_trading_day, LAST);
    let mut machine = Machine::new(Log::in_memory(LogLimits::for_commands(4_096)).unwrap(), IDENTITY);
    for command in files.commands(LAST, 1, &dev().limits).unwrap() {
        assert_eq!(machine.execute(&command.command(), Nanoseconds(1)).unwrap().rejected, None);
    }
    let close = CommandBuffer::own(&DayClose { reserved: 0, step: 0 });
    machine.execute(&close.command(), Nanoseconds(2)).unwrap();
    let ended = BaseFiles::at_the_end(machine.state(), machine.reader()).unwrap();
    assert_eq!(ended.end.as_ref().unwrap().expired, ["T2412"]);
    assert!(ended.expired_words().contains("T2412"), "{}", ended.expired_words());
    assert!(ended.rights.is_empty(), "the only right was in what has expired");
    ended.save(end.path()).unwrap();
    fs::write(folder.path().join("margins.csv"), "instrument,long,short\nIF2412,0.12,0.12\nT2412,0.02,0.02\n").unwrap();
    carry_on(folder.path(), end.path()).unwrap();
    assert_eq!(
        fs::read_to_string(end.path().join("margins.csv")).unwrap(),
        "instrument,long,short\nIF2412,0.12,0.12\n"
    );
    let read = BaseFiles::load_for(end.path(), LAST + 3).unwrap();
    assert_eq!(read.instruments.len(), files.instruments.len() - 1);
    assert!(read.instruments.iter().all(|row| row.more.last_trading_day > LAST));
    assert_eq!(read.calendar, files.calendar);
    assert_eq!(
        read.positions.iter().map(position).collect::<Vec<_>>(),
        files.positions.iter().map(position).collect::<Vec<_>>()
    );
    // A later day's folder with what should have gone is refused by its row and column.
    let fault = BaseFiles::load_for(end.path(), 20_250_101).unwrap_err();
    assert!(fault.contains("last_trading_day") && fault.contains("expired"), "{fault}");
}

#[test]
fn a_days_end_opens_the_next_day() {
    let (folder, end) = (folder(), TempDir::new().unwrap());
    let files = BaseFiles::load_for(folder.path(), DAY).unwrap();
    let mut machine = Machine::new(Log::in_memory(LogLimits::for_commands(4_096)).unwrap(), IDENTITY);
    for command in files.commands(DAY, 1, &dev().limits).unwrap() {
        assert_eq!(machine.execute(&command.command(), Nanoseconds(1)).unwrap().rejected, None);
    }
    let close = CommandBuffer::own(&DayClose { reserved: 0, step: 0 });
    machine.execute(&close.command(), Nanoseconds(2)).unwrap();
    let ended = BaseFiles::at_the_end(machine.state(), machine.reader()).unwrap();
    ended.save(end.path()).unwrap();
    carry_on(folder.path(), end.path()).unwrap();
    let read = BaseFiles::load(end.path()).unwrap();
    let normal = |files: &BaseFiles| {
        let mut files = files.clone();
        // How contracts of a sheet are made is not the next day's business: instruments.csv has them as they are.
        for product in &mut files.products {
            (product.price_rule, product.tie_break) =
                (backstop::base_files::PriceRuleName::Middle, backstop::base_files::TieBreakName::Reference);
        }
        files
    };
    assert_eq!(normal(&read), normal(&ended));
    assert_eq!(read.calendar, files.calendar);
    assert_eq!(read.credit, files.credit);
    assert_eq!(read.client_limits, files.client_limits);
    assert_eq!(read.member_limits, files.member_limits);
    assert_eq!(read.market_makers, files.market_makers);
    assert_eq!(read.positions, files.positions);
    assert!(read.instruments.iter().all(|row| row.phase == PhaseName::NoTrading));
    for file in ["fees.csv", "trading_days.csv"] {
        assert_eq!(fs::read(end.path().join(file)).unwrap(), fs::read(folder.path().join(file)).unwrap());
    }
    let next = open(end.path(), 20_241_008, 2, &dev(), None, (&|_| {}, &|_| {})).unwrap();
    assert_eq!(next.loaded.files.instruments.len(), 4);
    let same = open(end.path(), DAY, 2, &dev(), None, (&|_| {}, &|_| {})).unwrap_err();
    assert!(same.to_string().contains("expected a day after it"), "{same}");
}

#[test]
fn a_million_clients_load_in_seconds() {
    const CLIENTS: u32 = 1_000_000;
    let folder = folder();
    let mut accounts = fs::read_to_string(folder.path().join("accounts.csv")).unwrap();
    (0..CLIENTS)
        .for_each(|number| accounts.push_str(&format!("000{},{:08},1,full\n", 1 + number % 2, 10_000_000 + number)));
    fs::write(folder.path().join("accounts.csv"), accounts).unwrap();
    let mut profile = dev();
    profile.limits.accounts = CLIENTS + 16;
    let begun = Instant::now();
    let opened = open(folder.path(), DAY, 1, &profile, None, (&|_| {}, &|_| {})).unwrap();
    let took = begun.elapsed();
    println!("{} frames, {} bytes in {took:?}", opened.frames, opened.bytes);
    assert!(opened.frames > u64::from(CLIENTS));
    // On a machine that has much else to do; alone it is a few seconds.
    assert!(took.as_secs() < 120, "{took:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_bytes_are_faults_or_a_day(
        place in 0..load::FILES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..12),
    ) {
        let folder = folder();
        let path = folder.path().join(load::FILES[place]);
        let mut bytes = fs::read(&path).unwrap_or_else(|_| b"instrument,price_rule\n".to_vec());
        for (at, byte, kind) in changes {
            let at = at.index(bytes.len().max(1));
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.insert(at.min(bytes.len()), byte),
                2 if at < bytes.len() => { bytes.remove(at); }
                // A field becomes a text that is often at the edge of something.
                _ => {
                    let edge: &[u8] = [&b"0"[..], b"-1", b"4294967295", b"99999999999999999999", b"0.00001", b",", b"\n", b"#"][usize::from(byte % 8)];
                    let rest = bytes.split_off(at.min(bytes.len()));
                    bytes.extend_from_slice(edge);
                    bytes.extend_from_slice(&rest);
                }
            }
        }
        fs::write(&path, bytes).unwrap();
        match open(folder.path(), DAY, 1, &dev(), None, (&|_| {}, &|_| {})) {
            Ok(opened) => prop_assert!(opened.frames > 0),
            Err(faults) => prop_assert!(faults.count > 0 && !faults.to_string().is_empty()),
        }
    }
}
