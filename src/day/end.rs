//! A day's end as a folder that the next day opens from (回切): the tables as the state has them after the last frame.

use super::decimal::{self, PRICE_PLACES, RATE_PLACES};
use super::load::{CARRIED, LAST_DAY_PHASE};
use super::products::{Terms, function_names};
use super::table::show_time;
use crate::base_files::*;
use engine::State;
use engine::command::{
    BodyView, INSTRUMENT_EXERCISE, INSTRUMENT_PREMIUM, PRODUCT_LIMIT_BY_VIEW, RightScope, ScheduleAction,
    USER_ASCENDING_LOCAL_IDS, USER_CANCEL_ON_DISCONNECT,
};
use engine::types::{AccountIndex, InstrumentIndex, ParticipantIndex, Phase, PriceRule, ProductIndex, Right, TieBreak};
use journal::{Log, LogLimits, LogReader, Machine, Replay};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// A day's end from its journal, which stays as it is: it is replayed in memory by our own rules beside.
///
/// # Errors
/// The journal cannot be read, a frame of it cannot be, or its day is not closed.
pub fn of_journal(path: &Path) -> Result<(BaseFiles, Replay, LogReader), String> {
    let inspected = journal::inspect(path, None).map_err(|error| error.to_string())?;
    let reader = inspected.reader;
    let bytes = usize::try_from(reader.committed()).map_err(|_| "the journal does not fit this machine".to_owned())?;
    let limits =
        LogLimits { bytes: bytes + 4_096, frames: usize::try_from(inspected.frames).unwrap_or(usize::MAX) + 1 };
    let log = Log::in_memory(limits).map_err(|error| format!("memory for the journal: {error}"))?;
    let mut machine = Machine::new(log, crate::run::journals::identity(0));
    let replay = machine.replay(&reader);
    if let Some(refused) = &replay.refused {
        return Err(format!("{}: {refused}", path.display()));
    }
    Ok((BaseFiles::at_the_end(machine.state(), &reader)?, replay, reader))
}

