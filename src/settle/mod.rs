//! `backstop settle`: the settlement of a day, from its log and the terms that the log does not hold 结算.
//!
//! | file | what |
//! |---|---|
//! | [`intake`] | the log as input: a fold over frames, for the batch and the stream |
//! | [`day_log`] | a whole day of it, kept |
//! | [`terms`] | what the log does not hold, from the day's folder |
//! | [`requests`] | what is asked for at the day's end, and deliveries under way |
//! | [`market`] | both together: the market as settlement has it, and the day's settlement prices |
//! | [`corrections`] | another price, a cancelled trade |
//! | [`run`] | through the batch; in a few figures; what changed |
//! | [`follow`] | the stream over a log that grows, in one process or several |
//! | [`release`] | official, and told to members |
//! | [`carry`] | the next day's folder |
//! | [`command`] | what is asked on the command line, the store, the files |

pub mod carry;
pub mod command;
pub mod corrections;
pub mod day_log;
pub mod follow;
pub mod intake;
pub mod market;
pub mod release;
pub mod requests;
pub mod run;
pub mod terms;
