//! What is asked for at a day's end, and what the day before left under way: from the day's folder, since no command of a log says it.
//!
//! | file | a row |
//! |---|---|
//! | `netting.csv` | `participant,client,instrument,hedge`, `lots`: long and short are closed against one another, at most so many lots of each; empty: all 自动对冲 |
//! | `declarations.csv` | `participant,client,instrument,hedge,side,lots`, `bond`: side `deliver` or `take`; of who delivers: which bond 交割申报 |
//! | `transfers.csv` | `participant,client,to_participant`, `to_client,instrument,hedge,side,lots`: what is empty is everything; to_client: the same one 移仓 |
//! | `delivering.csv` | a delivery of bonds under way, as `backstop settle carry` writes it; `bond` is filled in when the seller has named it 交割中 |
//!
//! `delivering.csv` says of its instrument `product,multiplier,margin_long,margin_short` too: its last day is over, so that the day's log does not
//! have it. Then `seller_participant,seller_client,seller_hedge`, the same of the buyer, `lots,price` (yuan), `bond`, `day` (how far it was at
//! the end of the day before: `entered`, `bonds`, `payment`), `interest` (yuan of 100, seven places), `invoice` (yuan).
//!
//! Transfers take place one after the other, behind the netting, of what a code then holds.

use super::day_log::DayLog;
use super::terms::{LogNames, Terms, known};
use crate::day::decimal::{ONE, PRICE_PLACES, RATE_PLACES};
use crate::day::table::{self, Column, Faults, Row, may, must};
use settlement::delivery::{BondIndex, Declared, Delivery, DeliveryDay};
use settlement::market::{AccountIndex, InstrumentIndex, Kind, Market};
use settlement::row::{Effect, RowKey, Side};
use settlement::{Money, Price, Rate};
use std::collections::BTreeMap;
use std::path::Path;

/// Deliveries under way.
pub const DELIVERING: &str = "delivering.csv";
/// Columns of [`DELIVERING`].
pub const DELIVERING_COLUMNS: [&str; 17] = [
    "instrument",
    "product",
    "multiplier",
    "margin_long",
    "margin_short",
    "seller_participant",
    "seller_client",
    "seller_hedge",
    "buyer_participant",
    "buyer_client",
    "buyer_hedge",
    "lots",
    "price",
    "bond",
    "day",
    "interest",
    "invoice",
];
/// Decimal places of accrued interest: 1/10,000,000 yuan of 100 yuan.
pub const INTEREST_PLACES: u32 = 7;
/// How far a delivery is, in words.
pub const DELIVERY_DAYS: [(&str, DeliveryDay); 4] = [
    ("entered", DeliveryDay::Entered),
    ("bonds", DeliveryDay::Bonds),
    ("payment", DeliveryDay::Payment),
    ("receipt", DeliveryDay::Receipt),
];
/// FTDHedgeFlag's values.
const HEDGES: &str = "1234";
/// Most of a price, 1/10,000 yuan.
const PRICE_MOST: i64 = 1 << 50;
/// Most money of a field, 1/10,000 yuan.
const MONEY_MOST: i64 = 1_000_000_000_000_000_000;
/// Most lots of a request: they are added and taken with a sign.
const LOTS_MOST: u32 = i32::MAX as u32;
const SIDES: [(&str, Side); 2] = [("long", Side::Buy), ("short", Side::Sell)];

/// What was asked for; places are the log's, instruments beyond it those of [`Requests::over`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Netting: at most so many lots of each side.
    pub netting: Vec<(RowKey, u32)>,
    /// Who would deliver, or take.
    pub declared: Vec<Declared>,
    /// Transfers, in the order of the file.
    pub transfers: Vec<Transfer>,
    /// Deliveries under way.
    pub delivering: Vec<Delivery>,
    /// Instruments of these that the log does not have, by place from [`Requests::first`].
    pub over: Vec<OverInstrument>,
    /// The first place behind the log's instruments.
    pub first: u16,
}

/// An instrument whose last day is over, and whose bonds are being delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverInstrument {
    /// InstrumentId.
    pub id: String,
    /// A place among the log's products.
    pub product: u16,
    /// Multiplier.
    pub multiplier: u32,
    /// Margin rate of a long lot.
    pub margin_long: Rate,
    /// Margin rate of a short lot.
    pub margin_short: Rate,
}

