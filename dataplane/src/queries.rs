//! Questions on their way to whoever answers them, beside the order path, and the answers on their way back.
//!
//! ```text
//! session ── Question ──► one queue of all fronts ──► the query stage (a fold over the log, a room of its own: `queries`)
//!    ▲                                                     │
//!    └── own query by query, whole messages ── Answer ◄────┘ one queue for each front
//! ```
//!
//! Both queues are bounded, and neither side ever waits for the other: a full queue of questions is a refusal with its code, a
//! full queue of answers makes the stage try again. Of a session only one question is under way at a time; its others wait with the
//! session. So what a member may make us hold is one answer, and all answers that are not sent yet are counted together
//! ([`Answerer::held_bytes`]). Whoever drops an answer, and be it because its session is gone, frees its bytes.
//!
//! A query changes nothing and enters no log.

use crate::session::Refusal;
use crate::session::login::DialogNumber;
use crate::streams::Stream;
use engine::types::UserIndex;
use ftd::field::Field;
use ftd::value::data_flow_flag;
use ftd::{Malformed, Message, Tid, package, tid};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zerocopy::IntoBytes;

/// Bytes of the longest field that asks: ReqQryTradeField.
pub const QUESTION_BYTES: usize = 120;
/// Questions of all sessions on their way. One session has one there: this many members may ask in the same moment.
pub const QUESTIONS_MAX: usize = 4_096;
/// Answers on their way to one front.
const ANSWERS_MAX: usize = 64;

/// What a member asks.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The dialog that asked: an answer finds its way back, and only to it.
    pub dialog: u32,
    /// The number of its request.
    pub request: u32,
    /// Who asks.
    pub user: UserIndex,
    /// What for.
    pub tid: Tid,
    length: u8,
    bytes: [u8; QUESTION_BYTES],
}

impl Question {
    /// A question in the words of its request's field, at most [`QUESTION_BYTES`].
    #[must_use]
    pub fn new(dialog: u32, request: u32, user: UserIndex, tid: Tid, field: &[u8]) -> Self {
        let mut bytes = [0; QUESTION_BYTES];
        bytes[..field.len()].copy_from_slice(field);
        Question { dialog, request, user, tid, length: field.len() as u8, bytes }
    }

    /// The request's field. None: it is another one.
    #[must_use]
    pub fn field<F: Field>(&self) -> Option<&F> {
        F::ref_from_bytes(&self.bytes[..self.length.into()]).ok()
    }
}

macro_rules! questions {
    ($( $tid:ident $package:ident $field:ident )*) => {
        /// Every query of the standard (JR/T 0016 §5.5.2.2.4 to 8), in the order of `ftd.xml`.
        pub const QUERIES: &[Tid] = &[$( tid::$tid ),*];

        /// The field that a query asks with. None: the message is no query.
        pub(crate) fn read<'a>(message: &Message<'a>) -> Option<Result<&'a [u8], Malformed>> {
            match message.tid() {
                $( tid::$tid => Some(package::$package::parse(message).map(|package| package.$field.as_bytes())), )*
                _ => None,
            }
        }
    };
}

questions! {
    QRY_CLIENT ReqQryClient req_qry_client
    QRY_DEPOSIT ReqQryDeposit req_qry_deposit
    QRY_INSTRUMENT ReqQryInstrument req_qry_instrument
    QRY_INSTRUMENT_STATUS ReqQryInstrumentStatus req_qry_instrument_status
    QRY_MARKET ReqQryMarket req_qry_market
    QRY_MARKET_STATUS ReqQryMarketStatus req_qry_market_status
    QRY_ORDER ReqQryOrder req_qry_order
    QRY_MARKET_ORDER_DATA ReqQryMarketOrderData req_qry_market_order_data
    QRY_PARTICIPANT ReqQryParticipant req_qry_participant
    QRY_POSITION ReqQryPosition req_qry_position
    QRY_P_POSITION ReqQryPPosition req_qry_p_position
    QRY_MARKET_MATCH_DATA ReqQryMarketMatchData req_qry_market_match_data
    QRY_TRADE ReqQryTrade req_qry_trade
    QRY_USER ReqQryUser req_qry_user
    QRY_USER_LOGIN ReqQryUserLogin req_qry_user_login
    QRY_EXEC_ORDER ReqQryExecOrder qry_exec_order
    QRY_EXCHANGE_RATE ReqQryExchangeRate qry_exchange_rate
    QRY_QUOTE ReqQryQuote qry_quote
}

