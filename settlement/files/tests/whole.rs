//! The regulator's set, CSV and Parquet: read back, every figure as the result has it, the same in each form, the same bytes each time.

mod common;

use common::{files, plain_dbf, settled_day, yuan};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use settlement::market::Kind;
use settlement::result::DayResult;
use settlement::row::Effect;
use settlement_files::{FileKind, Why, market, members, regulator, write};
use std::collections::BTreeMap;
use std::path::Path;

fn written(result: &DayResult) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(result, folder.path(), &FileKind::ALL, &|_, _| {}).expect("it fits");
    folder
}

/// Lines of a kind over all members, each with its fields.
fn uploaded(folder: &Path, result: &DayResult, kind: &str) -> Vec<Vec<String>> {
    let columns = regulator::UPLOADS.iter().find(|upload| upload.kind == kind).expect("a kind").columns.len();
    let mut lines = Vec::new();
    for member in &result.names.members {
        let bytes =
            std::fs::read(folder.join(format!("regulator/{0}/{0}{kind}20240603.txt", member.id))).expect("the file");
        let (text, has_errors) = encoding_rs::GBK.decode_without_bom_handling(&bytes);
        assert!(!has_errors && (text.is_empty() || text.ends_with("\r\n")));
        for line in text.split_terminator("\r\n") {
            let fields: Vec<String> = line.split('@').map(String::from).collect();
            assert_eq!(
                (fields.len(), fields[0].as_str(), fields[1].as_str()),
                (columns, "2024-06-03", member.id.as_str())
            );
            lines.push(fields);
        }
    }
    lines
}

/// Money in a field.
fn parts(text: &str) -> i128 {
    let parts: i128 = text.replace('.', "").parse().unwrap_or_else(|_| panic!("{text} is no money"));
    assert_eq!(yuan(parts), text);
    parts
}

fn lots(text: &str) -> u64 {
    text.parse().expect("lots")
}

