//! Our fronts, told to the name servers: RspFronts to their second port, until each has answered (`dataplane/STREAMS.md`).

use crate::link::{Link, Purpose};
use crate::messages::{Number, field, message};
use crate::primary::{PATIENCE, Primary, present_epoch};
use ftd::field::FrontField;
use ftd::package::{Error, RspFronts};
use ftd::{Next, next_message, tid};
use net::{Instant, Peer, SessionId, Transport};
use std::net::SocketAddrV4;

/// How far a name server knows us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It does not yet.
    Pending,
    /// It answered.
    Done,
    /// It refused: somebody of a higher epoch is published there.
    Refused,
}

/// The way to one name server.
#[derive(Clone, Debug)]
pub struct Publication {
    server: SocketAddrV4,
    session: Option<SessionId>,
    /// When to try, or to give up the present try.
    next: Instant,
    /// How far it is.
    pub published: Published,
}

impl Publication {
    pub(crate) fn new(server: SocketAddrV4) -> Self {
        Publication { server, session: None, next: Instant::ZERO, published: Published::Pending }
    }

    pub(crate) fn due_at(&self) -> Option<Instant> {
        (self.published == Published::Pending).then_some(self.next)
    }
}

impl<T: Transport> Primary<T> {
    /// How far each name server knows us, in the order of the settings.
    pub fn published(&self) -> impl Iterator<Item = Published> + '_ {
        self.publications.iter().map(|publication| publication.published)
    }

    /// Tries name servers that do not know us yet, once the day is open.
    pub(crate) fn publish_fronts(&mut self) {
        let now = self.now;
        if self.exchange.state().day.is_none() {
            return;
        }
        for publication in &mut self.publications {
            if publication.due_at().is_none_or(|due| now < due) {
                continue;
            }
            publication.next = now + PATIENCE;
            match publication.session.take() {
                // No answer in time: once more.
                Some(session) => self.host.abort(session),
                None => publication.session = self.host.connect(publication.server, now).ok(),
            }
        }
    }

    pub(crate) fn reached_name_server(&mut self, session: SessionId, peer: Peer) {
        let Some(index) = self.publications.iter().position(|publication| publication.session == Some(session)) else {
            return self.host.abort(session);
        };
        let (epoch, data_center) = (present_epoch(&self.exchange), self.exchange.state().data_center);
        let bytes = message(tid::FRONTS, Number { series: 0, number: 0 }, |writer| {
            for (address, priority) in &self.settings.fronts {
                let out: &mut FrontField = field(writer);
                out.front_address
                    .set(address.to_string().as_bytes())
                    .expect("an IPv4 address and a port have 21 bytes");
                out.front_priority.set_unsigned(*priority);
                out.epoch.set_unsigned(epoch.0);
                out.data_center_id.set_unsigned(data_center);
            }
        });
        self.connections += 1;
        let mut link = Link::new(session, self.connections, peer, Purpose::NameServer(index), self.now);
        link.say(&bytes);
        self.links.insert(session, link);
    }

    pub(crate) fn read_name_server(&mut self, session: SessionId) {
        let link = self.links.get_mut(&session).expect("the caller found it");
        let Purpose::NameServer(index) = link.purpose else { return };
        let publication = &mut self.publications[index];
        let mut at = 0;
        let over = loop {
            match next_message(&link.inbox[at..]) {
                Ok(Next::NeedMore) => break false,
                Ok(Next::Skip { length, .. } | Next::Heartbeat { length }) => at += length,
                Ok(Next::Message { length, message }) => {
                    at += length;
                    if RspFronts::parse(&message).is_ok() {
                        publication.published = Published::Done;
                    } else if Error::parse(&message).is_ok() {
                        publication.published = Published::Refused;
                    }
                    if publication.published != Published::Pending {
                        break true;
                    }
                }
                Err(_) => break true,
            }
        };
        link.inbox.drain(..at);
        if over {
            self.host.close(session);
        }
    }

    pub(crate) fn lost_name_server(&mut self, session: SessionId) {
        if let Some(publication) = self.publications.iter_mut().find(|publication| publication.session == Some(session))
        {
            publication.session = None;
        }
    }
}
