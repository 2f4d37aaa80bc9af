//! What the session says itself: straight into the bytes that are sent. STREAMS.md, "Dialog stream" and "Login".
//!
//! Every function takes room for one message and returns how many bytes it wrote; none, if the room was too small.

use crate::render;
use crate::session::Refusal;
use crate::session::proof::Nonce;
use crate::texts::MemberText;
use engine::types::Nanoseconds;
use ftd::field::{
    ForceExitField, LoginChallengeField, ReqUserLoginField, ReqUserLogoutField, RspUserLoginField, RspUserLogoutField,
    StreamEpochField,
};
use ftd::types::Str;
use ftd::value::{digest_method, force_exit_code};
use ftd::{ChinaTime, MessageWriter, SequenceNumber, Series, tid};
use net::Instant;

/// What every answer of a moment has in common.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    /// Now.
    pub(crate) time: ChinaTime,
    /// The trading day and the action day, yyyymmdd; 0 before the day.
    pub(crate) trading_day: u32,
    pub(crate) action_day: u32,
}

impl Moment {
    pub(crate) fn at(now: Instant, trading_day: u32, action_day: u32) -> Self {
        Moment { time: ChinaTime::from_unix_ns(now.nanos()), trading_day, action_day }
    }
}

/// Which request a refusal answers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Target<'a> {
    /// The request's number.
    pub(crate) number: u32,
    /// OrderSysId and OrderLocalId, of an order or a cancel.
    pub(crate) order: Option<(&'a Str<20>, &'a Str<24>)>,
}

/// Package Error.
pub(crate) fn error(
    buffer: &mut [u8],
    refusal: Refusal,
    target: Target<'_>,
    text: MemberText,
    now: Instant,
) -> Option<usize> {
    let target_order = target.order.map(|(sys_id, local_id)| (*sys_id.bytes(), *local_id.bytes()));
    let refusal = render::Refusal {
        code: refusal.number(),
        chinese: refusal.chinese(),
        english: refusal.english(),
        text,
        request: target.number,
        target: target_order,
    };
    render::refusal(buffer, Nanoseconds(now.nanos()), &refusal)
}

/// RspLoginChallenge.
pub(crate) fn challenge(buffer: &mut [u8], nonce: &Nonce) -> Option<usize> {
    let mut message = writer(buffer, tid::LOGIN_CHALLENGE, 0)?;
    let challenge: &mut LoginChallengeField = message.push()?;
    challenge.digest_method.set(digest_method::HMAC_SHA_256);
    challenge.nonce = Str::from(*nonce);
    Some(message.finish())
}

/// RspUserLogin. A password is never sent back.
pub(crate) fn login(
    buffer: &mut [u8],
    request: &ReqUserLoginField,
    timeout_seconds: u8,
    largest_local_id: Option<[u8; 24]>,
    (epoch, data_center): (u32, u32),
    moment: &Moment,
) -> Option<usize> {
    let mut message = writer(buffer, tid::USER_LOGIN, 0)?;
    let answer: &mut RspUserLoginField = message.push()?;
    answer.data_flow_flag = request.data_flow_flag;
    answer.participant_id = request.participant_id;
    answer.user_id = request.user_id;
    answer.exchange_date_time.set_at(moment.time);
    answer.time_span.set(timeout_seconds.into()).ok()?;
    answer.ip_addr = request.ip_addr;
    if let Some(local_id) = largest_local_id {
        answer.max_order_local_id = Str::from(local_id);
    }
    answer.trade_date.set(moment.trading_day).ok()?;
    answer.action_date.set(moment.action_day).ok()?;
    let present: &mut StreamEpochField = message.push()?;
    present.epoch.set_unsigned(epoch);
    present.data_center_id.set_unsigned(data_center);
    Some(message.finish())
}

/// RspUserLogout.
pub(crate) fn logout(buffer: &mut [u8], request: &ReqUserLogoutField, moment: &Moment) -> Option<usize> {
    let mut message = writer(buffer, tid::USER_LOGOUT, 0)?;
    let answer: &mut RspUserLogoutField = message.push()?;
    answer.data_flow_flag = request.data_flow_flag;
    answer.participant_id = request.participant_id;
    answer.user_id = request.user_id;
    answer.exchange_date_time.set_at(moment.time);
    Some(message.finish())
}

/// ForceExit: the exchange is about to end the connection.
pub(crate) fn force_exit(buffer: &mut [u8], words: &[u8; 100], text: MemberText) -> Option<usize> {
    let mut message = writer(buffer, tid::FORCE_EXIT, 0)?;
    let exit: &mut ForceExitField = message.push()?;
    exit.force_exit_code.set(force_exit_code::DEFAULT);
    exit.force_exit_msg = text.tell(words);
    Some(message.finish())
}

fn writer(buffer: &mut [u8], tid: ftd::Tid, number: u32) -> Option<MessageWriter<'_>> {
    MessageWriter::new(buffer, tid, Series::DIALOG, SequenceNumber(number))
}
