//! Checkpoints: what a task of the batch came to, in a file, so that a run that was interrupted, or is repeated, takes up what has not changed.
//!
//! A file is: `BKCKPT01`, the task's key (32 bytes), the length of what follows (8 bytes, little endian), its CRC-32C (4 bytes), and the records
//! one after another, integers little endian. The key is the SHA-256 of everything that the task reads, so that a checkpoint of other inputs is
//! another file, and one under a wrong name is not taken. What is torn, changed or foreign is not taken either: the task is worked out
//! anew, and it is counted. A checkpoint is written beside its place and renamed; it is not forced to the disk, since a torn one is seen.
//! A run never fails for its checkpoints: what cannot be written is counted.

use crate::account::{Figures, MemberFigures, Submission};
use crate::amount::{Money, Price, Total};
use crate::batch::{Phase, SettledRow, ShardInput};
use crate::market::{Account, AccountIndex, Instrument, InstrumentIndex, Market, MemberIndex, ProductIndex};
use crate::row::{AtEnd, Effect, Leg, Row, RowFigures, RowKey, Side};
use crate::rules::closing::{Close, Held};
use crate::rules::fee::Fees;
use crate::rules::profit::{DayOf, Traded};
use crate::shard::ShardFigures;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

const MAGIC: &[u8; 8] = b"BKCKPT01";
const HEAD: usize = 8 + 32 + 8 + 4;
const ENDING: &str = "checkpoint";

/// What a task reads, in 32 bytes.
pub(crate) type Key = [u8; 32];

/// A folder of checkpoints.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    /// Names that this run read or wrote.
    used: Mutex<BTreeSet<String>>,
}

/// What became of looking for a checkpoint.
pub(crate) enum Found<T> {
    Whole(T),
    Nothing,
    /// There is a file, and it is torn, changed or of something else.
    Damaged,
}

impl Checkpoints {
    /// A folder; it is made if it is not there.
    ///
    /// # Errors
    /// What the system says of making it.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Checkpoints { folder: folder.to_owned(), used: Mutex::default() })
    }

    fn path(&self, phase: Phase, task: usize, key: &Key) -> PathBuf {
        let start = key.first_chunk().expect("it has 32 bytes");
        let name = format!("{phase:?}-{task}-{:016x}.{ENDING}", u64::from_be_bytes(*start)).to_lowercase();
        self.used.lock().expect("nobody panics with it").insert(name.clone());
        self.folder.join(name)
    }

    pub(crate) fn load<T: Record>(&self, phase: Phase, task: usize, key: &Key) -> Found<T> {
        let Ok(bytes) = fs::read(self.path(phase, task, key)) else { return Found::Nothing };
        read(&bytes, key).map_or(Found::Damaged, Found::Whole)
    }

    /// Whether it was written.
    pub(crate) fn save<T: Record>(&self, phase: Phase, task: usize, key: &Key, made: &T) -> bool {
        let path = self.path(phase, task, key);
        let beside = path.with_extension("part");
        fs::write(&beside, written(key, made)).and_then(|()| fs::rename(&beside, &path)).is_ok()
    }

    /// After a run that went well: removes what other inputs left, so that a folder holds one run's checkpoints.
    pub(crate) fn tidy(&self) {
        let used = self.used.lock().expect("nobody panics with it");
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_ours = name.ends_with(&format!(".{ENDING}")) || name.ends_with(".part");
            if is_ours && !used.contains(&name) {
                // What cannot be removed is in nobody's way.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn written<T: Record>(key: &Key, made: &T) -> Vec<u8> {
    let mut bytes = [MAGIC.as_slice(), key, &[0; 12]].concat();
    made.put(&mut bytes);
    let (length, crc) = ((bytes.len() - HEAD) as u64, crc32c::crc32c(&bytes[HEAD..]));
    bytes[40..48].copy_from_slice(&length.to_le_bytes());
    bytes[48..52].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn read<T: Record>(bytes: &[u8], key: &Key) -> Option<T> {
    let (head, body) = bytes.split_at_checked(HEAD)?;
    let is_ours = head[..8] == *MAGIC && head[8..40] == *key;
    let is_whole =
        head[40..48] == (body.len() as u64).to_le_bytes() && head[48..] == crc32c::crc32c(body).to_le_bytes();
    let mut rest = (is_ours && is_whole).then_some(body)?;
    let made = T::get(&mut rest)?;
    rest.is_empty().then_some(made)
}

/// Something that is written and read as bytes, or goes into a key.
pub(crate) trait Record: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn get(from: &mut &[u8]) -> Option<Self>;
}

macro_rules! integers {
    ($($name:ty),*) => {$(
        impl Record for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn get(from: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = from.split_first_chunk()?;
                *from = rest;
                Some(Self::from_le_bytes(*bytes))
            }
        }
    )*};
}

