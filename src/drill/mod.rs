//! `backstop drill`: a day that fails over.

mod options;
mod traders;
pub mod world;

pub use options::{BookChoice, Options, Plan, ReopenChoice};

/// Runs the drill.
///
/// # Errors
/// One line.
pub fn run(options: &Options) -> Result<bool, String> {
    let _ = options.plan()?;
    Err("being built".to_owned())
}
