//! Market data by UDP multicast, for those who do not take it over TCP (STREAMS.md, Multicast; bytes in [`ftd::datagram`]).
//!
//! The broadcast stream's messages as they are, rendered once for TCP and this, cut into datagrams under their numbers; a heartbeat when there
//! is nothing to tell, so that a loss at the end is noticed; and what receivers ask for again, from the log, to them alone. The first front (number
//! 0) of the core that opened the present epoch sends, nobody else: a core that follows is silent, and so are its other fronts
//! and those on other machines. Nothing here waits, allocates or takes more than its share of a round.

use crate::directory::Directory;
use crate::front::broadcast::Rendered;
use crate::render::{NotRendered, Renderer};
use crate::streams::{Stream, StreamIndex};
use ftd::datagram::{Carried, DATAGRAM_SIZE_MAX, Datagram, PIECE_SIZE, PIECES_MAX, Reign, pieces_of};
use journal::LogReader;
use net::{Correspondent, Filter, Instant, SendError, Transport};
use std::net::SocketAddrV4;
use std::time::Duration;

/// Datagrams of new messages that are sent in one round: more than a tick of 800 instruments makes.
const DATAGRAMS_A_ROUND: usize = 64;
/// Datagrams sent in one round to those who asked again.
const FILLS_A_ROUND: usize = 16;
/// Receivers that are answered at once; who asks beyond that asks again.
const FILLS_MAX: usize = 64;
/// Messages that one request is answered with, at most.
pub const FILL_MESSAGES_MAX: u16 = 64;
/// Time without a datagram after which a heartbeat goes.
const HEARTBEAT_AFTER: Duration = Duration::from_millis(500);
/// Bytes that may be answered at once after a quiet time.
const FILL_BURST: u64 = 256 * 1024;

/// Where market data goes by multicast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MulticastConfig {
    /// The group's address and port.
    pub group: SocketAddrV4,
    /// The port of ours that it comes from, and that requests come to.
    pub port: u16,
    /// Routers that a datagram may pass, plus one.
    pub time_to_live: u8,
    /// Bytes a second that requests are answered with, all receivers together.
    pub fill_bytes_per_second: u32,
}

impl MulticastConfig {
    /// One segment, 12.5 MB a second of answers.
    #[must_use]
    pub fn new(group: SocketAddrV4, port: u16) -> Self {
        MulticastConfig { group, port, time_to_live: 1, fill_bytes_per_second: 12_500_000 }
    }
}

/// What the multicast did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MulticastCounters {
    /// Datagrams sent to the group, heartbeats among them.
    pub datagrams: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Messages told.
    pub messages: u64,
    /// Heartbeats.
    pub heartbeats: u64,
    /// Requests taken.
    pub requests: u64,
    /// Datagrams that came and were none, or of nobody who may ask, or of another day.
    pub refused: u64,
    /// Requests that came while as many as can be were being answered.
    pub requests_dropped: u64,
    /// Datagrams sent to who asked.
    pub fills: u64,
    /// Bytes in them.
    pub fill_bytes: u64,
    /// Messages longer than [`PIECES_MAX`] pieces, which are told over TCP alone.
    pub too_long: u64,
}

/// The sending side.
pub(crate) struct Multicaster {
    config: MulticastConfig,
    /// Where the stream is to go on; none while this core is not the exchange.
    next: Option<Position>,
    fills: Vec<Fill>,
    /// Whose turn it is.
    turn: usize,
    /// Bytes that may be answered now, and as of when.
    allowance: u64,
    allowed_at: Instant,
    last_sent: Instant,
    /// Who may ask: the base data's addresses.
    pub(crate) seats: Option<Filter>,
    pub(crate) counters: MulticastCounters,
}

/// The next message, and the next piece of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    number: u32,
    piece: u16,
}

/// A request that is being answered.
struct Fill {
    to: Correspondent,
    at: Position,
    last: u32,
}

/// What messages are made from.
pub(crate) struct Source<'a> {
    pub(crate) reader: &'a LogReader,
    pub(crate) directory: &'a Directory,
    pub(crate) streams: &'a StreamIndex,
    pub(crate) rendered: &'a mut Rendered,
    /// This core speaks to members.
    pub(crate) is_active: bool,
    /// Frames from here on were recorded while this front was there.
    pub(crate) live_from: u64,
}

