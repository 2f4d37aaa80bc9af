//! Base data as files: what a day begins with, in a folder of CSV tables that people and other systems can write; and the same folder
//! written from a day's end, so that the next day opens from it, on whichever core (回切).
//!
//! | file | a row |
//! |---|---|
//! | `participants.csv` | `participant,type,right` |
//! | `users.csv` | `user,participant,secret,address,right,ascending,requests_per_second,requests_in_flight` |
//! | `accounts.csv` | `participant,client,type,right` |
//! | `instruments.csv` | `instrument,price_rule,tie_break,phase,right,tick,multiplier,lower_limit,upper_limit,previous_settlement,minimum_volume,maximum_volume,position_limit,open_interest` |
//! | `positions.csv` | `participant,client,instrument,hedge,long_yesterday,long_today,short_yesterday,short_today` |
//! | `rights.csv` | `participant,client,instrument,right`: one client in one instrument |
//! | `day.toml` | only of a day's end: which day ended, at which sequence |
//!
//! Prices are ticks, a tick is in 1/10,000 yuan, rights are `full`, `close-only`, `forbidden`. A row's place is its index in the log,
//! so that the order of rows is part of the day. `positions.csv` and `rights.csv` may be absent. Secrets stand in
//! `users.csv`: what is written here is readable by its owner only.
//!
//! A day's end has no orders: closing ends them. Today's positions become yesterday's. Settlement prices and the next day's price
//! limits are the clearing house's to fill in: they are written as the day had them.

use crate::base_data::{self, private_series};
use engine::State;
use engine::command::{
    AccountDefine, BodyView, CommandBuffer, InstrumentDefine, ParticipantDefine, PositionSet, RightScope, RightSet,
    USER_ASCENDING_LOCAL_IDS, UserDefine,
};
use engine::types::{
    AccountIndex, ClientNumber, InstrumentIndex, ParticipantIndex, Phase, PriceRule, RawPrice, Right, TieBreak,
    UserIndex,
};
use hw_profiles::Limits;
use journal::LogReader;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Base data as in the files, row by row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseFiles {
    /// Participants; a row's place is its index.
    pub participants: Vec<ParticipantRow>,
    /// Users.
    pub users: Vec<UserRow>,
    /// Accounts.
    pub accounts: Vec<AccountRow>,
    /// Instruments.
    pub instruments: Vec<InstrumentRow>,
    /// Positions.
    pub positions: Vec<PositionRow>,
    /// Rights of one client in one instrument.
    pub rights: Vec<RightRow>,
    /// Of which day's end this is, if of one.
    pub end: Option<DayEnd>,
}

/// A row of `participants.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantRow {
    /// ParticipantId, at most 8 bytes.
    pub participant: String,
    /// FTDParticipantType.
    pub r#type: char,
    /// What it may do.
    pub right: RightName,
}

/// A row of `users.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// UserId, at most 15 bytes.
    pub user: String,
    /// Whose.
    pub participant: String,
    /// The password, or the key of the login's proof, at most 40 bytes.
    pub secret: String,
    /// Where it connects from; 0.0.0.0 = anywhere.
    pub address: Ipv4Addr,
    /// What it may do.
    pub right: RightName,
    /// Its local ids must ascend.
    pub ascending: bool,
    /// Requests a second; 0 = no limit.
    pub requests_per_second: u32,
    /// Requests unanswered at once; 0 = no limit.
    pub requests_in_flight: u32,
}

/// A row of `accounts.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// Through whom it trades.
    pub participant: String,
    /// ClientId, at most 8 bytes.
    pub client: String,
    /// FTDClientType.
    pub r#type: char,
    /// What it may do.
    pub right: RightName,
}

/// A row of `instruments.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentRow {
    /// InstrumentId, at most 30 bytes.
    pub instrument: String,
    /// Price of a continuous trade.
    pub price_rule: PriceRuleName,
    /// Among equally good auction prices.
    pub tie_break: TieBreakName,
    /// The phase the day begins with.
    pub phase: PhaseName,
    /// What may be done in it.
    pub right: RightName,
    /// One tick, in 1/10,000 yuan.
    pub tick: u32,
    /// Contract multiplier.
    pub multiplier: u32,
    /// Lowest price, ticks.
    pub lower_limit: i32,
    /// Highest price, ticks.
    pub upper_limit: i32,
    /// Previous settlement, ticks.
    pub previous_settlement: i32,
    /// Fewest lots of an order.
    pub minimum_volume: u32,
    /// Most lots of an order.
    pub maximum_volume: u32,
    /// Lots a client may hold on one side; 0 = no limit.
    pub position_limit: u32,
    /// Lots open when the day begins, counted once.
    pub open_interest: u64,
}

