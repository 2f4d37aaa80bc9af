//! Live exercise instructions. They live through DayClose: settlement takes them.

use crate::digest::exec_term;
use crate::event::SystemId;
use crate::keyed::Keyed;
use crate::local_ids::LocalIds;
use crate::quotes::text_hash;
use crate::tables::{Index, scatter};
use crate::types::{AccountIndex, InstrumentIndex, OrderKey, UserIndex};

/// FTDExecAction: exercise.
pub(crate) const EXERCISE: u8 = b'1';
/// FTDExecAction: abandon.
pub(crate) const ABANDON: u8 = b'2';

/// An instruction to exercise or to abandon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecOrder {
    /// The frame that accepted it, index 0; 0 = a free place.
    pub key: OrderKey,
    /// Whose.
    pub account: AccountIndex,
    /// In what.
    pub instrument: InstrumentIndex,
    /// Who sent it.
    pub user: UserIndex,
    /// FTDHedgeFlag.
    pub hedge: u8,
    /// FTDExecAction.
    pub action: u8,
    /// Lots.
    pub volume: u32,
    /// Of what it freezes, yesterday's.
    pub yesterday: u32,
    /// Its position row.
    pub(crate) row: u32,
    /// Its local-id mark. Also links free places.
    pub(crate) mark: u32,
}

/// All live instructions. Places count from 1.
#[derive(Clone)]
pub(crate) struct ExecTable {
    orders: Vec<ExecOrder>,
    free: u32,
    live: u32,
    limit: u32,
    by_key: Index,
    /// Those whose ExecOrderSysID does not spell their key.
    by_text: Index,
    /// What is abandoned of a row.
    abandoned: Keyed<u64>,
}

const FREE: ExecOrder = ExecOrder {
    key: OrderKey(0),
    account: AccountIndex(0),
    instrument: InstrumentIndex(0),
    user: UserIndex(0),
    hedge: 0,
    action: 0,
    volume: 0,
    yesterday: 0,
    row: 0,
    mark: 0,
};

impl ExecTable {
    /// Room for `limit` instructions.
    pub(crate) fn new(limit: u32) -> Self {
        let mut orders = Vec::with_capacity(limit as usize + 1);
        orders.push(FREE);
        let room = limit as usize;
        let (by_key, by_text) = (Index::with_room(room), Index::with_room(0));
        ExecTable { orders, free: 0, live: 0, limit, by_key, by_text, abandoned: Keyed::with_room(room) }
    }

    /// Whether one more may live.
    pub(crate) fn has_room(&self) -> bool {
        self.live < self.limit
    }

    fn place(&self, key: OrderKey) -> Option<u32> {
        self.by_key.find(key_hash(key), |place| self.orders[place as usize].key == key)
    }

    /// The live instruction with that key.
    pub(crate) fn find(&self, key: OrderKey) -> Option<&ExecOrder> {
        self.place(key).map(|place| &self.orders[place as usize])
    }

    /// The live instruction with an ExecOrderSysID that does not spell its key: a primary's, from before a takeover.
    pub(crate) fn find_text(&self, text: &SystemId, local_ids: &LocalIds) -> Option<&ExecOrder> {
        let is = |place: u32| local_ids.sys_id(local_ids.get(self.orders[place as usize].mark)) == *text;
        self.by_text.find(text_hash(text), is).map(|place| &self.orders[place as usize])
    }

    /// Every live instruction, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ExecOrder> {
        self.orders[1..].iter().filter(|order| order.key != OrderKey(0))
    }

    /// Lots of a row that are abandoned.
    pub(crate) fn abandoned(&self, row: u32) -> u64 {
        self.abandoned.get(u64::from(row)).copied().unwrap_or(0)
    }

    /// An instruction begins; its text, if it does not spell its key. Returns by how much the digest grows (wrapping).
    #[must_use]
    pub(crate) fn add(&mut self, order: ExecOrder, text: Option<&SystemId>) -> u64 {
        assert!(self.has_room(), "decide and validate leave no instruction without room");
        let place = match self.free {
            0 => {
                self.orders.push(FREE);
                self.orders.len() as u32 - 1
            }
            place => {
                self.free = self.orders[place as usize].mark;
                place
            }
        };
        self.orders[place as usize] = order;
        self.by_key.insert(key_hash(order.key), place);
        if let Some(text) = text {
            self.by_text.insert(text_hash(text), place);
        }
        self.live += 1;
        if order.action == ABANDON {
            *self.abandoned.get_or(u64::from(order.row), || 0) += u64::from(order.volume);
        }
        exec_term(&order)
    }

    /// An instruction is taken back. Returns it, and by how much the digest grows (wrapping).
    pub(crate) fn remove(&mut self, key: OrderKey, local_ids: &LocalIds) -> (ExecOrder, u64) {
        let place = self.place(key).expect("decide and validate end only live instructions");
        let order = self.orders[place as usize];
        self.by_key.remove(key_hash(key), place);
        let mark = local_ids.get(order.mark);
        if mark.prefix().is_none() {
            self.by_text.remove(text_hash(&local_ids.sys_id(mark)), place);
        }
        if order.action == ABANDON {
            *self.abandoned.get_or(u64::from(order.row), || 0) -= u64::from(order.volume);
        }
        self.orders[place as usize] = ExecOrder { mark: self.free, ..FREE };
        self.free = place;
        self.live -= 1;
        (order, exec_term(&order).wrapping_neg())
    }
}

fn key_hash(key: OrderKey) -> u32 {
    scatter(key.sequence().0)
}
