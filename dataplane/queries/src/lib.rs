//! Answers to members' queries (JR/T 0016 §5.5.2.2.4 to 8), from a fold over the log of its own, beside the order path.
//!
//! ```text
//! poll   an answer under way: its next rows
//!        else: what was released into the fold; the next question, once the fold has come to where the log was when it was taken
//! ```
//!
//! An answer is of one sequence: while it is written, the fold stands still, and the log waits for it, as it waits for every
//! reader. Each poll does a bounded piece, so that it may share a thread with the order path. An answer is written whole
//! before it is sent; how many bytes of answers wait for their members is bounded ([`ANSWER_BYTES_HELD_MAX`]), and beyond it
//! questions wait.
//!
//! | file | what |
//! |---|---|
//! | `fold` | the engine's state, and what of the day it does not keep |
//! | `ask` | what each query asks, who may, and which rows it goes through |
//! | `rows` | a row of each answer |
//! | `paper` | fields into messages of a chain |
//!
//! What it takes: the engine's tables once more, as far as the day touches them, and some hundred bytes for every order of the day
//! beside the three hundred and more that its frame has in the log.
//!
//! # Invariants
//!
//! - Nothing is decided here, and nothing enters a log: a query changes nothing.
//! - A member is answered of its own participant only. What is not a participant's (instruments, market data) is everybody's.
//! - The fold adopts what was recorded; digests are compared, and differences counted ([`Counters::mismatches`]).

mod ask;
mod fold;
mod paper;
mod rows;

use ask::Asked;
use dataplane::queries::{Answer, Answerer, NotTaken, Question};
use dataplane::session::Refusal;
use dataplane::stages::Beside;
use dataplane::texts::MemberText;
use engine::State;
use fold::Fold;
use ftd::Tid;
use journal::LogReader;
use paper::Paper;

/// Frames taken in in one poll: some ten microseconds.
const FRAMES_PER_POLL: usize = 32;
/// Rows looked at in one poll: some ten microseconds.
const ROWS_PER_POLL: usize = 64;
/// Bytes of answers that are written and not sent. While there are more, no further question is taken.
pub const ANSWER_BYTES_HELD_MAX: usize = 64 << 20;

/// What base data do not say of the market.
#[derive(Clone, Debug)]
pub struct Settings {
    /// MarketName.
    pub market_name: String,
    /// How members' texts are written.
    pub text: MemberText,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { market_name: "期货与期权 futures and options".to_owned(), text: MemberText::default() }
    }
}

/// What the stage did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames taken in.
    pub frames: u64,
    /// Questions answered with what was asked.
    pub answered: u64,
    /// Questions refused.
    pub refused: u64,
    /// Bytes of answers.
    pub bytes: u64,
    /// Frames whose digest is not that of our fold: the engine here and the one that wrote them differ.
    pub mismatches: u64,
}

/// Answers the queries of all fronts of a core.
pub struct QueryStage {
    fold: Fold,
    answerer: Answerer,
    settings: Settings,
    job: Option<Job>,
    /// Taken, and to be begun when the fold has come there.
    next: Option<(Question, u64)>,
    /// Its front had no room for it.
    untaken: Option<Answer>,
    counters: Counters,
}

/// An answer being written.
struct Job {
    question: Question,
    asked: Asked,
    row: usize,
    rows: usize,
    paper: Paper,
}

impl QueryStage {
    /// A stage over a log, for the fronts that [`dataplane::queries::join`] joined with it.
    #[must_use]
    pub fn new(log: LogReader, answerer: Answerer, settings: Settings) -> Self {
        let counters = Counters::default();
        QueryStage { fold: Fold::new(log), answerer, settings, job: None, next: None, untaken: None, counters }
    }

    /// What it did.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters { mismatches: self.fold.mismatches, ..self.counters }
    }

    /// The state as far as the log is taken in.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.fold.state
    }

    /// Every query that is answered.
    #[must_use]
    pub fn queries() -> &'static [Tid] {
        dataplane::queries::QUERIES
    }

    /// Takes the next question, if there is room for its answer.
    fn take_question(&mut self) -> bool {
        if self.next.is_some() || self.untaken.is_some() || self.answerer.held_bytes() > ANSWER_BYTES_HELD_MAX {
            return false;
        }
        self.next = self.answerer.question().map(|question| (question, self.fold.log.released()));
        self.next.is_some()
    }

    /// Begins the question taken, if the fold has come to where the log was then.
    fn begin(&mut self) -> bool {
        let Some((question, _)) = self.next.take_if(|(_, at)| self.fold.offset >= *at) else { return false };
        let paper = Paper::new(question.tid, question.request);
        match Asked::new(&question, &self.fold, &self.settings) {
            Ok(asked) => {
                let rows = asked.rows(&self.fold);
                self.job = Some(Job { question, asked, row: 0, rows, paper });
            }
            Err(refusal) => self.reply(&question, Err(refusal)),
        }
        true
    }

    /// The next rows of the answer under way.
    fn write(&mut self) -> usize {
        let Some(job) = &mut self.job else { return 0 };
        let end = job.rows.min(job.row + ROWS_PER_POLL);
        let view = rows::View { fold: &self.fold, settings: &self.settings, presence: self.answerer.presence() };
        for row in job.row..end {
            job.asked.put(&view, row, &mut job.paper);
        }
        let done = end - job.row;
        job.row = end;
        if end == job.rows {
            let Job { question, paper, .. } = self.job.take().expect("it is under way");
            let reply = match paper.finish() {
                Ok(Some(parts)) => Ok(self.answerer.messages(parts)),
                Ok(None) => Err(Refusal::NothingFound),
                Err(paper::TooLong) => Err(Refusal::TooManyQueries),
            };
            self.reply(&question, reply);
        }
        done + 1
    }

    fn reply(&mut self, question: &Question, reply: Result<dataplane::queries::Messages, Refusal>) {
        match &reply {
            Ok(messages) => {
                self.counters.answered += 1;
                self.counters.bytes += messages.parts().map(|part| part.len() as u64).sum::<u64>();
            }
            Err(_) => self.counters.refused += 1,
        }
        self.give(Answer { dialog: question.dialog, request: question.request, reply });
    }

    fn give(&mut self, answer: Answer) {
        if let Err(NotTaken::Full(answer)) = self.answerer.answer(answer) {
            self.untaken = Some(answer);
        }
    }
}

impl Beside for QueryStage {
    fn poll(&mut self) -> usize {
        if let Some(answer) = self.untaken.take() {
            self.give(answer);
        }
        if self.job.is_some() {
            return self.write();
        }
        let frames = self.fold.take_in(FRAMES_PER_POLL);
        self.counters.frames += frames as u64;
        let took = self.take_question();
        let began = self.begin();
        frames + usize::from(took) + usize::from(began)
    }

    fn is_asked(&mut self) -> bool {
        self.job.is_some() || self.untaken.is_some() || self.next.is_some() || self.take_question()
    }

    fn has_work(&self) -> bool {
        self.job.is_some() || self.next.is_some() || self.fold.offset < self.fold.log.released()
    }
}