/// A row of `positions.csv`, lots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PositionRow {
    /// Through whom.
    pub participant: String,
    /// Whose.
    pub client: String,
    /// In what.
    pub instrument: String,
    /// FTDHedgeFlag.
    pub hedge: char,
    /// Long, from yesterday.
    pub long_yesterday: u32,
    /// Long, of today.
    pub long_today: u32,
    /// Short, from yesterday.
    pub short_yesterday: u32,
    /// Short, of today.
    pub short_today: u32,
}

/// A row of `rights.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RightRow {
    /// Through whom.
    pub participant: String,
    /// Whose.
    pub client: String,
    /// In what.
    pub instrument: String,
    /// What it may do there.
    pub right: RightName,
}

/// `day.toml`: of which day's end the folder is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayEnd {
    /// The day that ended, yyyymmdd.
    pub trading_day: u32,
    /// Its last epoch.
    pub epoch: u32,
    /// Its last frame.
    pub last_sequence: u64,
    /// The state's digest there, hexadecimal.
    pub state_digest: String,
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident for $type:ident { $($variant:ident),* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $(#[doc = concat!("As [`", stringify!($type), "::", stringify!($variant), "`].")] $variant),* }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.serialize(out) // its word, as in the files
            }
        }

        impl From<$name> for $type {
            fn from(name: $name) -> $type {
                match name { $($name::$variant => $type::$variant),* }
            }
        }

        impl From<$type> for $name {
            fn from(value: $type) -> $name {
                match value { $($type::$variant => $name::$variant),* }
            }
        }
    };
}

names! {
    /// `full`, `close-only`, `forbidden`.
    RightName for Right { Full, CloseOnly, Forbidden }
}
names! {
    /// `resting`, `middle`.
    PriceRuleName for PriceRule { Resting, Middle }
}
names! {
    /// `pressure`, `reference`, `highest`, `lowest`, `pressure-reference`.
    TieBreakName for TieBreak { Pressure, Reference, Highest, Lowest, PressureReference }
}
names! {
    /// `continuous`, `auction-ordering`, `closing-auction`, `suspended`, `no-trading`, `cancel-only`, `auction-match`, `closed`.
    PhaseName for Phase { Continuous, AuctionOrdering, ClosingAuction, Suspended, NoTrading, CancelOnly, AuctionMatch, Closed }
}

impl BaseFiles {
    /// Reads a folder.
    ///
    /// # Errors
    /// A file that is missing or malformed, a name that no other file has: one line with file and row.
    pub fn load(folder: &Path) -> Result<Self, String> {
        let end = folder.join("day.toml");
        let end = match fs::read_to_string(&end) {
            Ok(text) => Some(
                toml::from_str(&text)
                    .map_err(|error| format!("{}: {}", end.display(), error.message().replace('\n', " ")))?,
            ),
            Err(_) => None,
        };
        Ok(BaseFiles {
            participants: read(&folder.join("participants.csv"))?,
            users: read(&folder.join("users.csv"))?,
            accounts: read(&folder.join("accounts.csv"))?,
            instruments: read(&folder.join("instruments.csv"))?,
            positions: read_if_there(&folder.join("positions.csv"))?,
            rights: read_if_there(&folder.join("rights.csv"))?,
            end,
        })
    }

    /// Writes the folder, readable by its owner only. What stood there under these names is replaced.
    ///
    /// # Errors
    /// The file system's, with the file.
    pub fn save(&self, folder: &Path) -> Result<(), String> {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        write(&folder.join("participants.csv"), &self.participants)?;
        write(&folder.join("users.csv"), &self.users)?;
        write(&folder.join("accounts.csv"), &self.accounts)?;
        write(&folder.join("instruments.csv"), &self.instruments)?;
        write(&folder.join("positions.csv"), &self.positions)?;
        write(&folder.join("rights.csv"), &self.rights)?;
        // Last: whoever sees it finds the rest whole.
        if let Some(end) = &self.end {
            let text = toml::to_string(end).expect("four plain fields are TOML");
            put(&folder.join("day.toml"), text.as_bytes())?;
        }
        Ok(())
    }

