//! Days that follow one another by files alone: what one day's settlement leaves opens the next.
#![allow(clippy::unwrap_used)]

use backstop::base_data;
use backstop::base_files::BaseFiles;
use backstop::day::table::days_of_date;
use engine::IdStyle;
use engine::command::{CommandBuffer, DayClose, MarketDataTick, OrderInsert};
use engine::types::{AccountIndex, InstrumentIndex, Nanoseconds, Phase, RawPrice, UserIndex, Volume};
use hw_profiles::Profile;
use journal::{Identity, Log, LogLimits, Machine};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A day that is traded by hand; times are of China.
struct Day {
    day: u32,
    files: BaseFiles,
    machine: Machine,
    orders: u32,
}

impl Day {
    fn open(folder: &Path, day: u32) -> Self {
        let files = BaseFiles::load_for(folder, day).unwrap();
        let log = Log::in_memory(LogLimits { bytes: 8 << 20, frames: 10_000 }).unwrap();
        let machine = Machine::new(log, Identity { ids: IdStyle { prefix: b'B' }, data_center: 1 });
        let mut this = Day { day, files, machine, orders: 0 };
        for command in &this.files.commands(day, 1, &Profile::load("dev").unwrap().limits).unwrap() {
            this.execute((8, 30), command);
        }
        this
    }

    fn execute(&mut self, (hour, minute): (u64, u64), command: &CommandBuffer) {
        let at = ((days_of_date(self.day) * 24 + hour - 8) * 60 + minute) * 60_000_000_000;
        let executed = self.machine.execute(&command.command(), Nanoseconds(at)).unwrap();
        assert_eq!(executed.rejected, None, "{} {hour}:{minute}", self.day);
    }

    fn phase(&mut self, at: (u64, u64), instrument: InstrumentIndex, phase: Phase) {
        self.execute(at, &CommandBuffer::own(&base_data::phase(instrument, phase, base_data::BY_HAND, 0)));
    }

    fn instrument(&self, id: &str) -> InstrumentIndex {
        let place = self.files.instruments.iter().position(|row| row.instrument == id);
        InstrumentIndex(place.unwrap_or_else(|| panic!("{id} on {}", self.day)) as u16)
    }

    /// A user's order; how: '0' buys, '1' sells; offset '0' opens, '1' closes. Price in 1/10,000 yuan.
    fn order(&mut self, at: (u64, u64), who: (u16, u32), id: &str, how: [u8; 2], price: i64, lots: u32) {
        self.orders += 1;
        let [direction, offset] = how;
        let insert = OrderInsert {
            local_id: base_data::text(&format!("{:012}", self.orders)),
            message_reference: [b' '; 6],
            direction,
            offset,
            hedge: b'1',
            order_type: b'0',
            match_condition: b'3',
            match_session: b'7',
            instrument: self.instrument(id),
            flags: 0,
            price: RawPrice(price),
            account: AccountIndex(who.1),
            volume: Volume(lots),
            minimal_volume: Volume(0),
            reserved: 0,
        };
        self.execute(at, &CommandBuffer::new(0, 0, UserIndex(who.0), &insert));
    }

    /// One buys and another sells, both to open.
    fn trade(&mut self, at: (u64, u64), buyer: (u16, u32), seller: (u16, u32), id: &str, price: i64, lots: u32) {
        self.order(at, buyer, id, [b'0', b'0'], price, lots);
        self.order(at, seller, id, [b'1', b'0'], price, lots);
    }

    fn tick(&mut self, at: (u64, u64)) {
        self.execute(at, &CommandBuffer::own(&MarketDataTick { reserved: 0 }));
    }

    fn close(mut self, at: (u64, u64)) -> Machine {
        self.execute(at, &CommandBuffer::own(&DayClose { reserved: 0, step: 0 }));
        self.machine
    }
}

/// The whole of it below one folder: a folder a day, a journal a day, one settlement.
struct Market {
    folder: tempfile::TempDir,
}

impl Market {
    fn path(&self, name: impl std::fmt::Display) -> PathBuf {
        self.folder.path().join(name.to_string())
    }

    fn backstop(&self, words: &[&str]) -> (i32, Value) {
        let output = effort::command(env!("CARGO_BIN_EXE_backstop"))
            .current_dir(self.folder.path())
            .arg("settle")
            .args(words)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let value = serde_json::from_str(&text).unwrap_or_else(|_| serde_json::json!({ "out": text, "said": said }));
        (output.status.code().unwrap(), value)
    }

