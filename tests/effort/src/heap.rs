//! A global allocator that counts, so that a test can state that something allocates nothing, or how much it holds.
//!
//! A test that wants it says `#[global_allocator] static ALLOCATOR: effort::heap::Counting = effort::heap::Counting;`.
#![allow(unsafe_code, reason = "an allocator is an unsafe trait; this one is in tests only")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator with two counters before it.
pub struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

static HELD: AtomicU64 = AtomicU64::new(0);

/// Allocations and reallocations of this thread since it began; 0 for ever without [`Counting`].
#[must_use]
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// What `work` returns, and how often it allocated or reallocated on this thread.
pub fn allocations_of<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = allocations();
    let result = work();
    (result, allocations() - before)
}

/// Bytes that all threads hold now.
#[must_use]
pub fn held() -> u64 {
    HELD.load(Ordering::Relaxed)
}

fn count(bytes: usize) {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    HELD.fetch_add(bytes as u64, Ordering::Relaxed);
}

fn give_back(bytes: usize) {
    HELD.fetch_sub(bytes as u64, Ordering::Relaxed);
}

// JUSTIFICATION: there is no safe way to see allocations.
// SAFETY: every call is handed on to the system's allocator unchanged; counting touches an atomic, and a thread-local that is initialised
// without allocating and has no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises about `layout` are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        give_back(layout.size());
        // SAFETY: the caller's promises about the three are the system allocator's.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: the pointer came from the system's allocator with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}