#[test]
fn the_regulators_set_adds_up_to_the_result() {
    let (mut closed, mut exercised, mut bonds) = (0, 0, 0);
    for seed in 0..10 {
        let result = settled_day(seed, 300);
        let folder = written(&result);
        let read = |kind: &str| uploaded(folder.path(), &result, kind);
        let name = |place: u16| result.names.instruments[usize::from(place)].clone();
        let terms = |place: u16| &result.market.instruments[usize::from(place)];
        let is_option = |place: u16| matches!(terms(place).kind, Kind::Option { .. });
        let rows = &result.settled.rows;
        // Profit: of trades and of positions together what the rows have.
        let mut profits: BTreeMap<(String, String, String), i128> = BTreeMap::new();
        for line in read("trddata") {
            *profits.entry((line[1].clone(), line[14].clone(), line[3].clone())).or_default() += parts(&line[11]);
        }
        for line in read("holddata") {
            *profits.entry((line[1].clone(), line[12].clone(), line[2].clone())).or_default() += parts(&line[7]);
        }
        let mut expected: BTreeMap<(String, String, String), i128> = BTreeMap::new();
        for row in rows.iter().filter(|row| !is_option(row.key.instrument.0)) {
            let member = result.member(result.member_of(row.key.account)).to_owned();
            let client = result.client(row.key.account).to_owned();
            *expected.entry((member, client, name(row.key.instrument.0))).or_default() +=
                i128::from(row.figures.profit.0);
        }
        profits.retain(|_, profit| *profit != 0);
        expected.retain(|_, profit| *profit != 0);
        assert_eq!(profits, expected, "seed {seed}");
        // Trades, lot by lot and yuan by yuan.
        for (kind, of_options) in [("trddata", false), ("opttrddata", true)] {
            let told: (u64, i128) =
                read(kind).iter().fold((0, 0), |sum, line| (sum.0 + lots(&line[5]), sum.1 + parts(&line[7])));
            let legs =
                result.trades.iter().map(|trade| trade.leg).filter(|leg| is_option(leg.row.instrument.0) == of_options);
            let had = legs.fold((0, 0), |sum, leg| {
                let worth =
                    i128::from(leg.price.0) * i128::from(leg.lots) * i128::from(terms(leg.row.instrument.0).multiplier);
                (sum.0 + u64::from(leg.lots), sum.1 + worth)
            });
            assert_eq!(told, had);
        }
        let told: u64 = read("liquiddetails").iter().map(|line| lots(&line[5])).sum();
        let closes = result
            .trades
            .iter()
            .map(|trade| trade.leg)
            .filter(|leg| leg.effect != Effect::Open && !is_option(leg.row.instrument.0));
        assert_eq!(told, closes.map(|leg| u64::from(leg.lots)).sum::<u64>());
        closed += told;
        // Positions and their margin.
        for (kind, of_options) in [("holddata", false), ("optholddata", true)] {
            let told: (u64, i128) =
                read(kind).iter().fold((0, 0), |sum, line| (sum.0 + lots(&line[5]), sum.1 + parts(&line[6])));
            let held = rows.iter().filter(|row| is_option(row.key.instrument.0) == of_options).map(|row| &row.figures);
            let had = held.fold((0, 0), |sum, figures| {
                let margin = i128::from(figures.margin_long.0) + i128::from(figures.margin_short.0);
                (sum.0 + u64::from(figures.long) + u64::from(figures.short), sum.1 + margin)
            });
            assert_eq!(told, had);
        }
        // Exercise: what holders gain and sellers pay; both sides' lots.
        let lines = read("optexerdata");
        let told: i128 = lines.iter().map(|line| parts(&line[8])).sum();
        let options = || rows.iter().filter(|row| is_option(row.key.instrument.0));
        assert_eq!(told, options().map(|row| i128::from(row.figures.profit.0)).sum::<i128>());
        let told: u64 = lines.iter().map(|line| lots(&line[4])).sum();
        assert_eq!(told, options().map(|row| u64::from(row.figures.delivered)).sum::<u64>());
        exercised += told;
        // Delivery: lots of today's, and both sides of what is under way; fees of both.
        let lines = read("delivdetails");
        let is_today = |line: &&Vec<String>| matches!(line[7].as_str(), "cash" | "entered");
        let told: u64 = lines.iter().filter(is_today).map(|line| lots(&line[4])).sum();
        let futures = || rows.iter().filter(|row| !is_option(row.key.instrument.0));
        assert_eq!(told, futures().map(|row| u64::from(row.figures.delivered)).sum::<u64>());
        let fees: i128 = lines.iter().map(|line| parts(&line[9])).sum();
        assert_eq!(fees, futures().map(|row| i128::from(row.figures.fees.delivery.0)).sum::<i128>());
        let paid: i128 = lines.iter().filter(|line| line[7] == "payment").map(|line| parts(&line[8])).sum();
        let under_way = &result.settled.deliveries;
        let payments = under_way.iter().filter(|line| line.day == settlement::delivery::DeliveryDay::Payment);
        assert_eq!(paid, payments.map(|line| 2 * i128::from(line.invoice.0)).sum::<i128>());
        bonds += lines.iter().filter(|line| !is_today(line)).count();
        // Funds.
        let lines = read("cusfund");
        assert_eq!(lines.len(), result.settled.funds.iter().flatten().count());
        for line in &lines {
            let place = result.names.members.iter().position(|member| member.id == line[1]).expect("a member");
            let funds = result.settled.funds[place].expect("it clears");
            let fees = funds.figures.fees.total().expect("it fits");
            let had = [
                (3, funds.reserve),
                (4, funds.figures.premium),
                (5, fees),
                (7, funds.collateral),
                (8, funds.balance),
                (9, funds.figures.margin),
                (10, funds.figures.profit),
                (12, funds.call),
                (13, funds.withdrawable),
                (14, funds.figures.delivery),
            ];
            had.iter().for_each(|(column, money)| assert_eq!(parts(&line[*column]), i128::from(money.0), "{column}"));
            let paid: i128 = read("otherfund")
                .iter()
                .filter(|other| other[1] == line[1] && matches!(other[3].as_bytes()[0], b'A' | b'F'))
                .map(|other| parts(&other[4]))
                .sum();
            assert_eq!(paid, -i128::from(fees.0));
            let moved: i128 =
                read("fundchg").iter().filter(|other| other[1] == line[1]).map(|other| parts(&other[2])).sum();
            let given = &result.market.members[place];
            assert_eq!(moved, i128::from(given.deposited.0 - given.withdrawn.0));
        }
        assert_eq!(read("cuscode").len(), result.names.accounts.len());
        assert!(read("customer").len() <= result.names.accounts.len());
        assert_eq!(read("cusaccount").len(), lines.len());
    }
    assert!(
        closed > 100 && exercised > 20 && bonds > 5,
        "{closed} lots closed, {exercised} exercised, {bonds} lines of bonds"
    );
}

#[test]
fn the_columns_stand_in_the_prose_as_they_are_written() {
    let prose = include_str!("../src/regulator.rs");
    for upload in regulator::UPLOADS {
        let line = format!("//! | {} | {} |\n", upload.kind, upload.columns.join(" "));
        assert!(prose.contains(&line), "{line}");
    }
    assert_eq!(regulator::UPLOADS.len(), 14);
}