    /// Settles a day, releases it, and writes the next day's folder; what the settlement said.
    fn settle(&self, machine: &Machine, day: u32, next: u32) -> Value {
        let [journal, base, to] = [format!("{day}.journal"), day.to_string(), next.to_string()];
        std::fs::write(self.path(&journal), machine.reader().bytes_from(0).unwrap()).unwrap();
        // What the exchange gives: the index's close; on the fourth day also what ends then.
        let ends = if day == DAYS[3] { "exercise,IO,3795.5\ndelivery,IF2412,3801.25\n" } else { "" };
        self.put(day, "closes.csv", &format!("kind,name,price\nclose,IO,3710.25\n{ends}"));
        let (code, settled) =
            self.backstop(&["run", "--journal", &journal, "--base", &base, "--out", "settled", "--json"]);
        assert_eq!(code, 0, "{settled}");
        // The stream over the same day, with what was under way in its morning, ends with the same figures: else it would say so.
        let (code, told) = self.backstop(&["follow", "--journal", &journal, "--base", &base, "--once"]);
        assert_eq!(code, 0, "{told}");
        let carry = ["carry", "--journal", &journal, "--base", &base, "--out", "settled", "--to", &to, "--json"];
        let (code, unreleased) = self.backstop(&carry);
        assert!(code == 2 && unreleased["said"].as_str().unwrap().contains("no run is released"), "{unreleased}");
        assert_eq!(self.backstop(&["release", &base, "1", "--out", "settled"]).0, 0);
        let (code, carried) = self.backstop(&carry);
        assert_eq!((code, carried["carried"]["next"].as_u64()), (0, Some(next.into())), "{carried}");
        settled
    }

    fn text(&self, day: u32, file: &str) -> String {
        std::fs::read_to_string(self.path(day).join(file)).unwrap_or_default()
    }

    fn put(&self, day: u32, file: &str, text: &str) {
        std::fs::write(self.path(day).join(file), text).unwrap();
    }

    /// Rows of a table: by columns' names.
    fn rows(&self, day: u32, file: &str) -> Vec<BTreeMap<String, String>> {
        let text = self.text(day, file);
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let row = |record: csv::StringRecord| {
            header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect()
        };
        reader.records().map(|record| row(record.unwrap())).collect()
    }

    /// All members' money that a day's folder begins with, 1/10,000 yuan: reserve and margin, without collateral.
    fn money(&self, day: u32) -> i64 {
        let sum = |row: &BTreeMap<String, String>, column: &str| {
            let text = if row[column].is_empty() { "0" } else { &row[column] };
            backstop::day::decimal::parse(text, backstop::day::decimal::PRICE_PLACES).unwrap()
        };
        let money = |row: &BTreeMap<String, String>| {
            sum(row, "previous_reserve") + sum(row, "previous_margin") - sum(row, "previous_collateral")
        };
        self.rows(day, "funds.csv").iter().map(money).sum()
    }

    /// Lots long and short by client and instrument.
    fn positions(&self, day: u32) -> BTreeMap<(String, String, String), (u32, u32)> {
        let rows =
            if self.path(day).join("positions.csv").exists() { self.rows(day, "positions.csv") } else { Vec::new() };
        let lots = |row: &BTreeMap<String, String>, column: &str| row[column].parse::<u32>().unwrap();
        let row = |row: &BTreeMap<String, String>| {
            let key = (row["participant"].clone(), row["client"].clone(), row["instrument"].clone());
            (key, (lots(row, "long_yesterday"), lots(row, "short_yesterday")))
        };
        rows.iter().map(row).collect()
    }
}

const DAYS: [u32; 5] = [20_240_926, 20_240_927, 20_240_930, 20_241_008, 20_241_009];
/// A user and an account: of member 0001; two of 0002.
const A: (u16, u32) = (0, 0);
const B: (u16, u32) = (1, 1);
const C: (u16, u32) = (1, 2);

