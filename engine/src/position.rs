//! Position rows: (account, instrument, hedge flag), 64 bytes each; and holdings: (client number, instrument, class) over all members.
//!
//! A row holds, for long [0] and short [1]: yesterday's and today's positions, what working close orders have frozen of each, and what
//! working open orders may add. Its holding is found once, when the row comes into being. JR/T 0016 §5.4.1: pending
//! opens count for the limit. What binds few (a member's limit, a product's limit of opened lots) is counted only where it binds.

use crate::digest::mix;
use crate::keyed::{Keyed, pair_name};
use crate::tables::{Index, region, scatter, touch_spare};
use crate::types::{AccountIndex, ClientNumber, Direction, InstrumentIndex, ParticipantIndex, ProductIndex};

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
    /// Place of its holding.
    holding: u32,
    pending_sell: u32,
    flags: u8,
    whose: u64,
    /// What of it is in the digest.
    term: u64,
}

const _: () = assert!(size_of::<Row>() == 64);

/// The row is in the list of those whose term is to be renewed.
const STALE: u8 = 1;
/// What its holding opened has changed since the last renewal.
const OPENED: u8 = 2;
/// What it opens counts for the day's limits of opened lots: hedge flags '1' and '2'.
const COUNTS: u8 = 4;
/// Its long counts as short in its limit group: a put where puts and calls are seen together.
const SWAPPED: u8 = 8;
/// Its member has a limit in the instrument.
const MEMBER: u8 = 16;

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

    /// Its term is to be renewed.
    #[inline(always)]
    fn make_stale(&mut self, place: u32, stale: &mut Vec<u32>) {
        if self.flags & STALE == 0 {
            self.flags |= STALE;
            stale.push(place);
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

    /// A side as its limit group sees it, 0 long and 1 short.
    #[inline]
    fn group_side(&self, side: Direction) -> usize {
        side.side() ^ usize::from(self.flags & SWAPPED != 0)
    }

    /// All of a side: yesterday's and today's position.
    #[inline]
    pub(crate) fn held(&self, side: Direction) -> u64 {
        u64::from(self.yesterday[side.side()]) + u64::from(self.today[side.side()])
    }

    /// All that a side may come to: positions and pending opens.
    #[inline(always)]
    pub(crate) fn reach(&self, side: Direction) -> u64 {
        self.held(side) + u64::from(self.pending(side))
    }

    /// Whether a close order's part can be frozen on a side.
    #[inline]
    pub(crate) fn can_freeze(&self, side: Direction, yesterday: u32, today: u32) -> bool {
        yesterday <= self.free_yesterday(side) && today <= self.free_today(side)
    }

    /// An order reserves what it may come to: pending opens, or frozen positions on the other side.
    #[inline(always)]
    pub(crate) fn reserve(&mut self, direction: Direction, opens: bool, volume: u32, yesterday: u32) {
        if opens {
            *self.pending_mut(direction) += volume;
            return;
        }
        let side = direction.other().side();
        self.frozen_yesterday[side] += yesterday;
        self.frozen_today[side] += volume - yesterday;
        assert!(self.frozen_yesterday[side] <= self.yesterday[side], "no more is frozen than there is of yesterday");
        assert!(self.frozen_today[side] <= self.today[side], "no more is frozen than there is of today");
    }

    /// An order releases what it has left of its reservation.
    #[inline(always)]
    pub(crate) fn release(&mut self, direction: Direction, opens: bool, remaining: u32, yesterday: u32) {
        if opens {
            *self.pending_mut(direction) -= remaining;
            return;
        }
        let side = direction.other().side();
        self.frozen_yesterday[side] -= yesterday;
        self.frozen_today[side] -= remaining - yesterday;
    }

    /// An order trades: what it reserved becomes a position or ends one.
    #[inline(always)]
    pub(crate) fn trade(&mut self, direction: Direction, opens: bool, volume: u32, yesterday: u32) {
        self.release(direction, opens, volume, yesterday);
        if opens {
            self.today[direction.side()] += volume;
            return;
        }
        let side = direction.other().side();
        self.yesterday[side] -= yesterday;
        self.today[side] -= volume - yesterday;
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

/// Which rows are limited together: 0 = hedge flags '1' '2' '4'; 1 = '3'. RULES.md, Words, Exposure.
#[inline]
pub(crate) fn class_of(hedge: u8) -> u8 {
    u8::from(hedge == b'3')
}

/// Whether what is opened under a hedge flag counts for the day's limits of opened lots.
#[inline]
pub(crate) fn counts_opened(hedge: u8) -> bool {
    hedge <= b'2'
}

/// A client number in an instrument, over all members, in one class.
#[derive(Clone, Copy, Default)]
pub(crate) struct Holding {
    /// If the instrument is its limit group's first: the group's exposure, long [0] and short [1].
    lots: [u64; 2],
    /// Lots accepted to open today, less what of them was released untraded.
    opened: u64,
    /// What of `opened` is in the digest.
    term: u64,
    client: ClientNumber,
    /// Place of the holding in its limit group's first instrument: its own, mostly.
    group: u32,
    /// Place of what the client number opened in the product, from 1; 0 = the product has no limit.
    product: u32,
    instrument: InstrumentIndex,
    class: u8,
}

impl Holding {
    pub(crate) fn client(&self) -> ClientNumber {
        self.client
    }

    pub(crate) fn instrument(&self) -> InstrumentIndex {
        self.instrument
    }

    pub(crate) fn opened(&self) -> u64 {
        self.opened
    }
}

/// A participant that has a limit in an instrument.
#[derive(Clone, Copy, Default)]
pub(crate) struct MemberLimit {
    /// Lots on one side; 0 = no limit.
    pub(crate) volume: u32,
    /// Positions and pending opens of its rows.
    pub(crate) lots: [u64; 2],
}

/// Where a row that comes into being belongs.
#[derive(Clone, Copy)]
pub(crate) struct Home {
    pub(crate) account: AccountIndex,
    pub(crate) participant: ParticipantIndex,
    pub(crate) client: ClientNumber,
    pub(crate) instrument: InstrumentIndex,
    pub(crate) hedge: u8,
    /// First instrument of the limit group.
    pub(crate) group: InstrumentIndex,
    /// The product, if it limits what is opened in it.
    pub(crate) product: Option<ProductIndex>,
    pub(crate) swapped: bool,
}

/// Rows that one frame may change before their list grows: a sweep of so many is no order's, only an auction's or a mass cancel's.
const STALE_ROOM: usize = 4096;

/// All rows and holdings. Places count from 1.
#[derive(Clone)]
pub(crate) struct RowTable {
    rows: Vec<Row>,
    holdings: Vec<Holding>,
    limit: usize,
    by_aggregate: Index,
    by_client: Index,
    stale: Vec<u32>,
    /// What client numbers opened in products that limit it; place 0 is nobody's.
    product_opened: Vec<u64>,
    by_product: Keyed<u32>,
    /// Limits of members, by participant and instrument.
    members: Keyed<MemberLimit>,
    /// For rows with [`MEMBER`]: the participant.
    member_rows: Keyed<ParticipantIndex>,
}

impl RowTable {
    /// A table for `limit` rows. A row makes its holding and its limit group's.
    pub(crate) fn new(limit: u32) -> Self {
        let limit = limit as usize;
        let (mut rows, mut holdings) = (Vec::with_capacity(limit + 1), Vec::with_capacity(2 * limit + 1));
        rows.push(Row::default());
        holdings.push(Holding::default());
        let mut product_opened = Vec::with_capacity(limit + 1);
        product_opened.push(0);
        RowTable {
            rows,
            holdings,
            limit,
            // Half as full as others: every order looks here, and a search that ends at its first entry is foreseen.
            by_aggregate: Index::with_room(2 * limit),
            by_client: Index::with_room(2 * limit),
            stale: Vec::with_capacity(STALE_ROOM.min(limit + 1)),
            product_opened,
            by_product: Keyed::with_room(limit),
            members: Keyed::with_room(0),
            member_rows: Keyed::with_room(0),
        }
    }

    /// Whether one more row may come into being, besides so many that will.
    #[inline]
    pub(crate) fn has_room_beside(&self, others: usize) -> bool {
        self.rows.len() + others <= self.limit
    }

    /// Whether one more row may come into being.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.has_room_beside(0)
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

    /// A row, to be changed; its term is renewed at the end of the frame.
    #[inline]
    pub(crate) fn touch(&mut self, place: u32) -> &mut Row {
        let row = &mut self.rows[place as usize];
        row.make_stale(place, &mut self.stale);
        row
    }

    /// A row's client, group and member hold or may come to hold more on a side.
    #[inline]
    pub(crate) fn grow(&mut self, place: u32, side: Direction, volume: u32) {
        let row = &self.rows[place as usize];
        let (at, member) = (row.group_side(side), row.flags & MEMBER != 0);
        let group = self.holdings[row.holding as usize].group;
        self.holdings[group as usize].lots[at] += u64::from(volume);
        if member {
            self.member_of(place).lots[side.side()] += u64::from(volume);
        }
    }

    /// … less.
    #[inline]
    pub(crate) fn shrink(&mut self, place: u32, side: Direction, volume: u32) {
        let row = &self.rows[place as usize];
        let (at, member) = (row.group_side(side), row.flags & MEMBER != 0);
        let group = self.holdings[row.holding as usize].group;
        self.holdings[group as usize].lots[at] -= u64::from(volume);
        if member {
            self.member_of(place).lots[side.side()] -= u64::from(volume);
        }
    }

    #[cold]
    fn member_of(&mut self, place: u32) -> &mut MemberLimit {
        let instrument = self.get(place).instrument();
        let participant = self.member_rows.get(u64::from(place)).expect("a row with the flag has its participant");
        let name = pair_name(u32::from(participant.0), instrument.0);
        self.members.get_or(name, MemberLimit::default)
    }

    /// An order is accepted: its row reserves what it may come to, and if it opens, client, group and member may hold more. One way
    /// through them for all that they count.
    #[inline(always)]
    pub(crate) fn reserve(&mut self, place: u32, direction: Direction, opens: bool, volume: u32, yesterday: u32) {
        self.change::<true>(place, direction, opens, volume, yesterday);
    }

    /// An order releases what it has left of that.
    #[inline(always)]
    pub(crate) fn release(&mut self, place: u32, direction: Direction, opens: bool, remaining: u32, yesterday: u32) {
        self.change::<false>(place, direction, opens, remaining, yesterday);
    }

    /// Changes a row, and what an order that opens counts for: what its client opened, its group's exposure, its member's lots.
    #[inline(always)]
    fn change<const MORE: bool>(&mut self, place: u32, direction: Direction, opens: bool, volume: u32, yesterday: u32) {
        let row = &mut self.rows[place as usize];
        row.make_stale(place, &mut self.stale);
        match MORE {
            true => row.reserve(direction, opens, volume, yesterday),
            false => row.release(direction, opens, volume, yesterday),
        }
        if !opens {
            return;
        }
        let count = |lots: &mut u64| match MORE {
            true => *lots += u64::from(volume),
            false => *lots -= u64::from(volume),
        };
        let (at, flags) = (row.group_side(direction), row.flags);
        let holding = &mut self.holdings[row.holding as usize];
        if flags & COUNTS != 0 {
            row.flags = flags | OPENED;
            count(&mut holding.opened);
            if holding.product != 0 {
                count(&mut self.product_opened[holding.product as usize]);
            }
        }
        match holding.group == row.holding {
            true => count(&mut holding.lots[at]),
            false => {
                let group = holding.group;
                count(&mut self.holdings[group as usize].lots[at]);
            }
        }
        if flags & MEMBER != 0 {
            count(&mut self.member_of(place).lots[direction.side()]);
        }
    }

    /// Every row, in the order in which they came into being.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.rows[1..].iter()
    }

    /// Every holding, in the order in which they came into being.
    pub(crate) fn holdings(&self) -> impl Iterator<Item = &Holding> {
        self.holdings[1..].iter()
    }

    /// Makes the row of an aggregate that has none.
    pub(crate) fn make(&mut self, home: &Home) -> u32 {
        assert!(self.has_room(), "decide and validate make no row without room");
        let class = class_of(home.hedge);
        let holding = self.holding(home.client, home.instrument, class);
        let alone = home.group == home.instrument;
        let group = if alone { holding } else { self.holding(home.client, home.group, class) };
        self.holdings[holding as usize].group = group;
        if let Some(product) = home.product {
            let Self { product_opened, by_product, .. } = self;
            let place = by_product.get_or(pair_name(home.client.0, product.0), || {
                product_opened.push(0);
                product_opened.len() as u32 - 1
            });
            self.holdings[holding as usize].product = *place;
        }
        let place = self.rows.len() as u32;
        let whose = whose(home.account, home.instrument, home.hedge);
        let mut flags = 0;
        if counts_opened(home.hedge) {
            flags |= COUNTS;
        }
        if home.swapped {
            flags |= SWAPPED;
        }
        if self.members.get(pair_name(u32::from(home.participant.0), home.instrument.0)).is_some() {
            flags |= MEMBER;
            self.member_rows.get_or(u64::from(place), || home.participant);
        }
        self.rows.push(Row { whose, holding, flags, ..Row::default() });
        self.by_aggregate.insert(scatter(whose), place);
        place
    }

    /// The holding of a client; made if there is none.
    fn holding(&mut self, client: ClientNumber, instrument: InstrumentIndex, class: u8) -> u32 {
        if let Some(place) = self.find_holding(client, instrument, class) {
            return place;
        }
        let place = self.holdings.len() as u32;
        self.holdings.push(Holding { client, instrument, class, group: place, ..Holding::default() });
        self.by_client.insert(client_hash(client, instrument, class), place);
        place
    }

    #[inline]
    fn find_holding(&self, client: ClientNumber, instrument: InstrumentIndex, class: u8) -> Option<u32> {
        self.by_client.find(client_hash(client, instrument, class), |place| {
            let holding = &self.holdings[place as usize];
            holding.client == client && holding.instrument == instrument && holding.class == class
        })
    }

    /// The exposure of a row's client in its limit group, as the row's sides are.
    #[inline(always)]
    pub(crate) fn exposure(&self, row: &Row, side: Direction) -> u64 {
        let own = &self.holdings[row.holding as usize];
        // Its own group, mostly.
        let group = if own.group == row.holding { own } else { &self.holdings[own.group as usize] };
        group.lots[row.group_side(side)]
    }

    /// The exposure of a client in a limit group; zeros if it has none.
    #[inline]
    pub(crate) fn exposure_of(&self, client: ClientNumber, group: InstrumentIndex, class: u8) -> [u64; 2] {
        self.find_holding(client, group, class).map_or([0; 2], |place| self.holdings[place as usize].lots)
    }

    /// What a client opened today in an instrument.
    pub(crate) fn opened_of(&self, client: ClientNumber, instrument: InstrumentIndex) -> u64 {
        self.find_holding(client, instrument, 0).map_or(0, |place| self.holdings[place as usize].opened)
    }

    /// What a client opened today in a product that limits it; 0 where it does not.
    pub(crate) fn opened_in_product(&self, client: ClientNumber, product: ProductIndex) -> u64 {
        self.by_product.get(pair_name(client.0, product.0)).map_or(0, |&place| self.product_opened[place as usize])
    }

    /// The limit of a participant in an instrument, if one was set.
    #[inline]
    pub(crate) fn member_limit(
        &self,
        participant: ParticipantIndex,
        instrument: InstrumentIndex,
    ) -> Option<&MemberLimit> {
        self.members.get(pair_name(u32::from(participant.0), instrument.0))
    }

    /// Sets the limit of a participant in an instrument, and from the first time on counts what it holds there. `of` says of an account
    /// whether it is the participant's. Returns the limit before, if there was one.
    pub(crate) fn set_member_limit(
        &mut self,
        participant: ParticipantIndex,
        instrument: InstrumentIndex,
        volume: u32,
        of: impl Fn(AccountIndex) -> bool,
    ) -> Option<u32> {
        let name = pair_name(u32::from(participant.0), instrument.0);
        let before = self.members.get(name).map(|member| member.volume);
        if before.is_none() {
            let mut lots = [0; 2];
            for (place, row) in (0u64..).zip(&mut self.rows).skip(1) {
                if row.instrument() == instrument && of(row.account()) {
                    row.flags |= MEMBER;
                    lots[0] += row.reach(Direction::Buy);
                    lots[1] += row.reach(Direction::Sell);
                    self.member_rows.get_or(place, || participant);
                }
            }
            self.members.get_or(name, || MemberLimit { volume, lots });
        }
        self.members.get_or(name, MemberLimit::default).volume = volume;
        before
    }

    /// Every limit of a participant: (participant + instrument x 2^32), the limit.
    pub(crate) fn member_limits(&self) -> impl Iterator<Item = (u64, &MemberLimit)> {
        self.members.iter()
    }

    /// How many participants have limits.
    pub(crate) fn member_limit_count(&self) -> usize {
        self.members.len()
    }

    /// Renews the digest terms of what was touched. Returns by how much the sum grows (wrapping).
    #[inline(always)]
    pub(crate) fn renew(&mut self, row_term: impl Fn(&Row) -> u64, opened_term: impl Fn(&Holding) -> u64) -> u64 {
        let mut growth = 0u64;
        for &place in &self.stale {
            let row = &mut self.rows[place as usize];
            if row.flags & OPENED != 0 {
                let holding = &mut self.holdings[row.holding as usize];
                let new = opened_term(holding);
                growth = growth.wrapping_add(new).wrapping_sub(holding.term);
                holding.term = new;
            }
            row.flags &= !(STALE | OPENED);
            let new = row_term(row);
            growth = growth.wrapping_add(new).wrapping_sub(row.term);
            row.term = new;
        }
        self.stale.clear();
        growth
    }

    pub(crate) fn touch_pages(&mut self) {
        touch_spare(&mut self.rows, Row::default());
        touch_spare(&mut self.holdings, Holding::default());
        self.by_aggregate.touch_pages();
        self.by_client.touch_pages();
    }

    /// Where its tables lie: address and bytes.
    pub(crate) fn regions(&self) -> [(usize, usize); 4] {
        [region(&self.rows), region(&self.holdings), self.by_aggregate.region(), self.by_client.region()]
    }
}

#[inline]
fn client_hash(client: ClientNumber, instrument: InstrumentIndex, class: u8) -> u32 {
    mix(u64::from(client.0), u64::from(instrument.0) | u64::from(class) << 16) as u32
}