macro_rules! records {
    ($($name:ident { $($field:tt),* })*) => {$(
        impl Record for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }
            fn get(from: &mut &[u8]) -> Option<Self> {
                Some($name { $($field: Record::get(from)?),* })
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, i32, i64, i128);
records! {
    Money { 0 }
    Price { 0 }
    Total { 0 }
    AccountIndex { 0 }
    InstrumentIndex { 0 }
    MemberIndex { 0 }
    ProductIndex { 0 }
    RowKey { account, instrument, hedge }
    Held { yesterday, today }
    Traded { lots, amount }
    DayOf { previous_long, previous_short, bought, sold }
    Row { long, short, day, premium, bought_to_open, sold_to_open, trade_fees, waived, closed_today }
    AtEnd { is_end, netted, moved_long, moved_short, moved, exercised, assigned }
    Fees { transaction, submission, settlement, delivery, transfer }
    RowFigures { profit, premium, margin_long, margin_short, fees, long, short, delivered }
    Figures { profit, premium, margin, fees, delivery }
    MemberFigures { own, brokerage }
    Account { member, client, own, nets }
    Submission { account, product, hedge, count }
    Leg { row, side, effect, price, lots }
    SettledRow { key, row, at_end, figures }
    ShardFigures { rows, accounts, members }
}

impl Record for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn get(from: &mut &[u8]) -> Option<Self> {
        match u8::get(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Record for Side {
    fn put(&self, out: &mut Vec<u8>) {
        (*self == Side::Sell).put(out);
    }
    fn get(from: &mut &[u8]) -> Option<Self> {
        bool::get(from).map(|sells| if sells { Side::Sell } else { Side::Buy })
    }
}

impl Record for Effect {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Effect::Open => 0,
            Effect::Close(Close::Any) => 1,
            Effect::Close(Close::Today) => 2,
            Effect::Close(Close::Yesterday) => 3,
        });
    }
    fn get(from: &mut &[u8]) -> Option<Self> {
        let effects = [Close::Any, Close::Today, Close::Yesterday].map(Effect::Close);
        match u8::get(from)? {
            0 => Some(Effect::Open),
            number => effects.get(usize::from(number) - 1).copied(),
        }
    }
}

impl<A: Record, B: Record> Record for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn get(from: &mut &[u8]) -> Option<Self> {
        Some((A::get(from)?, B::get(from)?))
    }
}

impl<A: Record, B: Record, C: Record> Record for (A, B, C) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
        self.2.put(out);
    }
    fn get(from: &mut &[u8]) -> Option<Self> {
        Some((A::get(from)?, B::get(from)?, C::get(from)?))
    }
}

impl<T: Record> Record for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        self.iter().for_each(|item| item.put(out));
    }
    fn get(from: &mut &[u8]) -> Option<Self> {
        let count = usize::try_from(u64::get(from)?).ok()?;
        // Nothing is shorter than a byte, and a byte becomes at most so many of memory: a wrong count asks for no more than the file's size.
        let mut items = Vec::with_capacity(count.min(from.len() / size_of::<T>().max(1) + 1));
        for _ in 0..count {
            items.push(T::get(from)?);
        }
        Some(items)
    }
}

impl<K: Record + Ord, V: Record> Record for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }
    fn get(from: &mut &[u8]) -> Option<Self> {
        Vec::<(K, V)>::get(from).map(|items| items.into_iter().collect())
    }
}

/// Puts a key together.
pub(crate) struct Digest(Sha256, Vec<u8>);

/// Bytes that are gathered before they go into the hash.
const GATHERED: usize = 64 * 1024;

impl Digest {
    pub fn new(of: &str) -> Self {
        Digest(Sha256::new(), Vec::with_capacity(2 * GATHERED)).shown(&of)
    }

