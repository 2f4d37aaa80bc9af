//! Sessions under a random drive: several members over one front in memory log in and out, right and wrong, on all their streams, ask in
//! every form and out of turn, too much and too often, die, fall silent and come back to go on where they were, while the exchange
//! blocks seats and loses and regains the day. Beside them a model (`dialogue/mod.rs`) says what each of them must be told, what
//! the log gets, and who is let go; whatever a session refuses leaves the log and the state's digest as they were.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;
mod dialogue;

use common::front_support::*;
use common::world;
use dataplane::session::{Ending, LoginPolicy, Refusal};
use dataplane::streams::Stream;
use dialogue::{End, Line, Logged, Model, Outcome, Reign, Say, Seat, Sent, messages};
use engine::command::*;
use engine::event::EventView;
use engine::types::*;
use ftd::field::*;
use ftd::{Chain, tid};
use journal::Machine;
use net::random::Random;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Members' machines.
const LINES: usize = 5;
const PARTICIPANTS: u16 = 3;
/// Another data centre's core.
const ANOTHER: u32 = 77;
/// Bytes sent at once: one segment, so that all of it arrives in one round.
const PACKET: usize = 1_400;
/// The seats beside one for each participant: what sets them apart.
const MORE_SEATS: [(usize, &str, &[u8]); 2] = [(0, "000102", b"more"), (1, "000202", b"most")];

struct Drive {
    world: World,
    model: Model,
    lines: Vec<Line>,
    random: Random,
    /// The first telling of each message of a stream: all others are the same bytes.
    told: BTreeMap<(u16, u32), Vec<Vec<u8>>>,
    /// Messages of each connection that were looked at.
    read: Vec<usize>,
    /// The log was looked at up to here.
    offset: u64,
    /// Refusals expected so far, by code; ends of connections by the exchange; logins.
    refused: BTreeMap<u16, u64>,
    ended: BTreeMap<Ending, u64>,
    rejected: BTreeSet<u16>,
}

/// What a step does to others than who acted.
#[derive(Default)]
struct Around {
    /// Frames of the exchange's own commands.
    own: usize,
    /// Disconnects that others' dialogs caused.
    logged: Vec<Logged>,
    /// Lines that are told to go, and then let go.
    forced: Vec<usize>,
}

impl Drive {
    fn new(seed: u64) -> Drive {
        let mut random = Random::new(seed);
        let takes_passwords = random.below(2) == 0;
        let policy = if takes_passwords { LoginPolicy::ProofOrPassword } else { LoginPolicy::Proof };
        let setup = Setup { participants: PARTICIPANTS, policy, seed, ..Setup::default() };
        let mut world = world(setup);
        let mut seats: Vec<Seat> = (0..PARTICIPANTS)
            .map(|of| Seat::new(of.into(), &String::from_utf8_lossy(&user_id(of)[..6]), &secret(of)))
            .collect();
        for (participant, id, secret) in MORE_SEATS {
            let mut seat = Seat::new(participant, id, secret);
            (seat.per_second, seat.in_flight, seat.cancels) = (7, 2, true);
            seat.address = (participant == 0).then(|| client_address(1));
            let (mut text, mut key) = ([b' '; 16], [b' '; 40]);
            text[..id.len()].copy_from_slice(id.as_bytes());
            key[..secret.len()].copy_from_slice(secret);
            world.command(&UserDefine {
                index: UserIndex(seats.len() as u16),
                participant: ParticipantIndex(participant as u16),
                right: b'0',
                flags: USER_CANCEL_ON_DISCONNECT,
                reserved: [0; 2],
                address: seat.address.map_or([0; 4], |address| address.octets()),
                requests_per_second: seat.per_second,
                requests_in_flight: seat.in_flight,
                reserved_2: 0,
                id: text,
                secret: key,
            });
            seats.push(seat);
        }
        for line in 0..LINES {
            world.add_client(line as u16 % PARTICIPANTS);
        }
        let streams = 1 + usize::from(PARTICIPANTS);
        let first = Reign { epoch: 1, data_center: DATA_CENTER, counts: vec![0; streams] };
        let model = Model { seats, reigns: vec![first], own: DATA_CENTER, takes_passwords, counts: vec![0; streams] };
        let offset = world.reader.committed();
        Drive {
            world,
            model,
            lines: vec![Line::default(); LINES],
            random,
            told: BTreeMap::new(),
            read: vec![0; LINES],
            offset,
            refused: BTreeMap::new(),
            ended: BTreeMap::new(),
            rejected: BTreeSet::new(),
        }
    }