/// What a question is answered.
#[derive(Debug)]
pub struct Answer {
    /// The dialog that asked.
    pub dialog: u32,
    /// The number of its request.
    pub request: u32,
    /// The answer's messages, or why there is none.
    pub reply: Result<Messages, Refusal>,
}

/// Whole FTD messages, one behind the other, that belong together as a chain (or a single one).
#[derive(Debug)]
pub struct Messages {
    parts: VecDeque<Vec<u8>>,
    held: Arc<AtomicUsize>,
}

impl Messages {
    /// The part that is to be sent next.
    pub(crate) fn next_part(&self) -> Option<&[u8]> {
        self.parts.front().map(Vec::as_slice)
    }

    /// It was sent.
    pub(crate) fn part_sent(&mut self) {
        if let Some(part) = self.parts.pop_front() {
            self.held.fetch_sub(part.len(), Ordering::Relaxed);
        }
    }

    /// Its parts.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().map(Vec::as_slice)
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        let bytes = self.parts.iter().map(Vec::len).sum();
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A front's end.
#[derive(Debug)]
pub struct Inquirer {
    questions: SyncSender<Question>,
    answers: Receiver<Answer>,
    waiting: Arc<AtomicUsize>,
    is_gone: Arc<AtomicBool>,
    pub(crate) presence: Presence,
}

/// The question was not taken: nobody answers, or too many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAsked;

impl Inquirer {
    pub(crate) fn ask(&self, question: Question) -> Result<(), NotAsked> {
        self.questions.try_send(question).map_err(|_| NotAsked)
    }

    /// The next answer.
    #[inline]
    pub(crate) fn answer(&self) -> Option<Answer> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let answer = self.answers.try_recv().ok()?;
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        Some(answer)
    }

    /// Whoever answered is gone, and so is what it was asked.
    #[inline]
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire) && self.waiting.load(Ordering::Acquire) == 0
    }

    /// An answer waits.
    pub(crate) fn is_answered(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }
}

/// The end of who answers: one for all fronts of a core.
#[derive(Debug)]
pub struct Answerer {
    questions: Receiver<Question>,
    /// The number of the first of these fronts.
    first: u8,
    fronts: Vec<(SyncSender<Answer>, Arc<AtomicUsize>)>,
    held: Arc<AtomicUsize>,
    is_gone: Arc<AtomicBool>,
    presence: Presence,
}

impl Drop for Answerer {
    fn drop(&mut self) {
        self.is_gone.store(true, Ordering::Release);
    }
}

/// The answer was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// The front has not taken those before: again later.
    Full(Answer),
    /// There is no such front any more.
    Gone,
}

/// Joins so many fronts, numbered from `first` on, with one who answers.
#[must_use]
pub fn join(first: u8, fronts: usize) -> (Vec<Inquirer>, Answerer) {
    let (questions, asked) = sync_channel(QUESTIONS_MAX);
    let (presence, is_gone) = (Presence::default(), Arc::new(AtomicBool::new(false)));
    let mut ends = Vec::with_capacity(fronts);
    let inquirers = (0..fronts).map(|_| {
        let ((sender, answers), waiting) = (sync_channel(ANSWERS_MAX), Arc::new(AtomicUsize::new(0)));
        ends.push((sender, Arc::clone(&waiting)));
        Inquirer {
            questions: questions.clone(),
            answers,
            waiting,
            is_gone: is_gone.clone(),
            presence: presence.clone(),
        }
    });
    let inquirers = inquirers.collect();
    (inquirers, Answerer { questions: asked, first, fronts: ends, held: Arc::default(), is_gone, presence })
}

