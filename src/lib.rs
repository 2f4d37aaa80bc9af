//! Backstop: puts the rooms together. ARCHITECTURE.md is the map; `main.rs` is the one command.

#![forbid(unsafe_code)]

pub mod base_data;
pub mod doctor;
pub mod drill;
pub mod flow_log;
pub mod order_flow;
pub mod replay;
