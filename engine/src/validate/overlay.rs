//! What earlier events of a frame will have changed, laid over a state that is only read.

use super::ImpossibleKind;
use crate::digest::mix;
use crate::orders::Order;
use crate::state::State;
use crate::tables::Index;
use crate::types::{Direction, InstrumentIndex, ParticipantIndex, Price};

/// Up to so many items are searched one by one; most frames have two or three.
const SEARCHED: usize = 16;

/// Numbered things as they will be.
pub(super) struct Overlay<V> {
    items: Vec<(u64, V)>,
    index: Option<Index>,
}

impl<V> Overlay<V> {
    pub(super) fn new() -> Self {
        Overlay { items: vec![], index: None }
    }

    /// The thing of that number; `load` brings it from the state the first time.
    pub(super) fn get_or(&mut self, number: u64, load: impl FnOnce() -> Option<V>) -> Option<&mut V> {
        let found = match &self.index {
            Some(index) => index
                .find(hash(number), |place| self.items[place as usize - 1].0 == number)
                .map(|place| place as usize - 1),
            None => self.items.iter().position(|item| item.0 == number),
        };
        let at = match found {
            Some(at) => at,
            None => self.insert(number, load()?),
        };
        Some(&mut self.items[at].1)
    }

    /// Adds a thing whose number is not there yet.
    pub(super) fn insert(&mut self, number: u64, thing: V) -> usize {
        self.items.push((number, thing));
        match &mut self.index {
            Some(index) => index.insert(hash(number), self.items.len() as u32),
            None if self.items.len() > SEARCHED => {
                let mut index = Index::with_room(4 * SEARCHED);
                (1u32..).zip(&self.items).for_each(|(place, item)| index.insert(hash(item.0), place));
                self.index = Some(index);
            }
            None => (),
        }
        self.items.len() - 1
    }
}

fn hash(number: u64) -> u32 {
    mix(number, 0) as u32
}

/// An order as it stands in the middle of a frame.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    pub(super) instrument: InstrumentIndex,
    pub(super) participant: ParticipantIndex,
    pub(super) direction: Direction,
    pub(super) opens: bool,
    pub(super) price: Price,
    /// One of a quote's two.
    pub(super) quoted: bool,
    /// Its position row's name.
    pub(super) whose: u64,
    /// FOK or FAK: stays until its Ended, also with nothing left.
    pub(super) immediate: bool,
    pub(super) remaining: u32,
    pub(super) yesterday: u32,
    pub(super) traded: u32,
    pub(super) last_price: Price,
}

impl Standing {
    pub(super) fn of(state: &State, order: &Order) -> Self {
        Standing {
            instrument: order.instrument,
            participant: state.participant_of(order.user),
            direction: order.direction(),
            opens: order.opens(),
            price: order.price,
            quoted: order.quoted(),
            whose: state.rows.get(order.row).whose(),
            immediate: order.immediate(),
            remaining: order.remaining,
            yesterday: order.yesterday,
            traded: order.traded,
            last_price: order.last_price,
        }
    }

    /// The order trades; the trade says what remains and how much of it was yesterday's.
    pub(super) fn trade(
        &mut self,
        price: Price,
        volume: u32,
        remaining: u32,
        yesterday: u32,
    ) -> Result<(), ImpossibleKind> {
        let traded = self.traded.checked_add(volume).ok_or(ImpossibleKind::Overflow)?;
        let left = self.remaining.checked_sub(volume).filter(|_| volume != 0).ok_or(ImpossibleKind::WrongVolume)?;
        let yesterday_left = self.yesterday.checked_sub(yesterday).ok_or(ImpossibleKind::WrongVolume)?;
        if left != remaining || yesterday > volume || yesterday_left > left {
            return Err(ImpossibleKind::WrongVolume);
        }
        (self.remaining, self.yesterday, self.traded, self.last_price) = (left, yesterday_left, traded, price);
        Ok(())
    }
}
