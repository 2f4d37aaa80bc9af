//! The feed: our log, byte for byte, to whoever follows (`journal/FRAMES.md`, The feed).
//!
//! A follower sends 32 bytes and is given the log from the frame after the one it holds, for ever. A request for another day,
//! from a higher epoch than ours, or for a frame that we do not have, closes the connection. When nothing was sent for a
//! second, and no frame stands half sent, a heartbeat follows; it speaks of the last frame that the feed may have.

use crate::frame::{REQUEST, Request, Stamp, write_heartbeat};
use crate::link::{Link, Purpose};
use crate::number::Sequence;
use crate::primary::{FeedByte, Primary};
use crate::records::Death;
use net::{Instant, SessionId, Transport};
use std::time::Duration;

/// How long a feed says nothing before it sends a heartbeat.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);

impl<T: Transport> Primary<T> {
    pub(crate) fn read_follower(&mut self, session: SessionId) {
        let link = self.links.get_mut(&session).expect("the caller found it");
        let Purpose::Follower { position } = &mut link.purpose else { return };
        if position.is_some() {
            // A follower has nothing more to say.
            link.inbox.clear();
            return;
        }
        let Some(bytes) = link.inbox.first_chunk::<REQUEST>() else { return };
        let state = self.exchange.state();
        let served = Request::read(bytes).and_then(|request| {
            let ours = state.day.map_or(0, |day| day.trading_day);
            let same_day = request.trading_day == 0 || request.trading_day == ours;
            self.records.end_of(request.sequence).filter(|_| same_day && request.epoch <= state.epoch)
        });
        match served {
            Some(offset) => *position = Some(offset),
            None => self.host.close(session),
        }
    }

    /// How far the feed may go now.
    fn feed_limit(&self) -> u64 {
        let ends = &self.records.frame_ends;
        let frames = ends.len().saturating_sub(self.lag.frames);
        let end = frames.checked_sub(1).map_or(0, |last| ends[last]);
        end.saturating_sub(self.lag.bytes).min(self.feed_until.0)
    }

    /// Hands followers what they may have, to the byte where this primary is to die.
    pub(crate) fn serve_followers(&mut self) {
        let limit = self.feed_limit();
        let death = self.die_at.map_or(u64::MAX, |FeedByte(byte)| byte);
        let heartbeat = self.feed_heartbeat(limit);
        let mut dies = false;
        for link in self.links.values_mut() {
            let Purpose::Follower { position: Some(position) } = &mut link.purpose else { continue };
            let until = limit.min(death).max(*position);
            let at_end_of_a_frame = self.records.end_of(self.records.whole_before(*position)) == Some(*position);
            let due = self.now >= link.last_sent + HEARTBEAT_INTERVAL;
            if link.outbox.is_empty() && until == *position && at_end_of_a_frame && due {
                link.outbox.clone_from(&heartbeat);
            }
            // Only a heartbeat is ever in the outbox; the log is sent from where it stands.
            if !link.outbox.is_empty() {
                let count = self.host.send(link.session, &link.outbox).unwrap_or(0);
                link.took(count, self.now);
                if !link.outbox.is_empty() {
                    continue;
                }
            }
            let Purpose::Follower { position: Some(position) } = &mut link.purpose else { continue };
            if until > *position {
                let bytes = &self.records.log[*position as usize..until as usize];
                let count = self.host.send(link.session, bytes).unwrap_or(0);
                if count > 0 {
                    link.last_sent = self.now;
                }
                *position += count as u64;
                self.records.fed_bytes = self.records.fed_bytes.max(*position);
            }
            dies |= *position >= death;
        }
        if dies {
            self.end(Death::FeedByte(death));
        }
    }

    /// When a follower is due a heartbeat; None: it is not waiting for one.
    pub(crate) fn feed_heartbeat_at(&self, link: &Link) -> Option<Instant> {
        let Purpose::Follower { position: Some(_) } = link.purpose else { return None };
        Some(link.last_sent + HEARTBEAT_INTERVAL)
    }

    /// A heartbeat about the last frame that the feed may have.
    fn feed_heartbeat(&self, limit: u64) -> Vec<u8> {
        let last = self.records.whole_before(limit);
        let known = last.0.checked_sub(1).map(|index| self.records.stamps[index as usize]);
        let data_center = self.settings.exchange.data_center;
        let stamp = known.unwrap_or(Stamp { data_center, sequence: Sequence(0), ..Stamp::default() });
        write_heartbeat(Stamp { time: self.unix_now().max(stamp.time), ..stamp })
    }
}
