//! Money that participants use: what their pending opens need, the margin of their positions, the premium they paid. RULES.md, Words, Money.
//!
//! Instruments without margin and premium (most of a small day) never come here: [`Instrument::costs`].

use crate::state::{Instrument, State};
use crate::types::{Direction, ParticipantIndex, Price, Volume};

/// Used and cleared stay within this, so that a frame's steps stay within 128 bits: RULES.md, Switches, limits, money, calendar.
pub(crate) const MOST_MONEY: i128 = 1 << 120;

/// A participant's money, in 1/10,000 yuan.
#[derive(Clone, Copy, Debug)]
pub struct Purse {
    /// Whose.
    pub participant: ParticipantIndex,
    /// Who clears it.
    pub clearing: ParticipantIndex,
    /// Of itself: pending needs, margin, premium.
    pub used: i128,
    /// The used of all whom it clears.
    pub cleared: i128,
    /// What those may use whom it clears; -1 = not checked.
    pub funds: i64,
    /// What itself may use; -1 = not checked.
    pub credit: i64,
}

impl Instrument {
    /// A buyer pays the premium.
    #[inline]
    pub(crate) fn has_premium(&self) -> bool {
        self.definition.flags & crate::command::INSTRUMENT_PREMIUM != 0
    }

    /// Margin of a lot held on a side: none where it was paid for.
    #[inline]
    pub(crate) fn margin(&self, side: Direction) -> i128 {
        match side {
            Direction::Buy if self.has_premium() => 0,
            Direction::Buy => i128::from(self.definition.margin_long),
            Direction::Sell => i128::from(self.definition.margin_short),
        }
    }

    /// What opening takes.
    #[inline]
    pub(crate) fn need(&self, side: Direction, price: Price, volume: u32) -> i128 {
        match side {
            Direction::Buy if self.has_premium() => self.turnover_of(price, Volume(volume)),
            _ => self.margin(side) * i128::from(volume),
        }
    }

    /// By how much the used money grows when an order of a side trades: a pending need becomes margin or premium, or margin is free.
    #[inline]
    pub(crate) fn settle(&self, side: Direction, opens: bool, limit: Price, price: Price, volume: u32) -> i128 {
        if opens {
            // A margin is the same before and after.
            return self.need(side, price, volume) - self.need(side, limit, volume);
        }
        -(self.margin(side.other()) * i128::from(volume))
    }
}

impl State {
    /// A participant's money.
    #[must_use]
    pub fn purse(&self, participant: ParticipantIndex) -> Option<&Purse> {
        self.purses.get(usize::from(participant.0))
    }

    /// Used, and cleared of who clears it.
    pub(crate) fn money_of(&self, participant: ParticipantIndex) -> (&Purse, &Purse) {
        let purse = self.purse(participant).expect("every participant has a purse");
        (purse, self.purse(purse.clearing).expect("clearing participants are defined"))
    }
}