impl Source<'_> {
    /// A message's bytes.
    fn message(&mut self, number: u32) -> Result<&[u8], NotRendered> {
        let renderer = Renderer::new(self.reader, self.directory, self.streams);
        self.rendered.message(number, &renderer, self.directory.instruments_limit())?;
        Ok(self.rendered.get(number).expect("it was rendered just now"))
    }

    fn count(&self) -> u32 {
        self.streams.count(Stream::Broadcast).0
    }

    fn reign(&self) -> Option<Reign> {
        let day = self.directory.day()?;
        let (before, cut) = self.streams.cut_before_present(Stream::Broadcast);
        Some(Reign {
            epoch: day.epoch.0,
            data_center: day.data_center,
            epoch_before: before.0,
            cut: cut.0,
            trading_day: day.trading_day,
        })
    }
}

impl Multicaster {
    pub(crate) fn new(config: MulticastConfig) -> Self {
        Multicaster {
            config,
            next: None,
            fills: Vec::with_capacity(FILLS_MAX),
            turn: 0,
            allowance: FILL_BURST,
            allowed_at: Instant::ZERO,
            last_sent: Instant::ZERO,
            seats: None,
            counters: MulticastCounters::default(),
        }
    }

    /// A datagram came to our port: a request of who may ask, or it is dropped.
    pub(crate) fn take(&mut self, from: Correspondent, bytes: &[u8], source: &Source<'_>) {
        let count = source.count();
        let request = Datagram::parse(bytes).and_then(|datagram| match datagram.carried {
            Carried::Request { first, count: asked } => {
                let is_of_day = source.directory.day().is_some_and(|day| day.trading_day == datagram.reign.trading_day);
                let last = count.min(first.saturating_add(u32::from(asked.min(FILL_MESSAGES_MAX)) - 1));
                let may_ask =
                    source.is_active && self.seats.as_ref().is_some_and(|seats| seats.admits(*from.address.ip()));
                (is_of_day && may_ask && first <= count).then_some((first, last))
            }
            _ => None,
        });
        let Some((first, last)) = request else {
            self.counters.refused += 1;
            return;
        };
        self.counters.requests += 1;
        let fill = Fill { to: from, at: Position { number: first, piece: 0 }, last };
        if let Some(same) = self.fills.iter_mut().find(|fill| fill.to.address == from.address) {
            // It asks again while it is being answered: of what comes already, nothing is sent anew.
            if first < same.at.number || first > same.last {
                *same = fill;
            } else {
                same.last = same.last.max(last);
            }
        } else if self.fills.len() < FILLS_MAX {
            self.fills.push(fill);
        } else {
            self.counters.requests_dropped += 1;
        }
    }

    /// Sends what there is to send, as far as a round and the transport have room.
    ///
    /// # Errors
    /// The log contradicts itself.
    pub(crate) fn cast<T: Transport>(
        &mut self,
        source: &mut Source<'_>,
        host: &mut T,
        now: Instant,
    ) -> Result<(), NotRendered> {
        let count = source.count();
        if source.is_active && now < self.deadline(count) && self.next.is_some() {
            return Ok(());
        }
        let Some(reign) = source.reign().filter(|_| source.is_active) else {
            self.next = None;
            self.fills.clear();
            return Ok(());
        };
        let mut at = self.next.unwrap_or_else(|| {
            // What was told before this front was there has been sent, or is asked for.
            let from = reign.cut.max(source.streams.count_before(Stream::Broadcast, source.live_from).0);
            Position { number: from + 1, piece: 0 }
        });
        let group = Correspondent::group(self.config.group);
        for _ in 0..DATAGRAMS_A_ROUND {
            if at.number > count {
                break;
            }
            let before = at.number;
            let Some(length) = self.send(source, host, &reign, group, &mut at, count)? else { break };
            self.counters.datagrams += 1;
            self.counters.bytes += length as u64;
            self.counters.messages += u64::from(at.number - before);
            self.last_sent = now;
        }
        self.next = Some(at);
        if at.number > count && now.since(self.last_sent) >= HEARTBEAT_AFTER {
            let mut bytes = [0; DATAGRAM_SIZE_MAX];
            let datagram = Datagram { reign, carried: Carried::Heartbeat { last: count } };
            let length = datagram.write(&mut bytes).expect("the buffer has room for the longest");
            if host.send_datagram(group, &bytes[..length]).is_ok() {
                self.counters.datagrams += 1;
                self.counters.bytes += length as u64;
                self.counters.heartbeats += 1;
            }
            self.last_sent = now;
        }
        self.fill(source, host, &reign, now)
    }

