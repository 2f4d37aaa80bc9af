//! One queue of a started device: bursts in, bursts out, and buffers at hand.

#![allow(unsafe_code)]
// JUSTIFICATION: calls into the C shim with arrays of pointers; ownership is handed over at this boundary.

use crate::device::{Device, DeviceStats};
use crate::eal::register_thread;
use crate::ffi::{self, RteMbuf};
use crate::mbuf::{Mbuf, Pool};
use std::io;
use std::net::Ipv4Addr;
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;

/// Buffers that go between us and a device, or us and a pool, at once.
pub const BURST: usize = 32;

/// One queue, both ways. One thread polls it; it may be moved to that thread.
pub struct Queue {
    number: u16,
    fills_egress: bool,
    /// Fresh buffers at hand, from the front.
    fresh: Stack,
    /// Given back and not yet freed.
    spent: Stack,
    /// To be sent, in order.
    outgoing: Stack,
    // The device goes before the pool that it holds buffers of.
    device: Arc<Device>,
    pool: Pool,
}

// SAFETY: everything inside is owned by the queue, and DPDK lets any one thread at a time use a queue.
unsafe impl Send for Queue {}

/// Up to a burst of buffers that are ours.
struct Stack {
    /// The first `count` are valid buffers that nobody else has.
    raw: [*mut RteMbuf; BURST],
    count: usize,
}

impl Stack {
    const EMPTY: Stack = Stack { raw: [null_mut(); BURST], count: 0 };

    fn free(&mut self) {
        // SAFETY: the first `count` are ours; they are not looked at after this.
        unsafe { ffi::bs_free_bulk(self.raw.as_mut_ptr(), self.count as u32) };
        self.count = 0;
    }
}

impl Queue {
    pub(crate) fn new(device: Arc<Device>, number: u16, pool: Pool, fills_egress: bool) -> Queue {
        Queue { number, fills_egress, fresh: Stack::EMPTY, spent: Stack::EMPTY, outgoing: Stack::EMPTY, device, pool }
    }

    /// Hands up to `count` arrived frames, at most a burst, to `each`. Returns how many there were.
    pub fn receive(&mut self, count: usize, mut each: impl FnMut(Mbuf)) -> usize {
        register_thread();
        let mut raw = [null_mut(); BURST];
        let wanted = count.min(BURST) as u16;
        // SAFETY: the device is started and the queue is one of its; `raw` has room for as many as are wanted.
        let arrived = unsafe { ffi::bs_rx_burst(self.device.number(), self.number, raw.as_mut_ptr(), wanted) };
        let arrived = usize::from(arrived);
        for raw in raw.into_iter().take(arrived) {
            let raw = NonNull::new(raw).expect("a driver gives the buffers that it counts");
            // SAFETY: the driver gave the buffer to us alone. Scattering is off, so it has one segment.
            each(unsafe { Mbuf::from_raw(raw) });
        }
        arrived
    }

    /// How many frames [`Queue::queue`] takes now.
    #[must_use]
    pub fn room(&self) -> usize {
        BURST - self.outgoing.count
    }

    /// Takes a frame to be sent with the next [`Queue::send`]; gives it back if a burst is waiting already.
    ///
    /// # Errors
    /// The frame.
    pub fn queue(&mut self, frame: Mbuf) -> Result<(), Mbuf> {
        if self.room() == 0 {
            return Err(frame);
        }
        self.outgoing.raw[self.outgoing.count] = frame.into_raw().as_ptr();
        self.outgoing.count += 1;
        Ok(())
    }

    /// Sends what is queued, as far as the device takes it; the rest stays, in order. Returns how many were sent.
    pub fn send(&mut self) -> usize {
        let waiting = self.outgoing.count;
        if waiting == 0 {
            return 0;
        }
        // SAFETY: the first `waiting` are ours with one segment each. Asking twice for the same frame's sums writes the same.
        // What the device takes it frees; we forget it.
        let sent = unsafe {
            if self.fills_egress {
                ffi::bs_request_sums(self.outgoing.raw.as_mut_ptr(), waiting as u16);
            }
            ffi::bs_tx_burst(self.device.number(), self.number, self.outgoing.raw.as_mut_ptr(), waiting as u16)
        };
        let sent = usize::from(sent);
        self.outgoing.raw.copy_within(sent..waiting, 0);
        self.outgoing.count = waiting - sent;
        sent
    }

    /// A buffer of `length` bytes with undefined contents; none if the pool is empty or no buffer is as long.
    pub fn allocate(&mut self, length: usize) -> Option<Mbuf> {
        if self.fresh.count == 0 {
            if !self.pool.take(&mut self.fresh.raw) {
                self.spent.free();
                if !self.pool.take(&mut self.fresh.raw) {
                    return None;
                }
            }
            self.fresh.count = BURST;
        }
        let raw = NonNull::new(self.fresh.raw[self.fresh.count - 1]).expect("a pool gives the buffers that it counts");
        // SAFETY: the pool gave the buffer to us alone, reset: one segment. It is taken off the stack below, or stays there
        // and this value is forgotten.
        let mut mbuf = unsafe { Mbuf::from_raw(raw) };
        if length > mbuf.capacity() {
            let _ = mbuf.into_raw();
            return None;
        }
        self.fresh.count -= 1;
        mbuf.set_length(length);
        Some(mbuf)
    }

    /// Gives a buffer back; cheaper than dropping it, since a burst of them goes at once.
    pub fn release(&mut self, frame: Mbuf) {
        if self.spent.count == BURST {
            self.spent.free();
        }
        self.spent.raw[self.spent.count] = frame.into_raw().as_ptr();
        self.spent.count += 1;
    }

    /// Sends frames from `source` to this queue, whatever spreading would say.
    ///
    /// # Errors
    /// What the driver answered; most virtual ones have no rules.
    pub fn steer_here(&self, source: Ipv4Addr) -> io::Result<()> {
        self.device.steer(source, self.number)
    }

    /// What went through the device, all queues together.
    ///
    /// # Errors
    /// What the driver answered.
    pub fn device_stats(&self) -> io::Result<DeviceStats> {
        self.device.stats()
    }

    /// The pool of this queue.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        for stack in [&mut self.fresh, &mut self.spent, &mut self.outgoing] {
            stack.free();
        }
    }
}
