//! Who and what there is today: the base data by text and by index, a fold over the log.
//!
//! The session asks it on the order's way (an id in a packet becomes an index), the renderer on the way back (an index
//! becomes an id). It has state of its own and never reads the engine's. Its tables get their size from DayOpen; after
//! that nothing allocates.

mod contradiction;
mod texts;

pub use contradiction::{Conflict, Contradiction};

use crate::texts::MemberText;
use engine::command::{
    AccountDefine, BodyView, Command, DayOpen, InstrumentDefine, OrderInsert, ParticipantDefine, UserDefine,
};
use engine::event::EventView;
use engine::types::{
    AccountIndex, Epoch, InstrumentIndex, Nanoseconds, ParticipantIndex, Phase, Price, Sequence, UserIndex,
};
use ftd::time::Date;
use ftd::{ChinaDay, ChinaHundredth};
use journal::{FrameHeader, FrameView};
use std::fmt;
use std::net::Ipv4Addr;
use texts::Texts;

/// The base data as of the last frame applied.
#[derive(Clone, Debug)]
pub struct Directory {
    day: Option<Day>,
    participants: Table<Participant>,
    users: Table<User>,
    accounts: Table<Account>,
    instruments: Table<Instrument>,
    /// What InstrumentDefine said of each, as far as [`Instrument`] does not: asked seldom, so it stands beside.
    terms: Vec<Option<InstrumentDefine>>,
    /// Ids of products; blank if not defined.
    products: Vec<[u8; 8]>,
    last_step: u32,
    last_sequence: Sequence,
    /// The last frame's time, as messages write it.
    hundredth: ChinaHundredth,
    /// How members' texts are written: of no log, and the same all day.
    text: MemberText,
}

/// The day, and whose reign it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The trading day, yyyymmdd. 交易日
    pub trading_day: u32,
    /// The calendar day, yyyymmdd. 自然日
    pub action_day: u32,
    /// The trading day as the standard writes it.
    pub trading_date: Date,
    /// The calendar day as the standard writes it.
    pub action_date: Date,
    /// The epoch the day began with.
    pub first_epoch: Epoch,
    /// The present epoch.
    pub epoch: Epoch,
    /// Data centre of the core that opened the present epoch: only that core speaks to members.
    pub data_center: u32,
    /// The day by the clock of its first frame: most frames are of the same.
    pub clock_day: ChinaDay,
}

/// A participant 会员.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Participant {
    /// ParticipantId, as on the wire.
    pub id: [u8; 8],
    /// Series of its private stream, from 2.
    pub series: u16,
    /// FTDParticipantType.
    pub participant_type: u8,
    /// Who clears it: itself, or another one.
    pub clearing: ParticipantIndex,
}

/// A user (trader, seat) 交易员, 席位.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// UserId, as on the wire.
    pub id: [u8; 15],
    /// Whose trader.
    pub participant: ParticipantIndex,
    /// Where it may connect from; 0.0.0.0 = anywhere.
    pub address: Ipv4Addr,
    /// Requests a second; 0 = no limit.
    pub requests_per_second: u32,
    /// Requests unanswered at once; 0 = no limit.
    pub requests_in_flight: u32,
    /// The password, or the key of the login's proof.
    pub secret: SeatSecret,
    /// Bits of UserDefine's flags.
    pub flags: u8,
    /// SeatBlock: it may not log in.
    pub blocked: bool,
    /// The greatest local id marked today, compared as bytes: MaxOrderLocalId. None: none was marked.
    pub largest_local_id: Option<[u8; 24]>,
}

/// An account: a participant's client 客户.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// ClientId, as on the wire.
    pub client_id: [u8; 8],
    /// Whose client.
    pub participant: ParticipantIndex,
}

/// An instrument 合约.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// InstrumentId, as on the wire.
    pub id: [u8; 30],
    /// One tick, in 1/10,000 yuan.
    pub tick: u32,
    /// Contract multiplier 合约乘数.
    pub multiplier: u32,
    /// Lowest price 跌停板.
    pub lower_limit: Price,
    /// Highest price 涨停板.
    pub upper_limit: Price,
    /// Previous settlement 昨结算.
    pub previous_settlement: Price,
    /// Open interest the day began with, counted once.
    pub previous_open_interest: u64,
    /// Its phase.
    pub phase: Phase,
}

/// What a seat proves that it has. It prints as `***`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SeatSecret([u8; 40]);

