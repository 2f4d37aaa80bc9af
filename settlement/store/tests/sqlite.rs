//! Settled days in SQLite: what was saved is what is read, a run is there whole or not at all, and damage is found.

mod common;
mod promises;

use settlement_store::{Store, StoreError, open};
use std::path::Path;

fn store(path: &Path) -> Box<dyn Store> {
    open(path.to_str().expect("the path is a text")).expect("it opens")
}

#[test]
fn sqlite_keeps_what_a_store_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("settlement.sqlite");
    promises::all(&mut || store(&path));
}

#[test]
fn an_address_that_is_none_is_said() {
    for url in ["", "sqlite:", "mysql://here/there"] {
        assert!(matches!(open(url), Err(StoreError::Url)), "{url}");
    }
    let said = open("sqlite:/nowhere/at/all/x").err().expect("it is refused").to_string();
    assert!(said.starts_with("/nowhere/at/all/x: "), "{said}");
}

#[test]
fn a_file_with_any_byte_changed_is_refused_or_the_same_and_never_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("settlement.sqlite");
    let result = common::settled(3, 30);
    store(&path).save(&result).expect("it is saved");
    let clean = std::fs::read(&path).expect("it is there");
    let mut random = common::random::Random::new(3);
    let (mut refused, mut same) = (0, 0);
    for _ in 0..300 {
        let mut bytes = clean.clone();
        let place = random.below(bytes.len() as u64) as usize;
        bytes[place] ^= 1 << random.below(8);
        let changed = folder.path().join("changed.sqlite");
        std::fs::write(&changed, &bytes).expect("it is written");
        let read = open(changed.to_str().expect("a text")).and_then(|mut store| store.read(result.head.day, 1));
        match read {
            Ok(read) => {
                // What is no content (free space, the time it was saved) may change; the stage is checked against its steps.
                assert_eq!(promises::kept(&result), read, "byte {place}");
                same += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("{refused} refused, {same} the same");
    assert!(refused > 50 && same > 0, "{refused} refused, {same} the same");
}

#[test]
fn another_schema_is_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("settlement.sqlite");
    drop(store(&path));
    let connection = rusqlite::Connection::open(&path).expect("it opens");
    connection.execute("UPDATE settlement_store SET version = 99", []).expect("it is changed");
    drop(connection);
    let said = open(path.to_str().expect("a text")).err();
    assert!(matches!(said, Some(StoreError::Version(99))), "{said:?}");
}
