//! Texts as members read them: ErrorText, bulletins, ForceExit's words, the market's name.
//!
//! The log and this program's tables hold UTF-8. JR/T 0016 does not say what a text's bytes mean; members of live systems that were
//! written for GBK (代码页 936) read that, so an exchange may set it for its fronts. A text is written anew where a message is rendered,
//! into the message, so nothing of it is in the log, and no other message costs anything. Codes, ids and references are never touched.

use encoding_rs::{EncoderResult, GBK};
use ftd::types::Str;
use std::str::{Utf8Error, from_utf8};

/// How members' texts are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemberText {
    /// As the log has them.
    #[default]
    Utf8,
    /// GBK: two bytes a Chinese character. What GBK does not have is a question mark.
    Gbk,
}

impl MemberText {
    /// Pieces of a text, one behind the other, blanks behind them, cut at a character's border.
    #[must_use]
    pub fn write<const N: usize>(self, pieces: &[&str]) -> Str<N> {
        let mut text = [b' '; N];
        let mut length = 0;
        for piece in pieces {
            let (written, is_whole) = match self {
                MemberText::Utf8 => copy(piece, &mut text[length..]),
                MemberText::Gbk => encode(piece, &mut text[length..]),
            };
            length += written;
            if !is_whole {
                break;
            }
        }
        // A border in the middle of a character leaves its place untouched or blank.
        text[length..].fill(b' ');
        Str::from(text)
    }

    /// A text that the log has, in UTF-8. Bytes that are no UTF-8 go out as they stand: somebody wrote them so on purpose.
    #[must_use]
    pub fn tell<const N: usize>(self, logged: &[u8; N]) -> Str<N> {
        if self == MemberText::Utf8 {
            return Str::from(*logged);
        }
        match from_utf8(logged) {
            Ok(text) => self.write(&[text]),
            // The last character is cut by the text's own width.
            Err(error) if is_cut(&error, logged) => {
                let (whole, _) = logged.split_at(error.valid_up_to());
                self.write(&[from_utf8(whole).expect("valid up to there")])
            }
            Err(_) => Str::from(*logged),
        }
    }
}

/// Nothing is wrong but that the last character is not whole, blanks and NULs behind it apart.
fn is_cut(error: &Utf8Error, text: &[u8]) -> bool {
    let rest = &text[error.valid_up_to()..];
    let end = rest.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |last| last + 1);
    matches!(from_utf8(&rest[..end]), Err(cut) if cut.valid_up_to() == 0 && cut.error_len().is_none())
}

fn copy(piece: &str, room: &mut [u8]) -> (usize, bool) {
    let end = piece.floor_char_boundary(room.len());
    room[..end].copy_from_slice(&piece.as_bytes()[..end]);
    (end, end == piece.len())
}