    fn step(&mut self) {
        self.keep_alive(None);
        // A core that is not the exchange comes back soon.
        let acts = if self.model.is_active() { 4 } else { 20 };
        match self.random.below(100) {
            weight if weight < acts => self.the_exchange_acts(),
            20..23 => self.time_passes(),
            _ => {
                let line = self.random.below(LINES as u64) as usize;
                if !self.lines[line].is_open {
                    return self.connect(line);
                }
                match self.random.below(100) {
                    0..5 => self.dies(line),
                    5..7 => self.floods(line),
                    _ => self.speaks(line),
                }
            }
        }
    }

    fn connect(&mut self, at: usize) {
        self.world.clients[at].session = None;
        self.world.connect(at);
        self.read[at] = 0;
        self.lines[at] = Line {
            is_open: true,
            peer: Some(client_address(at)),
            timeout: 10,
            heard_ns: self.world.now.nanos(),
            ..Line::default()
        };
        self.settle();
        self.check(None, &Around::default());
    }

    /// One to five messages at once.
    fn speaks(&mut self, at: usize) {
        let (mut bytes, mut sent) = (Vec::new(), Vec::new());
        let (mut model, mut line) = (self.model.clone(), self.lines[at].clone());
        for _ in 0..=self.random.below(5) {
            let (message, packed) = messages::any(&model, &line, &mut self.world.clients[at], &mut self.random);
            if bytes.len() + packed.len() > PACKET {
                break;
            }
            bytes.extend(packed);
            // What comes next follows from what this one does.
            model.hear(&mut line, std::slice::from_ref(&message), self.world.now.nanos());
            sent.push(message);
        }
        self.send(at, &sent, &bytes);
    }

    /// More queries at once than may wait.
    fn floods(&mut self, at: usize) {
        let line = &self.lines[at];
        let Some((seat, next)) = line.dialog else { return };
        if self.model.seats[seat].per_second != 0 {
            return; // refused one by one, and in more than one round
        }
        let count = dialogue::UNANSWERED_QUERIES as u32 + 1 + self.random.below(3) as u32;
        let (sent, bytes): (Vec<Sent>, Vec<Vec<u8>>) = (next..next + count).map(messages::short_query).unzip();
        let bytes = bytes.concat();
        assert!(bytes.len() <= PACKET, "{} bytes", bytes.len());
        self.send(at, &sent, &bytes);
    }

    fn send(&mut self, at: usize, sent: &[Sent], bytes: &[u8]) {
        let digests = self.digests();
        let before = self.world.core.front().counters().messages_in;
        self.world.clients[at].send(bytes);
        self.world.step();
        // Everything arrives in this round: now is when.
        let now = self.world.now.nanos();
        let outcome = self.model.hear(&mut self.lines[at], sent, now);
        let arrived = self.world.core.front().counters().messages_in - before;
        assert_eq!(arrived, outcome.messages, "in one round: {sent:?}");
        self.settle();
        let is_refused = outcome.logged.is_empty();
        self.check(Some((at, sent, outcome)), &Around::default());
        if is_refused {
            assert_eq!(self.digests(), digests, "what is refused changes nothing: {sent:?}");
        }
    }

    fn digests(&mut self) -> engine::Digests {
        self.world.core.engine(|engine| engine.machine().state().digests()).expect("there is an engine")
    }

    /// The member's machine resets its connection, or ends it.
    fn dies(&mut self, at: usize) {
        let mut outcome = Outcome::default();
        self.model.end_dialog(&mut self.lines[at], &mut outcome);
        self.lines[at].is_open = false;
        let client = &mut self.world.clients[at];
        match self.random.below(2) {
            0 => client.cut(),
            _ => client.host.close(client.session.take().expect("it is connected")),
        }
        self.settle();
        self.check(None, &Around { logged: outcome.logged, ..Around::default() });
    }

    /// Seconds pass, and one line says nothing.
    fn time_passes(&mut self) {
        let silent = self.random.below(LINES as u64) as usize;
        let mut around = Around::default();
        for _ in 0..4 * (1 + self.random.below(9)) {
            self.world.step_by(Duration::from_millis(250));
            self.keep_alive(Some(silent));
            self.note_silence(silent, &mut around);
        }
        self.settle();
        self.check(None, &around);
    }

