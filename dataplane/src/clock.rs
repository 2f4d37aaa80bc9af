//! The machine's cycle counter: what latency and work are measured with. It measures only; nothing of it enters a command or
//! the log.
//!
//! | machine | counter | its frequency |
//! |---|---|---|
//! | x86-64 | `rdtsc` | measured once against the system's clock, over 20 ms |
//! | aarch64 | `cntvct_el0` | `cntfrq_el0`; coarse: 10 ns a step at 100 MHz, 20 ns at 50 MHz |
//! | others | the system's monotonic clock | 1 GHz: nanoseconds |
//!
//! Both counters run at one constant rate whatever the core's own clock does, and are the same on every core of a machine
//! (`doctor` says whether the kernel trusts them: clock source `tsc`, `arch_sys_counter`). A reading costs some 10 ns and is not
//! ordered with the work around it: it is for spans of a hundred nanoseconds and more.
#![allow(unsafe_code)]

use std::sync::OnceLock;
use std::time::Duration;

/// The counter now. Only differences mean something.
#[inline]
#[must_use]
pub fn cycles() -> u64 {
    machine::cycles()
}

/// How often the counter counts in a second. The first call on x86-64 takes 20 ms: make it before work begins.
#[must_use]
pub fn cycles_per_second() -> u64 {
    static FREQUENCY: OnceLock<u64> = OnceLock::new();
    *FREQUENCY.get_or_init(machine::frequency)
}

/// A span of cycles in nanoseconds; saturates.
#[must_use]
pub fn nanoseconds(cycles: u64) -> u64 {
    let nanoseconds = u128::from(cycles) * 1_000_000_000 / u128::from(cycles_per_second());
    u64::try_from(nanoseconds).unwrap_or(u64::MAX)
}

/// A span in cycles; saturates.
#[must_use]
pub fn cycles_of(span: Duration) -> u64 {
    let cycles = span.as_nanos() * u128::from(cycles_per_second()) / 1_000_000_000;
    u64::try_from(cycles).unwrap_or(u64::MAX)
}

#[cfg(target_arch = "x86_64")]
mod machine {
    use std::time::{Duration, Instant};

    /// Long enough that reading the two clocks one after the other (a microsecond, if the thread is not interrupted just there)
    /// is 0.005%.
    const MEASURED: Duration = Duration::from_millis(20);

    #[inline]
    pub(super) fn cycles() -> u64 {
        // JUSTIFICATION: the counter has no door in the standard library that costs one instruction.
        // SAFETY: RDTSC reads a counter and touches no memory; every x86-64 has it, and Linux lets programs use it.
        unsafe { std::arch::x86_64::_rdtsc() }
    }

    pub(super) fn frequency() -> u64 {
        let (clock, counter) = (Instant::now(), cycles());
        while clock.elapsed() < MEASURED {
            std::hint::spin_loop();
        }
        let (counted, span) = (cycles() - counter, clock.elapsed());
        let frequency = u128::from(counted) * 1_000_000_000 / span.as_nanos();
        u64::try_from(frequency).expect("a counter counts less than 2^64 times a second").max(1)
    }
}

#[cfg(target_arch = "aarch64")]
mod machine {
    #[inline]
    pub(super) fn cycles() -> u64 {
        let count: u64;
        // JUSTIFICATION: the counter has no door in the standard library that costs one instruction.
        // SAFETY: MRS from CNTVCT_EL0 reads a counter and touches neither memory nor flags; Linux lets programs use it.
        unsafe { std::arch::asm!("mrs {}, cntvct_el0", out(reg) count, options(nomem, nostack, preserves_flags)) };
        count
    }

    pub(super) fn frequency() -> u64 {
        let frequency: u64;
        // JUSTIFICATION: only the register knows it, and it is the machine's own: 24 MHz to 1 GHz are met.
        // SAFETY: MRS from CNTFRQ_EL0 reads a constant and touches neither memory nor flags; Linux lets programs use it.
        unsafe { std::arch::asm!("mrs {}, cntfrq_el0", out(reg) frequency, options(nomem, nostack, preserves_flags)) };
        frequency.max(1)
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod machine {
    use std::sync::OnceLock;
    use std::time::Instant;

    pub(super) fn cycles() -> u64 {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        BEGAN.get_or_init(Instant::now).elapsed().as_nanos() as u64 // 584 years
    }

    pub(super) fn frequency() -> u64 {
        1_000_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_by_the_counter_is_the_span_by_the_systems_clock() {
        // A thread that is interrupted between the two clocks measures wrongly: the best of some.
        let wrong_by = |_| {
            let (clock, began) = (std::time::Instant::now(), cycles());
            while clock.elapsed() < Duration::from_millis(20) {
                std::hint::spin_loop();
            }
            let (counted, span) = (nanoseconds(cycles() - began), clock.elapsed().as_nanos() as u64);
            counted.abs_diff(span) * 1_000_000 / span
        };
        let best = (0..10).map(wrong_by).min().expect("ten were measured");
        assert!(best < 10_000, "wrong by {best} parts in a million; {} Hz", cycles_per_second());
    }

    #[test]
    fn spans_go_both_ways() {
        let second = cycles_per_second();
        assert!(second >= 1_000_000, "{second} Hz");
        assert_eq!(nanoseconds(second), 1_000_000_000);
        assert_eq!(cycles_of(Duration::from_secs(3)), 3 * second);
    }
}
