//! What runs on one thread: its fronts, the engine, the record stage; one round of them all, counted, and with panics caught.

use super::engine::EngineStage;
use super::record::RecordStage;
use super::{Halt, HaltReason};
use crate::clock;
use crate::front::Front;
use net::{Instant, Transport};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The stages of one thread.
pub(super) struct Group<T: Transport> {
    /// As reports and the operating system call it.
    pub(super) name: String,
    pub(super) fronts: Vec<Front<T>>,
    pub(super) engine: Option<Box<EngineStage>>,
    pub(super) record: Option<RecordStage>,
    pub(super) work: Work,
    /// Cycles are counted too.
    pub(super) measures: bool,
    /// What is being polled, for the words of a panic.
    step: Step,
}

/// What a stage does in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Step {
    /// Frames from the port, commands into the ring.
    Ingress = 0,
    /// Commands into frames.
    Engine = 1,
    /// Frames onto the device.
    Record = 2,
    /// Frames into sockets.
    Publish = 3,
    /// Sockets to the port.
    Egress = 4,
}

impl Step {
    /// All of them, in the order of numbers.
    pub const ALL: [Step; 5] = [Step::Ingress, Step::Engine, Step::Record, Step::Publish, Step::Egress];
}

/// What was done at each step.
pub type Work = [StepWork; Step::ALL.len()];

/// What was done at one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepWork {
    /// Polls that did something.
    pub busy_polls: u64,
    /// Polls that found nothing to do.
    pub idle_polls: u64,
    /// Things done: frames in, commands, commits, log frames, frames out.
    pub items: u64,
    /// Cycles of [`clock::cycles`] in polls that did something; 0 unless they are measured.
    pub busy_cycles: u64,
    /// Cycles in polls that did not.
    pub idle_cycles: u64,
}

impl<T: Transport> Group<T> {
    pub(super) fn new(name: String) -> Self {
        let (fronts, work) = (Vec::new(), Work::default());
        Group { name, fronts, engine: None, record: None, work, measures: false, step: Step::Ingress }
    }

    /// There is something to poll.
    pub(super) fn has_stages(&self) -> bool {
        !self.fronts.is_empty() || self.engine.is_some() || self.record.is_some()
    }

    /// One round of every stage. Returns whether anything was done.
    ///
    /// # Errors
    /// A stage panicked: what stands here is not to be polled any more.
    #[inline]
    pub(super) fn round(&mut self, now: Instant) -> Result<bool, Halt> {
        let result = catch_unwind(AssertUnwindSafe(|| match self.measures {
            false => self.poll::<false>(now),
            true => self.poll::<true>(now),
        }));
        result.map_err(|panic| self.halted(HaltReason::Panicked(words_of(panic.as_ref()))))
    }

    #[inline]
    fn poll<const MEASURES: bool>(&mut self, now: Instant) -> bool {
        let mut lap = if MEASURES { clock::cycles() } else { 0 };
        let mut total = 0;
        let mut end = |work: &mut Work, step: Step, items: usize| {
            let work = &mut work[step as usize];
            let cycles = if MEASURES { clock::cycles() } else { 0 };
            let is_busy = items > 0;
            work.busy_polls += u64::from(is_busy);
            work.idle_polls += u64::from(!is_busy);
            work.items += items as u64;
            if MEASURES {
                *(if is_busy { &mut work.busy_cycles } else { &mut work.idle_cycles }) += cycles.wrapping_sub(lap);
                lap = cycles;
            }
            total += items;
        };
        for front in &mut self.fronts {
            self.step = Step::Ingress;
            end(&mut self.work, Step::Ingress, front.poll_ingress(now));
        }
        if let Some(engine) = &mut self.engine {
            self.step = Step::Engine;
            end(&mut self.work, Step::Engine, engine.poll());
        }
        if let Some(record) = &mut self.record {
            self.step = Step::Record;
            end(&mut self.work, Step::Record, record.poll());
        }
        for front in &mut self.fronts {
            self.step = Step::Publish;
            end(&mut self.work, Step::Publish, front.publish(now));
            self.step = Step::Egress;
            end(&mut self.work, Step::Egress, front.poll_egress(now));
        }
        total > 0
    }

    /// A stage that does not go on by itself.
    pub(super) fn halt(&self) -> Option<Halt> {
        let of = |step, why| Halt { thread: self.name.clone(), step, why };
        let engine = self.engine.as_ref().and_then(|engine| self.halt_of(engine));
        let record = self.record.as_ref().and_then(|record| record.halt());
        let mut fronts = self.fronts.iter().filter_map(Front::halt);
        // The device first: the engine stops because of it.
        record
            .map(|words| of(Step::Record, HaltReason::Device(words.to_owned())))
            .or(engine)
            .or_else(|| fronts.next().map(|halt| of(Step::Publish, HaltReason::Contradiction(halt.to_string()))))
    }

    /// Why an engine that stood here does not go on, if so.
    pub(super) fn halt_of(&self, engine: &EngineStage) -> Option<Halt> {
        let halt = engine.halt()?;
        Some(Halt { thread: self.name.clone(), step: Step::Engine, why: halt.clone().into() })
    }

    /// When there is something to do next; none also if nothing is known.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.fronts.iter().filter_map(Front::next_deadline).min()
    }

    fn halted(&self, why: HaltReason) -> Halt {
        Halt { thread: self.name.clone(), step: self.step, why }
    }
}

/// What a panic said.
pub(super) fn words_of(panic: &(dyn Any + Send)) -> String {
    match panic.downcast_ref::<String>() {
        Some(words) => words.clone(),
        None => panic.downcast_ref::<&str>().map_or_else(|| "no words".to_owned(), |words| (*words).to_owned()),
    }
}
