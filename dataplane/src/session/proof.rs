//! A login proves a secret without sending it.
//!
//! The core sends a Nonce of 64 characters; the member answers with the hex digits of HMAC-SHA-256, keyed with the seat's
//! secret (without the blanks behind it), over:
//!
//! ```text
//! 64  Nonce
//!  8  ParticipantId, as on the wire
//! 15  UserId, as on the wire
//!  1  DataFlowFlag
//! ```
//!
//! A nonce belongs to one connection and is worth nothing on another; it serves the logins of the connection's streams,
//! until one of them fails. Nonces are SHA-256 of a seed and a counter, so that a drill with the same seed repeats itself,
//! and who does not know the seed cannot tell the next from those before.

use ftd::field::ReqUserLoginField;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// 64 characters that were never sent before.
pub type Nonce = [u8; 64];

/// Makes nonces.
pub struct NonceSource {
    seed: [u8; 32],
    count: u64,
}

impl NonceSource {
    /// A source whose nonces all follow from `seed`; outside of drills it comes from the system's randomness.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        NonceSource { seed, count: 0 }
    }

    /// A new one.
    pub fn next_nonce(&mut self) -> Nonce {
        self.count += 1;
        let digest = Sha256::new().chain_update(self.seed).chain_update(self.count.to_le_bytes()).finalize();
        hex(&digest)
    }
}

/// The proof that a login with this field, after this nonce, has to bring.
#[must_use]
pub fn proof(secret: &[u8], nonce: &Nonce, login: &ReqUserLoginField) -> [u8; 64] {
    hex(&code(secret, nonce, login).finalize().into_bytes())
}

/// Whether `claimed` is the proof; how long it takes tells nothing of where they differ.
#[must_use]
pub fn is_proof(secret: &[u8], nonce: &Nonce, login: &ReqUserLoginField, claimed: &[u8; 64]) -> bool {
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(claimed.chunks_exact(2)) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else { return false };
        *byte = high << 4 | low;
    }
    code(secret, nonce, login).verify_slice(&bytes).is_ok()
}

/// Whether two secrets are the same; how long it takes tells nothing of where they differ.
#[must_use]
pub fn is_secret(ours: &[u8], claimed: &[u8]) -> bool {
    // Digests of both, so that neither length nor bytes show in the time.
    let (ours, claimed) = (Sha256::digest(ours), Sha256::digest(claimed));
    ours.iter().zip(claimed.iter()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

fn code(secret: &[u8], nonce: &Nonce, login: &ReqUserLoginField) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(secret)
        .expect("HMAC takes keys of any length")
        .chain_update(nonce)
        .chain_update(login.participant_id.bytes())
        .chain_update(login.user_id.bytes())
        .chain_update([login.data_flow_flag.get()])
}

fn hex(bytes: &[u8]) -> [u8; 64] {
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[
            b"0123456789abcdef"[usize::from(byte >> 4)],
            b"0123456789abcdef"[usize::from(byte & 15)],
        ]);
    }
    text
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ftd::value::data_flow_flag;

    fn login() -> ReqUserLoginField {
        let mut login = ReqUserLoginField::BLANK;
        login.participant_id.set(b"0001").expect("it fits");
        login.user_id.set(b"000101").expect("it fits");
        login.data_flow_flag.set(data_flow_flag::DIALOG);
        login
    }

    #[test]
    fn the_proof_is_hmac_sha_256_over_nonce_participant_user_and_flag() {
        // From Python: hmac.new(b"secret", b"n"*64 + b"0001    " + b"000101         " + b"0", "sha256").hexdigest()
        let expected = b"e5e690b2af5aefaabcd88d9dde7616ee9d01075dd5cd271cc18f6035cbf9d0db";
        assert_eq!(&proof(b"secret", &[b'n'; 64], &login()), expected);
        assert!(is_proof(b"secret", &[b'n'; 64], &login(), expected));
    }

    #[test]
    fn a_proof_for_another_secret_nonce_user_or_stream_is_none() {
        let good = proof(b"secret", &[b'n'; 64], &login());
        assert!(is_proof(b"secret", &[b'n'; 64], &login(), &good.to_ascii_uppercase().try_into().expect("64 bytes")));
        assert!(!is_proof(b"Secret", &[b'n'; 64], &login(), &good));
        assert!(!is_proof(b"secret", &[b'm'; 64], &login(), &good));
        let mut other = login();
        other.data_flow_flag.set(data_flow_flag::PRIVATE);
        assert!(!is_proof(b"secret", &[b'n'; 64], &other, &good));
        let mut other = login();
        other.user_id.set(b"000102").expect("it fits");
        assert!(!is_proof(b"secret", &[b'n'; 64], &other, &good));
        for at in 0..64 {
            let mut wrong = good;
            wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
            assert!(!is_proof(b"secret", &[b'n'; 64], &login(), &wrong));
            wrong[at] = b' ';
            assert!(!is_proof(b"secret", &[b'n'; 64], &login(), &wrong));
        }
    }

    #[test]
    fn nonces_repeat_with_their_seed_and_not_otherwise() {
        let (mut one, mut same, mut other) =
            (NonceSource::new([1; 32]), NonceSource::new([1; 32]), NonceSource::new([2; 32]));
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let nonce = one.next_nonce();
            assert_eq!(nonce, same.next_nonce());
            assert!(seen.insert(nonce) && seen.insert(other.next_nonce()));
        }
    }

    #[test]
    fn secrets_compare_whole() {
        assert!(is_secret(b"password", b"password"));
        assert!(!is_secret(b"password", b"passwor"));
        assert!(!is_secret(b"password", b"Password"));
        assert!(is_secret(b"", b""));
    }
}
