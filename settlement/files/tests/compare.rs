//! Comparison: equal is equal in every form; each planted difference is found, with its column, its size and the trade since which; what is missing
//! is named; bytes from outside end in words.

mod common;

use common::{files, settled_day};
use proptest::prelude::*;
use settlement::Money;
use settlement::result::DayResult;
use settlement_files::compare::{Comparison, Found};
use settlement_files::{FileKind, Why, compare, write};
use std::fs;
use std::path::{Path, PathBuf};

fn written(result: &DayResult, kinds: &[FileKind]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(result, folder.path(), kinds, &|_, _| {}).expect("it fits");
    folder
}

fn compared(one: &Path, other: &Path) -> Comparison {
    compare(one, other).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_day_equals_itself_in_every_form() {
    let result = settled_day(40, 200);
    let (all, again, csv, dbf) = (
        written(&result, &FileKind::ALL),
        written(&result, &FileKind::ALL),
        written(&result, &[FileKind::Csv]),
        written(&result, &[FileKind::Members]),
    );
    let found = compared(all.path(), again.path());
    assert!(found.is_equal() && found.counts.rounded == 0, "{:?}", found.items);
    assert_eq!(found.tables.len(), 11);
    assert!(found.counts.rows > 400 && found.counts.equal > 3_000, "{:?}", found.counts);
    let found = compared(dbf.path(), csv.path());
    assert_eq!((found.counts.different, found.items.len()), (0, 0), "{:?}", found.items);
    assert_eq!(found.not_compared.len(), 6, "the tables that members do not get");
    assert!(!found.is_equal() && compared(csv.path(), dbf.path()).is_equal(), "ours must have what theirs has");
    assert_eq!(found.tables.len(), 5);
    assert_eq!(compared(csv.path(), dbf.path()).counts, found.counts);
}

#[test]
fn each_difference_is_told_by_how_much_and_since_which_trade() {
    let ours = settled_day(41, 200);
    let mut theirs = ours.clone();
    // The trade of the tenth line had another price there, and the row another fee.
    let leg = theirs.trades[10].leg;
    theirs.trades[10].leg.price.0 += 2_000;
    let row = theirs.settled.rows.iter_mut().find(|row| row.key == leg.row).expect("the row of the leg");
    row.figures.fees.transaction = Money(row.figures.fees.transaction.0 + 1);
    let of_member = usize::from(ours.member_of(leg.row.account).0);
    let clearing = usize::from(ours.market.members[of_member].clearing.0);
    let funds = theirs.settled.funds[clearing].as_mut().expect("it clears");
    funds.reserve = Money(funds.reserve.0 - 5);
    let (one, other) = (written(&ours, &[FileKind::Members]), written(&theirs, &[FileKind::Members]));
    let found = compared(one.path(), other.path());
    assert!(!found.is_equal());
    let member = &ours.names.members[of_member].id;
    let (client, instrument) = (ours.client(leg.row.account), ours.instrument(leg.row.instrument));
    let item = |table: &str, column: &str| {
        let found = found.items.iter().find(|item| item.table == table && item.column.as_deref() == Some(column));
        found.unwrap_or_else(|| panic!("{table} {column} is not among {:?}", found))
    };
    let price = item("Trade", "Tprice");
    assert_eq!(price.key[..3], [member.as_str(), client, instrument]);
    assert_eq!(price.difference.as_deref(), Some("-0.2000"));
    let fee = item("SettlementDetail", "transfee");
    assert_eq!(
        (fee.key.clone(), fee.difference.as_deref()),
        (vec![member.clone(), client.into(), instrument.into()], Some("-0.0001"))
    );
    let trade = String::from_utf8_lossy(&ours.trades[10].trade_id).trim().to_owned();
    assert_eq!(fee.since.as_ref().map(|since| &since.trade), Some(&trade));
    let reserve = item("Capital", "itemValue");
    assert_eq!(reserve.difference.as_deref(), Some("0.0005"));
    assert_eq!(reserve.since.is_some(), of_member == clearing, "the trade is of another member's account");
    // Price and amount of the trade; the fee; four lines of funds have the reserve, one its change.
    assert_eq!(found.counts.different, 2 + 1 + 4, "{:#?}", found.items);
    assert_eq!(compared(one.path(), other.path()), found, "the same words again");
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!(json["items"][0]["found"], "different");
}

#[test]
fn what_one_side_does_not_have_is_named() {
    let ours = settled_day(42, 200);
    let mut theirs = ours.clone();
    let gone = theirs.trades.remove(5);
    let (one, other) = (written(&ours, &[FileKind::Members]), written(&theirs, &[FileKind::Members]));
    let found = compared(one.path(), other.path());
    assert_eq!((found.counts.missing_in_theirs, found.counts.different, found.items.len()), (1, 0, 1));
    assert_eq!(found.items[0].found, Found::MissingInTheirs);
    assert_eq!(found.items[0].key[3], String::from_utf8_lossy(&gone.trade_id).trim());
    assert_eq!(compared(other.path(), one.path()).counts.missing_in_ours, 1);
    // A member's file, and a table.
    let paths: Vec<PathBuf> = files(other.path()).into_keys().collect();
    let of = |table: &str| paths.iter().filter(|path| path.to_string_lossy().ends_with(table)).collect::<Vec<_>>();
    fs::remove_file(other.path().join(of("_Capital.dbf")[0])).expect("it was there");
    of("_Delivery.dbf").iter().for_each(|path| fs::remove_file(other.path().join(path)).expect("it was there"));
    fs::write(other.path().join("readme.txt"), "?").expect("a file");
    let found = compared(one.path(), other.path());
    assert_eq!(found.counts.missing_in_theirs, 1 + 29, "the trade and every item of the first member's funds");
    assert_eq!((found.not_compared.len(), found.ignored_files), (1, 1));
    assert!(found.not_compared[0].starts_with("Delivery"));
}

#[test]
fn fewer_decimals_are_no_difference_and_another_rounding_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let side = |name: &str, values: [&str; 5]| {
        let path = folder.path().join(name);
        fs::create_dir_all(&path).expect("a folder");
        let rows = values.iter().enumerate().map(|(place, value)| format!("0153,item {place},{value}\n"));
        fs::write(path.join("Capital.csv"), format!("ACCOUNTID,ITEMDESC,ITEMVALUE\n{}", rows.collect::<String>()))
            .expect("a file");
        path
    };
    let ours = side("ours", ["25.1850", "25.1850", "7.0000", "-", "-3.4950"]);
    let theirs = side("theirs", ["25.19", "25.18", "7", "1.00", "-3.50"]);
    let counts = compared(&ours, &theirs).counts;
    assert_eq!((counts.equal, counts.rounded, counts.different, counts.unknown), (3, 2, 1, 1));
    assert_eq!(compared(&ours, &theirs).items[0].difference.as_deref(), Some("0.0050"));
}

