//! Who may open a connection: the addresses that a listening port knows.

use std::net::Ipv4Addr;

/// The peers whose SYN a listening port takes. Everybody else's is dropped and counted, without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// In order, each once; `None` admits everybody.
    addresses: Option<Vec<Ipv4Addr>>,
}

/// Addresses that a filter holds: every seat of an exchange and its spares.
pub const FILTER_ADDRESSES_MAX: usize = 4_096;

impl Filter {
    /// Admits every address.
    pub fn everybody() -> Filter {
        Filter { addresses: None }
    }

    /// Admits these addresses; none, if there are none.
    ///
    /// # Panics
    /// If there are more than [`FILTER_ADDRESSES_MAX`].
    pub fn only(addresses: impl IntoIterator<Item = Ipv4Addr>) -> Filter {
        let mut addresses: Vec<Ipv4Addr> = addresses.into_iter().collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert!(addresses.len() <= FILTER_ADDRESSES_MAX, "a filter holds at most {FILTER_ADDRESSES_MAX} addresses");
        Filter { addresses: Some(addresses) }
    }

    /// Admits `address` from now on. False if the filter is full.
    pub fn admit(&mut self, address: Ipv4Addr) -> bool {
        let Some(addresses) = &mut self.addresses else { return true };
        if let Err(place) = addresses.binary_search(&address) {
            if addresses.len() == FILTER_ADDRESSES_MAX {
                return false;
            }
            addresses.insert(place, address);
        }
        true
    }

    /// Admits `address` no more. A filter that admitted everybody is left as it is: there is nobody to strike out.
    pub fn refuse(&mut self, address: Ipv4Addr) {
        let Some(addresses) = &mut self.addresses else { return };
        if let Ok(place) = addresses.binary_search(&address) {
            addresses.remove(place);
        }
    }

    /// Whether `address` may connect.
    pub fn admits(&self, address: Ipv4Addr) -> bool {
        self.addresses.as_ref().is_none_or(|addresses| addresses.binary_search(&address).is_ok())
    }
}