    /// Whoever has not spoken for three times its TimeOut is let go.
    fn note_silence(&mut self, silent: usize, around: &mut Around) {
        let line = &mut self.lines[silent];
        let due = line.heard_ns + 3 * line.timeout * 1_000_000_000;
        if line.is_open && self.world.now.nanos() >= due {
            let mut outcome = Outcome::default();
            self.model.end_dialog(line, &mut outcome);
            line.is_open = false;
            around.logged.extend(outcome.logged);
            *self.ended.entry(Ending::Silent).or_default() += 1;
        }
    }

    /// Heartbeats of all lines that need one, but the silent one's.
    fn keep_alive(&mut self, silent: Option<usize>) {
        for at in 0..LINES {
            let line = &mut self.lines[at];
            let due = line.heard_ns + line.timeout * 500_000_000;
            if line.is_open && silent != Some(at) && self.world.now.nanos() >= due {
                self.world.clients[at].send(&ftd::HEARTBEAT);
                line.heard_ns = self.world.now.nanos() + TICK.as_nanos() as u64;
            }
        }
        self.world.step();
    }

    fn the_exchange_acts(&mut self) {
        match self.random.below(if self.model.is_active() { 8 } else { 10 }) {
            0 => self.blocks_a_seat(),
            4..7 if self.model.is_active() => self.lets_somebody_in(),
            1 => self.tells(ParticipantIndex::ALL),
            2 => {
                let whom = ParticipantIndex(self.random.below(PARTICIPANTS.into()) as u16);
                self.tells(whom);
            }
            3 => {
                let phase = if self.random.below(3) == 0 { Phase::Suspended } else { Phase::Continuous };
                self.world.command(&phase_set(InstrumentIndex(0), phase, 0));
                self.settle();
                self.check(None, &Around { own: 1, ..Around::default() });
            }
            _ => self.opens_an_epoch(),
        }
    }

    fn tells(&mut self, whom: ParticipantIndex) {
        self.world.command(&bulletin(whom, "news"));
        self.settle();
        self.check(None, &Around { own: 1, ..Around::default() });
    }

    /// Lets in who is blocked, if somebody is.
    fn lets_somebody_in(&mut self) {
        match self.model.seats.iter().position(|seat| seat.blocked) {
            Some(index) => self.set_seat(index),
            None => self.tells(ParticipantIndex::ALL),
        }
    }

    fn blocks_a_seat(&mut self) {
        let index = self.random.below(self.model.seats.len() as u64) as usize;
        self.set_seat(index);
    }

    /// Blocks a seat, or lets it in.
    fn set_seat(&mut self, index: usize) {
        let blocked = !self.model.seats[index].blocked;
        self.model.seats[index].blocked = blocked;
        self.world.command(&SeatBlock {
            user: UserIndex(index as u16),
            blocked: blocked.into(),
            reserved: 0,
            text: [b' '; 100],
        });
        let mut around = Around { own: 1, ..Around::default() };
        for at in 0..LINES {
            let line = &mut self.lines[at];
            if blocked && line.is_open && Model::is_of(line, index) {
                let mut outcome = Outcome::default();
                self.model.end_dialog(line, &mut outcome);
                line.is_open = false;
                around.logged.extend(outcome.logged);
                around.forced.push(at);
                *self.ended.entry(Ending::ForcedOut).or_default() += 1;
            }
        }
        self.settle();
        self.check(None, &around);
    }

    /// Another core opens an epoch, or this one does, again.
    fn opens_an_epoch(&mut self) {
        let is_ours = !self.model.is_active() || self.random.below(3) == 0;
        let (old, epoch) = (self.model.epoch(), self.model.epoch() + 1 + self.random.below(2) as u32);
        let data_center = if is_ours { DATA_CENTER } else { ANOTHER };
        self.world.command(&EpochOpen {
            epoch: Epoch(epoch),
            data_center,
            old_epoch: Epoch(old),
            reserved: 0,
            cut_sequence: self.world.reader.last_sequence(),
        });
        self.model.reigns.last_mut().unwrap().counts = self.model.counts.clone();
        self.model.reigns.push(Reign { epoch, data_center, counts: Vec::new() });
        if !is_ours {
            for line in self.lines.iter_mut().filter(|line| line.is_open) {
                line.is_open = false;
                *self.ended.entry(Ending::NotActive).or_default() += 1;
            }
        }
        self.settle();
        self.check(None, &Around { own: 1, ..Around::default() });
    }

