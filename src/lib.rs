//! Backstop: puts the rooms together. ARCHITECTURE.md is the map; `main.rs` is the one command.

#![forbid(unsafe_code)]

pub mod order_flow;
