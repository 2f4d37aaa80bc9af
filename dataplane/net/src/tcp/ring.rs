//! A ring of bytes that a connection sends from or receives into.
//!
//! It knows its bytes by their distance from the front. What they mean (how many are there, which are still missing) is
//! known by the side that owns it.

/// Bytes in a circle.
pub(crate) struct Ring {
    bytes: Box<[u8]>,
    /// Where the front byte stands.
    front: usize,
}

impl Ring {
    /// A ring of `capacity` bytes, zeroed.
    pub(crate) fn new(capacity: usize) -> Ring {
        Ring { bytes: vec![0; capacity].into_boxed_slice(), front: 0 }
    }

    /// Bytes that it holds at most.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// The front is `count` bytes further on.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        debug_assert!(count <= self.bytes.len());
        self.front = self.place(count);
    }

    /// The ring holds nothing: its next byte stands at the start, so that what comes is in one piece as long as can be.
    #[inline]
    pub(crate) fn rewind(&mut self) {
        self.front = 0;
    }

    /// Copies `bytes` to `offset` bytes behind the front; both together fit the capacity.
    #[inline]
    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= self.bytes.len(), "the ring is too small for what is written");
        let at = self.place(offset);
        let first = bytes.len().min(self.bytes.len() - at);
        let (head, tail) = bytes.split_at(first);
        self.bytes[at..at + first].copy_from_slice(head);
        if !tail.is_empty() {
            self.bytes[..tail.len()].copy_from_slice(tail);
        }
    }

    /// Copies the bytes from `offset` on into `bytes`.
    #[inline]
    pub(crate) fn read(&self, offset: usize, bytes: &mut [u8]) {
        assert!(offset + bytes.len() <= self.bytes.len(), "the ring is too small for what is read");
        let at = self.place(offset);
        let first = bytes.len().min(self.bytes.len() - at);
        let (head, tail) = bytes.split_at_mut(first);
        head.copy_from_slice(&self.bytes[at..at + first]);
        if !tail.is_empty() {
            tail.copy_from_slice(&self.bytes[..tail.len()]);
        }
    }

    /// `count` bytes from `offset` on, if they stand in one piece.
    #[inline]
    pub(crate) fn piece(&self, offset: usize, count: usize) -> Option<&[u8]> {
        let at = self.place(offset);
        self.bytes.get(at..at + count)
    }

    /// [`Ring::piece`], to write into.
    #[inline]
    pub(crate) fn piece_mut(&mut self, offset: usize, count: usize) -> Option<&mut [u8]> {
        let at = self.place(offset);
        self.bytes.get_mut(at..at + count)
    }

    /// Where the byte `offset` behind the front stands; `offset` is at most the capacity.
    #[inline]
    fn place(&self, offset: usize) -> usize {
        let at = self.front + offset;
        if at >= self.bytes.len() { at - self.bytes.len() } else { at }
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn bytes_come_back_wherever_the_front_stands() {
        for front in 0..11 {
            let mut ring = Ring::new(11);
            ring.advance(front);
            for offset in 0..=11 {
                for count in 0..=11 - offset {
                    let written: Vec<u8> = (1..=count as u8).collect();
                    ring.write(offset, &written);
                    let mut read = vec![0; count];
                    ring.read(offset, &mut read);
                    assert_eq!(read, written);
                    if let Some(piece) = ring.piece(offset, count) {
                        assert_eq!(piece, written);
                    } else {
                        assert!((front + offset) % 11 + count > 11);
                    }
                }
            }
        }
    }
}