impl SeatSecret {
    /// All bytes, blanks behind.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 40] {
        &self.0
    }

    /// The secret without the blanks (or NULs) behind it.
    #[must_use]
    pub fn trimmed(&self) -> &[u8] {
        let length = self.0.iter().rposition(|&byte| byte != b' ' && byte != 0).map_or(0, |last| last + 1);
        &self.0[..length]
    }
}

impl fmt::Debug for SeatSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}

impl Directory {
    /// Before the day: nobody and nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Directory {
            day: None,
            participants: Table::new(0),
            users: Table::new(0),
            accounts: Table::new(0),
            instruments: Table::new(0),
            terms: vec![],
            products: vec![],
            last_step: 0,
            last_sequence: Sequence(0),
            hundredth: ChinaHundredth::of_unix_ns(0, ChinaDay::of_unix_ns(0)),
            text: MemberText::default(),
        }
    }

    /// The same, for members who read texts so.
    #[must_use]
    pub fn telling(self, text: MemberText) -> Self {
        Directory { text, ..self }
    }

    /// How members' texts are written.
    #[must_use]
    pub fn member_text(&self) -> MemberText {
        self.text
    }

    /// Takes in the next part of the log. Only DayOpen allocates.
    ///
    /// # Errors
    /// The log contradicts itself. What was taken in of the frame until then stays; the caller halts.
    #[inline]
    pub fn apply(&mut self, frame: &FrameView<'_>) -> Result<(), Contradiction> {
        self.begin_frame(frame.header);
        let result = match &frame.command {
            Some(command) => self.apply_command(command, frame),
            // A later part brings only more events; of those only phases are base data.
            None => self.apply_phases(frame),
        };
        result.map_err(|conflict| conflict.at(frame.header.sequence))
    }

    /// [`Directory::apply`] for a frame that accepts an order and is one part.
    #[inline]
    pub(crate) fn apply_order(
        &mut self,
        header: &FrameHeader,
        user: UserIndex,
        order: &OrderInsert,
    ) -> Result<(), Conflict> {
        self.begin_frame(header);
        self.mark(user, order)
    }

    #[inline]
    fn begin_frame(&mut self, header: &FrameHeader) {
        self.last_sequence = header.sequence;
        if !self.hundredth.holds(header.time.0) {
            self.hundredth = self.another_hundredth(header.time);
        }
    }

    /// The day. None: before DayOpen.
    #[inline]
    #[must_use]
    pub fn day(&self) -> Option<&Day> {
        self.day.as_ref()
    }

    /// A frame's time, as messages write it.
    #[inline]
    #[must_use]
    pub fn hundredth(&self, time: Nanoseconds) -> ChinaHundredth {
        if self.hundredth.holds(time.0) { self.hundredth } else { self.another_hundredth(time) }
    }

    #[cold]
    fn another_hundredth(&self, time: Nanoseconds) -> ChinaHundredth {
        let day = self.day.map_or_else(|| ChinaDay::of_unix_ns(time.0), |day| day.clock_day);
        ChinaHundredth::of_unix_ns(time.0, day)
    }

    /// The participant with this ParticipantId, as it stands in the packet.
    #[inline]
    #[must_use]
    pub fn find_participant(&self, id: &[u8; 8]) -> Option<ParticipantIndex> {
        let found = |id: &[u8; 8]| self.participants.find(texts::hash(id, 0), |participant| participant.id == *id);
        found(id).or_else(|| found(&texts::blank_padded(id)?)).map(|index| ParticipantIndex(index as u16))
    }

    /// The user with this UserId, as it stands in the packet.
    #[inline]
    #[must_use]
    pub fn find_user(&self, id: &[u8; 15]) -> Option<UserIndex> {
        let found = |id: &[u8; 15]| self.users.find(texts::hash(id, 0), |user| user.id == *id);
        found(id).or_else(|| found(&texts::blank_padded(id)?)).map(|index| UserIndex(index as u16))
    }

    /// This ParticipantId, as it stands in the packet, is that participant's.
    #[inline]
    #[must_use]
    pub fn is_participant(&self, index: ParticipantIndex, id: &[u8; 8]) -> bool {
        self.participant(index).is_some_and(|participant| participant.id == *id)
            || self.find_participant(id) == Some(index)
    }

    /// This UserId, as it stands in the packet, is that user's.
    #[inline]
    #[must_use]
    pub fn is_user(&self, index: UserIndex, id: &[u8; 15]) -> bool {
        self.user(index).is_some_and(|user| user.id == *id) || self.find_user(id) == Some(index)
    }

    /// The account of this participant with this ClientId, as it stands in the packet.
    #[inline]
    #[must_use]
    pub fn find_account(&self, participant: ParticipantIndex, client_id: &[u8; 8]) -> Option<AccountIndex> {
        let found = |id: &[u8; 8]| {
            let same = |account: &Account| account.client_id == *id && account.participant == participant;
            self.accounts.find(texts::hash(id, u32::from(participant.0)), same)
        };
        found(client_id).or_else(|| found(&texts::blank_padded(client_id)?)).map(AccountIndex)
    }

    /// The instrument with this InstrumentId, as it stands in the packet.
    #[inline]
    #[must_use]
    pub fn find_instrument(&self, id: &[u8; 30]) -> Option<InstrumentIndex> {
        let found = |id: &[u8; 30]| self.instruments.find(texts::hash(id, 0), |instrument| instrument.id == *id);
        found(id).or_else(|| found(&texts::blank_padded(id)?)).map(|index| InstrumentIndex(index as u16))
    }

    /// A participant by its index. None: not defined.
    #[inline]
    #[must_use]
    pub fn participant(&self, index: ParticipantIndex) -> Option<&Participant> {
        self.participants.get(index.0.into())
    }

    /// A user by its index. None: not defined.
    #[inline]
    #[must_use]
    pub fn user(&self, index: UserIndex) -> Option<&User> {
        self.users.get(index.0.into())
    }

    /// An account by its index. None: not defined.
    #[inline]
    #[must_use]
    pub fn account(&self, index: AccountIndex) -> Option<&Account> {
        self.accounts.get(index.0 as usize)
    }

    /// An instrument by its index. None: not defined.
    #[inline]
    #[must_use]
    pub fn instrument(&self, index: InstrumentIndex) -> Option<&Instrument> {
        self.instruments.get(index.0.into())
    }

    /// What InstrumentDefine said of an instrument, and its product's id. None: not defined.
    #[must_use]
    pub fn terms(&self, index: InstrumentIndex) -> Option<(&InstrumentDefine, &[u8; 8])> {
        let definition = self.terms.get(usize::from(index.0))?.as_ref()?;
        Some((definition, self.products.get(usize::from(definition.product.0))?))
    }

    /// Every participant, in the order of indices.
    pub fn participants(&self) -> impl Iterator<Item = (ParticipantIndex, &Participant)> {
        self.participants.iter().map(|(index, participant)| (ParticipantIndex(index as u16), participant))
    }

    /// Every user, in the order of indices: the addresses they may connect from, among others.
    pub fn users(&self) -> impl Iterator<Item = (UserIndex, &User)> {
        self.users.iter().map(|(index, user)| (UserIndex(index as u16), user))
    }

    /// Every instrument, in the order of indices.
    pub fn instruments(&self) -> impl Iterator<Item = (InstrumentIndex, &Instrument)> {
        self.instruments.iter().map(|(index, instrument)| (InstrumentIndex(index as u16), instrument))
    }

    /// Participants the day has room for.
    #[must_use]
    pub fn participants_limit(&self) -> usize {
        self.participants.entries.len()
    }

    /// Instruments the day has room for.
    #[must_use]
    pub fn instruments_limit(&self) -> usize {
        self.instruments.entries.len()
    }

    /// Greatest step of the day's calendar that a command carried (PhaseSet, Uncross, ExecWindowSet, DayClose); 0 = none yet.
    #[must_use]
    pub fn last_step(&self) -> u32 {
        self.last_step
    }

    /// The frame applied last.
    #[must_use]
    pub fn last_sequence(&self) -> Sequence {
        self.last_sequence
    }

    #[inline]
    fn apply_command(&mut self, command: &Command<'_>, frame: &FrameView<'_>) -> Result<(), Conflict> {
        let first = frame.events[0].view().ok_or(Conflict::EventUnknown)?;
        if let BodyView::OrderInsert(order) = command.body {
            return match first {
                EventView::Accepted(_) => self.mark(command.header.user, order),
                EventView::Rejected(event) if event.marked == 1 => self.mark(command.header.user, order),
                EventView::Rejected(_) => Ok(()),
                _ => Err(Conflict::EventMisplaced),
            };
        }
        if matches!(first, EventView::Rejected(_)) {
            return Ok(());
        }
        match command.body {
            BodyView::OrderCancel(_) | BodyView::MarketDataTick(_) => Ok(()),
            BodyView::DayOpen(day) => self.open_day(day, frame.header.time),
            _ if self.day.is_none() => Err(Conflict::DayNotOpen),
            BodyView::ParticipantDefine(definition) => self.define_participant(definition),
            BodyView::UserDefine(definition) => self.define_user(definition),
            BodyView::AccountDefine(definition) => self.define_account(definition),
            BodyView::ProductDefine(definition) => {
                let place = self.products.get_mut(usize::from(definition.index.0)).ok_or(Conflict::IndexBeyondDay)?;
                *place = definition.id;
                Ok(())
            }
            BodyView::InstrumentDefine(definition) => self.define_instrument(definition),
            BodyView::PasswordUpdate(update) => {
                self.user_mut(command.header.user)?.secret = SeatSecret(update.secret);
                Ok(())
            }
            BodyView::SeatBlock(block) => {
                self.user_mut(block.user)?.blocked = block.blocked != 0;
                Ok(())
            }
            BodyView::EpochOpen(open) => {
                let day = self.day.as_mut().ok_or(Conflict::DayNotOpen)?;
                (day.epoch, day.data_center) = (open.epoch, open.data_center);
                Ok(())
            }
            BodyView::PhaseSet(set) => {
                self.take_step(set.step);
                self.apply_phases(frame)
            }
            BodyView::Uncross(uncross) => {
                self.take_step(uncross.step);
                Ok(())
            }
            BodyView::ExecWindowSet(set) => {
                self.take_step(set.step);
                Ok(())
            }
            BodyView::DayClose(close) => {
                self.take_step(close.step);
                self.apply_phases(frame)
            }
            _ => Ok(()),
        }
    }

    fn open_day(&mut self, day: &DayOpen, now: Nanoseconds) -> Result<(), Conflict> {
        if self.day.is_some() {
            return Err(Conflict::DayTwice);
        }
        self.day = Some(Day {
            trading_day: day.trading_day,
            action_day: day.action_day,
            trading_date: date(day.trading_day)?,
            action_date: date(day.action_day)?,
            first_epoch: day.epoch,
            epoch: day.epoch,
            data_center: day.data_center,
            clock_day: ChinaDay::of_unix_ns(now.0),
        });
        self.participants = Table::new(day.participants.into());
        self.users = Table::new(day.users.into());
        self.accounts = Table::new(day.accounts as usize);
        self.instruments = Table::new(day.instruments.into());
        self.terms = vec![None; day.instruments.into()];
        self.products = vec![[b' '; 8]; day.products.into()];
        Ok(())
    }

    fn define_participant(&mut self, definition: &ParticipantDefine) -> Result<(), Conflict> {
        let ParticipantDefine { index, series, participant_type, clearing, id, .. } = *definition;
        if self.find_participant(&id).is_some() {
            return Err(Conflict::DefinedTwice);
        }
        let participant = Participant { id, series, participant_type, clearing };
        self.participants.define(index.0.into(), texts::hash(&id, 0), participant)
    }

    fn define_user(&mut self, definition: &UserDefine) -> Result<(), Conflict> {
        let (id, _) = definition.id.split_first_chunk::<15>().expect("16 bytes have 15 in front");
        self.participant(definition.participant).ok_or(Conflict::Undefined)?;
        if self.find_user(id).is_some() {
            return Err(Conflict::DefinedTwice);
        }
        let user = User {
            id: *id,
            participant: definition.participant,
            address: Ipv4Addr::from(definition.address),
            requests_per_second: definition.requests_per_second,
            requests_in_flight: definition.requests_in_flight,
            secret: SeatSecret(definition.secret),
            flags: definition.flags,
            blocked: false,
            largest_local_id: None,
        };
        self.users.define(definition.index.0.into(), texts::hash(id, 0), user)
    }

    fn define_account(&mut self, definition: &AccountDefine) -> Result<(), Conflict> {
        let AccountDefine { index, participant, client_id, .. } = *definition;
        self.participant(participant).ok_or(Conflict::Undefined)?;
        if self.find_account(participant, &client_id).is_some() {
            return Err(Conflict::DefinedTwice);
        }
        let hash = texts::hash(&client_id, u32::from(participant.0));
        self.accounts.define(index.0 as usize, hash, Account { client_id, participant })
    }

    fn define_instrument(&mut self, definition: &InstrumentDefine) -> Result<(), Conflict> {
        let (id, _) = definition.id.split_first_chunk::<30>().expect("32 bytes have 30 in front");
        if self.find_instrument(id).is_some() {
            return Err(Conflict::DefinedTwice);
        }
        let phase = Phase::from_code(definition.phase).ok_or(Conflict::EventUnknown)?;
        let instrument = Instrument {
            id: *id,
            tick: definition.tick,
            multiplier: definition.multiplier,
            lower_limit: Price(definition.lower_limit),
            upper_limit: Price(definition.upper_limit),
            previous_settlement: Price(definition.previous_settlement),
            previous_open_interest: definition.previous_open_interest,
            phase,
        };
        self.instruments.define(definition.index.0.into(), texts::hash(id, 0), instrument)?;
        self.terms[usize::from(definition.index.0)] = Some(*definition);
        Ok(())
    }

    fn apply_phases(&mut self, frame: &FrameView<'_>) -> Result<(), Conflict> {
        for event in frame.events {
            if let Some(EventView::PhaseChanged(change)) = event.view() {
                let instrument = self.instruments.get_mut(change.instrument.0.into()).ok_or(Conflict::Undefined)?;
                instrument.phase = Phase::from_code(change.phase).ok_or(Conflict::EventUnknown)?;
            }
        }
        Ok(())
    }

    fn take_step(&mut self, step: u32) {
        self.last_step = self.last_step.max(step);
    }

    #[inline]
    fn mark(&mut self, user: UserIndex, order: &OrderInsert) -> Result<(), Conflict> {
        let largest = &mut self.user_mut(user)?.largest_local_id;
        if largest.is_none_or(|largest| words_of(&order.local_id) > words_of(&largest)) {
            *largest = Some(order.local_id);
        }
        Ok(())
    }

    fn user_mut(&mut self, index: UserIndex) -> Result<&mut User, Conflict> {
        self.users.get_mut(index.0.into()).ok_or(Conflict::Undefined)
    }
}

