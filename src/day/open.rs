//! The commands that open a day, from its base data: DayOpen, who trades, what is traded, what each has and may, the day's steps.

use super::load::{STEPS_MOST, product_of};
use crate::base_data::{self, private_series};
use crate::base_files::*;
use engine::command::{
    AccountDefine, ClientLimitSet, CommandBuffer, CreditSet, MarketMakerSet, MemberLimitSet, PRODUCT_LIMIT_BY_VIEW,
    ParticipantDefine, PositionSet, ProductDefine, RightScope, RightSet, ScheduleAction, ScheduleSet,
    USER_ASCENDING_LOCAL_IDS, USER_CANCEL_ON_DISCONNECT, UserDefine,
};
use engine::types::{
    AccountIndex, ClientNumber, InstrumentIndex, ParticipantIndex, Phase, ProductIndex, Right, UserIndex,
};
use hw_profiles::Limits;
use std::collections::HashMap;

/// Takes a command, and says in words why it cannot.
pub type Take<'a> = dyn FnMut(&CommandBuffer, &dyn Fn() -> String) -> Result<(), String> + 'a;

impl BaseFiles {
    /// The commands that begin a day's log.
    ///
    /// # Errors
    /// As [`BaseFiles::open`].
    pub fn commands(&self, trading_day: u32, data_center: u32, limits: &Limits) -> Result<Vec<CommandBuffer>, String> {
        let mut commands = Vec::new();
        self.open(trading_day, data_center, limits, &mut |command, _| {
            commands.push(*command);
            Ok(())
        })?;
        Ok(commands)
    }

