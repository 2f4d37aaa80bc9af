#![doc = include_str!("../RULES.md")]
#![forbid(unsafe_code)]

pub mod command;
mod decide;
mod difference;
mod evolve;
pub mod event;
pub mod reject;
mod state;
pub mod types;
mod validate;

pub use decide::{Draft, Fault, IdStyle, decide, decide_guarded, decide_guarded_by};
pub use difference::{Difference, first_difference};
pub use evolve::{evolve, seal, step};
pub use state::{
    Account, Digests, Instrument, LiveOrder, Participant, Position, State, Tree, TreeDifference, User,
};
pub use validate::{Impossible, ImpossibleKind, validate};
