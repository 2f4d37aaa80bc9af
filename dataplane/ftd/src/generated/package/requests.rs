//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! What members ask.
use crate::field::{
    DisseminationstartField, EnquireQuoteField, ExecActionField, ExecOrderActionField, InputExecOrderField,
    InputQuoteField, LoginProofField, OrderActionField, OrderActionTargetField, OrderInsertField, QryExchangeRateField,
    QryExecOrderField, QryQuoteField, QuoteActionField, ReadinessField, ReqQryClientField, ReqQryDepositField,
    ReqQryInstrumentField, ReqQryInstrumentStatusField, ReqQryMarketField, ReqQryMarketMatchDataField,
    ReqQryMarketOrderDataField, ReqQryMarketStatusField, ReqQryOrderField, ReqQryPPositionField,
    ReqQryParticipantField, ReqQryPositionField, ReqQryTradeField, ReqQryUserField, ReqQryUserLoginField,
    ReqUserLoginField, ReqUserLogoutField, ReqUserPasswordUpdateField, StreamEpochField, is_whole_package, once,
    required,
};
use crate::generated::tid;
use crate::malformed::Malformed;
use crate::message::{Message, Tid};

/// 报单操作请求 (ReqOrderAction), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqOrderAction<'a> {
    /// 报单操作域, once.
    pub order_action: &'a OrderActionField,
    /// 按委托编号撤单, at most once. Extension.
    pub order_action_target: Option<&'a OrderActionTargetField>,
}

impl<'a> ReqOrderAction<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::ORDER_ACTION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut order_action = None;
        let mut order_action_target = None;
        for (fid, items) in message.fields() {
            if fid == OrderActionField::FID {
                once(&mut order_action, items)?;
            } else if fid == OrderActionTargetField::FID {
                once(&mut order_action_target, items)?;
            }
        }
        Ok(Self { order_action: required(order_action)?, order_action_target })
    }
}

/// 报单录入 (ReqOrderInsert), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqOrderInsert<'a> {
    /// 报单信息域, once.
    pub order_insert: &'a OrderInsertField,
}

impl<'a> ReqOrderInsert<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::ORDER_INSERT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut order_insert = None;
        for (fid, items) in message.fields() {
            if fid == OrderInsertField::FID {
                once(&mut order_insert, items)?;
            }
        }
        Ok(Self { order_insert: required(order_insert)? })
    }
}

/// 客户信息查询 (ReqQryClient), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryClient<'a> {
    /// 客户查询请求域, once.
    pub req_qry_client: &'a ReqQryClientField,
}

impl<'a> ReqQryClient<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_CLIENT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_client = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryClientField::FID {
                once(&mut req_qry_client, items)?;
            }
        }
        Ok(Self { req_qry_client: required(req_qry_client)? })
    }
}

/// 会员资金查询 (ReqQryDeposit), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryDeposit<'a> {
    /// 会员资金查询域, once.
    pub req_qry_deposit: &'a ReqQryDepositField,
}

impl<'a> ReqQryDeposit<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_DEPOSIT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_deposit = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryDepositField::FID {
                once(&mut req_qry_deposit, items)?;
            }
        }
        Ok(Self { req_qry_deposit: required(req_qry_deposit)? })
    }
}

/// 合约查询 (ReqQryInstrument), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryInstrument<'a> {
    /// 合约查询请求域, once.
    pub req_qry_instrument: &'a ReqQryInstrumentField,
}

impl<'a> ReqQryInstrument<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_INSTRUMENT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_instrument = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryInstrumentField::FID {
                once(&mut req_qry_instrument, items)?;
            }
        }
        Ok(Self { req_qry_instrument: required(req_qry_instrument)? })
    }
}

/// 查询合约交易状态请求 (ReqQryInstrumentStatus), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryInstrumentStatus<'a> {
    /// 合约状态查询响应域, once.
    pub req_qry_instrument_status: &'a ReqQryInstrumentStatusField,
}

impl<'a> ReqQryInstrumentStatus<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_INSTRUMENT_STATUS;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_instrument_status = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryInstrumentStatusField::FID {
                once(&mut req_qry_instrument_status, items)?;
            }
        }
        Ok(Self { req_qry_instrument_status: required(req_qry_instrument_status)? })
    }
}

/// 市场查询请求 (ReqQryMarket), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryMarket<'a> {
    /// 市场查询请求域, once.
    pub req_qry_market: &'a ReqQryMarketField,
}

