//! What an order, a quote, an enquiry or an instruction is checked for (RULES.md, OrderInsert: checks). The numbers in comments are
//! the table's.

use crate::command::{ASCENDING_LOCAL_IDS, AUTO_SUSPEND, OrderInsert, STOP_PRICE, function};
use crate::exchange::{Exchange, Refusal};
use crate::faults::Fault;
use crate::number::{Account, Instrument, Participant, Ticks, User};
use crate::reject::Reject;
use crate::state::{BUY, Client, Holding, IdKind, Mark, Market, SELL, State, limit_class, phase, right};

/// Nothing but blanks and NULs.
pub(crate) fn blank(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte == b' ' || byte == 0)
}

/// Used and cleared money stay within 2^120 units.
pub(crate) fn within_bounds(money: i128) -> bool {
    money.unsigned_abs() <= 1 << 120
}

/// Fails with `code` unless `holds`.
pub(crate) fn require<E: From<Reject>>(holds: bool, code: Reject) -> Result<(), E> {
    if holds { Ok(()) } else { Err(code.into()) }
}

impl Exchange {
    /// Checks 1 to 4, and whatever `admit` checks behind them. From 4 on a refusal marks the local id.
    pub(crate) fn numbered<T>(
        &mut self,
        kind: IdKind,
        local_id: [u8; 24],
        admit: impl FnOnce(&mut Self, User) -> Result<T, Reject>,
    ) -> Result<T, Refusal> {
        let user = self.header.user;
        let day = self.state.day.expect("the day is open");
        require::<Refusal>(self.state.traders.contains_key(&user), Reject::IndexUnknown)?;
        // 1
        require::<Refusal>(!blank(&local_id), Reject::LocalIdMissing)?;
        // 2
        if let Some(first) = self.state.marks.get(&(user, kind, local_id)) {
            let Mark { key, sys_id } = *first;
            return Err(Refusal { first_order: key, first_sys_id: sys_id, ..Reject::LocalIdRepeated.into() });
        }
        // 3
        require::<Refusal>(self.state.marks.len() < day.local_ids as usize, Reject::LocalIdsExhausted)?;
        // 4
        let ascending = self.state.traders[&user].define.flags & ASCENDING_LOCAL_IDS != 0;
        let ascends = self.state.largest_local_id(user, kind).is_none_or(|largest| local_id > largest);
        let mut admitted = match ascending && !ascends {
            true => Err(Reject::LocalIdNotAscending),
            false => admit(self, user),
        };
        if admitted.is_ok() && kind == IdKind::Order && self.faults.strikes(Fault::Refusal, self.state.sequence) {
            admitted = Err(Reject::RightForbidden);
        }
        admitted.map_err(|code| {
            let marked = code.marks_local_id();
            assert!(marked, "every check from the fourth on marks the local id");
            self.state.mark(user, kind, local_id, Mark::REFUSED);
            Refusal { marked, ..code.into() }
        })
    }
}

impl State {
    /// Checks 5 to 24 of an order; its price in ticks, or the limit of one that has none.
    pub(crate) fn admit_order(&self, user: User, insert: &OrderInsert) -> Result<Ticks, Reject> {
        // 5
        let stops = matches!(insert.order_type, b'2' | b'3') || insert.flags & (STOP_PRICE | AUTO_SUSPEND) != 0;
        require(!stops, Reject::StopOrderNotOffered)?;
        // 6
        let bit = function_of(insert).ok_or(Reject::OrderUnsupported)?;
        require(supported(insert), Reject::OrderUnsupported)?;
        // 7 to 9
        let (_, market) = self.admit_names(user, insert.account, insert.instrument, bit)?;
        // 10, 11
        self.admit_right(user, insert)?;
        // 12, 13
        require(phase::takes_orders(market.phase), Reject::PhaseForbidsInsert)?;
        let waits = insert.match_condition == b'3' && insert.order_type == b'0';
        require(waits || market.phase == phase::CONTINUOUS, Reject::PhaseForbidsImmediate)?;
        self.admit_terms(user, insert)
    }

