//! A process is a node and a loop: poll, look whether an operator asks, wait as the profile says.

use super::clock::WallClock;
use super::control::{Ask, Control, Reply};
use dataplane::stages::Waiter;
use net::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a process is.
pub trait Node {
    /// Does what has come and what is due. True: something had.
    fn poll(&mut self, now: Instant) -> bool;

    /// Answers an operator.
    ///
    /// # Errors
    /// Why it was not done.
    fn answer(&mut self, ask: Ask, now: Instant) -> Reply;

    /// The process ends: what has to be on the disk is there when this returns. One line about how it went.
    ///
    /// # Errors
    /// What could not be done.
    fn end(&mut self) -> Result<String, String>;
}

/// Turns a node round and round until `stop` is set or an operator asks for the end.
///
/// # Errors
/// What [`Node::end`] says.
pub fn turn(
    node: &mut impl Node,
    control: Option<&mut Control>,
    clock: WallClock,
    mut waiter: Waiter,
    stop: &AtomicBool,
) -> Result<String, String> {
    let mut control = control;
    let mut last_words = None;
    while !stop.load(Ordering::Relaxed) {
        let now = clock.now();
        let was_busy = node.poll(now);
        if let Some(waiting) = control.as_deref_mut().and_then(Control::take) {
            if waiting.ask == Ask::Stop {
                last_words = Some(waiting);
                break;
            }
            let ask = waiting.ask.clone();
            waiting.answer(node.answer(ask, now));
        }
        waiter.rest(was_busy);
    }
    let ended = node.end();
    if let Some(waiting) = last_words {
        waiting.answer_and_see_off(ended.clone().map(|words| serde_json::json!({ "ended": words })));
    }
    ended
}

/// A flag that SIGTERM and SIGINT set.
///
/// # Errors
/// The system refuses.
pub fn stop_flag() -> Result<Arc<AtomicBool>, String> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(|error| format!("signals: {error}"))?;
    }
    Ok(stop)
}
