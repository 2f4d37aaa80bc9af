//! Positions: of a client in an instrument, and of a participant in an instrument. JR/T 0016 §5.4.1
//!
//! Speculation and hedge are columns; arbitrage and market making count as speculation. What positions of today the base data brought is
//! told as opened today.

use super::{View, head, set_lots};
use crate::ask::is;
use crate::fold::class_of;
use crate::paper::Paper;
use engine::types::{InstrumentIndex, ParticipantIndex};
use ftd::field::{PPositionField, PositionField, ReqQryPPositionField, ReqQryPositionField};
use ftd::types::Str;
use ftd::value::instrument_version;

/// Lots, by [long, short][speculation, hedge].
type Table = [[u64; 2]; 2];

/// Everything that a position field tells.
#[derive(Default)]
struct Sums {
    yesterday: Table,
    opened: Table,
    closed_today: Table,
    closed_yesterday: Table,
    pending: Table,
    frozen_today: Table,
    frozen_yesterday: Table,
}

macro_rules! fill {
    ($field:ident, $sums:ident) => {
        let lots = |item: &mut ftd::types::Int, lots: u64| set_lots(item, lots);
        let Sums { yesterday, opened, closed_today, closed_yesterday, pending, frozen_today, frozen_yesterday } = $sums;
        lots(&mut $field.yd_buy_spec_position, yesterday[0][0]);
        lots(&mut $field.yd_buy_hedge_position, yesterday[0][1]);
        lots(&mut $field.yd_sell_spec_position, yesterday[1][0]);
        lots(&mut $field.yd_sell_hedge_position, yesterday[1][1]);
        // A buy opens long or closes short.
        let closed = |side: usize, class: usize| closed_today[side][class] + closed_yesterday[side][class];
        lots(&mut $field.buy_spec_volume, opened[0][0] + closed(1, 0));
        lots(&mut $field.buy_hedge_volume, opened[0][1] + closed(1, 1));
        lots(&mut $field.sell_spec_volume, opened[1][0] + closed(0, 0));
        lots(&mut $field.sell_hedge_volume, opened[1][1] + closed(0, 1));
        lots(&mut $field.buy_spec_position, opened[0][0]);
        lots(&mut $field.buy_hedge_position, opened[0][1]);
        lots(&mut $field.sell_spec_position, opened[1][0]);
        lots(&mut $field.sell_hedge_position, opened[1][1]);
        lots(&mut $field.buy_offs_s_position, closed_today[1][0]);
        lots(&mut $field.buy_offs_h_position, closed_today[1][1]);
        lots(&mut $field.sell_offs_s_position, closed_today[0][0]);
        lots(&mut $field.sell_offs_h_position, closed_today[0][1]);
        lots(&mut $field.yd_buy_offs_s_position, closed_yesterday[1][0]);
        lots(&mut $field.yd_buy_offs_h_position, closed_yesterday[1][1]);
        lots(&mut $field.yd_sell_offs_s_position, closed_yesterday[0][0]);
        lots(&mut $field.yd_sell_offs_h_position, closed_yesterday[0][1]);
        lots(&mut $field.long_open_froz_s_position, pending[0][0]);
        lots(&mut $field.long_open_froz_h_position, pending[0][1]);
        lots(&mut $field.short_open_froz_s_position, pending[1][0]);
        lots(&mut $field.short_open_froz_h_position, pending[1][1]);
        lots(&mut $field.long_offs_froz_s_position, frozen_today[0][0]);
        lots(&mut $field.long_offs_froz_h_position, frozen_today[0][1]);
        lots(&mut $field.short_offs_froz_s_position, frozen_today[1][0]);
        lots(&mut $field.short_offs_froz_h_position, frozen_today[1][1]);
        lots(&mut $field.yd_long_offs_froz_s_position, frozen_yesterday[0][0]);
        lots(&mut $field.yd_long_offs_froz_h_position, frozen_yesterday[0][1]);
        lots(&mut $field.yd_short_offs_froz_s_position, frozen_yesterday[1][0]);
        lots(&mut $field.yd_short_offs_froz_h_position, frozen_yesterday[1][1]);
    };
}

/// Where a participant's positions are being summed up: one holding a step.
#[derive(Default)]
pub(crate) struct Summing {
    instrument: usize,
    holding: usize,
    sums: Sums,
}

impl View<'_> {
    /// A client of a participant's in an instrument: at most one holding for each hedge flag.
    pub(crate) fn position(
        &self,
        own: ParticipantIndex,
        asked: &ReqQryPositionField,
        places: &[u32],
        paper: &mut Paper,
    ) {
        let first = &self.fold.day.holdings[places[0] as usize];
        let instrument = self.instrument_of(first.instrument);
        let account = &self.fold.state.account(first.account).expect("who holds is defined").definition;
        if !is(&asked.instrument_id, &instrument.id) || !is(&asked.client_id, &account.client_id) {
            return;
        }
        let mut sums = Sums::default();
        for &place in places {
            self.add(&mut sums, place);
        }
        let mut field = PositionField::BLANK;
        field.participant_id = self.participant_id(own);
        field.client_id = Str::from(account.client_id);
        field.instrument_id = head(&instrument.id);
        field.instrument_version.set(instrument_version::DEFAULT);
        field.trade_date = self.dates().0;
        fill!(field, sums);
        paper.push(&field);
    }

    /// The next holding of a participant; the last one of an instrument tells its sums.
    pub(crate) fn participant_position(
        &self,
        own: ParticipantIndex,
        asked: &ReqQryPPositionField,
        by_instrument: &[(InstrumentIndex, Vec<u32>)],
        at: &mut Summing,
        paper: &mut Paper,
    ) {
        let (index, places) = &by_instrument[at.instrument];
        self.add(&mut at.sums, places[at.holding]);
        at.holding += 1;
        if at.holding < places.len() {
            return;
        }
        let sums = std::mem::take(&mut at.sums);
        (at.instrument, at.holding) = (at.instrument + 1, 0);
        let instrument = self.instrument_of(*index);
        if !is(&asked.instrument_id, &instrument.id) {
            return;
        }
        let mut field = PPositionField::BLANK;
        field.participant_id = self.participant_id(own);
        field.instrument_id = head(&instrument.id);
        field.instrument_version.set(instrument_version::DEFAULT);
        field.trade_date = self.dates().0;
        fill!(field, sums);
        paper.push(&field);
    }

    fn add(&self, sums: &mut Sums, place: u32) {
        let holding = &self.fold.day.holdings[place as usize];
        let class = class_of(holding.hedge);
        let now = self.fold.state.position(holding.account, holding.instrument, holding.hedge);
        let pending = [now.pending_buy, now.pending_sell];
        let frozen_today = [now.long_frozen_today, now.short_frozen_today];
        let frozen_yesterday = [now.long_frozen_yesterday, now.short_frozen_yesterday];
        for side in 0..2 {
            sums.yesterday[side][class] += u64::from(holding.began_yesterday[side]);
            sums.opened[side][class] += u64::from(holding.began_today[side]) + holding.opened[side];
            sums.closed_today[side][class] += holding.closed_today[side];
            sums.closed_yesterday[side][class] += holding.closed_yesterday[side];
            sums.pending[side][class] += u64::from(pending[side]);
            sums.frozen_today[side][class] += u64::from(frozen_today[side]);
            sums.frozen_yesterday[side][class] += u64::from(frozen_yesterday[side]);
        }
    }
}
