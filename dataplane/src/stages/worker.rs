//! A thread of the layout other than the caller's: it runs its group's rounds until it is stopped, answers questions between them,
//! and says when it has seen a turn.

use super::group::Group;
use super::map::{ThreadPlan, Waiter};
use super::placement::Placement;
use super::{Halt, Time};
use crossbeam_utils::CachePadded;
use net::{Instant, Transport};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What all threads of a layout share.
pub(super) struct Shared {
    /// Nothing is polled any more.
    is_halted: CachePadded<AtomicBool>,
    /// Why the first stage that does not go on does not.
    halt: Mutex<Option<Halt>>,
    /// The moment of the caller's last poll, in nanoseconds; with [`Time::OfPoll`].
    now: CachePadded<AtomicU64>,
    /// Counts up whenever every thread is to make a whole round; with [`Time::OfPoll`].
    turn: CachePadded<AtomicU64>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Shared {
            is_halted: CachePadded::new(AtomicBool::new(false)),
            halt: Mutex::new(None),
            now: CachePadded::new(AtomicU64::new(0)),
            turn: CachePadded::new(AtomicU64::new(0)),
        }
    }

    /// Nobody polls anything from the next round on, so that nothing more is released.
    pub(super) fn halt_all(&self, halt: Halt) {
        self.note(halt);
        self.is_halted.store(true, Ordering::Release);
    }

    /// A stage stopped by itself; the others go on.
    pub(super) fn note(&self, halt: Halt) {
        self.lock().get_or_insert(halt);
    }

    #[inline]
    pub(super) fn is_halted(&self) -> bool {
        self.is_halted.load(Ordering::Acquire)
    }

    pub(super) fn halt(&self) -> Option<Halt> {
        self.lock().clone()
    }

    /// Begins another turn at `now`; returns its number.
    pub(super) fn next_turn(&self, now: Instant) -> u64 {
        self.now.store(now.nanos(), Ordering::Release);
        self.turn.fetch_add(1, Ordering::AcqRel) + 1
    }

    fn lock(&self) -> MutexGuard<'_, Option<Halt>> {
        self.halt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The caller's hold on a thread.
pub(super) struct Worker<T: Transport> {
    thread: Option<JoinHandle<()>>,
    control: Arc<Control<T>>,
    /// It has stages: it is asked to take part in turns.
    pub(super) has_stages: bool,
}

type Question<T> = Box<dyn FnOnce(&mut Group<T>, &Placement) + Send>;

struct Control<T: Transport> {
    stop: AtomicBool,
    /// There is a question.
    asked: AtomicBool,
    question: Mutex<Option<Question<T>>>,
    /// The last turn of which it has made a whole round, whether it did something since the one before, and when it has something to
    /// do next, in nanoseconds.
    seen: CachePadded<AtomicU64>,
    did: AtomicBool,
    deadline: AtomicU64,
}

/// How often a caller that waits for an answer looks whether the thread is still there.
const LIVENESS: Duration = Duration::from_millis(20);
/// A thread without stages looks so often whether it is to end.
const PARKED: Duration = Duration::from_millis(20);
/// … and so often where turns wait for it: with virtual time, whose polls are few.
const PARKED_IN_TURNS: Duration = Duration::from_micros(20);

