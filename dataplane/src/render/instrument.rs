//! An instrument's terms in the standard's field: told when they change, answered when asked. STREAMS.md, RspQryInstrument.

use super::items::{set_units, set_volume_saturating};
use super::{Failed, MessagePlace, Scribe};
use crate::directory::Conflict;
use engine::command::InstrumentDefine;
use engine::event::{InstrumentChanged, MarketChanged};
use ftd::field::{InstrumentField, MarketStatusField};
use ftd::tid;
use ftd::types::{Char, Str};
use ftd::value::{bool_flag, instrument_type, instrument_version, pub_style, stop_code};
use ftd::write::message_size;

/// MarketId: there is one market. JR/T 0016 appendix B, FTDMarketId; the exchange's to choose.
pub const MARKET_ID: [u8; 10] = *b"1         ";

/// Fills a blank InstrumentField with an instrument's terms; `product` is its product's id, `right` FTDTradeRight, its present one.
///
/// # Errors
/// A text that the item cannot hold; it has room for every id of the log.
pub fn set_instrument(
    field: &mut InstrumentField,
    definition: &InstrumentDefine,
    product: &[u8; 8],
    right: u8,
) -> Result<(), Conflict> {
    let id = definition.id.first_chunk::<30>().expect("32 bytes have 30 in front");
    field.market_id = Str::from(MARKET_ID);
    field.instrument_id = Str::from(*id);
    field.instrument_version.set(instrument_version::DEFAULT);
    field.instrument_type.set(instrument_type::DEFAULT);
    if definition.last_trading_day != 0 {
        // What is no date is told as none.
        let _ = field.end_trd_date.set(definition.last_trading_day);
    }
    field.instr_stop_code.set(stop_code::DEFAULT);
    field.currency.set(b"CNY").map_err(|_| Conflict::Inexpressible)?;
    field.trade_rights = Char::from(right);
    field.fuse_rights.set(bool_flag::FALSE);
    field.unit.set_unsigned(definition.multiplier);
    set_units(&mut field.tick, definition.tick.into())?;
    set_volume_saturating(&mut field.max_lot, definition.maximum_volume.into());
    set_volume_saturating(&mut field.min_lot, definition.minimum_volume.into());
    field.pubstyle.set(pub_style::PUBLISHED);
    field.fuse_flag.set(bool_flag::FALSE);
    set_units(&mut field.strike_price, definition.strike.0)?;
    field.options_type.set(definition.option_type);
    let length = product.iter().rposition(|&byte| byte != b' ' && byte != 0).map_or(0, |last| last + 1);
    field.underlying_instr_id.set(&product[..length]).map_err(|_| Conflict::Inexpressible)?;
    field.underlying_multiple.set_unsigned(1);
    Ok(())
}

impl Scribe<'_> {
    /// InstrumentChangeNotify. JR/T 0016 §5.5.2.4.1: all the instrument's parameters as they are now.
    pub(super) fn instrument_changed(
        &self,
        place: &MessagePlace<'_>,
        event: &InstrumentChanged,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let (definition, product) = self.directory.terms(event.instrument).ok_or(Conflict::Undefined)?;
        let field: &mut InstrumentField = place.message(tid::INSTRUMENT_CHANGE_NOTIFY, buffer)?;
        set_instrument(field, definition, product, event.right)?;
        Ok(message_size::<InstrumentField>())
    }

    /// MarketStatusChangeNotify. JR/T 0016 §5.5.2.4.1: the market's new status, and the broadcast stream's present number: its own.
    pub(super) fn market_changed(
        &self,
        place: &MessagePlace<'_>,
        event: &MarketChanged,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let field: &mut MarketStatusField = place.message(tid::MARKET_STATUS_CHANGE_NOTIFY, buffer)?;
        field.market_id = Str::from(MARKET_ID);
        field.market_status_id = Char::from(event.phase);
        field.broadcast_sequence_no.set_unsigned(event.broadcast_number.0);
        Ok(message_size::<MarketStatusField>())
    }
}