    /// Checks 7 to 9: the account is the user's participant's, the instrument is there, its product offers this.
    pub(crate) fn admit_names(
        &self,
        user: User,
        account: Account,
        instrument: Instrument,
        bit: u32,
    ) -> Result<(&Client, &Market), Reject> {
        let client = self.clients.get(&account).ok_or(Reject::ClientUnknown)?;
        require(client.define.participant == self.traders[&user].define.participant, Reject::ClientUnknown)?;
        let market = self.markets.get(&instrument).ok_or(Reject::InstrumentUnknown)?;
        require(self.family(instrument).offers(bit), Reject::FunctionOff)?;
        Ok((client, market))
    }

    /// The worst of the five rights.
    pub(crate) fn worst_right(&self, user: User, account: Account, instrument: Instrument) -> u8 {
        let trader = &self.traders[&user];
        let both = self.rights.get(&(account, instrument)).copied().unwrap_or(right::FULL);
        let rights = [
            self.members[&trader.define.participant].right,
            trader.right,
            self.clients[&account].right,
            self.markets[&instrument].right,
            both,
        ];
        rights.into_iter().max().expect("five rights")
    }

    /// Checks 10 and 11.
    pub(crate) fn admit_right(&self, user: User, insert: &OrderInsert) -> Result<(), Reject> {
        let worst = self.worst_right(user, insert.account, insert.instrument);
        require(worst != right::FORBIDDEN, Reject::RightForbidden)?;
        require(worst != right::CLOSE_ONLY || insert.offset != b'0', Reject::RightCloseOnly)
    }

    /// Checks 14 to 24.
    pub(crate) fn admit_terms(&self, user: User, insert: &OrderInsert) -> Result<Ticks, Reject> {
        let market = &self.markets[&insert.instrument];
        let define = &market.define;
        let side = usize::from(insert.direction - b'0');
        let priced = insert.order_type == b'0';
        let price = if priced {
            // 14, 15
            let tick = i64::from(define.tick);
            require(insert.price % tick == 0, Reject::PriceOffTick)?;
            let price = insert.price / tick;
            require(price >= i64::from(define.lower_limit), Reject::PriceBelowLimit)?;
            require(price <= i64::from(define.upper_limit), Reject::PriceAboveLimit)?;
            Ticks(i32::try_from(price).expect("the limits are 32-bit numbers"))
        } else {
            Ticks(if side == BUY { define.upper_limit } else { define.lower_limit })
        };
        // 16
        let most = if priced { define.maximum_volume } else { define.maximum_market_volume };
        require(insert.volume >= define.minimum_volume, Reject::VolumeBelowMinimum)?;
        require(insert.volume <= most, Reject::VolumeAboveMaximum)?;

        if insert.offset == b'0' {
            self.admit_opening(user, insert)?;
        } else {
            self.admit_closing(insert)?;
        }
        // 22
        let day = self.day.expect("the day is open");
        require(self.orders.len() < day.live_orders as usize, Reject::OrdersExhausted)?;
        if insert.offset == b'0' {
            let participant = self.traders[&user].define.participant;
            self.admit_money(participant, market.need(side, price, insert.volume))?;
        }
        Ok(price)
    }

    /// Check 17.
    fn admit_closing(&self, insert: &OrderInsert) -> Result<(), Reject> {
        let row = self.rows.get(&(insert.account, insert.instrument, insert.hedge));
        let side = usize::from(insert.direction - b'0');
        let holding = row.map_or(Holding::default(), |row| row[1 - side]);
        let volume = u64::from(insert.volume);
        let today = holding.today - holding.frozen_today;
        let yesterday = holding.yesterday - holding.frozen_yesterday;
        match insert.offset {
            b'4' => require(today >= volume, Reject::TodayPositionInsufficient),
            b'5' => require(yesterday >= volume, Reject::YesterdayPositionInsufficient),
            _ => require(yesterday + today >= volume, Reject::PositionInsufficient),
        }
    }

