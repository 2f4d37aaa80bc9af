//! Who logs in: the standard's password, or a proof of the seat's secret that does not send it.
//!
//! Proof = hex of HMAC-SHA-256, keyed with the secret without what pads it, over the nonce (64), ParticipantId (8), UserId
//! (15) as on the wire, and DataFlowFlag (1).

use ftd::field::{LoginProofField, ReqUserLoginField};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A nonce: 64 hexadecimal characters.
pub type Nonce = [u8; 64];

/// LoginChallengeField's and LoginProofField's DigestMethod: HMAC-SHA-256.
pub const METHOD: u8 = b'1';

/// The `number`-th nonce of a seed. In a drill nobody guesses; the same seed gives the same day.
#[must_use]
pub fn nonce(seed: u64, number: u64) -> Nonce {
    let mut digest = Sha256::new();
    digest.update(seed.to_le_bytes());
    digest.update(number.to_le_bytes());
    hex(&digest.finalize())
}

/// Whether a login proves `secret` with the nonce that this connection was given.
#[must_use]
pub fn proves(secret: &[u8], nonce: Option<&Nonce>, login: &ReqUserLoginField, proof: &LoginProofField) -> bool {
    let Some(nonce) = nonce.filter(|nonce| *nonce == proof.nonce.bytes()) else { return false };
    if proof.digest_method.get() != METHOD {
        return false;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(unpadded(secret)).expect("HMAC takes keys of any length");
    mac.update(nonce);
    mac.update(login.participant_id.bytes());
    mac.update(login.user_id.bytes());
    mac.update(&[login.data_flow_flag.get()]);
    hex(&mac.finalize().into_bytes()) == *proof.proof.bytes()
}

/// A text without the blanks and NULs behind it.
#[must_use]
pub fn unpadded(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&byte| byte != b' ' && byte != 0).map_or(0, |last| last + 1);
    &text[..end]
}

fn hex(bytes: &[u8]) -> Nonce {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.into_bytes().try_into().expect("SHA-256 has 32 bytes")
}
