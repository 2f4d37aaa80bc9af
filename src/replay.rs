//! `backstop replay`: an order-flow file through the engine; its trades as CSV, or compared with a file.

use crate::base_data;
use crate::drill::world::{DAY_BEGINS_NS, PRIMARY_DATA_CENTER, TRADING_DAY, flow_instrument};
use crate::flow_log;
use crate::order_flow::{self, FlowTrade, OrderFlow};
use engine::IdStyle;
use engine::command::CommandBuffer;
use engine::types::{Nanoseconds, PriceRule, Right};
use hw_profiles::Profile;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use journal::{Identity, Log, LogLimits, Machine};
use serde_json::json;
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Flags of `backstop replay`.
#[derive(clap::Args)]
pub struct Options {
    /// The order-flow file: row,time,op,order,side,price,volume with ops insert, cancel, call, uncross
    #[arg(long, value_name = "FILE")]
    orders: PathBuf,
    /// Compares the trades with this file (row,buy_order,sell_order,price,volume) instead of printing them; exit code 1 if they differ
    #[arg(long, value_name = "FILE")]
    trades: Option<PathBuf>,
    /// Price of a continuous trade: the resting order's, or the middle one of bid, ask and last 撮合价
    #[arg(long, value_enum, default_value = "resting")]
    price_rule: PriceRuleChoice,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Price rules, as on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PriceRuleChoice {
    /// The resting order's price
    Resting,
    /// The middle one of bid, ask and last
    Middle,
}

impl From<PriceRuleChoice> for PriceRule {
    fn from(choice: PriceRuleChoice) -> Self {
        match choice {
            PriceRuleChoice::Resting => PriceRule::Resting,
            PriceRuleChoice::Middle => PriceRule::Middle,
        }
    }
}

/// What came of a file.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The trades, in the order in which they were made.
    pub trades: Vec<FlowTrade>,
    /// Commands that were refused.
    pub rejects: u64,
    /// The state's digest at the end.
    pub digest: u64,
}

/// Runs the command.
///
/// # Errors
/// A file that is missing or malformed: one line with file, line, expectation.
pub fn run(options: &Options) -> Result<bool, String> {
    let flow = OrderFlow::read(&options.orders).map_err(|error| error.to_string())?;
    let expected =
        options.trades.as_deref().map(order_flow::read_trades).transpose().map_err(|error| error.to_string())?;
    let bar = progress(flow.rows.len() as u64, "rows");
    let replayed = replay(&flow, options.price_rule.into(), |row| bar.set_position(u64::from(row)))?;
    bar.finish_and_clear();
    let difference = expected.as_deref().and_then(|expected| order_flow::first_difference(expected, &replayed.trades));
    if options.json {
        println!(
            "{}",
            json!({
                "ok": difference.is_none(),
                "rows": flow.rows.len(),
                "orders": flow.order_count(),
                "trades": replayed.trades.len(),
                "expected_trades": expected.as_ref().map(Vec::len),
                "first_difference": difference,
                "rejects": replayed.rejects,
                "digest": format!("{:016x}", replayed.digest),
            })
        );
        return Ok(difference.is_none());
    }
    match (&expected, &difference) {
        (None, _) => {
            let mut table = "row,buy_order,sell_order,price,volume\n".to_owned();
            replayed.trades.iter().for_each(|trade| table.push_str(&format!("{trade}\n")));
            print!("{table}");
        }
        (Some(expected), None) => println!("{} of {} trades are the same", expected.len(), expected.len()),
        (Some(_), Some(difference)) => println!("{difference}"),
    }
    Ok(difference.is_none())
}

/// A progress bar on stderr: nothing where nobody looks.
pub(crate) fn progress(length: u64, unit: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template(&format!("{{bar:40}} {{human_pos}}/{{human_len}} {unit} {{msg}} {{elapsed}}"));
    bar.set_style(style.expect("the template is written by us"));
    bar
}

/// Runs a flow through the engine; `seen` is told each row before it runs.
///
/// # Errors
/// The log cannot be set aside or is full: in words.
pub fn replay(flow: &OrderFlow, price_rule: PriceRule, seen: impl Fn(u32)) -> Result<Replayed, String> {
    let mut limits = Profile::load("dev").map_err(|error| error.to_string())?.limits;
    let orders = u32::try_from(flow.order_count()).map_err(|_| "too many orders".to_owned())?;
    limits.live_orders = orders;
    limits.local_ids = orders;
    let commands = flow.rows.len() * flow_log::COMMANDS_A_ROW + 16;
    let log =
        Log::in_memory(LogLimits::for_commands(commands)).map_err(|error| format!("memory for the log: {error}"))?;
    let reader = log.reader();
    let mut machine = Machine::new(log, Identity { ids: IdStyle { prefix: b'B' }, data_center: PRIMARY_DATA_CENTER });
    let mut execute = |command: &CommandBuffer, now: Nanoseconds| {
        machine.execute(&command.command(), now).map(drop).map_err(|error| error.to_string())
    };
    let begin = Nanoseconds(DAY_BEGINS_NS);
    execute(&base_data::day(TRADING_DAY, PRIMARY_DATA_CENTER, &limits), begin)?;
    execute(&base_data::participant(0, "0001"), begin)?;
    execute(&base_data::user(0, 0, "0001T01", "secret", Ipv4Addr::UNSPECIFIED, 0), begin)?;
    execute(&base_data::account(0, 0, 0, "C0000001", Right::Full), begin)?;
    execute(&base_data::one_product(), begin)?;
    execute(&flow_instrument(flow, price_rule).define(0), begin)?;
    for (number, row) in (0..).zip(&flow.rows) {
        seen(number);
        for command in flow_log::row_commands(number, row) {
            execute(&command, Nanoseconds(DAY_BEGINS_NS + row.time.0))?;
        }
    }
    let digest = machine.state().digests().state;
    let told = flow_log::trades_of(flow, &reader);
    Ok(Replayed { trades: told.trades, rejects: told.rejects, digest })
}
