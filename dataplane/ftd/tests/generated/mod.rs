//! Generated from ftd.xml by tests/generate.rs; changes belong there.
pub mod dispatch;
pub mod touch;
