//! A row's values, put down and read back one by one.

use super::Value;
use crate::StoreError;
use settlement::account::{Figures, Funds};
use settlement::amount::Total;
use settlement::market::{AccountIndex, InstrumentIndex};
use settlement::row::RowKey;
use settlement::rules::closing::Held;
use settlement::rules::fee::Fees;
use settlement::rules::profit::Traded;
use settlement::{Money, Price, Rate};

/// A row's values as they are put down.
pub(super) struct Line<'a> {
    table: &'static str,
    pub values: Vec<Value<'a>>,
}

impl<'a> Line<'a> {
    pub fn of(table: &'static str) -> Self {
        Line { table, values: Vec::with_capacity(40) }
    }

    pub fn int(&mut self, what: &'static str, value: impl TryInto<i64>) -> Result<(), StoreError> {
        let value = value.try_into().map_err(|_| StoreError::Refused { table: self.table, what })?;
        self.values.push(Value::Int(value));
        Ok(())
    }

    pub fn small<T: Into<i64>>(&mut self, value: T) {
        self.values.push(Value::Int(value.into()));
    }

    /// Zero bytes are of no text in PostgreSQL.
    pub fn text(&mut self, what: &'static str, value: &'a str) -> Result<(), StoreError> {
        if value.contains('\0') {
            return Err(StoreError::Refused { table: self.table, what });
        }
        self.values.push(Value::Text(value));
        Ok(())
    }

    pub fn bytes(&mut self, what: &'static str, value: &'a [u8]) -> Result<(), StoreError> {
        let refused = StoreError::Refused { table: self.table, what };
        self.text(what, std::str::from_utf8(value).map_err(|_| refused)?)
    }

    pub fn money(&mut self, all: &[Money]) {
        self.values.extend(all.iter().map(|money| Value::Int(money.0)));
    }

    pub fn figures(&mut self, figures: &Figures) {
        self.money(&[figures.profit, figures.premium, figures.margin]);
        self.fees(&figures.fees);
        self.money(&[figures.delivery]);
    }

    pub fn fees(&mut self, fees: &Fees) {
        self.money(&[fees.transaction, fees.submission, fees.settlement, fees.delivery, fees.transfer]);
    }
}

/// A row's values as they are read.
pub(crate) struct Fields<'a> {
    pub table: &'static str,
    pub values: std::slice::Iter<'a, Value<'a>>,
}

impl<'a> Fields<'a> {
    pub fn damaged(&self, what: &'static str) -> StoreError {
        StoreError::Damaged { table: self.table, what }
    }

    pub fn int<T: TryFrom<i64>>(&mut self, what: &'static str) -> Result<T, StoreError> {
        match self.values.next() {
            Some(Value::Int(value)) => T::try_from(*value).map_err(|_| self.damaged(what)),
            _ => Err(self.damaged(what)),
        }
    }

    pub fn text(&mut self, what: &'static str) -> Result<&'a str, StoreError> {
        match self.values.next() {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(self.damaged(what)),
        }
    }

    pub fn flag(&mut self, what: &'static str) -> Result<bool, StoreError> {
        match self.int::<u8>(what)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.damaged(what)),
        }
    }

    /// What a waiver names; -1 is nothing.
    pub fn named<T: TryFrom<i64>>(&mut self, what: &'static str) -> Result<Option<T>, StoreError> {
        match self.int::<i64>(what)? {
            -1 => Ok(None),
            value => T::try_from(value).map(Some).map_err(|_| self.damaged(what)),
        }
    }

    pub fn money(&mut self, what: &'static str) -> Result<Money, StoreError> {
        self.int(what).map(Money)
    }

    pub fn price(&mut self, what: &'static str) -> Result<Price, StoreError> {
        self.int(what).map(Price)
    }

    pub fn rate(&mut self, what: &'static str) -> Result<Rate, StoreError> {
        self.int(what).map(Rate)
    }

    pub fn total(&mut self, what: &'static str) -> Result<Total, StoreError> {
        self.int::<i64>(what).map(|parts| Total(parts.into()))
    }

    pub fn traded(&mut self, what: &'static str) -> Result<Traded, StoreError> {
        Ok(Traded { lots: self.int(what)?, amount: self.int::<i64>(what)?.into() })
    }

    /// The next place of a list: what is missing before it would move all names.
    pub fn place(&mut self, next: usize) -> Result<(), StoreError> {
        let place: usize = self.int("place")?;
        if place == next { Ok(()) } else { Err(self.damaged("place")) }
    }

    pub fn figures(&mut self) -> Result<Figures, StoreError> {
        Ok(Figures {
            profit: self.money("profit")?,
            premium: self.money("premium")?,
            margin: self.money("margin")?,
            fees: self.fees()?,
            delivery: self.money("delivery_payment")?,
        })
    }

    pub fn fees(&mut self) -> Result<Fees, StoreError> {
        Ok(Fees {
            transaction: self.money("fee_transaction")?,
            submission: self.money("fee_submission")?,
            settlement: self.money("fee_settlement")?,
            delivery: self.money("fee_delivery")?,
            transfer: self.money("fee_transfer")?,
        })
    }

    pub fn funds(&mut self) -> Result<Funds, StoreError> {
        Ok(Funds {
            figures: self.figures()?,
            reserve: self.money("reserve")?,
            balance: self.money("balance")?,
            collateral: self.money("collateral")?,
            call: self.money("call")?,
            withdrawable: self.money("withdrawable")?,
        })
    }

    pub fn held(&mut self, what: &'static str) -> Result<Held, StoreError> {
        Ok(Held { yesterday: self.int(what)?, today: self.int(what)? })
    }

    pub fn key(&mut self) -> Result<RowKey, StoreError> {
        let (account, instrument) = (AccountIndex(self.int("account")?), InstrumentIndex(self.int("instrument")?));
        Ok(RowKey { account, instrument, hedge: self.hedge()? })
    }

    pub fn hedge(&mut self) -> Result<u8, StoreError> {
        let &[hedge] = self.text("hedge")?.as_bytes() else { return Err(self.damaged("hedge")) };
        Ok(hedge)
    }

    pub fn padded<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], StoreError> {
        let text = self.text(what)?.as_bytes();
        let mut padded = [b' '; N];
        padded.get_mut(..text.len()).ok_or(self.damaged(what))?.copy_from_slice(text);
        Ok(padded)
    }
}