    /// Runs until nobody is told anything any more.
    fn settle(&mut self) {
        let mut quiet = 0;
        for _ in 0..2_000 {
            let heard = |world: &World| world.clients.iter().map(|client| client.heard.messages.len()).sum::<usize>();
            let before = (heard(&self.world), self.world.reader.committed());
            self.world.step();
            quiet = if before == (heard(&self.world), self.world.reader.committed()) { quiet + 1 } else { 0 };
            if quiet == 6 {
                return;
            }
        }
        panic!("it is never quiet");
    }

    /// Holds everything that happened since the last step against what had to.
    fn check(&mut self, acted: Option<(usize, &[Sent], Outcome)>, around: &Around) {
        let (actor, sent, outcome) = match acted {
            Some((at, sent, outcome)) => (Some(at), sent, outcome),
            None => (None, &[][..], Outcome::default()),
        };
        let rejects = self.check_log(sent, &outcome, around);
        for (request, seat, secret) in &outcome.secrets {
            if rejects[*request] == 0 {
                self.model.seats[*seat].secret.clone_from(secret);
            }
        }
        for (place, count) in self.model.counts.iter_mut().enumerate() {
            let stream = match place.checked_sub(1) {
                None => Stream::Broadcast,
                Some(of) => Stream::Private(ParticipantIndex(of as u16)),
            };
            *count = self.world.core.front().streams().count(stream).0;
        }
        for at in 0..LINES {
            let heard: Vec<Received> = self.world.heard(at).messages[self.read[at]..].to_vec();
            self.read[at] += heard.len();
            let none = Outcome::default();
            let expected = if actor == Some(at) { &outcome } else { &none };
            let is_forced = around.forced.contains(&at);
            let rest = self.check_dialog(at, &heard, expected, &rejects, is_forced, sent);
            self.check_streams(at, &rest, expected.end.is_some() || is_forced);
            if self.world.clients[at].session.is_some() {
                let is_closed = self.world.heard(at).closed.is_some();
                assert_eq!(is_closed, !self.lines[at].is_open, "line {at} is let go, or not: {sent:?}");
            }
        }
        self.count(&outcome, sent);
    }

    /// The log got exactly these frames. Returns by which code the rules refused each request; 0 = not refused.
    fn check_log(&mut self, sent: &[Sent], outcome: &Outcome, around: &Around) -> Vec<u16> {
        let (mut logged, mut own, mut rejects) = (Vec::new(), 0, Vec::new());
        for frame in self.world.reader.frames_from(self.offset) {
            let command = frame.command();
            match command.body {
                _ if command.header.user != UserIndex::NONE => {
                    let tid = match command.body.kind() {
                        CommandKind::OrderInsert => tid::ORDER_INSERT,
                        CommandKind::OrderCancel => tid::ORDER_ACTION,
                        CommandKind::QuoteInsert => tid::QUOTE_INSERT,
                        CommandKind::QuoteCancel => tid::QUOTE_ACTION,
                        CommandKind::EnquireQuote => tid::ENQUIRE_QUOTE,
                        CommandKind::ExecOrderInsert => tid::EXEC_ORDER_INSERT,
                        CommandKind::ExecOrderCancel => tid::EXEC_ORDER_ACTION,
                        CommandKind::ReadinessReport => tid::READINESS,
                        CommandKind::PasswordUpdate => tid::USER_PASSWORD_UPDATE,
                        other => panic!("no member's: {other:?}"),
                    };
                    let code = frame.events().next().and_then(|event| match event.view() {
                        Some(EventView::Rejected(event)) => Some(event.code),
                        _ => None,
                    });
                    rejects.push(code.unwrap_or(0));
                    self.rejected.extend(code);
                    logged.push(Logged::Request(command.header.user.0.into(), command.header.request, tid));
                }
                BodyView::MassCancel(cancel) => logged.push(Logged::Disconnect(cancel.index as usize)),
                _ => own += 1,
            }
        }
        self.offset = self.world.reader.committed();
        let mut expected = around.logged.clone();
        expected.extend(&outcome.logged);
        let told: Vec<String> = (0..LINES).map(|at| self.brief(at)).collect();
        assert_eq!((logged, own), (expected, around.own), "the log: {sent:?}\ntold {told:#?}");
        rejects
    }

