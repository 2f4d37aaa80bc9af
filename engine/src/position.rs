//! Position rows: (account, instrument, hedge flag), 64 bytes each; and exposures: (client number, instrument) over all members.
//!
//! A row holds, for long [0] and short [1]: yesterday's and today's positions, what working close orders have frozen of each, and what
//! working open orders may add. Its exposure is found once, when the row comes into being. JR/T 0016 §5.4.1: pending
//! opens count for the limit.

use crate::digest::mix;
use crate::tables::{Index, region, scatter, touch_spare};
use crate::types::{AccountIndex, ClientNumber, Direction, InstrumentIndex};

/// A position: of one account, in one instrument, under one hedge flag. All in lots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Long, from yesterday.
    pub long_yesterday: u32,
    /// Long, of today.
    pub long_today: u32,
    /// Of `long_yesterday`, reserved by working close orders.
    pub long_frozen_yesterday: u32,
    /// Of `long_today`, reserved by working close orders.
    pub long_frozen_today: u32,
    /// Short, from yesterday.
    pub short_yesterday: u32,
    /// Short, of today.
    pub short_today: u32,
    /// Of `short_yesterday`, reserved by working close orders.
    pub short_frozen_yesterday: u32,
    /// Of `short_today`, reserved by working close orders.
    pub short_frozen_today: u32,
    /// Of working buy orders that open.
    pub pending_buy: u32,
    /// Of working sell orders that open.
    pub pending_sell: u32,
}

/// A position row.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(crate) struct Row {
    pub(crate) yesterday: [u32; 2],
    pub(crate) today: [u32; 2],
    pub(crate) frozen_yesterday: [u32; 2],
    pub(crate) frozen_today: [u32; 2],
    // Numbers that the digest packs into one word do not stand side by side: a load of 8 bytes over a fresh store of 4 waits until all
    // older stores are done.
    pending_buy: u32,
    /// Place of its exposure.
    pub(crate) exposure: u32,
    pending_sell: u32,
    /// It is in the list of those whose term is to be renewed.
    stale: bool,
    whose: u64,
    /// What of it is in the digest.
    term: u64,
}

const _: () = assert!(size_of::<Row>() == 64);

/// Account, instrument and hedge flag in one word, as the digest has them; never 0, since hedge flags are characters.
#[inline]
pub(crate) fn whose(account: AccountIndex, instrument: InstrumentIndex, hedge: u8) -> u64 {
    u64::from(account.0) | u64::from(instrument.0) << 32 | u64::from(hedge) << 48
}

impl Row {
    /// Account, instrument and hedge flag: see [`whose`].
    #[inline]
    pub(crate) fn whose(&self) -> u64 {
        self.whose
    }

    #[inline]
    pub(crate) fn account(&self) -> AccountIndex {
        AccountIndex(self.whose as u32)
    }

    #[inline]
    pub(crate) fn instrument(&self) -> InstrumentIndex {
        InstrumentIndex((self.whose >> 32) as u16)
    }

    #[inline]
    pub(crate) fn hedge(&self) -> u8 {
        (self.whose >> 48) as u8
    }

    /// Lots of working orders of a side that open.
    #[inline]
    pub(crate) fn pending(&self, side: Direction) -> u32 {
        match side {
            Direction::Buy => self.pending_buy,
            Direction::Sell => self.pending_sell,
        }
    }

    #[inline]
    pub(crate) fn pending_mut(&mut self, side: Direction) -> &mut u32 {
        match side {
            Direction::Buy => &mut self.pending_buy,
            Direction::Sell => &mut self.pending_sell,
        }
    }

    /// Whether working orders hang at it.
    pub(crate) fn has_working_orders(&self) -> bool {
        let frozen = [self.frozen_yesterday, self.frozen_today].iter().any(|side| side[0] | side[1] != 0);
        frozen || self.pending(Direction::Buy) != 0 || self.pending(Direction::Sell) != 0
    }

    /// Yesterday's position on a side that no order has frozen.
    #[inline]
    pub(crate) fn free_yesterday(&self, side: Direction) -> u32 {
        self.yesterday[side.side()] - self.frozen_yesterday[side.side()]
    }

    /// Today's position on a side that no order has frozen.
    #[inline]
    pub(crate) fn free_today(&self, side: Direction) -> u32 {
        self.today[side.side()] - self.frozen_today[side.side()]
    }

    /// All that a side may come to: positions and pending opens.
    #[inline]
    pub(crate) fn reach(&self, side: Direction) -> u64 {
        let held = u64::from(self.yesterday[side.side()]) + u64::from(self.today[side.side()]);
        held + u64::from(self.pending(side))
    }

    pub(crate) fn view(&self) -> Position {
        Position {
            long_yesterday: self.yesterday[0],
            long_today: self.today[0],
            long_frozen_yesterday: self.frozen_yesterday[0],
            long_frozen_today: self.frozen_today[0],
            short_yesterday: self.yesterday[1],
            short_today: self.today[1],
            short_frozen_yesterday: self.frozen_yesterday[1],
            short_frozen_today: self.frozen_today[1],
            pending_buy: self.pending(Direction::Buy),
            pending_sell: self.pending(Direction::Sell),
        }
    }
}

/// What a client holds and may come to hold in an instrument, over all members and hedge flags: long [0], short [1].
#[derive(Clone, Copy, Default)]
pub(crate) struct Exposure {
    pub(crate) lots: [u64; 2],
    client: ClientNumber,
    instrument: InstrumentIndex,
}

