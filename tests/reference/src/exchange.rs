//! The exchange: one command after another, each executed whole before the next.
//!
//! [`Exchange::execute`] checks, changes the state and tells members as it goes; nothing is decided first and applied later.
//! What came of the command is written down in an [`Outcome`].

use crate::command::{self, Command, DayOpen, Header};
use crate::digest::Thing;
use crate::event::{BLANK, Event, SystemId};
use crate::faults::{Fault, Faults};
use crate::frame::{self, Stamp};
use crate::messages;
use crate::number::{Epoch, Key, Nanoseconds, Participant, Sequence, User};
use crate::reject::Reject;
use crate::state::State;

/// Live orders, position rows, accounts, enquiries, instructions, limits that a day may have (RULES.md, Base data).
const MOST_ROWS: u32 = 1 << 24;
/// Local ids that a day may have.
const MOST_LOCAL_IDS: u32 = 1 << 26;

/// How this exchange is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// First character of OrderSysId and TradeId; 13 digits of sequence and 6 of index follow.
    pub prefix: u8,
    /// Other first characters from an epoch on: who follows another core's reign names orders as that core does.
    pub later_prefixes: Vec<(Epoch, u8)>,
    /// Data centre of a feed that has no frame yet; DayOpen and EpochOpen say which theirs are.
    pub data_center: u32,
    /// The local id whose order kills this exchange, whoever sends it.
    pub poison: Option<[u8; 24]>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { prefix: b'P', later_prefixes: Vec::new(), data_center: 1, poison: None }
    }
}

/// Which stream a message is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// A participant's.
    Private(Participant),
    /// Everybody's.
    Broadcast,
}

/// A numbered message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// In which stream.
    pub stream: Stream,
    /// Its number there.
    pub number: u32,
    /// Its FTD bytes; all parts of a chain.
    pub bytes: Vec<u8>,
}

/// An answer in a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// To which session.
    pub session: u32,
    /// To which of its requests.
    pub request: u32,
    /// The FTD bytes.
    pub bytes: Vec<u8>,
}

/// What came of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Epoch, sequence, time and digests of the frame.
    pub stamp: Stamp,
    /// Why it was refused.
    pub refused: Option<Reject>,
    /// The events.
    pub events: Vec<Event>,
    /// The frame as it stands in the log, part by part. None, and no stamp: it was refused before the day was open.
    pub frame_parts: Vec<Vec<u8>>,
    /// The answer to who asked.
    pub answers: Vec<Answer>,
    /// What the streams are told, in the order of the events.
    pub told: Vec<Told>,
    /// A seat that was blocked, and the text for its sessions.
    pub force_exit: Option<(User, [u8; 100])>,
}

/// Why nothing came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The poison was taken: this exchange is dead and will never do anything again.
    Died,
    /// The bytes are no command.
    NotACommand,
    /// Sequence, time or epoch do not follow on the frame before.
    OutOfOrder,
}

/// Why an order, a cancel, anything is refused, and what the event says beside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub code: Reject,
    pub marked: bool,
    pub first_order: Key,
    pub first_sys_id: SystemId,
}

impl From<Reject> for Refusal {
    fn from(code: Reject) -> Self {
        Refusal { code, marked: false, first_order: Key(0), first_sys_id: BLANK }
    }
}

/// A second exchange.
pub struct Exchange {
    pub(crate) settings: Settings,
    /// Differences planted by a test.
    pub faults: Faults,
    dead: bool,
    pub(crate) state: State,
    /// What has come of the present command so far.
    pub(crate) outcome: Outcome,
    /// Who gave the present command.
    pub(crate) header: Header,
    pub(crate) trades: u32,
}

