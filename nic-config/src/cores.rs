//! Sets of processors, in the two ways the kernel writes them.
//!
//! A list is `0-3,8`: ranges and single numbers with commas between. A mask is `00000000,0000010f`: groups of 32 bits in hexadecimal
//! with commas between, the last group the lowest. Both end with a line feed, and an empty list is an empty line.

use std::collections::BTreeSet;
use std::fmt;

/// A set of processors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreSet(BTreeSet<u16>);

/// Processors are numbered below this: the kernel's own limit (CONFIG_NR_CPUS on x86).
const CORES_MAX: u16 = 8_192;

impl CoreSet {
    /// Reads a list. None: it is none.
    #[must_use]
    pub fn parse_list(text: &str) -> Option<CoreSet> {
        let mut cores = BTreeSet::new();
        for part in text.trim().split(',').filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            if first > last || last >= CORES_MAX {
                return None;
            }
            cores.extend(first..=last);
        }
        Some(CoreSet(cores))
    }

    /// Reads a mask. None: it is none.
    #[must_use]
    pub fn parse_mask(text: &str) -> Option<CoreSet> {
        let mut cores = BTreeSet::new();
        for (group, digits) in text.trim().rsplit(',').enumerate() {
            let bits = u32::from_str_radix(digits.trim_start_matches("0x"), 16).ok()?;
            let first = u16::try_from(group * 32).ok().filter(|first| *first < CORES_MAX)?;
            cores.extend((0..32).filter(|bit| bits >> bit & 1 == 1).map(|bit| first + bit));
        }
        Some(CoreSet(cores))
    }

    /// As a mask with as many groups as `like` has, so that it reads as the kernel wrote it.
    #[must_use]
    pub fn to_mask(&self, like: &str) -> String {
        let groups: Vec<&str> = like.trim().split(',').collect();
        let first_width = groups[0].trim_start_matches("0x").len();
        let mut words = vec![0_u32; groups.len().max(self.0.last().map_or(1, |last| usize::from(*last) / 32 + 1))];
        for core in &self.0 {
            words[usize::from(*core) / 32] |= 1 << (core % 32);
        }
        let width =
            |group: usize| if group + 1 == words.len() && words.len() == groups.len() { first_width } else { 8 };
        let texts: Vec<String> = words
            .iter()
            .enumerate()
            .rev()
            .map(|(group, word)| format!("{word:0width$x}", width = width(group)))
            .collect();
        texts.join(",")
    }

    /// Whether a processor is in it.
    #[must_use]
    pub fn contains(&self, core: u16) -> bool {
        self.0.contains(&core)
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub fn contains_all(&self, other: &CoreSet) -> bool {
        self.0.is_superset(&other.0)
    }

    /// What is in both.
    #[must_use]
    pub fn and(&self, other: &CoreSet) -> CoreSet {
        CoreSet(self.0.intersection(&other.0).copied().collect())
    }

    /// What is in this and not in `other`.
    #[must_use]
    pub fn without(&self, other: &CoreSet) -> CoreSet {
        CoreSet(self.0.difference(&other.0).copied().collect())
    }

    /// What is in either.
    #[must_use]
    pub fn or(&self, other: &CoreSet) -> CoreSet {
        CoreSet(self.0.union(&other.0).copied().collect())
    }

    /// The processors, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.iter().copied()
    }
}

impl FromIterator<u16> for CoreSet {
    fn from_iter<I: IntoIterator<Item = u16>>(cores: I) -> CoreSet {
        CoreSet(cores.into_iter().collect())
    }
}

impl fmt::Display for CoreSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cores = self.0.iter().copied().peekable();
        let mut is_first = true;
        while let Some(first) = cores.next() {
            let mut last = first;
            while cores.peek() == Some(&(last + 1)) {
                last = cores.next().expect("it was just seen");
            }
            let comma = if is_first { "" } else { "," };
            is_first = false;
            match last {
                last if last == first => write!(out, "{comma}{first}")?,
                last => write!(out, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_written_as_the_kernel_does() {
        for text in ["", "0", "0-3", "0-3,8", "1,3,5-7", "4095"] {
            assert_eq!(CoreSet::parse_list(text).expect("a list").to_string(), text);
        }
        for text in ["x", "3-1", "1-", "0-99999", "8192", "-1", "0x3"] {
            assert_eq!(CoreSet::parse_list(text), None, "{text}");
        }
        assert_eq!(CoreSet::parse_list("0-1,2\n").expect("a list").to_string(), "0-2");
    }

    #[test]
    fn masks_are_read_and_written_as_the_kernel_does() {
        for (mask, list) in [
            ("f", "0-3"),
            ("ff0f", "0-3,8-15"),
            ("00000001,00000000", "32"),
            ("ffffffff,ffffffff", "0-63"),
            ("ffff,ffffffff,ffffffff", "0-79"),
            ("00000000", ""),
        ] {
            let cores = CoreSet::parse_mask(mask).expect("a mask");
            assert_eq!(cores.to_string(), list);
            assert_eq!(cores.to_mask(mask), mask);
        }
        assert_eq!(CoreSet::parse_list("40").expect("a list").to_mask("f"), "00000100,00000000");
        assert_eq!(CoreSet::parse_mask("xyz"), None);
        assert_eq!(CoreSet::parse_mask(&"0,".repeat(400)), None);
    }
}