    /// The commands that begin a day's log.
    ///
    /// # Errors
    /// A name that is too long or that no other file has, a table that the limits have no room for, a day that is not after the
    /// one that ended: one line.
    pub fn commands(&self, trading_day: u32, data_center: u32, limits: &Limits) -> Result<Vec<CommandBuffer>, String> {
        if let Some(end) = self.end.as_ref().filter(|end| end.trading_day >= trading_day) {
            return Err(format!(
                "the base data are of the end of {}; expected a later day than {trading_day}",
                end.trading_day
            ));
        }
        self.check_room(limits)?;
        let mut commands = vec![base_data::day(trading_day, data_center, limits)];
        let mut participants = HashMap::new();
        for (place, row) in self.participants.iter().enumerate() {
            let what = || format!("participants.csv, row {}", place + 1);
            let index = u16::try_from(place).map_err(|_| format!("{}: too many", what()))?;
            if participants.insert(row.participant.as_str(), ParticipantIndex(index)).is_some() {
                return Err(format!("{}: {} stands there twice", what(), row.participant));
            }
            commands.push(CommandBuffer::own(&ParticipantDefine {
                index: ParticipantIndex(index),
                series: private_series(index),
                participant_type: code(row.r#type, &what)?,
                right: Right::from(row.right) as u8,
                clearing: ParticipantIndex(index),
                id: text(&row.participant, &what)?,
            }));
        }
        let participant = |id: &str, what: &dyn Fn() -> String| {
            participants.get(id).copied().ok_or_else(|| format!("{}: no participant {id} in participants.csv", what()))
        };
        for (place, row) in self.users.iter().enumerate() {
            let what = || format!("users.csv, row {}", place + 1);
            commands.push(CommandBuffer::own(&UserDefine {
                index: UserIndex(place as u16),
                participant: participant(&row.participant, &what)?,
                right: Right::from(row.right) as u8,
                flags: if row.ascending { USER_ASCENDING_LOCAL_IDS } else { 0 },
                reserved: [0; 2],
                address: row.address.octets(),
                requests_per_second: row.requests_per_second,
                requests_in_flight: row.requests_in_flight,
                reserved_2: 0,
                id: named::<15, 16>(&row.user, &what)?,
                secret: text(&row.secret, &what)?,
            }));
        }
        let (mut accounts, mut clients) = (HashMap::new(), HashMap::new());
        for (place, row) in self.accounts.iter().enumerate() {
            let what = || format!("accounts.csv, row {}", place + 1);
            let next = clients.len() as u32;
            let number = *clients.entry(row.client.as_str()).or_insert(next);
            let index = AccountIndex(place as u32);
            if accounts.insert((row.participant.as_str(), row.client.as_str()), index).is_some() {
                return Err(format!("{}: {} of {} stands there twice", what(), row.client, row.participant));
            }
            commands.push(CommandBuffer::own(&AccountDefine {
                index,
                participant: participant(&row.participant, &what)?,
                right: Right::from(row.right) as u8,
                client_type: code(row.r#type, &what)?,
                client_number: ClientNumber(number),
                reserved: 0,
                client_id: text(&row.client, &what)?,
            }));
        }
        let mut instruments = HashMap::new();
        commands.push(base_data::one_product());
        for (place, row) in self.instruments.iter().enumerate() {
            let what = || format!("instruments.csv, row {}", place + 1);
            let index = InstrumentIndex(place as u16);
            instruments.insert(row.instrument.as_str(), index);
            named::<30, 32>(&row.instrument, &what)?;
            commands.push(row.define(index.0));
        }
        let find = |participant: &str, client: &str, instrument: &str, what: &dyn Fn() -> String| {
            let account = accounts.get(&(participant, client)).copied();
            let account =
                account.ok_or_else(|| format!("{}: no client {client} of {participant} in accounts.csv", what()))?;
            let instrument = instruments
                .get(instrument)
                .copied()
                .ok_or_else(|| format!("{}: no {instrument} in instruments.csv", what()))?;
            Ok::<_, String>((account, instrument))
        };
        for (place, row) in self.positions.iter().enumerate() {
            let what = || format!("positions.csv, row {}", place + 1);
            let (account, instrument) = find(&row.participant, &row.client, &row.instrument, &what)?;
            commands.push(CommandBuffer::own(&PositionSet {
                account,
                instrument,
                hedge: code(row.hedge, &what)?,
                reserved: 0,
                long_yesterday: row.long_yesterday,
                long_today: row.long_today,
                short_yesterday: row.short_yesterday,
                short_today: row.short_today,
            }));
        }
        for (place, row) in self.rights.iter().enumerate() {
            let what = || format!("rights.csv, row {}", place + 1);
            let (account, instrument) = find(&row.participant, &row.client, &row.instrument, &what)?;
            let (scope, right) = (RightScope::AccountInstrument as u8, Right::from(row.right) as u8);
            commands.push(CommandBuffer::own(&RightSet { scope, right, instrument, index: account.0 }));
        }
        Ok(commands)
    }

    /// A day's end, from its log: the state after the last frame, with every definition as it is now.
    ///
    /// # Errors
    /// Orders rest, so the day is not closed; or nothing was opened.
    pub fn at_the_end(state: &State, log: &LogReader) -> Result<Self, String> {
        let day = state.day().ok_or("there is no day in the log")?;
        if state.live_orders() > 0 {
            return Err(format!("{} orders rest: the day is not closed", state.live_orders()));
        }
        let mut files = BaseFiles::default();
        for participant in state.participants() {
            let define = &participant.definition;
            files.participants.push(ParticipantRow {
                participant: trimmed(&define.id),
                r#type: char::from(define.participant_type),
                right: participant.right.into(),
            });
        }
        let participant_of = |index: ParticipantIndex| files.participants[usize::from(index.0)].participant.clone();
        let users: Vec<UserRow> = state
            .users()
            .map(|user| {
                let define = &user.definition;
                UserRow {
                    user: trimmed(&define.id),
                    participant: participant_of(define.participant),
                    secret: trimmed(&define.secret),
                    address: Ipv4Addr::from(define.address),
                    right: user.right.into(),
                    ascending: define.flags & USER_ASCENDING_LOCAL_IDS != 0,
                    requests_per_second: define.requests_per_second,
                    requests_in_flight: define.requests_in_flight,
                }
            })
            .collect();
        let accounts: Vec<AccountRow> = state
            .accounts()
            .map(|account| {
                let define = &account.definition;
                AccountRow {
                    participant: participant_of(define.participant),
                    client: trimmed(&define.client_id),
                    r#type: char::from(define.client_type),
                    right: account.right.into(),
                }
            })
            .collect();
        let instruments: Vec<InstrumentRow> = state.instruments().map(InstrumentRow::of).collect();
        let pair = |account: AccountIndex, instrument: InstrumentIndex| {
            let AccountRow { participant, client, .. } = accounts[account.0 as usize].clone();
            (participant, client, instruments[usize::from(instrument.0)].instrument.clone())
        };
        for (account, instrument, hedge, position) in state.positions() {
            let long_yesterday = position.long_yesterday + position.long_today;
            let short_yesterday = position.short_yesterday + position.short_today;
            if long_yesterday == 0 && short_yesterday == 0 {
                continue;
            }
            let (participant, client, instrument) = pair(account, instrument);
            files.positions.push(PositionRow {
                participant,
                client,
                instrument,
                hedge: char::from(hedge),
                long_yesterday,
                long_today: 0,
                short_yesterday,
                short_today: 0,
            });
        }
        files.positions.sort();
        for ((account, instrument), right) in rights_of_pairs(log) {
            let (participant, client, instrument) = pair(AccountIndex(account), InstrumentIndex(instrument));
            files.rights.push(RightRow { participant, client, instrument, right: right.into() });
        }
        files.end = Some(DayEnd {
            trading_day: day.trading_day,
            epoch: state.epoch().0,
            last_sequence: state.last_sequence().0,
            state_digest: format!("{:016X}", state.digests().state),
        });
        Ok(BaseFiles { users, accounts, instruments, ..files })
    }

    fn check_room(&self, limits: &Limits) -> Result<(), String> {
        let tables = [
            ("participants", self.participants.len(), usize::from(limits.participants)),
            ("users", self.users.len(), usize::from(limits.users)),
            ("accounts", self.accounts.len(), limits.accounts as usize),
            ("instruments", self.instruments.len(), usize::from(limits.instruments)),
            ("positions", self.positions.len(), limits.position_rows as usize),
        ];
        for (name, rows, room) in tables {
            if rows > room {
                return Err(format!("{name}.csv: {rows} rows; the profile has room for {room}"));
            }
        }
        Ok(())
    }
}

impl InstrumentRow {
    /// The command that defines it.
    ///
    /// # Panics
    /// If its id does not fit: who reads it from a file looks first.
    #[must_use]
    pub fn define(&self, index: u16) -> CommandBuffer {
        CommandBuffer::own(&InstrumentDefine {
            index: InstrumentIndex(index),
            price_rule: PriceRule::from(self.price_rule) as u8,
            tie_break: TieBreak::from(self.tie_break) as u8,
            phase: Phase::from(self.phase) as u8,
            right: Right::from(self.right) as u8,
            product: base_data::ONE_PRODUCT,
            tick: self.tick,
            multiplier: self.multiplier,
            lower_limit: self.lower_limit,
            upper_limit: self.upper_limit,
            previous_settlement: self.previous_settlement,
            minimum_volume: self.minimum_volume,
            maximum_volume: self.maximum_volume,
            maximum_market_volume: self.maximum_volume,
            open_limit: 0,
            position_limit: self.position_limit,
            limit_with: InstrumentIndex(index),
            option_type: b'0',
            flags: 0,
            reserved: 0,
            previous_open_interest: self.open_interest,
            strike: RawPrice(0),
            margin_long: 0,
            margin_short: 0,
            id: base_data::text(&self.instrument),
        })
    }

    fn of(instrument: &engine::Instrument) -> Self {
        let define = &instrument.definition;
        InstrumentRow {
            instrument: trimmed(&define.id),
            price_rule: PriceRule::from_code(define.price_rule).expect("a definition was checked").into(),
            tie_break: TieBreak::from_code(define.tie_break).expect("a definition was checked").into(),
            phase: Phase::from_code(define.phase).expect("a definition was checked").into(),
            right: instrument.right.into(),
            tick: define.tick,
            multiplier: define.multiplier,
            lower_limit: define.lower_limit,
            upper_limit: define.upper_limit,
            previous_settlement: define.previous_settlement,
            minimum_volume: define.minimum_volume,
            maximum_volume: define.maximum_volume,
            position_limit: define.position_limit,
            open_interest: instrument.open_interest,
        }
    }
}

/// Rights of clients in instruments as the log leaves them, by account and instrument; full ones are none.
fn rights_of_pairs(log: &LogReader) -> BTreeMap<(u32, u16), Right> {
    let mut rights = BTreeMap::new();
    for frame in log.frames_from(0) {
        if let BodyView::RightSet(set) = frame.command().body
            && set.scope == RightScope::AccountInstrument as u8
            && frame.rejection().is_none()
            && let Some(right) = Right::from_code(set.right)
        {
            rights.insert((set.index, set.instrument.0), right);
        }
    }
    rights.retain(|_, right| *right != Right::Full);
    rights
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

fn trimmed(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim_end_matches([' ', '\0']).to_owned()
}

fn read_if_there<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, String> {
    if path.exists() { read(path) } else { Ok(Vec::new()) }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, String> {
    let refuse = |error: csv::Error| {
        let line = error.position().map_or_else(String::new, |position| format!(", line {}", position.line()));
        format!("{}{line}: {error}", path.display())
    };
    let mut reader = csv::Reader::from_path(path).map_err(refuse)?;
    reader.deserialize().map(|row| row.map_err(refuse)).collect()
}

fn write<T: Serialize>(path: &Path, rows: &[T]) -> Result<(), String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let bytes = writer.into_inner().map_err(|error| format!("{}: {error}", path.display()))?;
    if bytes.is_empty() {
        // No rows, no header: the table is left out, as it may be.
        let _ = fs::remove_file(path);
        return Ok(());
    }
    put(path, &bytes)
}

/// Whole, or as it was before; readable by its owner only.
fn put(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let refuse = |error: std::io::Error| format!("{}: {error}", path.display());
    let new = path.with_extension("new");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(refuse)?;
    file.write_all(bytes).map_err(refuse)?;
    file.sync_all().map_err(refuse)?;
    fs::rename(&new, path).map_err(refuse)
}
