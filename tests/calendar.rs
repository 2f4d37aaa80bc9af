//! The day's calendar by real processes over loopback: names, the stand-in primary and Backstop step a product from its call auction to
//! continuous trading and to the close by themselves, on the machine's own clock, with the primary killed in between. A member that
//! does nothing but listen hears each step once, resuming from where it was at the other core. Market data go by multicast meanwhile,
//! and `backstop status` has its row.

#![allow(clippy::unwrap_used)]

use dataplane::session::proof;
use ftd::field::{
    DisseminationstartField, InstrumentStatusField, LoginChallengeField, LoginProofField, ReqUserLoginField,
    RspUserLoginField, StreamEpochField,
};
use ftd::value::instrument_status::{AUCTION_MATCHING, CLOSED, CONTINUOUS, OPENING_AUCTION};
use ftd::value::{data_flow_flag, digest_method};
use ftd::{ChinaTime, MessageWriter, Next, SequenceNumber, Series, Tid, next_message, tid};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};
use zerocopy::FromBytes as _;

const BACKSTOP: &str = env!("CARGO_BIN_EXE_backstop");
const PATIENCE: Duration = Duration::from_secs(60);
const SECRET: &[u8] = b"secret 1";

/// A process of the market; it is killed with the value.
struct Process<'a> {
    child: Child,
    name: &'a str,
    folder: &'a Path,
}

