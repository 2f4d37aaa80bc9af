//! A day's base data: what the exchange opens with, from files; and what a day leaves.

pub mod command;
pub mod contracts;
pub mod decimal;
pub mod end;
pub mod load;
pub mod open;
pub mod price_limits;
pub mod products;
pub mod report;
pub mod settlement;
pub mod sheet;
pub mod table;
pub mod template;
