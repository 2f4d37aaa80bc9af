#![doc = include_str!("../RULES.md")]
#![forbid(unsafe_code)]

pub mod command;
pub mod event;
pub mod reject;
pub mod types;
