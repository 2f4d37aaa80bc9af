//! The command ring: one producer (ingress), one consumer (engine), records of variable length.
//!
//! A record is 16 bytes and a command, in 64-bit words, never broken over the ring's end:
//!
//! ```text
//! 0     8   bytes of the command, a multiple of 8; FFFFFFFFFFFFFFFFh = nothing more before the ring's end
//! 8     8   time of the ingress burst that brought it, nanoseconds since the Unix epoch
//! 16    …   the command, as in engine/src/command.rs
//! ```
//!
//! A command is written once, in place: [`RingSender::reserve`], fill, [`Slot::commit`]. Committed records become visible
//! to the consumer together, by [`RingSender::publish`], once a burst. A full ring refuses: who brings the bytes keeps
//! them, TCP's window closes, and nothing is lost. No lock, no allocation after [`ring`]; the same ring works between two
//! threads and within one.
//!
//! Each side owns what the other reads: `tail` belongs to the producer, `head` to the consumer, each on cache lines of its
//! own, and each side keeps a copy of the other's that it renews only when it seems to be stuck.
#![allow(unsafe_code)]

use crossbeam_utils::CachePadded;
use engine::command::MAX_COMMAND;
use engine::types::Nanoseconds;
use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use sync::{Arc, AtomicU64, Ordering, Watch};

/// Bytes of a ring unless another size is asked for: some 1,300 orders, well within a core's cache. A burst of ingress is
/// at most a few hundred commands; what does not fit waits in TCP.
pub const RING_BYTES: usize = 256 * 1024;

/// Words before a command.
const HEADER_WORDS: usize = 2;
/// Length of a record that only fills the rest of the ring.
const FILLER: u64 = u64::MAX;
/// The smallest ring: two of the longest records, so that a filler never stands in the way of the only record.
const MIN_WORDS: usize = 2 * (MAX_COMMAND / 8 + HEADER_WORDS);

/// A ring of at least `bytes` bytes (rounded up to a power of two, and to two of the longest commands).
#[must_use]
pub fn ring(bytes: usize) -> (RingSender, RingReceiver) {
    let words = bytes.div_ceil(8).max(MIN_WORDS).next_power_of_two();
    let shared = Arc::new(Shared {
        words: (0..words).map(|_| UnsafeCell::new(0)).collect(),
        watch: Watch::new(words),
        head: CachePadded::new(AtomicU64::new(0)),
        tail: CachePadded::new(AtomicU64::new(0)),
    });
    (
        RingSender { shared: Arc::clone(&shared), tail: 0, head_seen: 0, published: 0 },
        RingReceiver { shared, head: 0, looked: 0, tail_seen: 0, released: 0 },
    )
}

/// The producer's end.
pub struct RingSender {
    shared: Arc<Shared>,
    /// Words written so far, committed or filler.
    tail: u64,
    /// The consumer's head when we last looked.
    head_seen: u64,
    /// The tail that the consumer knows.
    published: u64,
}

/// The consumer's end.
pub struct RingReceiver {
    shared: Arc<Shared>,
    /// Words read so far.
    head: u64,
    /// Words looked at so far; may be less than `head`.
    looked: u64,
    /// The producer's tail when we last looked.
    tail_seen: u64,
    /// The head that the producer knows.
    released: u64,
}

/// Room for one command, aligned to 8, to be filled. Dropped without [`Slot::commit`] it leaves no trace.
#[must_use = "a slot that is not committed leaves no trace"]
pub struct Slot<'a> {
    sender: &'a mut RingSender,
    /// Where the record's header stands, in words from the ring's beginning.
    place: usize,
    /// The tail after this record.
    tail: u64,
    /// Bytes of the command.
    length: usize,
}

/// A command as the consumer sees it; it stays in place until [`RingReceiver::release`].
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Time of the ingress burst that brought it.
    pub time: Nanoseconds,
    /// The command's bytes, aligned to 8.
    pub bytes: &'a [u8],
}

struct Shared {
    words: Box<[UnsafeCell<u64>]>,
    /// Sees races when the ring is checked, and is nothing otherwise.
    watch: Watch,
    /// Words the consumer is done with.
    head: CachePadded<AtomicU64>,
    /// Words the producer has published.
    tail: CachePadded<AtomicU64>,
}

