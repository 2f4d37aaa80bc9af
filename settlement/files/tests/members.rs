//! Members' files: read back by two readers that know nothing of the writer, every figure as the result has it; the same bytes each time;
//! what does not fit is named; bytes from outside never panic.

mod common;

use common::{fees, files, plain_dbf, settled_day, yuan};
use proptest::prelude::*;
use settlement::market::MemberIndex;
use settlement::result::DayResult;
use settlement::row::{Effect, Side};
use settlement_files::table::{Cell, Column, Shape};
use settlement_files::{FileKind, Why, dbf, members, write};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A member's table by another's crate, and by offsets; they agree.
fn read_twice(folder: &Path, member: &str, table: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let path = folder.join(format!("members/{member}/{member}_SG01_20240603_1_{table}.dbf"));
    let (names, rows) = plain_dbf(&std::fs::read(&path).expect("the file is there"));
    let gbk = dbase::encoding::EncodingRs::from(encoding_rs::GBK);
    let mut reader = dbase::ReaderBuilder::new().with_encoding(gbk).open(&path).expect("dbase opens it");
    let date = reader.header().last_update;
    assert_eq!((date.year(), date.month(), date.day()), (2024, 6, 3), "the trading day");
    let records = reader.read().expect("dbase reads it");
    assert_eq!(records.len(), rows.len());
    for (record, row) in records.into_iter().zip(&rows) {
        for (name, text) in names.iter().zip(row) {
            let Some(dbase::FieldValue::Character(value)) = record.get(name) else { panic!("{name} is no text") };
            assert_eq!(value.as_deref().unwrap_or("").trim_end(), text, "{name}");
        }
    }
    (names, rows)
}

fn written(result: &DayResult) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let written = write(result, folder.path(), &[FileKind::Members], &|_, _| {}).expect("it fits");
    assert_eq!(written.len(), 5 * result.names.members.len());
    let on_disk = files(folder.path());
    let told: BTreeMap<_, _> = written.iter().map(|file| (file.path.clone(), file.bytes)).collect();
    assert_eq!(told, on_disk.iter().map(|(path, bytes)| (path.clone(), bytes.len() as u64)).collect());
    folder
}

/// Rows that a test expects of one member, in no order.
fn expect(folder: &Path, member: &str, table: &settlement_files::table::Table, expected: Vec<Vec<String>>) -> usize {
    let (names, rows) = read_twice(folder, member, table.name);
    assert_eq!(names, table.columns.iter().map(|column| column.name).collect::<Vec<_>>());
    let count = |rows: &[Vec<String>]| {
        let mut counted: BTreeMap<Vec<String>, u32> = BTreeMap::new();
        rows.iter().for_each(|row| *counted.entry(row.clone()).or_default() += 1);
        counted
    };
    assert_eq!(count(&rows), count(&expected), "{member} {}", table.name);
    rows.len()
}

