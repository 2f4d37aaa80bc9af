//! A settled day as it is handed on: with names, in order, whole. Store, files, statements and comparison read this and nothing else.
//!
//! Rows, trading codes, members and funds are [`Settled`]'s; here is what they are called, whose trades made them, and which run this is. Each
//! run of a day has the next settlement id 结算编号; it is out for checking 请核对 first, and released 正式发布 when members and clearing house
//! agree. The same log and terms give the same result, byte for byte.

use crate::amount::{Money, Overflow};
use crate::batch::{Settled, SettledRow};
use crate::market::{AccountIndex, Instrument, InstrumentIndex, Market, MemberIndex, ProductIndex};
use crate::row::{Leg, RowKey};

/// A settled day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayResult {
    /// Which run.
    pub head: Head,
    /// What everything is called.
    pub names: Names,
    /// By which terms; places are those of the names.
    pub market: Market,
    /// The figures.
    pub settled: Settled,
    /// Both sides of every trade, in the order of the log, buyer first.
    pub trades: Vec<TradeLine>,
}

/// Which run of which day.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// The trading day, yyyymmdd.
    pub day: u32,
    /// Settlement group 结算组, as `SG01`.
    pub group: String,
    /// Settlement id 结算编号, from 1.
    pub settlement_id: u32,
    /// How far it is released.
    pub stage: Stage,
    /// The log it was made from: epoch and sequence of the last frame, and the state's digest there.
    pub epoch: u32,
    /// Its last sequence.
    pub last_sequence: u64,
    /// The state's digest after it.
    pub state_digest: u64,
}

/// How far a result is released.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// 请核对 Please check and verify.
    #[default]
    Check,
    /// 正式发布 Official release.
    Official,
}

/// What is called how. Places are the indexes of the market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// InstrumentId.
    pub instruments: Vec<String>,
    /// Product letters.
    pub products: Vec<String>,
    /// Members.
    pub members: Vec<MemberName>,
    /// ClientId of a trading code; its member stands in the market.
    pub accounts: Vec<String>,
    /// UserId, by the log's index.
    pub users: Vec<String>,
    /// Bonds that may be delivered.
    pub bonds: Vec<String>,
}

/// A member's id and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberName {
    /// ParticipantId.
    pub id: String,
    /// Its short name 简称; the id where none is given.
    pub short: String,
}

/// One side of a trade, as members' files list it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeLine {
    /// TradeId, blanks at its end.
    pub trade_id: [u8; 20],
    /// OrderSysId, blanks at its end.
    pub order_sys_id: [u8; 20],
    /// Who sent the order; a place in the names.
    pub user: u16,
    /// When, nanoseconds since the Unix epoch.
    pub time: u64,
    /// Whose, what, how much.
    pub leg: Leg,
}

impl DayResult {
    /// ParticipantId.
    #[must_use]
    pub fn member(&self, index: MemberIndex) -> &str {
        &self.names.members[usize::from(index.0)].id
    }

    /// ClientId.
    #[must_use]
    pub fn client(&self, index: AccountIndex) -> &str {
        &self.names.accounts[index.0 as usize]
    }

    /// InstrumentId.
    #[must_use]
    pub fn instrument(&self, index: InstrumentIndex) -> &str {
        &self.names.instruments[usize::from(index.0)]
    }

    /// Product letters.
    #[must_use]
    pub fn product(&self, index: ProductIndex) -> &str {
        &self.names.products[usize::from(index.0)]
    }

    /// Terms of a row's instrument.
    #[must_use]
    pub fn terms(&self, key: RowKey) -> &Instrument {
        &self.market.instruments[usize::from(key.instrument.0)]
    }

    /// Whose member a trading code is with.
    #[must_use]
    pub fn member_of(&self, account: AccountIndex) -> MemberIndex {
        self.market.accounts[account.0 as usize].member
    }

    /// What a row bought and sold came to, the multiplier within: in money.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn turnover(&self, row: &SettledRow) -> Result<(Money, Money), Overflow> {
        let multiplier = i128::from(self.terms(row.key).multiplier);
        Ok((Money::of(row.row.day.bought.amount * multiplier)?, Money::of(row.row.day.sold.amount * multiplier)?))
    }
}