    /// The commands that begin a day's log, one by one, each with the words for what it is of: they are not held, a million clients are
    /// no burden.
    ///
    /// # Errors
    /// A name that is too long or that no other table has, a table that the limits have no room for, a day that is not after the
    /// one that ended: one line. Or what `take` said.
    pub fn open(&self, trading_day: u32, data_center: u32, limits: &Limits, take: &mut Take<'_>) -> Result<(), String> {
        if let Some(end) = self.end.as_ref().filter(|end| end.trading_day >= trading_day) {
            return Err(format!(
                "the base data are of the end of {}; expected a later day than {trading_day}",
                end.trading_day
            ));
        }
        self.check_room(limits)?;
        take(&base_data::day(trading_day, data_center, limits), &|| "day".to_owned())?;
        let participants = self.open_participants(take)?;
        let participant = |id: &str, what: &dyn Fn() -> String| {
            participants.get(id).copied().ok_or_else(|| format!("{}: no participant {id} in participants.csv", what()))
        };
        for (place, row) in self.users.iter().enumerate() {
            let what = || format!("users.csv, {}", row.user);
            let ascending = if row.ascending { USER_ASCENDING_LOCAL_IDS } else { 0 };
            let cancel = if row.cancel_on_disconnect { USER_CANCEL_ON_DISCONNECT } else { 0 };
            let define = UserDefine {
                index: UserIndex(place as u16),
                participant: participant(&row.participant, &what)?,
                right: Right::from(row.right) as u8,
                flags: ascending | cancel,
                reserved: [0; 2],
                address: row.address.octets(),
                requests_per_second: row.requests_per_second,
                requests_in_flight: row.requests_in_flight,
                reserved_2: 0,
                id: named::<15, 16>(&row.user, &what)?,
                secret: text(&row.secret, &what)?,
            };
            take(&CommandBuffer::own(&define), &what)?;
        }
        let (mut accounts, mut clients) = (HashMap::new(), HashMap::new());
        for (place, row) in self.accounts.iter().enumerate() {
            let what = || format!("accounts.csv, {} of {}", row.client, row.participant);
            let next = clients.len() as u32;
            let number = *clients.entry(row.client.as_str()).or_insert(next);
            let index = AccountIndex(place as u32);
            if accounts.insert((row.participant.as_str(), row.client.as_str()), index).is_some() {
                return Err(format!("{} stands there twice", what()));
            }
            let define = AccountDefine {
                index,
                participant: participant(&row.participant, &what)?,
                right: Right::from(row.right) as u8,
                client_type: code(row.r#type, &what)?,
                client_number: ClientNumber(number),
                reserved: 0,
                client_id: text(&row.client, &what)?,
            };
            take(&CommandBuffer::own(&define), &what)?;
        }
        let products = self.open_products(take)?;
        let instruments = self.open_instruments(&products, take)?;
        let account = |participant: &str, client: &str, what: &dyn Fn() -> String| {
            let account = accounts.get(&(participant, client)).copied();
            account.ok_or_else(|| format!("{}: no client {client} of {participant} in accounts.csv", what()))
        };
        let instrument = |id: &str, what: &dyn Fn() -> String| {
            instruments.get(id).copied().ok_or_else(|| format!("{}: no instrument {id}", what()))
        };
        for row in &self.positions {
            let what = || format!("positions.csv, {} of {} in {}", row.client, row.participant, row.instrument);
            let set = PositionSet {
                account: account(&row.participant, &row.client, &what)?,
                instrument: instrument(&row.instrument, &what)?,
                hedge: code(row.hedge, &what)?,
                reserved: 0,
                long_yesterday: row.long_yesterday,
                long_today: row.long_today,
                short_yesterday: row.short_yesterday,
                short_today: row.short_today,
            };
            take(&CommandBuffer::own(&set), &what)?;
        }
        for row in &self.rights {
            let what = || format!("rights.csv, {} of {} in {}", row.client, row.participant, row.instrument);
            let (scope, right) = (RightScope::AccountInstrument as u8, Right::from(row.right) as u8);
            let index = account(&row.participant, &row.client, &what)?.0;
            let set = RightSet { scope, right, instrument: instrument(&row.instrument, &what)?, index };
            take(&CommandBuffer::own(&set), &what)?;
        }
        for row in &self.market_makers {
            let what = || format!("market_makers.csv, {} of {} in {}", row.client, row.participant, row.product);
            let product = products.get(row.product.as_str()).copied();
            let set = MarketMakerSet {
                account: account(&row.participant, &row.client, &what)?,
                product: product.ok_or_else(|| format!("{}: no such product", what()))?,
                on: 1,
                reserved: 0,
            };
            take(&CommandBuffer::own(&set), &what)?;
        }
        for row in &self.client_limits {
            let what = || format!("client_limits.csv, {} in {}", row.client, row.instrument);
            let client = clients.get(row.client.as_str()).copied();
            let set = ClientLimitSet {
                client: ClientNumber(client.ok_or_else(|| format!("{}: no such client", what()))?),
                instrument: instrument(&row.instrument, &what)?,
                class: u8::from(row.hedge),
                reserved: 0,
                long: row.long,
                short: row.short,
            };
            take(&CommandBuffer::own(&set), &what)?;
        }
        for row in &self.member_limits {
            let what = || format!("member_limits.csv, {} in {}", row.participant, row.instrument);
            let (participant, instrument) =
                (participant(&row.participant, &what)?, instrument(&row.instrument, &what)?);
            take(&CommandBuffer::own(&MemberLimitSet { participant, instrument, volume: row.volume }), &what)?;
        }
        for row in &self.credit {
            let what = || format!("credit.csv, {}", row.participant);
            let (participant, kind) = (participant(&row.participant, &what)?, u8::from(row.is_credit));
            take(&CommandBuffer::own(&CreditSet { participant, kind, reserved: [0; 5], amount: row.amount }), &what)?;
        }
        self.open_calendar(&products, take)
    }

    fn open_participants(&self, take: &mut Take<'_>) -> Result<HashMap<&str, ParticipantIndex>, String> {
        let mut participants = HashMap::new();
        for (place, row) in self.participants.iter().enumerate() {
            let what = || format!("participants.csv, {}", row.participant);
            let index = u16::try_from(place).map_err(|_| format!("{}: too many", what()))?;
            if participants.insert(row.participant.as_str(), ParticipantIndex(index)).is_some() {
                return Err(format!("{} stands there twice", what()));
            }
            let clearing = row.clearing.as_deref().unwrap_or(&row.participant);
            let clearing = participants.get(clearing).copied();
            let define = ParticipantDefine {
                index: ParticipantIndex(index),
                series: private_series(index),
                participant_type: code(row.r#type, &what)?,
                right: Right::from(row.right) as u8,
                clearing: clearing.ok_or_else(|| format!("{}: its clearing participant is not above it", what()))?,
                id: text(&row.participant, &what)?,
            };
            take(&CommandBuffer::own(&define), &what)?;
        }
        Ok(participants)
    }

    fn open_products(&self, take: &mut Take<'_>) -> Result<HashMap<&str, ProductIndex>, String> {
        if self.products.is_empty() {
            take(&base_data::one_product(), &|| "the product of all".to_owned())?;
        }
        let mut products = HashMap::new();
        for (place, row) in self.products.iter().enumerate() {
            let what = || format!("products.csv, {}", row.product);
            let index = ProductIndex(u16::try_from(place).map_err(|_| format!("{}: too many", what()))?);
            products.insert(row.product.as_str(), index);
            let define = ProductDefine {
                index,
                kind: code(row.terms.kind, &what)?,
                flags: if row.limit_by_view { PRODUCT_LIMIT_BY_VIEW } else { 0 },
                functions: row.terms.functions,
                enquiry_interval: row.terms.enquiry_interval,
                enquiry_spread: row.enquiry_spread,
                open_limit: row.terms.open_limit,
                quote_spread: row.quote_spread,
                quote_volume: row.quote_volume,
                reserved: 0,
                id: text(&row.product, &what)?,
                group: text(&row.group, &what)?,
            };
            take(&CommandBuffer::own(&define), &what)?;
        }
        Ok(products)
    }

    fn open_instruments(
        &self,
        products: &HashMap<&str, ProductIndex>,
        take: &mut Take<'_>,
    ) -> Result<HashMap<&str, InstrumentIndex>, String> {
        let mut instruments = HashMap::new();
        for (place, row) in self.instruments.iter().enumerate() {
            let what = || format!("instruments.csv or contracts.csv, {}", row.instrument);
            let index = InstrumentIndex(u16::try_from(place).map_err(|_| format!("{}: too many", what()))?);
            instruments.insert(row.instrument.as_str(), index);
            named::<30, 32>(&row.instrument, &what)?;
            let product = match products.get(product_of(row)) {
                Some(product) => *product,
                None if products.is_empty() => base_data::ONE_PRODUCT,
                None => return Err(format!("{}: no product {}", what(), product_of(row))),
            };
            let limit_with = match &row.more.limit_with {
                None => index,
                Some(head) => *instruments
                    .get(head.as_str())
                    .ok_or_else(|| format!("{}: limit_with {head}: no such instrument above", what()))?,
            };
            take(&CommandBuffer::own(&row.define_in(index, product, limit_with)), &what)?;
        }
        Ok(instruments)
    }

    fn open_calendar(&self, products: &HashMap<&str, ProductIndex>, take: &mut Take<'_>) -> Result<(), String> {
        for (place, row) in self.calendar.iter().enumerate() {
            let what = || format!("calendar.csv, step {}", place + 1);
            let product = match &row.product {
                None => ProductIndex::ALL,
                Some(product) => {
                    *products.get(product.as_str()).ok_or_else(|| format!("{}: no product {product}", what()))?
                }
            };
            let set = ScheduleSet {
                step: place as u32 + 1,
                time: row.time,
                product,
                action: ScheduleAction::from(row.action) as u8,
                phase: row.phase.map_or(0, |phase| Phase::from(phase) as u8),
                last_day: row.last_day.into(),
                reserved: [0; 3],
            };
            take(&CommandBuffer::own(&set), &what)?;
        }
        Ok(())
    }

    fn check_room(&self, limits: &Limits) -> Result<(), String> {
        let tables = [
            ("participants", "participants", self.participants.len(), usize::from(limits.participants)),
            ("users", "users", self.users.len(), usize::from(limits.users)),
            ("accounts", "accounts", self.accounts.len(), limits.accounts as usize),
            ("products", "products", self.products.len().max(1), usize::from(limits.products)),
            ("instruments and contracts", "instruments", self.instruments.len(), usize::from(limits.instruments)),
            ("positions", "position_rows", self.positions.len(), limits.position_rows as usize),
            (
                "client_limits and member_limits",
                "limits",
                self.client_limits.len() + self.member_limits.len(),
                limits.limits as usize,
            ),
            ("calendar", "", self.calendar.len(), STEPS_MOST),
        ];
        for (name, limit, rows, room) in tables {
            if rows > room {
                let of = if limit.is_empty() { "a day" } else { "the profile" };
                let field = if limit.is_empty() { String::new() } else { format!(" (limits.{limit})") };
                return Err(format!("{name}.csv: {rows} rows; {of} has room for {room}{field}"));
            }
        }
        Ok(())
    }
}

/// A text, blank-padded to `N`.
fn text<const N: usize>(text: &str, what: &dyn Fn() -> String) -> Result<[u8; N], String> {
    named::<N, N>(text, what)
}

/// A text of at most `MOST` bytes, blank-padded to `N`.
fn named<const MOST: usize, const N: usize>(text: &str, what: &dyn Fn() -> String) -> Result<[u8; N], String> {
    if text.is_empty() || text.len() > MOST {
        return Err(format!("{}: `{text}` has {} bytes; expected 1 to {MOST}", what(), text.len()));
    }
    Ok(base_data::text(text))
}

fn code(character: char, what: &dyn Fn() -> String) -> Result<u8, String> {
    u8::try_from(character).map_err(|_| format!("{}: `{character}` is not one byte", what()))
}
