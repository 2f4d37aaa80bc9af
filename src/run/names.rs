//! The name service as a process. It keeps nothing on the disk: who is the exchange says so again.

use super::control::{Ask, Reply};
use super::node::Node;
use crate::site::Site;
use dataplane::names::{NamePorts, NameService};
use net::{Filter, Instant, Transport};
use serde_json::json;

/// Connections at once: every member asks when the primary dies, and goes.
pub const SESSIONS: u16 = 1_024;

/// The name service, running.
pub struct Names<T: Transport> {
    service: NameService<T>,
    /// What was done at the start, in one line.
    pub beginning: String,
}

impl<T: Transport> Names<T> {
    /// Listens; only the site's cores may publish.
    ///
    /// # Errors
    /// One line.
    pub fn begin(site: &Site, host: T) -> Result<Self, String> {
        let publishers = Filter::only([site.primary.address.address, site.backstop.address.address]);
        let ports = NamePorts { members: site.names.members, cores: site.names.cores, publishers };
        let service = NameService::new(host, ports).map_err(|error| format!("[names]: {error:?}"))?;
        let beginning = format!(
            "members ask at {}, cores publish at {}",
            site.names.address.at(site.names.members),
            site.names.cores
        );
        Ok(Names { service, beginning })
    }
}

impl<T: Transport> Node for Names<T> {
    fn poll(&mut self, now: Instant) -> bool {
        self.service.poll(now) > 0
    }

    fn answer(&mut self, ask: Ask, _: Instant) -> Reply {
        if ask != Ask::Status {
            return Err("the name service answers `status` only".to_owned());
        }
        let fronts = self.service.fronts().iter().map(|front| {
            json!({
                "address": front.address.to_string(),
                "priority": front.priority,
                "epoch": front.epoch.0,
                "data_center": front.data_center,
            })
        });
        let counters = self.service.counters();
        Ok(json!({ "status": {
            "fronts": fronts.collect::<Vec<_>>(),
            "answered": counters.answered,
            "published": counters.published,
            "refused_epoch": counters.refused_epoch,
        } }))
    }

    fn end(&mut self) -> Result<String, String> {
        Ok(format!("stopped; {} fronts were published", self.service.fronts().len()))
    }
}