impl User {
    /// MaxOrderLocalId as on the wire: blank if none was marked.
    #[must_use]
    pub fn max_order_local_id(&self) -> [u8; 24] {
        self.largest_local_id.unwrap_or([b' '; 24])
    }
}

/// A local id as numbers that compare as its bytes do.
#[inline]
fn words_of(id: &[u8; 24]) -> [u64; 3] {
    let (words, _) = id.as_chunks::<8>();
    [words[0], words[1], words[2]].map(u64::from_be_bytes)
}

/// A day, yyyymmdd, as the standard writes it.
fn date(yyyymmdd: u32) -> Result<Date, Conflict> {
    let mut date = Date::BLANK;
    date.set(yyyymmdd).map_err(|_| Conflict::Inexpressible)?;
    Ok(date)
}

/// Entries by index and by text, sized once.
#[derive(Clone, Debug)]
struct Table<T> {
    entries: Vec<Option<T>>,
    texts: Texts,
}

impl<T: Copy> Table<T> {
    fn new(limit: usize) -> Self {
        Table { entries: vec![None; limit], texts: Texts::new(limit) }
    }

    #[inline]
    fn get(&self, index: usize) -> Option<&T> {
        self.entries.get(index)?.as_ref()
    }

    #[inline]
    fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.entries.get_mut(index)?.as_mut()
    }

    #[inline]
    fn find(&self, hash: u64, same: impl Fn(&T) -> bool) -> Option<u32> {
        self.texts.find(hash, |index| self.entries[index as usize].as_ref().is_some_and(&same))
    }

    /// The caller has looked that the text is new.
    fn define(&mut self, index: usize, hash: u64, entry: T) -> Result<(), Conflict> {
        let place = self.entries.get_mut(index).ok_or(Conflict::IndexBeyondDay)?;
        if place.is_some() {
            return Err(Conflict::DefinedTwice);
        }
        *place = Some(entry);
        let index = u32::try_from(index).expect("the day's limits have 32 bits");
        assert!(self.texts.insert(hash, index), "there are as many texts as entries");
        Ok(())
    }

    fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.entries.iter().enumerate().filter_map(|(index, entry)| Some((index, entry.as_ref()?)))
    }
}
