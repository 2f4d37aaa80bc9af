//! Reads a day's folder ([`crate::base_files`]) and checks it whole: every fault is named, not the first; what a row names must be there.

use super::contracts;
use super::decimal::PRICE_PLACES;
use super::products::{self, FUNCTION_NAMES, Terms};
use super::table::{self, Column, Faults, Row, may, must};
use crate::base_files::*;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

/// Every CSV file that a day may have.
pub const FILES: &[&str] = &[
    "participants.csv",
    "users.csv",
    "accounts.csv",
    "products.csv",
    "instruments.csv",
    "contracts.csv",
    "settlement_prices.csv",
    "indices.csv",
    "margins.csv",
    "fees.csv",
    "trading_days.csv",
    "calendar.csv",
    "positions.csv",
    "rights.csv",
    "market_makers.csv",
    "client_limits.csv",
    "member_limits.csv",
    "credit.csv",
    "funds.csv",
    "waivers.csv",
    "closes.csv",
    "bonds.csv",
    "codes.csv",
    "netting.csv",
    "declarations.csv",
    "transfers.csv",
    "delivering.csv",
    "expired_positions.csv",
];
/// Files that the log does not hold: a day's end takes them from the day's own folder.
pub const CARRIED: &[&str] =
    &["margins.csv", "fees.csv", "trading_days.csv", "waivers.csv", "bonds.csv", "codes.csv", "settlement.toml"];
/// Most money of a row, 1/10,000 yuan: 100 trillion yuan.
const MONEY_MOST: i64 = 1_000_000_000_000_000_000;
/// Most steps of a day (RULES.md, ScheduleSet).
pub const STEPS_MOST: usize = 256;
/// In `calendar.csv` the action `phase` of contracts on their last trading day alone.
pub const LAST_DAY_PHASE: &str = "last-day-phase";
/// A step's time is before this (RULES.md, ScheduleSet).
const HEDGE_FLAGS: &str = "1234";

/// What rows name, by name: places in their tables.
#[derive(Default)]
pub(super) struct Names {
    pub participants: HashMap<String, usize>,
    pub accounts: HashSet<(usize, String)>,
    pub clients: HashSet<String>,
    pub products: HashMap<String, usize>,
    pub instruments: HashMap<String, usize>,
}

/// A folder's base data, and how many rows each file had.
#[derive(Debug)]
pub struct Loaded {
    /// The data.
    pub files: BaseFiles,
    /// Rows by file, of those that are there.
    pub rows: Vec<(&'static str, u64)>,
    /// What an operator should know, though it is no fault.
    pub notes: Vec<String>,
}

impl BaseFiles {
    /// Reads a folder.
    ///
    /// # Errors
    /// The first fault of all, with file, row and column, and how many more there are: one line.
    pub fn load(folder: &Path) -> Result<Self, String> {
        load(folder, None, &|_| {})
            .map(|loaded| loaded.files)
            .map_err(|faults| format!("{}: {faults}", folder.display()))
    }

    /// The same for a day: what must not be on it is a fault too, and what is different on it is so.
    ///
    /// # Errors
    /// As [`BaseFiles::load`].
    pub fn load_for(folder: &Path, day: u32) -> Result<Self, String> {
        let loaded = load(folder, Some(day), &|_| {});
        loaded.map(|loaded| loaded.files).map_err(|faults| format!("{}: {faults}", folder.display()))
    }
}

/// Reads and checks a folder; `seen` is told how many rows were read so far.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(folder: &Path, day: Option<u32>, seen: &dyn Fn(u64)) -> Result<Loaded, Faults> {
    let mut loader = Loader {
        folder,
        day,
        seen,
        total: 0,
        faults: Faults::default(),
        names: Names::default(),
        loaded: Loaded { files: BaseFiles::default(), rows: Vec::new(), notes: Vec::new() },
    };
    loader.unknown_files();
    loader.day_end();
    loader.trading_days();
    loader.participants();
    loader.users();
    loader.accounts();
    loader.products();
    loader.instruments();
    contracts::read(&mut loader);
    if loader.loaded.rows.iter().all(|(file, _)| !["instruments.csv", "contracts.csv"].contains(file)) {
        let message = "missing; expected instruments.csv or contracts.csv".to_owned();
        loader.faults.push("instruments.csv", None, None, message);
    }
    loader.positions();
    loader.rights();
    loader.market_makers();
    loader.client_limits();
    loader.member_limits();
    loader.credit();
    loader.calendar();
    loader.fees();
    if loader.faults.count == 0 { Ok(loader.loaded) } else { Err(loader.faults) }
}