impl BaseFiles {
    /// A day's end, from its log: the state after the last frame, with every definition as it is now.
    ///
    /// # Errors
    /// Orders rest, so the day is not closed; or nothing was opened.
    pub fn at_the_end(state: &State, log: &LogReader) -> Result<Self, String> {
        let day = state.day().ok_or("there is no day in the log")?;
        if state.live_orders() > 0 {
            return Err(format!("{} orders rest: the day is not closed", state.live_orders()));
        }
        let id_of = |index: ParticipantIndex| {
            state.participant(index).map(|participant| trimmed(&participant.definition.id)).unwrap_or_default()
        };
        let product_of = |index: ProductIndex| {
            state.product(index).map(|product| trimmed(&product.definition.id)).unwrap_or_default()
        };
        let instrument_of = |index: InstrumentIndex| {
            state.instrument(index).map(|instrument| trimmed(&instrument.definition.id)).unwrap_or_default()
        };
        let account_of = |index: AccountIndex| {
            let account = state.account(index).map(|account| &account.definition);
            account.map(|define| (id_of(define.participant), trimmed(&define.client_id))).unwrap_or_default()
        };
        let set = Set::read(log);
        let mut files = BaseFiles {
            users: users(state, &id_of),
            end: Some(DayEnd {
                trading_day: day.trading_day,
                epoch: state.epoch().0,
                last_sequence: state.last_sequence().0,
                state_digest: format!("{:016X}", state.digests().state),
                expired: Vec::new(),
            }),
            ..BaseFiles::default()
        };
        for participant in state.participants() {
            let define = &participant.definition;
            files.participants.push(ParticipantRow {
                participant: trimmed(&define.id),
                r#type: char::from(define.participant_type),
                right: participant.right.into(),
                clearing: (define.clearing != define.index).then(|| id_of(define.clearing)),
            });
        }
        for account in state.accounts() {
            files.accounts.push(AccountRow {
                participant: id_of(account.definition.participant),
                client: trimmed(&account.definition.client_id),
                r#type: char::from(account.definition.client_type),
                right: account.right.into(),
            });
        }
        // The one product of a day without products is nobody's.
        let is_nameless = state.products().count() == 1
            && state.products().all(|product| trimmed(&product.definition.id) == NAMELESS);
        if !is_nameless {
            files.products = state.products().map(product_row).collect();
        }
        let is_over = |instrument: &engine::Instrument| {
            let last = instrument.definition.last_trading_day;
            last != 0 && last <= day.trading_day
        };
        let goes_on = |index: InstrumentIndex| state.instrument(index).is_some_and(|instrument| !is_over(instrument));
        // Of a limit group whose first contract has expired, the first that has not.
        let mut heads: BTreeMap<InstrumentIndex, InstrumentIndex> = BTreeMap::new();
        for instrument in state.instruments() {
            let define = &instrument.definition;
            if is_over(instrument) {
                files.end.as_mut().expect("made above").expired.push(trimmed(&define.id));
                continue;
            }
            let head = *heads.entry(define.limit_with).or_insert(define.index);
            let product = if is_nameless { String::new() } else { product_of(define.product) };
            let head = (head != define.index).then(|| instrument_of(head));
            files.instruments.push(instrument_row(instrument, product, head));
        }
        for (account, instrument, hedge, position) in state.positions() {
            let long_yesterday = position.long_yesterday + position.long_today;
            let short_yesterday = position.short_yesterday + position.short_today;
            if long_yesterday == 0 && short_yesterday == 0 {
                continue;
            }
            let (participant, client) = account_of(account);
            let rows = if goes_on(instrument) { &mut files.positions } else { &mut files.expired_positions };
            rows.push(PositionRow {
                participant,
                client,
                instrument: instrument_of(instrument),
                hedge: char::from(hedge),
                long_yesterday,
                long_today: 0,
                short_yesterday,
                short_today: 0,
            });
        }
        files.positions.sort();
        files.expired_positions.sort();
        for ((account, instrument), right) in set.rights {
            if !goes_on(InstrumentIndex(instrument)) {
                continue;
            }
            let (participant, client) = account_of(AccountIndex(account));
            let instrument = instrument_of(InstrumentIndex(instrument));
            files.rights.push(RightRow { participant, client, instrument, right: right.into() });
        }
        for (account, product) in set.makers {
            let (participant, client) = account_of(AccountIndex(account));
            files.market_makers.push(MarketMakerRow {
                participant,
                client,
                product: product_of(ProductIndex(product)),
            });
        }
        let clients: BTreeMap<u32, String> = state
            .accounts()
            .map(|account| (account.definition.client_number.0, trimmed(&account.definition.client_id)))
            .collect();
        for ((client, instrument, class), (long, short)) in set.client_limits {
            let client = clients.get(&client).cloned().unwrap_or_default();
            // A limit of a group is its present head's.
            let Some(head) = heads.get(&InstrumentIndex(instrument)) else { continue };
            let instrument = instrument_of(*head);
            files.client_limits.push(ClientLimitRow { client, instrument, hedge: class == 1, long, short });
        }
        for ((participant, instrument), volume) in set.member_limits {
            if !goes_on(InstrumentIndex(instrument)) {
                continue;
            }
            let (participant, instrument) =
                (id_of(ParticipantIndex(participant)), instrument_of(InstrumentIndex(instrument)));
            files.member_limits.push(MemberLimitRow { participant, instrument, volume });
        }
        for ((participant, kind), amount) in set.credit {
            let participant = id_of(ParticipantIndex(participant));
            files.credit.push(CreditRow { participant, is_credit: kind == 1, amount });
        }
        for step in state.schedule() {
            let action = ScheduleAction::from_code(step.action).expect("a step was checked");
            files.calendar.push(StepRow {
                product: (step.product != ProductIndex::ALL).then(|| product_of(step.product)),
                time: step.time,
                action: action.into(),
                phase: Phase::from_code(step.phase).filter(|_| action == ScheduleAction::Phase).map(Into::into),
                last_day: step.last_day == 1,
            });
        }
        Ok(files)
    }

    /// Which contracts are not in the next day's files, for an operator; nothing if none has expired.
    #[must_use]
    pub fn expired_words(&self) -> String {
        match self.end.as_ref().map(|end| end.expired.as_slice()) {
            None | Some([]) => String::new(),
            Some(expired) => format!(
                "; 到期合约 expired, left out: {} ({} positions in expired_positions.csv)",
                expired.join(" "),
                self.expired_positions.len()
            ),
        }
    }