fn first_day() -> Market {
    let market = Market { folder: tempfile::tempdir().unwrap() };
    let day = DAYS[0];
    backstop::day::template::write(&market.path(day)).unwrap();
    // Two members that clear for themselves; the treasury future's last day is the first one.
    market.put(day, "participants.csv", "participant,type,right,clearing\n0001,1,full,\n0002,1,full,\n");
    market.put(day, "credit.csv", "participant,kind,amount\n0001,funds,500000000\n0002,funds,10000000\n");
    market.put(
        day,
        "funds.csv",
        "participant,short,previous_reserve,previous_margin,minimum_reserve,collateral,haircut,previous_collateral\n\
         0001,示例会员,500000000,409190.4,2000000,,,\n0002,,80000000,451424.0,2000000,300000,0.2,200000\n",
    );
    // … and the others' the fourth, but for one more index future.
    let contracts = market.text(day, "contracts.csv").replace("20241213", "20240926").replace("20241220", "20241008");
    market.put(day, "contracts.csv", &(contracts + "IF2503,2503,3486.6,20240422,20250321,0.1,0.1,4167.6,3410,5000\n"));
    let prices = market.text(day, "settlement_prices.csv") + "IF2503,3788.8\n";
    market.put(day, "settlement_prices.csv", &prices);
    market.put(
        day,
        "positions.csv",
        "participant,client,instrument,hedge,long_yesterday,long_today,short_yesterday,short_today\n\
         0001,00000001,IF2412,1,3,0,0,0\n0002,00000002,IF2412,1,0,0,3,0\n\
         0001,00000001,T2412,1,2,0,0,0\n0002,00000001,T2412,1,0,0,2,0\n",
    );
    let fees = market.text(day, "fees.csv") + "T,delivery,lot,5,\nIF,transfer,lot,1,\nIF,delivery,rate,0.0001,\n";
    market.put(day, "fees.csv", &fees);
    market
}

/// Day 1: the treasury future ends, its seller has named no bond; two lots of A's are netted, as asked.
fn trade_first_day(market: &Market) -> Machine {
    let mut day = Day::open(&market.path(DAYS[0]), DAYS[0]);
    day.phase((10, 0), InstrumentIndex::ALL, Phase::Continuous);
    // An hour and more apart: a treasury future's last day counts whole. (105.6 + 2 x 105.615) / 3 = 105.61.
    day.trade((10, 10), A, B, "T2412", 1_056_000, 1);
    day.trade((14, 20), A, B, "T2412", 1_056_150, 2);
    day.trade((14, 30), A, B, "IF2412", 37_900_000, 2);
    day.trade((14, 31), B, A, "IF2412", 37_900_000, 2);
    day.trade((14, 40), C, A, "IO2412-C-3700", 2_010_000, 4);
    market.put(DAYS[0], "netting.csv", "participant,client,instrument,hedge,lots\n0001,00000001,IF2412,1,2\n");
    day.close((15, 30))
}

