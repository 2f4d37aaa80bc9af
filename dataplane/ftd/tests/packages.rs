//! Every package: what is written is read back; whatever is done to the bytes, reading neither panics nor allocates.

mod generated;

use std::hash::{BuildHasher, RandomState};

use effort::heap::{Counting, allocations_of};
use ftd::catalogue::{PACKAGES, PackageInfo};
use ftd::number::{Float, Number};
use ftd::time::{Date, DateTime, Time, TimeStamp};
use ftd::types::{Char, Int, Secret, Str, Word};
use ftd::{
    BadNumber, Chain, ChainReader, ChainWriter, Fid, Field, Malformed, Message, Next, SequenceNumber, Series,
    next_message,
};
use generated::dispatch::{Visitor, read, write};
use generated::touch::Touch;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Most repeated fields in one random message: enough for chains of some parts.
const REPEATED_COUNT_MAX: usize = 40;

/// How often each package makes its round trip.
const ROUND_TRIPS: usize = 100;

/// How often each package is written and spoilt.
const MUTATIONS: usize = 500;

/// Most messages and errors looked at in one spoilt stream.
const STEPS_MAX: usize = 64;

/// Holds the longest random message.
const BUFFER_SIZE: usize = 128 * 1_024;

#[test]
fn every_package_is_read_back_as_it_was_written() {
    let mut random = Random::seeded();
    let mut buffer = vec![0; BUFFER_SIZE];
    let mut chains_seen = [0u32; 4];
    for (index, package) in all_packages(ROUND_TRIPS) {
        let number = SequenceNumber(random.next() as u32);
        let series = Series(random.next() as u16);
        let (length, written) = write_random(index, package, &mut random, &mut buffer, series, number);

        let mut reread = Recorder::default();
        let mut chain = ChainReader::new();
        let mut rest = &buffer[..length];
        while !rest.is_empty() {
            let next = next_message(rest).expect("what we write is well-formed");
            let Next::Message { length, message } = next else { panic!("{}: {next:?}", package.name) };
            assert!(length <= 4 + 4_096);
            assert_eq!((message.tid(), message.series(), message.number()), (package.tid, series, number));
            let part = chain.accept(&message).expect("the parts are in order");
            assert_eq!(part.last, length == rest.len());
            let letters = [Chain::Single, Chain::First, Chain::Continued, Chain::Last];
            chains_seen[letters.iter().position(|&letter| letter == message.chain()).expect("one of four")] += 1;
            assert_eq!(read(index, &message, &mut reread), Ok(()), "{}", package.name);
            rest = &rest[length..];
        }
        assert!(!chain.is_open());
        assert_eq!(reread.fields, written, "{}", package.name);
    }
    assert!(chains_seen.iter().all(|&count| count > 0), "S, F, C, L all occur: {chains_seen:?}");
}

#[test]
fn whatever_is_done_to_the_bytes_reading_neither_panics_nor_allocates() {
    let mut random = Random::seeded();
    let mut buffer = vec![0; BUFFER_SIZE];
    // How often reading ended how: the mutations must reach both.
    let (mut accepted, mut refused) = (0u64, [0u64; Malformed::ALL.len() + 1]);
    for (index, package) in all_packages(MUTATIONS) {
        let (length, _) = write_random(index, package, &mut random, &mut buffer, Series::DIALOG, SequenceNumber(1));
        let length = mutate(&mut buffer, length, &mut random);
        let ((good, bad), allocations) = allocations_of(|| read_stream(index, &buffer[..length]));
        assert_eq!(allocations, 0, "{}", package.name);
        accepted += good;
        bad.list.into_iter().flatten().for_each(|reason| refused[usize::from(reason.number())] += 1);
    }
    println!("{accepted} messages accepted, refused by reason: {refused:?}");
    assert!(accepted > 0, "some messages survive");
    for reason in Malformed::ALL {
        // A stream of 65,536 parts is a test of its own.
        if reason != Malformed::ChainTooLong {
            assert!(refused[usize::from(reason.number())] > 0, "no mutation led to {reason:?}");
        }
    }
}

#[test]
fn any_bytes_at_all_are_read_without_a_panic_or_an_allocation() {
    proptest!(|(bytes in prop::collection::vec(any::<u8>(), 0..300), index in 0..PACKAGES.len())| {
        let (_, allocations) = allocations_of(|| read_stream(index, &bytes));
        prop_assert_eq!(allocations, 0);
    });
}