// JUSTIFICATION: the cells are shared by two threads without a lock; that is what the ring is for.
// SAFETY: words in [head, tail) are only read, and only by the receiver; words in [tail, head + size) are only written,
// and only by the sender. Both ends are unique (neither is Clone) and take `&mut self`. The border moves by `tail` (stored
// with Release after the words were written, loaded with Acquire before they are read) and by `head` (stored with Release
// after the last read, loaded with Acquire before the words are written again).
unsafe impl Sync for Shared {}

impl RingSender {
    /// Room for a command of `length` bytes, or none if the ring is full: try again when the consumer has moved on.
    ///
    /// # Panics
    /// If `length` is not a multiple of 8, zero, or more than [`MAX_COMMAND`].
    #[inline]
    pub fn reserve(&mut self, length: usize) -> Option<Slot<'_>> {
        assert!(
            length > 0 && length.is_multiple_of(8) && length <= MAX_COMMAND,
            "a command is 8 to {MAX_COMMAND} bytes"
        );
        let size = self.shared.words.len();
        let need = HEADER_WORDS + length / 8;
        let place = (self.tail as usize) & (size - 1);
        let to_end = size - place;
        let filler = if to_end < need { to_end } else { 0 };
        let end = self.tail + (filler + need) as u64;
        if end - self.head_seen > size as u64 {
            self.head_seen = self.shared.head.load(Ordering::Acquire);
            if end - self.head_seen > size as u64 {
                return None;
            }
        }
        if filler > 0 {
            self.shared.watch.write(|| place..place + 1);
            // JUSTIFICATION: writes a word that both sides share.
            // SAFETY: the word at `place` lies in [tail, head + size), ours alone (checked just now).
            unsafe { *self.shared.words[place].get() = FILLER };
        }
        let begins = if filler > 0 { 0 } else { place };
        self.shared.watch.write(|| begins..begins + need);
        Some(Slot { place: begins, tail: end, length, sender: self })
    }

    /// Whether [`RingSender::reserve`] would find room for a command of any length.
    #[inline]
    pub fn has_room(&mut self) -> bool {
        // Of the longest, and in front of it what is left at the ring's end.
        let longest = 2 * (HEADER_WORDS + MAX_COMMAND / 8) as u64;
        let is_roomy = self.tail + longest - self.head_seen <= self.shared.words.len() as u64;
        is_roomy || self.reserve(MAX_COMMAND).is_some()
    }

    /// Makes everything committed visible to the consumer.
    #[inline]
    pub fn publish(&mut self) {
        if self.published != self.tail {
            self.published = self.tail;
            self.shared.tail.store(self.tail, Ordering::Release);
        }
    }

    /// Whether the consumer has read everything that was committed.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.shared.head.load(Ordering::Acquire) == self.tail
    }

    /// The ring's size in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.shared.words.len() * 8
    }
}

impl Slot<'_> {
    /// Completes the record; it goes out with the next [`RingSender::publish`].
    #[inline]
    pub fn commit(self, time: Nanoseconds) {
        let words = &self.sender.shared.words;
        self.sender.shared.watch.write(|| self.place..self.place + HEADER_WORDS + self.length / 8);
        // JUSTIFICATION: writes words that both sides share.
        // SAFETY: both words lie in the reserved part of [tail, head + size), ours alone.
        unsafe {
            *words[self.place].get() = self.length as u64;
            *words[self.place + 1].get() = time.0;
        }
        self.sender.tail = self.tail;
    }
}

impl Deref for Slot<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        let first = self.sender.shared.command(self.place, self.length).cast_const();
        // JUSTIFICATION: the command is filled in place instead of being copied in.
        // SAFETY: `command` checked the bounds; the words are initialised, any bytes are a value, they lie in
        // [tail, head + size), and the borrow of the only sender keeps anybody else from writing them.
        unsafe { std::slice::from_raw_parts(first, self.length) }
    }
}

impl DerefMut for Slot<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        let first = self.sender.shared.command(self.place, self.length);
        // JUSTIFICATION: the command is filled in place instead of being copied in.
        // SAFETY: as in `deref`; the slot is borrowed mutably, so this is the only slice over these words.
        unsafe { std::slice::from_raw_parts_mut(first, self.length) }
    }
}