#[test]
fn four_days_follow_one_another_by_files_and_no_money_or_lot_is_made_or_lost() {
    let market = first_day();
    let all_money = |settled: &Value, day: u32, next: u32| {
        let fees = settled["summary"]["fees"].as_i64().unwrap();
        assert!(fees > 0 && settled["summary"]["profit"] == 0, "{}", settled["summary"]);
        assert_eq!(market.money(day) - market.money(next), fees, "{day}: what is gone is fees");
        let mut lots: BTreeMap<String, (u32, u32)> = BTreeMap::new();
        for ((_, _, instrument), (long, short)) in market.positions(next) {
            let sum = lots.entry(instrument).or_default();
            *sum = (sum.0 + long, sum.1 + short);
        }
        assert!(lots.values().all(|(long, short)| long == short), "{lots:?}");
    };

    let machine = trade_first_day(&market);
    let settled = market.settle(&machine, DAYS[0], DAYS[1]);
    all_money(&settled, DAYS[0], DAYS[1]);
    assert_eq!(settled["summary"]["deliveries"], 1);
    let key =
        |member: &str, client: &str, instrument: &str| (member.to_owned(), client.to_owned(), instrument.to_owned());
    let held = market.positions(DAYS[1]);
    assert_eq!(held[&key("0001", "00000001", "IF2412")], (3, 0), "5 and 2, of which 2 were netted");
    assert_eq!(held[&key("0002", "00000001", "IF2412")], (2, 2));
    assert!(held.keys().all(|(_, _, instrument)| instrument != "T2412"), "{held:?}");
    let files = BaseFiles::load_for(&market.path(DAYS[1]), DAYS[1]).unwrap();
    let future = files.instruments.iter().find(|row| row.instrument == "IF2412").unwrap();
    // 3790.0 of yesterday: 10 % of it either way, and 12 % of 300 x 3790 for a lot.
    assert_eq!((future.previous_settlement, future.lower_limit, future.upper_limit), (18_950, 17_055, 20_845));
    assert_eq!((future.more.margin_long, future.open_interest), (1_364_400_000, 5));
    assert!(market.text(DAYS[1], "margins.csv").contains("IF2412,0.12,0.12"));
    // The index of the options closed at 3710.25; A sold calls, whose money was checked before orders.
    assert_eq!(market.rows(DAYS[1], "indices.csv")[0]["close"], "3710.25");
    let delivering = market.rows(DAYS[1], "delivering.csv");
    assert_eq!((delivering[0]["day"].as_str(), delivering[0]["bond"].as_str()), ("entered", ""));
    assert_eq!((delivering[0]["price"].as_str(), delivering[0]["lots"].as_str()), ("105.61", "5"));

    // Day 2: the seller names a bond. B moves its longs in IF to A: what is left of A and B is another member's.
    let named = market.text(DAYS[1], "delivering.csv").replace(",,entered,", ",240004,entered,");
    market.put(DAYS[1], "delivering.csv", &named);
    market.put(
        DAYS[1],
        "transfers.csv",
        "participant,client,to_participant,to_client,instrument,hedge,side,lots\n\
         0002,00000001,0001,,IF2412,1,long,1\n0002,00000001,0002,00000002,,,short,\n",
    );
    let mut day = Day::open(&market.path(DAYS[1]), DAYS[1]);
    day.phase((10, 0), InstrumentIndex::ALL, Phase::Continuous);
    // A closes one of the three lots of yesterday with C, which has three short ones.
    day.order((14, 20), C, "IF2412", [b'0', b'1'], 38_000_000, 1);
    day.order((14, 20), A, "IF2412", [b'1', b'1'], 38_000_000, 1);
    let machine = day.close((15, 30));
    let settled = market.settle(&machine, DAYS[1], DAYS[2]);
    all_money(&settled, DAYS[1], DAYS[2]);
    let held = market.positions(DAYS[2]);
    assert_eq!(held[&key("0001", "00000001", "IF2412")], (3, 0));
    assert_eq!(held[&key("0002", "00000001", "IF2412")], (1, 0));
    assert_eq!(held[&key("0002", "00000002", "IF2412")], (0, 4));
    let delivering = market.rows(DAYS[2], "delivering.csv");
    assert_eq!((delivering[0]["day"].as_str(), delivering[0]["bond"].as_str()), ("bonds", "240004"));

    // Day 3: the invoice is paid. The calls trade in a closing auction, behind trades at other prices.
    let mut day = Day::open(&market.path(DAYS[2]), DAYS[2]);
    let call = day.instrument("IO2412-C-3700");
    day.phase((10, 0), InstrumentIndex::ALL, Phase::Continuous);
    day.trade((14, 30), A, B, "IO2412-C-3700", 2_100_000, 3);
    day.trade((14, 30), A, B, "IF2412", 38_100_000, 1);
    day.phase((14, 57), call, Phase::ClosingAuction);
    day.trade((14, 58), A, B, "IO2412-C-3700", 2_200_000, 2);
    day.phase((15, 0), call, Phase::AuctionMatch);
    day.execute((15, 0), &CommandBuffer::own(&base_data::uncross(call, 0)));
    let machine = day.close((15, 30));
    let settled = market.settle(&machine, DAYS[2], DAYS[3]);
    all_money(&settled, DAYS[2], DAYS[3]);
    let price =
        |id: &str| settled["prices"].as_array().unwrap().iter().find(|price| price["instrument"] == id).unwrap();
    assert_eq!(
        (price("IO2412-C-3700")["price"].as_i64(), &price("IO2412-C-3700")["by"]),
        (Some(2_200_000), &"closing-auction".into())
    );
    assert_eq!(settled["summary"]["to_look_at"], serde_json::json!(["IO2412-P-3700"]));
    assert!(
        std::fs::read_to_string(market.path("settled/20240930/1/prices.csv"))
            .unwrap()
            .contains("IO2412-P-3700,190,昨结算价待核")
    );
    // 36 of the 184 days from 25 August to 25 February: 0.2298913 of 100 yuan. Five lots: 50000 x (105.61 x 0.9503 + 0.2298913).
    let delivering = market.rows(DAYS[3], "delivering.csv");
    assert_eq!((delivering[0]["day"].as_str(), delivering[0]["interest"].as_str()), ("payment", "0.2298913"));
    assert_eq!(delivering[0]["invoice"], "5029553.715");
    let paid = |member: &str| {
        let members = settled["summary"]["members"].as_array().unwrap();
        members.iter().find(|of| of["member"] == member).unwrap()["figures"]["delivery"].as_i64().unwrap()
    };
    assert_eq!((paid("0001"), paid("0002")), (-50_295_537_150, 50_295_537_150));

    // Day 4: the buyer has the bonds, and nothing of the delivery is left. Only buyers at the upper limit for the last nineteen minutes.
    let mut day = Day::open(&market.path(DAYS[3]), DAYS[3]);
    // Its last day: 20 % of 3810.0.
    let upper = day.files.instruments.iter().find(|row| row.instrument == "IF2412").unwrap().upper_limit;
    day.phase((10, 0), InstrumentIndex::ALL, Phase::Continuous);
    day.order((14, 40), A, "IF2412", [b'0', b'0'], i64::from(upper) * 2_000, 3);
    day.order((14, 40), B, "IF2412", [b'1', b'0'], i64::from(upper) * 2_000, 1);
    day.tick((14, 41));
    day.phase((15, 0), InstrumentIndex::ALL, Phase::Closed);
    assert_eq!(upper, 22_860);
    let machine = day.close((15, 30));
    let settled = market.settle(&machine, DAYS[3], DAYS[4]);
    all_money(&settled, DAYS[3], DAYS[4]);
    // The index future was delivered in cash, the calls were exercised: nobody holds anything, and one contract goes on.
    assert!(market.positions(DAYS[4]).is_empty());
    let goes_on: Vec<String> =
        market.rows(DAYS[4], "instruments.csv").iter().map(|row| row["instrument"].clone()).collect();
    assert_eq!(goes_on, ["IF2503"]);
    // It was not traded: it moved by what the nearest one did, from day to day, to the delivery price: 3788.8 + (3801.25 - 3788.8), on the tick.
    assert_eq!(market.rows(DAYS[4], "settlement_prices.csv")[0]["settlement"], "3801.2");
    assert_eq!(settled["summary"]["one_sided"], serde_json::json!(["IF2412"]));
    assert_eq!(
        (market.text(DAYS[4], "delivering.csv").as_str(), settled["summary"]["deliveries"].as_u64()),
        ("", Some(1))
    );
    // What the folder of a day's end says goes to whoever opens the next day, wherever.
    assert!(market.text(DAYS[4], "day.toml").contains("trading_day = 20241008"));
    BaseFiles::load_for(&market.path(DAYS[4]), DAYS[4]).unwrap();

    // Another journal, or the day's own folder, is refused.
    let other =
        ["carry", "--journal", "20240930.journal", "--base", "20241008", "--out", "settled", "--to", "x", "--json"];
    let (code, refused) = market.backstop(&other);
    assert_ne!(code, 0, "{refused}");
    let own = ["carry", "--journal", "20241008.journal", "--base", "20241008", "--out", "settled", "--to", "20241008"];
    assert_eq!(market.backstop(&own).0, 2);
}