impl<'a> ReqQryMarket<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_MARKET;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_market = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryMarketField::FID {
                once(&mut req_qry_market, items)?;
            }
        }
        Ok(Self { req_qry_market: required(req_qry_market)? })
    }
}

/// 查询市场交易状态请求 (ReqQryMarketStatus), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryMarketStatus<'a> {
    /// 市场状态查询请求域, once.
    pub req_qry_market_status: &'a ReqQryMarketStatusField,
}

impl<'a> ReqQryMarketStatus<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_MARKET_STATUS;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_market_status = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryMarketStatusField::FID {
                once(&mut req_qry_market_status, items)?;
            }
        }
        Ok(Self { req_qry_market_status: required(req_qry_market_status)? })
    }
}

/// 报单查询 (ReqQryOrder), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryOrder<'a> {
    /// 报单查询请求域, once.
    pub req_qry_order: &'a ReqQryOrderField,
}

impl<'a> ReqQryOrder<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_ORDER;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_order = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryOrderField::FID {
                once(&mut req_qry_order, items)?;
            }
        }
        Ok(Self { req_qry_order: required(req_qry_order)? })
    }
}

/// 报单行情查询请求 (ReqQryMarketOrderData), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryMarketOrderData<'a> {
    /// 报单行情查询请求, once.
    pub req_qry_market_order_data: &'a ReqQryMarketOrderDataField,
}

impl<'a> ReqQryMarketOrderData<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_MARKET_ORDER_DATA;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_market_order_data = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryMarketOrderDataField::FID {
                once(&mut req_qry_market_order_data, items)?;
            }
        }
        Ok(Self { req_qry_market_order_data: required(req_qry_market_order_data)? })
    }
}

/// 会员信息查询 (ReqQryParticipant), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryParticipant<'a> {
    /// 会员查询请求域, once.
    pub req_qry_participant: &'a ReqQryParticipantField,
}

impl<'a> ReqQryParticipant<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_PARTICIPANT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_participant = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryParticipantField::FID {
                once(&mut req_qry_participant, items)?;
            }
        }
        Ok(Self { req_qry_participant: required(req_qry_participant)? })
    }
}

/// 会员客户持仓查询 (ReqQryPosition), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryPosition<'a> {
    /// 客户持仓查询请求域, once.
    pub req_qry_position: &'a ReqQryPositionField,
}

impl<'a> ReqQryPosition<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_POSITION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_position = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryPositionField::FID {
                once(&mut req_qry_position, items)?;
            }
        }
        Ok(Self { req_qry_position: required(req_qry_position)? })
    }
}

/// 会员持仓查询 (ReqQryPPosition), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryPPosition<'a> {
    /// 会员持仓查询请求域, once.
    pub req_qry_p_position: &'a ReqQryPPositionField,
}

impl<'a> ReqQryPPosition<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_P_POSITION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_p_position = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryPPositionField::FID {
                once(&mut req_qry_p_position, items)?;
            }
        }
        Ok(Self { req_qry_p_position: required(req_qry_p_position)? })
    }
}

/// 成交行情查询 (ReqQryMarketMatchData), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryMarketMatchData<'a> {
    /// 成交行情查询请求域, once.
    pub req_qry_market_match_data: &'a ReqQryMarketMatchDataField,
}

impl<'a> ReqQryMarketMatchData<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_MARKET_MATCH_DATA;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_market_match_data = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryMarketMatchDataField::FID {
                once(&mut req_qry_market_match_data, items)?;
            }
        }
        Ok(Self { req_qry_market_match_data: required(req_qry_market_match_data)? })
    }
}

/// 成交单查询 (ReqQryTrade), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryTrade<'a> {
    /// 成交查询请求域, once.
    pub req_qry_trade: &'a ReqQryTradeField,
}

impl<'a> ReqQryTrade<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_TRADE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_trade = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryTradeField::FID {
                once(&mut req_qry_trade, items)?;
            }
        }
        Ok(Self { req_qry_trade: required(req_qry_trade)? })
    }
}

/// 查询交易员请求 (ReqQryUser), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryUser<'a> {
    /// 交易员查询域, once.
    pub req_qry_user: &'a ReqQryUserField,
}

impl<'a> ReqQryUser<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_USER;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_user = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryUserField::FID {
                once(&mut req_qry_user, items)?;
            }
        }
        Ok(Self { req_qry_user: required(req_qry_user)? })
    }
}

