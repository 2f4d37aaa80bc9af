//! What each step of the takeover records, command by command: a function of the log and the options, so that it comes out the
//! same after a crash.

use crate::fold::{Fold, Mark, Takeover};
use crate::notices;
use crate::switch::Options;
use engine::command::Body;
use engine::command::{
    BookPolicy, BookRestate, CommandBuffer, EpochOpen, MassCancel, MassScope, PhaseSet, Reopening, TakeoverBegin,
    TakeoverStep, Uncross,
};
use engine::types::{InstrumentIndex, Nanoseconds, Phase, ProductIndex, UserIndex};

/// FFEX enter reason: by hand.
const BY_HAND: u8 = b'2';

/// What a step does next.
pub(crate) enum Due {
    /// This command is recorded.
    Record(Box<CommandBuffer>),
    /// Only its TakeoverStep is missing; nothing had to be done if `nothing`.
    Close { nothing: bool },
}

/// The policies that count: those of the log's TakeoverBegin, else the options'.
pub(crate) fn policies(takeover: Option<&Takeover>, options: &Options) -> (BookPolicy, Reopening) {
    match takeover.and_then(|takeover| takeover.begin.as_ref()) {
        Some(begin) => (
            if begin.book == BookPolicy::Cancel as u8 { BookPolicy::Cancel } else { BookPolicy::Keep },
            if begin.reopen == Reopening::Auction as u8 { Reopening::Auction } else { Reopening::Continuous },
        ),
        None => (options.book, options.reopen),
    }
}

/// What step 6 to 14 records at `place`.
pub(crate) fn due(step: u8, place: u32, fold: &Fold, options: &Options, now: Nanoseconds) -> Due {
    let takeover = fold.takeover().expect("these steps come after the epoch");
    let (book, reopen) = policies(Some(takeover), options);
    let place_in = place as usize;
    let command = match step {
        6 => match place {
            0 => Some(phase_set(6, place, InstrumentIndex::ALL, Phase::Suspended)),
            1 => Some(marked(6, place, &notices::suspension(takeover.open.epoch, takeover.open.data_center))),
            _ => None,
        },
        8 if place == 0 => Some(match book {
            BookPolicy::Keep => marked(8, 0, &BookRestate { reserved: 0 }),
            BookPolicy::Cancel => {
                marked(8, 0, &MassCancel { scope: MassScope::All as u8, cause: 0, reserved: [0; 2], index: 0 })
            }
        }),
        10 if place == 0 => Some(marked(10, 0, &reopening(takeover, reopen, options, now))),
        11..=13 => {
            let instruments = by_auction(takeover, reopen);
            let count = instruments.len();
            if count == 0 {
                return Due::Close { nothing: true };
            }
            let phase = [Phase::CancelOnly, Phase::AuctionOrdering, Phase::AuctionMatch][usize::from(step) - 11];
            if place_in < count {
                Some(phase_set(step, place, instruments[place_in], phase))
            } else if step == 13 && place_in < 2 * count {
                let uncross =
                    Uncross { instrument: instruments[place_in - count], product: ProductIndex::ALL, step: 0 };
                Some(marked(step, place, &uncross))
            } else {
                None
            }
        }
        14 => {
            let back = to_resume(takeover);
            back.get(place_in).map(|&(instrument, phase)| phase_set(14, place, instrument, phase))
        }
        _ => None,
    };
    match command {
        Some(command) => Due::Record(Box::new(command)),
        None => Due::Close { nothing: false },
    }
}

/// Instruments that reopen by auction: those that were in continuous trading at the cut.
pub(crate) fn by_auction(takeover: &Takeover, reopen: Reopening) -> Vec<InstrumentIndex> {
    if reopen == Reopening::Continuous {
        return Vec::new();
    }
    to_resume(takeover).into_iter().filter(|&(_, phase)| phase == Phase::Continuous).map(|(index, _)| index).collect()
}

/// Where each instrument goes back to. Those that were suspended or closed at the cut stay so.
fn to_resume(takeover: &Takeover) -> Vec<(InstrumentIndex, Phase)> {
    let numbered = (0..).map(InstrumentIndex).zip(&takeover.resume);
    let open = numbered.filter_map(|(index, phase)| phase.map(|phase| (index, phase)));
    open.filter(|(_, phase)| !matches!(phase, Phase::Suspended | Phase::Closed)).collect()
}

fn reopening(takeover: &Takeover, reopen: Reopening, options: &Options, now: Nanoseconds) -> engine::command::Bulletin {
    if by_auction(takeover, reopen).is_empty() {
        return notices::reopening_at_once(now);
    }
    let auction = Nanoseconds(now.0.saturating_add(options.cancel_only_for.0));
    let match_at = Nanoseconds(auction.0.saturating_add(options.auction_for.0));
    notices::reopening_by_auction(now, auction, match_at)
}

/// The frame that opens the epoch.
pub(crate) fn epoch_open(open: &EpochOpen) -> CommandBuffer {
    marked(5, 0, open)
}

/// The frame behind it.
pub(crate) fn takeover_begin(begin: &TakeoverBegin) -> CommandBuffer {
    marked(5, 1, begin)
}

/// The frame that says that a step is done; those of steps 1 to 5 stand in step 5.
pub(crate) fn takeover_step(step: u8, outcome: u16, elapsed: Nanoseconds, place: u32) -> CommandBuffer {
    marked(step.max(5), place, &TakeoverStep { step: u16::from(step), outcome, reserved: 0, elapsed })
}

fn phase_set(step: u8, place: u32, instrument: InstrumentIndex, phase: Phase) -> CommandBuffer {
    let (product, text) = (ProductIndex::ALL, notices::padded("接管 takeover"));
    marked(
        step,
        place,
        &PhaseSet {
            instrument,
            phase: phase as u8,
            reason: BY_HAND,
            step: 0,
            product,
            last_day: 0,
            reserved: [0; 5],
            text,
        },
    )
}

fn marked<B: Body>(step: u8, place: u32, body: &B) -> CommandBuffer {
    CommandBuffer::new(0, Mark { step, place }.request(), UserIndex::NONE, body)
}