impl RingReceiver {
    /// The next record, if there is one. It is read once; its room is given back by [`RingReceiver::release`].
    #[inline]
    pub fn next_record(&mut self) -> Option<Record<'_>> {
        if self.head == self.tail_seen {
            self.tail_seen = self.shared.tail.load(Ordering::Acquire);
            if self.head == self.tail_seen {
                return None;
            }
        }
        let (place, next) = self.place_of(self.head);
        self.head = next;
        Some(self.record(place))
    }

    /// The next record that was neither read nor looked at, of those that are known to be there. Looking reads nothing: the record's
    /// turn comes by [`RingReceiver::next_record`].
    #[inline]
    pub fn look_ahead(&mut self) -> Option<Record<'_>> {
        self.looked = self.looked.max(self.head);
        if self.looked == self.tail_seen {
            return None;
        }
        let (place, next) = self.place_of(self.looked);
        self.looked = next;
        Some(self.record(place))
    }

    /// Where in the ring the record stands that begins `at` so many words from the first, or behind the filler there; and where the
    /// one after it begins. `at` is before `tail_seen`.
    #[inline]
    fn place_of(&self, at: u64) -> (usize, u64) {
        let size = self.shared.words.len();
        let (mut place, mut at) = ((at as usize) & (size - 1), at);
        let mut length = self.word(place);
        if length == FILLER {
            // A filler is never published without the record behind it.
            at += (size - place) as u64;
            place = 0;
            length = self.word(0);
        }
        assert!(
            length.is_multiple_of(8) && length <= MAX_COMMAND as u64 && at < self.tail_seen,
            "the sender wrote this"
        );
        (place, at + HEADER_WORDS as u64 + length / 8)
    }

    /// The record whose header stands at `place`.
    #[inline]
    fn record(&self, place: usize) -> Record<'_> {
        let (time, length) = (Nanoseconds(self.word(place + 1)), self.word(place) as usize);
        let first = self.shared.command(place, length).cast_const();
        self.shared.watch.read(|| place..place + HEADER_WORDS + length / 8);
        // JUSTIFICATION: the command is read where it was written.
        // SAFETY: `command` checked the bounds; the words were written before `tail` was stored with Release, and stay as
        // they are until `release`, which needs the receiver for itself while the record borrows it.
        let bytes = unsafe { std::slice::from_raw_parts(first, length) };
        Record { time, bytes }
    }

    /// Gives the room of everything read back to the producer.
    #[inline]
    pub fn release(&mut self) {
        if self.released != self.head {
            self.released = self.head;
            self.shared.head.store(self.head, Ordering::Release);
        }
    }

    #[inline]
    fn word(&self, place: usize) -> u64 {
        self.shared.watch.read(|| place..place + 1);
        // JUSTIFICATION: reads a word that both sides share.
        // SAFETY: only called for words in [head, tail_seen), which nobody writes until they are released.
        unsafe { *self.shared.words[place].get() }
    }
}

impl Shared {
    /// The first byte of the command of `length` bytes whose record stands at `place`; all of it lies within the ring.
    #[inline]
    fn command(&self, place: usize, length: usize) -> *mut u8 {
        let first = place + HEADER_WORDS;
        assert!(first + length / 8 <= self.words.len(), "a record is never broken over the ring's end");
        // The pointer is made from the whole slice, so that it may be used for all the words behind the first.
        UnsafeCell::raw_get(self.words[first..].as_ptr()).cast::<u8>()
    }
}

/// What the ring is built of: the standard library's, or that of a checker which runs two threads in every order (`--cfg loom`, which
/// also knows what weak memory may show, or `--cfg shuttle`, larger and at random). `make test` runs both.
mod sync {
    #[cfg(loom)]
    pub(super) use loom::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };
    #[cfg(shuttle)]
    pub(super) use shuttle::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };
    use std::ops::Range;
    #[cfg(not(any(loom, shuttle)))]
    pub(super) use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    /// One cell for each word, that loom looks at: two sides at one word at a time, or without an order between them, is a fault.
    pub(super) struct Watch {
        #[cfg(loom)]
        cells: Vec<loom::cell::UnsafeCell<()>>,
    }

    #[cfg(loom)]
    impl Watch {
        pub(super) fn new(words: usize) -> Self {
            Watch { cells: (0..words).map(|_| loom::cell::UnsafeCell::new(())).collect() }
        }

        pub(super) fn write(&self, words: impl FnOnce() -> Range<usize>) {
            self.cells[words()].iter().for_each(|cell| cell.with_mut(|_| ()));
        }

        pub(super) fn read(&self, words: impl FnOnce() -> Range<usize>) {
            self.cells[words()].iter().for_each(|cell| cell.with(|_| ()));
        }
    }

    #[cfg(not(loom))]
    impl Watch {
        pub(super) fn new(_words: usize) -> Self {
            Watch {}
        }

        #[inline(always)]
        pub(super) fn write(&self, _words: impl FnOnce() -> Range<usize>) {}

        #[inline(always)]
        pub(super) fn read(&self, _words: impl FnOnce() -> Range<usize>) {}
    }
}