/// Writes random bytes into random counts of the package's data fields, within what the package allows.
fn write_random(
    index: usize,
    package: &PackageInfo,
    random: &mut Random,
    buffer: &mut [u8],
    series: Series,
    number: SequenceNumber,
) -> (usize, Vec<(Fid, Vec<u8>)>) {
    let counts: Vec<usize> = package
        .fields
        .iter()
        .map(|field| {
            let least = usize::from(field.required);
            least + random.below(if field.repeated { REPEATED_COUNT_MAX } else { 2 - least })
        })
        .collect();
    let mut fids = package.fields.iter().zip(&counts).flat_map(|(field, &count)| std::iter::repeat_n(field.fid, count));
    let mut written = Vec::new();
    let mut writer = ChainWriter::new(buffer, package.tid, series, number).expect("the buffer holds the headers");
    let mut fill = |items: &mut [u8]| {
        random.fill(items);
        written.push((fids.next().expect("as many as counted"), items.to_vec()));
    };
    write(index, &mut writer, &counts, &mut fill).expect("the buffer holds the longest");
    (writer.finish(), written)
}

/// Changes, cuts out, puts in or drops some bytes; most often one, and often in the headers.
fn mutate(buffer: &mut [u8], mut length: usize, random: &mut Random) -> usize {
    for _ in 0..1 + random.below(3) {
        let within = if random.below(2) == 0 { length.min(30) } else { length };
        let at = random.below(within);
        match random.below(6) {
            0 => length = at.max(1),
            1 => buffer[at] ^= 1 << random.below(8),
            2 => buffer[at] = random.next() as u8,
            3 => buffer[at] = [0, 1, 127, 128, 255, b'S', b'F', b'C', b'L', b'-', b' ', b'.'][random.below(12)],
            4 => {
                buffer.copy_within(at..length, at + 1);
                length += 1;
            }
            _ => {
                // The second field's or second part's bytes over the first's, headers included.
                let from = random.below(length);
                let count = random.below(200).min(length - from).min(length - at);
                buffer.copy_within(from..from + count, at);
            }
        }
    }
    if random.below(4) == 0 && buffer.len() > 2 * length && length > 26 {
        length = respell_the_first_field(buffer, length, random);
    }
    if random.below(8) == 0 {
        // A content cut short together with the lengths that speak of it: past the framing, into the fields.
        let content = random.below(60).min(length.saturating_sub(4));
        buffer[2..4].copy_from_slice(&(content as u16).to_be_bytes());
        buffer[18..20].copy_from_slice(&(content.saturating_sub(16) as u16).to_be_bytes());
    }
    length
}