/// A row of `transfers.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Where it stands.
    pub row: u64,
    /// Who gives.
    pub from: AccountIndex,
    /// Who receives.
    pub to: AccountIndex,
    /// Which; none: all.
    pub instrument: Option<InstrumentIndex>,
    /// FTDHedgeFlag; none: all.
    pub hedge: Option<u8>,
    /// Buy: the long lots; none: both sides.
    pub side: Option<Side>,
    /// How many; none: all that are held.
    pub lots: Option<u32>,
}

impl Requests {
    /// The instruments of deliveries under way that the log does not have; they get the places behind its instruments, and names.
    #[must_use]
    pub fn of_instruments(folder: &Path, log_instruments: usize, names: &mut LogNames) -> Self {
        let first = u16::try_from(log_instruments).unwrap_or(u16::MAX);
        let mut requests = Requests { first, ..Requests::default() };
        // Faults are named when the rows are read whole.
        table::read(folder, DELIVERING, &delivering_columns(), &mut Faults::default(), |row| {
            let id = row.field("instrument").to_owned();
            let place = usize::from(first) + requests.over.len();
            let Ok(place) = u16::try_from(place) else { return };
            if names.instruments.contains_key(&id) {
                return;
            }
            let product = known(row, "product", &names.products);
            let multiplier = row.number("multiplier", None, 1..=u32::MAX);
            let [margin_long, margin_short] =
                ["margin_long", "margin_short"].map(|column| Rate(row.decimal(column, None, RATE_PLACES, 0..=ONE)));
            if let (Some(product), true) = (product, row.is_whole()) {
                names.instruments.insert(id.clone(), place);
                requests.over.push(OverInstrument { id, product, multiplier, margin_long, margin_short });
            }
        });
        requests
    }

    /// Reads the rest. `bonds`: names and instruments of what may be delivered, in the order of their numbers.
    pub fn read(&mut self, folder: &Path, names: &LogNames, bonds: &[(String, InstrumentIndex)], faults: &mut Faults) {
        let columns = [must("participant"), must("client"), must("instrument"), must("hedge"), may("lots")];
        table::read(folder, "netting.csv", &columns, faults, |row| {
            let key = key(row, names, "");
            let lots = row.number("lots", Some(u32::MAX), 1..=u32::MAX);
            if let (Some(key), true) = (key, row.is_whole()) {
                if self.netting.iter().any(|(other, _)| *other == key) {
                    row.fault("instrument", "stands there twice".to_owned());
                }
                self.netting.push((key, lots));
            }
        });
        let columns = [
            must("participant"),
            must("client"),
            must("instrument"),
            must("hedge"),
            must("side"),
            must("lots"),
            may("bond"),
        ];
        table::read(folder, "declarations.csv", &columns, faults, |row| {
            let key = key(row, names, "");
            let side = row.choice("side", None, &[("deliver", Side::Sell), ("take", Side::Buy)]);
            let lots = row.number("lots", None, 0..=LOTS_MOST);
            let bond = key.and_then(|key| bond(row, bonds, key.instrument));
            if side == Side::Buy && bond.is_some() {
                row.fault("bond", "expected none of who takes".to_owned());
            }
            if let (Some(row_key), true) = (key, row.is_whole()) {
                self.declared.push(Declared { row: row_key, side, lots, bond });
            }
        });
        self.transfers(folder, names, faults);
        table::read(folder, DELIVERING, &delivering_columns(), faults, |row| {
            let (seller, buyer) = (key(row, names, "seller_"), key(row, names, "buyer_"));
            let instrument = seller.map(|key| key.instrument);
            let lots = row.number("lots", None, 1..=LOTS_MOST);
            let price = Price(row.decimal("price", None, PRICE_PLACES, 0..=PRICE_MOST));
            let bond = instrument.and_then(|instrument| bond(row, bonds, instrument));
            let day = row.choice("day", None, &DELIVERY_DAYS);
            let interest = row.decimal("interest", Some(0), INTEREST_PLACES, -PRICE_MOST..=PRICE_MOST);
            let invoice = Money(row.decimal("invoice", Some(0), PRICE_PLACES, 0..=MONEY_MOST));
            if let (Some(instrument), Some(seller), Some(buyer), true) = (instrument, seller, buyer, row.is_whole()) {
                self.delivering.push(Delivery { instrument, seller, buyer, lots, price, bond, day, interest, invoice });
            }
        });
    }

