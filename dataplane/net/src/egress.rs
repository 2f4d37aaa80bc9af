//! From queued bytes and due timers to a burst of frames.

use crate::host::Host;
use crate::link::SessionSink;
use crate::neighbours::Step;
use crate::port::Port;
use crate::session::{CloseReason, SessionState};
use crate::time::Instant;
use crate::wire::{ARP_FRAME, write_arp};

/// Segments that a session sends before others have their turn.
const SEGMENTS_A_TURN: usize = 16;

impl<P: Port> Host<P> {
    /// Sends what sessions have to send and what timers have made due, and hands the burst to the port. Returns how
    /// many frames the port took. What it did not take stays queued.
    pub fn poll_egress(&mut self, now: Instant) -> usize {
        self.set_time(now);
        let before = self.link.frames;
        while let Some(index) = self.timers.pop_due(self.now) {
            self.counters.timers += 1;
            match (index as usize).checked_sub(self.config.sessions) {
                Some(place) => self.ask_neighbour(place),
                None => self.mark_ready(index),
            }
        }
        // Only those that are ready now: a session that has more than a turn's worth goes to the back for the next
        // poll.
        let now_ready = self.ready.len();
        for place in 0..now_ready {
            let index = self.ready[place];
            self.slots[index as usize].is_ready = false;
            if !self.egress_segment(index) {
                self.mark_ready(index);
            }
        }
        // What was marked meanwhile is the next poll's.
        if self.ready.len() == now_ready {
            self.ready.clear();
        } else {
            self.ready.drain(..now_ready);
        }
        self.link.flush();
        (self.link.frames - before) as usize
    }

    /// Has one session send what it has. False if it has more, or the port had no room.
    #[inline]
    fn egress_segment(&mut self, index: u32) -> bool {
        let slot = &mut self.slots[index as usize];
        if slot.state == SessionState::Free {
            return true;
        }
        if self.now >= slot.give_up_at {
            self.give_up(index);
        }
        let slot = &mut self.slots[index as usize];
        let Some(connection) = &mut slot.connection else {
            if slot.state != SessionState::Lingering {
                let at = slot.give_up_at;
                self.arm(index, at);
            } else {
                self.settle(index);
            }
            return true;
        };
        if connection.is_overdue(self.now) {
            slot.stations.time_out();
        }
        let mut sink = SessionSink { link: &mut self.link, source: self.mac, destination: slot.stations.current() };
        self.counters.stack_runs += 1;
        let has_more = connection.egress(self.now, &mut sink, SEGMENTS_A_TURN);
        if slot.state == SessionState::Open && slot.give_up_at == Instant::NEVER && connection.send_queue() > 0 {
            slot.give_up_at = self.now + self.config.silence_timeout;
        }
        if !has_more {
            let at = slot.give_up_at.min(connection.next_deadline());
            self.arm(index, at);
        }
        self.settle(index);
        !has_more
    }

    /// Sees to it that the session is looked at no later than `at`. An earlier time that is already set stays: it costs
    /// one look when it comes, where moving it would cost a little with every message.
    #[inline]
    fn arm(&mut self, index: u32, at: Instant) {
        if at < Instant::NEVER && self.timers.get(index).is_none_or(|set| at < set) {
            self.timers.set(index, at);
        }
    }

    /// The peer has been silent for too long.
    fn give_up(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        match slot.state {
            SessionState::Free | SessionState::Resolving => {}
            // Nobody answered, or the reset or last acknowledgement will never come: there is nobody to tell.
            SessionState::Opening | SessionState::Lingering => self.drop_connection(index),
            SessionState::Open | SessionState::Closing => {
                if let Some(connection) = &mut slot.connection {
                    connection.abort();
                }
            }
        }
        self.end(index, CloseReason::TimedOut);
    }

    /// The time of an ARP question has come.
    fn ask_neighbour(&mut self, place: usize) {
        match self.neighbours.step(place, self.now) {
            Step::Ask(address, again) => {
                self.timers.set((self.config.sessions + place) as u32, again);
                let ours = (self.mac, self.config.address);
                self.link.send_frame(ARP_FRAME, |frame| write_arp(frame, ours, None, address));
            }
            Step::GiveUp(address) => {
                for index in 0..self.slots.len() as u32 {
                    let slot = &self.slots[index as usize];
                    if slot.state == SessionState::Resolving && slot.next_hop == address {
                        self.end(index, CloseReason::Unreachable);
                    }
                }
            }
            Step::Nothing => {}
        }
    }
}
