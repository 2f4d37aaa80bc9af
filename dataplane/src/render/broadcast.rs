//! Messages of the broadcast stream but market data. STREAMS.md, "Broadcast stream".

use super::{Failed, MessagePlace, Scribe};
use crate::directory::Conflict;
use engine::command::BodyView;
use engine::event::{Enquired, PhaseChanged};
use ftd::field::{EnquireQuoteNotifyField, InstrumentStatusField};
use ftd::tid;
use ftd::types::{Char, Str};
use ftd::value::request_by_type;
use ftd::write::message_size;

/// The only version there is. JR/T 0016 appendix B, FTDInstrumentVersion.
pub(super) const INSTRUMENT_VERSION: u8 = b'0';

impl Scribe<'_> {
    /// InstrumentStatusChangeNotify.
    pub(super) fn phase(
        &self,
        place: &MessagePlace<'_>,
        event: &PhaseChanged,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let instrument = self.directory.instrument(event.instrument).ok_or(Conflict::Undefined)?;
        let field: &mut InstrumentStatusField = place.message(tid::INSTRUMENT_STATUS_CHANGE_NOTIFY, buffer)?;
        field.instrument_id = Str::from(instrument.id);
        field.instrument_status = Char::from(event.phase);
        Ok(message_size::<InstrumentStatusField>())
    }

    /// EnquireQuoteNotify: everybody hears the question, nobody who asks.
    pub(super) fn enquiry_notice(
        &self,
        place: &MessagePlace<'_>,
        event: &Enquired,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let part = place.part.view()?;
        let Some(BodyView::EnquireQuote(enquiry)) = part.command.as_ref().map(|command| command.body) else {
            return Err(Conflict::EventMisplaced.into());
        };
        let instrument = self.directory.instrument(enquiry.instrument).ok_or(Conflict::Undefined)?;
        let field: &mut EnquireQuoteNotifyField = place.message(tid::ENQUIRE_QUOTE_NOTIFY, buffer)?;
        field.quote_sys_id = Str::from(event.sys_id);
        field.instrument_id = Str::from(instrument.id);
        field.quote_direction = Char::from(enquiry.direction);
        field.request_by.set(request_by_type::PARTICIPANT);
        Ok(message_size::<EnquireQuoteNotifyField>())
    }
}
