//! The logins of one connection: dialog, private, broadcast, one behind the other, each proved as the seat is set up.
//!
//! With a password: ReqUserLogin. With a proof: ReqLoginChallenge, whose answer carries a nonce of 64 characters, then
//! ReqUserLogin without a password and with
//!
//! ```text
//! Proof = hex(HMAC-SHA-256(secret, nonce (64) | ParticipantId (8) | UserId (15) | DataFlowFlag (1)))
//! ```
//!
//! over the bytes as on the wire, the key being the secret without blanks behind it (`errata.md`, extensions).

use crate::config::{Config, Credential};
use ftd::field::{LoginProofField, ReqUserLoginField};
use ftd::types::Str;
use ftd::value::{data_flow_flag, digest_method};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The stream that a login is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Dialog,
    Private,
    Broadcast,
}

impl Flow {
    pub fn flag(self) -> u8 {
        match self {
            Flow::Dialog => data_flow_flag::DIALOG,
            Flow::Private => data_flow_flag::PRIVATE,
            Flow::Broadcast => data_flow_flag::BROADCAST,
        }
    }
}

/// Fills what a login and the question for a challenge have in common. The password only where one is sent.
pub(crate) fn fill_login(config: &Config, flow: Flow, with_password: bool, field: &mut ReqUserLoginField) {
    field.data_flow_flag.set(flow.flag());
    field.participant_id = config.participant_id;
    field.user_id = config.user_id;
    if let (Credential::Password(password), true) = (&config.credential, with_password) {
        // A password longer than the item cannot be right; what fits is sent and refused.
        let fits = &password[..password.len().min(40)];
        field.password.set(fits).expect("cut to the item's width");
    }
    set_cut(&mut field.ip_addr, config.ip_address.as_bytes());
    set_cut(&mut field.server_app_name, config.application.as_bytes());
    set_cut(&mut field.protocol_version, b"2");
    field.time_out.set(i64::from(config.heartbeat_seconds)).expect("a byte has at most three digits");
}

/// Fills the proof of a login. None: the challenge is for a method that is not ours.
pub(crate) fn fill_proof(
    config: &Config,
    flow: Flow,
    method: u8,
    nonce: &Str<64>,
    field: &mut LoginProofField,
) -> Option<()> {
    let Credential::Proof(secret) = &config.credential else { return None };
    if method != digest_method::HMAC_SHA_256 {
        return None;
    }
    let key = &secret[..secret.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |last| last + 1)];
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(nonce.bytes());
    mac.update(config.participant_id.bytes());
    mac.update(config.user_id.bytes());
    mac.update(&[flow.flag()]);
    let mut hex = [0; 64];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(mac.finalize().into_bytes()) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    field.digest_method.set(method);
    field.nonce = *nonce;
    field.proof = hex.into();
    Some(())
}

fn set_cut<const N: usize>(item: &mut Str<N>, text: &[u8]) {
    item.set(&text[..text.len().min(N)]).expect("cut to the item's width");
}
