//! Hardware profiles: one TOML a server model says which stage runs on which core, how it waits, how durable a release is and how
//! large the tables are. The whole appliance is declared in one static file; code does not know server models.
//!
//! A profile is read whole and checked whole: an unknown or missing field, or a value beyond its range, is refused with the
//! field's name; nothing has a silent default.

#![forbid(unsafe_code)]

use serde::Deserialize;
use std::fmt;
use std::path::Path;

/// A server model, declared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, as on the command line.
    pub name: String,
    /// One line for people.
    pub description: String,
    /// Stages on cores.
    pub layout: Layout,
    /// When a release is safe.
    pub durability: Durability,
    /// How large the tables are.
    pub limits: Limits,
}

/// Stages on cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Threads on the order path: 1 or 2.
    pub cores: u8,
    /// What a stage does when there is nothing to do.
    pub waiting: Waiting,
    /// Whether threads are pinned to cores.
    pub pin: bool,
}

/// What a stage does when there is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waiting {
    /// Polls on: for cores that belong to the stage alone.
    Spin,
    /// Polls a while, then lets others run: for shared cores.
    SpinThenYield,
}

/// When a release is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Durability {
    /// The policy.
    pub policy: DurabilityPolicy,
}

/// When what is recorded may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DurabilityPolicy {
    /// When it is on the disk.
    Sync,
    /// When it is in the page cache: a lost machine is a takeover from oneself.
    Async,
}

/// How large the tables are. Each is a count unless it says bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Connections at once.
    pub sessions: u16,
    /// Participants.
    pub participants: u16,
    /// Users.
    pub users: u16,
    /// Accounts.
    pub accounts: u32,
    /// Instruments.
    pub instruments: u16,
    /// Orders that rest at once.
    pub live_orders: u32,
    /// Local ids in a day.
    pub local_ids: u32,
    /// Position rows.
    pub position_rows: u32,
    /// Frames in a day.
    pub frames: u32,
    /// Bytes of a day's log.
    pub log_bytes: u64,
}

/// Why a profile was refused: one line that names the file and the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError(String);

impl fmt::Display for ProfileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for ProfileError {}

/// The profiles that are built in.
const BUILT_IN: &[(&str, &str)] = &[("dev", include_str!("../dev.toml"))];

impl Profile {
    /// A built-in profile by its name, or a profile from a file.
    ///
    /// # Errors
    /// No such name or file; the file's fault with its line and field.
    pub fn load(name_or_path: &str) -> Result<Self, ProfileError> {
        if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(&format!("built-in profile {name}"), text);
        }
        let path = Path::new(name_or_path);
        if path.extension().is_none() {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            return Err(ProfileError(format!(
                "profile {name_or_path}: expected a file name ending in .toml or one of: {}",
                names.join(", ")
            )));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| ProfileError(format!("profile {name_or_path}: cannot be read: {error}")))?;
        Self::parse(name_or_path, &text)
    }

    fn parse(origin: &str, text: &str) -> Result<Self, ProfileError> {
        let profile: Profile = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            // The line's field: what is wrong with its value says nothing of whose value it is.
            let field = text.lines().nth(line.saturating_sub(1)).and_then(|line| line.split_once('='));
            let field = field.map_or_else(String::new, |(field, _)| format!(", {}", field.trim()));
            ProfileError(format!("{origin}, line {line}{field}: {}", error.message().replace('\n', " ")))
        })?;
        profile.check().map_err(|fault| ProfileError(format!("{origin}: {fault}")))?;
        Ok(profile)
    }

    fn check(&self) -> Result<(), String> {
        let limits = &self.limits;
        let ranges: [(&str, u64, u64, u64); 11] = [
            ("layout.cores", u64::from(self.layout.cores), 1, 2),
            ("limits.sessions", u64::from(limits.sessions), 4, 16_384),
            ("limits.participants", u64::from(limits.participants), 1, 16_384),
            ("limits.users", u64::from(limits.users), 1, 32_768),
            ("limits.accounts", u64::from(limits.accounts), 1, 1 << 24),
            ("limits.instruments", u64::from(limits.instruments), 1, 16_384),
            ("limits.live_orders", u64::from(limits.live_orders), 1, 1 << 26),
            ("limits.local_ids", u64::from(limits.local_ids), 1, 1 << 28),
            ("limits.position_rows", u64::from(limits.position_rows), 1, 1 << 24),
            ("limits.frames", u64::from(limits.frames), 1_024, 1 << 30),
            ("limits.log_bytes", limits.log_bytes, 1 << 20, 1 << 40),
        ];
        for (field, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(format!("{field} = {value}: expected {least} to {most}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(edit: impl Fn(&str) -> String) -> String {
        Profile::parse("file.toml", &edit(BUILT_IN[0].1)).expect_err("must be refused").to_string()
    }

    #[test]
    fn every_built_in_profile_is_whole() {
        for (name, _) in BUILT_IN {
            assert_eq!(Profile::load(name).expect("built in").name, *name);
        }
    }

    #[test]
    fn an_unknown_field_is_named() {
        assert!(refusal(|text| text.replace("sessions =", "sesions =")).contains("sesions"));
    }

    #[test]
    fn a_missing_field_is_named() {
        assert!(refusal(|text| text.replace("frames = 4_194_304", "")).contains("frames"));
    }

    #[test]
    fn a_value_out_of_range_is_named_with_what_was_expected() {
        let fault = refusal(|text| text.replace("cores = 1 ", "cores = 3 "));
        assert!(fault.contains("layout.cores = 3") && fault.contains("1 to 2"), "{fault}");
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        assert!(Profile::load("epyc").expect_err("unknown").to_string().contains("dev"));
    }
}
