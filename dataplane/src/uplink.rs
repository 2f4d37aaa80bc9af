//! The way of a remote front's commands to the core (前置外置), bytes first; and the core's side of it.
//!
//! A front on another machine follows the core's log over the feed and sends its members' commands up over a TCP connection to the
//! core's port for fronts. Both ways, little-endian:
//!
//! ```text
//! record    0   4  magic "BKL1"
//!           4   2  kind: 1 hello, 2 command, 3 presence
//!           6   2  bytes of the body, a multiple of 8
//!           8   8  number, from 0 on each connection, without gaps
//!           16  4  CRC-32C of bytes 0 to 15 and of the body
//!           20  4  zero
//!           24  …  body
//! hello     0   4  the front's number (its dialogs carry it)
//!           4   4  epoch of the log it has
//!           8   4  data centre of the core it wants
//!           12  4  zero
//! command   …      a command as in engine/src/command.rs, header first: of a user, and of a kind that members may send
//! presence  …      64-bit words: a bit a participant with a dialog; then as many: a bit a participant that is told everything
//! welcome   0   4  magic "BKW1"          the core's only answer, to the hello
//!           4   4  the core's epoch
//!           8   8  the last sequence of its log: a front that has it is level
//! ```
//!
//! The core puts commands into its ring in the order in which they come, at the time at which they come, as its own sessions do; a
//! full ring closes TCP's window. Presence is sent when it changes, and once a second as a sign of life; three seconds of
//! silence end the connection on either side. Nothing is sent twice: when a connection is lost, the front ends its members' sessions, and
//! they ask again under the same local ids.
//!
//! The core believes a front who its users are (the front has checked their proofs against the same base data), and
//! nothing else: another kind of command, the exchange's own, a gap, a wrong sum or epoch end the connection. One command of the
//! exchange's own a front may send: MassCancel of a user whose dialog ended there (断线撤单). When the connection ends, the core gives it in
//! the front's place, for every such user that asked something over it since.

use crate::front::disconnect::is_disconnect;
use crate::ring::RingSender;
use engine::command::{BodyView, Command, CommandKind, MAX_COMMAND};
use engine::types::{Epoch, Nanoseconds, ParticipantIndex, Sequence, UserIndex};
use net::{Instant, SessionId};
use std::time::Duration;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What a record begins with.
pub const RECORD_MAGIC: [u8; 4] = *b"BKL1";
/// What a welcome begins with.
pub const WELCOME_MAGIC: [u8; 4] = *b"BKW1";
/// Longest body: presence of 16,384 participants, twice; a command is shorter.
pub const BODY_MAX: usize = 2 * 16_384 / 8;
/// Longest record.
pub const RECORD_MAX: usize = RECORD_HEADER + BODY_MAX;
/// Bytes before a body.
pub const RECORD_HEADER: usize = size_of::<RecordHeader>();
/// A sign of life is sent so often.
pub const ALIVE_EVERY: Duration = Duration::from_secs(1);
/// Who says nothing for so long is gone.
pub const SILENT_AFTER: Duration = Duration::from_secs(3);

/// A record's first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct RecordHeader {
    /// [`RECORD_MAGIC`].
    pub magic: [u8; 4],
    /// 1 hello, 2 command, 3 presence.
    pub kind: u16,
    /// Bytes of the body.
    pub length: u16,
    /// From 0, without gaps.
    pub number: u64,
    /// CRC-32C.
    pub crc: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a front says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Hello {
    /// The front's number.
    pub front: u32,
    /// Of the log it has.
    pub epoch: Epoch,
    /// Of the core it wants.
    pub data_center: u32,
    /// Zero.
    pub reserved: u32,
}

/// What the core answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Welcome {
    /// [`WELCOME_MAGIC`].
    pub magic: [u8; 4],
    /// The core's.
    pub epoch: Epoch,
    /// Of its log.
    pub last: Sequence,
}

const HELLO: u16 = 1;
const COMMAND: u16 = 2;
const PRESENCE: u16 = 3;

/// Kinds that members may send.
const OF_MEMBERS: [CommandKind; 9] = [
    CommandKind::OrderInsert,
    CommandKind::OrderCancel,
    CommandKind::QuoteInsert,
    CommandKind::QuoteCancel,
    CommandKind::EnquireQuote,
    CommandKind::ExecOrderInsert,
    CommandKind::ExecOrderCancel,
    CommandKind::ReadinessReport,
    CommandKind::PasswordUpdate,
];

/// Why a front's connection was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Not a record, or one that was changed on the way.
    Malformed,
    /// A record is missing, or came twice.
    Gap,
    /// It wants another core, or another epoch.
    NotOurs,
    /// A command that no member can have sent.
    NotAMembers,
    /// It said nothing for [`SILENT_AFTER`].
    Silent,
}

