//! Broadcast messages in the members' bytes, rendered once and sent to everybody who waits for them.
//!
//! The bytes stand one after another in an arena that is written round and round; a small table tells where a number's are.
//! Who comes too late, or goes on from an old number, has the message rendered again: it is a function of the log.

use crate::render::{NotRendered, Renderer};
use crate::streams::Stream;
use engine::types::StreamNumber;

/// Messages that the table knows: a phase change of every instrument makes one for each.
const MESSAGES: usize = 1_024;
/// The arena holds so many of the longest messages at least, and no less than so many bytes.
const LONGEST_MESSAGES: usize = 4;
const BYTES_MIN: usize = 256 * 1024;

/// The messages that were rendered lately.
pub(crate) struct Rendered {
    arena: Vec<u8>,
    /// Bytes written so far, round and round, with what was left free at the arena's end.
    end: u64,
    /// By number, the lowest bits of it.
    table: Vec<Entry>,
    longest: usize,
    resets: u64,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    /// 0 = none.
    number: u32,
    length: u32,
    /// Where it begins, counted as `end` is.
    position: u64,
}

impl Rendered {
    /// An arena for messages of at most `longest` bytes.
    pub(crate) fn new(longest: usize) -> Self {
        let size = (LONGEST_MESSAGES * longest).max(BYTES_MIN);
        Rendered { arena: vec![0; size], end: 0, table: vec![Entry::default(); MESSAGES], longest, resets: 0 }
    }

    /// Bytes of the arena, most bytes of it that were in use, and how often it began anew.
    pub(crate) fn marks(&self) -> (usize, usize, u64) {
        let size = self.arena.len();
        (size, size.min(self.end as usize), self.resets)
    }

    /// The bytes of a message, if they are still there.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&[u8]> {
        let entry = &self.table[number as usize % MESSAGES];
        // Overwritten are the bytes that are more than an arena old.
        let is_there = entry.number == number && entry.position + self.arena.len() as u64 >= self.end;
        let start = (entry.position % self.arena.len() as u64) as usize;
        is_there.then(|| &self.arena[start..start + entry.length as usize])
    }

    /// Sees to it that a message's bytes are there. True: they were rendered for this.
    ///
    /// # Errors
    /// What the renderer says.
    #[inline]
    pub(crate) fn message(
        &mut self,
        number: u32,
        renderer: &Renderer<'_>,
        instruments: usize,
    ) -> Result<bool, NotRendered> {
        if self.get(number).is_some() {
            return Ok(false);
        }
        let stream_number = StreamNumber(number);
        let size_max = renderer.size_max(stream_number, instruments);
        self.put(number, size_max, |buffer| renderer.message(Stream::Broadcast, stream_number, buffer))?;
        Ok(true)
    }

    /// Has a message of at most `size_max` bytes rendered, and keeps it. One that is longer than all before it gets a longer arena: what
    /// trades between two ticks has no bound but the day's messages.
    ///
    /// # Errors
    /// What `render` says.
    pub(crate) fn put<E>(
        &mut self,
        number: u32,
        size_max: usize,
        render: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<(), E> {
        if size_max > self.longest {
            *self = Rendered { resets: self.resets + 1, ..Rendered::new(size_max.next_power_of_two()) };
        }
        let size = self.arena.len() as u64;
        let left = size - self.end % size;
        if left < self.longest as u64 {
            self.end += left;
            self.resets += 1;
        }
        let position = self.end;
        let start = (position % size) as usize;
        // Whatever is written there, it is no message any more that was there before.
        self.end += self.longest as u64;
        let length = render(&mut self.arena[start..start + self.longest])?;
        self.end = position + length as u64;
        self.table[number as usize % MESSAGES] = Entry { number, length: length as u32, position };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_what_was_rendered_and_the_latest_are_there() {
        let longest = 100_000;
        let mut rendered = Rendered::new(longest);
        let length = |number: u32| (number.wrapping_mul(2_654_435_761) as usize >> 3) % longest + 1;
        for number in 1..5_000u32 {
            rendered
                .put(number, longest, |buffer| {
                    buffer[..length(number)].fill(number as u8);
                    Ok::<_, ()>(length(number))
                })
                .unwrap();
            let mut there = 0;
            for earlier in number.saturating_sub(40).max(1)..=number {
                if let Some(bytes) = rendered.get(earlier) {
                    assert!(bytes.len() == length(earlier) && bytes.iter().all(|byte| *byte == earlier as u8));
                    there += 1;
                }
            }
            assert!(there >= (LONGEST_MESSAGES as u32 - 1).min(number), "the last few are there");
            assert!(rendered.get(number + 1).is_none());
        }
    }

    #[test]
    fn a_message_that_is_longer_than_all_before_it_has_room_and_more_after_it() {
        let mut rendered = Rendered::new(1_000);
        let long = 2 * BYTES_MIN;
        for (number, length) in [(1, 10), (2, long), (3, 20), (4, long), (5, long)] {
            rendered
                .put(number, length, |buffer| {
                    buffer[..length].fill(number as u8);
                    Ok::<_, ()>(length)
                })
                .unwrap();
            let bytes = rendered.get(number).unwrap();
            assert!(bytes.len() == length && bytes.iter().all(|byte| *byte == number as u8));
        }
        assert!(rendered.get(1).is_none() && rendered.get(2).is_some());
    }

    #[test]
    fn what_failed_is_not_there() {
        let mut rendered = Rendered::new(1_000);
        rendered.put(1, 1_000, |buffer| Ok::<_, ()>(buffer.len())).unwrap();
        assert_eq!(rendered.put(2, 1_000, |_| Err("no")), Err("no"));
        assert!(rendered.get(2).is_none() && rendered.get(1).is_some());
    }
}
