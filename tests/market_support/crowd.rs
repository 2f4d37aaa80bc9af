//! The members of a market, on a thread of their own.

use super::{PATIENCE, Traders};
use backstop::drill::world::{Seat, World};
use backstop::run::clock::WallClock;
use net::Transport;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Members that trade until they are told to finish; they end with the value.
pub struct Crowd {
    /// Nothing new is sent.
    over: Arc<AtomicBool>,
    /// Nothing is waited for.
    gone: Arc<AtomicBool>,
    told: Arc<AtomicU64>,
    /// Members that have come back to the second epoch.
    pub back: Arc<AtomicU64>,
    /// Bulletins to all that members have, all together.
    bulletins: Arc<AtomicU64>,
    thread: Option<JoinHandle<bool>>,
}

impl Crowd {
    /// `attach` runs on the members' thread, and gives what makes each seat's host there.
    pub fn start<T: Transport, F: FnMut(&Seat) -> T>(
        world: World,
        attach: impl FnOnce() -> F + Send + 'static,
    ) -> Self {
        let (over, gone): (Arc<AtomicBool>, Arc<AtomicBool>) = Default::default();
        let (told, back): (Arc<AtomicU64>, Arc<AtomicU64>) = Default::default();
        let (is_over, is_gone) = (Arc::clone(&over), Arc::clone(&gone));
        let bulletins: Arc<AtomicU64> = Arc::default();
        let heard = Arc::clone(&bulletins);
        let (count, came_back) = (Arc::clone(&told), Arc::clone(&back));
        let thread = std::thread::spawn(move || {
            let mut traders = Traders::new(world, attach());
            let clock = WallClock::start();
            let mut quiet_until = None;
            while !is_gone.load(Ordering::Relaxed) {
                let (now, is_over) = (clock.now(), is_over.load(Ordering::Relaxed));
                traders.poll(now, !is_over);
                came_back.store(traders.back(2), Ordering::Relaxed);
                count.store(traders.told(), Ordering::Relaxed);
                heard.store(traders.bulletins(), Ordering::Relaxed);
                if is_over && now >= *quiet_until.get_or_insert(now + PATIENCE) {
                    break;
                }
                if is_over && traders.is_quiet() {
                    return true;
                }
                std::thread::sleep(Duration::from_micros(200));
            }
            false
        });
        Crowd { over, gone, told, back, bulletins, thread: Some(thread) }
    }

    /// Waits until members were told so many messages more.
    #[track_caller]
    pub fn until_told(&self, more: u64) {
        let (began, wanted) = (Instant::now(), self.told.load(Ordering::Relaxed) + more);
        while self.told.load(Ordering::Relaxed) < wanted {
            assert!(began.elapsed() < PATIENCE, "members are told nothing");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until members have so many bulletins, all together.
    #[track_caller]
    pub fn until_bulletins(&self, count: u64) {
        let began = Instant::now();
        while self.bulletins.load(Ordering::Relaxed) < count {
            assert!(began.elapsed() < PATIENCE, "members have {} bulletins", self.bulletins.load(Ordering::Relaxed));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// They send nothing more; every request gets its answer.
    pub fn finish(mut self) {
        self.over.store(true, Ordering::Relaxed);
        assert!(self.thread.take().unwrap().join().expect("no panic"), "requests without an answer");
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