/// 交易员在线查询 (ReqQryUserLogin), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryUserLogin<'a> {
    /// 交易员在线查询域, once.
    pub req_qry_user_login: &'a ReqQryUserLoginField,
}

impl<'a> ReqQryUserLogin<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_USER_LOGIN;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_qry_user_login = None;
        for (fid, items) in message.fields() {
            if fid == ReqQryUserLoginField::FID {
                once(&mut req_qry_user_login, items)?;
            }
        }
        Ok(Self { req_qry_user_login: required(req_qry_user_login)? })
    }
}

/// 交易员登录请求 (ReqUserLogin), of no stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqUserLogin<'a> {
    /// 交易员登录请求域, once.
    pub req_user_login: &'a ReqUserLoginField,
    /// 发送信息起始说明域, at most once.
    pub disseminationstart: Option<&'a DisseminationstartField>,
    /// 登录应答, at most once. Extension.
    pub login_proof: Option<&'a LoginProofField>,
    /// 数据流所属系统代, at most once. Extension.
    pub stream_epoch: Option<&'a StreamEpochField>,
}

impl<'a> ReqUserLogin<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::USER_LOGIN;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_user_login = None;
        let mut disseminationstart = None;
        let mut login_proof = None;
        let mut stream_epoch = None;
        for (fid, items) in message.fields() {
            if fid == ReqUserLoginField::FID {
                once(&mut req_user_login, items)?;
            } else if fid == DisseminationstartField::FID {
                once(&mut disseminationstart, items)?;
            } else if fid == LoginProofField::FID {
                once(&mut login_proof, items)?;
            } else if fid == StreamEpochField::FID {
                once(&mut stream_epoch, items)?;
            }
        }
        Ok(Self { req_user_login: required(req_user_login)?, disseminationstart, login_proof, stream_epoch })
    }
}

/// 交易员登录退出 (ReqUserLogout), of no stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqUserLogout<'a> {
    /// 交易员退出登录请求域, once.
    pub req_user_logout: &'a ReqUserLogoutField,
}

impl<'a> ReqUserLogout<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::USER_LOGOUT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_user_logout = None;
        for (fid, items) in message.fields() {
            if fid == ReqUserLogoutField::FID {
                once(&mut req_user_logout, items)?;
            }
        }
        Ok(Self { req_user_logout: required(req_user_logout)? })
    }
}

/// 交易员修改密码 (ReqUserPasswordUpdate), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqUserPasswordUpdate<'a> {
    /// 交易员修改口令请求域, once.
    pub req_user_password_update: &'a ReqUserPasswordUpdateField,
}

impl<'a> ReqUserPasswordUpdate<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::USER_PASSWORD_UPDATE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_user_password_update = None;
        for (fid, items) in message.fields() {
            if fid == ReqUserPasswordUpdateField::FID {
                once(&mut req_user_password_update, items)?;
            }
        }
        Ok(Self { req_user_password_update: required(req_user_password_update)? })
    }
}

/// 报价录入请求 (ReqQuoteInsert), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQuoteInsert<'a> {
    /// 报价录入域, once.
    pub input_quote: &'a InputQuoteField,
}

impl<'a> ReqQuoteInsert<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QUOTE_INSERT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut input_quote = None;
        for (fid, items) in message.fields() {
            if fid == InputQuoteField::FID {
                once(&mut input_quote, items)?;
            }
        }
        Ok(Self { input_quote: required(input_quote)? })
    }
}

/// 询价请求 (ReqEnquireQuote), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqEnquireQuote<'a> {
    /// 询价域, once.
    pub enquire_quote: &'a EnquireQuoteField,
}

impl<'a> ReqEnquireQuote<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::ENQUIRE_QUOTE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut enquire_quote = None;
        for (fid, items) in message.fields() {
            if fid == EnquireQuoteField::FID {
                once(&mut enquire_quote, items)?;
            }
        }
        Ok(Self { enquire_quote: required(enquire_quote)? })
    }
}

/// 执行宣告录入请求 (ReqExecOrderInsert), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqExecOrderInsert<'a> {
    /// 执行宣告录入域, once.
    pub input_exec_order: &'a InputExecOrderField,
    /// 执行或放弃, at most once. Extension.
    pub exec_action: Option<&'a ExecActionField>,
}

impl<'a> ReqExecOrderInsert<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::EXEC_ORDER_INSERT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut input_exec_order = None;
        let mut exec_action = None;
        for (fid, items) in message.fields() {
            if fid == InputExecOrderField::FID {
                once(&mut input_exec_order, items)?;
            } else if fid == ExecActionField::FID {
                once(&mut exec_action, items)?;
            }
        }
        Ok(Self { input_exec_order: required(input_exec_order)?, exec_action })
    }
}

