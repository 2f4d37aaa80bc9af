//! The control socket: an operator's commands to a running process, over a Unix socket that only its owner may open.
//!
//! One JSON object a line, both ways; a connection may ask any number of times, one after the other:
//!
//! ```text
//! {"do":"status"}                        {"ok":true,"status":{…}}
//! {"do":"switch","options":{…}}          {"ok":true,"switched":{"begins":{"cut":…,"epoch":…}}}
//! {"do":"operate","command":"close"}     {"ok":true,"ticket":{"request":7,"after":812}}  or  {"ok":false,"fault":"…"}
//! {"do":"outcome","ticket":{…}}          {"ok":true,"outcome":{"sequence":815}}  or  {"ok":true,"ticket":{…}}: not yet, ask with this one
//! ```
//!
//! A side thread reads and writes; the loop that moves orders looks at one atomic flag a round, and answers between two rounds. A
//! request that is not answered within [`PATIENCE`] is told so: then the loop does not turn.

pub use super::operate::Operation;
use crate::drill::{BookChoice, ReopenChoice};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

/// Longest request, bytes.
const REQUEST_BYTES: u64 = 16 * 1024;
/// Connections served at once.
const CONNECTIONS: usize = 16;
/// How long the loop may take to answer; and a client to read.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// How it stands.
    Status,
    /// Take over, or go on with a takeover.
    Switch {
        /// How.
        options: SwitchOptions,
    },
    /// Go on without what the takeover waits for.
    Override {
        /// Why.
        reason: String,
    },
    /// A command of the exchange itself.
    Operate {
        /// Which.
        command: Operation,
    },
    /// What came of a command of the exchange: it is decided where all commands are, behind those that came before it.
    Outcome {
        /// Which, as the answer to [`Ask::Operate`] or the last answer to this says.
        ticket: Ticket,
    },
    /// An orderly end.
    Stop,
}

/// A command of the exchange that stands in the ring, or in the log behind `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The request number in its header.
    pub request: u32,
    /// The sequence up to which it is not in the log.
    pub after: u64,
}

/// What came of a command of the exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Its frame's.
    pub sequence: u64,
    /// Why it was refused; None: it took effect.
    pub refused: Option<Refused>,
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The code that members would hear (ERRORS.md).
    pub code: u16,
    /// Its text, Chinese, a blank, English.
    pub text: String,
}

/// The options of a takeover, as the command line has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchOptions {
    /// `keep` or `cancel`.
    pub book: BookChoice,
    /// `continuous` or `auction`.
    pub reopen: ReopenChoice,
    /// Why the takeover goes on though the fence cannot be proved.
    pub override_fence: Option<String>,
    /// From a core that lags.
    pub from_lagging: bool,
    /// From the frame before one that cannot be.
    pub from_diverged: bool,
    /// From our own log, which may hold less than was told.
    pub from_self: bool,
    /// Share of members that must be ready, thousandths.
    pub readiness_per_mille: u16,
    /// How long to wait for them, milliseconds.
    pub readiness_timeout_ms: u64,
    /// How long only cancels are taken before a reopening auction, milliseconds.
    pub cancel_only_ms: u64,
    /// How long orders are taken for it, milliseconds.
    pub auction_ms: u64,
}

/// The answer: the object's fields beside `ok`, or why not.
pub type Reply = Result<serde_json::Value, String>;

/// A request that waits for the loop's answer.
pub struct Waiting {
    /// What is asked.
    pub ask: Ask,
    reply: SyncSender<Reply>,
    /// Held by the side thread until the answer is written.
    under_way: Arc<()>,
}

impl Waiting {
    /// Answers it; who has gone meanwhile hears nothing.
    pub fn answer(self, reply: Reply) {
        let _ = self.reply.try_send(reply);
    }

