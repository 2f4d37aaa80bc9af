//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! The packages' TIDs (Appendix A). Two of them are 0x5004: `QUOTE` occurs only in a private stream,
//! `QRY_EXEC_ORDER` only in the dialog (errata 7).
use crate::message::Tid;

/// Error 错误响应.
pub const ERROR: Tid = Tid(0x0001);
/// ReqQryMarketMatchData 成交行情查询, RspQryMarketMatchData 成交行情查询应答.
pub const QRY_MARKET_MATCH_DATA: Tid = Tid(0x0002);
/// ReqOrderInsert 报单录入, RspOrderInsert 报单应答.
pub const ORDER_INSERT: Tid = Tid(0x0003);
/// ReqOrderAction 报单操作请求, RspOrderAction 报单操作应答.
pub const ORDER_ACTION: Tid = Tid(0x0004);
/// ReqQryInstrument 合约查询, RspQryInstrument 合约查询应答.
pub const QRY_INSTRUMENT: Tid = Tid(0x0005);
/// ReqQryOrder 报单查询, RspQryOrder 报单查询应答.
pub const QRY_ORDER: Tid = Tid(0x0006);
/// ReqQryTrade 成交单查询, RspQryTrade 成交单查询应答.
pub const QRY_TRADE: Tid = Tid(0x0007);
/// ReqQryDeposit 会员资金查询, RspQryDeposit 会员资金查询应答.
pub const QRY_DEPOSIT: Tid = Tid(0x0008);
/// ReqQryPPosition 会员持仓查询, RspQryPPosition 会员持仓查询应答.
pub const QRY_P_POSITION: Tid = Tid(0x0009);
/// ReqQryPosition 会员客户持仓查询, RspQryPosition 会员客户持仓查询应答.
pub const QRY_POSITION: Tid = Tid(0x000A);
/// ReqQryMarket 市场查询请求, RspQryMarket 市场查询应答.
pub const QRY_MARKET: Tid = Tid(0x000B);
/// ReqQryClient 客户信息查询, RspQryClient 客户信息查询应答.
pub const QRY_CLIENT: Tid = Tid(0x000C);
/// ReqQryMarketStatus 查询市场交易状态请求, RspQryMarketStatus 查询市场交易状态应答.
pub const QRY_MARKET_STATUS: Tid = Tid(0x000D);
/// ReqQryInstrumentStatus 查询合约交易状态请求, RspQryInstrumentStatus 查询合约交易状态应答.
pub const QRY_INSTRUMENT_STATUS: Tid = Tid(0x000E);
/// ReqQryMarketOrderData 报单行情查询请求, RspQryMarketOrderData 报单行情查询应答.
pub const QRY_MARKET_ORDER_DATA: Tid = Tid(0x0012);
/// ReqQryParticipant 会员信息查询, RspQryParticipant 会员信息查询应答.
pub const QRY_PARTICIPANT: Tid = Tid(0x0013);
/// ReqQryUser 查询交易员请求, RspQryUser 查询交易员应答.
pub const QRY_USER: Tid = Tid(0x0014);
/// ReqQryUserLogin 交易员在线查询, RspQryUserLogin 交易员在线查询应答.
pub const QRY_USER_LOGIN: Tid = Tid(0x0015);
/// ReqUserLogin 交易员登录请求, RspUserLogin 交易员登录应答.
pub const USER_LOGIN: Tid = Tid(0x0016);
/// ReqUserLogout 交易员登录退出, RspUserLogout 交易员登录退出应答.
pub const USER_LOGOUT: Tid = Tid(0x0017);
/// ReqUserPasswordUpdate 交易员修改密码, RspUserPasswordUpdate 交易员修改密码应答.
pub const USER_PASSWORD_UPDATE: Tid = Tid(0x0018);
/// TradeInsertSingle 单边成交回报.
pub const TRADE_INSERT_SINGLE: Tid = Tid(0x1001);
/// ParticipantBulletin 会员告示.
pub const PARTICIPANT_BULLETIN: Tid = Tid(0x1002);
/// OrderConfirmation 报单确认.
pub const ORDER_CONFIRMATION: Tid = Tid(0x1003);
/// ForceExit 强制退出.
pub const FORCE_EXIT: Tid = Tid(0x1005);
/// MarketOrderIncData 增量报单行情.
pub const MARKET_ORDER_INC_DATA: Tid = Tid(0x2001);
/// MarketMatchIncData 增量成交行情.
pub const MARKET_MATCH_INC_DATA: Tid = Tid(0x2002);
/// MarketBulletin 交易所告示广播.
pub const MARKET_BULLETIN: Tid = Tid(0x2003);
/// MarketMatchData 成交行情.
pub const MARKET_MATCH_DATA: Tid = Tid(0x2004);
/// MarketStatusChangeNotify 市场状态改变通知.
pub const MARKET_STATUS_CHANGE_NOTIFY: Tid = Tid(0x2005);
/// InstrumentStatusChangeNotify 合约状态改变通知.
pub const INSTRUMENT_STATUS_CHANGE_NOTIFY: Tid = Tid(0x2006);
/// InstrumentChangeNotify 合约参数改变通知.
pub const INSTRUMENT_CHANGE_NOTIFY: Tid = Tid(0x2007);
/// ReqQuoteInsert 报价录入请求, RspQuoteInsert 报价录入应答.
pub const QUOTE_INSERT: Tid = Tid(0x1009);
/// Quote 报价状态回报.
pub const QUOTE: Tid = Tid(0x5004);
/// ReqQryQuote 报价查询请求, RspQryQuote 报价查询应答.
pub const QRY_QUOTE: Tid = Tid(0x4005);
/// ReqEnquireQuote 询价请求, RspEnquireQuote 询价应答.
pub const ENQUIRE_QUOTE: Tid = Tid(0x6008);
/// EnquireQuoteNotify 询价通知.
pub const ENQUIRE_QUOTE_NOTIFY: Tid = Tid(0x6009);
/// ReqExecOrderInsert 执行宣告录入请求, RspExecOrderInsert 执行宣告录入应答.
pub const EXEC_ORDER_INSERT: Tid = Tid(0x1011);
/// ReqExecOrderAction 执行宣告操作请求, RspExecOrderAction 执行宣告操作应答.
pub const EXEC_ORDER_ACTION: Tid = Tid(0x1012);
/// ExecOrder 执行宣告状态回报.
pub const EXEC_ORDER: Tid = Tid(0x5003);
/// ReqQryExecOrder 执行宣告查询请求, RspQryExecOrder 执行宣告查询应答.
pub const QRY_EXEC_ORDER: Tid = Tid(0x5004);
/// ReqQryExchangeRate 汇率信息查询请求, RspQryExchangeRate 汇率信息查询应答.
pub const QRY_EXCHANGE_RATE: Tid = Tid(0x5006);
/// FlowMessageCancel 数据流回退通知.
pub const FLOW_MESSAGE_CANCEL: Tid = Tid(0x5007);
/// ReqQuoteAction 报价操作请求, RspQuoteAction 报价操作应答. Extension.
pub const QUOTE_ACTION: Tid = Tid(0x100A);
/// ReqReadiness 会员就绪, RspReadiness 会员就绪应答. Extension.
pub const READINESS: Tid = Tid(0xF001);
/// ReqFronts 查询前置, RspFronts 前置列表. Extension.
pub const FRONTS: Tid = Tid(0xF002);
/// ReqLoginChallenge 索取登录挑战, RspLoginChallenge 登录挑战. Extension.
pub const LOGIN_CHALLENGE: Tid = Tid(0xF003);
