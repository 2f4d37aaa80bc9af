//! Generated from ftd.xml by tests/generate.rs; changes belong there.
mod accounts;
mod market;
mod queries;
mod session;
mod trading;
pub use accounts::*;
pub use market::*;
pub use queries::*;
pub use session::*;
pub use trading::*;
