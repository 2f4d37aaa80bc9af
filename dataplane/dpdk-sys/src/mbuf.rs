//! Buffers with one owner, and the pools they come from.

#![allow(unsafe_code)]
// JUSTIFICATION: a buffer is a C structure behind a pointer; its bytes are handed out as slices.

use crate::ffi::{self, RteMbuf, RteMempool};
use std::ffi::CString;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;

/// A frame in DPDK's memory. Whoever drops it gives it back to its pool.
pub struct Mbuf {
    /// Invariant: an mbuf of one segment whose only reference is this one, with data_off + data_len <= buf_len.
    raw: NonNull<RteMbuf>,
}

// SAFETY: an mbuf is plain memory that nobody else refers to; pools may be given buffers by any thread (the default pool's
// ring is for several producers and consumers).
unsafe impl Send for Mbuf {}

/// What the device said about the sums of a received frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sums {
    /// IPv4's and TCP's are right.
    Good,
    /// One of them is wrong.
    Bad,
    /// Nothing.
    Unknown,
}

impl Mbuf {
    /// Takes ownership of a buffer.
    ///
    /// # Safety
    /// `raw` is an mbuf from a pool of ours or a receiving queue, with one segment, and nobody else uses it.
    pub(crate) unsafe fn from_raw(raw: NonNull<RteMbuf>) -> Mbuf {
        Mbuf { raw }
    }

    /// Gives ownership away.
    pub(crate) fn into_raw(self) -> NonNull<RteMbuf> {
        let raw = self.raw;
        std::mem::forget(self);
        raw
    }

    fn header(&self) -> &RteMbuf {
        // SAFETY: the pointer is valid and ours alone while `self` is; RteMbuf is its first bytes (asserted in shim.c).
        unsafe { self.raw.as_ref() }
    }

    /// The frame.
    #[inline]
    #[must_use]
    pub fn data(&self) -> &[u8] {
        let header = self.header();
        // SAFETY: buf_addr points at buf_len bytes of the pool's; data_off + data_len is within (invariant); nobody else
        // writes there while `self` is borrowed. The bytes were written by the device, or zeroed with the pool's memory.
        unsafe {
            std::slice::from_raw_parts(header.buf_addr.add(usize::from(header.data_off)), usize::from(header.data_len))
        }
    }

    /// The frame, to write.
    #[inline]
    pub fn data_mut(&mut self) -> &mut [u8] {
        let header = self.header();
        let (start, length) = (usize::from(header.data_off), usize::from(header.data_len));
        // SAFETY: as in `data`, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(header.buf_addr.add(start), length) }
    }

    /// Bytes that the frame can have.
    #[must_use]
    pub fn capacity(&self) -> usize {
        usize::from(self.header().buf_len - self.header().data_off)
    }

    /// Makes the frame `length` bytes long; what comes into it has undefined contents.
    ///
    /// # Panics
    /// If the buffer is not that long.
    #[inline]
    pub fn set_length(&mut self, length: usize) {
        assert!(length <= self.capacity(), "a frame fits its buffer");
        // SAFETY: the pointer is valid and ours alone; both lengths stay within the buffer (asserted above).
        unsafe {
            (*self.raw.as_ptr()).data_len = length as u16;
            (*self.raw.as_ptr()).pkt_len = length as u32;
        }
    }

    /// What the device said about the frame's sums. Meaningful if it was asked to look.
    #[must_use]
    pub fn sums(&self) -> Sums {
        let flags = self.header().ol_flags;
        let (good, bad) = (ffi::RX_IP_SUM_GOOD | ffi::RX_TCP_SUM_GOOD, ffi::RX_IP_SUM_BAD | ffi::RX_TCP_SUM_BAD);
        // Good and bad together mean "not summed, but the data are right" (a virtual link): nothing is wrong on the way.
        if flags & good == good {
            Sums::Good
        } else if flags & bad != 0 {
            Sums::Bad
        } else {
            Sums::Unknown
        }
    }
}

impl Drop for Mbuf {
    fn drop(&mut self) {
        let mut raw = self.raw.as_ptr();
        // SAFETY: the buffer is ours alone, and nobody uses it after this.
        unsafe { ffi::bs_free_bulk(&raw mut raw, 1) };
    }
}

/// Buffers of one size, in huge pages where there are any.
#[derive(Clone)]
pub struct Pool(Arc<PoolMemory>);

struct PoolMemory {
    raw: NonNull<RteMempool>,
    count: u32,
}

// SAFETY: DPDK's pools may be used by any number of threads (default operations: a ring of several producers and consumers).
unsafe impl Send for PoolMemory {}
// SAFETY: as above.
unsafe impl Sync for PoolMemory {}

/// Bytes in front of a frame (RTE_PKTMBUF_HEADROOM) and for it: what DPDK's drivers expect.
const BUFFER_BYTES: u16 = 128 + 2_048;
/// Buffers that a registered thread keeps to itself.
const CACHE: u32 = 128;

impl Pool {
    /// A pool of `count` buffers on a NUMA node (-1: any). `name` is one that no other pool has.
    ///
    /// # Errors
    /// No memory, as a rule: too few huge pages.
    pub fn new(name: &str, count: u32, numa_node: i32) -> io::Result<Pool> {
        let name = CString::new(name).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        // SAFETY: the name ends in NUL and is copied; the numbers are checked by DPDK.
        let raw = unsafe { ffi::bs_pool_create(name.as_ptr(), count, CACHE.min(count / 2), BUFFER_BYTES, numa_node) };
        match NonNull::new(raw) {
            Some(raw) => Ok(Pool(Arc::new(PoolMemory { raw, count }))),
            // SAFETY: reads this thread's error number.
            None => Err(io::Error::from_raw_os_error(unsafe { ffi::bs_errno() })),
        }
    }

    /// Buffers that nobody holds.
    #[must_use]
    pub fn available(&self) -> u32 {
        // SAFETY: the pool lives while `self` does.
        unsafe { ffi::bs_pool_available(self.0.raw.as_ptr()) }
    }

    /// Buffers in all.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.count
    }

    pub(crate) fn raw(&self) -> *mut RteMempool {
        self.0.raw.as_ptr()
    }

    /// Fills `out` with fresh buffers, all of it or nothing.
    pub(crate) fn take(&self, out: &mut [*mut RteMbuf]) -> bool {
        // SAFETY: the pool lives; `out` has room for as many pointers as are asked for.
        unsafe { ffi::bs_alloc_bulk(self.raw(), out.as_mut_ptr(), out.len() as u32) == 0 }
    }
}

impl Drop for PoolMemory {
    fn drop(&mut self) {
        // A buffer that somebody still holds keeps the memory: better lost than freed under it.
        // SAFETY: this was the last handle, and no buffer is out, so nobody can refer to the pool.
        unsafe {
            if ffi::bs_pool_available(self.raw.as_ptr()) == self.count {
                ffi::bs_pool_free(self.raw.as_ptr());
            }
        }
    }
}