#[test]
fn what_cannot_be_compared_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let why = |one: &Path, other: &Path| compare(one, other).expect_err("it cannot be compared");
    assert!(matches!(why(folder.path(), &folder.path().join("nowhere")).why, Why::System(_)));
    assert!(matches!(why(folder.path(), folder.path()).why, Why::Form(_)), "nothing is there");
    let result = settled_day(43, 20);
    let ours = written(&result, &[FileKind::Members]);
    let mut other = result.clone();
    other.head.day = 20_240_604;
    let theirs = written(&other, &[FileKind::Members]);
    assert!(why(ours.path(), theirs.path()).to_string().contains("20240604"));
    let csv = folder.path().join("Capital.csv");
    fs::write(&csv, "accountID,itemValue\n1,2\n").expect("a file");
    assert!(why(&csv, &csv).to_string().contains("itemDesc"));
    fs::write(&csv, "accountID,itemDesc,itemValue\n1,2\n").expect("a file");
    assert_eq!(why(&csv, &csv).row, Some(2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_bytes_are_compared_or_refused(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        noise in prop::collection::vec(any::<u8>(), 0..120),
        is_csv in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let name = if is_csv { "Capital.csv" } else { "0153_SG01_20240603_1_Capital.dbf" };
        let whole = if is_csv {
            b"accountID,itemDesc,itemValue\n0153,\"x\",1.0000\n0153,y,-\n".to_vec()
        } else {
            let columns = settlement_files::members::CAPITAL.columns;
            let mut file = settlement_files::dbf::Writer::new(Path::new(name), 20_240_603, columns);
            use settlement_files::table::Cell;
            file.record(&[Cell::Text("0153"), Cell::Text("手续费"), Cell::Decimal(5)]).expect("it fits");
            file.end().0
        };
        let mut bytes = whole.clone();
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        for (side, bytes) in [("a", &whole), ("b", &bytes), ("c", &noise)] {
            fs::create_dir(folder.path().join(side)).expect("a folder");
            fs::write(folder.path().join(side).join(name), bytes).expect("a file");
        }
        let [one, two, three] = ["a", "b", "c"].map(|side| folder.path().join(side));
        let _ = compare(&one, &two);
        let _ = compare(&three, &one);
    }
}