    fn transfers(&mut self, folder: &Path, names: &LogNames, faults: &mut Faults) {
        let columns = [
            must("participant"),
            must("client"),
            must("to_participant"),
            may("to_client"),
            may("instrument"),
            may("hedge"),
            may("side"),
            may("lots"),
        ];
        table::read(folder, "transfers.csv", &columns, faults, |row| {
            let from = code(row, names, "participant", "client");
            let to_client = if row.field("to_client").is_empty() { "client" } else { "to_client" };
            let to = code(row, names, "to_participant", to_client);
            let is_there = |row: &Row<'_>, column| !row.field(column).is_empty();
            let instrument = is_there(row, "instrument").then(|| known(row, "instrument", &names.instruments));
            let hedge = is_there(row, "hedge").then(|| row.code("hedge", None, HEDGES) as u8);
            let side = is_there(row, "side").then(|| row.choice("side", None, &SIDES));
            let lots = is_there(row, "lots").then(|| row.number("lots", None, 1..=LOTS_MOST));
            if lots.is_some() && (instrument.is_none() || hedge.is_none() || side.is_none()) {
                row.fault("lots", "expected nothing, or instrument, hedge and side too".to_owned());
            }
            let (Some(from), Some(to), true) = (from, to, row.is_whole()) else { return };
            if from == to {
                return row.fault("to_participant", "expected another code than the one that gives".to_owned());
            }
            let instrument = instrument.flatten().map(InstrumentIndex);
            self.transfers.push(Transfer { row: row.number, from, to, instrument, hedge, side, lots });
        });
    }

    /// What each row gives and receives: lots long and short, in the order of transfers.
    ///
    /// # Errors
    /// Into `faults`: more lots than are held, with the row.
    pub fn moved(&self, day: &DayLog, market: &Market, faults: &mut Faults) -> Vec<(RowKey, i32, i32)> {
        let mut moved = Vec::new();
        if self.transfers.is_empty() {
            return moved;
        }
        let mut held = self.left(day, market);
        for transfer in &self.transfers {
            let of_it = |key: &RowKey| {
                key.account == transfer.from
                    && transfer.instrument.is_none_or(|instrument| instrument == key.instrument)
                    && transfer.hedge.is_none_or(|hedge| hedge == key.hedge)
            };
            let mut given: Vec<(RowKey, [u32; 2])> = Vec::new();
            for (key, lots) in held.iter().filter(|(key, _)| of_it(key)) {
                let wanted = |side, lots: u32| if transfer.side.is_none_or(|own| own == side) { lots } else { 0 };
                let all = [wanted(Side::Buy, lots[0]), wanted(Side::Sell, lots[1])];
                given.push((*key, all.map(|lots| transfer.lots.map_or(lots, |most| most.min(lots)))));
            }
            let sum: u64 = given.iter().flat_map(|(_, lots)| lots).copied().map(u64::from).sum();
            if sum == 0 || transfer.lots.is_some_and(|lots| sum < lots.into()) {
                let message = format!("expected at most what the code holds then: {sum} lots");
                faults.push("transfers.csv", Some(transfer.row), Some("lots"), message);
                continue;
            }
            for (from, lots) in given.into_iter().filter(|(_, lots)| *lots != [0; 2]) {
                let to = RowKey { account: transfer.to, ..from };
                let of_to = held.get(&to).copied().unwrap_or_default();
                let after = [0, 1].map(|side| of_to[side].checked_add(lots[side]).filter(|sum| *sum <= LOTS_MOST));
                let signed = lots.map(i32::try_from);
                let ([Some(long), Some(short)], [Ok(out_long), Ok(out_short)]) = (after, signed) else {
                    let message = "more lots than a position may have".to_owned();
                    faults.push("transfers.csv", Some(transfer.row), Some("lots"), message);
                    continue;
                };
                held.insert(to, [long, short]);
                let of_from = held.entry(from).or_default();
                *of_from = [of_from[0] - lots[0], of_from[1] - lots[1]];
                moved.push((from, -out_long, -out_short));
                moved.push((to, out_long, out_short));
            }
        }
        moved
    }