impl<'a> Process<'a> {
    fn start(folder: &'a Path, name: &'a str, command: &str) -> Self {
        let log = fs::File::create(folder.join(format!("{name}.log"))).unwrap();
        let child = Command::new(BACKSTOP)
            .args([command, "--site", "site.toml"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let process = Process { child, name, folder };
        process.until("it answers", |_| true);
        process
    }

    fn status(&self) -> Option<Value> {
        let output = backstop(self.folder, &["status", "--control", &format!("{}.sock", self.name), "--json"]);
        output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
    }

    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            match self.status() {
                Some(status) if is_so(&status) => return status,
                status => assert!(
                    began.elapsed() < PATIENCE,
                    "{}: {what}: not within {PATIENCE:?}: {status:?} {:?}",
                    self.name,
                    fs::read_to_string(self.folder.join(format!("{}.log", self.name)))
                ),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn backstop(folder: &Path, words: &[&str]) -> Output {
    Command::new(BACKSTOP).args(words).current_dir(folder).output().unwrap()
}

/// A message that was heard.
struct Heard {
    tid: Tid,
    series: u16,
    number: u32,
    fields: Vec<(ftd::Fid, Vec<u8>)>,
}

impl Heard {
    /// The items of its first field of a kind.
    fn of(&self, fid: ftd::Fid) -> Option<&[u8]> {
        self.fields.iter().find(|(found, _)| *found == fid).map(|(_, items)| &items[..])
    }
}

/// A member's connection that hears the broadcast stream.
struct Listener {
    stream: TcpStream,
    bytes: Vec<u8>,
    /// The last message of the stream, and the epoch it was heard in.
    last: u32,
    epoch: u32,
    /// What the instrument's phase became, in the order of the stream.
    phases: Vec<u8>,
    has_login: bool,
}

impl Listener {
    /// Logs in to the broadcast stream, from its beginning or behind what was heard.
    fn join(front: &str, before: Option<Listener>) -> Listener {
        let stream = TcpStream::connect(front).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let (last, epoch, phases) = before.map_or((0, 0, Vec::new()), |one| (one.last, one.epoch, one.phases));
        let mut listener = Listener { stream, bytes: Vec::new(), last, epoch, phases, has_login: false };
        let mut login = ReqUserLoginField::BLANK;
        login.data_flow_flag.set(data_flow_flag::BROADCAST);
        login.participant_id.set(b"0001").unwrap();
        login.user_id.set(b"0001a").unwrap();
        login.time_out.set(100).unwrap();
        listener.send(tid::LOGIN_CHALLENGE, |message| assert!(message.push_copy(&login).is_some()));
        let mut nonce = None;
        listener.hear("a nonce", |listener, heard| {
            assert!(!listener.has_login, "not before the login");
            if heard.tid == tid::LOGIN_CHALLENGE {
                nonce = heard.of(LoginChallengeField::FID).map(|at| *LoginChallengeField::ref_from_bytes(at).unwrap());
            }
            nonce.is_some()
        });
        let nonce = *nonce.unwrap().nonce.bytes();
        let mut proof_field = LoginProofField::BLANK;
        proof_field.digest_method.set(digest_method::HMAC_SHA_256);
        proof_field.nonce = nonce.into();
        proof_field.proof = proof::proof(SECRET, &nonce, &login).into();
        listener.send(tid::USER_LOGIN, |message| {
            message.push_copy(&login).unwrap();
            let start: &mut DisseminationstartField = message.push().unwrap();
            start.sequence_series.set(1);
            start.sequence_no.set_unsigned(last);
            message.push_copy(&proof_field).unwrap();
            message.push::<StreamEpochField>().unwrap().epoch.set_unsigned(epoch);
        });
        listener.hear("a login", |listener, _| listener.has_login);
        listener
    }

    fn send(&mut self, tid: Tid, fill: impl FnOnce(&mut MessageWriter<'_>)) {
        let mut buffer = [0; 1_024];
        let mut message = MessageWriter::new(&mut buffer, tid, Series::DIALOG, SequenceNumber(0)).unwrap();
        fill(&mut message);
        let length = message.finish();
        self.stream.write_all(&buffer[..length]).unwrap();
    }

    /// Reads until `is_enough` of a message, which is asked after it was taken in.
    #[track_caller]
    fn hear(&mut self, what: &str, mut is_enough: impl FnMut(&Listener, &Heard) -> bool) {
        let began = Instant::now();
        loop {
            while let Some(heard) = self.next() {
                self.take(&heard);
                if is_enough(self, &heard) {
                    return;
                }
            }
            assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}; phases {:?}", self.phases);
            let mut piece = [0; 4_096];
            match self.stream.read(&mut piece) {
                Ok(0) => panic!("{what}: the connection ended; phases {:?}", self.phases),
                Ok(count) => self.bytes.extend_from_slice(&piece[..count]),
                Err(error) => assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}"),
            }
        }
    }

    /// The next message that is whole.
    fn next(&mut self) -> Option<Heard> {
        loop {
            let mut heard = None;
            let length = match next_message(&self.bytes).unwrap() {
                Next::NeedMore => return None,
                Next::Skip { length, .. } | Next::Heartbeat { length } => length,
                Next::Message { length, message } => {
                    let fields = message.fields().map(|(fid, items)| (fid, items.to_vec())).collect();
                    heard = Some(Heard {
                        tid: message.tid(),
                        series: message.series().0,
                        number: message.number().0,
                        fields,
                    });
                    length
                }
            };
            self.bytes.drain(..length);
            if heard.is_some() {
                return heard;
            }
        }
    }

    fn take(&mut self, heard: &Heard) {
        let &Heard { tid, series, number, .. } = heard;
        if tid == tid::USER_LOGIN {
            self.has_login = heard.of(RspUserLoginField::FID).is_some();
            let epoch = heard.of(StreamEpochField::FID).unwrap();
            self.epoch = StreamEpochField::ref_from_bytes(epoch).unwrap().epoch.unsigned();
        }
        assert_ne!(tid, tid::ERROR, "nothing is refused");
        if series != 1 {
            return;
        }
        assert!(number == self.last || number == self.last + 1, "{number} behind {}", self.last);
        self.last = number;
        if tid == tid::INSTRUMENT_STATUS_CHANGE_NOTIFY {
            let items = heard.of(InstrumentStatusField::FID).unwrap();
            self.phases.push(InstrumentStatusField::ref_from_bytes(items).unwrap().instrument_status.get());
        }
    }

    #[track_caller]
    fn until_phase(&mut self, phase: u8) {
        self.hear("a phase", |listener, _| listener.phases.last() == Some(&phase));
    }
}

/// hh:mm:ss.mmm, milliseconds after midnight; also beyond 24 hours.
fn time_of_day(ms: u64) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

/// The trading day in China now, yyyymmdd, and milliseconds since its midnight.
fn now_in_china() -> (u32, u64) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let digits = ChinaTime::from_unix_ns(now.as_nanos() as u64);
    let mut stamp = ftd::time::DateTime::BLANK;
    stamp.set_at(digits);
    let day = (stamp.get().unwrap() / 100_000_000) as u32;
    (day, (now.as_millis() as u64 + 8 * 3_600_000) % 86_400_000)
}

/// The site, its base data, and a calendar that begins now. Returns when the close is due, by this machine's clock.
fn write_market(folder: &Path, net: &str) -> Instant {
    let (day, now) = now_in_china();
    let base = folder.join("base");
    fs::create_dir(&base).unwrap();
    let site = format!(
        r#"
profile = "dev"
trading_day = {day}
base_data = "base"
[names]
port = "kernel"
address = "{net}.3/8"
members = 9500
cores = 9501
control = "names.sock"
[primary]
port = "kernel"
address = "{net}.1/8"
members = 9001
feed = 9100
data_center = 1
record = "primary"
control = "primary.sock"
[backstop]
port = "kernel"
address = "{net}.2/8"
members = 9001
feed = 9100
data_center = 2
journal = "journal"
control = "backstop.sock"
fence = ["./fence"]
multicast = {{ group = "239.77.0.1:7100", port = 7000 }}
"#
    );
    fs::write(folder.join("site.toml"), site).unwrap();
    fs::write(folder.join("fence"), "#!/bin/sh\necho its power is off\n").unwrap();
    fs::set_permissions(folder.join("fence"), fs::Permissions::from_mode(0o755)).unwrap();
    let csv = |name: &str, text: &str| fs::write(base.join(name), text).unwrap();
    csv("participants.csv", "participant,type,right\n0001,1,full\n");
    csv(
        "users.csv",
        "user,participant,secret,address,right,ascending,requests_per_second,requests_in_flight\n\
         0001a,0001,secret 1,0.0.0.0,full,false,0,0\n",
    );
    fs::set_permissions(base.join("users.csv"), fs::Permissions::from_mode(0o600)).unwrap();
    csv("accounts.csv", "participant,client,type,right\n0001,00000001,1,full\n");
    csv(
        "instruments.csv",
        "instrument,price_rule,tie_break,phase,right,tick,multiplier,lower_limit,upper_limit,previous_settlement,\
         minimum_volume,maximum_volume,position_limit,open_interest\n\
         IF9912,middle,reference,no-trading,full,2000,300,10000,20000,15000,1,1000,0,0\n",
    );
    let mut steps = "product,time,action,phase\n".to_owned();
    for (after_ms, step) in [
        (2_500, "phase,auction-ordering"),
        (3_000, "phase,auction-match"),
        (3_000, "uncross,"),
        (3_500, "phase,continuous"),
        (CLOSE_MS, "phase,closed"),
        (CLOSE_MS + 300, "day-close,"),
    ] {
        writeln!(steps, "*,{},{step}", time_of_day(now + after_ms)).unwrap();
    }
    csv("calendar.csv", &steps);
    Instant::now() + Duration::from_millis(CLOSE_MS)
}

/// When the product closes, from the test's beginning: later than a takeover takes, on a machine that has much else to do.
const CLOSE_MS: u64 = 12_000;

#[test]
fn the_calendar_steps_by_itself_on_the_primary_and_goes_on_at_backstop_after_a_takeover() {
    if effort::share() > 1 {
        return println!("SKIPPED the calendar by processes: an emulated processor is slower than its clock");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let id = std::process::id();
    let net = format!("127.{}.{}", 100 + id / 250 % 100, 1 + id % 250);
    let close = write_market(folder, &net);
    let _names = Process::start(folder, "names", "names");
    let mut primary = Process::start(folder, "primary", "primary");
    let backstop_process = Process::start(folder, "backstop", "run");

    let mut member = Listener::join(&format!("{net}.1:9001"), None);
    member.until_phase(CONTINUOUS);
    assert_eq!(member.phases, [OPENING_AUCTION, AUCTION_MATCHING, CONTINUOUS]);
    let status = backstop_process.until("it follows the calendar", |status| status["calendar"]["taken"] == 4);
    assert_eq!((&status["calendar"]["steps"], &status["calendar"]["refused"]), (&6.into(), &0.into()), "{status}");
    assert!(status["calendar"]["next_ns"].as_u64().is_some() && status["is_exchange"] == false, "{status}");
    assert_eq!(status["multicast"]["messages"], 0, "who follows sends nothing: {status}");

    primary.child.kill().unwrap();
    primary.child.wait().unwrap();
    assert!(Instant::now() < close, "the machine took {CLOSE_MS} ms to begin: the primary was to die before the close");
    let switch = ["switch", "--site", "site.toml", "--yes", "--from-lagging", "--readiness", "0"];
    let reopen = ["--reopen", "continuous", "--cancel-only", "1", "--auction", "1"];
    let switched = backstop(folder, &[&switch[..], &reopen].concat());
    assert!(switched.status.success(), "{switched:?}");
    let mut member = Listener::join(&format!("{net}.2:9001"), Some(member));
    assert_eq!(member.epoch, 2);
    member.until_phase(CLOSED);

    let taken = &member.phases[3..];
    let told = |phase: u8| member.phases.iter().filter(|found| **found == phase).count();
    assert_eq!((told(OPENING_AUCTION), told(AUCTION_MATCHING), told(CLOSED)), (1, 1, 1), "each step once: {taken:?}");
    assert_eq!(taken.iter().rev().nth(1), Some(&CONTINUOUS), "it had reopened before it closed: {taken:?}");
    let status = backstop_process.until("the day closes by itself", |status| status["calendar"]["taken"] == 6);
    assert_eq!((&status["is_closed"], &status["calendar"]["refused"]), (&true.into(), &0.into()), "{status}");
    assert!(status["calendar"]["next_ns"].is_null(), "{status}");

    // The multicast's row: what was told since the takeover went out, or is counted as refused by the machine's network.
    let multicast = &status["multicast"];
    let count = |name: &str| multicast[name].as_u64().unwrap();
    assert!(count("messages") >= 3 && count("datagrams") > 0, "{multicast}");
    assert_eq!((count("too_long"), count("requests"), count("fills")), (0, 0, 0), "{multicast}");
    let text = backstop(folder, &["status", "--site", "site.toml"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let row = text.lines().find(|line| line.contains("组播 multicast")).expect("its row");
    assert!(row.contains(&format!("{} messages", count("messages"))) && row.contains("requests 0 taken"), "{row}");
    assert!(text.lines().any(|line| line.contains("日历 calendar") && line.contains("step 6 of 6")), "{text}");

    let stopped = backstop(folder, &["stop", "--site", "site.toml"]);
    let said = [&stopped.stdout[..], &stopped.stderr[..]].concat();
    assert!(String::from_utf8_lossy(&said).contains("the day's end is in"), "{stopped:?}");
}
