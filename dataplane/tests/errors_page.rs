//! ERRORS.md holds every code that members can read, with the code's own texts, and says where each check stands.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use dataplane::session::Refusal;
use engine::reject::Reject;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../ERRORS.md");

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_start_matches('|').trim_end_matches('|').split('|').map(str::trim).collect()
}

/// The rows of the page's table that follows a line: those whose first cell is a number.
fn rows(head: &str) -> Vec<Vec<&'static str>> {
    let lines = PAGE.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    lines.take_while(|line| line.starts_with('|')).map(cells).collect()
}

#[test]
fn every_code_is_there_once_with_its_texts_and_a_cause() {
    let mut expected: BTreeMap<u16, (&str, &str, &str)> = BTreeMap::new();
    for &reject in Reject::ALL {
        let used = if reject.marks_local_id() { "used up" } else { "" };
        expected.insert(reject as u16, (reject.chinese(), reject.english(), used));
    }
    for &refusal in Refusal::ALL {
        expected.insert(refusal.number(), (refusal.chinese(), refusal.english(), ""));
    }
    let name_service =
        (dataplane::names::EPOCH_LOWER, ("纪元低于已公布的纪元", "epoch is lower than the published one", ""));
    expected.insert(name_service.0, name_service.1);
    let mut codes = Vec::new();
    let mut faults = Vec::new();
    for row in rows("| code |") {
        let code: u16 = row[0].parse().unwrap_or_else(|_| panic!("no code: {row:?}"));
        let [_, chinese, english, cause, used] = row[..] else { panic!("five cells: {row:?}") };
        if expected.get(&code) != Some(&(chinese, english, used)) || cause.is_empty() {
            faults.push(format!("{code}: is {row:?}, the code says {:?}", expected.get(&code)));
        }
        codes.push(code);
    }
    let all: Vec<u16> = expected.keys().copied().collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(codes, all, "every code once, in the order of numbers");
}

#[test]
fn the_checks_stand_where_the_page_says_and_give_its_codes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let table = rows("| # |");
    assert_eq!(table.len(), 12);
    let mut listed = BTreeSet::new();
    for (index, row) in table.iter().enumerate() {
        assert_eq!(row[0], (index + 1).to_string());
        let files = row[3].split('`').skip(1).step_by(2);
        let sources: String = files.map(|file| fs::read_to_string(root.join(file)).expect(file)).collect();
        assert!(!sources.is_empty());
        for code in row[2].split_whitespace().map(|code| code.parse::<u16>().unwrap()) {
            listed.insert(code);
            let name = match Reject::from_code(code) {
                Some(reject) => format!("Reject::{reject:?}"),
                None => {
                    let refusal = Refusal::ALL.iter().find(|refusal| refusal.number() == code).expect("a code");
                    format!("Refusal::{refusal:?}")
                }
            };
            assert!(sources.contains(&name), "check {} does not give {code}, {name}", row[0]);
        }
    }
    // What an order may be refused with by the rules is all in the table.
    let checks = root.join("engine/src/decide/checks");
    let of_orders =
        ["rights", "local_id", "client", "instrument", "function", "phase", "price", "volume", "conditions"];
    let more = ["closing", "limit", "opened", "capacity", "credit"];
    for file in of_orders.iter().chain(&more) {
        let source = fs::read_to_string(checks.join(format!("{file}.rs"))).unwrap();
        for &reject in Reject::ALL {
            let name = format!("Reject::{reject:?}");
            let is_there = source
                .match_indices(&name)
                .any(|(at, _)| !source[at + name.len()..].starts_with(|next: char| next.is_alphanumeric()));
            // A quote's cancel and an instruction's are looked for in the same files; only an order's checks are listed.
            if is_there && !listed.contains(&(reject as u16)) {
                panic!("{file}.rs gives {reject:?}, which the page's checks do not list");
            }
        }
    }
}

#[test]
fn every_check_has_its_file_and_every_file_its_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/src/decide/checks");
    let modules = fs::read_to_string(root.join("mod.rs")).unwrap();
    for entry in fs::read_dir(&root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(module == "mod" || modules.contains(&format!("mod {module};")), "{name} is no check of anybody's");
    }
}
