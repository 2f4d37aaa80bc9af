//! How a core stands, as a value: made by the process, carried by the control socket, shown by `status` and `switch`.

use crate::appliance::Appliance;
use dataplane::front::Front;
use dataplane::multicast::MulticastCounters;
use dataplane::stages::Placement;
use net::{Instant, Transport};
use serde::{Deserialize, Serialize};
use standby::{Outcome, State, StepReport};
use std::collections::BTreeMap;

/// Where the day stands in its calendar.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalendarLine {
    /// Steps that it has.
    pub steps: usize,
    /// Number of the last step that was taken; 0 = none.
    pub taken: u32,
    /// Number of the last step that was refused; 0 = none.
    pub refused: u32,
    /// When the next one is due, nanoseconds since the Unix epoch.
    pub next_ns: Option<u64>,
}

/// How a core stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The standby's life: number and words.
    pub state: StateLine,
    /// The trading day, yyyymmdd; 0 = none yet.
    pub trading_day: u32,
    /// The log's epoch.
    pub epoch: u32,
    /// Its last frame.
    pub sequence: u64,
    /// Bytes of its frames.
    pub log_bytes: u64,
    /// The state's digest after the last frame, while this process can say it: not of an engine at work.
    pub state_digest: Option<String>,
    /// Commands are executed here.
    pub is_exchange: bool,
    /// The day is closed.
    pub is_closed: bool,
    /// The source that is followed.
    pub lag: Lag,
    /// What following found.
    pub audit: AuditLine,
    /// Members.
    pub board: BoardLine,
    /// Internal latency: the burst that brought an order to the burst that took its first answer, nanoseconds.
    pub latency_ns: Latency,
    /// Connections.
    pub links: LinksLine,
    /// What the fronts did, together.
    pub traffic: Traffic,
    /// The stages on threads, the process's own first.
    #[serde(default)]
    pub threads: Vec<ThreadLine>,
    /// Its fronts, by number: one a queue of the port.
    #[serde(default)]
    pub fronts: Vec<FrontLine>,
    /// Market data by multicast; None: no group is named, or this core is not who sends.
    #[serde(default)]
    pub multicast: Option<MulticastLine>,
    /// The day's calendar.
    #[serde(default)]
    pub calendar: CalendarLine,
    /// The takeover, step by step.
    pub takeover: Vec<StepLine>,
    /// All its steps are done.
    pub is_taken_over: bool,
    /// Streams of which members had received more than counts.
    pub in_doubt: Vec<DoubtLine>,
    /// Why nothing goes on, if so.
    pub halt: Option<String>,
    /// Nanoseconds that this process has run.
    pub uptime_ns: u64,
    /// Present time of the process, nanoseconds since the Unix epoch.
    pub now_ns: u64,
}

/// A state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateLine {
    /// From 0 (empty) to 13 (retired).
    pub number: u8,
    /// In words.
    pub name: String,
}

/// How near the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lag {
    /// The source's last frame, as far as it told.
    pub source_sequence: u64,
    /// Its highest epoch.
    pub source_epoch: u32,
    /// Its data centre; 0 = nothing came yet.
    pub source_data_center: u32,
    /// Frames that we lack of those it told of.
    pub frames: u64,
    /// How long nothing has come, milliseconds.
    pub silent_ms: u64,
    /// Bytes of a frame that has not come whole.
    pub torn_bytes: u64,
    /// Time of the last frame, nanoseconds since the Unix epoch.
    pub last_frame_ns: u64,
    /// Why the feed ended for good, if so.
    pub end: Option<String>,
}

/// The audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Frames judged.
    pub frames: u64,
    /// Decided otherwise by us.
    pub differences: u64,
    /// With digests that are not ours.
    pub digest_mismatches: u64,
    /// Nothing was found.
    pub is_clean: bool,
    /// The report.
    pub text: String,
}

/// The readiness board.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardLine {
    /// Members with a seat.
    pub members: u32,
    /// Logged in.
    pub logged_in: u32,
    /// Told everything.
    pub caught_up: u32,
    /// Ready.
    pub ready: u32,
    /// With a hand raised.
    pub hands: u32,
    /// Who, and with which words.
    pub raised: Vec<String>,
}

/// Percentiles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Answers measured.
    pub count: u64,
    /// Half of them at most.
    pub p50: u64,
    /// 99%.
    pub p99: u64,
    /// 99.9%.
    pub p999: u64,
    /// All.
    pub max: u64,
}

/// Connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinksLine {
    /// The primary's feed is connected.
    pub feed: bool,
    /// Our fronts stand at the name service.
    pub published: bool,
    /// The epoch for which the name service refused ours.
    pub published_instead: Option<u32>,
    /// Fronts on other machines.
    pub fronts: u32,
}

/// Counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Logins that succeeded.
    pub logins: u64,
    /// Commands of members.
    pub commands: u64,
    /// Answers sent.
    pub answers: u64,
    /// Frames taken from the port.
    pub frames_in: u64,
    /// Frames given to it.
    pub frames_out: u64,
    /// Refused by sessions.
    pub refusals: u64,
    /// Refused by the rules and by sessions, by ErrorCode (ERRORS.md); codes that did not occur are absent.
    #[serde(default)]
    pub refused_by_code: BTreeMap<u16, u64>,
    /// Queries asked, and answered.
    #[serde(default)]
    pub queries: u64,
    /// Queries answered in full, refusals included.
    #[serde(default)]
    pub query_answers: u64,
}

/// What the multicast did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MulticastLine {
    /// Datagrams sent to the group, heartbeats among them.
    pub datagrams: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Messages told.
    pub messages: u64,
    /// Heartbeats.
    pub heartbeats: u64,
    /// Requests of who lost something.
    pub requests: u64,
    /// Datagrams that came and were no request that may be made.
    pub refused: u64,
    /// Requests that came while as many as can be were being answered.
    pub requests_dropped: u64,
    /// Datagrams sent to who asked.
    pub fills: u64,
    /// Bytes in them.
    pub fill_bytes: u64,
    /// Messages too long for a datagram's pieces: told over TCP alone.
    pub too_long: u64,
}

impl From<MulticastCounters> for MulticastLine {
    fn from(counters: MulticastCounters) -> Self {
        let MulticastCounters {
            datagrams,
            bytes,
            messages,
            heartbeats,
            requests,
            refused,
            requests_dropped,
            fills,
            fill_bytes,
            too_long,
        } = counters;
        MulticastLine {
            datagrams,
            bytes,
            messages,
            heartbeats,
            requests,
            refused,
            requests_dropped,
            fills,
            fill_bytes,
            too_long,
        }
    }
}

/// A thread of the layout, as the kernel has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadLine {
    /// Its stages.
    pub stages: String,
    /// The core that the profile gives it; absent: wherever the system puts it.
    pub core_wanted: Option<usize>,
    /// Where it is.
    pub core: Option<usize>,
    /// Where it may be, as the kernel lists cores.
    pub allowed: String,
    /// It may be on its core and on no other.
    pub is_pinned: bool,
    /// Moves to another core since it was put there; absent: the kernel does not count them.
    pub migrations: Option<u64>,
    /// Times that others ran while it wanted to.
    pub preemptions: Option<u64>,
}

/// A front.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrontLine {
    /// From 0.
    pub number: u8,
    /// Logins that succeeded.
    pub logins: u64,
    /// Members' connections that it has had.
    pub connections: u64,
    /// Commands of members.
    pub commands: u64,
    /// Answers sent.
    pub answers: u64,
    /// Frames taken from its queue.
    pub frames_in: u64,
    /// Frames given to it.
    pub frames_out: u64,
}

impl ThreadLine {
    /// `front0 on core 4, pinned, 0 migrations`.
    #[must_use]
    pub fn words(&self) -> String {
        let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let place = match (self.is_pinned, self.core_wanted) {
            (true, _) => "绑核 pinned".to_owned(),
            (false, Some(wanted)) => format!("未绑核 NOT on core {wanted}, allowed {}", self.allowed),
            (false, None) => format!("未绑核 not pinned, allowed {}", self.allowed),
        };
        let core = number(self.core.map(|core| core as u64));
        format!("{} on core {core}, {place}, {} migrations", self.stages, number(self.migrations))
    }
}

/// A step of the takeover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepLine {
    /// From 1 to 14.
    pub number: u8,
    /// In Chinese.
    pub chinese: String,
    /// In English.
    pub english: String,
    /// `done`, `overridden`, `nothing`, `running`, `blocked`.
    pub outcome: String,
    /// When it began, nanoseconds since the Unix epoch.
    pub began_ns: u64,
    /// When it ended; absent: not yet.
    pub ended_ns: Option<u64>,
    /// In words.
    pub detail: String,
}

/// A stream of which a member had received more than counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubtLine {
    /// Series of the stream.
    pub series: u16,
    /// First number that does not count.
    pub from: u32,
    /// Last one.
    pub to: u32,
}

impl From<&StepReport> for StepLine {
    fn from(report: &StepReport) -> Self {
        let outcome = match report.outcome {
            Outcome::Done => "done",
            Outcome::Overridden => "overridden",
            Outcome::Nothing => "nothing",
            Outcome::Running => "running",
            Outcome::Blocked => "blocked",
        };
        StepLine {
            number: report.step.number(),
            chinese: report.step.chinese().to_owned(),
            english: report.step.english().to_owned(),
            outcome: outcome.to_owned(),
            began_ns: report.began.0,
            ended_ns: report.ended.map(|ended| ended.0),
            detail: report.detail.clone(),
        }
    }
}