    /// Answers it, and returns when the answer is written: for a process that ends.
    pub fn answer_and_see_off(self, reply: Reply) {
        let under_way = Arc::clone(&self.under_way);
        self.answer(reply);
        let began = Instant::now();
        while Arc::strong_count(&under_way) > 1 && began.elapsed() < Duration::from_secs(1) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The loop's side.
pub struct Control {
    /// Something waits.
    waits: Arc<AtomicBool>,
    inbox: Receiver<Waiting>,
    path: PathBuf,
}

impl Control {
    /// Listens at `path`. A socket that a dead process left is replaced; one that answers is another process's.
    ///
    /// # Errors
    /// One line with the path.
    pub fn listen(path: &Path) -> Result<Self, String> {
        let refuse = |error: std::io::Error| format!("control socket {}: {error}", path.display());
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(refuse)?;
        }
        if path.exists() {
            if UnixStream::connect(path).is_ok() {
                return Err(format!("control socket {}: another process answers there", path.display()));
            }
            fs::remove_file(path).map_err(refuse)?;
        }
        let listener = UnixListener::bind(path).map_err(refuse)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(refuse)?;
        let waits = Arc::new(AtomicBool::new(false));
        let (outbox, inbox) = channel();
        let flag = Arc::clone(&waits);
        std::thread::Builder::new()
            .name("control".into())
            .spawn(move || accept(&listener, &outbox, &flag))
            .map_err(refuse)?;
        Ok(Control { waits, inbox, path: path.to_owned() })
    }

    /// A request that waits, if any: one atomic load when there is none.
    #[inline]
    pub fn take(&mut self) -> Option<Waiting> {
        if !self.waits.load(Ordering::Acquire) {
            return None;
        }
        let next = self.inbox.try_recv().ok();
        if next.is_none() {
            self.waits.store(false, Ordering::Release);
            // One that came between the look and the store.
            let late = self.inbox.try_recv().ok();
            if late.is_some() {
                self.waits.store(true, Ordering::Release);
            }
            return late;
        }
        next
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn accept(listener: &UnixListener, outbox: &Sender<Waiting>, waits: &Arc<AtomicBool>) {
    let places = Arc::new(());
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        if Arc::strong_count(&places) > CONNECTIONS {
            continue; // closed at once: the client says that nobody answered
        }
        let (outbox, waits, place) = (outbox.clone(), Arc::clone(waits), Arc::clone(&places));
        let _ = std::thread::Builder::new().name("control client".into()).spawn(move || {
            let _place = place;
            serve(&stream, &outbox, &waits);
        });
    }
}

fn serve(stream: &UnixStream, outbox: &Sender<Waiting>, waits: &AtomicBool) {
    let _ = stream.set_write_timeout(Some(PATIENCE));
    let mut lines = BufReader::new(stream.take(REQUEST_BYTES));
    let mut writer = stream;
    loop {
        let mut line = String::new();
        match lines.read_line(&mut line) {
            Ok(count) if count > 0 && line.ends_with('\n') => {}
            _ => return,
        }
        lines.get_mut().set_limit(REQUEST_BYTES);
        let under_way = Arc::new(());
        let reply = match serde_json::from_str::<Ask>(&line) {
            Ok(ask) => ask_the_loop(ask, outbox, waits, &under_way),
            Err(error) => Err(format!("not a request: {error}")),
        };
        let answer = match reply {
            Ok(serde_json::Value::Object(mut fields)) => {
                fields.insert("ok".to_owned(), true.into());
                serde_json::Value::Object(fields)
            }
            Ok(_) => serde_json::json!({ "ok": true }),
            Err(fault) => serde_json::json!({ "ok": false, "fault": fault }),
        };
        let written = writeln!(writer, "{answer}");
        drop(under_way);
        if written.is_err() {
            return;
        }
    }
}

fn ask_the_loop(ask: Ask, outbox: &Sender<Waiting>, waits: &AtomicBool, under_way: &Arc<()>) -> Reply {
    let (reply, answer) = sync_channel(1);
    let gone = || "the process is ending".to_owned();
    outbox.send(Waiting { ask, reply, under_way: Arc::clone(under_way) }).map_err(|_| gone())?;
    waits.store(true, Ordering::Release);
    match answer.recv_timeout(PATIENCE) {
        Ok(reply) => reply,
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
            Err(format!("the process does not answer: its loop has not turned for {} s", PATIENCE.as_secs()))
        }
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Err(gone()),
    }
}

/// A client's side: one connection.
pub struct Client {
    reader: BufReader<UnixStream>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// Nobody is there: one line.
    pub fn connect(path: &Path) -> Result<Self, String> {
        let refuse = |error: std::io::Error| {
            format!("control socket {}: {error}; is the process running, and are you its owner?", path.display())
        };
        let stream = UnixStream::connect(path).map_err(refuse)?;
        stream.set_read_timeout(Some(PATIENCE + Duration::from_secs(1))).map_err(refuse)?;
        Ok(Client { reader: BufReader::new(stream) })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// The process's fault, or that it is gone.
    pub fn ask(&mut self, ask: &Ask) -> Reply {
        let gone = |error: std::io::Error| format!("the process is gone: {error}");
        let mut line = serde_json::to_string(ask).expect("a request is JSON");
        line.push('\n');
        self.reader.get_mut().write_all(line.as_bytes()).map_err(gone)?;
        let mut answer = String::new();
        if self.reader.read_line(&mut answer).map_err(gone)? == 0 {
            return Err("the process is gone".to_owned());
        }
        let answer: serde_json::Value =
            serde_json::from_str(&answer).map_err(|error| format!("the answer is no JSON: {error}"))?;
        if answer["ok"] == true {
            return Ok(answer);
        }
        Err(answer["fault"].as_str().unwrap_or("no reason was given").to_owned())
    }
}
