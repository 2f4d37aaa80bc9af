//! Random messages of members, right and wrong in every way that the session looks at: the bytes, and what the model is told of them.

use super::{Ask, FROM_NOW, Line, Login, Model, Sent};
use crate::common::front_support::{Client, INSTRUMENT, participant_id};
use dataplane::session::proof;
use ftd::field::*;
use ftd::value::data_flow_flag::{BROADCAST, DIALOG, PRIVATE};
use ftd::{Field, MessageWriter, SequenceNumber, Series, Tid, tid};
use net::random::Random;

/// TIDs that no member's request has, and one that nobody knows.
const NOT_OFFERED: [Tid; 8] = [
    tid::ERROR,
    tid::FRONTS,
    tid::TRADE_INSERT_SINGLE,
    tid::ORDER_CONFIRMATION,
    tid::FORCE_EXIT,
    tid::MARKET_BULLETIN,
    tid::FLOW_MESSAGE_CANCEL,
    Tid(0x7777),
];

/// A field, or what stands where it should.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Missing,
    Short,
}

impl Form {
    fn any(random: &mut Random) -> Form {
        match random.below(40) {
            0 => Form::Missing,
            1 => Form::Short,
            _ => Form::Whole,
        }
    }
}

fn packed<F: Field>(tid: Tid, series: u16, number: u32, form: Form, field: &F) -> Vec<u8> {
    let mut buffer = [0; 1_024];
    let mut message = MessageWriter::new(&mut buffer, tid, Series(series), SequenceNumber(number)).unwrap();
    match form {
        Form::Whole => {
            message.push_copy(field).unwrap();
        }
        Form::Missing => {}
        Form::Short => {
            let items = &zerocopy::IntoBytes::as_bytes(field)[1..];
            let mut raw = F::FID.0.to_be_bytes().to_vec();
            raw.extend((items.len() as u16).to_be_bytes());
            raw.extend(items);
            message.push_raw(&raw, 1).unwrap();
        }
    }
    let length = message.finish();
    buffer[..length].to_vec()
}

fn text<const N: usize>(text: &[u8], random: &mut Random) -> [u8; N] {
    // Members written in C leave NULs behind.
    let mut bytes = if random.below(12) == 0 { [0; N] } else { [b' '; N] };
    bytes[..text.len()].copy_from_slice(text);
    bytes
}

fn one_of<T: Copy>(random: &mut Random, items: &[T]) -> T {
    items[random.below(items.len() as u64) as usize]
}

/// Whose message it is to look like: mostly whose connection it is.
fn seat_of(model: &Model, line: &Line, random: &mut Random) -> usize {
    let present = line.dialog.or(line.private).or(line.broadcast).map(|(seat, _)| seat);
    present.filter(|_| random.below(12) != 0).unwrap_or_else(|| random.below(model.seats.len() as u64) as usize)
}

/// A message on a line, and its bytes.
pub fn any(model: &Model, line: &Line, client: &mut Client, random: &mut Random) -> (Sent, Vec<u8>) {
    match random.below(100) {
        0 => (Sent::Garbage, vec![1, 200, 0, 0]),
        1..4 => (Sent::Heartbeat, ftd::HEARTBEAT.to_vec()),
        4..8 => logout(model, line, random),
        8..12 => challenge(random),
        12..40 if !model.takes_passwords && line.nonce.is_none() && line.dialog.is_none() => challenge(random),
        weight => match line.dialog {
            None if weight < 80 => login(model, line, random),
            Some(_) if weight < 22 => login(model, line, random),
            _ => request(model, line, client, random),
        },
    }
}

pub fn challenge(random: &mut Random) -> (Sent, Vec<u8>) {
    let (number, form) = (random.below(3) as u32, Form::any(random));
    let bytes = packed(tid::LOGIN_CHALLENGE, 0, number, form, &ReqUserLoginField::BLANK);
    (Sent::Challenge { number, whole: form == Form::Whole }, bytes)
}

