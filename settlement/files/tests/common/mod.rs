//! Settled random days, with names, and plain readers of the files that are made of them.
#![allow(dead_code)]

#[path = "../../../tests/common/mod.rs"]
mod days;

use settlement::batch::{Progress, SettledRow, settle};
use settlement::result::{DayResult, Head, MemberName, Names, Stage, TradeLine};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A settled random day; members have Chinese names, codes are ten digits.
pub fn settled_day(seed: u64, trades: usize) -> DayResult {
    let day = days::Day::random(seed, trades);
    let settled = settle(&day.market, &day.shards(4), &Progress::default()).expect("the day is balanced");
    let id = |text: String| {
        let mut bytes = [b' '; 20];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        bytes
    };
    let line = |(place, leg): (usize, &settlement::row::Leg)| TradeLine {
        trade_id: id(format!("{:012}", place / 2 + 1)),
        order_sys_id: id(format!("{}", place * 7 + 3)),
        user: (place % 3) as u16,
        // 09:30:00 in the market, 2024-06-03, and a second a leg.
        time: (1_717_378_200 + place as u64) * 1_000_000_000 + 123,
        leg: *leg,
    };
    let names = Names {
        instruments: (0..day.market.instruments.len()).map(|place| format!("X{:04}-{place}", 2_400 + place)).collect(),
        products: (0..day.market.products.len()).map(|place| format!("P{place}")).collect(),
        members: (0..day.market.members.len())
            .map(|place| MemberName { id: format!("{:04}", 153 + place), short: format!("会员{place}") })
            .collect(),
        accounts: (0..day.market.accounts.len()).map(|place| format!("{:010}", 10_000 + place)).collect(),
        bonds: (0..day.market.deliverables.len()).map(|place| format!("{:06}", 19_947 + place)).collect(),
        users: ["015301", "015302", "015303"].map(String::from).to_vec(),
    };
    let head = Head {
        day: day.market.day,
        group: "SG01".into(),
        settlement_id: 1,
        stage: Stage::Check,
        epoch: 3,
        last_sequence: 4_242,
        state_digest: seed,
    };
    DayResult { head, names, trades: day.legs.iter().enumerate().map(line).collect(), market: day.market, settled }
}

/// Every file below a folder, by path from it, with its bytes.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is in the folder").to_path_buf();
                found.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

/// A DBF file read by its offsets alone, knowing nothing of the room's reader: column names and records.
pub fn plain_dbf(bytes: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let number = |from: usize, many: usize| {
        (0..many).map(|place| usize::from(bytes[from + place]) << (8 * place)).sum::<usize>()
    };
    let (records, begin, length) = (number(4, 4), number(8, 2), number(10, 2));
    assert_eq!(bytes.len(), begin + records * length + 1, "the file has the length that its header says");
    assert_eq!((bytes[0], bytes[begin - 1], bytes[bytes.len() - 1]), (3, 0x0D, 0x1A));
    let columns = (begin - 33) / 32;
    let text = |bytes: &[u8]| {
        let (text, has_errors) = encoding_rs::GBK.decode_without_bom_handling(bytes);
        assert!(!has_errors, "it is GBK");
        text.trim_end().to_owned()
    };
    let descriptor = |column: usize| &bytes[32 + 32 * column..64 + 32 * column];
    let names = (0..columns).map(|column| text(&descriptor(column)[..11]).trim_matches('\0').to_owned()).collect();
    let widths: Vec<usize> = (0..columns).map(|column| usize::from(descriptor(column)[16])).collect();
    let mut rows = Vec::new();
    for record in 0..records {
        let mut from = begin + record * length;
        assert_eq!(bytes[from], b' ', "no record is deleted");
        from += 1;
        let mut row = Vec::new();
        for width in &widths {
            row.push(text(&bytes[from..from + width]));
            from += width;
        }
        rows.push(row);
    }
    (names, rows)
}

/// Money in text, with four decimals: written once more, by format strings.
pub fn yuan(parts: i128) -> String {
    format!("{}{}.{:04}", if parts < 0 { "-" } else { "" }, parts.abs() / 10_000, parts.abs() % 10_000)
}

/// All fees of a row.
pub fn fees(row: &SettledRow) -> i128 {
    let fees = &row.figures.fees;
    [fees.transaction, fees.submission, fees.settlement, fees.delivery, fees.transfer]
        .iter()
        .map(|money| i128::from(money.0))
        .sum()
}