    /// Lots long and short of every row after its trades and its netting.
    fn left(&self, day: &DayLog, market: &Market) -> BTreeMap<RowKey, [u32; 2]> {
        let mut held: BTreeMap<RowKey, [i64; 2]> = BTreeMap::new();
        for (key, (long, short)) in &day.carried {
            held.insert(*key, [i64::from(*long), i64::from(*short)]);
        }
        for leg in &day.legs {
            let lots = i64::from(leg.lots);
            let [long, short] = held.entry(leg.row).or_default();
            match (leg.side, leg.effect) {
                (Side::Buy, Effect::Open) => *long += lots,
                (Side::Sell, Effect::Open) => *short += lots,
                (Side::Buy, Effect::Close(_)) => *short -= lots,
                (Side::Sell, Effect::Close(_)) => *long -= lots,
            }
        }
        let left = held.into_iter().map(|(key, lots)| {
            // What cannot be is the batch's to refuse.
            let [long, short] = lots.map(|lots| u32::try_from(lots).unwrap_or(0));
            let netted = long.min(short).min(self.nets(key, market));
            (key, [long - netted, short - netted])
        });
        left.collect()
    }

    /// At most so many lots of each side of a row are closed against one another.
    fn nets(&self, key: RowKey, market: &Market) -> u32 {
        let nets_all = market.accounts.get(key.account.0 as usize).is_some_and(|account| account.nets);
        let instrument = market.instruments.get(usize::from(key.instrument.0));
        let ends = instrument.is_some_and(|of| of.expires && of.kind == Kind::BondFuture);
        let asked = || self.netting.iter().rfind(|(row, _)| *row == key).map_or(0, |(_, lots)| *lots);
        if nets_all || ends { u32::MAX } else { asked() }
    }
}

impl Terms {
    /// Names and instruments of the bonds that may be delivered.
    pub(super) fn bond_names(&self) -> Vec<(String, InstrumentIndex)> {
        self.bonds.iter().map(|bond| (bond.name.clone(), bond.deliverable.instrument)).collect()
    }
}

fn delivering_columns() -> [Column; 17] {
    DELIVERING_COLUMNS.map(|name| if matches!(name, "bond" | "interest" | "invoice") { may(name) } else { must(name) })
}

/// A trading code of the log, by its participant's and its own column.
fn code(row: &mut Row<'_>, names: &LogNames, participant: &str, client: &str) -> Option<AccountIndex> {
    let place = known(row, participant, &names.participants)?;
    let id = row.text(client, 8);
    let account = names.codes.get(&(place, id.clone())).copied().map(AccountIndex);
    if account.is_none() && row.is_whole() {
        let message = format!("`{}`: expected a client of that participant in the log", id.escape_debug());
        row.fault(client, message);
    }
    account
}

/// Whose position in what; columns begin with `who`, the instrument's does not.
fn key(row: &mut Row<'_>, names: &LogNames, who: &str) -> Option<RowKey> {
    let column = |name: &str| format!("{who}{name}");
    let account = code(row, names, &column("participant"), &column("client"));
    let hedge = row.code(&column("hedge"), None, HEDGES) as u8;
    // Of a delivery's two parties the first one names the instrument's fault.
    let instrument = if who == "buyer_" {
        names.instruments.get(row.field("instrument")).copied()
    } else {
        known(row, "instrument", &names.instruments)
    };
    Some(RowKey { account: account?, instrument: InstrumentIndex(instrument?), hedge })
}

/// A bond that may be delivered into an instrument; nothing where none is named.
fn bond(row: &mut Row<'_>, bonds: &[(String, InstrumentIndex)], instrument: InstrumentIndex) -> Option<BondIndex> {
    let name = row.field("bond").to_owned();
    if name.is_empty() {
        return None;
    }
    let place = bonds.iter().position(|(bond, of)| *bond == name && *of == instrument);
    if place.is_none() {
        row.fault("bond", format!("`{}`: expected a bond of that instrument in bonds.csv", name.escape_debug()));
    }
    place.and_then(|place| u16::try_from(place).ok()).map(BondIndex)
}