impl<T: Transport + Send + 'static> Worker<T> {
    pub(super) fn start(group: Group<T>, plan: &ThreadPlan, waiter: Waiter, time: Time, shared: &Arc<Shared>) -> Self {
        let control = Arc::new(Control {
            stop: AtomicBool::new(false),
            asked: AtomicBool::new(false),
            question: Mutex::new(None),
            seen: CachePadded::new(AtomicU64::new(0)),
            did: AtomicBool::new(false),
            deadline: AtomicU64::new(u64::MAX),
        });
        let has_stages = group.has_stages();
        let (theirs, shared, core) = (Arc::clone(&control), Arc::clone(shared), plan.core);
        let name = group.name.clone();
        let run = move || {
            let placement = Placement::take(&group.name, core);
            run(group, &theirs, &shared, waiter, time, &placement);
        };
        // The system shows 15 bytes of a thread's name.
        let thread = std::thread::Builder::new().name(name).spawn(run).expect("a thread can be started");
        Worker { thread: Some(thread), control, has_stages }
    }

    /// Has something done on the thread, between two rounds. None: the thread is over, or it panicked while at it.
    pub(super) fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Group<T>, &Placement) -> R + Send + 'static,
    ) -> Option<R> {
        let (answer, answered): (SyncSender<R>, _) = sync_channel(1);
        let boxed: Question<T> = Box::new(move |group, placement| {
            // Who asked is waiting; if not, nobody wants to know.
            let _ = answer.send(question(group, placement));
        });
        *self.control.question.lock().unwrap_or_else(PoisonError::into_inner) = Some(boxed);
        self.control.asked.store(true, Ordering::Release);
        let thread = self.thread.as_ref()?;
        thread.thread().unpark();
        loop {
            match answered.recv_timeout(LIVENESS) {
                Ok(answer) => return Some(answer),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if thread.is_finished() => return answered.try_recv().ok(),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// It has made a whole round since turn `turn` began: whether it did something since the turn before. None: not yet.
    pub(super) fn has_seen(&self, turn: u64) -> Option<bool> {
        let is_over = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        let seen = self.control.seen.load(Ordering::Acquire) >= turn;
        (seen || is_over).then(|| seen && self.control.did.load(Ordering::Relaxed))
    }

    /// When it has something to do next, as of the last turn.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let nanoseconds = self.control.deadline.load(Ordering::Relaxed);
        (nanoseconds != u64::MAX).then(|| Instant::from_nanos(nanoseconds))
    }
}

impl<T: Transport> Drop for Worker<T> {
    fn drop(&mut self) {
        self.control.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // What it panicked of was told when it did.
            let _ = thread.join();
        }
    }
}

fn run<T: Transport>(
    mut group: Group<T>,
    control: &Control<T>,
    shared: &Shared,
    mut waiter: Waiter,
    time: Time,
    placement: &Placement,
) {
    let (mut seen, mut did_since) = (0, false);
    while !control.stop.load(Ordering::Acquire) {
        if control.asked.load(Ordering::Acquire) {
            answer(&mut group, control, placement);
        }
        let (turn, now) = match &time {
            // The turn first: it is counted up after the time is set.
            Time::OfPoll => {
                let turn = shared.turn.load(Ordering::Acquire);
                (turn, Instant::from_nanos(shared.now.load(Ordering::Acquire)))
            }
            Time::Machine(clock) => (0, clock()),
        };
        // Without stages there is nothing to do in a turn, but whoever began it waits for everybody.
        if !group.has_stages() && turn == seen {
            std::thread::park_timeout(if matches!(time, Time::OfPoll) { PARKED_IN_TURNS } else { PARKED });
            continue;
        }
        let mut did = false;
        if !shared.is_halted() {
            match group.round(now) {
                Ok(something) => did = something,
                Err(halt) => shared.halt_all(halt),
            }
            if !did && let Some(halt) = group.halt() {
                shared.note(halt);
            }
        }
        did_since |= did;
        if turn != seen {
            seen = turn;
            let deadline = if shared.is_halted() { None } else { group.next_deadline() };
            control.deadline.store(deadline.map_or(u64::MAX, Instant::nanos), Ordering::Relaxed);
            control.did.store(did_since, Ordering::Relaxed);
            control.seen.store(turn, Ordering::Release);
            did_since = false;
        }
        waiter.rest(did);
    }
}

#[cold]
fn answer<T: Transport>(group: &mut Group<T>, control: &Control<T>, placement: &Placement) {
    control.asked.store(false, Ordering::Relaxed);
    let question = control.question.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(question) = question {
        // A group whose stage panicked may be in any state; who asks it hears nothing then.
        let _ = catch_unwind(AssertUnwindSafe(|| question(group, placement)));
    }
}
