//! The states of a connection (RFC 9293 §3.3.2) and what leads from one to the next. LISTEN is the host's: a connection
//! begins with its SYN.

/// Where a connection stands. The numbers are for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// 0: it is over.
    Closed = 0,
    /// 1: we have asked for it.
    SynSent = 1,
    /// 2: the peer has asked for it, and we for its confirmation.
    SynReceived = 2,
    /// 3: open in both directions.
    Established = 3,
    /// 4: we have finished first, and the peer has not acknowledged it.
    FinWait1 = 4,
    /// 5: we have finished first, and the peer knows and may still send.
    FinWait2 = 5,
    /// 6: both have finished at once, and the peer has not acknowledged ours.
    Closing = 6,
    /// 7: both have finished and know it; late segments are waited for.
    TimeWait = 7,
    /// 8: the peer has finished first, we may still send.
    CloseWait = 8,
    /// 9: the peer has finished first, then we, and our end is not acknowledged.
    LastAcknowledgement = 9,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The peer's SYN without an acknowledgement of ours: both have asked at once.
    PeerSyn,
    /// Our SYN is acknowledged (and the peer's is there).
    SynAcknowledged,
    /// Our user has nothing more to send.
    Finish,
    /// Our FIN is acknowledged.
    FinAcknowledged,
    /// The peer's FIN, everything before it being there.
    PeerFin,
    /// A reset, or the end of our patience, or of TIME-WAIT.
    End,
}

impl State {
    /// The state after `event`; the same where it means nothing.
    pub(crate) fn after(self, event: Event) -> State {
        match (self, event) {
            (_, Event::End) => State::Closed,
            (State::SynSent, Event::PeerSyn) => State::SynReceived,
            (State::SynSent | State::SynReceived, Event::SynAcknowledged) => State::Established,
            (State::SynReceived | State::Established, Event::Finish) => State::FinWait1,
            (State::CloseWait, Event::Finish) => State::LastAcknowledgement,
            (State::SynReceived | State::Established, Event::PeerFin) => State::CloseWait,
            (State::FinWait1, Event::PeerFin) => State::Closing,
            (State::FinWait2, Event::PeerFin) => State::TimeWait,
            (State::FinWait1, Event::FinAcknowledged) => State::FinWait2,
            (State::Closing, Event::FinAcknowledged) => State::TimeWait,
            (State::LastAcknowledgement, Event::FinAcknowledged) => State::Closed,
            (state, _) => state,
        }
    }

    /// Bytes of the peer's are still taken.
    #[inline]
    pub(crate) fn is_receiving(self) -> bool {
        matches!(self, State::Established | State::FinWait1 | State::FinWait2)
    }
}