#[test]
fn every_figure_comes_back_as_the_result_has_it() {
    let (mut deliveries, mut shared) = (0, 0);
    for seed in 0..12 {
        let result = settled_day(seed, 300);
        let folder = written(&result);
        for (place, member) in result.names.members.iter().enumerate() {
            let is_his = |account: settlement::market::AccountIndex| {
                usize::from(result.market.accounts[account.0 as usize].member.0) == place
            };
            let trades = result.trades.iter().filter(|trade| is_his(trade.leg.row.account)).map(|trade| {
                let (leg, seconds) = (trade.leg, trade.time / 1_000_000_000 - 1_717_378_200 + 34_200);
                let multiplier = result.market.instruments[usize::from(leg.row.instrument.0)].multiplier;
                vec![
                    member.id.clone(),
                    result.names.accounts[leg.row.account.0 as usize].clone(),
                    result.names.instruments[usize::from(leg.row.instrument.0)].clone(),
                    String::from_utf8_lossy(&trade.trade_id).trim().to_owned(),
                    leg.lots.to_string(),
                    yuan(leg.price.0.into()),
                    yuan(i128::from(leg.price.0) * i128::from(multiplier) * i128::from(leg.lots)),
                    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60),
                    if leg.side == Side::Buy { "买" } else { "卖" }.to_owned(),
                    if leg.effect == Effect::Open { "开仓" } else { "平仓" }.to_owned(),
                    String::from_utf8_lossy(&trade.order_sys_id).trim().to_owned(),
                    result.names.users[usize::from(trade.user)].clone(),
                ]
            });
            expect(folder.path(), &member.id, &members::TRADE, trades.collect());
            let mut details: BTreeMap<(u32, u16), [i128; 13]> = BTreeMap::new();
            let mut delivered: BTreeMap<(u32, u16), [i128; 3]> = BTreeMap::new();
            for row in result.settled.rows.iter().filter(|row| is_his(row.key.account)) {
                let (day, figures) = (&row.row.day, &row.figures);
                let terms = &result.market.instruments[usize::from(row.key.instrument.0)];
                let multiplier = i128::from(terms.multiplier);
                let money = [figures.margin_long.0 + figures.margin_short.0, figures.profit.0].map(i128::from);
                let figures_of_row = [
                    row.row.bought_to_open.into(),
                    i128::from(day.bought.lots) - i128::from(row.row.bought_to_open),
                    day.bought.lots.into(),
                    row.row.sold_to_open.into(),
                    i128::from(day.sold.lots) - i128::from(row.row.sold_to_open),
                    day.sold.lots.into(),
                    day.bought.amount * multiplier,
                    day.sold.amount * multiplier,
                    figures.long.into(),
                    figures.short.into(),
                    money[0],
                    money[1],
                    fees(row),
                ];
                let key = (row.key.account.0, row.key.instrument.0);
                shared += usize::from(details.contains_key(&key));
                let sums = details.entry(key).or_default();
                sums.iter_mut().zip(figures_of_row).for_each(|(sum, figure)| *sum += figure);
                if figures.delivered > 0 && !matches!(terms.kind, settlement::market::Kind::Option { .. }) {
                    // The net position goes on, whoever netted or moved what: with the sum of both sides it gives each.
                    let net = row.row.day.net() + i128::from(row.at_end.moved_long - row.at_end.moved_short);
                    let left = i128::from(figures.long) - i128::from(figures.short);
                    let lots = i128::from(figures.delivered);
                    let (long, short) = ((lots + net - left) / 2, (lots - net + left) / 2);
                    assert_eq!(long + short, lots);
                    let worth = |lots: i128| lots * i128::from(terms.settlement.0) * multiplier;
                    let sums = delivered.entry(key).or_default();
                    let of_row = [worth(long), worth(short), figures.fees.delivery.0.into()];
                    sums.iter_mut().zip(of_row).for_each(|(sum, figure)| *sum += figure);
                }
            }
            let named = |account: u32, instrument: u16| {
                let names = &result.names;
                [&member.id, &names.accounts[account as usize], &names.instruments[usize::from(instrument)]]
                    .map(String::clone)
            };
            let settlement =
                |instrument: u16| yuan(result.market.instruments[usize::from(instrument)].settlement.0.into());
            let rows = details.iter().map(|(&(account, instrument), figures)| {
                let mut row = named(account, instrument).to_vec();
                row.push(settlement(instrument));
                let is_money = |column: usize| !matches!(column, 0..6 | 8..10);
                let texts = figures.iter().enumerate();
                row.extend(
                    texts.map(|(column, figure)| if is_money(column) { yuan(*figure) } else { figure.to_string() }),
                );
                row
            });
            expect(folder.path(), &member.id, &members::SETTLEMENT_DETAIL, rows.collect());
            let rows = delivered.iter().map(|(&(account, instrument), sums)| {
                let [id, client, name] = named(account, instrument);
                let own = if result.market.accounts[account as usize].own { "自营" } else { "经纪" };
                let mut row = vec![name, id, member.short.clone(), client, own.to_owned(), settlement(instrument)];
                row.extend(sums.map(yuan));
                row
            });
            deliveries += expect(folder.path(), &member.id, &members::DELIVERY, rows.collect());
            let mut items = Vec::new();
            for (account, figures) in result.settled.accounts.iter().filter(|(account, _)| is_his(*account)) {
                let fees = figures.fees;
                let all = [
                    ("P001", "当日盈亏", figures.profit),
                    ("P002", "权利金收支", figures.premium),
                    ("M001", "交易保证金", figures.margin),
                    ("D001", "交割货款", figures.delivery),
                    ("A001", "交易手续费", fees.transaction),
                    ("A003", "交割手续费", fees.delivery),
                    ("A017", "申报费", fees.submission),
                    ("F001", "结算手续费", fees.settlement),
                    ("F002", "移仓手续费", fees.transfer),
                ];
                for (kind, memo, money) in all.into_iter().filter(|(_, _, money)| money.0 != 0) {
                    let client = result.names.accounts[account.0 as usize].clone();
                    let mut amount = yuan(money.0.into());
                    if amount.len() > 12 {
                        // One decimal less for each byte too many: amounts of these days keep two at least.
                        let unit = 10i128.pow(amount.len() as u32 - 12);
                        let parts = i128::from(money.0);
                        let rounded = (parts.abs() + unit / 2) / unit * unit;
                        amount = yuan(if parts < 0 { -rounded } else { rounded });
                        amount.truncate(12);
                    }
                    items.push(vec![
                        member.id.clone(),
                        member.id.clone(),
                        client,
                        amount,
                        kind.to_owned(),
                        memo.to_owned(),
                    ]);
                }
            }
            expect(folder.path(), &member.id, &members::CLIENT_CAPITAL_DETAIL, items);
        }
    }
    assert!(deliveries > 20 && shared > 20, "{deliveries} deliveries, {shared} rows of one code and instrument");
}