#[test]
fn a_sign_that_separates_is_no_part_of_a_name() {
    let mut result = settled_day(1, 20);
    let client = result.market.accounts.len() - 1;
    result.names.accounts[client] = "a@b".into();
    let folder = tempfile::tempdir().expect("a folder");
    let error = write(&result, folder.path(), &[FileKind::Regulator], &|_, _| {}).expect_err("it cannot stand there");
    assert_eq!((error.why, error.column.as_deref()), (Why::Character("a@b".into()), Some("code")));
    let holder = result.settled.rows[0].key.account.0 as usize;
    result.names.accounts[holder] = "a\nb".into();
    let error = write(&result, folder.path(), &[FileKind::Csv], &|_, _| {}).expect_err("a line is a line");
    assert_eq!(error.why, Why::Character("a\nb".into()));
}

/// A CSV file: its head and rows.
fn csv(folder: &Path, table: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(folder.join(format!("csv/{table}.csv"))).expect("the file");
    let texts = |record: &csv::StringRecord| record.iter().map(String::from).collect::<Vec<_>>();
    let head = texts(reader.headers().expect("a head"));
    (head, reader.records().map(|record| texts(&record.expect("a row"))).collect())
}

/// A Parquet file by the record reader, as the texts that CSV has.
fn parquet(folder: &Path, table: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let file = std::fs::File::open(folder.join(format!("parquet/{table}.parquet"))).expect("the file");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let said = reader.metadata().file_metadata().key_value_metadata().expect("which run").clone();
    assert!(said.iter().any(|said| said.key == "day" && said.value.as_deref() == Some("20240603")));
    let columns = reader.metadata().file_metadata().schema_descr().columns().to_vec();
    let head = columns.iter().map(|column| column.name().to_owned()).collect();
    let text = |field: &Field| match field {
        Field::Str(text) => text.clone(),
        Field::Long(count) => count.to_string(),
        Field::Null => "-".into(),
        Field::Decimal(value) => {
            assert_eq!((value.precision(), value.scale()), (18, 4));
            let bytes: [u8; 8] = value.data().try_into().expect("eight bytes");
            yuan(i64::from_be_bytes(bytes).into())
        }
        other => panic!("{other:?}"),
    };
    let rows = reader.get_row_iter(None).expect("rows");
    let rows = rows.map(|row| row.expect("a row").get_column_iter().map(|(_, field)| text(field)).collect());
    (head, rows.collect())
}

