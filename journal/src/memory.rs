//! The log's memory: one region, written once from front to back, read by other threads while it grows.
//!
//! The region is a memory map, of a file or of nothing. There is one [`WriteHalf`] and any number of [`ReadHalf`]s. The
//! writer writes behind `committed` and then moves `committed` on; readers read before it. Nothing before `committed`
//! is ever written again, so what a reader was given stays as it is for as long as the region lives, and neither side
//! waits for the other.
//!
//! What this module promises to the rest of the room, which has no unsafe code: no byte is written and read at the same
//! time, and no slice reaches beyond the map. What it needs from the machine: that nobody else writes to or shortens
//! the file while it is mapped; [`crate::log`] and [`crate::recover`] hold the file's lock for as long as the map
//! lives.
#![allow(unsafe_code)]

use crossbeam_utils::CachePadded;
use memmap2::{Advice, MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every page is touched by a step of this; larger pages are touched more than once.
const PAGE: usize = 4096;
/// Addresses given to the kernel lie at its pages' borders; no page is larger (ARM: 64 KiB).
pub(crate) const PAGE_LARGEST: usize = 65_536;
/// A cache line.
const LINE: usize = 64;
/// How far ahead of what is written lines are asked for: some four orders.
const LINES_AHEAD_BYTES: usize = 1024;
/// Lines of a frame with an insert or a cancel and one event: 248 and 224 bytes.
const LINES_OF_AN_ORDER: usize = 4;
/// From this size on it pays to ask for huge pages in anonymous memory.
const HUGE_FROM: usize = 64 << 20;

struct Region {
    map: MmapRaw,
    capacity: usize,
    committed: CachePadded<AtomicUsize>,
}

/// The one who writes.
pub(crate) struct WriteHalf {
    region: Arc<Region>,
    /// What `committed` is; only this half changes it.
    committed: usize,
    /// Pages before this were touched.
    touched: usize,
}

/// One who reads.
#[derive(Clone)]
pub(crate) struct ReadHalf {
    region: Arc<Region>,
}

/// A region of memory that no file stands behind.
pub(crate) fn anonymous(capacity: usize) -> io::Result<(WriteHalf, ReadHalf)> {
    let map = MmapRaw::from(MmapOptions::new().len(capacity).map_anon()?);
    if capacity >= HUGE_FROM {
        // A hint; without it the log is slower to touch and otherwise the same.
        let _ = map.advise(Advice::HugePage);
    }
    Ok(halves(map, capacity, 0))
}

/// A region that is the first `capacity` bytes of `file`, which is at least so long; the first `committed` of them are
/// there to be read.
pub(crate) fn of_file(file: &File, capacity: usize, committed: usize) -> io::Result<(WriteHalf, ReadHalf)> {
    assert!(committed <= capacity && file.metadata()?.len() >= capacity as u64, "the map ends within the file");
    Ok(halves(MmapOptions::new().len(capacity).map_raw(file)?, capacity, committed))
}

/// The first `length` bytes of `file`, to be read only; the file is at least so long.
pub(crate) fn read_only(file: &File, length: usize) -> io::Result<ReadHalf> {
    assert!(file.metadata()?.len() >= length as u64, "the map ends within the file");
    let map = MmapOptions::new().len(length).map_raw_read_only(file)?;
    Ok(ReadHalf {
        region: Arc::new(Region { map, capacity: length, committed: CachePadded::new(AtomicUsize::new(length)) }),
    })
}

fn halves(map: MmapRaw, capacity: usize, committed: usize) -> (WriteHalf, ReadHalf) {
    assert!(map.len() >= capacity && capacity <= isize::MAX as usize);
    let region = Arc::new(Region { map, capacity, committed: CachePadded::new(AtomicUsize::new(committed)) });
    (WriteHalf { region: Arc::clone(&region), committed, touched: committed }, ReadHalf { region })
}

/// Asks for huge pages in a part of this process's own memory, before it is touched: where the tables of the state lie. Parts
/// of pages at both ends stay as they are; a hint, without which everything is only slower.
#[cfg(target_os = "linux")]
pub fn ask_for_huge_pages((address, length): (usize, usize)) {
    let begin = address.next_multiple_of(PAGE_LARGEST);
    let end = (address + length) / PAGE_LARGEST * PAGE_LARGEST;
    if begin < end {
        // JUSTIFICATION: vectors are where the allocator puts them; only the kernel can give them larger pages.
        // SAFETY: MADV_HUGEPAGE changes the size of pages to come and no byte of memory, whatever the range; an unmapped one is an error
        // that is given back, and not looked at.
        unsafe { libc::madvise(std::ptr::without_provenance_mut(begin), end - begin, libc::MADV_HUGEPAGE) };
    }
}

/// Elsewhere pages are as they are.
#[cfg(not(target_os = "linux"))]
pub fn ask_for_huge_pages(_region: (usize, usize)) {}

/// Asks for the cache line of an address, which is to be written to.
#[inline]
fn ask_for_line(address: *mut u8) {
    #[cfg(target_arch = "x86_64")]
    // JUSTIFICATION: there is no safe way to ask for a line that nothing may read yet.
    // SAFETY: a prefetch is a hint that reads nothing and faults nowhere, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(target_arch = "aarch64")]
    // JUSTIFICATION: as above; there is no stable intrinsic here.
    // SAFETY: PRFM is a hint that reads nothing and faults nowhere, and changes no register and no flag.
    unsafe {
        std::arch::asm!("prfm pstl1keep, [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    std::hint::black_box(address);
}

impl WriteHalf {
    /// Bytes that can be read.
    #[inline]
    pub(crate) fn committed(&self) -> usize {
        self.committed
    }

    /// Bytes there is still room for.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.region.capacity - self.committed
    }

    /// Has `length` bytes written behind what is committed, then commits them: readers see all of them or none.
    /// None: there is no room, and nothing was written.
    #[inline]
    pub(crate) fn append(&mut self, length: usize, write: impl FnOnce(&mut [u8])) -> Option<()> {
        if length > self.room() {
            return None;
        }
        // JUSTIFICATION: a frame is written once, straight to where it stays, while other threads read the frames
        // before it; a `&mut` of the whole map would forbid them that.
        // SAFETY: committed + length <= capacity <= the map's length, so the slice lies within the map, which lives as
        // long as `self`. It begins at `committed` and readers get slices that end at or before it, so nobody else has
        // a reference to these bytes; and there is one WriteHalf, borrowed mutably here, so there is one such slice.
        // Maps are initialised by the kernel.
        let bytes = unsafe { std::slice::from_raw_parts_mut(self.region.map.as_mut_ptr().add(self.committed), length) };
        write(bytes);
        self.committed += length;
        self.region.committed.store(self.committed, Ordering::Release);
        self.ask_for_lines(length);
        Some(())
    }

    /// Asks for the cache lines that a frame some frames from now will be written to, as many as were just used: a store to a line that is
    /// not there waits for it, and all stores behind it.
    #[inline]
    fn ask_for_lines(&self, length: usize) {
        let from = self.region.map.as_mut_ptr().wrapping_add(self.committed).wrapping_add(LINES_AHEAD_BYTES);
        // As many as most frames have, without counting; behind the map's end there is nothing to ask for, and no harm in it.
        (0..LINES_OF_AN_ORDER).for_each(|line| ask_for_line(from.wrapping_add(line * LINE)));
        if length > LINES_OF_AN_ORDER * LINE {
            (LINES_OF_AN_ORDER..length.div_ceil(LINE)).for_each(|line| ask_for_line(from.wrapping_add(line * LINE)));
        }
    }

    /// Touches the pages of the next `ahead` bytes that were not touched yet, so that writing them meets no page fault.
    /// Returns how many pages it touched.
    pub(crate) fn touch_ahead(&mut self, ahead: usize) -> usize {
        let end = self.committed.saturating_add(ahead).min(self.region.capacity);
        let mut page = self.touched.max(self.committed).next_multiple_of(PAGE);
        let mut count = 0;
        while page < end {
            // JUSTIFICATION: only a write makes the kernel find a page that can be written.
            // SAFETY: page < capacity lies within the map; it is at or behind `committed`, where nobody else reads or
            // writes (see `append`), and holds zero or nothing that counts.
            unsafe { self.region.map.as_mut_ptr().add(page).write_volatile(0) };
            page += PAGE;
            count += 1;
        }
        self.touched = self.touched.max(end);
        count
    }

    /// The same memory, to be read.
    pub(crate) fn reader(&self) -> ReadHalf {
        ReadHalf { region: Arc::clone(&self.region) }
    }
}

impl ReadHalf {
    /// Bytes that can be read; never becomes less.
    #[inline]
    pub(crate) fn committed(&self) -> usize {
        self.region.committed.load(Ordering::Acquire)
    }

    /// The bytes from `from` to `committed`. None: `from` lies beyond.
    #[inline]
    pub(crate) fn bytes_from(&self, from: usize) -> Option<&[u8]> {
        let length = self.committed().checked_sub(from)?;
        // JUSTIFICATION: readers read in place what the writer has finished while it goes on behind it.
        // SAFETY: from + length = committed <= capacity <= the map's length, and the map lives as long as `self`, to
        // which the slice is bound. The bytes before `committed` are never written again; the Acquire load of
        // `committed` above saw the Release store after they were written.
        Some(unsafe { std::slice::from_raw_parts(self.region.map.as_ptr().add(from), length) })
    }

    /// Bytes of the whole region.
    pub(crate) fn capacity(&self) -> usize {
        self.region.capacity
    }

    /// Has the kernel find pages that can be written for the bytes from `from` to `to`, which changes nothing in them; `from` is at a border of
    /// the largest pages. An error: it does not know how (Linux before 5.14), or has no memory.
    pub(crate) fn populate(&self, from: usize, to: usize) -> io::Result<()> {
        assert!(from.is_multiple_of(PAGE_LARGEST) && from <= to && to <= self.region.capacity);
        #[cfg(target_os = "linux")]
        return self.region.map.advise_range(Advice::PopulateWrite, from, to - from);
        #[cfg(not(target_os = "linux"))]
        return Err(io::Error::from(io::ErrorKind::Unsupported));
    }

    /// Writes the bytes from `from` to `to` to the file's device: `wait` until they are there, or only begin.
    pub(crate) fn flush(&self, from: usize, to: usize, wait: bool) -> io::Result<()> {
        assert!(from <= to && to <= self.region.capacity);
        match wait {
            true => self.region.map.flush_range(from, to - from),
            false => self.region.map.flush_async_range(from, to - from),
        }
    }
}

/// Has the file system set aside `length` bytes for the file, so that a full disk is an error now and not a fault of
/// the memory map later. File systems that cannot are left as they are.
#[cfg(target_os = "linux")]
pub(crate) fn reserve_disk(file: &File, length: u64) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let length = libc::off_t::try_from(length).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    // JUSTIFICATION: the standard library has no call that allocates a file's blocks without writing them.
    // SAFETY: fallocate takes an open descriptor, which `file` holds for the call, and three integers; it touches no
    // memory of ours.
    while unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, length) } != 0 {
        match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => continue,
            error if error.raw_os_error() == Some(libc::EOPNOTSUPP) => break,
            error => return Err(error),
        }
    }
    Ok(())
}

/// Elsewhere the file stays sparse.
#[cfg(not(target_os = "linux"))]
pub(crate) fn reserve_disk(_file: &File, _length: u64) -> io::Result<()> {
    Ok(())
}
