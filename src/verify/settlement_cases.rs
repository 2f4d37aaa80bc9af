//! Settlement examples with numbers ([`settlement::cases`]) and official conversion factors, through settlement's rules.
//!
//! ```json
//! [{ "id": "…", "kind": "daily P&L", "inputs": { "open": 3650.2, "settlement": 3660.0, "lots": 2, "multiplier": 300 }, "expected": { "pnl": 5880 } }]
//! ```
//!
//! ```text
//! contract,coupon_rate,maturity,conversion_factor
//! T2406,0.0288,2033-02-25,0.9928
//! ```

use super::Case;
use crate::day::table::{self, Faults, must};
use serde_json::{Value, json};
use settlement::Rate;
use settlement::cases::{self, CaseError};
use settlement::published::{conversion_factor, scaled};
use std::path::Path;

/// Runs one example.
///
/// # Errors
/// Why it cannot be run.
pub fn case(id: &str, case: &Value) -> Result<Case, String> {
    let example: cases::Case = serde_json::from_value(case.clone()).map_err(|error| error.to_string())?;
    let figures = example.work_out().map_err(|error: CaseError| error.to_string())?;
    let all = |of: fn(&cases::Figure) -> &String| -> Value {
        figures.iter().map(|figure| (figure.name.clone(), json!(of(figure)))).collect::<serde_json::Map<_, _>>().into()
    };
    Ok(Case::of(id, all(|figure| &figure.expected), all(|figure| &figure.got)))
}

/// Whether a JSON case is one of these: it has a kind, inputs and what is expected, each by name.
#[must_use]
pub fn is_one(case: &Value) -> bool {
    case["kind"].is_string() && case["inputs"].is_object() && case["expected"].is_object()
}

/// Runs a file of conversion factors, a case a row.
///
/// # Errors
/// The file is malformed: one line with file, row, column, and how many more there are.
pub fn factors(file: &Path) -> Result<Vec<Case>, String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut faults = Faults::default();
    let mut cases = Vec::new();
    let columns = &[must("contract"), must("coupon_rate"), must("maturity"), must("conversion_factor")];
    table::read(folder, &name, columns, &mut faults, |row| {
        let contract = row.text("contract", 20);
        let maturity = row.date("maturity", None);
        let decimal = |text: &str, decimals| scaled(text, decimals).filter(|value| *value >= 0);
        let coupon = row.value("coupon_rate", None, "a decimal", |text| decimal(text, 8));
        let factor = row.value("conversion_factor", None, "a decimal", |text| decimal(text, 4));
        let (Some(coupon), Some(factor), true) = (coupon, factor, row.is_whole()) else { return };
        let id = format!("{contract} {} {maturity}", row.field("coupon_rate"));
        let shown = |factor: i64| json!(crate::day::decimal::show(factor, 4));
        cases.push(match conversion_factor(&contract, Rate(coupon), maturity) {
            Some(got) => Case::of(&id, shown(factor), shown(got.0.into())),
            None => Case::not_run(&id, "expected a contract like T2406 and a bond that matures after it".to_owned()),
        });
    });
    if faults.count > 0 { Err(faults.to_string()) } else { Ok(cases) }
}
