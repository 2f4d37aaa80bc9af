//! The digests of the state (`journal/FRAMES.md`, Digests): which words each thing's term is made of.

use crate::digest::{Thing, term};
use crate::number::User;
use crate::state::{Holding, IdKind, Mark, State};

impl State {
    /// Brings the digest up to date.
    pub fn digest(&mut self) -> u64 {
        let mut sum = std::mem::take(&mut self.sum);
        let digest = sum.update(|thing| self.term(thing));
        self.sum = sum;
        digest
    }

    /// Marks a local id.
    pub fn mark(&mut self, user: User, kind: IdKind, local_id: [u8; 24], mark: Mark) {
        self.local_ids = self.local_ids.wrapping_add(mark_term(user, kind, &local_id, mark));
        let before = self.marks.insert((user, kind, local_id), mark);
        assert!(before.is_none(), "a local id is marked once");
    }

    /// A thing's term; None: it is not there.
    fn term(&self, thing: Thing) -> Option<u64> {
        Some(match thing {
            Thing::Order(key) => {
                let order = self.orders.get(&key)?;
                let insert = &order.insert;
                let word = u64::from(insert.account.0)
                    | u64::from(insert.instrument.0) << 32
                    | u64::from(insert.direction) << 48
                    | u64::from(insert.offset) << 56;
                let words = [
                    key.0,
                    word,
                    signed(order.price.0),
                    u64::from(order.remaining) | u64::from(order.yesterday) << 32,
                    u64::from(insert.hedge) | u64::from(order.user.0) << 32,
                    u64::from(order.traded),
                ];
                term(1, &words)
            }
            Thing::Row(account, instrument, hedge) => {
                let [long, short] = self.rows.get(&(account, instrument, hedge))?;
                if *long == Holding::default() && *short == Holding::default() {
                    return None;
                }
                let words = [
                    u64::from(account.0) | u64::from(instrument.0) << 32 | u64::from(hedge) << 48,
                    long.yesterday + (long.today << 32),
                    long.frozen_yesterday + (long.frozen_today << 32),
                    short.yesterday + (short.today << 32),
                    short.frozen_yesterday + (short.frozen_today << 32),
                    long.pending + (short.pending << 32),
                ];
                term(2, &words)
            }
            Thing::Instrument(instrument) => {
                let market = self.markets.get(&instrument)?;
                let word = u64::from(instrument.0)
                    | u64::from(market.phase) << 32
                    | u64::from(market.right) << 40
                    | u64::from(market.last.is_some()) << 48
                    | u64::from(market.touched) << 49;
                let words = [
                    word,
                    signed(market.last.map_or(0, |price| price.0)),
                    signed(market.open.0),
                    signed(market.high.0),
                    signed(market.low.0),
                    market.volume,
                    low(market.turnover),
                    high(market.turnover),
                    market.open_interest,
                ];
                term(3, &words)
            }
            Thing::Participant(participant) => {
                let member = self.members.get(&participant)?;
                term(4, &[u64::from(participant.0) | u64::from(member.right) << 32, u64::from(member.private)])
            }
            Thing::User(user) => {
                let trader = self.traders.get(&user)?;
                let word = u64::from(user.0) | u64::from(trader.right) << 32 | u64::from(trader.blocked) << 40;
                term(5, &[word])
            }
            Thing::Account(account) => {
                let client = self.clients.get(&account)?;
                term(6, &[u64::from(account.0) | u64::from(client.right) << 32])
            }
            Thing::Right(account, instrument) => {
                let right = self.rights.get(&(account, instrument))?;
                term(7, &[u64::from(account.0) | u64::from(instrument.0) << 32 | u64::from(*right) << 48])
            }
            Thing::Day => term(8, &[u64::from(self.day?.trading_day), u64::from(self.broadcast)]),
            Thing::Money(participant) => {
                let member = self.members.get(&participant)?;
                let (used, cleared) = (member.used, member.cleared);
                if used == 0 && cleared == 0 {
                    return None;
                }
                term(9, &[u64::from(participant.0), low(used), high(used), low(cleared), high(cleared)])
            }
            Thing::Credit(participant) => {
                let member = self.members.get(&participant)?;
                if member.funds == -1 && member.credit == -1 {
                    return None;
                }
                term(10, &[u64::from(participant.0), member.funds as u64, member.credit as u64])
            }
            Thing::Product(product) => {
                let family = self.products.get(&product)?;
                term(11, &[u64::from(product.0) | u64::from(family.functions) << 32, u64::from(family.window)])
            }
            Thing::Opened(client, instrument) => {
                let lots = self.opened.get(&(client, instrument)).copied().filter(|&lots| lots > 0)?;
                term(12, &[u64::from(client.0) | u64::from(instrument.0) << 32, lots])
            }
            Thing::Enquiry(client, instrument) => {
                let time = self.enquiries.get(&(client, instrument))?;
                term(13, &[u64::from(client.0) | u64::from(instrument.0) << 32, time.0])
            }
            Thing::Quote(key) => {
                let quote = self.quotes.get(&key)?;
                let insert = &quote.insert;
                let [bid, ask] = quote.orders.map(|order| order.map_or(0, |order| order.0));
                term(14, &[key.0, u64::from(insert.account.0) | u64::from(insert.instrument.0) << 32, bid, ask])
            }
            Thing::Instruction(key) => {
                let instruction = self.instructions.get(&key)?;
                let insert = &instruction.insert;
                let word = u64::from(insert.account.0)
                    | u64::from(insert.instrument.0) << 32
                    | u64::from(insert.hedge) << 48
                    | u64::from(insert.action) << 56;
                term(15, &[key.0, word, u64::from(insert.volume) | u64::from(instruction.yesterday) << 32])
            }
            Thing::Maker(account, product) => {
                self.makers.get(&(account, product))?;
                term(17, &[u64::from(account.0) | u64::from(product.0) << 32])
            }
            Thing::ClientLimit(client, instrument, class) => {
                let limit = self.client_limits.get(&(client, instrument, class))?;
                let word = u64::from(client.0) | u64::from(instrument.0) << 32 | u64::from(class) << 48;
                term(18, &[word, u64::from(limit.long) | u64::from(limit.short) << 32])
            }
            Thing::MemberLimit(participant, instrument) => {
                let volume = self.member_limits.get(&(participant, instrument))?;
                term(19, &[u64::from(participant.0) | u64::from(instrument.0) << 32, u64::from(*volume)])
            }
        })
    }