fn login(model: &Model, line: &Line, random: &mut Random) -> (Sent, Vec<u8>) {
    let index = seat_of(model, line, random);
    let seat = Some(index).filter(|_| random.below(25) != 0);
    let participant = match random.below(25) {
        0 => None,
        1 => Some(random.below(3) as usize),
        _ => Some(model.seats[index].participant),
    };
    let flag = if random.below(25) == 0 { b'9' } else { one_of(random, &[DIALOG, DIALOG, PRIVATE, BROADCAST]) };
    let mut field = ReqUserLoginField::BLANK;
    field.data_flow_flag.set(flag);
    field.participant_id = name(participant, random).into();
    field.user_id = match seat {
        Some(seat) => text(model.seats[seat].id.as_bytes(), random).into(),
        None => text(b"nobody", random).into(),
    };
    let timeout = match random.below(12) {
        0 => None,
        1 => Some(0),
        2 => Some(999),
        _ => Some(2 + random.below(30)),
    };
    match timeout {
        None => field.time_out = [b'x'; 3].into(),
        Some(seconds) => field.time_out.set(seconds as i64).unwrap(),
    }
    let secret = if random.below(20) == 0 { b"wrong".to_vec() } else { model.seats[index].secret.clone() };
    // With a proof, if there is a nonce to prove it over; sometimes over another one, or none at all.
    let proves = if model.takes_passwords { random.below(3) == 0 } else { random.below(20) != 0 };
    let mut proof_field = LoginProofField::BLANK;
    let proof = proves.then(|| {
        let nonce = line.nonce.filter(|_| random.below(15) != 0).unwrap_or([b'7'; 64]);
        proof_field.digest_method.set(ftd::value::digest_method::HMAC_SHA_256);
        proof_field.nonce = nonce.into();
        proof_field.proof = proof::proof(&secret, &nonce, &field).into();
        (nonce, seat.is_some_and(|seat| model.seats[seat].secret == secret))
    });
    let password = if proves { Vec::new() } else { secret };
    field.password.set(&password).unwrap();
    let place = if flag == BROADCAST { 0 } else { 1 + model.seats[index].participant };
    let start = (random.below(2) == 0).then(|| {
        let series = match (random.below(25), flag) {
            (0, _) => 9,
            (_, BROADCAST) => 1,
            _ => model.seats[index].participant as u16 + 2,
        };
        let number = match random.below(6) {
            0 => FROM_NOW,
            1 => 0,
            _ => random.below(u64::from(model.counts[place]) + 4) as u32,
        };
        (series, number)
    });
    let epoch = match random.below(8) {
        0 => Some(model.epoch() + 1 + random.below(2) as u32),
        1..4 => Some(model.epoch()),
        4 => Some(random.below(u64::from(model.epoch()) + 1) as u32),
        _ => None,
    };
    let (number, form) = (random.below(3) as u32, Form::any(random));
    let mut bytes = [0; 1_024];
    let mut message = MessageWriter::new(&mut bytes, tid::USER_LOGIN, Series::DIALOG, SequenceNumber(number)).unwrap();
    if form == Form::Whole {
        message.push_copy(&field).unwrap();
    }
    if let Some((series, number)) = start {
        let start: &mut DisseminationstartField = message.push().unwrap();
        start.sequence_series.set(series);
        start.sequence_no.set_unsigned(number);
    }
    if proof.is_some() {
        message.push_copy(&proof_field).unwrap();
    }
    if let Some(epoch) = epoch {
        message.push::<StreamEpochField>().unwrap().epoch.set_unsigned(epoch);
    }
    let length = message.finish();
    let login = Login { flag, participant, seat, password, proof, timeout, start, epoch };
    (Sent::Login { number, whole: form == Form::Whole, login }, bytes[..length].to_vec())
}

fn name(participant: Option<usize>, random: &mut Random) -> [u8; 8] {
    match participant {
        Some(participant) => text(&participant_id(participant as u16)[..4], random),
        None => text(b"9999", random),
    }
}

fn logout(model: &Model, line: &Line, random: &mut Random) -> (Sent, Vec<u8>) {
    let index = seat_of(model, line, random);
    let seat = Some(index).filter(|_| random.below(15) != 0);
    let participant = match random.below(12) {
        0 => None,
        1 => Some(random.below(3) as usize),
        _ => Some(model.seats[index].participant),
    };
    let flag = if random.below(12) == 0 { b'9' } else { one_of(random, &[DIALOG, PRIVATE, BROADCAST]) };
    let mut field = ReqUserLogoutField::BLANK;
    field.data_flow_flag.set(flag);
    field.participant_id = name(participant, random).into();
    field.user_id = match seat {
        Some(seat) => text(model.seats[seat].id.as_bytes(), random).into(),
        None => text(b"nobody", random).into(),
    };
    let (number, form) = (random.below(3) as u32, Form::any(random));
    let bytes = packed(tid::USER_LOGOUT, 0, number, form, &field);
    (Sent::Logout { number, whole: form == Form::Whole, flag, participant, seat }, bytes)
}

