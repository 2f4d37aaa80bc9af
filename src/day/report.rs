//! `backstop day report`: a fold over a day's journal. Market makers' obligations 做市义务: quotes that were within their product's
//! spread and volume, how long they stood in continuous trading, enquiries they answered. Counters for surveillance 监察计数: orders, cancels,
//! trades, self-trades, large orders by client number and instrument, and which of them are over a threshold.
//!
//! A quote counts from when it is accepted until one of its sides has fewer lots than the product's `quote_volume` or ends. An enquiry is
//! answered by a quote that counts, in its instrument, within the time that is said. Cancels of quotes and of hedge orders ('3') are counted
//! apart: they are exempt; what FOK and FAK leave is no cancel. A self-trade is one of a client number with itself, counted once.

use engine::command::{BodyView, InstrumentDefine, ProductDefine};
use engine::event::{EndReason, EventView};
use engine::types::{OrderKey, Phase};
use journal::{CompleteFrame, LogReader};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// Flags of `backstop day report`.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// A day's journal
    #[arg(value_name = "JOURNAL")]
    journal: PathBuf,
    /// Seconds within which a market maker answers an enquiry 询价回应
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    answer_within: u32,
    /// Cancels of a client in an instrument that are told as frequent; of treasury futures a quarter more 频繁撤单
    #[arg(long, value_name = "N", default_value_t = 400)]
    cancels: u64,
    /// Self-trades of a client in an instrument that are told 自成交
    #[arg(long, value_name = "N", default_value_t = 5)]
    self_trades: u64,
    /// Lots of a large order; without it, the most that an order in the instrument may have 大额报单
    #[arg(long, value_name = "LOTS")]
    large: Option<u32>,
    /// Rows of clients to print; those over a threshold always are
    #[arg(long, value_name = "N", default_value_t = 40)]
    rows: usize,
    /// One JSON object on stdout, with every row
    #[arg(long)]
    json: bool,
}

/// What counts as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Nanoseconds within which an enquiry is answered.
    pub answer_within: u64,
    /// Cancels; of kind '1' products a quarter more.
    pub cancels: u64,
    /// Self-trades.
    pub self_trades: u64,
    /// Lots of a large order; None: the instrument's maximum.
    pub large: Option<u32>,
}

/// A market maker's row: one account in one instrument.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MakerRow {
    /// ParticipantId.
    pub participant: String,
    /// ClientId.
    pub client: String,
    /// InstrumentId.
    pub instrument: String,
    /// Quotes that were accepted.
    pub quotes: u64,
    /// … and were within the product's spread and volume.
    pub valid_quotes: u64,
    /// Nanoseconds of continuous trading in which one of those stood.
    pub in_force_ns: u64,
    /// Nanoseconds of continuous trading.
    pub continuous_ns: u64,
    /// Enquiries of others in the instrument.
    pub enquiries: u64,
    /// … that a valid quote answered in time.
    pub answered: u64,
}

/// A client number's row in one instrument.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClientRow {
    /// ClientId.
    pub client: String,
    /// InstrumentId.
    pub instrument: String,
    /// Orders that were accepted, quotes' among them.
    pub orders: u64,
    /// Orders cancelled by their member.
    pub cancels: u64,
    /// Of quotes and hedge orders, beside them.
    pub exempt_cancels: u64,
    /// Trades, each side counted.
    pub trades: u64,
    /// Lots of them.
    pub lots: u64,
    /// Trades with itself.
    pub self_trades: u64,
    /// Large orders.
    pub large_orders: u64,
    /// Large orders cancelled.
    pub large_cancels: u64,
    /// What is over a threshold: `cancels`, `self-trades`.
    pub over: Vec<&'static str>,
}

/// What a day's journal says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The trading day.
    pub trading_day: u32,
    /// Frames read.
    pub frames: u64,
    /// Market makers, by account and instrument.
    pub market_makers: Vec<MakerRow>,
    /// Clients, by client number and instrument.
    pub clients: Vec<ClientRow>,
}

