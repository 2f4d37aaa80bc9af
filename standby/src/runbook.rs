//! The takeover, step by step; the table stands at the head of the package.
//!
//! The host asks [`Runbook::poll`] what to do and does it, says what came of it with [`Runbook::answer`], and shows every frame of the log
//! with [`Runbook::observed`]. Which step is next is read from the log's fold and nowhere else; what is kept here besides is
//! what has no place in a log: the options' durations, what was asked and not answered, the host's times.

use crate::audit::Audit;
use crate::fold::{Fold, Mark, STEPS, Takeover};
use crate::follower::Follower;
use crate::state::{Happening, State};
use crate::steps::{self, Due};
use crate::switch::{Answer, Board, NotSwitched, Options, Request, RunbookSettings, Switched};
use crate::timeline::{Outcome, Step, StepReport};
use engine::command::{BodyView, BookPolicy, CommandBuffer, EpochOpen, Reopening, TakeoverBegin};
use engine::types::{Epoch, Nanoseconds, Sequence};
use journal::{CompleteFrame, Machine};

/// A takeover: none yet, under way, or done.
pub struct Runbook {
    settings: RunbookSettings,
    options: Options,
    stage: Stage,
    state: Option<State>,
    fold: Fold,
    machine: Option<Box<Machine>>,
    begin: Option<Beginning>,
    timeline: Vec<StepReport>,
    /// What the host was asked and has not answered.
    asked: Option<Asked>,
    /// Nothing is to be done before then.
    waiting_until: Option<Nanoseconds>,
    /// … and the host was told so.
    told_to_wait: bool,
    /// Of the step under way: it needs nothing more but its TakeoverStep, with this outcome.
    settled: Option<Outcome>,
}

/// How far this process has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    /// Step 4.
    Fence,
    /// Steps 5 and 6, on the machine.
    Take,
    /// Steps 7 to 14, through the ring.
    Run,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Fence,
    Record(Mark),
    Fronts,
    Board,
}

/// What TakeoverBegin and the steps before it will say.
#[derive(Clone, Copy, Debug)]
struct Beginning {
    cut: Sequence,
    old_epoch: Epoch,
    new_epoch: Epoch,
    from: State,
    overrides: u8,
    commanded_at: Nanoseconds,
}

/// Bits of TakeoverBegin's `overrides`.
const FENCE_OVERRIDDEN: u8 = 1;
const FROM_LAGGING: u8 = 2;
const FROM_DIVERGED: u8 = 4;

impl Runbook {
    /// A runbook before any takeover.
    #[must_use]
    pub fn new(settings: RunbookSettings) -> Self {
        Runbook {
            settings,
            options: Options::new(BookPolicy::Keep, Reopening::Continuous),
            stage: Stage::Idle,
            state: None,
            fold: Fold::default(),
            machine: None,
            begin: None,
            timeline: Vec::new(),
            asked: None,
            waiting_until: None,
            told_to_wait: false,
            settled: None,
        }
    }

    /// What a log says of a takeover of ours: for its timeline; [`Runbook::switch`] goes on with it.
    #[must_use]
    pub fn from_log(log: &journal::LogReader, settings: RunbookSettings) -> Self {
        let mut runbook = Self::new(settings);
        runbook.fold = Fold::of(log);
        runbook.recall();
        runbook
    }

    /// The one command. Takes the machine from the follower and begins a takeover, or goes on with the one that is under way,
    /// in this process or in the log.
    ///
    /// # Errors
    /// See [`NotSwitched`]; nothing happened.
    pub fn switch(
        &mut self,
        follower: &mut Follower,
        options: Options,
        now: Nanoseconds,
    ) -> Result<Switched, NotSwitched> {
        assert_eq!(follower.data_center(), self.settings.data_center, "both are of one standby");
        match self.stage {
            Stage::Done if self.state == Some(State::Retired) => return Err(NotSwitched::Retired),
            Stage::Done => return Err(NotSwitched::AlreadyActive),
            Stage::Fence | Stage::Take | Stage::Run => return Ok(self.go_on(options)),
            Stage::Idle => {}
        }
        if !follower.has_machine() {
            return Err(NotSwitched::NoMachine);
        }
        let fold = follower.fold();
        let ours = fold.data_center() == self.settings.data_center && fold.epoch() > Epoch(0);
        let unfinished = ours && fold.takeover().is_some_and(|takeover| !takeover.finished());
        if unfinished {
            return Ok(self.resume(follower, options, now));
        }
        self.preflight(follower, &options, ours, now)?;
        Ok(self.begin(follower, options, now))
    }