    /// What a line was told since the last step, for who reads a failure.
    fn brief(&self, at: usize) -> String {
        let heard = self.world.heard(at).messages[self.read[at]..].iter();
        let brief = |message: &Received| match message.tid {
            tid::ERROR => format!("{} Error {}", message.number, message.error_code()),
            tid => format!("{}:{} {tid:?}", message.series, message.number),
        };
        heard.map(brief).collect::<Vec<_>>().join(", ")
    }

    /// What was said in the dialog, and that it had to be. Returns the rest: the streams.
    fn check_dialog(
        &mut self,
        at: usize,
        heard: &[Received],
        expected: &Outcome,
        rejects: &[u16],
        is_forced: bool,
        sent: &[Sent],
    ) -> Vec<Received> {
        let mut says: VecDeque<&Say> = expected.says.iter().collect();
        let mut answers: VecDeque<(u32, usize)> = expected.answers.iter().copied().collect();
        let mut queries: VecDeque<_> = expected.queries.iter().copied().collect();
        let (mut rest, mut forced) = (Vec::new(), 0);
        for message in heard {
            if message.series != 0 {
                rest.push(message.clone());
                continue;
            }
            if message.tid == tid::FORCE_EXIT {
                forced += 1;
                continue;
            }
            if says.front().is_some_and(|say| self.is_said(at, say, message, expected.nonce_stands)) {
                says.pop_front();
                continue;
            }
            let code = (message.tid == tid::ERROR).then(|| message.error_code());
            let is_next =
                |&(number, request): &(u32, usize)| number == message.number && code.unwrap_or(0) == rejects[request];
            if answers.front().is_some_and(is_next) {
                answers.pop_front();
                continue;
            }
            let Some(&(number, tid, outcome)) = queries.front() else {
                panic!("line {at} is told what nobody expects: {message:?}\nsent {sent:?}\nexpected {expected:?}")
            };
            let is_its = message.number == number && (message.tid == tid || code.is_some());
            assert!(is_its && code.unwrap_or(0) == outcome, "{message:?} for {number} {tid:?} {outcome}: {sent:?}");
            if matches!(message.message().chain(), Chain::Single | Chain::Last) {
                queries.pop_front();
            }
        }
        assert!(
            says.is_empty() && answers.is_empty() && queries.is_empty(),
            "{says:?} {answers:?} {queries:?} {sent:?}"
        );
        assert_eq!(forced, usize::from(is_forced), "line {at}");
        rest
    }

    /// A message is what the session had to say. The nonce of a challenge is kept.
    fn is_said(&mut self, at: usize, say: &Say, message: &Received, nonce_stands: bool) -> bool {
        match *say {
            Say::Error(number, code) => {
                message.tid == tid::ERROR && message.number == number && {
                    let target = message.field::<ErrorTargetSequenceField>();
                    message.error_code() == code && target.sequence_no.unsigned() == number
                }
            }
            Say::Challenge => {
                let is_it = message.tid == tid::LOGIN_CHALLENGE;
                if is_it && nonce_stands {
                    self.lines[at].nonce = Some(*message.field::<LoginChallengeField>().nonce.bytes());
                }
                is_it
            }
            Say::Login(timeout) => {
                message.tid == tid::USER_LOGIN && {
                    let answer = message.field::<RspUserLoginField>();
                    let epoch = message.field::<StreamEpochField>();
                    answer.time_span.get() == Ok(timeout as i64)
                        && answer.password.is_blank()
                        && epoch.epoch.unsigned() == self.model.epoch()
                }
            }
            Say::Void(series, center, first, last) => {
                message.tid == tid::FLOW_MESSAGE_CANCEL && {
                    let void = message.field::<FlowMessageCancelField>();
                    let range = (void.start_sequence_no.unsigned(), void.end_sequence_no.unsigned());
                    (void.sequence_series.get(), void.data_center_id.unsigned(), range)
                        == (series, center, (first, last))
                }
            }
            Say::Logout => message.tid == tid::USER_LOGOUT,
        }
    }