/// Runs the command.
///
/// # Errors
/// The journal cannot be read: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    let inspected = journal::inspect(&options.journal, None).map_err(|error| error.to_string())?;
    let bar = crate::replay::progress(inspected.reader.committed(), "bytes");
    let thresholds = Thresholds {
        answer_within: u64::from(options.answer_within) * 1_000_000_000,
        cancels: options.cancels,
        self_trades: options.self_trades,
        large: options.large,
    };
    let report = report(&inspected.reader, thresholds, |bytes| bar.set_position(bytes));
    bar.finish_and_clear();
    if options.json {
        println!("{}", json!(report));
        return Ok(true);
    }
    println!("{}: {} frames", report.trading_day, report.frames);
    println!("做市义务 market makers: {}", report.market_makers.len());
    if !report.market_makers.is_empty() {
        println!("  participant client   instrument           quotes    valid  in force  enquiries answered");
    }
    for row in &report.market_makers {
        let share =
            if row.continuous_ns == 0 { 0.0 } else { row.in_force_ns as f64 * 100.0 / row.continuous_ns as f64 };
        println!(
            "  {:<11} {:<8} {:<18} {:>8} {:>8} {:>8.2}% {:>10} {:>8}",
            row.participant,
            row.client,
            row.instrument,
            row.quotes,
            row.valid_quotes,
            share,
            row.enquiries,
            row.answered
        );
    }
    let over = report.clients.iter().filter(|row| !row.over.is_empty()).count();
    println!("监察计数 clients in instruments: {}, over a threshold: {over}", report.clients.len());
    println!("  client   instrument           orders  cancels   exempt  ratio   trades self-trades    large over");
    for row in report.clients.iter().take(options.rows.max(over)) {
        let ratio =
            if row.orders == 0 { 0.0 } else { (row.cancels + row.exempt_cancels) as f64 * 100.0 / row.orders as f64 };
        println!(
            "  {:<8} {:<18} {:>8} {:>8} {:>8} {ratio:>5.1}% {:>8} {:>11} {:>8} {}",
            row.client,
            row.instrument,
            row.orders,
            row.cancels,
            row.exempt_cancels,
            row.trades,
            row.self_trades,
            row.large_orders,
            row.over.join(",")
        );
    }
    Ok(true)
}

/// Reads a log; `seen` is told how many bytes were read.
#[must_use]
pub fn report(log: &LogReader, thresholds: Thresholds, seen: impl Fn(u64)) -> Report {
    let mut fold = Fold::new(thresholds);
    let mut frames = 0u64;
    for frame in log.frames_from(0) {
        frames += 1;
        if frames.is_multiple_of(16_384) {
            seen(log.committed());
        }
        if frame.rejection().is_none() {
            fold.take(&frame);
        }
    }
    fold.finish(frames)
}

/// An order that lives, as far as this report asks.
struct Order {
    client: u32,
    instrument: u16,
    volume: u32,
    is_exempt: bool,
    quote: Option<OrderKey>,
}

/// A quote that counts.
struct Valid {
    maker: (u32, u16),
    orders: [OrderKey; 2],
}

struct Fold {
    thresholds: Thresholds,
    trading_day: u32,
    time: u64,
    participants: HashMap<u16, String>,
    /// Participant, client number, client id by account.
    accounts: HashMap<u32, (u16, u32, String)>,
    client_ids: HashMap<u32, String>,
    products: HashMap<u16, ProductDefine>,
    instruments: HashMap<u16, InstrumentDefine>,
    /// Phase, and since when it is continuous.
    phases: HashMap<u16, (u8, u64)>,
    continuous: HashMap<u16, u64>,
    orders: HashMap<OrderKey, Order>,
    valid: HashMap<OrderKey, Valid>,
    /// Since when a maker has a valid quote in an instrument that trades.
    since: HashMap<(u32, u16), u64>,
    makers: BTreeMap<(u32, u16), MakerRow>,
    /// Who may quote in what product.
    appointed: BTreeMap<(u32, u16), bool>,
    /// Enquiries not answered yet: maker, instrument, when.
    open_enquiries: Vec<((u32, u16), u64)>,
    clients: BTreeMap<(u32, u16), ClientRow>,
}

