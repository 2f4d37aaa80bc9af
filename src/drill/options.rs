//! Flags of `backstop drill`, checked.

use super::full::FailIn;
use super::world::{MAX_MEMBERS, MIN_MEMBERS, SeededTables};
use crate::order_flow::{self, FlowTrade, OrderFlow};
use dataplane::stages::LayoutMap;
use engine::command::{BookPolicy, Reopening};
use hw_profiles::Profile;
use std::path::PathBuf;

/// Flags of `backstop drill`.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Everything that looks random follows from it: the same seed gives the same day
    #[arg(long, default_value_t = 8, allow_negative_numbers = true)]
    pub seed: u64,
    /// Members, each a participant with a seat of its own 会员数
    #[arg(long, value_name = "N", default_value_t = 64, allow_negative_numbers = true)]
    pub members: u16,
    /// Orders that the members send in a seeded day 报单总数
    #[arg(long, value_name = "N", default_value_t = 200_000, conflicts_with = "orders", allow_negative_numbers = true)]
    pub orders_total: u32,
    /// An order-flow file instead of seeded orders (row,time,op,order,side,price,volume) 委托流文件
    #[arg(long, value_name = "FILE")]
    pub orders: Option<PathBuf>,
    /// The trades that must come of the file (row,buy_order,sell_order,price,volume) 预期成交文件
    #[arg(long, value_name = "FILE", requires = "orders")]
    pub trades: Option<PathBuf>,
    /// Where in the day the primary dies, from 0 to 1; without it the seed chooses, phases included 主核心失效位置
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true)]
    pub fail_at: Option<f64>,
    /// Which day: continuous trading with one auction, or a full one of futures and options by their calendars 交易日
    #[arg(long, value_enum, default_value = "short", conflicts_with = "orders")]
    pub day: DayChoice,
    /// In which phase of a full day the primary dies; without it and --fail-at the seed chooses 主核心失效阶段
    #[arg(long, value_enum, value_name = "PHASE", conflicts_with = "fail_at")]
    pub fail_in: Option<FailIn>,
    /// How the market reopens: where it stopped, or cancel-only, call auction, continuous 恢复方式
    #[arg(long, value_enum, default_value = "auction")]
    pub reopen: ReopenChoice,
    /// What becomes of the book at the takeover 订单簿处理
    #[arg(long, value_enum, default_value = "keep")]
    pub book: BookChoice,
    /// Threads of Backstop's order path; without it the profile says
    #[arg(long, value_name = "1|2|4|8", allow_negative_numbers = true)]
    pub cores: Option<u8>,
    /// Faults of the network: none, light, heavy, lossy 网络故障
    #[arg(long, value_name = "PRESET", default_value = "none")]
    pub faults: String,
    /// A built-in hardware profile's name, or a .toml file
    #[arg(long, default_value = "dev")]
    pub profile: String,
    /// Writes Backstop's journal of the day into this folder, which must not have one yet
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
    /// One JSON object on stdout and nothing else there
    #[arg(long)]
    pub json: bool,
}

/// Which day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DayChoice {
    /// One calendar for all, by the share of orders sent
    Short,
    /// Index futures, treasury futures and options, each by its own calendar
    Full,
}

/// How the market reopens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReopenChoice {
    /// In the phase where it stopped
    Continuous,
    /// Cancel-only, then a call auction, then continuous
    Auction,
}

/// What becomes of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BookChoice {
    /// Every order stays with its place, and is told anew
    Keep,
    /// Every order is cancelled, and told so
    Cancel,
}

impl From<ReopenChoice> for Reopening {
    fn from(choice: ReopenChoice) -> Self {
        match choice {
            ReopenChoice::Continuous => Reopening::Continuous,
            ReopenChoice::Auction => Reopening::Auction,
        }
    }
}

impl From<BookChoice> for BookPolicy {
    fn from(choice: BookChoice) -> Self {
        match choice {
            BookChoice::Keep => BookPolicy::Keep,
            BookChoice::Cancel => BookPolicy::Cancel,
        }
    }
}

