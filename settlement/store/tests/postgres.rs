//! Settled days in PostgreSQL: the same promises, held by a real server.

mod common;
mod promises;
mod server;

use settlement_store::{StoreError, open};

#[test]
fn postgresql_keeps_what_a_store_promises() {
    let Some(server) = server::start("the store in PostgreSQL", &[]) else { return };
    promises::all(&mut || open(&server.url()).expect("it opens"));

    // What somebody changed is found, not believed.
    let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).expect("it answers");
    let day = common::settled(1, 1).head.day;
    client.execute("UPDATE accounts SET margin = margin + 1 WHERE place = 3", &[]).expect("it is changed");
    let mut store = open(&server.url()).expect("it opens");
    assert!(matches!(store.read(day, 1), Err(StoreError::Damaged { table: "runs", what: "content" })));
    client.execute("UPDATE rows SET hedge = 'x' || hedge WHERE day = $1", &[&i64::from(day)]).expect("it is changed");
    assert!(matches!(store.read(day, 1), Err(StoreError::Damaged { table: "rows", what: "hedge" })));
    client.execute("UPDATE settlement_store SET version = 99", &[]).expect("it is changed");
    assert!(matches!(open(&server.url()).err(), Some(StoreError::Version(99))));
}

#[test]
fn a_server_that_is_not_there_is_said_without_the_password() {
    let said = open("postgres://me:secret@127.0.0.1:1/none").err().expect("nobody listens there").to_string();
    assert!(said.starts_with("PostgreSQL: ") && !said.contains("secret"), "{said}");
}