/// Rows that one frame may change before their list grows: a sweep of so many is no order's, only an auction's or a mass cancel's.
const STALE_ROOM: usize = 4096;

/// All rows and exposures. Places count from 1.
#[derive(Clone)]
pub(crate) struct RowTable {
    rows: Vec<Row>,
    exposures: Vec<Exposure>,
    limit: usize,
    by_aggregate: Index,
    by_client: Index,
    stale: Vec<u32>,
}

impl RowTable {
    /// A table for `limit` rows. Exposures cannot be more than rows.
    pub(crate) fn new(limit: u32) -> Self {
        let limit = limit as usize;
        let (mut rows, mut exposures) = (Vec::with_capacity(limit + 1), Vec::with_capacity(limit + 1));
        rows.push(Row::default());
        exposures.push(Exposure::default());
        RowTable {
            rows,
            exposures,
            limit,
            // Half as full as others: every order looks here, and a search that ends at its first entry is foreseen.
            by_aggregate: Index::with_room(2 * limit),
            by_client: Index::with_room(limit),
            stale: Vec::with_capacity(STALE_ROOM.min(limit + 1)),
        }
    }

    /// Whether one more row may come into being.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.rows.len() <= self.limit
    }

    /// The row of an aggregate, named as by [`whose`].
    #[inline(always)]
    pub(crate) fn find(&self, whose: u64) -> Option<u32> {
        self.by_aggregate.find(scatter(whose), |place| self.rows[place as usize].whose == whose)
    }

    /// The same, where it probably stands in a place that is known.
    #[inline]
    pub(crate) fn find_at(&self, hint: u32, whose: u64) -> Option<u32> {
        match self.rows.get(hint as usize) {
            Some(row) if row.whose == whose => Some(hint),
            _ => self.find(whose),
        }
    }

    /// The index entry that a search for a row looks at first.
    #[inline]
    pub(crate) fn entry(&self, whose: u64) -> &u64 {
        self.by_aggregate.entry(scatter(whose))
    }

    /// The row of an aggregate, most likely.
    #[inline]
    pub(crate) fn likely(&self, whose: u64) -> Option<u32> {
        self.by_aggregate.likely(scatter(whose))
    }

    #[inline]
    pub(crate) fn get(&self, place: u32) -> &Row {
        &self.rows[place as usize]
    }

    /// A row and its exposure, to be changed; its term is renewed at the end of the frame.
    #[inline]
    pub(crate) fn touch(&mut self, place: u32) -> (&mut Row, &mut Exposure) {
        let row = &mut self.rows[place as usize];
        if !row.stale {
            row.stale = true;
            self.stale.push(place);
        }
        let exposure = row.exposure as usize;
        (row, &mut self.exposures[exposure])
    }

    /// Every row, in the order in which they came into being.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.rows[1..].iter()
    }

    /// Makes the row of an aggregate that has none.
    pub(crate) fn make(
        &mut self,
        account: AccountIndex,
        client: ClientNumber,
        instrument: InstrumentIndex,
        hedge: u8,
    ) -> u32 {
        assert!(self.has_room(), "decide and validate make no row without room");
        let exposure = match self.find_exposure(client, instrument) {
            Some(place) => place,
            None => {
                let place = self.exposures.len() as u32;
                self.exposures.push(Exposure { lots: [0; 2], client, instrument });
                self.by_client.insert(client_hash(client, instrument), place);
                place
            }
        };
        let place = self.rows.len() as u32;
        let whose = whose(account, instrument, hedge);
        self.rows.push(Row { whose, exposure, ..Row::default() });
        self.by_aggregate.insert(scatter(whose), place);
        place
    }

    #[inline]
    fn find_exposure(&self, client: ClientNumber, instrument: InstrumentIndex) -> Option<u32> {
        self.by_client.find(client_hash(client, instrument), |place| {
            let exposure = &self.exposures[place as usize];
            exposure.client == client && exposure.instrument == instrument
        })
    }

    /// The exposure of a row.
    #[inline]
    pub(crate) fn exposure(&self, row: &Row) -> [u64; 2] {
        self.exposures[row.exposure as usize].lots
    }

    /// The exposure of a client; zeros if it has none.
    #[inline]
    pub(crate) fn exposure_of(&self, client: ClientNumber, instrument: InstrumentIndex) -> [u64; 2] {
        self.find_exposure(client, instrument).map_or([0; 2], |place| self.exposures[place as usize].lots)
    }

    /// Renews the digest terms of what was touched. Returns by how much the sum grows (wrapping).
    #[inline]
    pub(crate) fn renew(&mut self, term: impl Fn(&Row) -> u64) -> u64 {
        let mut growth = 0u64;
        for &place in &self.stale {
            let row = &mut self.rows[place as usize];
            row.stale = false;
            let new = term(row);
            growth = growth.wrapping_add(new).wrapping_sub(row.term);
            row.term = new;
        }
        self.stale.clear();
        growth
    }

    pub(crate) fn touch_pages(&mut self) {
        touch_spare(&mut self.rows, Row::default());
        touch_spare(&mut self.exposures, Exposure::default());
        self.by_aggregate.touch_pages();
        self.by_client.touch_pages();
    }

    /// Where its tables lie: address and bytes.
    pub(crate) fn regions(&self) -> [(usize, usize); 4] {
        [region(&self.rows), region(&self.exposures), self.by_aggregate.region(), self.by_client.region()]
    }
}

#[inline]
fn client_hash(client: ClientNumber, instrument: InstrumentIndex) -> u32 {
    mix(u64::from(client.0), u64::from(instrument.0)) as u32
}
