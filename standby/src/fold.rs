//! What the log says of phases, epochs and a takeover's progress: a fold over its frames, kept up as they come.
//!
//! It looks at a dozen kinds of commands and at no order, so it costs nothing on the order path. It never reads the engine.

use crate::calendar::Calendar;
use engine::command::{BodyView, Command, EpochOpen, TakeoverBegin};
use engine::event::EventView;
use engine::types::{Epoch, InstrumentIndex, Nanoseconds, Phase, ProductIndex, Sequence, UserIndex};
use journal::{CompleteFrame, LogReader};

/// Steps of the runbook: 1 to 14.
pub const STEPS: usize = 14;

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    last: Sequence,
    time: Nanoseconds,
    epoch: Epoch,
    trading_day: u32,
    data_center: u32,
    phases: Vec<Option<Phase>>,
    is_over: bool,
    calendar: Calendar,
    products: Vec<(ProductIndex, [u8; 8])>,
    takeover: Option<Takeover>,
}

/// A reign that began with EpochOpen, and how far its takeover came.
#[derive(Clone, Debug)]
pub struct Takeover {
    /// The frame that opened it, as its command said.
    pub open: EpochOpen,
    /// When.
    pub opened_at: Nanoseconds,
    /// With which policies; none: the log ends before it.
    pub begin: Option<TakeoverBegin>,
    /// By instrument: the phase to go back to.
    pub resume: Vec<Option<Phase>>,
    /// By step, from 1: what its TakeoverStep said.
    done: [Option<Done>; STEPS + 1],
    /// By step: commands of it that are in the log.
    seen: [u32; STEPS + 1],
    /// By step: of them, those that were refused.
    refused: [u32; STEPS + 1],
    /// By step: events of its commands that tell of an order or a trade.
    effects: [u64; STEPS + 1],
}

/// What a TakeoverStep said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// 0 done, 1 overridden, 2 nothing to do.
    pub outcome: u16,
    /// Time of the frame.
    pub at: Nanoseconds,
    /// Machine time it took.
    pub elapsed: Nanoseconds,
}

/// Which command of which step a frame is: `request` of a command that has no user. Bits 31 to 24 are 54h, 23 to 20 the step, 19
/// to 0 the place in the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// From 1.
    pub step: u8,
    /// From 0.
    pub place: u32,
}

impl Mark {
    const SIGN: u32 = 0x54;

    /// For the header's `request`.
    #[must_use]
    pub fn request(self) -> u32 {
        debug_assert!(usize::from(self.step) <= STEPS && self.place < 1 << 20);
        Self::SIGN << 24 | u32::from(self.step) << 20 | self.place
    }

    /// The mark of a command. None: it is not the runbook's.
    #[must_use]
    pub fn of(command: &Command<'_>) -> Option<Self> {
        let header = command.header;
        let step = (header.request >> 20 & 15) as u8;
        let ours = header.user == UserIndex::NONE
            && header.session == 0
            && header.request >> 24 == Self::SIGN
            && (1..=STEPS).contains(&usize::from(step));
        ours.then_some(Mark { step, place: header.request & 0xF_FFFF })
    }
}

impl Takeover {
    /// What the TakeoverStep of a step said; none: the step is not done.
    #[must_use]
    pub fn done(&self, step: u8) -> Option<Done> {
        self.done[usize::from(step)]
    }

    /// Every step is done.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.done[STEPS].is_some()
    }

    /// Commands of a step that are in the log: the place of the next one.
    #[must_use]
    pub fn seen(&self, step: u8) -> u32 {
        self.seen[usize::from(step)]
    }

    /// Commands of a step that were refused.
    #[must_use]
    pub fn refused(&self, step: u8) -> u32 {
        self.refused[usize::from(step)]
    }

    /// Orders told anew or ended, and trades, by the commands of a step.
    #[must_use]
    pub fn effects(&self, step: u8) -> u64 {
        self.effects[usize::from(step)]
    }
}

/// The step of the calendar that a command carries; 0 = none.
fn step_of(body: &BodyView<'_>) -> u32 {
    match body {
        BodyView::PhaseSet(set) => set.step,
        BodyView::Uncross(uncross) => uncross.step,
        BodyView::ExecWindowSet(set) => set.step,
        BodyView::DayClose(close) => close.step,
        _ => 0,
    }
}

impl Fold {
    /// Everything a log holds so far.
    #[must_use]
    pub fn of(log: &LogReader) -> Self {
        let mut fold = Fold::default();
        for frame in log.frames_from(0) {
            fold.apply(&frame);
        }
        fold
    }

    /// Takes the next frame of the log; one that was taken before is left alone.
    pub fn apply(&mut self, frame: &CompleteFrame<'_>) {
        let (stamp, command) = (frame.stamp(), frame.command());
        if stamp.sequence <= self.last {
            return;
        }
        (self.last, self.time, self.epoch) = (stamp.sequence, stamp.time, stamp.epoch);
        // Orders, cancels and quotes are nearly all of the log.
        if matches!(command.body, BodyView::OrderInsert(_) | BodyView::OrderCancel(_) | BodyView::QuoteInsert(_)) {
            return;
        }
        let refused = matches!(frame.events().next().and_then(|event| event.view()), Some(EventView::Rejected(_)));
        if refused {
            self.calendar.refuse(step_of(&command.body));
        } else {
            self.calendar.take(step_of(&command.body));
            self.apply_accepted(frame, &command);
        }
        self.apply_mark(frame, &command, refused);
    }

