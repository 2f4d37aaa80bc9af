//! Transport: TCP connections, whoever carries them. What stands above (fronts, the name service, a stand-in primary, members)
//! is written against this trait, so that the same service runs over our own stack on any port, and over the kernel's sockets.

use crate::counters::Counters;
use crate::filter::Filter;
use crate::host::{ConnectError, Host, ListenError, SendError};
use crate::port::Port;
use crate::session::{Correspondent, Handler, SessionId};
use crate::time::Instant;
use std::net::SocketAddrV4;

/// TCP connections of one IPv4 host. [`Host`] says at each method of the same name what it does.
pub trait Transport {
    /// Connections at once, at most: places of [`SessionId::index`].
    fn sessions(&self) -> usize;

    /// Takes connections at `port` from now on, from peers that `filter` admits.
    ///
    /// # Errors
    /// See [`ListenError`].
    fn listen(&mut self, port: u16, filter: Filter) -> Result<(), ListenError>;

    /// The filter of a port that is listened at, to change it.
    fn filter_mut(&mut self, port: u16) -> Option<&mut Filter>;

    /// Takes datagrams at a port of its own from now on (the handler hears of them), and sends them from there with this time to live.
    ///
    /// # Errors
    /// See [`ListenError`]; [`ListenError::NotOurs`] from a transport that has none.
    fn open_datagrams(&mut self, port: u16, time_to_live: u8) -> Result<(), ListenError> {
        let _ = (port, time_to_live);
        Err(ListenError::NotOurs)
    }

    /// Sends one datagram. It may be lost, as every datagram may.
    ///
    /// # Errors
    /// See [`SendError`]; then it is not sent.
    fn send_datagram(&mut self, to: Correspondent, bytes: &[u8]) -> Result<(), SendError> {
        let _ = (to, bytes);
        Err(SendError::NotOpen)
    }

    /// Begins a connection; the handler hears `opened` or `closed` in a later poll.
    ///
    /// # Errors
    /// See [`ConnectError`].
    fn connect(&mut self, remote: SocketAddrV4, now: Instant) -> Result<SessionId, ConnectError>;

    /// Takes in what arrived and tells `handler`. Returns how many frames (or reads) that were.
    fn poll_ingress(&mut self, now: Instant, handler: &mut impl Handler) -> usize;

    /// Sends what is queued and does what is due. Returns how many frames (or writes) that were.
    fn poll_egress(&mut self, now: Instant) -> usize;

    /// Queues what fits of `bytes`; returns how many did.
    ///
    /// # Errors
    /// See [`SendError`].
    fn send(&mut self, session: SessionId, bytes: &[u8]) -> Result<usize, SendError>;

    /// Lets `write` put up to `room` bytes straight into what is sent; it returns how many it wrote.
    ///
    /// # Errors
    /// See [`SendError`]; then nothing is written.
    fn send_with(
        &mut self,
        session: SessionId,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize, SendError>;

    /// Bytes that `send` would take now.
    fn send_room(&self, session: SessionId) -> usize;

    /// Bytes can be sent.
    fn is_open(&self, session: SessionId) -> bool;

    /// Offers what the handler has not consumed again, in the next poll.
    fn offer_again(&mut self, session: SessionId);

    /// Ends the session in order, after what is queued.
    fn close(&mut self, session: SessionId);

    /// Ends the session at once; what is queued is lost.
    fn abort(&mut self, session: SessionId);

    /// When there is something to do next, if nothing arrives before.
    fn next_deadline(&self) -> Option<Instant>;

    /// What it did so far.
    fn counters(&self) -> Counters;
}

impl<P: Port> Transport for Host<P> {
    fn sessions(&self) -> usize {
        self.config().sessions
    }

    fn listen(&mut self, port: u16, filter: Filter) -> Result<(), ListenError> {
        self.listen(port, filter)
    }

    fn filter_mut(&mut self, port: u16) -> Option<&mut Filter> {
        self.filter_mut(port)
    }

    fn open_datagrams(&mut self, port: u16, time_to_live: u8) -> Result<(), ListenError> {
        self.open_datagrams(port, time_to_live)
    }

    fn send_datagram(&mut self, to: Correspondent, bytes: &[u8]) -> Result<(), SendError> {
        self.send_datagram(to, bytes)
    }

    fn connect(&mut self, remote: SocketAddrV4, now: Instant) -> Result<SessionId, ConnectError> {
        self.connect(remote, now)
    }

    #[inline]
    fn poll_ingress(&mut self, now: Instant, handler: &mut impl Handler) -> usize {
        self.poll_ingress(now, handler)
    }

    #[inline]
    fn poll_egress(&mut self, now: Instant) -> usize {
        self.poll_egress(now)
    }

    #[inline]
    fn send(&mut self, session: SessionId, bytes: &[u8]) -> Result<usize, SendError> {
        self.send(session, bytes)
    }

    #[inline]
    fn send_with(
        &mut self,
        session: SessionId,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize, SendError> {
        self.send_with(session, room, write)
    }

    #[inline]
    fn send_room(&self, session: SessionId) -> usize {
        self.send_room(session)
    }

    #[inline]
    fn is_open(&self, session: SessionId) -> bool {
        self.is_open(session)
    }

    fn offer_again(&mut self, session: SessionId) {
        self.offer_again(session);
    }

    fn close(&mut self, session: SessionId) {
        self.close(session);
    }

    fn abort(&mut self, session: SessionId) {
        self.abort(session);
    }

    #[inline]
    fn next_deadline(&self) -> Option<Instant> {
        self.next_deadline()
    }

    fn counters(&self) -> Counters {
        self.counters()
    }
}
