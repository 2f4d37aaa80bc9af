#![doc = include_str!("../RULES.md")]

mod book;
pub mod command;
mod decide;
mod definitions;
mod difference;
mod digest;
pub mod event;
mod evolve;
mod exercise;
mod hint;
mod keyed;
mod local_ids;
mod matching_alone;
mod money;
mod orders;
mod position;
mod quotes;
pub mod reject;
mod state;
mod system_id;
mod tables;
pub mod types;
mod validate;
mod warm;

pub use decide::{Draft, Fault, IdStyle, decide, decide_guarded, decide_guarded_by};
pub use difference::{Difference, first_difference};
pub use digest::{AggregateNode, InstrumentNode, Tree, TreeDifference};
pub use evolve::{Stepped, evolve, evolve_decided, seal, step};
pub use exercise::ExecOrder;
pub use matching_alone::{MatchingAlone, MatchingOrder};
pub use money::Purse;
pub use position::Position;
pub use quotes::Quote;
pub use state::{Account, Depth, Digests, Instrument, LiveOrder, Participant, Product, State, User};
pub use validate::{Impossible, ImpossibleKind, validate};
pub use warm::{Ahead, COMMANDS_AHEAD};
