//! The stream over several processes, on one machine or several: the same program everywhere, one host file, each process told its number.
//!
//! ```text
//! # backstop settle: one process a line, in the order of their numbers
//! 10.0.0.1:7101
//! 10.0.0.2:7101
//! settle-3.example:7101
//! ```
//!
//! Process 0 reads the log; each holds its share of members. Every process connects to those before it and waits for those after it, for as long
//! as it takes. A process that is gone takes the run with it: nobody goes on with a part of the market. The run is started again, and what it held
//! comes from the log once more; there is nothing else to save.

use std::fmt;
use std::sync::Arc;

/// Most processes: timely connects each with each.
pub const PROCESSES_MOST: usize = 64;

/// Where processes listen, in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

/// What is wrong with a host file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostsFault {
    /// A line is no address: its number from 1, and its text.
    Address(usize, String),
    /// An address stands there twice: the second one's line, and its text.
    Twice(usize, String),
    /// No address at all.
    Empty,
    /// More than [`PROCESSES_MOST`].
    TooMany,
}

impl Hosts {
    /// Reads a host file's text; what follows a `#` is a remark.
    ///
    /// # Errors
    /// [`HostsFault`].
    pub fn read(text: &str) -> Result<Self, HostsFault> {
        let mut hosts: Vec<String> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let address = text.split('#').next().unwrap_or("").trim();
            if address.is_empty() {
                continue;
            }
            let (host, port) = address.rsplit_once(':').unwrap_or_default();
            let is_one = !address.contains(char::is_whitespace);
            if host.is_empty() || !is_one || port.parse::<u16>().is_err() || port.parse() == Ok(0) {
                return Err(HostsFault::Address(line, address.into()));
            }
            if hosts.iter().any(|other| other == address) {
                return Err(HostsFault::Twice(line, address.into()));
            }
            hosts.push(address.into());
            if hosts.len() > PROCESSES_MOST {
                return Err(HostsFault::TooMany);
            }
        }
        if hosts.is_empty() { Err(HostsFault::Empty) } else { Ok(Hosts(hosts)) }
    }

    /// How many processes.
    #[must_use]
    pub fn processes(&self) -> usize {
        self.0.len()
    }

    /// What a process of that number runs timely with, on so many threads. None: there is no such process.
    #[must_use]
    pub fn config(&self, process: usize, threads: usize) -> Option<timely::Config> {
        if process >= self.0.len() || threads == 0 {
            return None;
        }
        let communication = timely::CommunicationConfig::Cluster {
            threads,
            process,
            addresses: self.0.clone(),
            report: false,
            zerocopy: false,
            log_fn: Arc::new(|_| None),
        };
        Some(timely::Config { communication, worker: timely::WorkerConfig::default() })
    }
}

/// Calls `lost` when another process is gone: the run is over, and the caller ends the process. (Timely's threads panic then, and its workers
/// would wait for ever.) Other panics are told as ever.
pub fn when_one_is_lost(lost: impl Fn(&str) + Send + Sync + 'static) {
    let as_ever = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let words = panic.payload().downcast_ref::<String>().map(String::as_str);
        // The words are timely's promise (`timely_communication`, tcp.rs).
        match words.and_then(|words| words.strip_prefix("timely communication error: ")) {
            Some(why) => lost(why),
            None => as_ever(panic),
        }
    }));
}

impl fmt::Display for HostsFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostsFault::Address(line, text) => {
                write!(out, "line {line}: `{text}` 不是地址 is no address: expected host:port, as 10.0.0.1:7101")
            }
            HostsFault::Twice(line, text) => {
                write!(out, "line {line}: {text} 重复 stands there twice: each process has an address of its own")
            }
            HostsFault::Empty => {
                out.write_str("没有地址 there is no address: expected one line host:port for each process")
            }
            HostsFault::TooMany => write!(out, "进程过多 more than {PROCESSES_MOST} processes"),
        }
    }
}

impl std::error::Error for HostsFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_file_is_read_or_the_line_is_named() {
        let hosts = Hosts::read("# ours\n\n10.0.0.1:7101 # the first\n[::1]:7101\n").expect("it is right");
        assert_eq!(hosts.0, ["10.0.0.1:7101", "[::1]:7101"]);
        assert!(hosts.config(1, 1).is_some() && hosts.config(2, 1).is_none() && hosts.config(0, 0).is_none());
        for wrong in ["here", "here:", ":7101", "here:70000", "here:0", "here:1 there:2"] {
            assert_eq!(Hosts::read(&format!("a:1\n{wrong}\n")), Err(HostsFault::Address(2, wrong.into())));
        }
        assert_eq!(Hosts::read("a:1\nb:1\na:1"), Err(HostsFault::Twice(3, "a:1".into())));
        assert_eq!(Hosts::read("# nobody"), Err(HostsFault::Empty));
        let many: String = (1..=65).map(|port| format!("a:{port}\n")).collect();
        assert_eq!(Hosts::read(&many), Err(HostsFault::TooMany));
    }
}