/// A query of a market: the shortest there is.
pub fn short_query(number: u32) -> (Sent, Vec<u8>) {
    let ask = Ask::Query { whole: true, outcome: 0 };
    let bytes = packed(tid::QRY_MARKET, 0, number, Form::Whole, &ReqQryMarketField::BLANK);
    (Sent::Request { series: 0, number, tid: tid::QRY_MARKET, ask }, bytes)
}

fn request(model: &Model, line: &Line, client: &mut Client, random: &mut Random) -> (Sent, Vec<u8>) {
    let (seat, next) = line.dialog.unwrap_or((random.below(model.seats.len() as u64) as usize, 1));
    let number = match random.below(60) {
        0 => next + 1,
        1 => next - 1,
        _ => next,
    };
    let series = if random.below(80) == 0 { 2 } else { 0 };
    let form = Form::any(random);
    let known = &model.seats[seat];
    // Whose name it gives: another user's, of another participant or of its own.
    let is_own = random.below(20) != 0;
    let (user, participant) = match (is_own, random.below(2)) {
        (true, _) => (known.id.clone(), known.participant),
        (false, 0) => (model.seats[(seat + 1) % model.seats.len()].id.clone(), known.participant),
        (false, _) => (known.id.clone(), (known.participant + 1) % 3),
    };
    let items = random.below(15) != 0;
    let (user_id, participant_id) = (text::<15>(user.as_bytes(), random), name(Some(participant), random));
    client.participant = known.participant as u16;
    let mut order =
        client.order_field(one_of(random, b"01"), 14_995 + random.below(10) as i64, 1 + random.below(5) as i32);
    (order.user_id, order.participant_id) = (user_id.into(), participant_id.into());
    let engine = Ask::Engine { whole: form == Form::Whole, own: is_own, items };
    let (client_id, instrument_id, local_id) = (order.client_id, order.instrument_id, order.order_local_id);
    let volume = order.volume_total_orginal;
    let bad_volume = ftd::types::Int::from(-1);
    let (tid, ask, bytes) = match random.below(24) {
        0 => {
            let mut action = OrderActionField { user_id: user_id.into(), ..OrderActionField::BLANK };
            action.order_action_code.set(b'0');
            action.order_sys_id.set(b"B00000000001").unwrap();
            // It names no participant, and has nothing that could be malformed.
            let ask = Ask::Engine { whole: form == Form::Whole, own: user == known.id, items: true };
            (tid::ORDER_ACTION, ask, packed(tid::ORDER_ACTION, series, number, form, &action))
        }
        1 | 2 => {
            let mut quote = InputQuoteField::BLANK;
            (quote.participant_id, quote.user_id) = (participant_id.into(), user_id.into());
            (quote.client_id, quote.instrument_id, quote.quote_local_id) = (client_id, instrument_id, local_id);
            (quote.bid_price, quote.bid_volume, quote.ask_volume) = (order.limit_price, volume, volume);
            quote.ask_price.set_units(15_010 * 2_000).unwrap();
            match random.below(2) {
                _ if items => {}
                0 => quote.ask_price = [b'?'; 12].into(),
                _ => quote.bid_volume = bad_volume,
            }
            (tid::QUOTE_INSERT, engine, packed(tid::QUOTE_INSERT, series, number, form, &quote))
        }
        3 => {
            let mut action = QuoteActionField::BLANK;
            (action.participant_id, action.user_id) = (participant_id.into(), user_id.into());
            action.quote_local_id = local_id;
            let ask = Ask::Engine { whole: form == Form::Whole, own: is_own, items: true };
            (tid::QUOTE_ACTION, ask, packed(tid::QUOTE_ACTION, series, number, form, &action))
        }
        4 => {
            let mut enquiry = EnquireQuoteField::BLANK;
            (enquiry.participant_id, enquiry.user_id) = (participant_id.into(), user_id.into());
            (enquiry.client_id, enquiry.instrument_id, enquiry.quote_local_id) = (client_id, instrument_id, local_id);
            let ask = Ask::Engine { whole: form == Form::Whole, own: is_own, items: true };
            (tid::ENQUIRE_QUOTE, ask, packed(tid::ENQUIRE_QUOTE, series, number, form, &enquiry))
        }
        5 => {
            let mut exec = InputExecOrderField::BLANK;
            (exec.participant_id, exec.user_id) = (participant_id.into(), user_id.into());
            (exec.client_id, exec.instrument_id, exec.exec_order_local_id) = (client_id, instrument_id, local_id);
            exec.volume = if items { volume } else { bad_volume };
            (tid::EXEC_ORDER_INSERT, engine, packed(tid::EXEC_ORDER_INSERT, series, number, form, &exec))
        }
        6 => {
            let mut action = ExecOrderActionField::BLANK;
            (action.participant_id, action.user_id) = (participant_id.into(), user_id.into());
            action.exec_order_local_id = local_id;
            let ask = Ask::Engine { whole: form == Form::Whole, own: is_own, items: true };
            (tid::EXEC_ORDER_ACTION, ask, packed(tid::EXEC_ORDER_ACTION, series, number, form, &action))
        }
        7 => {
            let mut report = ReadinessField::BLANK;
            (report.participant_id, report.user_id) = (participant_id.into(), user_id.into());
            report.readiness.set(if items { b'1' } else { b'x' });
            (tid::READINESS, engine, packed(tid::READINESS, series, number, form, &report))
        }
        8 | 9 => {
            let mut update = ReqUserPasswordUpdateField::BLANK;
            (update.participant_id, update.user_id) = (participant_id.into(), user_id.into());
            let old = if random.below(4) == 0 { b"not this".to_vec() } else { known.secret.clone() };
            let new =
                if random.below(6) == 0 { Vec::new() } else { format!("new{}", random.below(1_000)).into_bytes() };
            update.old_password.set(&old).unwrap();
            update.new_password.set(&new).unwrap();
            let bytes = packed(tid::USER_PASSWORD_UPDATE, series, number, Form::Whole, &update);
            (tid::USER_PASSWORD_UPDATE, Ask::Password { own: is_own, old, new }, bytes)
        }
        10 => {
            let tid = one_of(random, &NOT_OFFERED);
            (tid, Ask::NotOffered, packed(tid, series, number, form, &ReqQryMarketField::BLANK))
        }
        11..15 => query(series, number, form, &known.id, known.participant, random),
        _ => {
            match random.below(4) {
                _ if items => {}
                0 => order.limit_price = [b'?'; 12].into(),
                1 => order.stop_price = [b'?'; 12].into(),
                2 => order.minimal_volume = bad_volume,
                _ => order.volume_total_orginal = bad_volume,
            }
            if random.below(15) == 0 {
                order.match_condition.set(b'?'); // the rules' business
            }
            (tid::ORDER_INSERT, engine, packed(tid::ORDER_INSERT, series, number, form, &order))
        }
    };
    (Sent::Request { series, number, tid, ask }, bytes)
}