impl Fold {
    fn new(thresholds: Thresholds) -> Self {
        Fold {
            thresholds,
            trading_day: 0,
            time: 0,
            participants: HashMap::new(),
            accounts: HashMap::new(),
            client_ids: HashMap::new(),
            products: HashMap::new(),
            instruments: HashMap::new(),
            phases: HashMap::new(),
            continuous: HashMap::new(),
            orders: HashMap::new(),
            valid: HashMap::new(),
            since: HashMap::new(),
            makers: BTreeMap::new(),
            appointed: BTreeMap::new(),
            open_enquiries: Vec::new(),
            clients: BTreeMap::new(),
        }
    }

    fn take(&mut self, frame: &CompleteFrame<'_>) {
        let stamp = frame.stamp();
        self.time = stamp.time.0;
        match frame.command().body {
            BodyView::DayOpen(open) => self.trading_day = open.trading_day,
            BodyView::ParticipantDefine(define) => {
                self.participants.insert(define.index.0, trimmed(&define.id));
            }
            BodyView::AccountDefine(define) => {
                let id = trimmed(&define.client_id);
                self.client_ids.insert(define.client_number.0, id.clone());
                self.accounts.insert(define.index.0, (define.participant.0, define.client_number.0, id));
            }
            BodyView::ProductDefine(define) => {
                self.products.insert(define.index.0, *define);
            }
            BodyView::InstrumentDefine(define) => {
                self.instruments.insert(define.index.0, *define);
                self.phases.insert(define.index.0, (define.phase, self.time));
            }
            BodyView::MarketMakerSet(set) => {
                self.appointed.insert((set.account.0, set.product.0), set.on == 1);
            }
            BodyView::EnquireQuote(enquiry) => self.enquired(enquiry.instrument.0, enquiry.account.0),
            _ => {}
        }
        for event in frame.events() {
            match event.view() {
                Some(EventView::Accepted(accepted)) => {
                    self.accepted(frame, OrderKey::new(stamp.sequence, accepted.index));
                }
                Some(EventView::QuoteAccepted(_)) => self.quoted(frame),
                Some(EventView::Traded(trade)) => {
                    self.traded(trade.buy, trade.sell, trade.volume.0);
                    self.left(trade.buy, trade.buy_remaining.0);
                    self.left(trade.sell, trade.sell_remaining.0);
                }
                Some(EventView::Ended(ended)) => self.ended(ended.order, ended.reason),
                Some(EventView::PhaseChanged(changed)) => self.phase(changed.instrument.0, changed.phase),
                _ => {}
            }
        }
    }

    fn accepted(&mut self, frame: &CompleteFrame<'_>, key: OrderKey) {
        let (account, instrument, volume, hedge, quote) = match frame.command().body {
            BodyView::OrderInsert(insert) => (insert.account, insert.instrument, insert.volume, insert.hedge, None),
            BodyView::QuoteInsert(insert) => {
                let first = OrderKey::new(frame.stamp().sequence, 0);
                let side = usize::from(key != first);
                (insert.account, insert.instrument, insert.volume[side], insert.hedge[side], Some(first))
            }
            _ => return,
        };
        let Some((_, client, _)) = self.accounts.get(&account.0) else { return };
        let (client, instrument, volume) = (*client, instrument.0, volume.0);
        let is_large = volume >= self.large(instrument);
        let row = self.row(client, instrument);
        row.orders += 1;
        row.large_orders += u64::from(is_large);
        let is_exempt = quote.is_some() || hedge == b'3';
        self.orders.insert(key, Order { client, instrument, volume, is_exempt, quote });
    }

