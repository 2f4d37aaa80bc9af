//! A result by members: which rows, trading codes and trades are whose.

use crate::error::{FileError, Why};
use settlement::Money;
use settlement::account::Figures;
use settlement::batch::SettledRow;
use settlement::market::{AccountIndex, InstrumentIndex, MemberIndex};
use settlement::result::{DayResult, TradeLine};
use settlement::row::{Effect, RowKey};
use std::ops::Range;
use std::path::Path;

/// A result, and whose is what.
pub(crate) struct Day<'a> {
    /// The result.
    pub result: &'a DayResult,
    /// Each member's trading codes that have figures: places of these, and of the code's rows.
    codes: Vec<Vec<(usize, Range<usize>)>>,
    /// Each member's trades, by place.
    trades: Vec<Vec<usize>>,
}

/// A trading code of a member.
#[derive(Clone, Copy)]
pub(crate) struct Code<'a> {
    /// Which.
    pub account: AccountIndex,
    /// What it came to.
    pub figures: &'a Figures,
    /// Its rows, in the order of keys.
    pub rows: &'a [SettledRow],
}

impl<'a> Day<'a> {
    /// Looks at the whole result once: what is named must be there, so that nothing is missed later.
    pub fn of(result: &'a DayResult) -> Result<Self, FileError> {
        let fault = |text: String| FileError::of(Path::new("DayResult"), Why::Inconsistent(text));
        let (names, market, settled) = (&result.names, &result.market, &result.settled);
        let counts = [
            ("instruments", names.instruments.len(), market.instruments.len()),
            ("products", names.products.len(), market.products.len()),
            ("members", names.members.len(), market.members.len()),
            ("trading codes", names.accounts.len(), market.accounts.len()),
            ("members' figures", settled.members.len(), market.members.len()),
            ("funds", settled.funds.len(), market.members.len()),
        ];
        for (what, one, other) in counts {
            if one != other {
                return Err(fault(format!("{what}: {one} and {other}")));
            }
        }
        let members = market.members.len();
        if settled.accounts.iter().any(|(account, _)| account.0 as usize >= market.accounts.len()) {
            return Err(fault("a trading code that is not there".into()));
        }
        if market.instruments.iter().any(|instrument| usize::from(instrument.product.0) >= market.products.len())
            || market.accounts.iter().any(|account| usize::from(account.member.0) >= members)
            || market.members.iter().any(|member| usize::from(member.clearing.0) >= members)
        {
            return Err(fault("a product or member that is not there".into()));
        }
        let mut day = Day { result, codes: vec![Vec::new(); members], trades: vec![Vec::new(); members] };
        let is_known = |key: RowKey| {
            (key.account.0 as usize) < market.accounts.len() && usize::from(key.instrument.0) < market.instruments.len()
        };
        let mut begin = 0;
        let mut before = None;
        for (place, (account, _)) in settled.accounts.iter().enumerate() {
            let count = settled.rows[begin..].iter().take_while(|row| row.key.account == *account).count();
            let rows = begin..begin + count;
            for row in &settled.rows[rows.clone()] {
                if !is_known(row.key) || before.replace(row.key) >= Some(row.key) {
                    return Err(fault(format!("row {:?} is out of order, or of nothing known", row.key)));
                }
            }
            begin = rows.end;
            day.codes[usize::from(result.member_of(*account).0)].push((place, rows));
        }
        if begin != settled.rows.len() {
            return Err(fault(format!("row {:?} is of a trading code without figures", settled.rows[begin].key)));
        }
        for (place, trade) in result.trades.iter().enumerate() {
            if !is_known(trade.leg.row) || usize::from(trade.user) >= names.users.len() {
                return Err(fault(format!("trade line {} names what is not there", place + 1)));
            }
            day.trades[usize::from(result.member_of(trade.leg.row.account).0)].push(place);
        }
        Ok(day)
    }

    /// Members, in their order.
    pub fn members(&self) -> impl Iterator<Item = MemberIndex> + use<> {
        (0..self.codes.len()).map(|place| MemberIndex(place as u16))
    }

    /// A member's trading codes that have figures, in the order of accounts.
    pub fn codes(&self, member: MemberIndex) -> impl Iterator<Item = Code<'a>> + '_ {
        let settled = &self.result.settled;
        self.codes[usize::from(member.0)].iter().map(|(place, rows)| {
            let (account, figures) = &settled.accounts[*place];
            Code { account: *account, figures, rows: &settled.rows[rows.clone()] }
        })
    }

    /// A member's trades, in the order of the log. A trade that closed yesterday's and today's lots is one: its lines, one behind the other, are
    /// put together.
    pub fn trades(&self, member: MemberIndex) -> impl Iterator<Item = TradeLine> + '_ {
        let mut places = self.lines(member).peekable();
        std::iter::from_fn(move || {
            let mut trade = places.next()?;
            while let Some(next) = places.next_if(|next| is_rest(&trade, next)) {
                trade.leg.lots = trade.leg.lots.saturating_add(next.leg.lots);
            }
            Some(trade)
        })
    }

    /// A member's trades, line by line as the log has them.
    pub fn lines(&self, member: MemberIndex) -> impl Iterator<Item = TradeLine> + '_ {
        self.trades[usize::from(member.0)].iter().map(|&place| self.result.trades[place])
    }

    /// An instrument's id.
    pub fn instrument(&self, index: InstrumentIndex) -> &'a str {
        self.result.instrument(index)
    }

    /// What a trade came to.
    pub fn worth(&self, trade: &TradeLine) -> Result<Money, settlement::Overflow> {
        let multiplier = self.result.terms(trade.leg.row).multiplier;
        Money::of(trade.leg.price.worth(multiplier, trade.leg.lots.into()))
    }
}

fn is_rest(trade: &TradeLine, next: &TradeLine) -> bool {
    let closes = |trade: &TradeLine| matches!(trade.leg.effect, Effect::Close(_));
    trade.trade_id == next.trade_id
        && trade.leg.row == next.leg.row
        && trade.leg.side == next.leg.side
        && closes(trade)
        && closes(next)
}

/// An id of the log as text: without the blanks and zeros around it. `None`: it is not text.
pub(crate) fn id(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().map(|text| text.trim_matches([' ', '\0']))
}

/// Time of day in the market, hh:mm:ss: UTC + 8, all the year.
pub(crate) fn time_of_day(nanoseconds: u64) -> [u8; 8] {
    let second = (nanoseconds / 1_000_000_000 + 8 * 3_600) % 86_400;
    let [hour, minute, second] = [second / 3_600, second / 60 % 60, second % 60].map(|part| part as u8);
    let digits = |part: u8| [b'0' + part / 10, b'0' + part % 10];
    let [[a, b], [c, d], [e, f]] = [hour, minute, second].map(digits);
    [a, b, b':', c, d, b':', e, f]
}