/// Fewest and most orders of a seeded day: fewer cannot make every mistake, more would not fit the profile's tables.
pub const ORDERS_RANGE: std::ops::RangeInclusive<u32> = 2_000..=1_000_000;

/// A drill to run: the flags with their files read and everything checked.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The flags.
    pub options: Options,
    /// The profile.
    pub profile: Profile,
    /// The order-flow file, if there is one.
    pub flow: Option<OrderFlow>,
    /// What must come of it.
    pub expected: Option<Vec<FlowTrade>>,
    /// Which thread runs which stage of the order path.
    pub map: LayoutMap,
}

impl Options {
    /// Checks the flags and reads the files.
    ///
    /// # Errors
    /// One line that names the flag or file and what was expected.
    pub fn plan(&self) -> Result<Plan, String> {
        let profile = Profile::load(&self.profile).map_err(|error| error.to_string())?;
        let fewest = if self.orders.is_some() { 1 } else { MIN_MEMBERS };
        let most = MAX_MEMBERS.min(profile.limits.participants).min(profile.limits.users);
        if !(fewest..=most).contains(&self.members) {
            return Err(format!("--members {}: expected {fewest} to {most}", self.members));
        }
        if u32::from(self.members) * 3 > profile.limits.accounts || self.members + 8 > profile.limits.sessions {
            return Err(format!(
                "--members {}: more than profile {} has accounts or sessions for",
                self.members, profile.name
            ));
        }
        if self.orders.is_none() && !ORDERS_RANGE.contains(&self.orders_total) {
            let (least, most) = (ORDERS_RANGE.start(), ORDERS_RANGE.end());
            return Err(format!("--orders-total {}: expected {least} to {most}", self.orders_total));
        }
        if let Some(fraction) = self.fail_at
            && !(0.0..=1.0).contains(&fraction)
        {
            return Err(format!("--fail-at {fraction}: expected a fraction from 0 to 1"));
        }
        if self.fail_in.is_some() && self.day != DayChoice::Full {
            return Err("--fail-in: expected --day full beside it".to_owned());
        }
        let map = match self.cores {
            Some(cores) => {
                LayoutMap::on(cores.into()).ok_or_else(|| format!("--cores {cores}: expected 1, 2, 4 or 8"))?
            }
            // The profile's stages on threads, wherever this machine has room: the day's time is virtual.
            None => LayoutMap::of_profile(&profile.layout).map_err(|fault| fault.to_string())?.on_shared_cores(),
        };
        if net::Faults::preset(&self.faults).is_none() {
            return Err(format!("--faults {}: expected {}", self.faults, net::fault::FAULT_PRESETS.join(", ")));
        }
        if let Some(folder) = &self.journal
            && !folder.is_dir()
        {
            return Err(format!("--journal {}: expected a folder", folder.display()));
        }
        let flow = self.orders.as_deref().map(OrderFlow::read).transpose().map_err(|error| error.to_string())?;
        let expected =
            self.trades.as_deref().map(order_flow::read_trades).transpose().map_err(|error| error.to_string())?;
        self.check_tables(&profile, flow.as_ref())?;
        Ok(Plan { options: self.clone(), profile, flow, expected, map })
    }

    /// The profile's tables have room for the day.
    fn check_tables(&self, profile: &Profile, flow: Option<&OrderFlow>) -> Result<(), String> {
        let limits = &profile.limits;
        let needs = match flow {
            Some(flow) => vec![("local_ids", u64::from(limits.local_ids), flow.order_count() as u64)],
            None => {
                let tables = SeededTables::of(self.members, self.orders_total);
                vec![
                    ("live_orders", u64::from(limits.live_orders), u64::from(tables.live_orders)),
                    ("local_ids", u64::from(limits.local_ids), u64::from(tables.local_ids)),
                    ("position_rows", u64::from(limits.position_rows), u64::from(tables.position_rows)),
                    ("instruments", u64::from(limits.instruments), u64::from(tables.instruments)),
                ]
            }
        };
        match needs.into_iter().find(|(_, there, needed)| there < needed) {
            Some((field, there, needed)) => Err(format!(
                "profile {}: limits.{field} = {there}: expected at least {needed} for this day",
                self.profile
            )),
            None => Ok(()),
        }
    }
}
