//! Commands of the exchange itself, from an operator's words.

use super::control::Operation;
use crate::base_data;
use engine::command::{Bulletin, CommandBuffer, DayClose, MassCancel, MassScope};
use engine::types::{InstrumentIndex, ParticipantIndex, Phase};

/// The command of an operation; `find` knows the instruments.
///
/// # Errors
/// An instrument that is not there, a text that is too long.
pub fn command(operation: &Operation, find: impl Fn(&str) -> Option<InstrumentIndex>) -> Result<CommandBuffer, String> {
    let instrument = |id: &Option<String>| match id {
        None => Ok(InstrumentIndex::ALL),
        Some(id) => find(id).ok_or_else(|| format!("--instrument {id}: no such instrument today")),
    };
    Ok(match operation {
        Operation::Close => CommandBuffer::own(&DayClose { reserved: 0, step: 0 }),
        Operation::Phase { phase, instrument: id } => {
            CommandBuffer::own(&base_data::phase(instrument(id)?, Phase::from(*phase), base_data::BY_HAND, 0))
        }
        Operation::Uncross { instrument: id } => CommandBuffer::own(&base_data::uncross(instrument(id)?, 0)),
        Operation::CancelAll => {
            CommandBuffer::own(&MassCancel { scope: MassScope::All as u8, cause: 0, reserved: [0; 2], index: 0 })
        }
        Operation::Bulletin { summary, content } => {
            for (name, text, most) in [("summary", summary, 80), ("content", content, 500)] {
                if text.len() > most {
                    return Err(format!("{name}: {} bytes; expected at most {most}", text.len()));
                }
            }
            CommandBuffer::own(&Bulletin {
                participant: ParticipantIndex::ALL,
                urgency: b' ',
                reserved: 0,
                news_type: *b"   ",
                reserved_2: 0,
                summary: base_data::text(summary),
                content: base_data::text(content),
            })
        }
    })
}

/// An instrument's id as the log has it: 30 bytes, blank-padded. None: longer.
#[must_use]
pub fn instrument_id(id: &str) -> Option<[u8; 30]> {
    (id.len() <= 30).then(|| base_data::text(id))
}