    /// Writes the folder, readable by its owner only. What stood there under these names is replaced.
    ///
    /// # Errors
    /// The file system's, with the file.
    pub fn save(&self, folder: &Path) -> Result<(), String> {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let write = |file: &str, header: &str, rows: Vec<Vec<String>>| write(&folder.join(file), header, rows);
        let text = |value: &dyn ToString| value.to_string();
        let yuan = |value: i64| decimal::show(value, PRICE_PLACES);
        write(
            "participants.csv",
            "participant,type,right,clearing",
            each(&self.participants, |row| {
                let clearing = row.clearing.clone().unwrap_or_default();
                vec![row.participant.clone(), text(&row.r#type), text(&row.right.name()), clearing]
            }),
        )?;
        write(
            "users.csv",
            "user,participant,secret,address,right,ascending,requests_per_second,requests_in_flight,cancel_on_disconnect",
            each(&self.users, |row| {
                vec![
                    row.user.clone(),
                    row.participant.clone(),
                    row.secret.clone(),
                    text(&row.address),
                    text(&row.right.name()),
                    text(&row.ascending),
                    text(&row.requests_per_second),
                    text(&row.requests_in_flight),
                    text(&row.cancel_on_disconnect),
                ]
            }),
        )?;
        write(
            "accounts.csv",
            "participant,client,type,right",
            each(&self.accounts, |row| {
                vec![row.participant.clone(), row.client.clone(), text(&row.r#type), text(&row.right.name())]
            }),
        )?;
        write("products.csv", PRODUCT_COLUMNS, each(&self.products, product_fields))?;
        write("instruments.csv", INSTRUMENT_COLUMNS, each(&self.instruments, instrument_fields))?;
        for (file, rows) in [("positions.csv", &self.positions), ("expired_positions.csv", &self.expired_positions)] {
            write(
                file,
                "participant,client,instrument,hedge,long_yesterday,long_today,short_yesterday,short_today",
                each(rows, |row| {
                    vec![
                        row.participant.clone(),
                        row.client.clone(),
                        row.instrument.clone(),
                        text(&row.hedge),
                        text(&row.long_yesterday),
                        text(&row.long_today),
                        text(&row.short_yesterday),
                        text(&row.short_today),
                    ]
                }),
            )?;
        }
        write(
            "rights.csv",
            "participant,client,instrument,right",
            each(&self.rights, |row| {
                vec![row.participant.clone(), row.client.clone(), row.instrument.clone(), text(&row.right.name())]
            }),
        )?;
        write(
            "market_makers.csv",
            "participant,client,product",
            each(&self.market_makers, |row| vec![row.participant.clone(), row.client.clone(), row.product.clone()]),
        )?;
        write(
            "client_limits.csv",
            "client,instrument,class,long,short",
            each(&self.client_limits, |row| {
                let class = if row.hedge { "hedge" } else { "general" };
                vec![row.client.clone(), row.instrument.clone(), class.to_owned(), text(&row.long), text(&row.short)]
            }),
        )?;
        write(
            "member_limits.csv",
            "participant,instrument,volume",
            each(&self.member_limits, |row| vec![row.participant.clone(), row.instrument.clone(), text(&row.volume)]),
        )?;
        write(
            "credit.csv",
            "participant,kind,amount",
            each(&self.credit, |row| {
                let kind = if row.is_credit { "credit" } else { "funds" };
                vec![row.participant.clone(), kind.to_owned(), yuan(row.amount)]
            }),
        )?;
        write(
            "calendar.csv",
            "product,time,action,phase",
            each(&self.calendar, |row| {
                let product = row.product.clone().unwrap_or_else(|| "*".to_owned());
                let phase = row.phase.map_or("", PhaseName::name);
                let action = if row.last_day { LAST_DAY_PHASE } else { row.action.name() };
                vec![product, show_time(row.time), action.to_owned(), phase.to_owned()]
            }),
        )?;
        // Last: whoever sees it finds the rest whole.
        if let Some(end) = &self.end {
            let text = toml::to_string(end).expect("four plain fields are TOML");
            put(&folder.join("day.toml"), text.as_bytes())?;
        }
        Ok(())
    }
}

/// Copies what the log does not hold (fees, margin rates, trading days) from the day's own folder into its end.
///
/// # Errors
/// The file system's, with the file.
pub fn carry_on(from: &Path, to: &Path) -> Result<(), String> {
    let end = fs::read_to_string(to.join("day.toml")).ok().and_then(|text| toml::from_str::<DayEnd>(&text).ok());
    let expired = end.map(|end| end.expired).unwrap_or_default();
    for file in CARRIED {
        let path = from.join(file);
        if let Ok(bytes) = fs::read(&path) {
            put(&to.join(file), &without_expired(&bytes, &expired))?;
        }
    }
    Ok(())
}

/// A table without the rows whose first column is the id of a contract that has expired: what is carried may name only contracts that are there.
fn without_expired(table: &[u8], expired: &[String]) -> Vec<u8> {
    let is_of_one = |line: &&[u8]| {
        let first = line.split(|&byte| byte == b',').next().unwrap_or_default().trim_ascii();
        !expired.iter().any(|id| id.as_bytes() == first)
    };
    table.split_inclusive(|&byte| byte == b'\n').filter(is_of_one).collect::<Vec<_>>().concat()
}

/// Id of the product of a day without products.
const NAMELESS: &str = "ALL";

const PRODUCT_COLUMNS: &str = "product,kind,group,functions,limit_by_view,enquiry_interval,enquiry_spread,open_limit,quote_spread,quote_volume,\
    limit_rate,last_day_limit_rate,listing_day_limit_rate,margin_rate";
const INSTRUMENT_COLUMNS: &str = "instrument,price_rule,tie_break,phase,right,tick,multiplier,lower_limit,upper_limit,\
    previous_settlement,minimum_volume,maximum_volume,position_limit,open_interest,product,maximum_market_volume,open_limit,\
    limit_with,option_type,strike,exercise,premium,margin_long,margin_short,last_trading_day";

fn each<T>(rows: &[T], fields: impl Fn(&T) -> Vec<String>) -> Vec<Vec<String>> {
    rows.iter().map(fields).collect()
}

fn product_fields(row: &ProductRow) -> Vec<String> {
    vec![
        row.product.clone(),
        row.terms.kind.to_string(),
        row.group.clone(),
        function_names(row.terms.functions),
        row.limit_by_view.to_string(),
        row.terms.enquiry_interval.to_string(),
        row.enquiry_spread.to_string(),
        row.terms.open_limit.to_string(),
        row.quote_spread.to_string(),
        row.quote_volume.to_string(),
        decimal::show(row.terms.limit_rate, RATE_PLACES),
        decimal::show(row.terms.last_day_limit_rate, RATE_PLACES),
        decimal::show(row.terms.listing_day_limit_rate, RATE_PLACES),
        decimal::show(row.terms.margin_rate, RATE_PLACES),
    ]
}

fn instrument_fields(row: &InstrumentRow) -> Vec<String> {
    let more = &row.more;
    let option_type =
        OptionName::CHOICES.iter().find(|(_, known)| *known == more.option_type).map_or("none", |(name, _)| name);
    vec![
        row.instrument.clone(),
        row.price_rule.name().to_owned(),
        row.tie_break.name().to_owned(),
        row.phase.name().to_owned(),
        row.right.name().to_owned(),
        row.tick.to_string(),
        row.multiplier.to_string(),
        row.lower_limit.to_string(),
        row.upper_limit.to_string(),
        row.previous_settlement.to_string(),
        row.minimum_volume.to_string(),
        row.maximum_volume.to_string(),
        row.position_limit.to_string(),
        row.open_interest.to_string(),
        more.product.clone(),
        more.maximum_market_volume.map_or_else(String::new, |volume| volume.to_string()),
        more.open_limit.to_string(),
        more.limit_with.clone().unwrap_or_default(),
        option_type.to_owned(),
        decimal::show(more.strike, PRICE_PLACES),
        more.exercise.to_string(),
        more.premium.to_string(),
        decimal::show(more.margin_long, PRICE_PLACES),
        decimal::show(more.margin_short, PRICE_PLACES),
        if more.last_trading_day == 0 { String::new() } else { more.last_trading_day.to_string() },
    ]
}

fn users(state: &State, id_of: &dyn Fn(ParticipantIndex) -> String) -> Vec<UserRow> {
    let row = |user: &engine::User| {
        let define = &user.definition;
        UserRow {
            user: trimmed(&define.id),
            participant: id_of(define.participant),
            secret: trimmed(&define.secret),
            address: Ipv4Addr::from(define.address),
            right: user.right.into(),
            ascending: define.flags & USER_ASCENDING_LOCAL_IDS != 0,
            requests_per_second: define.requests_per_second,
            requests_in_flight: define.requests_in_flight,
            cancel_on_disconnect: define.flags & USER_CANCEL_ON_DISCONNECT != 0,
        }
    };
    state.users().map(row).collect()
}

fn product_row(product: &engine::Product) -> ProductRow {
    let define = &product.definition;
    let id = trimmed(&define.id);
    let built_in = super::products::of(&id).copied().unwrap_or(super::products::OTHER);
    ProductRow {
        group: trimmed(&define.group),
        limit_by_view: define.flags & PRODUCT_LIMIT_BY_VIEW != 0,
        enquiry_spread: define.enquiry_spread,
        quote_spread: define.quote_spread,
        quote_volume: define.quote_volume,
        price_rule: PriceRuleName::Middle,
        tie_break: TieBreakName::Reference,
        // As it was defined: what was switched off for a while is on again tomorrow.
        terms: Terms {
            kind: char::from(define.kind),
            functions: define.functions,
            enquiry_interval: define.enquiry_interval,
            open_limit: define.open_limit,
            ..built_in
        },
        product: id,
    }
}

fn instrument_row(instrument: &engine::Instrument, product: String, head: Option<String>) -> InstrumentRow {
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
        more: MoreTerms {
            product,
            maximum_market_volume: (define.maximum_market_volume != define.maximum_volume)
                .then_some(define.maximum_market_volume),
            open_limit: define.open_limit,
            limit_with: head,
            option_type: OptionName::from_code(define.option_type),
            strike: define.strike.0,
            exercise: define.flags & INSTRUMENT_EXERCISE != 0,
            premium: define.flags & INSTRUMENT_PREMIUM != 0,
            margin_long: define.margin_long,
            margin_short: define.margin_short,
            last_trading_day: define.last_trading_day,
        },
    }
}

/// What commands set in the day and the state does not list, as the log leaves it.
#[derive(Default)]
struct Set {
    rights: BTreeMap<(u32, u16), Right>,
    makers: Vec<(u32, u16)>,
    client_limits: BTreeMap<(u32, u16, u8), (u32, u32)>,
    member_limits: BTreeMap<(u16, u16), u32>,
    credit: BTreeMap<(u16, u8), i64>,
}

impl Set {
    fn read(log: &LogReader) -> Self {
        let mut set = Set::default();
        let mut makers = BTreeMap::new();
        for frame in log.frames_from(0) {
            if frame.rejection().is_some() {
                continue;
            }
            match frame.command().body {
                BodyView::RightSet(of) if of.scope == RightScope::AccountInstrument as u8 => {
                    if let Some(right) = Right::from_code(of.right) {
                        set.rights.insert((of.index, of.instrument.0), right);
                    }
                }
                BodyView::MarketMakerSet(of) => {
                    makers.insert((of.account.0, of.product.0), of.on == 1);
                }
                BodyView::ClientLimitSet(of) => {
                    set.client_limits.insert((of.client.0, of.instrument.0, of.class), (of.long, of.short));
                }
                BodyView::MemberLimitSet(of) => {
                    set.member_limits.insert((of.participant.0, of.instrument.0), of.volume);
                }
                BodyView::CreditSet(of) => {
                    set.credit.insert((of.participant.0, of.kind), of.amount);
                }
                _ => {}
            }
        }
        set.rights.retain(|_, right| *right != Right::Full);
        set.credit.retain(|_, amount| *amount >= 0);
        set.makers = makers.into_iter().filter(|(_, on)| *on).map(|(of, _)| of).collect();
        set
    }
}

fn trimmed(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim_end_matches([' ', '\0']).to_owned()
}

pub(crate) fn write(path: &Path, header: &str, rows: Vec<Vec<String>>) -> Result<(), String> {
    if rows.is_empty() {
        // The table is left out, as it may be.
        let _ = fs::remove_file(path);
        return Ok(());
    }
    let refuse = |error: csv::Error| format!("{}: {error}", path.display());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header.split(',')).map_err(refuse)?;
    for row in rows {
        writer.write_record(row).map_err(refuse)?;
    }
    let bytes = writer.into_inner().map_err(|error| format!("{}: {error}", path.display()))?;
    put(path, &bytes)
}

/// Whole, or as it was before; readable by its owner only.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let refuse = |error: std::io::Error| format!("{}: {error}", path.display());
    let new = path.with_extension("new");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(refuse)?;
    file.write_all(bytes).map_err(refuse)?;
    file.sync_all().map_err(refuse)?;
    fs::rename(&new, path).map_err(refuse)
}