/// What the core is, when bytes of a front come.
pub(crate) struct Present {
    pub(crate) is_active: bool,
    pub(crate) epoch: Epoch,
    pub(crate) data_center: u32,
    pub(crate) now: Instant,
}

/// A front's connection, at the core.
#[derive(Debug)]
pub(crate) struct Uplink {
    pub(crate) link: SessionId,
    /// The number of the next record.
    next: u64,
    /// Said in its hello; 0 = nothing was said yet.
    front: u32,
    /// The hello waits for its welcome.
    pub(crate) owes_welcome: bool,
    /// A command waits for room in the ring.
    pub(crate) is_held_back: bool,
    pub(crate) broken: Option<Broken>,
    pub(crate) last_received: Instant,
    presence: Vec<u64>,
    /// Commands put into the ring.
    pub(crate) commands: u64,
    /// Users that asked something, and whose orders the front has not cancelled since.
    asked: Asked,
}

/// A set of users.
#[derive(Debug, Default)]
pub(crate) struct Asked(Box<[u64]>);

impl Asked {
    /// With room for every index.
    fn new() -> Self {
        Asked(vec![0; (1 << 16) / 64].into_boxed_slice())
    }

    fn set(&mut self, user: UserIndex, is_in: bool) {
        let (word, bit) = (usize::from(user.0) / 64, 1u64 << (user.0 % 64));
        if is_in { self.0[word] |= bit } else { self.0[word] &= !bit }
    }

    /// In the order of their indices.
    pub(crate) fn users(&self) -> impl Iterator<Item = UserIndex> {
        let users = (0..=u16::MAX).map(UserIndex);
        users.filter(|user| self.0.get(usize::from(user.0) / 64).is_some_and(|word| word >> (user.0 % 64) & 1 == 1))
    }
}

impl Uplink {
    pub(crate) fn new(link: SessionId, now: Instant) -> Self {
        Uplink {
            link,
            next: 0,
            front: 0,
            owes_welcome: false,
            is_held_back: false,
            broken: None,
            last_received: now,
            presence: Vec::new(),
            commands: 0,
            asked: Asked::new(),
        }
    }

    /// Who asked something over it; nobody from now on.
    pub(crate) fn take_asked(&mut self) -> Asked {
        std::mem::take(&mut self.asked)
    }

    /// It has said who it is.
    pub(crate) fn is_open(&self) -> bool {
        self.front != 0 && self.broken.is_none()
    }

    /// Takes what a front sent; returns how many bytes it is done with. What finds no room in the ring comes again.
    pub(crate) fn take(&mut self, bytes: &[u8], sender: &mut RingSender, present: &Present) -> usize {
        self.last_received = present.now;
        let mut at = 0;
        while self.broken.is_none() {
            match self.record(&bytes[at..], sender, present) {
                Ok(0) => return at,
                Ok(length) => at += length,
                Err(broken) => self.broken = Some(broken),
            }
        }
        bytes.len()
    }

    /// Takes one record; 0: it is not whole yet, or has to wait.
    fn record(&mut self, bytes: &[u8], sender: &mut RingSender, present: &Present) -> Result<usize, Broken> {
        let Ok((header, rest)) = RecordHeader::read_from_prefix(bytes) else { return Ok(0) };
        let length = usize::from(header.length);
        if header.magic != RECORD_MAGIC || length > BODY_MAX || !length.is_multiple_of(8) || header.reserved != 0 {
            return Err(Broken::Malformed);
        }
        let Some(body) = rest.get(..length) else { return Ok(0) };
        if sum(&header, body) != header.crc {
            return Err(Broken::Malformed);
        }
        if header.number != self.next {
            return Err(Broken::Gap);
        }
        let is_ours = present.is_active && (self.next == 0) == (header.kind == HELLO);
        if !is_ours {
            return Err(Broken::NotOurs);
        }
        match header.kind {
            HELLO => self.hello(body, present)?,
            COMMAND => {
                if !self.command(body, sender, present)? {
                    self.is_held_back = true;
                    return Ok(0);
                }
            }
            PRESENCE => self.presence(body)?,
            _ => return Err(Broken::Malformed),
        }
        self.next += 1;
        Ok(RECORD_HEADER + length)
    }

    fn hello(&mut self, body: &[u8], present: &Present) -> Result<(), Broken> {
        let hello = Hello::read_from_bytes(body).map_err(|_| Broken::Malformed)?;
        if hello.epoch != present.epoch || hello.data_center != present.data_center {
            return Err(Broken::NotOurs);
        }
        if hello.front == 0 || hello.reserved != 0 {
            return Err(Broken::Malformed);
        }
        self.front = hello.front;
        self.owes_welcome = true;
        Ok(())
    }

