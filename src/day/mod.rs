//! A day's base data: what the exchange opens with, from files; and what a day leaves.

pub mod decimal;
pub mod price_limits;
pub mod products;
pub mod settlement;
pub mod sheet;
pub mod table;
