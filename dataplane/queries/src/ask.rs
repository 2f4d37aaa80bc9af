//! What each query asks, who may ask it, and which rows its answer goes through.
//!
//! An item left blank asks for all; one that names nothing finds nothing. ParticipantId may be the asker's own or blank: another one is
//! refused (107). So is any other way to what is not its own: UserId and ClientId are looked for among its own only.

use crate::Settings;
use crate::fold::{Fold, Own};
use crate::paper::Paper;
use crate::rows::{Money, Summing, View};
use dataplane::queries::Question;
use dataplane::session::Refusal;
use engine::types::{Direction, InstrumentIndex, ParticipantIndex};
use ftd::Field;
use ftd::field::*;
use ftd::tid;
use ftd::types::Str;

/// A question that may be answered.
pub(crate) struct Asked {
    /// Of whom.
    own: ParticipantIndex,
    kind: Kind,
    /// Instruments that there are, and that are asked for.
    instruments: (usize, usize),
}

enum Kind {
    Client(ReqQryClientField),
    Deposit(Box<Money>),
    Instrument(ReqQryInstrumentField),
    InstrumentStatus(ReqQryInstrumentStatusField),
    Market(ReqQryMarketField),
    MarketStatus(ReqQryMarketStatusField),
    Order(ReqQryOrderField),
    MarketOrderData(ReqQryMarketOrderDataField),
    Participant,
    Position(ReqQryPositionField),
    ParticipantPosition(ReqQryPPositionField, Box<Summing>),
    MarketMatchData(ReqQryMarketMatchDataField),
    Trade(ReqQryTradeField),
    User(ReqQryUserField),
    UserLogin(ReqQryUserLoginField),
    ExecOrder(QryExecOrderField),
    ExchangeRate(QryExchangeRateField),
    Quote(QryQuoteField),
}

impl Asked {
    /// Looks whether the asker may ask this.
    ///
    /// # Errors
    /// 107 for another's data, 109 for a field that is none.
    pub(crate) fn new(question: &Question, fold: &Fold, _: &Settings) -> Result<Self, Refusal> {
        // Who asks is logged in, so it is defined in the log, which the fold has taken in as far as that.
        let own = fold.state.user(question.user).ok_or(Refusal::NotActive)?.definition.participant;
        let id = fold.state.participant(own).ok_or(Refusal::NotActive)?.definition.id;
        let check = |asked: &Str<8>| if is(asked, &id) { Ok(()) } else { Err(Refusal::NotYours) };
        let kind = match question.tid {
            tid::QRY_CLIENT => {
                let field: ReqQryClientField = field(question)?;
                check(&field.participant_id)?;
                Kind::Client(field)
            }
            tid::QRY_DEPOSIT => {
                check(&field::<ReqQryDepositField>(question)?.participant_id)?;
                Kind::Deposit(Box::default())
            }
            tid::QRY_INSTRUMENT => Kind::Instrument(field(question)?),
            tid::QRY_INSTRUMENT_STATUS => Kind::InstrumentStatus(field(question)?),
            tid::QRY_MARKET => Kind::Market(field(question)?),
            tid::QRY_MARKET_STATUS => Kind::MarketStatus(field(question)?),
            tid::QRY_ORDER => {
                let field: ReqQryOrderField = field(question)?;
                check(&field.participant_id)?;
                Kind::Order(field)
            }
            tid::QRY_MARKET_ORDER_DATA => Kind::MarketOrderData(field(question)?),
            tid::QRY_PARTICIPANT => {
                check(&field::<ReqQryParticipantField>(question)?.participant_id)?;
                Kind::Participant
            }
            tid::QRY_POSITION => {
                let field: ReqQryPositionField = field(question)?;
                check(&field.participant_id)?;
                Kind::Position(field)
            }
            tid::QRY_P_POSITION => {
                let field: ReqQryPPositionField = field(question)?;
                check(&field.participant_id)?;
                Kind::ParticipantPosition(field, Box::default())
            }
            tid::QRY_MARKET_MATCH_DATA => Kind::MarketMatchData(field(question)?),
            tid::QRY_TRADE => {
                let field: ReqQryTradeField = field(question)?;
                check(&field.participant_id)?;
                let is_time = |time: &ftd::time::Time| time.is_blank() || time.get().is_some();
                if !is_time(&field.start_time) || !is_time(&field.through_time) {
                    return Err(Refusal::FieldMalformed);
                }
                Kind::Trade(field)
            }
            tid::QRY_USER => {
                let field: ReqQryUserField = field(question)?;
                check(&field.participant_id)?;
                Kind::User(field)
            }
            tid::QRY_USER_LOGIN => {
                let field: ReqQryUserLoginField = field(question)?;
                check(&field.participant_id)?;
                Kind::UserLogin(field)
            }
            tid::QRY_EXEC_ORDER => {
                let field: QryExecOrderField = field(question)?;
                check(&field.participant_id)?;
                Kind::ExecOrder(field)
            }
            tid::QRY_EXCHANGE_RATE => Kind::ExchangeRate(field(question)?),
            tid::QRY_QUOTE => Kind::Quote(field(question)?),
            _ => return Err(Refusal::NotOffered),
        };
        let total = match &kind {
            Kind::MarketMatchData(asked) => {
                fold.state.instruments().filter(|one| is(&asked.instrument_id, &one.definition.id)).count()
            }
            _ => 0,
        };
        Ok(Asked { own, kind, instruments: (fold.state.instruments().count(), total) })
    }