/// Doubles the first message's first data field, or makes it a byte longer, or the message a part of a chain, so that
/// the framing still holds and the package's view has to see it.
fn respell_the_first_field(buffer: &mut [u8], length: usize, random: &mut Random) -> usize {
    let word = |buffer: &[u8], at: usize| u16::from_be_bytes([buffer[at], buffer[at + 1]]);
    let size = 6 + usize::from(word(buffer, 24));
    if 20 + size > length {
        return length;
    }
    let (more, increased) = match random.below(3) {
        0 => (size, [(2, size), (16, 1), (18, size)]),
        1 => (1, [(2, 1), (18, 1), (24, 1)]),
        _ => {
            buffer[9] = b"FCL"[random.below(3)];
            return length;
        }
    };
    buffer.copy_within(20..length, 20 + more);
    buffer.copy_within(20 + more..20 + more + 6, 20);
    for (at, more) in increased {
        let sum = word(buffer, at).wrapping_add(more as u16);
        buffer[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }
    length + more
}

/// Reads all of a stream as the package of `index`: how many messages were good, and why the others were not.
fn read_stream(index: usize, bytes: &[u8]) -> (u64, Reasons) {
    let (mut good, mut bad) = (0, Reasons { list: [None; STEPS_MAX], count: 0 });
    let mut chain = ChainReader::new();
    let mut rest = bytes;
    for _ in 0..STEPS_MAX {
        match next_message(rest) {
            Ok(Next::NeedMore) => break,
            Ok(Next::Skip { length, .. } | Next::Heartbeat { length }) => rest = &rest[length..],
            Ok(Next::Message { length, message }) => {
                match chain.accept(&message).and_then(|_| read_message(index, &message)) {
                    Ok(()) => good += 1,
                    Err(reason) => bad.push(reason),
                }
                rest = &rest[length..];
            }
            Err(reason) => {
                bad.push(reason);
                break;
            }
        }
    }
    (good, bad)
}

fn read_message(index: usize, message: &Message<'_>) -> Result<(), Malformed> {
    assert_eq!(message.fields().count(), message.field_count(), "the fields are those announced");
    let mut toucher = Toucher::default();
    let result = read(index, message, &mut toucher);
    std::hint::black_box(toucher.sum);
    result
}

/// Reasons without an allocation.
struct Reasons {
    list: [Option<Malformed>; STEPS_MAX],
    count: usize,
}

impl Reasons {
    fn push(&mut self, reason: Malformed) {
        self.list[self.count] = Some(reason);
        self.count += 1;
    }
}

#[derive(Default)]
struct Recorder {
    fields: Vec<(Fid, Vec<u8>)>,
}

impl Visitor for Recorder {
    fn field<F: Field + Touch>(&mut self, field: &F) {
        std::hint::black_box(field.touch());
        self.fields.push((F::FID, field.as_bytes().to_vec()));
    }
}

#[derive(Default)]
struct Toucher {
    sum: u64,
}

impl Visitor for Toucher {
    fn field<F: Field + Touch>(&mut self, field: &F) {
        self.sum = self.sum.wrapping_add(field.touch());
    }
}

/// Every package of the catalogue with its index, so many times.
fn all_packages(times: usize) -> impl Iterator<Item = (usize, &'static PackageInfo)> {
    (0..times).flat_map(|_| PACKAGES.iter().enumerate())
}

/// A seed's numbers: another seed each run, printed, and given back with FTD_SEED to repeat one.
struct Random(TestRng);

impl Random {
    fn seeded() -> Self {
        let given = std::env::var("FTD_SEED").ok().map(|seed| seed.parse().expect("FTD_SEED is a number"));
        let seed: u64 = given.unwrap_or_else(|| RandomState::new().hash_one(0));
        println!("FTD_SEED={seed}");
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Below `count`, or 0.
    fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        // Half of them digits and blanks, so that numbers are read too.
        for byte in bytes {
            let random = self.next();
            *byte = if random & 1 == 0 { b"0123456789 .-"[(random >> 8) as usize % 13] } else { (random >> 8) as u8 };
        }
    }
}

impl Touch for Char {
    fn touch(&self) -> u64 {
        u64::from(self.get()) + u64::from(self.is_blank())
    }
}

impl Touch for Int {
    fn touch(&self) -> u64 {
        u64::from(self.unsigned()).wrapping_add(self.get() as u64)
    }
}

impl Touch for Word {
    fn touch(&self) -> u64 {
        u64::from(self.get())
    }
}

impl<const N: usize> Touch for Str<N> {
    fn touch(&self) -> u64 {
        self.trimmed().len() as u64 + self.decimal().unwrap_or(1) + u64::from(self.is_blank())
    }
}

impl<const N: usize> Touch for Secret<N> {
    fn touch(&self) -> u64 {
        self.trimmed().len() as u64 + u64::from(self.is_blank())
    }
}

impl<const N: usize> Touch for Number<N> {
    fn touch(&self) -> u64 {
        number_or_reason(self.get())
    }
}

impl<const A: usize, const B: usize> Touch for Float<A, B> {
    fn touch(&self) -> u64 {
        number_or_reason(self.units()).wrapping_add(number_or_reason(self.scaled::<0>()))
    }
}

fn number_or_reason(number: Result<i64, BadNumber>) -> u64 {
    number.unwrap_or_else(|reason| reason as i64) as u64
}

impl Touch for Date {
    fn touch(&self) -> u64 {
        self.get().map_or(1, u64::from)
    }
}

impl Touch for Time {
    fn touch(&self) -> u64 {
        self.get().map_or(1, u64::from)
    }
}

impl Touch for DateTime {
    fn touch(&self) -> u64 {
        self.get().unwrap_or(1)
    }
}

impl Touch for TimeStamp {
    fn touch(&self) -> u64 {
        self.get().unwrap_or(1)
    }
}
