//! Order flows: an order-flow file through the engine, and its trades against those that were published ([`crate::order_flow`] has the
//! formats). The trades file stands beside it, `…-trades.csv` for `…-orders.csv`, or is the only one that was named.

use super::Case;
use crate::order_flow::{self, OrderFlow};
use crate::replay;
use engine::types::PriceRule;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Which trades belong to a flow: of those that were named the one of its name, or the only one; else the one beside it.
///
/// # Errors
/// There is none.
pub fn trades_beside(file: &Path, named: &[&PathBuf], flows: usize) -> Result<PathBuf, String> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = file.with_file_name(name.replace("orders", "trades"));
    if beside != file && named.contains(&&beside) {
        return Ok(beside);
    }
    match named {
        [only] if flows == 1 => Ok((*only).clone()),
        _ if beside != file && beside.is_file() => Ok(beside),
        _ => Err(format!("{}: no trades for it; expected {} beside it", file.display(), beside.display())),
    }
}

/// Runs a flow: its trades one by one, and that no order was refused.
///
/// # Errors
/// A file that is malformed: one line with file, line, expectation.
pub fn cases(orders: &Path, trades: PathBuf, price_rule: PriceRule) -> Result<Vec<Case>, String> {
    let flow = OrderFlow::read(orders).map_err(|error| error.to_string())?;
    let expected = order_flow::read_trades(&trades).map_err(|error| error.to_string())?;
    let bar = replay::progress(flow.rows.len() as u64, "rows");
    let replayed = replay::replay(&flow, price_rule, |row| bar.set_position(u64::from(row)))?;
    bar.finish_and_clear();
    let difference = order_flow::first_difference(&expected, &replayed.trades);
    let volume = |trades: &[order_flow::FlowTrade]| trades.iter().map(|trade| u64::from(trade.volume)).sum::<u64>();
    let told = |trades: &[order_flow::FlowTrade]| json!({ "trades": trades.len(), "volume": volume(trades) });
    let mut trades_case = Case::of("trades", told(&expected), told(&replayed.trades));
    trades_case.ok = difference.is_none();
    trades_case.note = difference.or_else(|| Some(format!("each the same as in {}", trades.display())));
    let stem = orders.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    trades_case.id = stem;
    Ok(vec![trades_case])
}