#[test]
fn a_correction_settles_again_only_what_it_touches_and_comes_to_what_a_whole_run_does() {
    let market = first_day();
    let machine = trade_first_day(&market);
    std::fs::write(market.path("journal"), machine.reader().bytes_from(0).unwrap()).unwrap();
    let day = DAYS[0].to_string();
    let trade = {
        let log = backstop::settle::day_log::DayLog::read(machine.reader(), &|_| {}).unwrap();
        String::from_utf8(log.lines[0].trade_id.to_vec()).unwrap().trim().to_owned()
    };
    let words = |job: &'static str, out: &'static str| {
        [job, "--journal", "journal", "--base", "20240926", "--out", out, "--json"].map(str::to_owned)
    };
    let run = |words: &[String], more: &[&str]| {
        let words: Vec<&str> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let (code, value) = market.backstop(&words);
        assert_eq!(code, 0, "{value}");
        value
    };
    for out in ["part", "whole"] {
        assert!(run(&words("run", out), &[])["tasks"]["again"].is_null());
    }
    // A price: no trade is taken again, figures of the four rows that hold it; two of them have rows in something else.
    let forget = |id: &str| std::fs::remove_file(market.path(format!("whole/{day}/{id}/inputs.sha256"))).unwrap();
    let priced = ["--price", "IF2412=3800"];
    let part = run(&words("rerun", "part"), &priced);
    let again = &part["tasks"]["again"];
    assert_eq!(
        (again["traded"].as_u64(), again["figured"].as_u64(), again["accounts"].as_u64()),
        (Some(0), Some(3), Some(3))
    );
    assert_eq!((part["tasks"]["worked_out"].as_u64(), part["summary"]["rows"].as_u64()), (Some(0), Some(7)));
    forget("1");
    let whole = run(&words("rerun", "whole"), &priced);
    assert!(whole["tasks"]["again"].is_null(), "nobody knows what the run before was made from: {}", whole["tasks"]);
    assert_eq!((&part["summary"], &part["changed"]), (&whole["summary"], &whole["changed"]));
    // A cancelled trade: its two rows, and nothing else, since closes.csv and the correction before give the price.
    let cancelled = ["--cancel-trade", trade.as_str()];
    let part = run(&words("rerun", "part"), &cancelled);
    let again = &part["tasks"]["again"];
    assert_eq!(
        (again["traded"].as_u64(), again["figured"].as_u64(), again["accounts"].as_u64()),
        (Some(2), Some(2), Some(2))
    );
    forget("2");
    let whole = run(&words("rerun", "whole"), &cancelled);
    assert_eq!((&part["summary"], &part["changed"]), (&whole["summary"], &whole["changed"]));
    for (id, folder) in [("2", "members"), ("3", "csv"), ("3", "regulator")] {
        let of = |out: &str| market.path(format!("{out}/{day}/{id}/{folder}")).display().to_string();
        assert_eq!(tree(Path::new(&of("part"))), tree(Path::new(&of("whole"))), "run {id}");
    }
    // The same correction once more is no run of its own; a table that has changed since is settled whole.
    assert_eq!(run(&words("rerun", "part"), &priced)["new"], false);
    let funds = market.text(DAYS[0], "funds.csv").replace("500000000", "500000001");
    market.put(DAYS[0], "funds.csv", &funds);
    let changed = run(&words("rerun", "part"), &["--price", "IF2412=3801"]);
    assert!(changed["tasks"]["again"].is_null(), "{}", changed["tasks"]);
    assert_eq!(changed["summary"]["head"]["settlement_id"], 4);
}