/// Writes GBK without going to the heap. Returns the bytes, and whether it is all of the piece.
fn encode(piece: &str, room: &mut [u8]) -> (usize, bool) {
    let mut to = 0;
    // One by one: at the end of its room the encoder wants more than a character takes.
    for character in piece.chars() {
        let (mut utf_8, mut gbk) = ([0; 4], [0; 8]);
        let character = character.encode_utf8(&mut utf_8);
        let (result, _, written) = GBK.new_encoder().encode_from_utf8_without_replacement(character, &mut gbk, true);
        let bytes = if result == EncoderResult::InputEmpty { &gbk[..written] } else { b"?" };
        let Some(place) = room.get_mut(to..to + bytes.len()) else { return (to, false) };
        place.copy_from_slice(bytes);
        to += bytes.len();
    }
    (to, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Refusal;
    use engine::reject::Reject;

    fn read(text: &Str<100>) -> String {
        let (text, _, has_faults) = GBK.decode(text.trimmed());
        assert!(!has_faults, "{text}");
        text.into_owned()
    }

    #[test]
    fn every_error_text_comes_back_from_gbk_whole() {
        let texts = Reject::ALL.iter().map(|one| (one.chinese(), one.english()));
        for (chinese, english) in texts.chain(Refusal::ALL.iter().map(|one| (one.chinese(), one.english()))) {
            let expected = format!("{chinese} {english}");
            assert_eq!(read(&MemberText::Gbk.write(&[chinese, " ", english])), expected);
            assert_eq!(MemberText::Utf8.write::<100>(&[chinese, " ", english]).trimmed(), expected.as_bytes());
        }
    }

    #[test]
    fn an_error_text_is_chinese_a_blank_english_and_nothing_follows_what_is_cut() {
        let text = |chinese: &str, english: &str| {
            let item = MemberText::Utf8.write::<100>(&[chinese, " ", english]);
            String::from_utf8(item.trimmed().to_vec()).expect("cut at a border")
        };
        assert_eq!(text("合约不存在", "instrument is unknown"), "合约不存在 instrument is unknown");
        // 33 characters of 3 bytes make 99; the 34th does not fit, and nothing else follows.
        assert_eq!(text(&"价".repeat(40), "x"), "价".repeat(33));
        assert_eq!(text(&"价".repeat(33), "x"), "价".repeat(33));
        assert_eq!(
            text(&"价".repeat(20), &"long".repeat(20)),
            format!("{} {}", "价".repeat(20), &"long".repeat(20)[..39])
        );
        assert_eq!(text("", "é".repeat(60).as_str()), format!(" {}", "é".repeat(49)));
    }

    #[test]
    fn texts_are_cut_at_a_characters_border_and_what_gbk_has_not_is_a_question_mark() {
        for text in [MemberText::Utf8, MemberText::Gbk] {
            for length in 0..120 {
                let long: String = "a".repeat(length % 3) + &"期".repeat(length);
                let cut = text.write::<100>(&[&long]);
                let back = match text {
                    MemberText::Utf8 => from_utf8(cut.trimmed()).unwrap_or_else(|why| panic!("{why}")).to_owned(),
                    MemberText::Gbk => read(&cut),
                };
                assert!(long.starts_with(&back), "{back}");
                assert!(cut.trimmed().len() > 97 || back == long, "as much as has room: {back}");
            }
        }
        assert_eq!(read(&MemberText::Gbk.write(&["停🚀止"])), "停?止");
    }

    #[test]
    fn a_logged_text_is_told_in_gbk_and_bytes_that_are_no_utf_8_as_they_stand() {
        let mut logged = [b' '; 100];
        let text = "停牌 halted".as_bytes();
        logged[..text.len()].copy_from_slice(text);
        assert_eq!(read(&MemberText::Gbk.tell(&logged)), "停牌 halted");
        assert_eq!(MemberText::Utf8.tell(&logged), Str::from(logged));
        // A last character that the log's own width has cut is left out.
        let long = "期".repeat(40);
        let cut: [u8; 100] = *long.as_bytes().first_chunk().expect("120 bytes");
        assert_eq!(read(&MemberText::Gbk.tell(&cut)), "期".repeat(33));
        let (gbk, _, _) = GBK.encode("停牌");
        logged = [b' '; 100];
        logged[..gbk.len()].copy_from_slice(&gbk);
        assert_eq!(MemberText::Gbk.tell(&logged), Str::from(logged));
    }

    #[test]
    fn any_bytes_are_told_without_a_panic_and_ascii_as_it_is() {
        let mut random = net::random::Random::new(5);
        for _ in 0..20_000 {
            let mut bytes = [0; 12];
            bytes.fill_with(|| if random.below(3) == 0 { b' ' } else { random.next_bits() as u8 });
            let told = MemberText::Gbk.tell(&bytes);
            assert_eq!(MemberText::Utf8.tell(&bytes), Str::from(bytes));
            if bytes.is_ascii() {
                assert_eq!(told, Str::from(bytes));
            }
            if from_utf8(&bytes).is_err() && told != Str::from(bytes) {
                assert!(GBK.decode(told.bytes()).0.len() <= 3 * bytes.len());
            }
        }
    }
}