impl Answerer {
    /// The next question.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        self.questions.try_recv().ok()
    }

    /// Bytes of answers that are not sent yet.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Messages for an answer; they are counted from now on until they are sent or dropped.
    #[must_use]
    pub fn messages(&self, parts: VecDeque<Vec<u8>>) -> Messages {
        self.held.fetch_add(parts.iter().map(Vec::len).sum(), Ordering::Relaxed);
        Messages { parts, held: Arc::clone(&self.held) }
    }

    /// Gives an answer to the front that asked.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn answer(&self, answer: Answer) -> Result<(), NotTaken> {
        let front = DialogNumber(answer.dialog).front().checked_sub(self.first);
        let Some((sender, waiting)) = front.and_then(|front| self.fronts.get(usize::from(front))) else {
            return Err(NotTaken::Gone);
        };
        // Counted first: who finds the count finds the answer, or asks again.
        waiting.fetch_add(1, Ordering::AcqRel);
        sender.try_send(answer).map_err(|error| {
            waiting.fetch_sub(1, Ordering::AcqRel);
            match error {
                TrySendError::Full(answer) => NotTaken::Full(answer),
                TrySendError::Disconnected(_) => NotTaken::Gone,
            }
        })
    }

    /// Who is logged in.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        &self.presence
    }
}

/// Who is logged in to which stream, on all fronts of this core: what QryUserLogin asks. It is in no log, and dies with the process.
/// Written by logins and logouts only.
#[derive(Clone, Debug, Default)]
pub struct Presence(Arc<Mutex<Vec<Online>>>);

/// What a login is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum LoginTo {
    Dialog = 0,
    Private = 1,
    Broadcast = 2,
}

impl LoginTo {
    /// By DataFlowFlag, one of the three.
    pub(crate) fn of(flag: u8) -> Self {
        match flag {
            data_flow_flag::DIALOG => LoginTo::Dialog,
            data_flow_flag::PRIVATE => LoginTo::Private,
            _ => LoginTo::Broadcast,
        }
    }
}

impl From<Stream> for LoginTo {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Private(_) => LoginTo::Private,
            Stream::Broadcast => LoginTo::Broadcast,
        }
    }
}

/// How a user stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Online {
    /// Of the dialog, the private and the broadcast stream.
    pub streams: [StreamLogin; 3],
}

/// How a user stands in one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamLogin {
    /// Connections that are logged in to it now.
    pub connections: u32,
    /// The last login, nanoseconds since 1970; 0 = none.
    pub login_ns: u64,
    /// The last logout, or the end of a connection, nanoseconds since 1970; 0 = none.
    pub logout_ns: u64,
}

impl Presence {
    /// A user logs in to a stream.
    pub(crate) fn login(&self, user: UserIndex, stream: LoginTo, now_ns: u64) {
        let mut users = self.lock();
        let index = usize::from(user.0);
        if users.len() <= index {
            users.resize(index + 1, Online::default());
        }
        let login = &mut users[index].streams[stream as usize];
        login.connections += 1;
        login.login_ns = now_ns;
    }

    /// A user's login to a stream is over.
    pub(crate) fn logout(&self, user: UserIndex, stream: LoginTo, now_ns: u64) {
        if let Some(online) = self.lock().get_mut(usize::from(user.0)) {
            let login = &mut online.streams[stream as usize];
            login.connections = login.connections.saturating_sub(1);
            login.logout_ns = now_ns;
        }
    }

    /// How a user stands.
    #[must_use]
    pub fn of(&self, user: UserIndex) -> Online {
        self.lock().get(usize::from(user.0)).copied().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Online>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
