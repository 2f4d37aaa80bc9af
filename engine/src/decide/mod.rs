//! What comes of a command: reads the state, writes events into a draft, changes nothing.
//!
//! `decide` may be wrong and may even panic: the state it read stays as it was. Checks of an order: [`checks::admit`].

mod auction;
mod cancel;
mod checks;
pub(crate) mod definitions;
mod draft;
pub(crate) mod exercise;
mod insert;
mod market;
mod mass;
mod matching;
mod phases;
pub(crate) mod quote;

use crate::command::{BodyView, Command};
use crate::event::{Applied, BLANK_SYSTEM_ID, Rejected};
use crate::reject::Reject;
use crate::state::State;
use crate::types::{Nanoseconds, OrderKey, Sequence, Stamp};
use draft::Writer;
pub use draft::{Draft, IdStyle};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Decides a command: the draft then holds its events, at least one. RULES.md says which.
///
/// # Panics
/// Where an invariant of the state does not hold; see [`decide_guarded`].
#[inline]
pub fn decide(state: &State, stamp: Stamp, command: &Command<'_>, draft: &mut Draft) {
    decide_at(state, stamp.sequence, stamp.time, command, draft);
}

/// Of the stamp a decision needs two numbers, and those travel in registers.
fn decide_at(state: &State, sequence: Sequence, time: Nanoseconds, command: &Command<'_>, draft: &mut Draft) {
    let user = command.header.user;
    let mut writer = Writer::begin(state, sequence, draft);
    if state.day.is_none() && !matches!(command.body, BodyView::DayOpen(_)) {
        return writer.reject(Reject::DayNotOpen);
    }
    match command.body {
        BodyView::OrderInsert(order) => insert::decide(&mut writer, user, order),
        BodyView::OrderCancel(cancel) => cancel::decide(&mut writer, user, cancel),
        BodyView::QuoteInsert(insert) => quote::insert(&mut writer, user, insert),
        BodyView::QuoteCancel(cancel) => quote::cancel(&mut writer, user, cancel),
        BodyView::EnquireQuote(enquiry) => quote::enquire(&mut writer, user, time, enquiry),
        BodyView::ExecOrderInsert(insert) => exercise::insert(&mut writer, user, insert),
        BodyView::ExecOrderCancel(cancel) => exercise::cancel(&mut writer, user, cancel),
        BodyView::MassCancel(mass) => mass::cancel(&mut writer, mass),
        BodyView::DayClose(_) => mass::close_day(&mut writer),
        BodyView::BookRestate(_) => mass::restate(&mut writer),
        BodyView::PhaseSet(set) => phases::decide(&mut writer, set),
        BodyView::Uncross(uncross) => auction::decide(&mut writer, uncross),
        BodyView::MarketDataTick(_) => market::tick(&mut writer),
        BodyView::Bulletin(bulletin) => market::bulletin(&mut writer, bulletin),
        BodyView::DayOpen(_)
        | BodyView::ParticipantDefine(_)
        | BodyView::UserDefine(_)
        | BodyView::AccountDefine(_)
        | BodyView::InstrumentDefine(_)
        | BodyView::ProductDefine(_)
        | BodyView::MarketMakerSet(_)
        | BodyView::ClientLimitSet(_)
        | BodyView::MemberLimitSet(_)
        | BodyView::CreditSet(_)
        | BodyView::FunctionSet(_)
        | BodyView::ScheduleSet(_)
        | BodyView::ExecWindowSet(_)
        | BodyView::PositionSet(_)
        | BodyView::RightSet(_)
        | BodyView::ReadinessReport(_)
        | BodyView::PasswordUpdate(_)
        | BodyView::SeatBlock(_)
        | BodyView::TakeoverBegin(_)
        | BodyView::TakeoverStep(_)
        | BodyView::EpochOpen(_) => {
            writer.make_room();
            match (definitions::check(state, command), command.body) {
                (Ok(()), BodyView::RightSet(set)) => market::right(&mut writer, set),
                (Ok(()), _) => writer.push(Applied::zero()),
                (Err(reject), _) => writer.reject(reject),
            }
        }
    }
    writer.finish();
}

/// A panic while deciding, caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The panic's words.
    pub message: String,
}

/// Decides; a panic while deciding becomes the one event Rejected with DecideFault, which changes nothing.
/// RULES.md, A panic. A panic hook that prints is the caller's business.
///
/// # Errors
/// [`Fault`] if a panic was caught; the draft holds the event all the same.
#[inline]
pub fn decide_guarded(state: &State, stamp: Stamp, command: &Command<'_>, draft: &mut Draft) -> Result<(), Fault> {
    guard(|draft| decide_at(state, stamp.sequence, stamp.time, command, draft), state, stamp.sequence, draft)
}

/// [`decide_guarded`] with the deciding function given, so that a fault can be planted.
///
/// # Errors
/// [`Fault`] if a panic was caught; the draft holds the event all the same.
#[inline]
pub fn decide_guarded_by(
    deciding: impl FnOnce(&State, Stamp, &Command<'_>, &mut Draft),
    state: &State,
    stamp: Stamp,
    command: &Command<'_>,
    draft: &mut Draft,
) -> Result<(), Fault> {
    guard(|draft| deciding(state, stamp, command, draft), state, stamp.sequence, draft)
}

#[inline]
fn guard(deciding: impl FnOnce(&mut Draft), state: &State, sequence: Sequence, draft: &mut Draft) -> Result<(), Fault> {
    // Safe to go on after a panic: the state is only read, and the draft is begun anew.
    let caught = catch_unwind(AssertUnwindSafe(|| deciding(draft)));
    match caught {
        Ok(()) => Ok(()),
        Err(panic) => Err(fault(panic.as_ref(), state, sequence, draft)),
    }
}

#[cold]
fn fault(panic: &(dyn Any + Send), state: &State, sequence: Sequence, draft: &mut Draft) -> Fault {
    let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without words".to_owned(),
    };
    Writer::begin(state, sequence, draft).reject(Reject::DecideFault);
    Fault { message }
}

/// The event of a refusal that marks nothing and points to nothing.
fn plain_rejected(reject: Reject) -> Rejected {
    Rejected { code: reject as u16, first_order: OrderKey(0), first_sys_id: BLANK_SYSTEM_ID, ..Rejected::zero() }
}