    /// When there is something to do next, if nothing comes before.
    pub(crate) fn deadline(&self, count: u32) -> Instant {
        match self.next {
            None => Instant::NEVER,
            Some(at) if at.number <= count || !self.fills.is_empty() => Instant::ZERO,
            Some(_) => self.last_sent + HEARTBEAT_AFTER,
        }
    }

    /// Answers those who asked, one datagram each in turn.
    fn fill<T: Transport>(
        &mut self,
        source: &mut Source<'_>,
        host: &mut T,
        reign: &Reign,
        now: Instant,
    ) -> Result<(), NotRendered> {
        let elapsed = now.since(self.allowed_at).as_nanos().min(1_000_000_000) as u64;
        let earned = elapsed * u64::from(self.config.fill_bytes_per_second) / 1_000_000_000;
        if earned > 0 {
            self.allowance = FILL_BURST.min(self.allowance + earned);
            self.allowed_at = now;
        }
        for _ in 0..FILLS_A_ROUND {
            if self.fills.is_empty() || self.allowance < DATAGRAM_SIZE_MAX as u64 {
                break;
            }
            self.turn = (self.turn + 1) % self.fills.len();
            let Fill { to, mut at, last } = self.fills[self.turn];
            let Some(length) = self.send(source, host, reign, to, &mut at, last)? else { break };
            self.allowance -= length as u64;
            self.counters.fills += 1;
            self.counters.fill_bytes += length as u64;
            self.fills[self.turn].at = at;
            if at.number > last {
                self.fills.swap_remove(self.turn);
            }
        }
        Ok(())
    }

    /// Sends the next datagram from a position on, up to message `last`, and moves the position. None: the transport has no room.
    fn send<T: Transport>(
        &mut self,
        source: &mut Source<'_>,
        host: &mut T,
        reign: &Reign,
        to: Correspondent,
        at: &mut Position,
        last: u32,
    ) -> Result<Option<usize>, NotRendered> {
        let mut content = [0; PIECE_SIZE];
        let mut used = 0;
        let first = at.number;
        let mut next = *at;
        let mut carried = None;
        while next.number <= last {
            let bytes = source.message(next.number)?;
            let pieces = pieces_of(bytes.len());
            if pieces > 1 {
                if used > 0 {
                    break;
                }
                let number = next.number;
                let Some(pieces) = u16::try_from(pieces).ok().filter(|pieces| *pieces <= PIECES_MAX) else {
                    self.counters.too_long += 1;
                    *at = Position { number: number + 1, piece: 0 };
                    return Ok(Some(0));
                };
                let start = usize::from(next.piece) * PIECE_SIZE;
                used = (bytes.len() - start).min(PIECE_SIZE);
                content[..used].copy_from_slice(&bytes[start..start + used]);
                carried = Some((number, next.piece, pieces));
                next.piece += 1;
                if next.piece == pieces {
                    next = Position { number: number + 1, piece: 0 };
                }
                break;
            }
            let Some(room) = content.get_mut(used..used + bytes.len()) else { break };
            room.copy_from_slice(bytes);
            used += bytes.len();
            next = Position { number: next.number + 1, piece: 0 };
        }
        let bytes = &content[..used];
        let carried = match carried {
            Some((number, piece, pieces)) => Carried::Piece { number, piece, pieces, bytes },
            None => Carried::Messages { first, count: (next.number - first) as u16, bytes },
        };
        let mut datagram = [0; DATAGRAM_SIZE_MAX];
        let length =
            Datagram { reign: *reign, carried }.write(&mut datagram).expect("the buffer has room for the longest");
        match host.send_datagram(to, &datagram[..length]) {
            Err(SendError::NoRoom) => Ok(None),
            // One that cannot be sent is one that is lost.
            Ok(()) | Err(SendError::NotOpen | SendError::Stale) => {
                *at = next;
                Ok(Some(length))
            }
        }
    }
}