impl Status {
    /// Of an appliance, now.
    pub fn of<T: Transport + Send + 'static>(appliance: &mut Appliance<T>, now: Instant, halt: Option<String>) -> Self {
        let evidence = appliance.follower().evidence(engine::types::Nanoseconds(now.nanos()));
        let state_digest = appliance.follower_mut().machine().map(|machine| machine.state().digests().state);
        let mut state = appliance.runbook().state(appliance.follower());
        let is_exchange = appliance.has_engine() && state != standby::State::Retired;
        let fold = if is_exchange { appliance.runbook().fold() } else { appliance.follower().fold() };
        let calendar = fold.calendar().clone();
        let is_closed = is_exchange && appliance.runbook().fold().is_closed();
        if is_closed && state == State::Continuous {
            state = State::Closed;
        }
        let log = appliance.log();
        let sequence = log.last_sequence();
        let last_frame = log.frame_of(sequence);
        let (trading_day, log_bytes) = (log.trading_day().unwrap_or(0), log.committed());
        let epoch = last_frame.as_ref().map_or(0, |frame| frame.stamp().epoch.0);
        let last_frame_ns = last_frame.as_ref().map_or(0, |frame| frame.stamp().time.0);
        let (feed, published) = (appliance.is_feed_open(), appliance.is_published());
        let published_instead = appliance.published_instead().map(|epoch| epoch.0);
        let layout = appliance.layout();
        let board = layout.board();
        let counts = layout.front().count_board(&board);
        let raised = board.into_iter().filter(|line| line.readiness == dataplane::front::Readiness::HandRaised);
        let raised = raised.map(|line| format!("{}: {}", words(&line.id), line.text)).collect();
        let counters = layout.front_counters();
        let fronts = layout.fronts(FrontLine::of);
        let uplinks = layout.fronts(|front| front.uplinks() as u32).into_iter().sum();
        let threads = layout.placements().into_iter().map(ThreadLine::from).collect();
        let in_doubt = layout.in_doubt();
        let latency = layout.latency_ns();
        Status {
            state: StateLine { number: state.number(), name: state.to_string() },
            trading_day,
            epoch,
            sequence: sequence.0,
            log_bytes,
            state_digest: state_digest.map(|digest| format!("{digest:016X}")),
            is_exchange,
            is_closed,
            lag: Lag {
                source_sequence: evidence.source.last.0,
                source_epoch: evidence.source.epoch.0,
                source_data_center: evidence.source.data_center,
                frames: evidence.source.last.0.saturating_sub(evidence.last.0),
                silent_ms: evidence.silent_for.0 / 1_000_000,
                torn_bytes: evidence.torn_bytes,
                last_frame_ns,
                end: appliance.feed_end().map(ToString::to_string),
            },
            audit: AuditLine {
                frames: evidence.audit.frames,
                differences: evidence.audit.differences,
                digest_mismatches: evidence.audit.digest_mismatches,
                is_clean: evidence.audit.is_clean(),
                text: evidence.audit.to_string(),
            },
            board: BoardLine {
                members: counts.participants,
                logged_in: counts.logged_in,
                caught_up: counts.caught_up,
                ready: counts.ready,
                hands: counts.hands,
                raised,
            },
            latency_ns: Latency {
                count: latency.len(),
                p50: latency.value_at_quantile(0.5),
                p99: latency.value_at_quantile(0.99),
                p999: latency.value_at_quantile(0.999),
                max: latency.max(),
            },
            links: LinksLine { feed, published, published_instead, fronts: uplinks },
            traffic: Traffic {
                logins: counters.logins,
                commands: counters.commands,
                answers: counters.answers,
                frames_in: fronts.iter().map(|front| front.frames_in).sum(),
                frames_out: fronts.iter().map(|front| front.frames_out).sum(),
                refusals: counters.refusals.iter().sum(),
                refused_by_code: counters.refused_by_code().into_iter().collect(),
                queries: counters.queries,
                query_answers: counters.query_answers,
            },
            threads,
            fronts,
            multicast: appliance.front().multicast_counters().map(Into::into),
            calendar: CalendarLine {
                steps: calendar.steps().len(),
                taken: calendar.taken(),
                refused: calendar.refused(),
                next_ns: calendar.next_at(calendar.refused()).map(|at| at.0),
            },
            takeover: appliance.runbook().timeline().iter().map(StepLine::from).collect(),
            is_taken_over: appliance.runbook().is_finished(),
            in_doubt: in_doubt
                .iter()
                .map(|doubt| DoubtLine { series: doubt.series, from: doubt.from.0, to: doubt.to.0 })
                .collect(),
            halt,
            uptime_ns: 0,
            now_ns: now.nanos(),
        }
    }
}

impl FrontLine {
    fn of<T: Transport>(front: &mut Front<T>) -> Self {
        let (counters, host) = (*front.counters(), front.host_counters());
        FrontLine {
            number: front.number(),
            logins: counters.logins,
            connections: counters.connections,
            commands: counters.commands,
            answers: counters.answers,
            frames_in: host.ingress_frames,
            frames_out: host.egress_frames,
        }
    }
}

impl From<Placement> for ThreadLine {
    fn from(placement: Placement) -> Self {
        ThreadLine {
            is_pinned: placement.is_pinned(),
            stages: placement.thread,
            core_wanted: placement.core_wanted,
            core: placement.core,
            allowed: placement.allowed,
            migrations: placement.migrations,
            preemptions: placement.preemptions,
        }
    }
}

fn words(id: &[u8]) -> String {
    String::from_utf8_lossy(id).trim_end_matches([' ', '\0']).to_owned()
}
