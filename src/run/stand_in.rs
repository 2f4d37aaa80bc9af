//! The stand-in primary as a process: the reference exchange with the doors that a primary has, members, feed and names; what it
//! executes is written into a record file, frame by frame, before the feed may have it.

use super::control::{Ask, Decided, Refused, Reply};
use super::node::Node;
use super::operate::{self, BaseNames};
use crate::base_files::BaseFiles;
use crate::site::Site;
use engine::command::{CommandBuffer, MarketDataTick, ScheduleAction};
use engine::types::Nanoseconds;
use hw_profiles::Profile;
use net::{HostConfig, Instant, Transport};
use reference::Outcome;
use reference::primary::{FeedByte, Primary, PrimarySettings};
use serde_json::json;
use standby::{Calendar, command_of};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The primary, running.
pub struct StandIn<T: Transport> {
    primary: Primary<T>,
    record: Option<(File, PathBuf)>,
    recorded: usize,
    calendar: Calendar,
    /// The last step of the calendar that was given.
    step_given: u32,
    next_tick: Instant,
    market_data_every: Duration,
    names: BaseNames,
    seen: (u64, usize),
    is_closed: bool,
    trading_day: u32,
    /// What was done at the start, in one line.
    pub beginning: String,
}

impl<T: Transport> StandIn<T> {
    /// Opens the day from base data: the site's, or those of `day_from`, a day's end.
    ///
    /// # Errors
    /// One line.
    pub fn begin(
        site: &Site,
        profile: &Profile,
        day: u32,
        day_from: Option<&Path>,
        config: HostConfig,
        host: T,
        now: Instant,
    ) -> Result<Self, String> {
        let own = &site.primary;
        let folder = match (day_from, &site.base_data) {
            (Some(folder), _) => folder.to_owned(),
            (None, Some(folder)) => site.path(folder),
            (None, None) => return Err("site: a primary needs base_data, or --day-from DIR".to_owned()),
        };
        let base = BaseFiles::load_for(&folder, day)?;
        if day_from.is_some() && base.end.is_none() {
            return Err(format!(
                "--day-from {}: no day.toml there; expected the folder of a day's end",
                folder.display()
            ));
        }
        let mut settings = PrimarySettings::new(config);
        settings.exchange.data_center = own.data_center;
        settings.member_port = own.members;
        settings.feed_port = own.feed;
        settings.followers = vec![site.backstop.address.address];
        settings.name_servers = vec![site.names.address.at(site.names.cores)];
        settings.fronts = vec![(own.address.at(own.members), 1)];
        settings.proof_only = true;
        let mut primary = Primary::new(settings, host);
        let record = match &own.record {
            None => None,
            Some(folder) => Some(create_record(&site.path(folder), day)?),
        };
        let commands = base.commands(day, own.data_center, &profile.limits)?;
        for (place, command) in commands.iter().enumerate() {
            let outcome = primary.command(now, command.bytes());
            let outcome = outcome.map_err(|stopped| format!("base data, command {}: {stopped:?}", place + 1))?;
            if let Some(refused) = outcome.refused {
                return Err(format!("base data, command {}: refused: {refused:?}", place + 1));
            }
        }
        let beginning = format!("{day}: the day is opened from {}", folder.display());
        let mut stand_in = StandIn {
            primary,
            record,
            recorded: 0,
            calendar: Calendar::of_commands(&commands),
            step_given: 0,
            next_tick: now + site.market_data_every(),
            market_data_every: site.market_data_every(),
            names: BaseNames::of(&commands),
            seen: (0, 0),
            is_closed: false,
            trading_day: day,
            beginning,
        };
        stand_in.write_record()?;
        Ok(stand_in)
    }

    /// The primary, to look at.
    #[must_use]
    pub fn primary(&self) -> &Primary<T> {
        &self.primary
    }

    /// Gives the steps of the day's calendar whose time has come, each once.
    fn keep_the_calendar(&mut self, now: Instant) {
        while let Some(step) = self.calendar.due(Nanoseconds(now.nanos()), self.step_given).copied() {
            self.step_given = step.step;
            match self.primary.command(now, command_of(&step).bytes()) {
                Ok(Outcome { refused: Some(refused), .. }) => {
                    crate::say(&format!("backstop: step {} of the calendar is refused: {refused:?}", step.step));
                }
                Ok(_) => self.is_closed |= step.action == ScheduleAction::DayClose as u8,
                Err(_) => return, // it is dead
            }
        }
    }

    /// Writes what was executed since the last time; only then the feed may have it.
    fn write_record(&mut self) -> Result<(), String> {
        let log = &self.primary.records().log;
        let length = log.len();
        if let Some((file, path)) = &mut self.record {
            file.write_all(&log[self.recorded..]).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        if length > self.recorded {
            self.recorded = length;
            self.primary.feed_until(FeedByte(length as u64));
        }
        Ok(())
    }
}

impl<T: Transport> Node for StandIn<T> {
    fn poll(&mut self, now: Instant) -> bool {
        self.primary.poll(now);
        if now >= self.next_tick && !self.is_closed {
            self.next_tick = now + self.market_data_every;
            let tick = CommandBuffer::own(&MarketDataTick { reserved: 0 });
            // Dead or not, the next round shows.
            let _ = self.primary.command(now, tick.bytes());
        }
        self.keep_the_calendar(now);
        if let Err(fault) = self.write_record() {
            crate::say(&format!("backstop: {fault}: nothing more is fed"));
            self.record = None;
        }
        let counters = self.primary.host().counters();
        let seen = (counters.ingress_frames + counters.egress_frames, self.recorded);
        std::mem::replace(&mut self.seen, seen) != seen
    }

    fn answer(&mut self, ask: Ask, now: Instant) -> Reply {
        match ask {
            Ask::Status => {
                let records = self.primary.records();
                Ok(json!({ "status": {
                    "trading_day": self.trading_day,
                    "sequence": records.last().0,
                    "fed": records.fed().0,
                    "logins": records.logins,
                    "members_logged_in": self.primary.members_logged_in(),
                    "is_closed": self.is_closed,
                } }))
            }
            Ask::Operate { command } => {
                let bytes = operate::command(&command, &self.names)?;
                let outcome = self.primary.command(now, bytes.bytes()).map_err(|stopped| format!("{stopped:?}"))?;
                let refused = outcome.refused.map(|code| Refused { code: code as u16, text: code.text().to_owned() });
                self.is_closed |= refused.is_none() && command == super::control::Operation::Close;
                Ok(json!({ "outcome": Decided { sequence: outcome.stamp.sequence.0, refused } }))
            }
            Ask::Outcome { .. } => Err("the stand-in primary answers at once: there is no ticket of its".to_owned()),
            Ask::Switch { .. } | Ask::Override { .. } => {
                Err("this is the stand-in primary: only Backstop takes over".to_owned())
            }
            Ask::Stop => Err("the loop ends".to_owned()),
        }
    }

    fn end(&mut self) -> Result<String, String> {
        self.write_record()?;
        if let Some((file, path)) = &mut self.record {
            file.sync_all().map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(format!("stopped at sequence {}", self.primary.records().last().0))
    }
}

fn create_record(folder: &Path, day: u32) -> Result<(File, PathBuf), String> {
    let path = folder.join(format!("{day}.record"));
    let refuse = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(folder).map_err(refuse)?;
    let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(refuse)?;
    Ok((file, path))
}
