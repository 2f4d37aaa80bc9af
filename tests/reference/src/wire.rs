//! Little-endian bytes, read and written one item after the other, as `journal/FRAMES.md` has them.

/// Something with a fixed little-endian form.
pub trait Wire: Sized {
    /// Reads it; None: too few bytes, or bytes that must be zero and are not.
    fn take(from: &mut Reader<'_>) -> Option<Self>;
    /// Appends it.
    fn put(&self, into: &mut Vec<u8>);
}

/// Bytes being read from the front.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Wire for $type {
            fn take(from: &mut Reader<'_>) -> Option<Self> {
                let bytes = from.bytes(size_of::<$type>())?;
                Some(<$type>::from_le_bytes(bytes.try_into().ok()?))
            }

            fn put(&self, into: &mut Vec<u8>) {
                into.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}

integers! { u8 u16 u32 u64 i32 i64 }

impl<const N: usize> Wire for [u8; N] {
    fn take(from: &mut Reader<'_>) -> Option<Self> {
        from.bytes(N)?.try_into().ok()
    }

    fn put(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(self);
    }
}

macro_rules! pairs {
    ($($type:ty)*) => {$(
        impl Wire for [$type; 2] {
            fn take(from: &mut Reader<'_>) -> Option<Self> {
                Some([Wire::take(from)?, Wire::take(from)?])
            }

            fn put(&self, into: &mut Vec<u8>) {
                self[0].put(into);
                self[1].put(into);
            }
        }
    )*};
}

pairs! { u32 i64 }

/// Bytes that are zero, and refused otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zero<const N: usize>;

impl<const N: usize> Wire for Zero<N> {
    fn take(from: &mut Reader<'_>) -> Option<Self> {
        from.bytes(N)?.iter().all(|&byte| byte == 0).then_some(Zero)
    }

    fn put(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&[0; N]);
    }
}