    /// Checks 18 to 21.
    fn admit_opening(&self, user: User, insert: &OrderInsert) -> Result<(), Reject> {
        let (account, instrument, hedge) = (insert.account, insert.instrument, insert.hedge);
        let side = usize::from(insert.direction - b'0');
        let volume = u64::from(insert.volume);
        let market = &self.markets[&instrument];
        let client = self.client_of(account);
        let row = self.rows.get(&(account, instrument, hedge));
        // 18
        let held = row.map_or(Holding::default(), |row| row[side]);
        let counted = held.yesterday + held.today + held.pending + volume;
        require(counted <= u64::from(u32::MAX), Reject::PositionLimitExceeded)?;
        let (group, exposed_side) = self.exposure_of((account, instrument, hedge), side);
        let exposure = self.exposures.get(&group).map_or(0, |sides| sides[exposed_side]);
        let of_group = self.markets[&market.define.limit_with].define.position_limit;
        let limit = self.client_limits.get(&group).map_or(of_group, |limit| [limit.long, limit.short][exposed_side]);
        require(limit == 0 || exposure + volume <= u64::from(limit), Reject::PositionLimitExceeded)?;
        assert_eq!(group.2, limit_class(hedge));
        // 19
        if matches!(hedge, b'1' | b'2') {
            let product = market.define.product;
            let here = self.opened.get(&(client, instrument)).copied().unwrap_or(0);
            let there = self.opened_in_products.get(&(client, product)).copied().unwrap_or(0);
            let limits = [(here, market.define.open_limit), (there, self.products[&product].define.open_limit)];
            for (opened, limit) in limits {
                require(limit == 0 || opened + volume <= u64::from(limit), Reject::OpenLimitExceeded)?;
            }
        }
        // 20
        let participant = self.traders[&user].define.participant;
        let limit = self.member_limits.get(&(participant, instrument)).copied().unwrap_or(0);
        let total = self.totals.get(&(participant, instrument)).copied().unwrap_or_default();
        let total = total.held[side] + total.pending[side] + volume;
        require(limit == 0 || total <= u64::from(limit), Reject::MemberLimitExceeded)?;
        // 21
        let room = self.rows.len() < self.day.expect("the day is open").position_rows as usize;
        require(row.is_some() || room, Reject::PositionRowsExhausted)
    }

    /// Checks 23 and 24.
    fn admit_money(&self, participant: Participant, need: i128) -> Result<(), Reject> {
        let member = &self.members[&participant];
        let clearing = &self.members[&member.define.clearing];
        let within = |used: i128, limit: i64| {
            let fits = limit == -1 || used + need <= i128::from(limit);
            need == 0 || (fits && within_bounds(used + need))
        };
        require(within(member.used, member.credit), Reject::CreditExceeded)?;
        require(within(clearing.cleared, clearing.funds), Reject::FundsInsufficient)
    }
}

/// Which function of its product an order is; None: its type does not go with its match condition.
fn function_of(insert: &OrderInsert) -> Option<u32> {
    Some(match (insert.order_type, insert.match_condition) {
        (b'0', b'3') => function::LIMIT,
        (b'0', b'2') => function::FILL_AND_KILL,
        (b'0', b'1') => function::FILL_OR_KILL,
        (b'1', b'2') => function::MARKET,
        (b'4', b'3') => function::MARKET_TO_LIMIT,
        (b'5', b'2') => function::BEST,
        (b'9', b'3') => function::BEST_TO_LIMIT,
        (b'7', b'2') => function::FIVE_LEVEL,
        (b'8', b'3') => function::FIVE_LEVEL_TO_LIMIT,
        _ => return None,
    })
}

/// Offsets that members may send.
pub(crate) const OFFSETS: &[u8] = b"0145";
/// Hedge flags.
pub(crate) const HEDGES: &[u8] = b"1234";

/// The rest of check 6.
fn supported(insert: &OrderInsert) -> bool {
    let immediate = insert.match_condition != b'3';
    let session = matches!(insert.match_session, b'3' | b'7') || (immediate && insert.match_session == b'2');
    let minimal =
        insert.minimal_volume <= 1 || (insert.match_condition == b'2' && insert.minimal_volume <= insert.volume);
    matches!(insert.direction, b'0' | b'1')
        && OFFSETS.contains(&insert.offset)
        && HEDGES.contains(&insert.hedge)
        && session
        && minimal
}

const _: () = assert!(BUY == 0 && SELL == 1, "a direction's character minus '0' is its side");
