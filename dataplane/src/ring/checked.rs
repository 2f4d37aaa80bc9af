//! The ring in every order that two threads may take, by loom; and larger, in many random orders, by shuttle.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p dataplane --release --lib --target-dir target/loom ring::checked
//! RUSTFLAGS="--cfg shuttle" cargo test -p dataplane --release --lib --target-dir target/shuttle ring::checked
//! ```

use super::{RingReceiver, RingSender, ring};
use engine::command::MAX_COMMAND;
use engine::types::Nanoseconds;

/// Writes record `number`, if there is room: three bytes of it tell which it is.
fn send(sender: &mut RingSender, number: u64, length: usize) -> bool {
    let Some(mut slot) = sender.reserve(length) else { return false };
    slot[0] = number as u8;
    slot[length / 2] = !number as u8;
    slot[length - 1] = number as u8;
    slot.commit(Nanoseconds(number));
    true
}

/// Reads the next record, if there is one, and checks that it is record `number`.
fn receive(receiver: &mut RingReceiver, number: u64) -> bool {
    let Some(record) = receiver.next_record() else { return false };
    let length = record.bytes.len();
    assert_eq!(record.time, Nanoseconds(number));
    assert_eq!(
        [record.bytes[0], record.bytes[length / 2], record.bytes[length - 1]],
        [number as u8, !number as u8, number as u8]
    );
    true
}

/// Every order of a sender and a receiver over a ring of two of the longest records: the third goes round the end, with a filler.
#[cfg(loom)]
#[test]
fn in_every_order_records_come_once_and_whole_and_no_word_is_raced_for() {
    const COUNT: u64 = 4;
    loom::model(|| {
        let (mut sender, mut receiver) = ring(0);
        let thread = loom::thread::spawn(move || {
            let mut number = 0;
            while number < COUNT {
                if send(&mut sender, number, MAX_COMMAND) {
                    number += 1;
                    // The first two are one burst.
                    if number != 1 {
                        sender.publish();
                    }
                } else {
                    loom::thread::yield_now();
                }
            }
        });
        let mut number = 0;
        while number < COUNT {
            if receive(&mut receiver, number) {
                number += 1;
                receiver.release();
            } else {
                loom::thread::yield_now();
            }
        }
        thread.join().expect("it does not panic");
        assert!(receiver.next_record().is_none());
    });
}

/// Three fronts and an engine, each front with a ring of its own that fills often: every record once, in order, from each.
#[cfg(shuttle)]
#[test]
fn in_many_random_orders_nothing_of_any_ring_is_lost() {
    const FRONTS: usize = 3;
    const COUNT: u64 = 24;
    shuttle::check_random(
        || {
            let (senders, mut receivers): (Vec<RingSender>, Vec<RingReceiver>) = (0..FRONTS).map(|_| ring(0)).unzip();
            let fronts: Vec<_> = senders
                .into_iter()
                .enumerate()
                .map(|(front, mut sender)| {
                    shuttle::thread::spawn(move || {
                        let mut number = 0;
                        while number < COUNT {
                            let length = 24 + 8 * ((number as usize * 37 + front * 11) % (MAX_COMMAND / 8 - 2));
                            if send(&mut sender, number, length.min(MAX_COMMAND)) {
                                number += 1;
                            }
                            if number % 3 == 0 {
                                sender.publish();
                            } else if sender.reserve(MAX_COMMAND).is_none() {
                                sender.publish();
                                shuttle::thread::yield_now();
                            }
                        }
                        sender.publish();
                        while !sender.is_drained() {
                            shuttle::thread::yield_now();
                        }
                    })
                })
                .collect();
            let mut numbers = [0; FRONTS];
            while numbers.iter().any(|&number| number < COUNT) {
                for (receiver, number) in receivers.iter_mut().zip(&mut numbers) {
                    // A turn of at most two commands each.
                    for _ in 0..2 {
                        if *number < COUNT && receive(receiver, *number) {
                            *number += 1;
                        }
                    }
                    receiver.release();
                }
                shuttle::thread::yield_now();
            }
            for front in fronts {
                front.join().expect("it does not panic");
            }
        },
        5_000,
    );
}