impl Exchange {
    /// An exchange before its day.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Exchange {
            settings,
            faults: Faults::default(),
            dead: false,
            state: State::default(),
            outcome: Outcome::default(),
            header: Header::OWN,
            trades: 0,
        }
    }

    /// Executes a command at its place in the log.
    ///
    /// # Errors
    /// [`Stopped`]; nothing was changed then.
    pub fn execute(
        &mut self,
        epoch: Epoch,
        sequence: Sequence,
        time: Nanoseconds,
        bytes: &[u8],
    ) -> Result<Outcome, Stopped> {
        if self.dead {
            return Err(Stopped::Died);
        }
        let (header, command) = command::read(bytes).ok_or(Stopped::NotACommand)?;
        if !self.follows(epoch, sequence, time, &command) {
            return Err(Stopped::OutOfOrder);
        }
        if let Command::OrderInsert(insert) = &command
            && self.settings.poison == Some(insert.local_id)
        {
            self.dead = true;
            return Err(Stopped::Died);
        }

        let before = (self.state.sequence, self.state.time);
        self.state.sequence = sequence;
        self.state.time = time;
        self.outcome = Outcome::default();
        self.header = header;
        self.trades = 0;
        if let Err(refusal) = self.dispatch(&command) {
            self.refuse(&command, refusal);
        }
        if self.outcome.events.is_empty() {
            self.outcome.events.push(Event::Applied);
            self.answer_applied(&command);
        }

        let mut outcome = std::mem::take(&mut self.outcome);
        if self.state.day.is_none() {
            // The log begins with DayOpen: what is refused before it takes no place there.
            (self.state.sequence, self.state.time) = before;
            return Ok(outcome);
        }
        let mut digest = self.state.digest();
        if self.faults.strikes(Fault::Digest, sequence) {
            digest ^= 1;
        }
        let State { local_ids, data_center, .. } = self.state;
        outcome.stamp = Stamp { epoch, sequence, time, digest, local_ids, data_center };
        outcome.frame_parts = frame::write(outcome.stamp, bytes, &outcome.events);
        Ok(outcome)
    }

    /// What it knows, to be looked at.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether it took the poison.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    fn follows(&self, epoch: Epoch, sequence: Sequence, time: Nanoseconds, command: &Command) -> bool {
        let epoch_fits = match command {
            _ if self.state.day.is_none() => true,
            Command::EpochOpen(_) => epoch >= self.state.epoch,
            _ => epoch == self.state.epoch,
        };
        epoch_fits && sequence.0 == self.state.sequence.0 + 1 && time >= self.state.time
    }

    fn dispatch(&mut self, command: &Command) -> Result<(), Refusal> {
        match (command, self.state.day) {
            (Command::DayOpen(open), None) => return self.day_open(open),
            (Command::DayOpen(_), Some(_)) => return Err(Reject::DayAlreadyOpen.into()),
            (_, None) => return Err(Reject::DayNotOpen.into()),
            (_, Some(_)) => {}
        }
        match command {
            Command::DayOpen(_) => unreachable!("handled above"),
            Command::ParticipantDefine(define) => self.participant_define(define)?,
            Command::UserDefine(define) => self.user_define(define)?,
            Command::AccountDefine(define) => self.account_define(define)?,
            Command::ProductDefine(define) => self.product_define(define)?,
            Command::InstrumentDefine(define) => self.instrument_define(define)?,
            Command::PositionSet(set) => self.position_set(set)?,
            Command::RightSet(set) => self.right_set(set)?,
            Command::PhaseSet(set) => self.phase_set(set)?,
            Command::Uncross(uncross) => self.uncross(uncross)?,
            Command::OrderInsert(insert) => self.order_insert(insert)?,
            Command::OrderCancel(cancel) => self.order_cancel(cancel)?,
            Command::MassCancel(cancel) => self.mass_cancel(cancel)?,
            Command::MarketDataTick(_) => self.market_data_tick(),
            Command::Bulletin(bulletin) => self.bulletin(bulletin)?,
            Command::PasswordUpdate(update) => self.password_update(update)?,
            Command::SeatBlock(block) => self.seat_block(block)?,
            Command::EpochOpen(open) => self.epoch_open(open)?,
            Command::BookRestate(_) => self.book_restate(),
            Command::DayClose(_) => self.day_close(),
            Command::MarketMakerSet(set) => self.market_maker_set(set)?,
            Command::ClientLimitSet(set) => self.client_limit_set(set)?,
            Command::MemberLimitSet(set) => self.member_limit_set(set)?,
            Command::CreditSet(set) => self.credit_set(set)?,
            Command::FunctionSet(set) => self.function_set(set)?,
            Command::ScheduleSet(set) => self.schedule_set(set)?,
            Command::ExecWindowSet(set) => self.exec_window_set(set)?,
            Command::QuoteInsert(insert) => self.quote_insert(insert)?,
            Command::QuoteCancel(cancel) => self.quote_cancel(cancel)?,
            Command::EnquireQuote(enquiry) => self.enquire_quote(enquiry)?,
            Command::ExecOrderInsert(insert) => self.exec_order_insert(insert)?,
            Command::ExecOrderCancel(cancel) => self.exec_order_cancel(cancel)?,
            Command::ReadinessReport(_) | Command::TakeoverBegin(_) | Command::TakeoverStep(_) => {}
        }
        self.state.step = self.state.step.max(command.step());
        Ok(())
    }

    fn day_open(&mut self, open: &DayOpen) -> Result<(), Refusal> {
        let rows = [open.live_orders, open.position_rows, open.accounts, open.enquiries, open.exec_orders, open.limits];
        if rows.iter().any(|&rows| rows > MOST_ROWS) || open.local_ids > MOST_LOCAL_IDS {
            return Err(Reject::DefinitionInvalid.into());
        }
        self.state.day = Some(*open);
        self.state.epoch = open.epoch;
        self.state.data_center = open.data_center;
        self.touch(Thing::Day);
        Ok(())
    }

    fn refuse(&mut self, command: &Command, refusal: Refusal) {
        assert!(self.outcome.events.is_empty(), "a refused command has no other event");
        let Refusal { code, marked, first_order, first_sys_id } = refusal;
        self.outcome.refused = Some(code);
        self.outcome.events.push(Event::Rejected { code: code as u16, marked, first_order, first_sys_id });
        let target = command.target().map(|(sys_id, local_id)| (sys_id.unwrap_or(first_sys_id), local_id));
        let (request, time) = (self.header.request, self.state.time);
        self.answer(|_| messages::error(request, code as u16, code.text(), time, target));
    }

    fn answer_applied(&mut self, command: &Command) {
        let Header { request, user, .. } = self.header;
        match command {
            Command::ReadinessReport(report) => {
                self.answer(|state| state.readiness_answer(request, user, report.readiness, &report.content));
            }
            Command::PasswordUpdate(_) => self.answer(|state| state.password_answer(request, user)),
            _ => {}
        }
    }

    /// Answers who asked, unless that was the exchange itself.
    pub(crate) fn answer(&mut self, build: impl FnOnce(&State) -> Vec<u8>) {
        if self.header.user != User::NONE {
            let Header { session, request, .. } = self.header;
            let bytes = build(&self.state);
            self.outcome.answers.push(Answer { session, request, bytes });
        }
    }

    /// Takes the next number of a participant's private stream.
    pub(crate) fn next_private(&mut self, participant: Participant) -> u32 {
        let skipped = u32::from(self.faults.strikes(Fault::StreamNumber, self.state.sequence));
        let member =
            self.state.members.get_mut(&participant).expect("orders and bulletins are of participants defined");
        member.private += 1 + skipped;
        let number = member.private;
        self.touch(Thing::Participant(participant));
        number
    }

    /// Takes the next number of the broadcast stream.
    pub(crate) fn next_broadcast(&mut self) -> u32 {
        self.state.broadcast += 1;
        self.touch(Thing::Day);
        self.state.broadcast
    }

    /// Tells a stream a message.
    pub(crate) fn tell(&mut self, stream: Stream, number: u32, bytes: Vec<u8>) {
        self.outcome.told.push(Told { stream, number, bytes });
    }

    pub(crate) fn touch(&mut self, thing: Thing) {
        self.state.sum.touch(thing);
    }

    /// The text id of the `index`-th order or trade of the present frame.
    pub(crate) fn system_id(&self, index: u32) -> SystemId {
        let epoch = self.state.epoch;
        let later = self.settings.later_prefixes.iter().filter(|(from, _)| *from <= epoch).max();
        let prefix = later.map_or(self.settings.prefix, |&(_, prefix)| prefix);
        let text = format!("{}{:013}{index:06}", char::from(prefix), self.state.sequence.0);
        command::padded(text.as_bytes())
    }
}