#[test]
fn capital_adds_up_line_by_line() {
    let result = settled_day(5, 300);
    let folder = written(&result);
    for (place, member) in result.names.members.iter().enumerate() {
        let (_, rows) = read_twice(folder.path(), &member.id, "Capital");
        let Some(funds) = result.settled.funds[place] else {
            assert!(rows.is_empty(), "another clears it");
            continue;
        };
        let item = |text: &str| {
            let row = rows.iter().find(|row| row[1] == text).unwrap_or_else(|| panic!("no {text}"));
            assert_eq!(row[0], member.id);
            let parts = row[2].replace('.', "").parse::<i64>().expect("four decimals");
            assert_eq!(yuan(parts.into()), row[2]);
            parts
        };
        let given = &result.market.members[place];
        let items = [
            (
                "上一交易日实有货币资金余额",
                given.previous_reserve.0 + given.previous_margin.0 - given.previous_collateral.0,
            ),
            ("加：当日收入资金", given.deposited.0),
            ("减：当日付出资金", given.withdrawn.0),
            ("当日盈亏", funds.figures.profit.0 + funds.figures.premium.0 + funds.figures.delivery.0),
            ("其中：权利金收支", funds.figures.premium.0),
            ("其中：交割货款", funds.figures.delivery.0),
            ("有价证券充抵金额", funds.collateral.0),
            ("当日实有货币资金余额", funds.balance.0),
            ("其中：交易保证金", funds.figures.margin.0),
            ("减：交易保证金", funds.figures.margin.0),
            ("结算准备金", funds.reserve.0),
            ("当日结算准备金余额", funds.reserve.0),
            ("下一交易日开仓准备金", funds.reserve.0),
            ("其中：交易保证金变动", funds.figures.margin.0 - given.previous_margin.0),
            ("结算准备金变动", funds.reserve.0 - given.previous_reserve.0),
            ("其中：交易手续费", funds.figures.fees.transaction.0),
            ("交割手续费", funds.figures.fees.delivery.0),
            ("追加保证金", funds.call.0),
            ("可出金额", funds.withdrawable.0),
        ];
        for (text, parts) in items {
            assert_eq!(item(text), parts, "{} {text}", member.id);
        }
        assert_eq!(
            item("上一交易日实有货币资金余额") + item("加：当日收入资金") + item("当日盈亏")
                - item("减：当日付出资金")
                - item("手续费"),
            item("当日实有货币资金余额")
        );
        assert_eq!(item("手续费"), item("应收手续费"));
        assert_eq!(
            ["其中：交易手续费", "结算手续费", "交割手续费", "移仓手续费", "其中：申报费"]
                .map(item)
                .iter()
                .sum::<i64>(),
            item("手续费")
        );
        let unknown: BTreeSet<&str> = rows.iter().filter(|row| row[2] == "-").map(|row| row[1].as_str()).collect();
        assert_eq!(unknown, BTreeSet::from(["加：申报划入金额", "减：申报划出金额", "其它"]));
    }
}

#[test]
fn a_second_run_writes_the_same_bytes() {
    let result = settled_day(3, 200);
    let (one, other) = (written(&result), written(&result));
    let (one, other) = (files(one.path()), files(other.path()));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert!(one == other, "the same bytes");
}