    /// False: the ring has no room.
    fn command(&mut self, body: &[u8], sender: &mut RingSender, present: &Present) -> Result<bool, Broken> {
        if body.len() > MAX_COMMAND {
            return Err(Broken::Malformed);
        }
        let Some(mut slot) = sender.reserve(body.len()) else { return Ok(false) };
        // Into the slot first: there it is aligned, as a view over it has to be. A slot that is not committed leaves no trace.
        slot.copy_from_slice(body);
        let command = Command::read(&slot).ok_or(Broken::Malformed)?;
        match command.body {
            BodyView::MassCancel(cancel) if is_disconnect(command.header, cancel) => {
                self.asked.set(UserIndex(cancel.index as u16), false);
            }
            body if command.header.user != UserIndex::NONE && OF_MEMBERS.contains(&body.kind()) => {
                self.asked.set(command.header.user, true);
            }
            _ => return Err(Broken::NotAMembers),
        }
        slot.commit(Nanoseconds(present.now.nanos()));
        self.commands += 1;
        Ok(true)
    }

    fn presence(&mut self, body: &[u8]) -> Result<(), Broken> {
        if !body.len().is_multiple_of(16) {
            return Err(Broken::Malformed);
        }
        self.presence.clear();
        self.presence
            .extend(body.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("chunks of eight"))));
        Ok(())
    }

    /// A participant has a dialog there; it is told everything there.
    pub(crate) fn presence_of(&self, participant: ParticipantIndex) -> (bool, bool) {
        let words = self.presence.len() / 2;
        let (word, bit) = (usize::from(participant.0) / 64, participant.0 % 64);
        if word >= words || self.broken.is_some() {
            return (false, false);
        }
        (self.presence[word] >> bit & 1 == 1, self.presence[words + word] >> bit & 1 == 1)
    }
}

/// The sum that stands in a record's header.
fn sum(header: &RecordHeader, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&header.as_bytes()[..16]), body)
}

/// Writes a record to the beginning of `buffer`; returns its length.
fn write(buffer: &mut [u8; RECORD_MAX], kind: u16, number: u64, body: &[u8]) -> usize {
    let length = u16::try_from(body.len()).expect("a body has at most BODY_MAX bytes");
    let mut header = RecordHeader { magic: RECORD_MAGIC, kind, length, number, crc: 0, reserved: 0 };
    header.crc = sum(&header, body);
    buffer[..RECORD_HEADER].copy_from_slice(header.as_bytes());
    buffer[RECORD_HEADER..RECORD_HEADER + body.len()].copy_from_slice(body);
    RECORD_HEADER + body.len()
}