#[test]
fn csv_and_parquet_have_every_row_of_the_members_files_and_every_figure_of_the_result() {
    for seed in 20..26 {
        let result = settled_day(seed, 300);
        let folder = written(&result);
        for table in market::TABLES {
            let (head, rows) = csv(folder.path(), table.name);
            assert_eq!(head, table.columns.iter().map(|column| column.name).collect::<Vec<_>>());
            assert_eq!((head, rows.clone()), parquet(folder.path(), table.name), "{}", table.name);
            let mut keys: Vec<Vec<&String>> =
                rows.iter().map(|row| table.key.iter().map(|&column| &row[column]).collect()).collect();
            keys.sort();
            let many = keys.len();
            keys.dedup();
            assert!(keys.len() == many || table.name == "BondDelivery", "{}: the key says which row it is", table.name);
        }
        for table in members::TABLES {
            let (_, mut rows) = csv(folder.path(), table.name);
            let of_members = result.names.members.iter().flat_map(|member| {
                let path = format!("members/{0}/{0}_SG01_20240603_1_{1}.dbf", member.id, table.name);
                plain_dbf(&std::fs::read(folder.path().join(path)).expect("the file")).1
            });
            let of_members: Vec<_> = of_members.collect();
            if table.name == "ClientCapitalDetail" {
                // There an amount has the decimals that fit.
                let rounded = rows.iter_mut().zip(&of_members).filter(|(row, other)| row[3] != other[3]);
                rounded.for_each(|(row, other)| {
                    assert!(row[3].len() > 12 && parts(&row[3]).abs() >= 10_000_000_000, "{} {}", row[3], other[3]);
                    row[3] = other[3].clone();
                });
            }
            assert_eq!(rows, of_members, "{}", table.name);
        }
        let money = |money: &settlement::Money| yuan(money.0.into());
        let fees = |fees: &settlement::rules::fee::Fees| {
            [fees.transaction, fees.submission, fees.settlement, fees.delivery, fees.transfer].map(|fee| money(&fee))
        };
        let (_, rows) = csv(folder.path(), "Position");
        let told: BTreeMap<Vec<String>, Vec<String>> =
            rows.into_iter().map(|row| (row[..4].to_vec(), row[4..].to_vec())).collect();
        assert_eq!(told.len(), result.settled.rows.len());
        for row in &result.settled.rows {
            let key = vec![
                result.member(result.member_of(row.key.account)).to_owned(),
                result.client(row.key.account).to_owned(),
                result.instrument(row.key.instrument).to_owned(),
                char::from(row.key.hedge).to_string(),
            ];
            let multiplier = i128::from(result.market.instruments[usize::from(row.key.instrument.0)].multiplier);
            let (of, figures, end) = (&row.row, &row.figures, &row.at_end);
            let counts: [i128; 11] = [
                of.day.previous_long.into(),
                of.day.previous_short.into(),
                of.long.yesterday.into(),
                of.long.today.into(),
                of.short.yesterday.into(),
                of.short.today.into(),
                of.day.bought.lots.into(),
                of.bought_to_open.into(),
                of.day.sold.lots.into(),
                of.sold_to_open.into(),
                of.closed_today.into(),
            ];
            let mut had: Vec<String> = counts.iter().map(i128::to_string).collect();
            had.extend([of.day.bought.amount, of.day.sold.amount].map(|amount| yuan(amount * multiplier)));
            let counts: [i64; 8] = [
                end.netted.into(),
                end.moved_long.into(),
                end.moved_short.into(),
                end.exercised.into(),
                end.assigned.into(),
                figures.delivered.into(),
                figures.long.into(),
                figures.short.into(),
            ];
            had.extend(counts.iter().map(i64::to_string));
            had.extend([figures.profit, figures.premium, figures.margin_long, figures.margin_short].iter().map(money));
            had.extend(fees(&figures.fees));
            assert_eq!(told.get(&key), Some(&had), "{key:?}");
        }
        let (_, rows) = csv(folder.path(), "Account");
        let told: BTreeMap<&String, &[String]> = rows.iter().map(|row| (&row[1], &row[3..])).collect();
        assert_eq!(told.len(), result.settled.accounts.len());
        for (account, figures) in &result.settled.accounts {
            let mut had: Vec<String> =
                [figures.profit, figures.premium, figures.margin, figures.delivery].iter().map(money).collect();
            had.extend(fees(&figures.fees));
            assert_eq!(told[&result.names.accounts[account.0 as usize]], had);
        }
        let (_, rows) = csv(folder.path(), "Funds");
        let clears = result.settled.funds.iter().zip(&result.market.members).zip(&result.names.members);
        let had = clears.filter_map(|((funds, given), name)| {
            let funds = (*funds)?;
            let of = funds.figures;
            let mut had = vec![name.id.clone()];
            let before = [given.previous_reserve, given.previous_margin, given.previous_collateral];
            had.extend(before.iter().chain(&[given.deposited, given.withdrawn]).map(money));
            had.extend([of.profit, of.premium, of.margin, of.delivery].iter().map(money));
            had.extend(fees(&of.fees));
            let after = [funds.reserve, funds.balance, funds.collateral, given.minimum_reserve];
            had.extend(after.iter().chain(&[funds.call, funds.withdrawable]).map(money));
            Some(had)
        });
        assert_eq!(rows, had.collect::<Vec<_>>());
        let (_, rows) = csv(folder.path(), "Instrument");
        for ((row, terms), name) in rows.iter().zip(&result.market.instruments).zip(&result.names.instruments) {
            let prices = [terms.previous_settlement, terms.settlement, terms.underlying];
            let had = prices.map(|price| yuan(price.0.into()));
            assert_eq!((&row[0], &row[5], &row[6..9]), (name, &terms.multiplier.to_string(), &had[..]));
        }
        let (_, rows) = csv(folder.path(), "Member");
        assert_eq!(rows.len(), 2 * result.names.members.len());
        for (row, (place, own)) in rows.iter().zip((0..rows.len()).map(|place| (place / 2, place % 2 == 0))) {
            let figures = &result.settled.members[place];
            let figures = if own { &figures.own } else { &figures.brokerage };
            assert_eq!((&row[0], row[1] == "自营"), (&result.names.members[place].id, own));
            let mut had: Vec<String> =
                [figures.profit, figures.premium, figures.margin, figures.delivery].iter().map(money).collect();
            had.extend(fees(&figures.fees));
            assert_eq!(row[3..], had);
        }
    }
}

#[test]
fn every_kind_is_written_the_same_again() {
    let result = settled_day(30, 200);
    let (one, other) = (files(written(&result).path()), files(written(&result).path()));
    assert_eq!(one.len(), result.names.members.len() * (5 + 14 + 1) + 2 * market::TABLES.len());
    for (path, bytes) in &one {
        assert!(other[path] == *bytes, "{}", path.display());
    }
}