    /// What to do next; None: something asked before is not answered yet, or an operator has to decide, or there is nothing.
    pub fn poll(&mut self, now: Nanoseconds) -> Option<Request> {
        if let Some(until) = self.waiting_until.filter(|&until| now < until) {
            return (!std::mem::replace(&mut self.told_to_wait, true)).then_some(Request::Wait(until));
        }
        self.waiting_until = None;
        if self.asked.is_some() {
            return None;
        }
        match self.stage {
            Stage::Idle | Stage::Done => None,
            Stage::Fence => self.fence(),
            Stage::Take => self.take(now),
            Stage::Run => self.run(now),
        }
    }

    /// What came of a request, or an operator's decision. An answer to nothing that was asked is left alone.
    pub fn answer(&mut self, answer: Answer, now: Nanoseconds) {
        match (answer, self.asked) {
            (Answer::FenceProved(how), Some(Asked::Fence)) => self.fenced(Outcome::Done, how, now),
            (Answer::FenceNotProved(why), Some(Asked::Fence)) => match self.options.override_fence.clone() {
                Some(reason) => self.fenced(Outcome::Overridden, format!("{why}; 越过 overridden: {reason}"), now),
                None => self.block(why),
            },
            (Answer::Override(reason), _) if self.stage == Stage::Fence => {
                self.fenced(Outcome::Overridden, reason, now);
            }
            (Answer::FrontsPublished, Some(Asked::Fronts)) => self.settle(Outcome::Done, String::new()),
            (Answer::FrontsRefused { published }, Some(Asked::Fronts)) => {
                let ours = self.fold.epoch();
                if published > ours {
                    self.block(format!(
                        "名字服务已有纪元 {published}，高于本核心的 {ours} the name service has epoch {published}, ours is {ours}: \
                         another core is the exchange"
                    ));
                    self.higher_epoch();
                } else {
                    let its =
                        if published == Epoch(0) { "a higher one".to_owned() } else { format!("epoch {published}") };
                    self.block(format!("名字服务拒绝 the name service refused: it has {its}"));
                }
            }
            (Answer::Board(board), Some(Asked::Board)) => self.weigh(board, now),
            (Answer::Override(reason), _)
                if self.stage == Stage::Run && matches!(self.present(), Some(Step::NameService | Step::Readiness)) =>
            {
                self.settle(Outcome::Overridden, reason);
            }
            _ => {}
        }
    }

    /// A frame of the log; each in its order, from the takeover on. One that was seen before is left alone.
    pub fn observed(&mut self, frame: &CompleteFrame<'_>, now: Nanoseconds) {
        if frame.stamp().sequence <= self.fold.last_sequence() {
            return;
        }
        self.fold.apply(frame);
        if let BodyView::DayClose(_) = frame.command().body
            && self.stage == Stage::Done
            && self.fold.is_closed()
        {
            self.happen(Happening::DayClosed);
        }
        if let Some(Asked::Record(mark)) = self.asked
            && Mark::of(&frame.command()) == Some(mark)
        {
            self.asked = None;
            self.note_done(mark.step, now);
            if self.stage == Stage::Run && self.present().is_none() {
                self.finish();
            }
        }
    }