    /// Rows that the answer goes through, those that are not asked for included.
    pub(crate) fn rows(&self, fold: &Fold) -> usize {
        let own = |count: fn(&Own) -> usize| fold.day.of(self.own).map_or(0, count);
        let (instruments, _) = self.instruments;
        match &self.kind {
            Kind::Client(_) => fold.state.accounts().count(),
            Kind::Participant | Kind::Market(_) | Kind::MarketStatus(_) | Kind::ExchangeRate(_) => 1,
            // The last one tells.
            Kind::Deposit(_) => own(|own| own.holdings.len() + own.orders.len()) + 1,
            Kind::Instrument(_) | Kind::InstrumentStatus(_) => instruments,
            Kind::MarketOrderData(_) | Kind::MarketMatchData(_) => 2 * instruments,
            Kind::User(_) | Kind::UserLogin(_) => fold.state.users().count(),
            Kind::Order(_) => own(|own| own.orders.len()),
            Kind::Trade(_) => own(|own| own.trades.len()),
            Kind::Quote(_) => own(|own| own.quotes.len()),
            Kind::ExecOrder(_) => own(|own| own.execs.len()),
            Kind::Position(_) => own(|own| own.by_client.len()),
            Kind::ParticipantPosition(..) => own(|own| own.holdings.len()),
        }
    }

    /// Writes a row, if it is asked for.
    pub(crate) fn put(&mut self, view: &View<'_>, row: usize, paper: &mut Paper) {
        let rows = self.rows(view.fold);
        let own = || view.fold.day.of(self.own).expect("a row of its own was counted");
        match &mut self.kind {
            Kind::Client(asked) => view.client(self.own, asked, row, paper),
            Kind::Deposit(money) if row + 1 == rows => view.deposit(self.own, money, paper),
            Kind::Deposit(money) => view.add_money(own(), row, money),
            Kind::Instrument(asked) => view.instrument(asked, row, paper),
            Kind::InstrumentStatus(asked) => view.instrument_status(asked, row, paper),
            Kind::Market(asked) => view.market(asked, paper),
            Kind::MarketStatus(asked) => view.market_status(asked, paper),
            Kind::Order(asked) => view.order(asked, own().orders[row], paper),
            Kind::MarketOrderData(asked) => {
                let side = if row.is_multiple_of(2) { Direction::Buy } else { Direction::Sell };
                view.depth(asked, InstrumentIndex((row / 2) as u16), side, paper);
            }
            Kind::Participant => view.participant(self.own, paper),
            Kind::Position(asked) => view.position(self.own, asked, &own().by_client[row], paper),
            Kind::ParticipantPosition(asked, at) => {
                view.participant_position(self.own, asked, &own().by_instrument, at, paper);
            }
            Kind::MarketMatchData(asked) => view.match_data(asked, row, self.instruments, paper),
            Kind::Trade(asked) => view.trade(asked, own().trades[row], paper),
            Kind::User(asked) => view.user(self.own, asked, row, paper),
            Kind::UserLogin(asked) => view.user_login(self.own, asked, row, paper),
            Kind::ExecOrder(asked) => view.exec_order(asked, own().execs[row], paper),
            Kind::Quote(asked) => view.quote(asked, own().quotes[row], paper),
            Kind::ExchangeRate(asked) => view.exchange_rate(asked, paper),
        }
    }
}

fn field<F: Field>(question: &Question) -> Result<F, Refusal> {
    question.field::<F>().copied().ok_or(Refusal::FieldMalformed)
}

/// An item asks for an id: it is blank, or the id. Blanks and NULs behind do not matter.
pub(crate) fn is<const N: usize>(asked: &Str<N>, id: &[u8]) -> bool {
    asked.is_blank() || asked.trimmed() == trimmed(id)
}

/// An id without the blanks behind.
pub(crate) fn trimmed(id: &[u8]) -> &[u8] {
    let length = id.iter().rposition(|&byte| byte != b' ' && byte != 0).map_or(0, |last| last + 1);
    &id[..length]
}
