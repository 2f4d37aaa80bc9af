//! A front on another machine as a process (前置外置): follows Backstop's log all day, lets members in while Backstop is the exchange.

use super::control::{Ask, Reply};
use super::node::Node;
use crate::machine_clock;
use crate::site::{FrontSite, Site};
use dataplane::front::FrontConfig;
use dataplane::remote::{RemoteConfig, RemoteFront};
use hw_profiles::Profile;
use journal::{Log, LogLimits};
use net::{Instant, Transport};
use serde_json::json;

/// The longest frame of the feed, with all its parts: as the standby takes it.
const FRAME_LIMIT: usize = 64 << 20;

/// A front, running.
pub struct FrontNode<T: Transport> {
    remote: RemoteFront<T>,
    seen: (u64, u64),
    has_complained: bool,
    /// What was done at the start, in one line.
    pub beginning: String,
}

impl<T: Transport> FrontNode<T> {
    /// A front over an empty log in memory: the feed brings the day from its first frame on.
    ///
    /// # Errors
    /// One line.
    pub fn begin(
        site: &Site,
        own: &FrontSite,
        profile: &Profile,
        day: u32,
        seed: [u8; 32],
        host: T,
    ) -> Result<Self, String> {
        let core = &site.backstop;
        let uplink = core.fronts.ok_or("site: backstop.fronts is missing")?;
        if usize::from(own.number) < profile.layout.fronts() {
            return Err(format!(
                "site: front {}: number {} is one of the core's own {} fronts",
                own.name,
                own.number,
                profile.layout.fronts()
            ));
        }
        let mut front = FrontConfig::new(own.members, core.data_center, seed);
        front.number = own.number;
        front.streams = dataplane::streams::StreamLimits::for_commands(profile.limits.frames);
        front.clock = Some(machine_clock);
        front.text = core.text.into();
        let config = RemoteConfig {
            front,
            feed: core.address.at(core.feed),
            uplink: core.address.at(uplink),
            trading_day: day,
            frame_limit: FRAME_LIMIT,
        };
        let bytes = usize::try_from(profile.limits.log_bytes)
            .map_err(|_| "the profile's log does not fit this machine".to_owned())?;
        let limits = LogLimits { bytes, frames: profile.limits.frames as usize };
        let log = Log::in_memory(limits).map_err(|error| format!("memory for the log: {error}"))?;
        let beginning = format!("{day}: front {} (number {}) follows {}", own.name, own.number, config.feed);
        let mut remote = RemoteFront::new(config, host, log);
        let (mut inquirers, answerer) = dataplane::queries::join(own.number, 1);
        let settings = queries::Settings { text: core.text.into(), ..queries::Settings::default() };
        let stage = queries::QueryStage::new(remote.log().clone(), answerer, settings);
        remote.answer_queries(inquirers.remove(0), Box::new(stage));
        Ok(FrontNode { remote, seen: (0, 0), has_complained: false, beginning })
    }
}

impl<T: Transport> Node for FrontNode<T> {
    fn poll(&mut self, now: Instant) -> bool {
        self.remote.poll(now);
        if let Some(halt) = self.remote.halt()
            && !std::mem::replace(&mut self.has_complained, true)
        {
            crate::say(&format!("backstop: {halt}"));
        }
        let counters = self.remote.front().host_counters();
        let seen = (counters.ingress_frames + counters.egress_frames, self.remote.log().committed());
        std::mem::replace(&mut self.seen, seen) != seen
    }

    fn answer(&mut self, ask: Ask, _: Instant) -> Reply {
        if ask != Ask::Status {
            return Err("a front answers `status` only: commands go to Backstop".to_owned());
        }
        let remote = &self.remote;
        let (feed, uplink) = remote.is_linked();
        let (counters, front, board) = (remote.counters(), remote.front().counters(), remote.front().board_counts());
        let halt = match remote.front().halt() {
            Some(contradiction) => Some(contradiction.to_string()),
            None => remote.halt().map(|halt| halt.to_string()),
        };
        Ok(json!({ "status": {
            "is_open": remote.is_open(),
            "feed": feed,
            "uplink": uplink,
            "sequence": remote.log().last_sequence().0,
            "adopted": counters.adopted,
            "commands": counters.sent,
            "dropped": counters.dropped,
            "opened": counters.opened,
            "shut": counters.shut,
            "logins": front.logins,
            "logged_in": board.logged_in,
            "answers": front.answers,
            "halt": halt,
        } }))
    }

    fn end(&mut self) -> Result<String, String> {
        Ok(format!("stopped at sequence {}", self.remote.log().last_sequence()))
    }
}