    pub fn records<T: Record>(mut self, items: &[T]) -> Self {
        (items.len() as u64).put(&mut self.1);
        for item in items {
            item.put(&mut self.1);
            if self.1.len() >= GATHERED {
                self.0.update(&self.1);
                self.1.clear();
            }
        }
        self
    }

    /// Small tables, as they are shown for debugging: no field of them can be forgotten.
    pub fn shown(self, table: &impl Debug) -> Self {
        self.records(format!("{table:?}").as_bytes())
    }

    pub fn key(mut self) -> Key {
        self.0.update(&self.1);
        self.0.finalize().into()
    }
}

/// What of the market trades read: not its prices of the day.
pub(crate) fn key_of_terms(market: &Market) -> Key {
    let timeless = |instrument: &Instrument| (instrument.product, instrument.kind, instrument.multiplier);
    let instruments: Vec<_> = market.instruments.iter().map(timeless).collect();
    Digest::new("terms 1")
        .shown(&(
            market.day,
            instruments,
            &market.settings,
            market.fees.rules(),
            market.fees.waivers(),
            market.fees.rounding(),
        ))
        .records(&market.accounts)
        .key()
}

/// All of the market.
pub(crate) fn key_of_market(market: &Market, terms: &Key) -> Key {
    let Market { products, instruments, members, deliverables, delivering, .. } = market;
    Digest::new("market 1").records(terms).shown(&(products, instruments, members, deliverables, delivering)).key()
}

/// What a shard's trades read.
pub(crate) fn key_of_trades(terms: &Key, shard: &ShardInput) -> Key {
    Digest::new("trades 1").records(terms).records(&shard.carried).records(&shard.legs).records(&shard.moved).key()
}

/// What a shard's figures read beside the rows and the market.
pub(crate) fn key_of_figures(trades: &Key, market: &Key, shard: &ShardInput, ended: &Key) -> Key {
    let ShardInput { instructed, netting, declared, .. } = shard;
    Digest::new("figures 1")
        .records(trades)
        .records(market)
        .records(ended)
        .records(&shard.submissions)
        .shown(&(instructed, netting, declared))
        .key()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_comes_back_whole_and_no_changed_byte_of_it_is_taken() {
        let row = RowKey { account: AccountIndex(7), instrument: InstrumentIndex(3), hedge: b'1' };
        let rows: Vec<(RowKey, Row)> = (0..5).map(|lots| (row, Row::carried(lots, 2))).collect();
        let key = [9; 32];
        let bytes = written(&key, &rows);
        assert_eq!(read::<Vec<(RowKey, Row)>>(&bytes, &key), Some(rows.clone()));
        assert_eq!(read::<Vec<(RowKey, Row)>>(&bytes, &[8; 32]), None, "of other inputs");
        for place in 0..bytes.len() {
            for change in [1, 0x80, 0xFF] {
                let mut changed = bytes.clone();
                changed[place] ^= change;
                assert_eq!(read::<Vec<(RowKey, Row)>>(&changed, &key), None, "byte {place}");
            }
            assert_eq!(read::<Vec<(RowKey, Row)>>(&bytes[..place], &key), None, "cut off at {place}");
        }
        assert_eq!(read::<Vec<(RowKey, Row)>>(&[&bytes[..], &[0]].concat(), &key), None, "something behind it");
    }

    #[test]
    fn records_that_no_run_wrote_are_none_even_with_a_good_sum() {
        let key = [1; 32];
        let of_bytes = |body: &[u8]| {
            let mut bytes = written(&key, &Vec::<u8>::new());
            bytes.truncate(HEAD);
            bytes.extend_from_slice(body);
            let crc = crc32c::crc32c(body).to_le_bytes();
            bytes[40..48].copy_from_slice(&(body.len() as u64).to_le_bytes());
            bytes[48..52].copy_from_slice(&crc);
            read::<Vec<bool>>(&bytes, &key)
        };
        let count = |count: u64, rest: &[u8]| [&count.to_le_bytes()[..], rest].concat();
        assert_eq!(of_bytes(&count(2, &[0, 1])), Some(vec![false, true]));
        assert_eq!(of_bytes(&count(2, &[0, 2])), None);
        assert_eq!(of_bytes(&count(u64::MAX, &[0, 1])), None);
        assert_eq!(of_bytes(&count(1, &[0, 1])), None);
        assert_eq!(of_bytes(&[1, 2, 3]), None);
    }
}
