//! What is done beside the order path: answers to queries. It never holds up what it stands beside, and what it panics on ends
//! nothing but itself.

use super::placement::Placement;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A stage that is no part of the order path.
pub trait Beside: Send {
    /// Does a piece of its work, some ten microseconds' worth. Returns how much; 0 = there is nothing to do.
    fn poll(&mut self) -> usize;

    /// Somebody waits for it: it is polled also while there is something else to do.
    fn is_asked(&mut self) -> bool;

    /// It has something to do.
    fn has_work(&self) -> bool;
}

/// How long a thread of its own rests when there is nothing to do.
const REST: Duration = Duration::from_micros(100);

/// A stage, and who polls it.
pub(crate) struct Standing {
    /// Here; none: on a thread, or it panicked.
    stage: Option<Box<dyn Beside>>,
    thread: Option<JoinHandle<()>>,
    /// Where its thread began.
    placement: Option<Placement>,
    is_over: Arc<AtomicBool>,
    words: Arc<Mutex<Option<String>>>,
}

/// What its thread is called in reports, and by the operating system.
const NAME: &str = "queries";

impl Standing {
    pub(crate) fn here(stage: Box<dyn Beside>) -> Self {
        let (is_over, words) = (Arc::default(), Arc::default());
        Standing { stage: Some(stage), thread: None, placement: None, is_over, words }
    }

    /// On a thread of its own, on a core if one is named.
    pub(super) fn on_a_thread(mut stage: Box<dyn Beside>, core: Option<usize>) -> Self {
        let (is_over, words) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Option<String>>>::default());
        let (over, said) = (Arc::clone(&is_over), Arc::clone(&words));
        let (begins, begun) = sync_channel(1);
        let work = move || {
            // There is room for one, and nobody else sends.
            let _ = begins.send(Placement::take(NAME, core));
            let run = AssertUnwindSafe(|| {
                while !over.load(Ordering::Acquire) {
                    if stage.poll() == 0 {
                        std::thread::park_timeout(REST);
                    }
                }
            });
            if let Err(panic) = catch_unwind(run) {
                note(&said, panic.as_ref());
            }
        };
        let thread = std::thread::Builder::new().name(NAME.to_owned()).spawn(work);
        let thread = Some(thread.expect("the machine has a thread left"));
        Standing { stage: None, thread, placement: begun.recv().ok(), is_over, words }
    }

    /// Where its thread is; none if it has none, or it panicked.
    pub(super) fn placement(&self) -> Option<Placement> {
        self.placement.as_ref().filter(|_| self.panic().is_none()).map(Placement::since)
    }

    /// A piece of work, if it is polled here and nothing else is to be done, or somebody waits. Returns whether anything was done.
    #[inline]
    pub(crate) fn poll(&mut self, is_busy: bool) -> bool {
        let Some(stage) = &mut self.stage else { return false };
        let run = AssertUnwindSafe(|| (!is_busy || stage.is_asked()) && stage.poll() > 0);
        catch_unwind(run).unwrap_or_else(|panic| {
            note(&self.words, panic.as_ref());
            self.stage = None;
            false
        })
    }

    /// It is polled here, and has something to do.
    pub(crate) fn has_work(&self) -> bool {
        self.stage.as_ref().is_some_and(|stage| stage.has_work())
    }

    pub(super) fn panic(&self) -> Option<String> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(words: &Mutex<Option<String>>, panic: &(dyn Any + Send)) {
    *words.lock().unwrap_or_else(PoisonError::into_inner) = Some(super::group::words_of(panic));
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It ends after the piece that it is at; its panics were caught.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;
    use std::time::Instant;

    /// Counts its polls; panics at the last.
    struct Counting {
        polls: Arc<AtomicU32>,
        last: u32,
    }

    impl Beside for Counting {
        fn poll(&mut self) -> usize {
            let polls = self.polls.fetch_add(1, Ordering::AcqRel) + 1;
            assert!(polls < self.last, "poll {polls} is the last");
            usize::from(polls.is_multiple_of(2))
        }

        fn is_asked(&mut self) -> bool {
            false
        }

        fn has_work(&self) -> bool {
            true
        }
    }

    #[test]
    fn on_a_thread_it_is_polled_by_itself_and_its_panic_is_kept_in_words() {
        let polls = Arc::new(AtomicU32::new(0));
        let mut standing = Standing::on_a_thread(Box::new(Counting { polls: Arc::clone(&polls), last: 50 }), None);
        assert!(!standing.poll(false) && !standing.has_work(), "nobody else polls it");
        let begun = Instant::now();
        while standing.panic().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60), "a minute for fifty polls");
            std::thread::yield_now();
        }
        assert_eq!((standing.panic().as_deref(), polls.load(Ordering::Acquire)), (Some("poll 50 is the last"), 50));
    }

    #[test]
    fn here_it_is_polled_when_nothing_else_is_done_and_no_more_after_a_panic() {
        let polls = Arc::new(AtomicU32::new(0));
        let mut standing = Standing::here(Box::new(Counting { polls: Arc::clone(&polls), last: 4 }));
        assert!(!standing.poll(true), "busy, and nobody asks");
        assert_eq!(polls.load(Ordering::Acquire), 0);
        let did: Vec<bool> = (0..6).map(|_| standing.poll(false)).collect();
        assert_eq!(did, [false, true, false, false, false, false]);
        assert_eq!((standing.panic().as_deref(), polls.load(Ordering::Acquire)), (Some("poll 4 is the last"), 4));
        assert!(!standing.has_work());
    }

    #[test]
    fn its_thread_is_put_on_the_core_that_is_named_and_says_so_until_it_panics() {
        let Some(core) = super::super::online_cores().and_then(|cores| cores.last().copied()) else {
            return println!("skipped: this system does not say which cores there are");
        };
        let polls = Arc::new(AtomicU32::new(0));
        let endless = Counting { polls: Arc::clone(&polls), last: u32::MAX };
        let standing = Standing::on_a_thread(Box::new(endless), Some(core));
        let placement = standing.placement().expect("it has a thread");
        assert_eq!((placement.thread.as_str(), placement.core_wanted), ("queries", Some(core)));
        assert!(placement.is_pinned(), "{placement:?}");
        let (here, _) = (super::super::placement::Placement::take("here", None), standing);
        assert_ne!(here.thread, placement.thread);
        assert_eq!(Standing::here(Box::new(Counting { polls, last: 2 })).placement(), None, "it has none of its own");
    }

    #[test]
    fn what_is_dropped_ends_its_thread() {
        let polls = Arc::new(AtomicU32::new(0));
        drop(Standing::on_a_thread(Box::new(Counting { polls: Arc::clone(&polls), last: u32::MAX }), None));
        let at_the_end = polls.load(Ordering::Acquire);
        std::thread::yield_now();
        assert_eq!(polls.load(Ordering::Acquire), at_the_end);
    }
}
