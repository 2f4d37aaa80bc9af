//! The fence hook: a command that makes sure that the old core cannot speak any more (power, switch port, whatever the site has).
//!
//! Exit code 0 is the proof, and what it prints is kept in the takeover's timeline. It runs beside the loop, which asks
//! every round whether it has ended; a hook that takes longer than `PATIENCE` proves nothing. Each `switch` that comes back to the
//! fence runs it anew.

use crate::appliance::FenceHook;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// How long a hook may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// Most of its output that is kept, bytes.
const WORDS: usize = 300;

/// The hook of a site: its command with arguments; empty: there is none, and nothing is proved.
#[must_use]
pub fn hook(command: Vec<String>) -> FenceHook {
    let mut running: Option<Receiver<Result<String, String>>> = None;
    Box::new(move || {
        if command.is_empty() {
            return Some(Err("site.toml 未设 fence，无法证明 the site has no fence command".to_owned()));
        }
        let answer = running.get_or_insert_with(|| {
            let (tell, answer) = channel();
            let command = command.clone();
            std::thread::spawn(move || tell.send(run(&command)));
            answer
        });
        match answer.try_recv() {
            Ok(result) => {
                running = None;
                Some(result)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                running = None;
                Some(Err("the fence's thread panicked".to_owned()))
            }
        }
    })
}

/// Runs it to its end, or to the end of our patience. One line.
fn run(command: &[String]) -> Result<String, String> {
    let name = &command[0];
    let mut child = Command::new(name)
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{name}: {error}"))?;
    // Read beside: a hook that prints more than a pipe holds would never end.
    let out = child.stdout.take().map(|pipe| std::thread::spawn(move || words(pipe)));
    let err = child.stderr.take().map(|pipe| std::thread::spawn(move || words(pipe)));
    let began = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|error| format!("{name}: {error}"))? {
            Some(status) => break status,
            None if began.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{name}: no answer within {} s", PATIENCE.as_secs()));
            }
            None => std::thread::sleep(LOOK),
        }
    };
    let said = |reader: Option<std::thread::JoinHandle<String>>| {
        reader.and_then(|thread| thread.join().ok()).unwrap_or_default()
    };
    let (out, err) = (said(out), said(err));
    match status.success() {
        true if out.is_empty() => Ok(format!("{name}: exit code 0")),
        true => Ok(out),
        false => {
            Err(format!("{name}: {status} {err}{}{out}", if err.is_empty() { "" } else { " " }).trim_end().to_owned())
        }
    }
}

fn words(pipe: impl std::io::Read) -> String {
    let mut bytes = Vec::new();
    let _ = pipe.take(1 << 20).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").chars().take(WORDS).collect()
}
