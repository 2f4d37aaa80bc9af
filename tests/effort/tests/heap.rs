//! The allocator that counts, counts.

use effort::heap::{Counting, allocations_of, held};
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn what_is_allocated_grown_and_given_back_is_counted() {
    let before = held();
    let (mut bytes, count) = allocations_of(|| black_box(Vec::<u8>::with_capacity(1 << 20)));
    assert_eq!(count, 1);
    let ((), count) = allocations_of(|| bytes.reserve_exact(2 << 20));
    assert_eq!(count, 1);
    // The harness's own thread may hold a little more or less meanwhile.
    assert!(held() - before >= 2 << 20);
    let ((), count) = allocations_of(|| drop(bytes));
    assert_eq!(count, 0);
    assert!(held() < before + (1 << 20));
    let (zeros, count) = allocations_of(|| black_box(vec![0u64; 10]));
    assert_eq!((zeros.len(), count), (10, 1));
}