/// 执行宣告操作请求 (ReqExecOrderAction), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqExecOrderAction<'a> {
    /// 执行宣告操作域, once.
    pub exec_order_action: &'a ExecOrderActionField,
}

impl<'a> ReqExecOrderAction<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::EXEC_ORDER_ACTION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut exec_order_action = None;
        for (fid, items) in message.fields() {
            if fid == ExecOrderActionField::FID {
                once(&mut exec_order_action, items)?;
            }
        }
        Ok(Self { exec_order_action: required(exec_order_action)? })
    }
}

/// 执行宣告查询请求 (ReqQryExecOrder), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryExecOrder<'a> {
    /// 执行宣告查询域, once.
    pub qry_exec_order: &'a QryExecOrderField,
}

impl<'a> ReqQryExecOrder<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_EXEC_ORDER;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut qry_exec_order = None;
        for (fid, items) in message.fields() {
            if fid == QryExecOrderField::FID {
                once(&mut qry_exec_order, items)?;
            }
        }
        Ok(Self { qry_exec_order: required(qry_exec_order)? })
    }
}

/// 汇率信息查询请求 (ReqQryExchangeRate), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryExchangeRate<'a> {
    /// 汇率信息查询请求域, once.
    pub qry_exchange_rate: &'a QryExchangeRateField,
}

impl<'a> ReqQryExchangeRate<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_EXCHANGE_RATE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut qry_exchange_rate = None;
        for (fid, items) in message.fields() {
            if fid == QryExchangeRateField::FID {
                once(&mut qry_exchange_rate, items)?;
            }
        }
        Ok(Self { qry_exchange_rate: required(qry_exchange_rate)? })
    }
}

/// 报价查询请求 (ReqQryQuote), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct ReqQryQuote<'a> {
    /// 报价查询请求域, once.
    pub qry_quote: &'a QryQuoteField,
}

impl<'a> ReqQryQuote<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_QUOTE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut qry_quote = None;
        for (fid, items) in message.fields() {
            if fid == QryQuoteField::FID {
                once(&mut qry_quote, items)?;
            }
        }
        Ok(Self { qry_quote: required(qry_quote)? })
    }
}

/// 报价操作请求 (ReqQuoteAction), in the dialog stream. Extension.
#[derive(Clone, Copy, Debug)]
pub struct ReqQuoteAction<'a> {
    /// 报价操作域, once.
    pub quote_action: &'a QuoteActionField,
}

impl<'a> ReqQuoteAction<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QUOTE_ACTION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut quote_action = None;
        for (fid, items) in message.fields() {
            if fid == QuoteActionField::FID {
                once(&mut quote_action, items)?;
            }
        }
        Ok(Self { quote_action: required(quote_action)? })
    }
}

/// 会员就绪 (ReqReadiness), in the dialog stream. Extension.
#[derive(Clone, Copy, Debug)]
pub struct ReqReadiness<'a> {
    /// 就绪、举手, once.
    pub readiness: &'a ReadinessField,
}

impl<'a> ReqReadiness<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::READINESS;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut readiness = None;
        for (fid, items) in message.fields() {
            if fid == ReadinessField::FID {
                once(&mut readiness, items)?;
            }
        }
        Ok(Self { readiness: required(readiness)? })
    }
}

/// 查询前置 (ReqFronts), of no stream. Extension.
#[derive(Clone, Copy, Debug)]
pub struct ReqFronts;

impl ReqFronts {
    /// The package's TID.
    pub const TID: Tid = tid::FRONTS;

    /// Reads the package; it has no data fields of its own.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package.
    pub fn parse(message: &Message<'_>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        Ok(Self)
    }
}

/// 索取登录挑战 (ReqLoginChallenge), of no stream. Extension.
#[derive(Clone, Copy, Debug)]
pub struct ReqLoginChallenge<'a> {
    /// 交易员登录请求域, once.
    pub req_user_login: &'a ReqUserLoginField,
}

impl<'a> ReqLoginChallenge<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::LOGIN_CHALLENGE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut req_user_login = None;
        for (fid, items) in message.fields() {
            if fid == ReqUserLoginField::FID {
                once(&mut req_user_login, items)?;
            }
        }
        Ok(Self { req_user_login: required(req_user_login)? })
    }
}