fn query(
    series: u16,
    number: u32,
    form: Form,
    user: &str,
    participant: usize,
    random: &mut Random,
) -> (Tid, Ask, Vec<u8>) {
    let whole = form == Form::Whole;
    match random.below(6) {
        0 => {
            let bytes = packed(tid::QRY_MARKET, series, number, form, &ReqQryMarketField::BLANK);
            (tid::QRY_MARKET, Ask::Query { whole, outcome: 0 }, bytes)
        }
        choice @ 1..=2 => {
            let mut field = ReqQryInstrumentField::BLANK;
            field.instrument_id = text(if choice == 1 { INSTRUMENT } else { b"NOPE" }, random).into();
            let outcome = if choice == 1 { 0 } else { 116 };
            let bytes = packed(tid::QRY_INSTRUMENT, series, number, form, &field);
            (tid::QRY_INSTRUMENT, Ask::Query { whole, outcome }, bytes)
        }
        choice @ 3..=4 => {
            let mut field = ReqQryOrderField::BLANK;
            let own = choice == 4;
            field.participant_id = name(Some(if own { participant } else { (participant + 1) % 3 }), random).into();
            field.order_sys_id.set(b"nothing").unwrap();
            let outcome = if own { 116 } else { 107 };
            (tid::QRY_ORDER, Ask::Query { whole, outcome }, packed(tid::QRY_ORDER, series, number, form, &field))
        }
        _ => {
            let mut field = ReqQryTradeField::BLANK;
            field.user_id.set(user.as_bytes()).unwrap();
            field.start_time = [b'x'; 8].into();
            (tid::QRY_TRADE, Ask::Query { whole, outcome: 109 }, packed(tid::QRY_TRADE, series, number, form, &field))
        }
    }
}
