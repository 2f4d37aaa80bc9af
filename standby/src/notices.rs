//! The two texts that a takeover tells everybody, in Chinese and English.

use engine::command::Bulletin;
use engine::types::{Epoch, Nanoseconds, ParticipantIndex};

/// Bytes of a bulletin's text that count; the four behind them are blank (engine/src/command.rs).
const CONTENT: usize = 500;

/// NewsType of an exchange's notice about trading.
const NEWS_TYPE: [u8; 3] = *b"TKO";

/// The notice of suspension.
pub(crate) fn suspension(epoch: Epoch, data_center: u32) -> Bulletin {
    bulletin(
        "暂停交易 Trading suspended",
        &format!(
            "交易系统已切换（系统代{epoch}，数据中心{data_center}），全部合约暂停交易。请会员重新登录，核对委托、成交与持仓后报告就绪。\
             The trading system has been switched (epoch {epoch}, data centre {data_center}). All instruments are suspended. \
             Members: please log in again, check orders, trades and positions, and report ready."
        ),
    )
}

/// The notice of reopening at once, in the phases at the cut.
pub(crate) fn reopening_at_once(at: Nanoseconds) -> Bulletin {
    let at = time_of_day(at);
    bulletin(
        "恢复交易 Reopening",
        &format!(
            "各合约将于{at}起恢复至暂停前的交易阶段。From {at} on every instrument returns to the phase it was in before the suspension."
        ),
    )
}

/// The notice of a reopening by auction.
pub(crate) fn reopening_by_auction(cancel_only: Nanoseconds, auction: Nanoseconds, match_at: Nanoseconds) -> Bulletin {
    let [cancel_only, auction, match_at] = [cancel_only, auction, match_at].map(time_of_day);
    bulletin(
        "恢复交易 Reopening by auction",
        &format!(
            "连续交易合约：{cancel_only}起只可撤单，{auction}起集合竞价申报，{match_at}撮合并恢复连续交易；其他合约恢复至暂停前的阶段。\
             Instruments in continuous trading: cancels only from {cancel_only}, auction orders from {auction}, matched and continuous \
             at {match_at}. All others return to the phase they were in."
        ),
    )
}

fn bulletin(summary: &str, content: &str) -> Bulletin {
    let mut bulletin = Bulletin {
        participant: ParticipantIndex::ALL,
        urgency: b'1', // JR/T 0016 appendix B, FTDNewsUrgency: urgent
        reserved: 0,
        news_type: NEWS_TYPE,
        reserved_2: 0,
        summary: [b' '; 80],
        content: [b' '; 504],
    };
    put(&mut bulletin.summary, summary);
    put(&mut bulletin.content[..CONTENT], content);
    bulletin
}

/// A text with blanks behind it.
pub(crate) fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut place = [b' '; N];
    put(&mut place, text);
    place
}

/// Writes a text, cut at a character's border.
fn put(place: &mut [u8], text: &str) {
    let end = text.floor_char_boundary(place.len());
    place[..end].copy_from_slice(&text.as_bytes()[..end]);
}

/// hh:mm:ss of China Standard Time.
fn time_of_day(at: Nanoseconds) -> String {
    let seconds = (at.0 / 1_000_000_000 + 8 * 3_600) % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