/// Every file below a folder, with its bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().to_owned();
                found.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    assert!(!found.is_empty(), "{}", folder.display());
    found
}

/// The first day's log, and a folder of its tables.
fn first_log() -> (Market, backstop::settle::day_log::DayLog) {
    let market = first_day();
    let machine = trade_first_day(&market);
    let day = backstop::settle::day_log::DayLog::read(machine.reader(), &|_| {}).unwrap();
    (market, day)
}

#[test]
fn every_fault_of_what_is_asked_for_is_named_with_file_row_and_column() {
    let (market, day) = first_log();
    let put = |file: &str, text: &str| market.put(DAYS[0], file, text);
    put("netting.csv", "participant,client,instrument,hedge,lots\n0001,00000009,IF2412,1,\n0001,00000001,XX,1,0\n");
    put(
        "declarations.csv",
        "participant,client,instrument,hedge,side,lots,bond\n0001,00000001,T2412,1,take,1,240004\n0002,00000001,T2412,9,deliver,1,none\n",
    );
    put(
        "transfers.csv",
        "participant,client,to_participant,to_client,instrument,hedge,side,lots\n0001,00000001,0001,,,,,\n\
         0001,00000001,0002,,IF2412,,,2\n0001,00000001,0009,,,,,\n",
    );
    put(
        "delivering.csv",
        &(backstop::settle::requests::DELIVERING_COLUMNS.join(",")
            + "\nT2409,TX,10000,0.02,0.02,0001,00000001,1,0002,00000001,1,1,101,,entered,,\n\
               T2406,T,10000,0.02,0.02,0001,00000001,1,0002,00000001,1,0,101,,later,,\n"),
    );
    let terms = backstop::settle::terms::Terms::read(&market.path(DAYS[0]), &day.intake, &|_| {});
    let faults = terms.unwrap_err();
    let named: Vec<_> = faults
        .list
        .iter()
        .map(|fault| (fault.file.as_str(), fault.row.unwrap_or(0), fault.column.as_deref().unwrap_or("")))
        .collect();
    let expected = [
        ("netting.csv", 2, "client"),
        ("netting.csv", 3, "instrument"),
        ("netting.csv", 3, "lots"),
        ("declarations.csv", 2, "bond"),
        ("declarations.csv", 3, "hedge"),
        ("declarations.csv", 3, "bond"),
        ("transfers.csv", 2, "to_participant"),
        ("transfers.csv", 3, "lots"),
        ("transfers.csv", 4, "to_participant"),
        ("delivering.csv", 2, "instrument"),
        ("delivering.csv", 3, "lots"),
        ("delivering.csv", 3, "day"),
    ];
    assert_eq!(named, expected, "{:#?}", faults.list);
    // More lots than are held are the row's fault too, when the day's trades are known.
    for file in ["netting.csv", "declarations.csv", "delivering.csv"] {
        std::fs::remove_file(market.path(DAYS[0]).join(file)).unwrap();
    }
    let header = "participant,client,to_participant,to_client,instrument,hedge,side,lots\n";
    put(
        "transfers.csv",
        &(header.to_owned()
            + "0001,00000001,0002,00000002,IF2412,1,long,5\n0001,00000001,0002,00000002,IF2412,1,long,1\n"),
    );
    let terms = backstop::settle::terms::Terms::read(&market.path(DAYS[0]), &day.intake, &|_| {}).unwrap();
    let faults = backstop::settle::market::build(&day, &terms).unwrap_err();
    assert_eq!((faults.count, faults.list[0].file.as_str(), faults.list[0].row), (1, "transfers.csv", Some(3)));
    // An option that nobody traded, and the setting that refuses it: only where somebody holds it.
    std::fs::remove_file(market.path(DAYS[0]).join("transfers.csv")).unwrap();
    put("settlement.toml", "untraded_option = \"refuse\"\n");
    let terms = backstop::settle::terms::Terms::read(&market.path(DAYS[0]), &day.intake, &|_| {}).unwrap();
    assert!(backstop::settle::market::build(&day, &terms).is_ok());
    let mut holds = day.clone();
    let key = *holds.carried.keys().next().unwrap();
    holds.carried.insert(settlement::row::RowKey { instrument: settlement::market::InstrumentIndex(3), ..key }, (1, 0));
    let faults = backstop::settle::market::build(&holds, &terms).unwrap_err();
    assert!(faults.list[0].message.contains("settlement,IO2412-P-3700"), "{faults}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(effort::of(48) as u32))]
    /// Whatever stands in the tables of what is asked for: they are read and the market is made, or the faults are named; nothing panics.
    #[test]
    fn any_tables_of_what_is_asked_for_are_taken_or_refused(
        file in prop::sample::select(vec!["netting.csv", "declarations.csv", "transfers.csv", "delivering.csv"]),
        rows in prop::collection::vec(prop::collection::vec(prop::sample::select(vec![
            "0001", "0002", "00000001", "00000002", "IF2412", "T2412", "T2409", "T", "1", "2", "4294967295", "2147483647", "-1", "",
            "long", "short", "deliver", "take", "240004", "entered", "receipt", "0.02", "101", "9999999999999999999", "\u{7}",
        ]), 0..18), 0..6),
    ) {
        static DAY: std::sync::OnceLock<(Market, backstop::settle::day_log::DayLog)> = std::sync::OnceLock::new();
        let (market, day) = DAY.get_or_init(first_log);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for entry in std::fs::read_dir(market.path(DAYS[0])).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        let header = std::fs::read_to_string(folder.join(file)).unwrap();
        let header = header.lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
        let columns = header.split(',').count();
        let row = |row: &Vec<&str>| (0..columns).map(|place| row.get(place).copied().unwrap_or("")).collect::<Vec<_>>().join(",");
        let text = std::iter::once(header.clone()).chain(rows.iter().map(row)).collect::<Vec<_>>().join("\n");
        std::fs::write(folder.join(file), text).unwrap();
        if let Ok(terms) = backstop::settle::terms::Terms::read(folder, &day.intake, &|_| {})
            && let Ok(built) = backstop::settle::market::build(day, &terms)
        {
            let shards = backstop::settle::run::shards(day, &built, 3);
            let _ = settlement::batch::settle(&built.market, &shards, &settlement::batch::Progress::default());
        }
    }
}