    fn apply_accepted(&mut self, frame: &CompleteFrame<'_>, command: &Command<'_>) {
        match command.body {
            BodyView::DayOpen(day) => {
                self.trading_day = day.trading_day;
                self.data_center = day.data_center;
                self.phases = vec![None; usize::from(day.instruments)];
                self.calendar.open(day.action_day);
            }
            BodyView::ProductDefine(define) => self.products.push((define.index, define.id)),
            BodyView::InstrumentDefine(define) => self.set_phase(define.index, define.phase),
            BodyView::PhaseSet(_) => self.apply_phases(frame),
            BodyView::DayClose(_) => {
                self.is_over = true;
                self.apply_phases(frame);
            }
            BodyView::ScheduleSet(step) => self.calendar.define(step),
            BodyView::EpochOpen(open) => self.open_epoch(open, frame.stamp().time),
            BodyView::TakeoverBegin(begin) => {
                if let Some(takeover) = &mut self.takeover {
                    // The policies of the first one count.
                    takeover.begin.get_or_insert(*begin);
                }
            }
            BodyView::TakeoverStep(step) => {
                if let Some(takeover) = &mut self.takeover
                    && let Some(place) = takeover.done.get_mut(usize::from(step.step))
                {
                    let done = Done { outcome: step.outcome, at: frame.stamp().time, elapsed: step.elapsed };
                    place.get_or_insert(done);
                }
            }
            _ => {}
        }
    }

    fn apply_phases(&mut self, frame: &CompleteFrame<'_>) {
        for event in frame.events() {
            if let Some(EventView::PhaseChanged(changed)) = event.view() {
                self.set_phase(changed.instrument, changed.phase);
            }
        }
    }

    fn set_phase(&mut self, instrument: InstrumentIndex, phase: u8) {
        if let Some(place) = self.phases.get_mut(usize::from(instrument.0)) {
            *place = Phase::from_code(phase);
        }
    }

    /// A reign begins. If the one before ended in the middle of a takeover, instruments go back to where that one would have put
    /// them: suspended for a takeover is not a phase of the day.
    fn open_epoch(&mut self, open: &EpochOpen, at: Nanoseconds) {
        self.data_center = open.data_center;
        let mut resume = self.phases.clone();
        if let Some(before) = self.takeover.as_ref().filter(|before| !before.finished() && before.seen(6) > 0) {
            for (place, &phase) in resume.iter_mut().zip(&before.resume) {
                if *place != Some(Phase::Closed) && phase.is_some() {
                    *place = phase;
                }
            }
        }
        self.takeover = Some(Takeover {
            open: *open,
            opened_at: at,
            begin: None,
            resume,
            done: [None; STEPS + 1],
            seen: [0; STEPS + 1],
            refused: [0; STEPS + 1],
            effects: [0; STEPS + 1],
        });
    }

    fn apply_mark(&mut self, frame: &CompleteFrame<'_>, command: &Command<'_>, refused: bool) {
        let Some(mark) = Mark::of(command) else { return };
        let Some(takeover) = &mut self.takeover else { return };
        let step = usize::from(mark.step);
        takeover.seen[step] = takeover.seen[step].max(mark.place + 1);
        takeover.refused[step] += u32::from(refused);
        let effects = frame.events().filter(|event| {
            matches!(event.view(), Some(EventView::Restated(_) | EventView::Ended(_) | EventView::Traded(_)))
        });
        takeover.effects[step] += effects.count() as u64;
    }

    /// The last frame taken; 0 = none.
    #[must_use]
    pub fn last_sequence(&self) -> Sequence {
        self.last
    }

    /// Its time.
    #[must_use]
    pub fn time(&self) -> Nanoseconds {
        self.time
    }

    /// The present epoch; 0 = none.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The trading day, yyyymmdd; 0 = none.
    #[must_use]
    pub fn trading_day(&self) -> u32 {
        self.trading_day
    }

    /// The data centre that opened the present epoch; 0 = none.
    #[must_use]
    pub fn data_center(&self) -> u32 {
        self.data_center
    }

    /// Phases by instrument; none where none is defined.
    #[must_use]
    pub fn phases(&self) -> &[Option<Phase>] {
        &self.phases
    }

    /// A product by its letters, blank-padded.
    #[must_use]
    pub fn find_product(&self, letters: &[u8; 8]) -> Option<ProductIndex> {
        self.products.iter().find(|(_, id)| id == letters).map(|(index, _)| *index)
    }

    /// The day's calendar and where the day stands in it: whoever goes on with the day goes on behind that.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// There are instruments, and all are closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let mut defined = self.phases.iter().flatten().peekable();
        defined.peek().is_some() && defined.all(|&phase| phase == Phase::Closed)
    }

    /// The day was closed as a whole (DayClose): what is left of it is not done any more. Products may all have closed before.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// The present reign's takeover; none in the day's first epoch.
    #[must_use]
    pub fn takeover(&self) -> Option<&Takeover> {
        self.takeover.as_ref()
    }
}