#[test]
fn what_does_not_fit_is_named_with_its_file_row_and_column() {
    let fault = |result: &DayResult| {
        let folder = tempfile::tempdir().expect("a folder");
        let error = write(result, folder.path(), &[FileKind::Members], &|_, _| {}).expect_err("it does not fit");
        assert!(files(folder.path()).keys().all(|path| path.extension().is_some_and(|ending| ending == "dbf")));
        error
    };
    let whole = settled_day(1, 60);
    let mut result = whole.clone();
    let of_member =
        |place: usize| usize::from(whole.market.accounts[whole.trades[place].leg.row.account.0 as usize].member.0);
    result.trades[7].trade_id = *b"12345678901234567890";
    let member = of_member(7);
    let row = (0..=7).filter(|&place| of_member(place) == member).count() as u64;
    let error = fault(&result);
    let id = &whole.names.members[member].id;
    assert_eq!(error.file, Path::new(&format!("members/{id}/{id}_SG01_20240603_1_Trade.dbf")));
    assert_eq!((error.row, error.column.as_deref()), (Some(row), Some("Tradeid")));
    assert_eq!(error.why, Why::TooWide { value: "12345678901234567890".into(), width: 12 });
    let mut result = whole.clone();
    result.names.accounts[3] = "ok\u{1F600}".into();
    assert_eq!(fault(&result).why, Why::Character("ok\u{1F600}".into()));
    let mut result = whole.clone();
    result.names.members[2].id = "../x".into();
    assert_eq!(fault(&result).why, Why::Id("../x".into()));
    let mut result = whole.clone();
    result.names.members[2].id = result.names.members[1].id.clone();
    assert!(matches!(fault(&result).why, Why::Inconsistent(_)));
    let mut result = whole.clone();
    result.trades[0].user = 99;
    assert!(matches!(fault(&result).why, Why::Inconsistent(_)));
    let mut result = whole.clone();
    result.settled.rows.swap(0, 1);
    assert!(matches!(fault(&result).why, Why::Inconsistent(_)));
    let mut result = whole;
    result.names.members[0].short = "一个很长的会员简称".into();
    let folder = written(&result);
    let (_, rows) = read_twice(folder.path(), "0153", "Delivery");
    assert!(rows.iter().all(|row| row[2] == "0153"), "the id where the short name is too long");
}

#[test]
fn a_trade_that_closed_yesterdays_and_todays_lots_is_one_record() {
    let mut result = settled_day(2, 80);
    let (place, trade) = result
        .trades
        .iter()
        .enumerate()
        .find(|(_, trade)| matches!(trade.leg.effect, Effect::Close(_)) && trade.leg.lots > 1)
        .map(|(place, trade)| (place, *trade))
        .expect("some trade closes");
    let before = read_trades(&result);
    result.trades[place].leg.lots = 1;
    let mut rest = trade;
    rest.leg.lots -= 1;
    result.trades.insert(place + 1, rest);
    assert_eq!(before, read_trades(&result));
}

fn read_trades(result: &DayResult) -> Vec<Vec<String>> {
    let folder = written(result);
    let members = (0..result.names.members.len()).map(|place| result.member(MemberIndex(place as u16)));
    members.flat_map(|member| read_twice(folder.path(), member, "Trade").1).collect()
}

const COLUMNS: [Column; 3] = [
    Column { name: "text", width: 20, shape: Shape::Text },
    Column { name: "count", width: 20, shape: Shape::Count },
    Column { name: "money", width: 22, shape: Shape::Decimal },
];

proptest! {
    #[test]
    fn names_and_values_that_fit_come_back(
        rows in prop::collection::vec(("[ -~中国金融期货交易所甲乙丙、（）€]{0,12}", any::<i64>(), any::<i64>()), 0..20),
    ) {
        let mut file = dbf::Writer::new(Path::new("t.dbf"), 20_240_603, &COLUMNS);
        let mut kept = Vec::new();
        for (text, count, parts) in &rows {
            let wide: usize = text.trim().chars().map(|letter| if letter.is_ascii() || letter == '€' { 1 } else { 2 }).sum();
            let outcome = file.record(&[Cell::Text(text), Cell::Count(*count), Cell::Decimal(*parts)]);
            if wide > 20 {
                let is_named = matches!(outcome.expect_err("too wide").why, Why::TooWide { width: 20, .. });
                prop_assert!(is_named);
                return Ok(());
            }
            prop_assert_eq!(outcome, Ok(()));
            kept.push(vec![text.trim().to_owned(), count.to_string(), yuan((*parts).into())]);
        }
        let (bytes, records) = file.end();
        prop_assert_eq!(records, kept.len() as u64);
        let read = dbf::read(Path::new("t.dbf"), &bytes).expect("it is one");
        prop_assert_eq!(&read.records, &kept);
        prop_assert_eq!(read.date, 20_240_603);
        prop_assert_eq!(plain_dbf(&bytes).1, kept);
    }

    #[test]
    fn any_bytes_are_a_file_or_an_error(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut file = dbf::Writer::new(Path::new("t.dbf"), 20_240_603, &COLUMNS);
        for count in 0..3 {
            file.record(&[Cell::Text("买"), Cell::Count(count), Cell::Unknown]).expect("it fits");
        }
        let mut bytes = file.end().0;
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = dbf::read(Path::new("t.dbf"), &bytes);
        let _ = dbf::read(Path::new("t.dbf"), &noise);
    }
}