/// A front's side of a connection: numbers records.
pub(crate) struct Writer {
    next: u64,
    buffer: Box<[u8; RECORD_MAX]>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Writer { next: 0, buffer: Box::new([0; RECORD_MAX]) }
    }

    /// The first record of a connection.
    pub(crate) fn hello(&mut self, hello: &Hello) -> &[u8] {
        self.next = 0;
        self.record(HELLO, hello.as_bytes())
    }

    pub(crate) fn command(&mut self, command: &[u8]) -> &[u8] {
        self.record(COMMAND, command)
    }

    pub(crate) fn presence(&mut self, words: &[u64]) -> &[u8] {
        self.record(PRESENCE, words.as_bytes())
    }

    fn record(&mut self, kind: u16, body: &[u8]) -> &[u8] {
        let length = write(&mut self.buffer, kind, self.next, body);
        self.next += 1;
        &self.buffer[..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::{RingReceiver, ring};
    use engine::command::{CommandBuffer, DayClose, ReadinessReport};
    use net::{Host, HostConfig, Network, NetworkConfig};
    use std::net::{Ipv4Addr, SocketAddrV4};

    const PRESENT: Present = Present { is_active: true, epoch: Epoch(4), data_center: 2, now: Instant::from_millis(5) };

    fn report(number: u32) -> Vec<u8> {
        let report = ReadinessReport { readiness: b'1', reserved: [0; 3], content: [number as u8; 500] };
        CommandBuffer::new(number, number, UserIndex(3), &report).bytes().to_vec()
    }

    /// A hello, three commands, a presence; and where each record ends.
    fn stream() -> (Vec<u8>, Vec<usize>) {
        let mut writer = Writer::new();
        let hello = Hello { front: 3, epoch: Epoch(4), data_center: 2, reserved: 0 };
        let mut bytes = writer.hello(&hello).to_vec();
        let mut ends = vec![bytes.len()];
        for number in 1..=3 {
            bytes.extend_from_slice(writer.command(&report(number)));
            ends.push(bytes.len());
        }
        bytes.extend_from_slice(writer.presence(&[0b1010, 0b0010]));
        ends.push(bytes.len());
        (bytes, ends)
    }

    fn fresh() -> (Uplink, RingSender, RingReceiver) {
        let (sender, receiver) = ring(1 << 16);
        let port = Network::new(NetworkConfig::default()).attach();
        let mut host = Host::new(HostConfig::new(Ipv4Addr::new(10, 0, 0, 1), 1), port);
        let link =
            host.connect(SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 1), Instant::ZERO).expect("there is room");
        (Uplink::new(link, Instant::ZERO), sender, receiver)
    }

    fn commands(sender: &mut RingSender, receiver: &mut RingReceiver) -> Vec<u32> {
        sender.publish();
        let mut found = Vec::new();
        while let Some(record) = receiver.next_record() {
            let command = Command::read(record.bytes).expect("only commands are written into the ring");
            assert_eq!(record.bytes, report(command.header.request));
            found.push(command.header.request);
        }
        found
    }

    #[test]
    fn a_link_cut_at_any_byte_has_brought_the_whole_records_and_nothing_of_the_next() {
        let (bytes, ends) = stream();
        for cut in 0..=bytes.len() {
            let (mut uplink, mut sender, mut receiver) = fresh();
            let taken = uplink.take(&bytes[..cut], &mut sender, &PRESENT);
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(taken, whole.checked_sub(1).map_or(0, |last| ends[last]), "cut at {cut}");
            let wanted: Vec<u32> = (1..=3).take(whole.saturating_sub(1)).collect();
            assert_eq!(commands(&mut sender, &mut receiver), wanted, "cut at {cut}");
            // The rest in a second piece: everything once.
            assert_eq!(uplink.take(&bytes[taken..], &mut sender, &PRESENT), bytes.len() - taken);
            assert_eq!(uplink.commands, 3);
            assert_eq!(uplink.presence_of(ParticipantIndex(1)), (true, true));
            assert_eq!(uplink.presence_of(ParticipantIndex(3)), (true, false));
            assert_eq!(uplink.presence_of(ParticipantIndex(64)), (false, false));
        }
    }

    #[test]
    fn a_flipped_bit_ends_the_link_or_leaves_it_waiting_and_never_changes_a_command() {
        let (bytes, _) = stream();
        for bit in 0..bytes.len() * 8 {
            let mut spoilt = bytes.clone();
            spoilt[bit / 8] ^= 1 << (bit % 8);
            let (mut uplink, mut sender, mut receiver) = fresh();
            let taken = uplink.take(&spoilt, &mut sender, &PRESENT);
            assert!(uplink.broken.is_some() || taken < spoilt.len(), "bit {bit} was not seen");
            commands(&mut sender, &mut receiver); // those that came are as they were sent
        }
    }

    #[test]
    fn what_no_front_may_say_ends_the_link() {
        let own = CommandBuffer::own(&DayClose { reserved: 0, step: 0 });
        let hello = |epoch, data_center| Hello { front: 3, epoch: Epoch(epoch), data_center, reserved: 0 };
        let told = |say: &dyn Fn(&mut Writer) -> Vec<u8>, present: &Present| {
            let (mut uplink, mut sender, _receiver) = fresh();
            uplink.take(&say(&mut Writer::new()), &mut sender, present);
            uplink.broken
        };
        assert_eq!(told(&|writer| writer.hello(&hello(4, 2)).to_vec(), &PRESENT), None);
        assert_eq!(told(&|writer| writer.hello(&hello(3, 2)).to_vec(), &PRESENT), Some(Broken::NotOurs));
        assert_eq!(told(&|writer| writer.hello(&hello(4, 1)).to_vec(), &PRESENT), Some(Broken::NotOurs));
        assert_eq!(told(&|writer| writer.command(&report(1)).to_vec(), &PRESENT), Some(Broken::NotOurs));
        let follows = Present { is_active: false, ..PRESENT };
        assert_eq!(told(&|writer| writer.hello(&hello(4, 2)).to_vec(), &follows), Some(Broken::NotOurs));
        let with_command = |writer: &mut Writer| {
            let mut bytes = writer.hello(&hello(4, 2)).to_vec();
            bytes.extend_from_slice(writer.command(own.bytes()));
            bytes
        };
        assert_eq!(told(&with_command, &PRESENT), Some(Broken::NotAMembers));
        let with_gap = |writer: &mut Writer| {
            let mut bytes = writer.hello(&hello(4, 2)).to_vec();
            writer.command(&report(1));
            bytes.extend_from_slice(writer.command(&report(2)));
            bytes
        };
        assert_eq!(told(&with_gap, &PRESENT), Some(Broken::Gap));
    }
}
