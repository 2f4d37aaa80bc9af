//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! Every package by its index in the catalogue, for tests that go over all of them.

use ftd::field::*;
use ftd::{ChainWriter, Field, Malformed, Message, package};
use zerocopy::IntoBytes;

use super::touch::Touch;

/// Gets every data field of a package in the package's order.
pub trait Visitor {
    /// One data field.
    fn field<F: Field + Touch>(&mut self, field: &F);
}

/// Writes the data fields of package `index`, `counts` of each, their bytes given by `fill`. `None`: the buffer is full.
pub fn write(
    index: usize,
    writer: &mut ChainWriter<'_>,
    counts: &[usize],
    fill: &mut dyn FnMut(&mut [u8]),
) -> Option<()> {
    match index {
        // Error
        0 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorTargetSequenceField>()?.as_mut_bytes());
            }
            for _ in 0..counts[2] {
                fill(writer.push::<ErrorTargetOrderField>()?.as_mut_bytes());
            }
        }
        // ForceExit
        1 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ForceExitField>()?.as_mut_bytes());
            }
        }
        // InstrumentChangeNotify
        2 => {
            for _ in 0..counts[0] {
                fill(writer.push::<InstrumentField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // InstrumentStatusChangeNotify
        3 => {
            for _ in 0..counts[0] {
                fill(writer.push::<InstrumentStatusField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // MarketBulletin
        4 => {
            for _ in 0..counts[0] {
                fill(writer.push::<BulletinField>()?.as_mut_bytes());
            }
        }
        // MarketStatusChangeNotify
        5 => {
            for _ in 0..counts[0] {
                fill(writer.push::<MarketStatusField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // MarketMatchIncData
        6 => {
            for _ in 0..counts[0] {
                fill(writer.push::<MarketMatchIncDataField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // MarketMatchData
        7 => {
            for _ in 0..counts[0] {
                fill(writer.push::<MarketMatchDataField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<MarketMatchDataChgField>()?.as_mut_bytes());
            }
            for _ in 0..counts[2] {
                fill(writer.push::<TurnoverField>()?.as_mut_bytes());
            }
        }
        // OrderConfirmation
        8 => {
            for _ in 0..counts[0] {
                fill(writer.push::<OrderStatusField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // MarketOrderIncData
        9 => {
            for _ in 0..counts[0] {
                fill(writer.push::<MarketOrderDataField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // ParticipantBulletin
        10 => {
            for _ in 0..counts[0] {
                fill(writer.push::<BulletinField>()?.as_mut_bytes());
            }
        }
        // ReqOrderAction
        11 => {
            for _ in 0..counts[0] {
                fill(writer.push::<OrderActionField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<OrderActionTargetField>()?.as_mut_bytes());
            }
        }
        // ReqOrderInsert
        12 => {
            for _ in 0..counts[0] {
                fill(writer.push::<OrderInsertField>()?.as_mut_bytes());
            }
        }
        // ReqQryClient
        13 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryClientField>()?.as_mut_bytes());
            }
        }
        // ReqQryDeposit
        14 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryDepositField>()?.as_mut_bytes());
            }
        }
        // ReqQryInstrument
        15 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryInstrumentField>()?.as_mut_bytes());
            }
        }
        // ReqQryInstrumentStatus
        16 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryInstrumentStatusField>()?.as_mut_bytes());
            }
        }
        // ReqQryMarket
        17 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryMarketField>()?.as_mut_bytes());
            }
        }
        // ReqQryMarketStatus
        18 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryMarketStatusField>()?.as_mut_bytes());
            }
        }
        // ReqQryOrder
        19 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryOrderField>()?.as_mut_bytes());
            }
        }
        // ReqQryMarketOrderData
        20 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryMarketOrderDataField>()?.as_mut_bytes());
            }
        }
        // ReqQryParticipant
        21 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryParticipantField>()?.as_mut_bytes());
            }
        }
        // ReqQryPosition
        22 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryPositionField>()?.as_mut_bytes());
            }
        }
        // ReqQryPPosition
        23 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryPPositionField>()?.as_mut_bytes());
            }
        }
        // ReqQryMarketMatchData
        24 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryMarketMatchDataField>()?.as_mut_bytes());
            }
        }
        // ReqQryTrade
        25 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryTradeField>()?.as_mut_bytes());
            }
        }
        // ReqQryUser
        26 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryUserField>()?.as_mut_bytes());
            }
        }
        // ReqQryUserLogin
        27 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqQryUserLoginField>()?.as_mut_bytes());
            }
        }
        // ReqUserLogin
        28 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqUserLoginField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<DisseminationstartField>()?.as_mut_bytes());
            }
            for _ in 0..counts[2] {
                fill(writer.push::<LoginProofField>()?.as_mut_bytes());
            }
            for _ in 0..counts[3] {
                fill(writer.push::<StreamEpochField>()?.as_mut_bytes());
            }
        }
        // ReqUserLogout
        29 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqUserLogoutField>()?.as_mut_bytes());
            }
        }
        // ReqUserPasswordUpdate
        30 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqUserPasswordUpdateField>()?.as_mut_bytes());
            }
        }
        // RspQryUserLogin
        31 => {
            for _ in 0..counts[0] {
                fill(writer.push::<UserLoginField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspOrderAction
        32 => {
            for _ in 0..counts[0] {
                fill(writer.push::<OrderActionField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
            for _ in 0..counts[2] {
                fill(writer.push::<OrderActionTargetField>()?.as_mut_bytes());
            }
        }
        // RspOrderInsert
        33 => {
            for _ in 0..counts[0] {
                fill(writer.push::<OrderInsertField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryClient
        34 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ClientField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryDeposit
        35 => {
            for _ in 0..counts[0] {
                fill(writer.push::<DepositField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryInstrument
        36 => {
            for _ in 0..counts[0] {
                fill(writer.push::<InstrumentField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryInstrumentStatus
        37 => {
            for _ in 0..counts[0] {
                fill(writer.push::<InstrumentStatusField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryMarket
        38 => {
            for _ in 0..counts[0] {
                fill(writer.push::<MarketField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryMarketStatus
        39 => {
            for _ in 0..counts[0] {
                fill(writer.push::<MarketStatusField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryOrder
        40 => {
            for _ in 0..counts[0] {
                fill(writer.push::<OrderStatusField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryMarketOrderData
        41 => {
            for _ in 0..counts[0] {
                fill(writer.push::<MarketOrderDataField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryParticipant
        42 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ParticipantField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryPosition
        43 => {
            for _ in 0..counts[0] {
                fill(writer.push::<PositionField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryPPosition
        44 => {
            for _ in 0..counts[0] {
                fill(writer.push::<PPositionField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryMarketMatchData
        45 => {
            for _ in 0..counts[0] {
                fill(writer.push::<MarketMatchDataField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
            for _ in 0..counts[2] {
                fill(writer.push::<TurnoverField>()?.as_mut_bytes());
            }
        }
        // RspQryTrade
        46 => {
            for _ in 0..counts[0] {
                fill(writer.push::<TradeInsertSingleField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspQryUser
        47 => {
            for _ in 0..counts[0] {
                fill(writer.push::<UserField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspUserLogin
        48 => {
            for _ in 0..counts[0] {
                fill(writer.push::<RspUserLoginField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
            for _ in 0..counts[2] {
                fill(writer.push::<StreamEpochField>()?.as_mut_bytes());
            }
        }
        // RspUserLogout
        49 => {
            for _ in 0..counts[0] {
                fill(writer.push::<RspUserLogoutField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // RspUserPasswordUpdate
        50 => {
            for _ in 0..counts[0] {
                fill(writer.push::<RspUserPasswordUpdateField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // TradeInsertSingle
        51 => {
            for _ in 0..counts[0] {
                fill(writer.push::<TradeInsertSingleField>()?.as_mut_bytes());
            }
        }
        // ReqQuoteInsert
        52 => {
            for _ in 0..counts[0] {
                fill(writer.push::<InputQuoteField>()?.as_mut_bytes());
            }
        }
        // RspQuoteInsert
        53 => {
            for _ in 0..counts[0] {
                fill(writer.push::<InputQuoteField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // Quote
        54 => {
            for _ in 0..counts[0] {
                fill(writer.push::<QuoteField>()?.as_mut_bytes());
            }
        }
        // ReqEnquireQuote
        55 => {
            for _ in 0..counts[0] {
                fill(writer.push::<EnquireQuoteField>()?.as_mut_bytes());
            }
        }
        // RspEnquireQuote
        56 => {
            for _ in 0..counts[0] {
                fill(writer.push::<EnquireQuoteField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // EnquireQuoteNotify
        57 => {
            for _ in 0..counts[0] {
                fill(writer.push::<EnquireQuoteNotifyField>()?.as_mut_bytes());
            }
        }
        // ReqExecOrderInsert
        58 => {
            for _ in 0..counts[0] {
                fill(writer.push::<InputExecOrderField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ExecActionField>()?.as_mut_bytes());
            }
        }
        // RspExecOrderInsert
        59 => {
            for _ in 0..counts[0] {
                fill(writer.push::<InputExecOrderField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
            for _ in 0..counts[2] {
                fill(writer.push::<ExecActionField>()?.as_mut_bytes());
            }
        }
        // ReqExecOrderAction
        60 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ExecOrderActionField>()?.as_mut_bytes());
            }
        }
        // RspExecOrderAction
        61 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ExecOrderActionField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // ReqQryExecOrder
        62 => {
            for _ in 0..counts[0] {
                fill(writer.push::<QryExecOrderField>()?.as_mut_bytes());
            }
        }
        // RspQryExecOrder
        63 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ExecOrderField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // ExecOrder
        64 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ExecOrderField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ExecActionField>()?.as_mut_bytes());
            }
        }
        // ReqQryExchangeRate
        65 => {
            for _ in 0..counts[0] {
                fill(writer.push::<QryExchangeRateField>()?.as_mut_bytes());
            }
        }
        // RspQryExchangeRate
        66 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ExchangeRateField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // FlowMessageCancel
        67 => {
            for _ in 0..counts[0] {
                fill(writer.push::<FlowMessageCancelField>()?.as_mut_bytes());
            }
        }
        // ReqQryQuote
        68 => {
            for _ in 0..counts[0] {
                fill(writer.push::<QryQuoteField>()?.as_mut_bytes());
            }
        }
        // RspQryQuote
        69 => {
            for _ in 0..counts[0] {
                fill(writer.push::<QuoteField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // ReqQuoteAction
        70 => {
            for _ in 0..counts[0] {
                fill(writer.push::<QuoteActionField>()?.as_mut_bytes());
            }
        }
        // RspQuoteAction
        71 => {
            for _ in 0..counts[0] {
                fill(writer.push::<QuoteActionField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // ReqReadiness
        72 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReadinessField>()?.as_mut_bytes());
            }
        }
        // RspReadiness
        73 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReadinessField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // ReqFronts
        74 => {}
        // RspFronts
        75 => {
            for _ in 0..counts[0] {
                fill(writer.push::<FrontField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        // ReqLoginChallenge
        76 => {
            for _ in 0..counts[0] {
                fill(writer.push::<ReqUserLoginField>()?.as_mut_bytes());
            }
        }
        // RspLoginChallenge
        77 => {
            for _ in 0..counts[0] {
                fill(writer.push::<LoginChallengeField>()?.as_mut_bytes());
            }
            for _ in 0..counts[1] {
                fill(writer.push::<ErrorField>()?.as_mut_bytes());
            }
        }
        _ => panic!("no package {index}"),
    }
    Some(())
}

/// Reads a message as package `index`.
pub fn read<V: Visitor>(index: usize, message: &Message<'_>, visitor: &mut V) -> Result<(), Malformed> {
    match index {
        0 => {
            let package = package::Error::parse(message)?;
            visitor.field(package.error);
            package.error_target_sequence.into_iter().for_each(|field| visitor.field(field));
            package.error_target_order.into_iter().for_each(|field| visitor.field(field));
        }
        1 => {
            let package = package::ForceExit::parse(message)?;
            visitor.field(package.force_exit);
        }
        2 => {
            let package = package::InstrumentChangeNotify::parse(message)?;
            visitor.field(package.instrument);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        3 => {
            let package = package::InstrumentStatusChangeNotify::parse(message)?;
            visitor.field(package.instrument_status);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        4 => {
            let package = package::MarketBulletin::parse(message)?;
            visitor.field(package.bulletin);
        }
        5 => {
            let package = package::MarketStatusChangeNotify::parse(message)?;
            visitor.field(package.market_status);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        6 => {
            let package = package::MarketMatchIncData::parse(message)?;
            package.market_match_inc_data.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        7 => {
            let package = package::MarketMatchData::parse(message)?;
            package.market_match_data.iter().for_each(|field| visitor.field(field));
            package.market_match_data_chg.iter().for_each(|field| visitor.field(field));
            package.turnover.iter().for_each(|field| visitor.field(field));
        }
        8 => {
            let package = package::OrderConfirmation::parse(message)?;
            visitor.field(package.order_status);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        9 => {
            let package = package::MarketOrderIncData::parse(message)?;
            package.market_order_data.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        10 => {
            let package = package::ParticipantBulletin::parse(message)?;
            visitor.field(package.bulletin);
        }
        11 => {
            let package = package::ReqOrderAction::parse(message)?;
            visitor.field(package.order_action);
            package.order_action_target.into_iter().for_each(|field| visitor.field(field));
        }
        12 => {
            let package = package::ReqOrderInsert::parse(message)?;
            visitor.field(package.order_insert);
        }
        13 => {
            let package = package::ReqQryClient::parse(message)?;
            visitor.field(package.req_qry_client);
        }
        14 => {
            let package = package::ReqQryDeposit::parse(message)?;
            visitor.field(package.req_qry_deposit);
        }
        15 => {
            let package = package::ReqQryInstrument::parse(message)?;
            visitor.field(package.req_qry_instrument);
        }
        16 => {
            let package = package::ReqQryInstrumentStatus::parse(message)?;
            visitor.field(package.req_qry_instrument_status);
        }
        17 => {
            let package = package::ReqQryMarket::parse(message)?;
            visitor.field(package.req_qry_market);
        }
        18 => {
            let package = package::ReqQryMarketStatus::parse(message)?;
            visitor.field(package.req_qry_market_status);
        }
        19 => {
            let package = package::ReqQryOrder::parse(message)?;
            visitor.field(package.req_qry_order);
        }
        20 => {
            let package = package::ReqQryMarketOrderData::parse(message)?;
            visitor.field(package.req_qry_market_order_data);
        }
        21 => {
            let package = package::ReqQryParticipant::parse(message)?;
            visitor.field(package.req_qry_participant);
        }
        22 => {
            let package = package::ReqQryPosition::parse(message)?;
            visitor.field(package.req_qry_position);
        }
        23 => {
            let package = package::ReqQryPPosition::parse(message)?;
            visitor.field(package.req_qry_p_position);
        }
        24 => {
            let package = package::ReqQryMarketMatchData::parse(message)?;
            visitor.field(package.req_qry_market_match_data);
        }
        25 => {
            let package = package::ReqQryTrade::parse(message)?;
            visitor.field(package.req_qry_trade);
        }
        26 => {
            let package = package::ReqQryUser::parse(message)?;
            visitor.field(package.req_qry_user);
        }
        27 => {
            let package = package::ReqQryUserLogin::parse(message)?;
            visitor.field(package.req_qry_user_login);
        }
        28 => {
            let package = package::ReqUserLogin::parse(message)?;
            visitor.field(package.req_user_login);
            package.disseminationstart.into_iter().for_each(|field| visitor.field(field));
            package.login_proof.into_iter().for_each(|field| visitor.field(field));
            package.stream_epoch.into_iter().for_each(|field| visitor.field(field));
        }
        29 => {
            let package = package::ReqUserLogout::parse(message)?;
            visitor.field(package.req_user_logout);
        }
        30 => {
            let package = package::ReqUserPasswordUpdate::parse(message)?;
            visitor.field(package.req_user_password_update);
        }
        31 => {
            let package = package::RspQryUserLogin::parse(message)?;
            package.user_login.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        32 => {
            let package = package::RspOrderAction::parse(message)?;
            visitor.field(package.order_action);
            package.error.into_iter().for_each(|field| visitor.field(field));
            package.order_action_target.into_iter().for_each(|field| visitor.field(field));
        }
        33 => {
            let package = package::RspOrderInsert::parse(message)?;
            visitor.field(package.order_insert);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        34 => {
            let package = package::RspQryClient::parse(message)?;
            package.client.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        35 => {
            let package = package::RspQryDeposit::parse(message)?;
            package.deposit.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        36 => {
            let package = package::RspQryInstrument::parse(message)?;
            package.instrument.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        37 => {
            let package = package::RspQryInstrumentStatus::parse(message)?;
            package.instrument_status.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        38 => {
            let package = package::RspQryMarket::parse(message)?;
            package.market.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        39 => {
            let package = package::RspQryMarketStatus::parse(message)?;
            package.market_status.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        40 => {
            let package = package::RspQryOrder::parse(message)?;
            package.order_status.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        41 => {
            let package = package::RspQryMarketOrderData::parse(message)?;
            package.market_order_data.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        42 => {
            let package = package::RspQryParticipant::parse(message)?;
            package.participant.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        43 => {
            let package = package::RspQryPosition::parse(message)?;
            package.position.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        44 => {
            let package = package::RspQryPPosition::parse(message)?;
            package.p_position.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        45 => {
            let package = package::RspQryMarketMatchData::parse(message)?;
            package.market_match_data.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
            package.turnover.iter().for_each(|field| visitor.field(field));
        }
        46 => {
            let package = package::RspQryTrade::parse(message)?;
            package.trade_insert_single.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        47 => {
            let package = package::RspQryUser::parse(message)?;
            package.user.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        48 => {
            let package = package::RspUserLogin::parse(message)?;
            visitor.field(package.rsp_user_login);
            package.error.into_iter().for_each(|field| visitor.field(field));
            package.stream_epoch.into_iter().for_each(|field| visitor.field(field));
        }
        49 => {
            let package = package::RspUserLogout::parse(message)?;
            visitor.field(package.rsp_user_logout);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        50 => {
            let package = package::RspUserPasswordUpdate::parse(message)?;
            visitor.field(package.rsp_user_password_update);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        51 => {
            let package = package::TradeInsertSingle::parse(message)?;
            visitor.field(package.trade_insert_single);
        }
        52 => {
            let package = package::ReqQuoteInsert::parse(message)?;
            visitor.field(package.input_quote);
        }
        53 => {
            let package = package::RspQuoteInsert::parse(message)?;
            visitor.field(package.input_quote);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        54 => {
            let package = package::Quote::parse(message)?;
            visitor.field(package.quote);
        }
        55 => {
            let package = package::ReqEnquireQuote::parse(message)?;
            visitor.field(package.enquire_quote);
        }
        56 => {
            let package = package::RspEnquireQuote::parse(message)?;
            visitor.field(package.enquire_quote);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        57 => {
            let package = package::EnquireQuoteNotify::parse(message)?;
            visitor.field(package.enquire_quote_notify);
        }
        58 => {
            let package = package::ReqExecOrderInsert::parse(message)?;
            visitor.field(package.input_exec_order);
            package.exec_action.into_iter().for_each(|field| visitor.field(field));
        }
        59 => {
            let package = package::RspExecOrderInsert::parse(message)?;
            visitor.field(package.input_exec_order);
            package.error.into_iter().for_each(|field| visitor.field(field));
            package.exec_action.into_iter().for_each(|field| visitor.field(field));
        }
        60 => {
            let package = package::ReqExecOrderAction::parse(message)?;
            visitor.field(package.exec_order_action);
        }
        61 => {
            let package = package::RspExecOrderAction::parse(message)?;
            visitor.field(package.exec_order_action);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        62 => {
            let package = package::ReqQryExecOrder::parse(message)?;
            visitor.field(package.qry_exec_order);
        }
        63 => {
            let package = package::RspQryExecOrder::parse(message)?;
            package.exec_order.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        64 => {
            let package = package::ExecOrder::parse(message)?;
            visitor.field(package.exec_order);
            package.exec_action.into_iter().for_each(|field| visitor.field(field));
        }
        65 => {
            let package = package::ReqQryExchangeRate::parse(message)?;
            visitor.field(package.qry_exchange_rate);
        }
        66 => {
            let package = package::RspQryExchangeRate::parse(message)?;
            package.exchange_rate.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        67 => {
            let package = package::FlowMessageCancel::parse(message)?;
            visitor.field(package.flow_message_cancel);
        }
        68 => {
            let package = package::ReqQryQuote::parse(message)?;
            visitor.field(package.qry_quote);
        }
        69 => {
            let package = package::RspQryQuote::parse(message)?;
            package.quote.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        70 => {
            let package = package::ReqQuoteAction::parse(message)?;
            visitor.field(package.quote_action);
        }
        71 => {
            let package = package::RspQuoteAction::parse(message)?;
            visitor.field(package.quote_action);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        72 => {
            let package = package::ReqReadiness::parse(message)?;
            visitor.field(package.readiness);
        }
        73 => {
            let package = package::RspReadiness::parse(message)?;
            visitor.field(package.readiness);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        74 => {
            package::ReqFronts::parse(message)?;
        }
        75 => {
            let package = package::RspFronts::parse(message)?;
            package.front.iter().for_each(|field| visitor.field(field));
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        76 => {
            let package = package::ReqLoginChallenge::parse(message)?;
            visitor.field(package.req_user_login);
        }
        77 => {
            let package = package::RspLoginChallenge::parse(message)?;
            visitor.field(package.login_challenge);
            package.error.into_iter().for_each(|field| visitor.field(field));
        }
        _ => panic!("no package {index}"),
    }
    Ok(())
}