    /// Each stream that a line hears was told from where it stood to its end, and each message as everybody is told it.
    fn check_streams(&mut self, at: usize, heard: &[Received], is_leaving: bool) {
        let mut by_series: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
        let mut parts: BTreeMap<(u16, u32), Vec<Vec<u8>>> = BTreeMap::new();
        for message in heard {
            let numbers = by_series.entry(message.series).or_default();
            if numbers.last() != Some(&message.number) {
                numbers.push(message.number);
            }
            parts.entry((message.series, message.number)).or_default().push(message.bytes.clone());
        }
        for (key, parts) in parts {
            let first = self.told.entry(key).or_insert_with(|| parts.clone());
            assert_eq!(*first, parts, "told otherwise to line {at}: {key:?}");
        }
        let line = &mut self.lines[at];
        if is_leaving || !line.is_open {
            return; // what it was told before it went, nobody can say
        }
        let mut expected = BTreeMap::new();
        let private = line.private.as_mut().map(|(seat, next)| (1 + self.model.seats[*seat].participant, next));
        for (place, next) in [private, line.broadcast.as_mut().map(|(_, next)| (0, next))].into_iter().flatten() {
            let count = self.model.counts[place];
            let numbers: Vec<u32> = (*next..=count).collect();
            *next = (*next).max(count + 1);
            if !numbers.is_empty() {
                expected.insert(place as u16 + 1, numbers);
            }
        }
        assert_eq!(by_series, expected, "the streams of line {at}");
    }

    /// Keeps the sums, and holds the front's counters against them.
    fn count(&mut self, outcome: &Outcome, sent: &[Sent]) {
        for say in &outcome.says {
            if let Say::Error(_, code) = say {
                *self.refused.entry(*code).or_default() += 1;
            }
        }
        for (_, _, code) in outcome.queries.iter().filter(|(_, _, code)| *code != 0) {
            *self.refused.entry(*code).or_default() += 1;
        }
        match outcome.end {
            Some(End::Gap) => *self.ended.entry(Ending::DialogGap).or_default() += 1,
            Some(End::Malformed) => *self.ended.entry(Ending::Malformed).or_default() += 1,
            None => {}
        }
        let counters = self.world.core.front().counters();
        for &refusal in Refusal::ALL {
            let expected = self.refused.get(&refusal.number()).copied().unwrap_or(0);
            assert_eq!(counters.refused(refusal), expected, "{refusal:?}: {sent:?}");
        }
        for ending in Ending::ALL {
            assert_eq!(counters.ended(ending), self.ended.get(&ending).copied().unwrap_or(0), "{ending:?}: {sent:?}");
        }
    }
}

#[test]
fn random_sessions_are_told_exactly_what_a_model_of_them_says() {
    let (mut refused, mut ended, mut rejected) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::<u16>::new());
    let (mut logins, mut frames, mut messages) = (0, 0, 0);
    for seed in 0..effort::of(40) as u64 {
        let mut drive = Drive::new(seed);
        for _ in 0..400 {
            drive.step();
        }
        assert_eq!(drive.world.core.beside_panic(), None, "seed {seed}");
        for (code, count) in &drive.refused {
            *refused.entry(*code).or_insert(0) += count;
        }
        for (ending, count) in &drive.ended {
            *ended.entry(*ending).or_insert(0) += count;
        }
        rejected.extend(&drive.rejected);
        let counters = drive.world.core.front().counters();
        (logins, messages) = (logins + counters.logins, messages + counters.messages_in);
        frames += counters.frames;
        // The log alone gives the same state again.
        let mut again = Machine::new(journal::Log::in_memory(drive.world.setup.limits).unwrap(), identity(9));
        let report = again.replay(&drive.world.reader);
        assert_eq!((report.refused, report.digest_mismatches), (None, 0), "seed {seed}");
    }
    println!(
        "{messages} messages, {logins} logins, {frames} frames; refused {refused:?}; ended {ended:?}; by the rules {rejected:?}"
    );
    if effort::share() == 1 {
        // 111 is met by nobody: before the base data no address is admitted (`front_login.rs`).
        let all: Vec<u16> =
            Refusal::ALL.iter().filter(|one| **one != Refusal::DayNotOpen).map(|one| one.number()).collect();
        assert_eq!(refused.keys().copied().collect::<Vec<u16>>(), all, "every code is reached");
        // Slow readers have tests of their own (`front_faults.rs`).
        let endings: Vec<Ending> = Ending::ALL.into_iter().filter(|one| *one != Ending::SlowReader).collect();
        assert_eq!(ended.keys().copied().collect::<Vec<Ending>>(), endings, "every end is reached");
    }
}
