//! `backstop settle`: the settlement of a day, from its log and the terms that the log does not hold 结算.
//!
//! | file | what |
//! |---|---|
//! | [`intake`] | the log as input: a fold over frames, for the batch and the stream |
//! | [`day_log`] | a whole day of it, kept |

pub mod day_log;
pub mod intake;
