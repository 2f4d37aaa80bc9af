//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! A view for each package (Appendix E).
mod answers;
mod notices;
mod requests;
pub use answers::*;
pub use notices::*;
pub use requests::*;