#[cfg(all(test, any(loom, shuttle)))]
mod checked;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    /// A record whose bytes all follow from its number.
    fn fill(slot: &mut [u8], number: u64) {
        for (index, word) in slot.chunks_exact_mut(8).enumerate() {
            word.copy_from_slice(&(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ index as u64).to_le_bytes());
        }
    }

    fn length_of(number: u64) -> usize {
        let words = 3 + (number.wrapping_mul(0xD1B5_4A32_D192_ED03) >> 40) as usize % (MAX_COMMAND / 8 - 2);
        words * 8
    }

    fn check(record: &Record<'_>, number: u64) {
        let mut expected = vec![0; length_of(number)];
        fill(&mut expected, number);
        assert_eq!(record.time, Nanoseconds(number + 7));
        assert_eq!(record.bytes, expected, "record {number}");
        assert_eq!(record.bytes.as_ptr() as usize % 8, 0, "aligned to 8");
    }

    fn send(sender: &mut RingSender, number: u64) -> bool {
        let Some(mut slot) = sender.reserve(length_of(number)) else { return false };
        fill(&mut slot, number);
        slot.commit(Nanoseconds(number + 7));
        true
    }

    #[test]
    fn records_of_every_length_wrap_around_in_one_thread() {
        let (mut sender, mut receiver) = ring(0);
        let (mut sent, mut received, mut looked) = (0u64, 0u64, 0u64);
        let mut fulls = 0;
        while received < 20_000 {
            while sent < 20_000 && send(&mut sender, sent) {
                sent += 1;
            }
            fulls += 1;
            sender.publish();
            // What is looked at ahead is what is read later, wherever the ring ends.
            looked = looked.max(received);
            for _ in 0..received % 5 {
                if let Some(record) = receiver.look_ahead() {
                    check(&record, looked);
                    looked += 1;
                }
            }
            // Read some and not all, so that the ring is met at every fill.
            for _ in 0..=received % 3 {
                if let Some(record) = receiver.next_record() {
                    check(&record, received);
                    received += 1;
                }
            }
            receiver.release();
        }
        assert!(fulls > 1_000, "the ring was full {fulls} times");
        assert!(sender.is_drained() && receiver.next_record().is_none());
    }

    #[test]
    fn an_uncommitted_slot_leaves_no_trace() {
        let (mut sender, mut receiver) = ring(0);
        for number in 0..500 {
            assert_eq!(sender.reserve(MAX_COMMAND).expect("the ring is empty").len(), MAX_COMMAND);
            assert!(send(&mut sender, number));
            assert!(receiver.next_record().is_none(), "nothing is seen before publish");
            sender.publish();
            check(&receiver.next_record().expect("one was sent"), number);
            assert!(receiver.next_record().is_none());
            receiver.release();
        }
    }

    #[test]
    fn a_full_ring_refuses_until_room_is_released() {
        let (mut sender, mut receiver) = ring(0);
        let mut sent = 0;
        while send(&mut sender, sent) {
            sent += 1;
        }
        assert!(sent > 1);
        sender.publish();
        check(&receiver.next_record().expect("the ring is full"), 0);
        assert!(sender.reserve(MAX_COMMAND).is_none(), "read, but not released");
        for number in 1..sent {
            check(&receiver.next_record().expect("as many as were sent"), number);
        }
        receiver.release();
        assert!(send(&mut sender, sent));
    }

    #[test]
    fn two_threads_pass_every_record_once_and_in_order() {
        const COUNT: u64 = 300_000;
        let (mut sender, mut receiver) = ring(16 * 1024);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut number = 0;
                while number < COUNT {
                    let burst_end = COUNT.min(number + 1 + number % 7);
                    while number < burst_end {
                        if send(&mut sender, number) {
                            number += 1;
                        } else {
                            sender.publish();
                            std::thread::yield_now();
                        }
                    }
                    sender.publish();
                }
            });
            let mut number = 0;
            while number < COUNT {
                let mut idle = true;
                for _ in 0..5 {
                    let Some(record) = receiver.next_record() else { break };
                    check(&record, number);
                    number += 1;
                    idle = false;
                }
                receiver.release();
                if idle {
                    std::thread::yield_now();
                }
            }
            assert!(receiver.next_record().is_none());
        });
    }
}