    /// The quote of this frame: its orders follow, and what they trade takes from it again.
    fn quoted(&mut self, frame: &CompleteFrame<'_>) {
        let BodyView::QuoteInsert(insert) = frame.command().body else { return };
        let maker = (insert.account.0, insert.instrument.0);
        let Some(define) = self.instruments.get(&maker.1) else { return };
        let product = self.products.get(&define.product.0);
        let (spread, volume) = product.map_or((0, 0), |product| (product.quote_spread, product.quote_volume));
        let apart = insert.price[1].0.saturating_sub(insert.price[0].0) / i64::from(define.tick.max(1));
        let is_narrow = spread == 0 || apart <= i64::from(spread);
        let is_valid = is_narrow && insert.volume.iter().all(|lots| lots.0 >= volume);
        let row = self.maker(maker);
        row.quotes += 1;
        row.valid_quotes += u64::from(is_valid);
        if !is_valid {
            return;
        }
        let sequence = frame.stamp().sequence;
        let orders = [OrderKey::new(sequence, 0), OrderKey::new(sequence, 1)];
        self.valid.insert(orders[0], Valid { maker, orders });
        if self.is_continuous(maker.1) {
            let now = self.time;
            self.since.entry(maker).or_insert(now);
        }
        let (now, within) = (self.time, self.thresholds.answer_within);
        let mut answered = 0;
        self.open_enquiries.retain(|(of, asked)| {
            let is_answer = *of == maker && now.saturating_sub(*asked) <= within;
            answered += u64::from(is_answer);
            *of != maker
        });
        self.maker(maker).answered += answered;
    }

    fn enquired(&mut self, instrument: u16, account: u32) {
        let Some(product) = self.instruments.get(&instrument).map(|define| define.product.0) else { return };
        let makers: Vec<u32> = self
            .appointed
            .iter()
            .filter(|((maker, of), on)| **on && *of == product && *maker != account)
            .map(|((maker, _), _)| *maker)
            .collect();
        for maker in makers {
            self.maker((maker, instrument)).enquiries += 1;
            self.open_enquiries.push(((maker, instrument), self.time));
        }
    }

    fn traded(&mut self, buy: OrderKey, sell: OrderKey, volume: u32) {
        let sides = [buy, sell].map(|key| self.orders.get(&key).map(|order| (order.client, order.instrument)));
        for (client, instrument) in sides.into_iter().flatten() {
            let row = self.row(client, instrument);
            row.trades += 1;
            row.lots += u64::from(volume);
        }
        if let [Some(one), Some(other)] = sides
            && one == other
        {
            self.row(one.0, one.1).self_trades += 1;
        }
    }

    /// What remains of an order after a trade: too little of a quote's side, and it does not count any more.
    fn left(&mut self, key: OrderKey, remaining: u32) {
        let Some(order) = self.orders.get(&key) else { return };
        if let Some(quote) = order.quote {
            let product =
                self.instruments.get(&order.instrument).and_then(|define| self.products.get(&define.product.0));
            if remaining < product.map_or(1, |product| product.quote_volume.max(1)) {
                self.invalid(quote);
            }
        }
        if remaining == 0 {
            self.orders.remove(&key);
        }
    }

    fn ended(&mut self, key: OrderKey, reason: u8) {
        let Some(order) = self.orders.remove(&key) else { return };
        if let Some(quote) = order.quote {
            self.invalid(quote);
        }
        if EndReason::from_code(reason) == Some(EndReason::Cancelled) {
            let is_large = order.volume >= self.large(order.instrument);
            let row = self.row(order.client, order.instrument);
            row.large_cancels += u64::from(is_large);
            if order.is_exempt {
                row.exempt_cancels += 1;
            } else {
                row.cancels += 1;
            }
        }
    }

    fn invalid(&mut self, quote: OrderKey) {
        let Some(valid) = self.valid.remove(&quote) else { return };
        debug_assert_eq!(valid.orders[0], quote);
        // One that was replaced: the new one follows in the same frame, and begins anew at the same time.
        if !self.valid.values().any(|other| other.maker == valid.maker) {
            self.stop(valid.maker);
        }
    }

    fn stop(&mut self, maker: (u32, u16)) {
        if let Some(since) = self.since.remove(&maker) {
            let stood = self.time.saturating_sub(since);
            self.maker(maker).in_force_ns += stood;
        }
    }