    /// Somebody has a higher epoch: this core speaks no more.
    pub fn higher_epoch(&mut self) {
        self.asked = None;
        // A core without a takeover, that opened the day itself, is an exchange all the same.
        self.state =
            Some(self.state.map_or(State::Retired, |state| state.after(Happening::HigherEpoch).unwrap_or(state)));
        if self.state == Some(State::Retired) {
            self.stage = Stage::Done;
        }
    }

    /// Where this standby is; before a takeover that is the follower's to say.
    #[must_use]
    pub fn state(&self, follower: &Follower) -> State {
        self.state.unwrap_or(follower.state())
    }

    /// Every step that has begun.
    #[must_use]
    pub fn timeline(&self) -> &[StepReport] {
        &self.timeline
    }

    /// All fourteen steps are done.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.stage == Stage::Done && self.state != Some(State::Retired)
    }

    /// The log's fold so far: where the day's schedule stands ([`Fold::calendar`]), the phases.
    #[must_use]
    pub fn fold(&self) -> &Fold {
        &self.fold
    }

    /// Step 1.
    fn preflight(
        &self,
        follower: &Follower,
        options: &Options,
        ours: bool,
        now: Nanoseconds,
    ) -> Result<(), NotSwitched> {
        let evidence = || Box::new(follower.evidence(now));
        match follower.state() {
            State::Empty => Err(NotSwitched::NothingToTakeOver),
            State::Syncing | State::Lagging if !options.from_lagging => Err(NotSwitched::Lagging(evidence())),
            State::Diverged if !options.from_diverged => Err(NotSwitched::Diverged(evidence())),
            _ if ours && !options.from_self => Err(NotSwitched::AlreadyActive),
            _ => Ok(()),
        }
    }

    /// Steps 1 to 3.
    fn begin(&mut self, follower: &mut Follower, options: Options, now: Nanoseconds) -> Switched {
        let new_epoch = Epoch(follower.highest_epoch().0 + 1);
        let evidence = follower.evidence(now);
        let sealed = follower.seal().expect("it was looked whether the machine is there");
        let overrides = match sealed.from {
            State::Syncing | State::Lagging => FROM_LAGGING,
            State::Diverged => FROM_DIVERGED,
            _ => 0,
        };
        let cut = sealed.fold.last_sequence();
        let old_epoch = sealed.fold.epoch();
        self.begin = Some(Beginning { cut, old_epoch, new_epoch, from: sealed.from, overrides, commanded_at: now });
        self.options = options;
        self.fold = sealed.fold;
        self.state = sealed.from.after(Happening::Commanded);
        self.timeline.clear();
        let chosen = if overrides == 0 { Outcome::Done } else { Outcome::Overridden };
        let detail = format!("from {}, {} ms silent", sealed.from, evidence.silent_for.0 / 1_000_000);
        self.report(Step::Preflight, chosen, detail, now);
        let torn = sealed.torn_bytes;
        self.report(Step::Seal, Outcome::Done, format!("cut {cut}, epoch {old_epoch}, {torn} torn bytes dropped"), now);
        let detail = reconcile(&sealed.machine, &sealed.audit);
        self.report(Step::Reconcile, Outcome::Done, detail, now);
        self.machine = Some(Box::new(sealed.machine));
        self.happen(Happening::Reconciled);
        self.stage = Stage::Fence;
        self.start(Step::Fence, now);
        Switched::Begins { cut, epoch: new_epoch }
    }

    /// The log holds a takeover of ours that is not done: after a crash.
    fn resume(&mut self, follower: &mut Follower, options: Options, now: Nanoseconds) -> Switched {
        let sealed = follower.seal().expect("it was looked whether the machine is there");
        self.fold = sealed.fold;
        self.options = options;
        let open = self.takeover().open;
        let overridden = self.options.override_fence.is_some();
        self.begin = Some(Beginning {
            cut: open.cut_sequence,
            old_epoch: open.old_epoch,
            new_epoch: open.epoch,
            from: sealed.from,
            overrides: if overridden { FENCE_OVERRIDDEN } else { 0 },
            commanded_at: now,
        });
        self.recall();
        self.machine = Some(Box::new(sealed.machine));
        self.stage = Stage::Take;
        self.continues()
    }

    /// State and timeline as the log has them.
    fn recall(&mut self) {
        self.timeline.clear();
        let Some(takeover) = self.fold.takeover() else { return };
        if takeover.open.data_center != self.settings.data_center {
            return;
        }
        let mut state = if takeover.done(6).is_some() { State::Suspended } else { State::Fencing };
        let by_auction = steps::by_auction(takeover, steps::policies(Some(takeover), &self.options).1);
        for step in Step::ALL {
            let Some(done) = takeover.done(step.number()) else { continue };
            let happening = match step {
                Step::CancelOnly if !by_auction.is_empty() => Some(Happening::CancelOnlyBegan),
                Step::AuctionOrdering if !by_auction.is_empty() => Some(Happening::AuctionBegan),
                Step::AuctionMatch if !by_auction.is_empty() => Some(Happening::MatchBegan),
                Step::Resume => Some(Happening::Resumed),
                _ => None,
            };
            state = happening.and_then(|happening| state.after(happening)).unwrap_or(state);
            self.timeline.push(StepReport {
                step,
                began: Nanoseconds(done.at.0.saturating_sub(done.elapsed.0)),
                ended: Some(done.at),
                outcome: Outcome::from_code(done.outcome),
                detail: String::new(),
            });
        }
        if takeover.finished() && self.fold.is_closed() {
            state = State::Closed;
        }
        self.state = Some(state);
    }

    /// A second `switch`: the takeover keeps its policies; an override counts from now on.
    fn go_on(&mut self, options: Options) -> Switched {
        if options.override_fence.is_some() {
            self.options.override_fence = options.override_fence;
        }
        // What was refused is tried again.
        if self.timeline.last().is_some_and(|report| report.outcome == Outcome::Blocked) {
            self.asked = None;
            self.set_running();
        }
        self.continues()
    }

    fn continues(&self) -> Switched {
        let (book, reopen) = steps::policies(self.takeover_if_ours(), &self.options);
        Switched::Continues { book, reopen, step: self.present().unwrap_or(Step::Resume) }
    }

    fn fence(&mut self) -> Option<Request> {
        if self.is_blocked() {
            return None;
        }
        self.asked = Some(Asked::Fence);
        Some(Request::Fence)
    }

    fn fenced(&mut self, outcome: Outcome, detail: String, now: Nanoseconds) {
        self.asked = None;
        if outcome == Outcome::Overridden {
            self.begin.as_mut().expect("fencing comes after the beginning").overrides |= FENCE_OVERRIDDEN;
        }
        self.end(outcome, detail, now);
        self.stage = Stage::Take;
    }

    /// Steps 5 and 6: what the log lacks of them is executed, then the machine goes to the engine's stage.
    fn take(&mut self, now: Nanoseconds) -> Option<Request> {
        if self.is_blocked() {
            return None;
        }
        loop {
            let step = if self.is_done(Step::NewEpoch) { Step::Suspend } else { Step::NewEpoch };
            if self.is_done(step) {
                break;
            }
            self.start(step, now);
            let command = if step == Step::NewEpoch { self.next_of_epoch(now) } else { self.next_of_suspension(now) };
            if let Err(why) = self.execute(&command, now) {
                self.block(why);
                return None;
            }
            self.note_done(step.number(), now);
        }
        let machine = self.machine.as_mut().expect("the machine is here until it is handed over");
        // The epoch is durable before the first output.
        let committed = machine.reader().committed();
        if let Err(error) = machine.log().sync() {
            self.block(format!("日志未落盘 the log is not on its device: {error}"));
            return None;
        }
        if machine.reader().released() < committed {
            // Somebody else syncs this log; until that is done nothing is handed over.
            return None;
        }
        self.stage = Stage::Run;
        if self.state == Some(State::Fencing) {
            self.happen(Happening::Taken);
        }
        self.machine.take().map(Request::TakeMachine)
    }

    /// EpochOpen, TakeoverBegin, TakeoverStep 1 to 5.
    fn next_of_epoch(&self, now: Nanoseconds) -> CommandBuffer {
        let begin = self.begin.expect("a takeover has begun");
        let data_center = self.settings.data_center;
        let Some(takeover) = self.takeover_if_ours() else {
            return steps::epoch_open(&EpochOpen {
                epoch: begin.new_epoch,
                data_center,
                old_epoch: begin.old_epoch,
                reserved: 0,
                cut_sequence: begin.cut,
            });
        };
        match takeover.seen(5) {
            // EpochOpen changes nothing that the digest covers: the state's digest now is that at the cut.
            0 | 1 => steps::takeover_begin(&TakeoverBegin {
                cut_sequence: begin.cut,
                cut_digest: self.machine.as_ref().map_or(0, |machine| machine.state().digests().state),
                commanded_at: begin.commanded_at,
                old_epoch: begin.old_epoch,
                new_epoch: begin.new_epoch,
                book: self.options.book as u8,
                reopen: self.options.reopen as u8,
                from_state: begin.from.number(),
                overrides: begin.overrides,
                data_center,
            }),
            place => {
                let step = (place - 1).min(5) as u8;
                let (outcome, elapsed) = self.outcome_of(step, now);
                steps::takeover_step(step, outcome, elapsed, place)
            }
        }
    }

    fn next_of_suspension(&self, now: Nanoseconds) -> CommandBuffer {
        let place = self.takeover().seen(6);
        match steps::due(6, place, &self.fold, &self.options, now) {
            Due::Record(command) => *command,
            Due::Close { .. } => {
                let (outcome, elapsed) = self.outcome_of(6, now);
                steps::takeover_step(6, outcome, elapsed, place)
            }
        }
    }

    fn execute(&mut self, command: &CommandBuffer, now: Nanoseconds) -> Result<(), String> {
        let machine = self.machine.as_mut().expect("the machine is here until it is handed over");
        let executed = machine.execute(&command.command(), now).map_err(|why| why.to_string())?;
        let frame = machine.reader().frame_at(executed.offset).expect("it was just recorded");
        self.fold.apply(&frame);
        match executed.rejected {
            // Nothing of these two steps can be refused by its own rules; if it is, nobody may trade on it.
            Some(reject) => Err(format!("{} {}", reject.chinese(), reject.english())),
            None => Ok(()),
        }
    }

    /// Steps 7 to 14.
    fn run(&mut self, now: Nanoseconds) -> Option<Request> {
        if self.is_blocked() {
            return None;
        }
        let Some(step) = self.present() else {
            self.finish();
            return None;
        };
        self.start(step, now);
        let number = step.number();
        let place = self.takeover().seen(number);
        if self.settled.is_none() {
            match step {
                Step::NameService => {
                    self.asked = Some(Asked::Fronts);
                    return Some(Request::PublishFronts { epoch: self.fold.epoch() });
                }
                Step::Readiness => {
                    self.asked = Some(Asked::Board);
                    return Some(Request::Board);
                }
                _ => match steps::due(number, place, &self.fold, &self.options, now) {
                    Due::Record(command) => return Some(self.record(number, place, command)),
                    Due::Close { nothing } => {
                        if let Some(until) = self.must_wait(step, nothing, now) {
                            self.wait_until(until);
                            return self.poll(now);
                        }
                        let outcome = if nothing { Outcome::Nothing } else { Outcome::Done };
                        let detail = self.detail(step);
                        self.settle(outcome, detail);
                    }
                },
            }
        }
        let (outcome, elapsed) = self.outcome_of(number, now);
        Some(self.record(number, place, Box::new(steps::takeover_step(number, outcome, elapsed, place))))
    }

    fn record(&mut self, step: u8, place: u32, command: Box<CommandBuffer>) -> Request {
        self.asked = Some(Asked::Record(Mark { step, place }));
        Request::Record(command)
    }

    /// The phases of a reopening auction last as long as the options say.
    fn must_wait(&self, step: Step, nothing: bool, now: Nanoseconds) -> Option<Nanoseconds> {
        let lasts = match step {
            Step::CancelOnly if !nothing => self.options.cancel_only_for,
            Step::AuctionOrdering if !nothing => self.options.auction_for,
            _ => return None,
        };
        let until = Nanoseconds(self.began(step).0.saturating_add(lasts.0));
        (now < until).then_some(until)
    }

    /// Step 9: enough members, or the time is over.
    fn weigh(&mut self, board: Board, now: Nanoseconds) {
        self.asked = None;
        let Board { members, logged_in, ready, hands } = board;
        let detail = format!("{ready} ready, {logged_in} logged in, {hands} hands of {members} members");
        let until = Nanoseconds(self.began(Step::Readiness).0.saturating_add(self.options.readiness_timeout.0));
        if u64::from(ready) * 1_000 >= u64::from(members) * u64::from(self.options.readiness.0) {
            self.settle(Outcome::Done, detail);
        } else if now >= until {
            self.settle(Outcome::Overridden, format!("{detail}; 等待时间已到 the time is over"));
        } else {
            let next = Nanoseconds(now.0.saturating_add(self.settings.board_interval.0)).min(until);
            self.wait_until(next);
            if let Some(report) = self.timeline.last_mut() {
                report.detail = detail;
            }
        }
    }

    /// All steps are in the log.
    fn finish(&mut self) {
        self.stage = Stage::Done;
        self.happen(Happening::Resumed);
        if self.fold.is_closed() {
            self.happen(Happening::DayClosed);
        }
    }

    /// What an operator reads of a step whose commands are in the log.
    fn detail(&self, step: Step) -> String {
        let takeover = self.takeover();
        let (effects, refused) = (takeover.effects(step.number()), takeover.refused(step.number()));
        let mut detail = match step {
            Step::Book if steps::policies(Some(takeover), &self.options).0 == BookPolicy::Cancel => {
                format!("{effects} 笔已撤 orders cancelled")
            }
            Step::Book => format!("{effects} 笔已重报 orders told anew"),
            Step::AuctionMatch => format!("{effects} 笔成交 trades"),
            Step::Resume => format!("{} 个合约 instruments", takeover.seen(14) - refused),
            _ => String::new(),
        };
        if refused > 0 {
            detail.push_str(&format!("; {refused} 条命令被拒绝 commands were refused"));
        }
        detail
    }

    /// The first step that is not done in the log.
    fn present(&self) -> Option<Step> {
        match self.stage {
            Stage::Idle => None,
            Stage::Fence => Some(Step::Fence),
            _ => Step::ALL[4..].iter().copied().find(|&step| !self.is_done(step)),
        }
    }

    fn is_done(&self, step: Step) -> bool {
        self.takeover_if_ours().is_some_and(|takeover| takeover.done(step.number()).is_some())
    }

    /// The takeover of the epoch that is to begin, once that is in the log.
    fn takeover_if_ours(&self) -> Option<&Takeover> {
        let epoch = self.begin.map(|begin| begin.new_epoch);
        self.fold.takeover().filter(|takeover| Some(takeover.open.epoch) == epoch)
    }

    fn takeover(&self) -> &Takeover {
        self.fold.takeover().expect("these steps come after the epoch")
    }

    fn happen(&mut self, happening: Happening) {
        if let Some(state) = self.state.and_then(|state| state.after(happening)) {
            self.state = Some(state);
        }
    }

    /// A step begins, unless it has.
    fn start(&mut self, step: Step, now: Nanoseconds) {
        if self.timeline.last().is_some_and(|report| report.step == step) {
            return;
        }
        self.settled = None;
        let report = StepReport { step, began: now, ended: None, outcome: Outcome::Running, detail: String::new() };
        self.timeline.push(report);
        let reopens = |this: &Self| {
            let takeover = this.takeover();
            !steps::by_auction(takeover, steps::policies(Some(takeover), &this.options).1).is_empty()
        };
        match step {
            Step::CancelOnly if reopens(self) => self.happen(Happening::CancelOnlyBegan),
            Step::AuctionOrdering if reopens(self) => self.happen(Happening::AuctionBegan),
            Step::AuctionMatch if reopens(self) => self.happen(Happening::MatchBegan),
            _ => {}
        }
    }

    fn began(&self, step: Step) -> Nanoseconds {
        self.timeline.iter().rev().find(|report| report.step == step).map_or(Nanoseconds(0), |report| report.began)
    }

    /// A step that begins and ends at once.
    fn report(&mut self, step: Step, outcome: Outcome, detail: String, now: Nanoseconds) {
        self.start(step, now);
        self.end(outcome, detail, now);
    }

    fn end(&mut self, outcome: Outcome, detail: String, now: Nanoseconds) {
        let report = self.timeline.last_mut().expect("a step has begun");
        (report.outcome, report.detail, report.ended) = (outcome, detail, Some(now));
    }

    /// The step needs nothing more but its TakeoverStep.
    fn settle(&mut self, outcome: Outcome, detail: String) {
        self.asked = None;
        self.waiting_until = None;
        self.settled = Some(outcome);
        if let Some(report) = self.timeline.last_mut() {
            report.outcome = Outcome::Running;
            report.detail = detail;
        }
    }

    fn wait_until(&mut self, until: Nanoseconds) {
        self.waiting_until = Some(until);
        self.told_to_wait = false;
    }

    fn block(&mut self, why: String) {
        self.asked = None;
        if let Some(report) = self.timeline.last_mut() {
            (report.outcome, report.detail) = (Outcome::Blocked, why);
        }
    }

    fn is_blocked(&self) -> bool {
        self.timeline.last().is_some_and(|report| report.outcome == Outcome::Blocked)
    }

    fn set_running(&mut self) {
        if let Some(report) = self.timeline.last_mut() {
            report.outcome = Outcome::Running;
        }
    }

    /// If the log says that the step is done, its line of the timeline ends.
    fn note_done(&mut self, step: u8, now: Nanoseconds) {
        let Some(done) = self.fold.takeover().and_then(|takeover| takeover.done(step)) else { return };
        let report = self.timeline.last_mut().filter(|report| report.step.number() == step && report.ended.is_none());
        if let Some(report) = report {
            (report.outcome, report.ended) = (Outcome::from_code(done.outcome), Some(now));
        }
    }

    /// What the TakeoverStep of a step says: from the timeline; a step before a crash has no line, and counts as done.
    fn outcome_of(&self, step: u8, now: Nanoseconds) -> (u16, Nanoseconds) {
        debug_assert!((1..=STEPS).contains(&usize::from(step)));
        let Some(report) = self.timeline.iter().rev().find(|report| report.step.number() == step) else {
            return (0, Nanoseconds(0));
        };
        let outcome = match (report.outcome, self.settled) {
            (Outcome::Running, Some(settled)) => settled as u16,
            (Outcome::Running | Outcome::Blocked, _) => 0,
            (outcome, _) => outcome as u16,
        };
        let elapsed = report.ended.unwrap_or(now).0.saturating_sub(report.began.0);
        (outcome, Nanoseconds(if self.settings.simulated { 0 } else { elapsed }))
    }
}

/// Step 3: what the last frame says of the state, what we have, and what the audit found.
fn reconcile(machine: &Machine, audit: &Audit) -> String {
    let (reader, state) = (machine.reader(), machine.state());
    let ours = state.digests();
    let claimed = reader.frame_of(state.last_sequence()).map(|frame| frame.digests());
    let equal = if claimed == Some(ours) { "摘要一致 digests equal" } else { "摘要不符 digests differ" };
    format!("{equal} ({:016X}), {} differences in {} frames", ours.state, audit.differences, audit.frames)
}
