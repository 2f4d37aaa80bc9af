//! Connections of ours to others (the primary's feed, the name service's port for cores): raw bytes both ways. What they
//! mean, their owner knows.

use net::{CloseReason, SessionId};
use std::collections::VecDeque;

/// Names a connection of ours, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(crate) SessionId);

/// What happened on a connection of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// It is open.
    Opened(LinkId),
    /// Bytes are there: see [`Front::link_bytes`](crate::front::Front::link_bytes). Told once until they are taken.
    Received(LinkId),
    /// It is over. What had been received can still be taken until the next connection is made.
    Closed(LinkId, CloseReason),
}

/// Bytes received on one connection and not taken yet; beyond that TCP's window closes.
pub const LINK_BYTES: usize = 256 * 1024;
/// Connections of ours at once, over ones that nobody has looked at included.
pub const LINKS_MAX: usize = 16;
/// Events that nobody has looked at: three for each connection.
const EVENTS_MAX: usize = 3 * LINKS_MAX;

/// One connection of ours.
pub(crate) struct Link {
    pub(crate) id: LinkId,
    bytes: Vec<u8>,
    /// Bytes before this are taken.
    head: usize,
    is_told: bool,
    pub(crate) is_over: bool,
    pub(crate) is_held_back: bool,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Links {
    links: Vec<Link>,
    events: VecDeque<LinkEvent>,
}

impl Links {
    /// A connection was begun. False: there are too many.
    #[must_use]
    pub(crate) fn add(&mut self, id: LinkId) -> bool {
        self.links.retain(|link| !link.is_over);
        if self.links.len() == LINKS_MAX {
            return false;
        }
        let bytes = Vec::with_capacity(LINK_BYTES);
        self.links.push(Link { id, bytes, head: 0, is_told: false, is_over: false, is_held_back: false });
        true
    }

    pub(crate) fn find(&mut self, id: SessionId) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.id.0 == id)
    }

    pub(crate) fn opened(&mut self, id: SessionId) {
        self.tell(LinkEvent::Opened(LinkId(id)));
    }

    /// Takes in what fits; returns how many bytes that were.
    pub(crate) fn data(&mut self, id: SessionId, bytes: &[u8]) -> usize {
        let Some(link) = self.find(id) else { return bytes.len() };
        if link.head == link.bytes.len() {
            link.bytes.clear();
            link.head = 0;
        }
        if link.bytes.len() + bytes.len() > LINK_BYTES {
            link.bytes.drain(..link.head);
            link.head = 0;
        }
        let count = bytes.len().min(LINK_BYTES - link.bytes.len());
        link.bytes.extend_from_slice(&bytes[..count]);
        link.is_held_back = count < bytes.len();
        if !link.is_told && count > 0 {
            link.is_told = true;
            self.tell(LinkEvent::Received(LinkId(id)));
        }
        count
    }

    pub(crate) fn closed(&mut self, id: SessionId, why: CloseReason) {
        if let Some(link) = self.find(id) {
            link.is_over = true;
            self.tell(LinkEvent::Closed(LinkId(id), why));
        }
    }

    /// The owner ends it and wants to hear no more of it.
    pub(crate) fn remove(&mut self, id: LinkId) {
        self.links.retain(|link| link.id != id);
        self.events.retain(|event| {
            let (LinkEvent::Opened(about) | LinkEvent::Received(about) | LinkEvent::Closed(about, _)) = event;
            *about != id
        });
    }

    pub(crate) fn next_event(&mut self) -> Option<LinkEvent> {
        self.events.pop_front()
    }

    /// What was received and not taken, and how much of it `take` is done with.
    pub(crate) fn take(&mut self, id: LinkId, take: impl FnOnce(&[u8]) -> usize) {
        let Some(link) = self.find(id.0) else { return };
        let count = take(&link.bytes[link.head..]);
        link.head += count;
        assert!(link.head <= link.bytes.len(), "no more is taken than was received");
        link.is_told = false;
    }

    /// Connections whose bytes were left with TCP and now have room.
    pub(crate) fn held_back_with_room(&mut self) -> impl Iterator<Item = SessionId> {
        self.links
            .iter_mut()
            .filter(|link| link.is_held_back && link.bytes.len() - link.head <= LINK_BYTES / 2)
            .map(|link| link.id.0)
    }

    fn tell(&mut self, event: LinkEvent) {
        // Each connection has at most one Opened, one Received that is not taken, one Closed; and those of removed ones go.
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        }
    }
}
