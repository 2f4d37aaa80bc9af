//! A market maker's quote: the checks of two limit orders, with the quote that it replaces gone. RULES.md, Quotes.

use super::demand::{Demand, Relief};
use super::{Refusal, client, conditions, function, instrument, phase, rights, side, speaks};
use crate::command::QuoteInsert;
use crate::local_ids::IdSet;
use crate::position::whose;
use crate::quotes::Quote;
use crate::reject::Reject;
use crate::state::{Instrument, State};
use crate::types::{Direction, Function, Offset, ParticipantIndex, Price, UserIndex};

/// A quote that passed every check.
pub(in crate::decide) struct AdmittedQuote<'a> {
    pub(in crate::decide) instrument: &'a Instrument,
    pub(in crate::decide) participant: ParticipantIndex,
    pub(in crate::decide) replaced: Option<&'a Quote>,
    /// Bid and ask.
    pub(in crate::decide) sides: [QuoteSide; 2],
    /// What the bid opens by trading is what the ask closes first: today's position of the same row.
    pub(in crate::decide) ask_closes_bids: bool,
}

/// Half of an admitted quote.
#[derive(Clone, Copy)]
pub(in crate::decide) struct QuoteSide {
    pub(in crate::decide) price: Price,
    pub(in crate::decide) volume: u32,
    pub(in crate::decide) row: Option<u32>,
    /// Of the volume it freezes, how much is yesterday's position.
    pub(in crate::decide) yesterday: u32,
}

/// The checks in the order of RULES.md.
pub(in crate::decide) fn admit<'a>(
    state: &'a State,
    user: UserIndex,
    quote: &QuoteInsert,
) -> Result<AdmittedQuote<'a>, Refusal<'a>> {
    let (trader, _) = speaks(state, IdSet::quotes(user), &quote.local_id)?;
    let offsets = quote.offset.map(Offset::from_code);
    let ([Some(bid_offset), Some(ask_offset)], true) =
        (offsets, quote.hedge.iter().all(|&hedge| conditions::is_hedge(hedge)))
    else {
        return Err(Reject::OrderUnsupported.into());
    };
    let account = client::is_known(state, trader, quote.account)?;
    let instrument = instrument::is_known(state, quote.instrument)?;
    function::is_on(instrument, Function::Quote)?;
    if !state.is_market_maker(quote.account, instrument.definition.product) {
        return Err(Reject::NotMarketMaker.into());
    }
    phase::is_continuous(instrument)?;
    let right = rights::worst(state, trader, account, instrument);
    let replaced = state.quotes.held(quote.account, quote.instrument);
    let places = quote.hedge.map(|hedge| state.rows.find(whose(quote.account, quote.instrument, hedge)));
    let demand = |at: usize, direction: Direction, offset: Offset| Demand {
        state,
        account,
        instrument,
        row: places[at].map(|place| state.rows.get(place)),
        direction,
        offset,
        hedge: quote.hedge[at],
        price: Price(0),
        volume: quote.volume[at].0,
    };
    rights::not_forbidden(right)?;
    rights::may_open(right, bid_offset)?;
    let released = |side: &Demand<'a>| Relief::of_quote(side, replaced);
    let (bid, bid_yesterday) = side(demand(0, Direction::Buy, bid_offset), quote.price[0], released)?;
    if quote.price[0] >= quote.price[1] {
        return Err(Reject::QuoteCrossed.into());
    }
    rights::may_open(right, ask_offset)?;
    let after_bid = |side: &Demand<'a>| released(side).after(&bid, side.hedge);
    let (ask, ask_yesterday) = side(demand(1, Direction::Sell, ask_offset), quote.price[1], after_bid)?;
    let half = |demand: &Demand<'_>, at: usize, yesterday| QuoteSide {
        price: demand.price,
        volume: demand.volume,
        row: places[at],
        yesterday,
    };
    Ok(AdmittedQuote {
        instrument,
        participant: trader.definition.participant,
        replaced,
        sides: [half(&bid, 0, bid_yesterday), half(&ask, 1, ask_yesterday)],
        ask_closes_bids: state.close_today_first
            && bid.opens()
            && ask.offset == Offset::Close
            && quote.hedge[0] == quote.hedge[1],
    })
}
