//! What a whole market's day came to: one-sided markets 单边市, and market makers' netting 自动对冲平仓.
//!
//! One-sided (CFFEX risk rules): in the last five minutes of an instrument only buy orders at the upper limit price and no sell orders, or sell
//! orders meet it and are filled at once without leaving the limit; or the same at the lower limit. Such days raise margins and may be
//! followed by forced reduction, which the exchange orders; here they are named.

use crate::market::InstrumentIndex;

/// What an instrument's book looked like at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds before the close.
    pub before_close: u32,
    /// Best bid in ticks.
    pub bid: Option<i32>,
    /// Best ask in ticks.
    pub ask: Option<i32>,
    /// The price last traded at, if any.
    pub last: Option<i32>,
}

/// Which limit a market stood at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OneSided {
    /// Only buyers, at the upper limit 涨停.
    Up,
    /// Only sellers, at the lower limit 跌停.
    Down,
}

/// An instrument's limits, and its book before the close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMinutes {
    /// Which.
    pub instrument: InstrumentIndex,
    /// Lower limit, in ticks.
    pub lower_limit: i32,
    /// Upper limit, in ticks.
    pub upper_limit: i32,
    /// The book after each change of it, oldest first.
    pub moments: Vec<Moment>,
}

/// How long before the close a market must have been one-sided.
pub const ONE_SIDED_FOR_MS: u32 = 5 * 60 * 1_000;

/// Whether the last five minutes were one-sided. `moments`: the book after each change of it, oldest first; the last one before the five
/// minutes counts too, since it is what they began with. Without any moment nothing is known: none.
#[must_use]
pub fn one_sided(moments: &[Moment], lower_limit: i32, upper_limit: i32) -> Option<OneSided> {
    let first = moments.iter().rposition(|moment| moment.before_close >= ONE_SIDED_FOR_MS).unwrap_or(0);
    let minutes = &moments[first..];
    let begins_in_time = minutes.first()?.before_close >= ONE_SIDED_FOR_MS;
    let at = |limit: i32, side: fn(&Moment) -> Option<i32>, other: fn(&Moment) -> Option<i32>| {
        begins_in_time
            && minutes.iter().all(|moment| {
                side(moment) == Some(limit) && other(moment).is_none() && moment.last.is_none_or(|last| last == limit)
            })
    };
    if at(upper_limit, |moment| moment.bid, |moment| moment.ask) {
        return Some(OneSided::Up);
    }
    at(lower_limit, |moment| moment.ask, |moment| moment.bid).then_some(OneSided::Down)
}

/// Lots of a market maker's long and short position that are closed against each other, free of fee: the smaller side.
#[must_use]
pub fn netted(long: u32, short: u32, asked: u32) -> u32 {
    long.min(short).min(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u32 = 60_000;

    fn at(before_close: u32, bid: Option<i32>, ask: Option<i32>) -> Moment {
        Moment { before_close, bid, ask, last: bid.or(ask) }
    }

    #[test]
    fn only_buyers_at_the_limit_for_five_minutes() {
        let up = [at(9 * MINUTE, Some(90), Some(91)), at(6 * MINUTE, Some(110), None), at(MINUTE, Some(110), None)];
        assert_eq!(one_sided(&up, 90, 110), Some(OneSided::Up));
        let down = [at(5 * MINUTE, None, Some(90))];
        assert_eq!(one_sided(&down, 90, 110), Some(OneSided::Down));
    }

    #[test]
    fn a_moment_of_another_kind_a_late_beginning_or_nothing_known_is_none() {
        let sellers_came = [at(6 * MINUTE, Some(110), None), at(MINUTE, Some(110), Some(110)), at(1, Some(110), None)];
        let late = [at(6 * MINUTE, Some(109), None), at(4 * MINUTE, Some(110), None)];
        let only_late = [at(4 * MINUTE, Some(110), None)];
        for moments in [&sellers_came[..], &late, &only_late, &[]] {
            assert_eq!(one_sided(moments, 90, 110), None);
        }
    }

    #[test]
    fn the_smaller_side_is_netted() {
        assert_eq!([netted(5, 3, 10), netted(5, 3, 2), netted(0, 3, 2)], [3, 2, 0]);
    }
}