    fn phase(&mut self, instrument: u16, phase: u8) {
        let was_continuous = self.is_continuous(instrument);
        let (_, since) = self.phases.insert(instrument, (phase, self.time)).unwrap_or((phase, self.time));
        let makers: Vec<(u32, u16)> =
            self.valid.values().map(|valid| valid.maker).filter(|maker| maker.1 == instrument).collect();
        if was_continuous {
            *self.continuous.entry(instrument).or_default() += self.time.saturating_sub(since);
            makers.into_iter().for_each(|maker| self.stop(maker));
        } else if phase == Phase::Continuous as u8 {
            let now = self.time;
            makers.into_iter().for_each(|maker| {
                self.since.entry(maker).or_insert(now);
            });
        }
    }

    fn is_continuous(&self, instrument: u16) -> bool {
        self.phases.get(&instrument).is_some_and(|(phase, _)| *phase == Phase::Continuous as u8)
    }

    fn large(&self, instrument: u16) -> u32 {
        let most = || self.instruments.get(&instrument).map_or(u32::MAX, |define| define.maximum_volume);
        self.thresholds.large.unwrap_or_else(most)
    }

    fn row(&mut self, client: u32, instrument: u16) -> &mut ClientRow {
        self.clients.entry((client, instrument)).or_default()
    }

    fn maker(&mut self, maker: (u32, u16)) -> &mut MakerRow {
        self.makers.entry(maker).or_default()
    }

    fn finish(mut self, frames: u64) -> Report {
        let trading: Vec<u16> =
            self.phases.keys().copied().filter(|instrument| self.is_continuous(*instrument)).collect();
        for instrument in trading {
            let since = self.phases[&instrument].1;
            *self.continuous.entry(instrument).or_default() += self.time.saturating_sub(since);
        }
        let standing: Vec<(u32, u16)> = self.since.keys().copied().collect();
        standing.into_iter().for_each(|maker| self.stop(maker));
        // Who is appointed and did nothing has a row of nothing.
        let appointed: Vec<(u32, u16)> = self.appointed.iter().filter(|(_, on)| **on).map(|(of, _)| *of).collect();
        for (account, product) in appointed {
            let of: Vec<u16> = self
                .instruments
                .iter()
                .filter(|(_, define)| define.product.0 == product)
                .map(|(instrument, _)| *instrument)
                .collect();
            of.into_iter().for_each(|instrument| {
                self.maker((account, instrument));
            });
        }
        let instrument_id =
            |instrument: u16| self.instruments.get(&instrument).map(|define| trimmed(&define.id)).unwrap_or_default();
        let mut makers = std::mem::take(&mut self.makers);
        for ((account, instrument), row) in &mut makers {
            let (participant, _, client) = self.accounts.get(account).cloned().unwrap_or_default();
            row.participant = self.participants.get(&participant).cloned().unwrap_or_default();
            row.client = client;
            row.instrument = instrument_id(*instrument);
            row.continuous_ns = self.continuous.get(instrument).copied().unwrap_or(0);
        }
        let mut clients = std::mem::take(&mut self.clients);
        for ((client, instrument), row) in &mut clients {
            row.client = self.client_ids.get(client).cloned().unwrap_or_default();
            row.instrument = instrument_id(*instrument);
            let product = self.instruments.get(instrument).and_then(|define| self.products.get(&define.product.0));
            let is_treasury = product.is_some_and(|product| product.kind == b'1');
            // CFFEX: 400 cancels in index futures, 500 in treasury futures.
            let most = if is_treasury { self.thresholds.cancels * 5 / 4 } else { self.thresholds.cancels };
            if row.cancels >= most {
                row.over.push("cancels");
            }
            if row.self_trades >= self.thresholds.self_trades {
                row.over.push("self-trades");
            }
        }
        let mut clients: Vec<ClientRow> = clients.into_values().collect();
        clients.sort_by_key(|row| (row.over.is_empty(), std::cmp::Reverse(row.orders)));
        Report { trading_day: self.trading_day, frames, market_makers: makers.into_values().collect(), clients }
    }
}

fn trimmed(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim_end_matches([' ', '\0']).to_owned()
}