pub(super) struct Loader<'a> {
    folder: &'a Path,
    pub day: Option<u32>,
    seen: &'a dyn Fn(u64),
    total: u64,
    pub faults: Faults,
    pub names: Names,
    pub loaded: Loaded,
}

impl Loader<'_> {
    /// Reads a file if it is there.
    pub fn file(
        &mut self,
        file: &'static str,
        columns: &[Column],
        mut each: impl FnMut(&mut Row<'_>, &mut BaseFiles, &mut Names),
    ) -> bool {
        let (mut rows, seen) = (0u64, self.seen);
        let (files, names, total) = (&mut self.loaded.files, &mut self.names, self.total);
        let is_there = table::read(self.folder, file, columns, &mut self.faults, |row| {
            rows += 1;
            if (total + rows).is_multiple_of(4_096) {
                seen(total + rows);
            }
            each(row, files, names);
        });
        self.total += rows;
        seen(self.total);
        if is_there {
            self.loaded.rows.push((file, rows));
        }
        is_there
    }

    fn needed(
        &mut self,
        file: &'static str,
        columns: &[Column],
        each: impl FnMut(&mut Row<'_>, &mut BaseFiles, &mut Names),
    ) {
        if !self.file(file, columns, each) {
            self.faults.push(file, None, None, "missing".to_owned());
        }
    }

    fn unknown_files(&mut self) {
        let entries = match fs::read_dir(self.folder) {
            Ok(entries) => entries,
            Err(error) => {
                let folder = self.folder.display().to_string();
                return self.faults.push(&folder, None, None, format!("cannot be read: {error}"));
            }
        };
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for name in names.iter().filter(|name| name.ends_with(".csv") && !FILES.contains(&name.as_str())) {
            self.faults.push(name, None, None, format!("unknown file; expected one of {}", FILES.join(", ")));
        }
    }

    fn day_end(&mut self) {
        let Ok(text) = fs::read_to_string(self.folder.join("day.toml")) else { return };
        match toml::from_str::<DayEnd>(&text) {
            Err(error) => self.faults.push("day.toml", None, None, error.message().replace('\n', " ")),
            Ok(end) => {
                if let Some(day) = self.day.filter(|day| *day <= end.trading_day) {
                    let message = format!("the end of {}; expected a day after it, not {day}", end.trading_day);
                    self.faults.push("day.toml", None, None, message);
                }
                self.loaded.files.end = Some(end);
            }
        }
    }

    fn trading_days(&mut self) {
        let mut days: Vec<u32> = Vec::new();
        let is_there = self.file("trading_days.csv", &[must("day")], |row, _, _| {
            let day = row.date("day", None);
            if row.is_whole() && days.last().is_some_and(|before| *before >= day) {
                row.fault("day", format!("{day}: expected a day after the row above"));
            }
            days.push(day);
        });
        if let Some(day) = self.day.filter(|day| is_there && !days.contains(day)) {
            let message = format!("{day} is no trading day of the list");
            self.faults.push("trading_days.csv", None, Some("day"), message);
        }
    }

    fn participants(&mut self) {
        let columns = &[must("participant"), must("type"), must("right"), may("clearing")];
        self.needed("participants.csv", columns, |row, files, names| {
            let participant = row.text("participant", 8);
            let made = ParticipantRow {
                r#type: one_byte(row, "type"),
                right: row.choice("right", None, RightName::CHOICES),
                clearing: row.text_or_none("clearing", 8),
                participant: participant.clone(),
            };
            if let Some(clearing) = &made.clearing
                && *clearing != participant
                && !names.participants.contains_key(clearing)
            {
                row.fault("clearing", format!("`{clearing}`: expected itself or a participant of a row above"));
            }
            new_name(row, "participant", &participant, &mut names.participants, files.participants.len());
            files.participants.push(made);
        });
    }

    fn users(&mut self) {
        let columns = &[
            must("user"),
            must("participant"),
            must("secret"),
            must("address"),
            must("right"),
            must("ascending"),
            must("requests_per_second"),
            must("requests_in_flight"),
            may("cancel_on_disconnect"),
        ];
        let mut users = HashMap::new();
        self.needed("users.csv", columns, |row, files, names| {
            let address = row.value("address", None, "an IPv4 address; 0.0.0.0 for any", |text| text.parse().ok());
            let made = UserRow {
                user: row.text("user", 15),
                participant: known(row, "participant", "participants.csv", &names.participants).0,
                secret: row.text("secret", 40),
                address: address.unwrap_or(Ipv4Addr::UNSPECIFIED),
                right: row.choice("right", None, RightName::CHOICES),
                ascending: row.flag("ascending", None),
                requests_per_second: row.number("requests_per_second", None, 0..=u32::MAX),
                requests_in_flight: row.number("requests_in_flight", None, 0..=u32::MAX),
                cancel_on_disconnect: row.flag("cancel_on_disconnect", Some(false)),
            };
            new_name(row, "user", &made.user, &mut users, files.users.len());
            files.users.push(made);
        });
    }

    fn accounts(&mut self) {
        let columns = &[must("participant"), must("client"), must("type"), must("right")];
        self.needed("accounts.csv", columns, |row, files, names| {
            let (participant, place) = known(row, "participant", "participants.csv", &names.participants);
            let client = row.text("client", 8);
            let r#type = one_byte(row, "type");
            let right = row.choice("right", None, RightName::CHOICES);
            if row.is_whole() && !names.accounts.insert((place, client.clone())) {
                row.fault("client", format!("{client} of {participant} stands there twice"));
            }
            if !names.clients.contains(&client) {
                names.clients.insert(client.clone());
            }
            files.accounts.push(AccountRow { participant, client, r#type, right });
        });
    }

    fn products(&mut self) {
        let columns = &[
            must("product"),
            may("kind"),
            may("group"),
            may("functions"),
            may("limit_by_view"),
            may("enquiry_interval"),
            may("enquiry_spread"),
            may("open_limit"),
            may("quote_spread"),
            may("quote_volume"),
            may("price_rule"),
            may("tie_break"),
            may("tick"),
            may("multiplier"),
            may("limit_rate"),
            may("last_day_limit_rate"),
            may("listing_day_limit_rate"),
            may("margin_rate"),
            may("maximum_volume"),
            may("maximum_market_volume"),
            may("position_limit"),
            may("instrument_open_limit"),
            may("premium"),
        ];
        self.file("products.csv", columns, |row, files, names| {
            let product = product_row(row);
            new_name(row, "product", &product.product, &mut names.products, files.products.len());
            files.products.push(product);
        });
    }

    fn instruments(&mut self) {
        let columns = &[
            must("instrument"),
            must("price_rule"),
            must("tie_break"),
            must("phase"),
            must("right"),
            must("tick"),
            must("multiplier"),
            must("lower_limit"),
            must("upper_limit"),
            must("previous_settlement"),
            must("minimum_volume"),
            must("maximum_volume"),
            must("position_limit"),
            must("open_interest"),
            may("product"),
            may("maximum_market_volume"),
            may("open_limit"),
            may("limit_with"),
            may("option_type"),
            may("strike"),
            may("exercise"),
            may("premium"),
            may("margin_long"),
            may("margin_short"),
            may("last_trading_day"),
        ];
        let day = self.day;
        self.file("instruments.csv", columns, |row, files, names| {
            let mut instrument = instrument_row(row);
            let last = instrument.more.last_trading_day;
            if let Some(day) = day.filter(|_| last != 0) {
                if last < day {
                    row.fault("last_trading_day", format!("{last}: the contract has expired on {day}"));
                }
                // What follows from the day needs no word: an option is exercised on its last one.
                let is_option = instrument.more.option_type != OptionName::None;
                instrument.more.exercise |= is_option && last == day;
            }
            check_product(row, &instrument, names);
            if let Some(with) = &instrument.more.limit_with {
                let head = names.instruments.get(with).map(|place| &files.instruments[*place]);
                let heads = head.is_some_and(|head| head.more.limit_with.is_none());
                let same = head.is_some_and(|head| product_of(head) == product_of(&instrument));
                if !(heads && same) {
                    let expected = "expected itself, or an instrument of the same product above that is its own";
                    row.fault("limit_with", format!("`{with}`: {expected}"));
                }
            }
            new_name(row, "instrument", &instrument.instrument, &mut names.instruments, files.instruments.len());
            files.instruments.push(instrument);
        });
    }

    fn positions(&mut self) {
        let columns = &[
            must("participant"),
            must("client"),
            must("instrument"),
            must("hedge"),
            must("long_yesterday"),
            must("long_today"),
            must("short_yesterday"),
            must("short_today"),
        ];
        let mut there = HashSet::new();
        self.file("positions.csv", columns, |row, files, names| {
            let (participant, client) = account(row, names);
            let (instrument, place) = known(row, "instrument", "instruments.csv or contracts.csv", &names.instruments);
            let lots = |row: &mut Row<'_>, column| row.number(column, None, 0..=u32::MAX);
            let made = PositionRow {
                hedge: row.code("hedge", None, HEDGE_FLAGS),
                long_yesterday: lots(row, "long_yesterday"),
                long_today: lots(row, "long_today"),
                short_yesterday: lots(row, "short_yesterday"),
                short_today: lots(row, "short_today"),
                participant,
                client,
                instrument,
            };
            for (column, a, b) in [
                ("long_today", made.long_yesterday, made.long_today),
                ("short_today", made.short_yesterday, made.short_today),
            ] {
                if a.checked_add(b).is_none() {
                    row.fault(column, format!("{a} and {b} lots: expected fewer than 2^32 together"));
                }
            }
            if row.is_whole() && !there.insert((made.participant.clone(), made.client.clone(), place, made.hedge)) {
                row.fault("instrument", "the client has this position in a row above".to_owned());
            }
            files.positions.push(made);
        });
    }

    fn rights(&mut self) {
        let columns = &[must("participant"), must("client"), must("instrument"), must("right")];
        let mut there = HashSet::new();
        self.file("rights.csv", columns, |row, files, names| {
            let (participant, client) = account(row, names);
            let (instrument, place) = known(row, "instrument", "instruments.csv or contracts.csv", &names.instruments);
            let right = row.choice("right", None, RightName::CHOICES);
            if row.is_whole() && !there.insert((participant.clone(), client.clone(), place)) {
                row.fault("instrument", "the client has a right there in a row above".to_owned());
            }
            files.rights.push(RightRow { participant, client, instrument, right });
        });
    }

    fn market_makers(&mut self) {
        let columns = &[must("participant"), must("client"), must("product")];
        let mut there = HashSet::new();
        self.file("market_makers.csv", columns, |row, files, names| {
            let (participant, client) = account(row, names);
            let (product, _) = known(row, "product", "products.csv", &names.products);
            let made = MarketMakerRow { participant, client, product };
            if row.is_whole() && !there.insert((made.participant.clone(), made.client.clone(), made.product.clone())) {
                row.fault("product", "stands there twice".to_owned());
            }
            files.market_makers.push(made);
        });
    }

    fn client_limits(&mut self) {
        let columns = &[must("client"), must("instrument"), must("class"), must("long"), must("short")];
        let mut there = HashSet::new();
        self.file("client_limits.csv", columns, |row, files, names| {
            let client = row.text("client", 8);
            if row.is_whole() && !names.clients.contains(&client) {
                row.fault("client", format!("`{client}`: expected a client of accounts.csv"));
            }
            let (instrument, place) = known(row, "instrument", "instruments.csv or contracts.csv", &names.instruments);
            if let Some(head) = files.instruments.get(place).and_then(|of| of.more.limit_with.as_ref())
                && row.is_whole()
                && *head != instrument
            {
                row.fault("instrument", format!("`{instrument}`: expected the first of its limit group, {head}"));
            }
            let hedge = row.choice("class", None, &[("general", false), ("hedge", true)]);
            let long = row.number("long", None, 0..=u32::MAX);
            let short = row.number("short", None, 0..=u32::MAX);
            if row.is_whole() && !there.insert((client.clone(), place, hedge)) {
                row.fault("client", "has this limit in a row above".to_owned());
            }
            files.client_limits.push(ClientLimitRow { client, instrument, hedge, long, short });
        });
    }

    fn member_limits(&mut self) {
        let columns = &[must("participant"), must("instrument"), must("volume")];
        let mut there = HashSet::new();
        self.file("member_limits.csv", columns, |row, files, names| {
            let (participant, member) = known(row, "participant", "participants.csv", &names.participants);
            let (instrument, place) = known(row, "instrument", "instruments.csv or contracts.csv", &names.instruments);
            let volume = row.number("volume", None, 0..=u32::MAX);
            if row.is_whole() && !there.insert((member, place)) {
                row.fault("participant", "has this limit in a row above".to_owned());
            }
            files.member_limits.push(MemberLimitRow { participant, instrument, volume });
        });
    }

    fn credit(&mut self) {
        let columns = &[must("participant"), must("kind"), must("amount")];
        let mut there = HashSet::new();
        self.file("credit.csv", columns, |row, files, names| {
            let (participant, place) = known(row, "participant", "participants.csv", &names.participants);
            let is_credit = row.choice("kind", None, &[("funds", false), ("credit", true)]);
            let amount = row.decimal("amount", None, PRICE_PLACES, 0..=MONEY_MOST);
            if row.is_whole() && !there.insert((place, is_credit)) {
                row.fault("kind", "the participant has this in a row above".to_owned());
            }
            let cleared_by = files.participants.get(place).and_then(|of| of.clearing.as_ref());
            if row.is_whole()
                && !is_credit
                && let Some(other) = cleared_by.filter(|other| **other != participant)
            {
                row.fault("kind", format!("`funds`: {participant} is cleared by {other}; expected `credit`"));
            }
            files.credit.push(CreditRow { participant, is_credit, amount });
        });
    }

    fn calendar(&mut self) {
        let columns = &[must("product"), must("time"), must("action"), may("phase")];
        let mut rows = Vec::new();
        self.file("calendar.csv", columns, |row, _, names| {
            let product = if row.field("product") == "*" {
                None
            } else {
                Some(known(row, "product", "products.csv, or * for every one", &names.products).0)
            };
            let time = row.value("time", None, "hh:mm:ss or hh:mm:ss.mmm, before 48:00", table::parse_time);
            let mut actions: Vec<(&str, (ActionName, bool))> =
                ActionName::CHOICES.iter().map(|(name, action)| (*name, (*action, false))).collect();
            actions.push((LAST_DAY_PHASE, (ActionName::Phase, true)));
            let (action, last_day) = row.choice("action", None, &actions);
            let phase = row.field("phase").to_owned();
            let phase = match (action, phase.is_empty()) {
                (ActionName::Phase, _) => Some(row.choice("phase", None, PhaseName::CHOICES)),
                (_, true) => None,
                (_, false) => {
                    row.fault("phase", format!("`{phase}`: expected nothing for {}", action.name()));
                    None
                }
            };
            let product_is_all = product.is_none();
            if row.is_whole() && action == ActionName::DayClose && !product_is_all {
                row.fault("product", "expected * for day-close: a day closes whole".to_owned());
            }
            rows.push((row.number, StepRow { product, time: time.unwrap_or(0), action, phase, last_day }));
        });
        if rows.len() > STEPS_MOST {
            let (row, _) = rows[STEPS_MOST];
            self.faults.push(
                "calendar.csv",
                Some(row),
                None,
                format!("{} steps; expected at most {STEPS_MOST}", rows.len()),
            );
        }
        rows.sort_by_key(|(_, step)| step.time);
        self.check_order_of_steps(&rows);
        self.loaded.files.calendar = rows.into_iter().map(|(_, step)| step).collect();
    }

    /// What is uncrossed was in the auction's matching; after the end of the day there is nothing.
    fn check_order_of_steps(&mut self, rows: &[(u64, StepRow)]) {
        let mut phases: HashMap<Option<&str>, PhaseName> = HashMap::new();
        let mut is_over = None;
        for (row, step) in rows {
            let product = step.product.as_deref();
            if let Some(end) = is_over {
                let message = format!("comes after the day is closed in row {end}");
                self.faults.push("calendar.csv", Some(*row), Some("time"), message);
                continue;
            }
            match (step.action, step.phase) {
                // What an expiring contract is in is not what its product is in.
                (ActionName::Phase, Some(phase)) if !step.last_day => {
                    if product.is_none() {
                        phases.clear();
                    }
                    phases.insert(product, phase);
                }
                (ActionName::Uncross, _) => {
                    let phase = phases.get(&product).or_else(|| phases.get(&None));
                    let any = product.is_none() && phases.values().any(|phase| *phase == PhaseName::AuctionMatch);
                    if phase != Some(&PhaseName::AuctionMatch) && !any {
                        let message = "uncross without the phase auction-match before it".to_owned();
                        self.faults.push("calendar.csv", Some(*row), Some("action"), message);
                    }
                }
                (ActionName::DayClose, _) => is_over = Some(row),
                _ => {}
            }
        }
    }

    fn fees(&mut self) {
        let columns = &[must("product"), must("fee"), must("basis"), must("value"), may("valid_until")];
        let fees = ["trade", "close-today", "submission", "settlement", "delivery", "exercise", "transfer"]
            .map(|name| (name, name));
        let mut there = HashSet::new();
        self.file("fees.csv", columns, |row, _, names| {
            let (product, _) = known(row, "product", "products.csv", &names.products);
            let fee = row.choice("fee", None, &fees);
            // Of the turnover; yuan a lot; yuan a message.
            let basis = row.choice("basis", None, &[("rate", 1), ("lot", 2), ("message", 3)]);
            let most = if basis == 1 { super::decimal::ONE } else { 1_000_000 * super::decimal::ONE };
            row.decimal("value", None, super::decimal::RATE_PLACES, 0..=most);
            let until = row.date("valid_until", Some(0));
            if row.is_whole() && (fee == "submission") != (basis == 3) {
                row.fault("basis", "expected `message` for submission, `rate` or `lot` for the others".to_owned());
            }
            if row.is_whole() && !there.insert((product, fee, until)) {
                row.fault("fee", "stands there twice".to_owned());
            }
        });
    }
}

/// A name that is not there yet gets its place.
pub(super) fn new_name(row: &mut Row<'_>, column: &str, name: &str, names: &mut HashMap<String, usize>, place: usize) {
    if names.contains_key(name) {
        row.fault(column, format!("{name} stands there twice"));
    } else {
        names.insert(name.to_owned(), place);
    }
}

/// A name of another file, and its place there; 0 if it is not there.
pub(super) fn known(row: &mut Row<'_>, column: &str, file: &str, names: &HashMap<String, usize>) -> (String, usize) {
    let name = row.field(column).to_owned();
    let place = names.get(&name).copied();
    if place.is_none() {
        row.fault(column, format!("`{}`: expected one of {file}", name.escape_debug()));
    }
    (name, place.unwrap_or(0))
}

fn account(row: &mut Row<'_>, names: &Names) -> (String, String) {
    let (participant, place) = known(row, "participant", "participants.csv", &names.participants);
    let client = row.text("client", 8);
    if row.is_whole() && !names.accounts.contains(&(place, client.clone())) {
        row.fault("client", format!("`{client}`: expected a client of {participant} in accounts.csv"));
    }
    (participant, client)
}

fn one_byte(row: &mut Row<'_>, column: &str) -> char {
    let one = |text: &str| text.chars().next().filter(|code| text.len() == 1 && code.is_ascii_graphic());
    row.value(column, None, "one character", one).unwrap_or('0')
}

/// Letters of an instrument's product.
pub(super) fn product_of(instrument: &InstrumentRow) -> &str {
    let own = &instrument.more.product;
    if own.is_empty() { products::letters(&instrument.instrument) } else { own }
}

/// With `products.csv` every instrument is of one of them.
fn check_product(row: &mut Row<'_>, instrument: &InstrumentRow, names: &Names) {
    let product = product_of(instrument);
    if !names.products.contains_key(product) && (!names.products.is_empty() || !instrument.more.product.is_empty()) {
        row.fault("product", format!("`{product}`: expected one of products.csv"));
    }
}

fn product_row(row: &mut Row<'_>) -> ProductRow {
    use super::decimal::{ONE, RATE_PLACES};
    let product = row.text("product", 8);
    let built_in = products::of(&product).copied();
    let base = built_in.unwrap_or(products::OTHER);
    let rate = |row: &mut Row<'_>, column, built_in| row.decimal(column, Some(built_in), RATE_PLACES, 0..=ONE);
    let count = |row: &mut Row<'_>, column, built_in, least| row.number(column, Some(built_in), least..=u32::MAX);
    let kind = row.code("kind", Some(base.kind), "0123");
    let is_option = row.flag("premium", Some(base.is_option || (built_in.is_none() && kind == '2')));
    let tick = row.decimal("tick", Some(i64::from(base.tick)), PRICE_PLACES, 1..=i64::from(u32::MAX));
    let functions = format!("names joined by +: {}", FUNCTION_NAMES.join(", "));
    let terms = Terms {
        product: base.product,
        group: base.group,
        kind,
        functions: row.value("functions", Some(base.functions), &functions, products::functions).unwrap_or(0),
        tick: u32::try_from(tick).unwrap_or(0),
        multiplier: count(row, "multiplier", base.multiplier, 1),
        limit_rate: rate(row, "limit_rate", base.limit_rate),
        last_day_limit_rate: rate(row, "last_day_limit_rate", base.last_day_limit_rate),
        listing_day_limit_rate: rate(row, "listing_day_limit_rate", base.listing_day_limit_rate),
        margin_rate: rate(row, "margin_rate", base.margin_rate),
        maximum_volume: count(row, "maximum_volume", base.maximum_volume, 1),
        maximum_market_volume: count(row, "maximum_market_volume", base.maximum_market_volume, 1),
        position_limit: count(row, "position_limit", base.position_limit, 0),
        instrument_open_limit: count(row, "instrument_open_limit", base.instrument_open_limit, 0),
        open_limit: count(row, "open_limit", base.open_limit, 0),
        enquiry_interval: count(row, "enquiry_interval", base.enquiry_interval, 0),
        is_option,
    };
    let group = row
        .text_or_none("group", 8)
        .unwrap_or_else(|| if terms.group.is_empty() { product.clone() } else { terms.group.to_owned() });
    ProductRow {
        group,
        limit_by_view: row.flag("limit_by_view", Some(is_option)),
        enquiry_spread: count(row, "enquiry_spread", 0, 0),
        quote_spread: count(row, "quote_spread", 0, 0),
        quote_volume: count(row, "quote_volume", 0, 0),
        price_rule: row.choice("price_rule", Some(PriceRuleName::Middle), PriceRuleName::CHOICES),
        tie_break: row.choice("tie_break", Some(TieBreakName::Reference), TieBreakName::CHOICES),
        terms,
        product,
    }
}

/// Prices are beyond this on neither side (RULES.md, Base data).
const TICKS_MOST: i32 = 1 << 30;
/// Most ticks between the limits (RULES.md, Base data).
const BAND_TICKS: i64 = 65_535;

fn instrument_row(row: &mut Row<'_>) -> InstrumentRow {
    let ticks = |row: &mut Row<'_>, column| row.number(column, None, 1 - TICKS_MOST..=TICKS_MOST - 1);
    let money = |row: &mut Row<'_>, column| row.decimal(column, Some(0), PRICE_PLACES, 0..=i64::MAX);
    let market = (!row.field("maximum_market_volume").is_empty())
        .then(|| row.number("maximum_market_volume", None, 1..=u32::MAX));
    let mut made = InstrumentRow {
        instrument: row.text("instrument", 30),
        price_rule: row.choice("price_rule", None, PriceRuleName::CHOICES),
        tie_break: row.choice("tie_break", None, TieBreakName::CHOICES),
        phase: row.choice("phase", None, PhaseName::CHOICES),
        right: row.choice("right", None, RightName::CHOICES),
        tick: row.number("tick", None, 1..=u32::MAX),
        multiplier: row.number("multiplier", None, 1..=u32::MAX),
        lower_limit: ticks(row, "lower_limit"),
        upper_limit: ticks(row, "upper_limit"),
        previous_settlement: row.number("previous_settlement", None, -TICKS_MOST..=TICKS_MOST),
        minimum_volume: row.number("minimum_volume", None, 1..=u32::MAX),
        maximum_volume: row.number("maximum_volume", None, 1..=u32::MAX),
        position_limit: row.number("position_limit", None, 0..=u32::MAX),
        open_interest: row.number("open_interest", None, 0..=1 << 62),
        more: MoreTerms {
            product: row.text_or_none("product", 8).unwrap_or_default(),
            maximum_market_volume: market,
            open_limit: row.number("open_limit", Some(0), 0..=u32::MAX),
            limit_with: row.text_or_none("limit_with", 30),
            option_type: row.choice("option_type", Some(OptionName::None), OptionName::CHOICES),
            strike: row.decimal("strike", Some(0), PRICE_PLACES, i64::MIN..=i64::MAX),
            exercise: row.flag("exercise", Some(false)),
            premium: row.flag("premium", Some(false)),
            margin_long: money(row, "margin_long"),
            margin_short: money(row, "margin_short"),
            last_trading_day: row.date("last_trading_day", Some(0)),
        },
    };
    // Itself is what it is without a word.
    if made.more.limit_with.as_ref() == Some(&made.instrument) {
        made.more.limit_with = None;
    }
    if row.is_whole() {
        let band = i64::from(made.upper_limit) - i64::from(made.lower_limit);
        if !(0..=BAND_TICKS).contains(&band) {
            let message = format!("{}: expected 0 to {BAND_TICKS} ticks above lower_limit", made.upper_limit);
            row.fault("upper_limit", message);
        }
        if made.minimum_volume > made.maximum_volume {
            row.fault("maximum_volume", format!("{}: expected at least minimum_volume", made.maximum_volume));
        }
    }
    made
}
