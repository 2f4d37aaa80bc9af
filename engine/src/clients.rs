//! Clients over all members: who has which number.

use crate::command::AccountDefine;
use crate::definitions::Table;
use crate::digest::mix;
use crate::state::Account;
use crate::tables::Index;
use crate::types::ClientNumber;

/// Clients over all members: who has which number.
#[derive(Clone)]
pub(crate) struct Clients {
    by_number: Index,
    by_id: Index,
    by_participant: Index,
}

impl Clients {
    /// Room for so many accounts.
    pub(crate) fn new(limit: usize) -> Self {
        Clients {
            by_number: Index::with_room(limit),
            by_id: Index::with_room(limit),
            by_participant: Index::with_room(limit),
        }
    }

    /// Whether an account contradicts those that are defined: RULES.md, AccountDefine.
    pub(crate) fn contradicts(&self, accounts: &Table<Account>, new: &AccountDefine) -> bool {
        let at = |place: u32| &accounts.get(place as usize - 1).expect("only defined accounts are indexed").definition;
        let [number, id, both] = client_hashes(new);
        let other_id = self.by_number.find(number, |place| at(place).client_number == new.client_number);
        let other_number = self.by_id.find(id, |place| at(place).client_id == new.client_id);
        let same = |place: u32| at(place).client_id == new.client_id && at(place).participant == new.participant;
        other_id.is_some_and(|place| at(place).client_id != new.client_id)
            || other_number.is_some_and(|place| at(place).client_number != new.client_number)
            || self.by_participant.find(both, same).is_some()
    }

    /// Whether some account has that number.
    pub(crate) fn knows(&self, accounts: &Table<Account>, client: ClientNumber) -> bool {
        let is = |place: u32| {
            let account = accounts.get(place as usize - 1).expect("only defined accounts are indexed");
            account.definition.client_number == client
        };
        self.by_number.find(number_hash(client), is).is_some()
    }

    pub(crate) fn define(&mut self, new: &AccountDefine) {
        let place = new.index.0 + 1;
        let [number, id, both] = client_hashes(new);
        self.by_number.insert(number, place);
        self.by_id.insert(id, place);
        self.by_participant.insert(both, place);
    }
}

fn client_hashes(account: &AccountDefine) -> [u32; 3] {
    let id = u64::from_le_bytes(account.client_id);
    let [id, both] = [mix(id, 2), mix(id, 3 + u64::from(account.participant.0))].map(|hash| hash as u32);
    [number_hash(account.client_number), id, both]
}

fn number_hash(client: ClientNumber) -> u32 {
    mix(u64::from(client.0), 1) as u32
}
