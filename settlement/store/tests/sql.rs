//! The rules as set-based SQL give what the batch gives: what the benchmark times is the same work.

#[path = "../../benches/generated/mod.rs"]
mod generated;
mod server;
mod set_based;

use settlement::batch::{Progress, settle};

#[test]
fn sql_settles_a_generated_day_as_the_batch_does() {
    let Some(server) = server::start("settlement as SQL", &[("fsync", "off")]) else { return };
    let market = generated::market(2_000);
    let shards = generated::shards(&market, 2_000, 60_000);
    let settled = settle(&market, &shards, &Progress::default()).expect("it settles");
    let closed_today: u64 = settled.rows.iter().map(|row| row.row.closed_today).sum();
    let assigned: u64 = settled.rows.iter().map(|row| u64::from(row.at_end.assigned)).sum();
    assert!(assigned > 0 && closed_today > 0, "{assigned} {closed_today}");
    println!("{} rows, {closed_today} lots closed today's, {assigned} assigned", settled.rows.len());
    let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).expect("it answers");
    set_based::load(&mut client, &market, &generated::fee_rules(), &shards);
    set_based::settle(&mut client);
    let equal = set_based::compare(&mut client, &settled, true);
    assert!(equal > 50_000, "{equal} figures");
}