    /// The digest worked out anew from everything that is there, to hold the kept one against.
    #[must_use]
    pub fn recomputed_digest(&self) -> u64 {
        let things = (self.orders.keys().map(|&key| Thing::Order(key)))
            .chain(self.rows.keys().map(|&(account, instrument, hedge)| Thing::Row(account, instrument, hedge)))
            .chain(self.markets.keys().map(|&instrument| Thing::Instrument(instrument)))
            .chain(self.members.keys().flat_map(|&participant| {
                [Thing::Participant(participant), Thing::Money(participant), Thing::Credit(participant)]
            }))
            .chain(self.traders.keys().map(|&user| Thing::User(user)))
            .chain(self.clients.keys().map(|&account| Thing::Account(account)))
            .chain(self.rights.keys().map(|&(account, instrument)| Thing::Right(account, instrument)))
            .chain(self.products.keys().map(|&product| Thing::Product(product)))
            .chain(self.opened.keys().map(|&(client, instrument)| Thing::Opened(client, instrument)))
            .chain(self.enquiries.keys().map(|&(client, instrument)| Thing::Enquiry(client, instrument)))
            .chain(self.quotes.keys().map(|&key| Thing::Quote(key)))
            .chain(self.instructions.keys().map(|&key| Thing::Instruction(key)))
            .chain(self.makers.iter().map(|&(account, product)| Thing::Maker(account, product)))
            .chain(self.client_limits.keys().map(|&(client, group, class)| Thing::ClientLimit(client, group, class)))
            .chain(self.member_limits.keys().map(|&(participant, index)| Thing::MemberLimit(participant, index)))
            .chain([Thing::Day]);
        things.filter_map(|thing| self.term(thing)).fold(0, u64::wrapping_add)
    }

    /// The local-id digest worked out anew.
    #[must_use]
    pub fn digest_of_marks(&self) -> u64 {
        let terms = self.marks.iter().map(|((user, kind, local_id), mark)| mark_term(*user, *kind, local_id, *mark));
        terms.fold(0, u64::wrapping_add)
    }
}

fn mark_term(user: User, kind: IdKind, local_id: &[u8; 24], mark: Mark) -> u64 {
    let word = |at: usize| u64::from_le_bytes(local_id[at..at + 8].try_into().expect("eight bytes"));
    term(16, &[u64::from(user.0) | (kind as u64) << 16, word(0), word(8), word(16), mark.key.0])
}

/// A negative number as two's complement of 64 bits.
fn signed(value: i32) -> u64 {
    i64::from(value) as u64
}

/// The low half of 128 bits.
fn low(value: i128) -> u64 {
    value as u64
}

/// The high half of 128 bits.
fn high(value: i128) -> u64 {
    (value >> 64) as u64
}
