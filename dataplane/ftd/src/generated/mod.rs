//! Generated from ftd.xml by tests/generate.rs; changes belong there.
pub mod catalogue;
pub mod derived;
pub mod field;
pub mod package;
pub mod tid;
pub mod value;
