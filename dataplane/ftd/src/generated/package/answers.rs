//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! What the exchange answers.
use crate::field::{
    ClientField, DepositField, EnquireQuoteField, ErrorField, ExchangeRateField, ExecActionField, ExecOrderActionField,
    ExecOrderField, FrontField, InputExecOrderField, InputQuoteField, InstrumentField, InstrumentStatusField,
    LoginChallengeField, MarketField, MarketMatchDataField, MarketOrderDataField, MarketStatusField, OrderActionField,
    OrderActionTargetField, OrderInsertField, OrderStatusField, PPositionField, ParticipantField, PositionField,
    QuoteActionField, QuoteField, ReadinessField, Repeated, RspUserLoginField, RspUserLogoutField,
    RspUserPasswordUpdateField, StreamEpochField, TradeInsertSingleField, TurnoverField, UserField, UserLoginField,
    is_package, is_whole_package, once, required,
};
use crate::generated::tid;
use crate::malformed::Malformed;
use crate::message::{Message, Tid};

/// 交易员在线查询应答 (RspQryUserLogin), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryUserLogin<'a> {
    /// 交易员在线域, at least once.
    pub user_login: Repeated<'a, UserLoginField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryUserLogin<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_USER_LOGIN;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut user_login = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == UserLoginField::FID {
                user_login.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { user_login: user_login.at_least_one(message)?, error })
    }
}

/// 报单操作应答 (RspOrderAction), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspOrderAction<'a> {
    /// 报单操作域, once.
    pub order_action: &'a OrderActionField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
    /// 按委托编号撤单, at most once. Extension.
    pub order_action_target: Option<&'a OrderActionTargetField>,
}

impl<'a> RspOrderAction<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::ORDER_ACTION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut order_action = None;
        let mut error = None;
        let mut order_action_target = None;
        for (fid, items) in message.fields() {
            if fid == OrderActionField::FID {
                once(&mut order_action, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            } else if fid == OrderActionTargetField::FID {
                once(&mut order_action_target, items)?;
            }
        }
        Ok(Self { order_action: required(order_action)?, error, order_action_target })
    }
}

/// 报单应答 (RspOrderInsert), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspOrderInsert<'a> {
    /// 报单信息域, once.
    pub order_insert: &'a OrderInsertField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspOrderInsert<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::ORDER_INSERT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut order_insert = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == OrderInsertField::FID {
                once(&mut order_insert, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { order_insert: required(order_insert)?, error })
    }
}

/// 客户信息查询应答 (RspQryClient), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryClient<'a> {
    /// 客户域, at least once.
    pub client: Repeated<'a, ClientField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryClient<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_CLIENT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut client = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == ClientField::FID {
                client.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { client: client.at_least_one(message)?, error })
    }
}

/// 会员资金查询应答 (RspQryDeposit), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryDeposit<'a> {
    /// 会员资金域, at least once.
    pub deposit: Repeated<'a, DepositField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryDeposit<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_DEPOSIT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut deposit = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == DepositField::FID {
                deposit.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { deposit: deposit.at_least_one(message)?, error })
    }
}

/// 合约查询应答 (RspQryInstrument), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryInstrument<'a> {
    /// 合约域, at least once.
    pub instrument: Repeated<'a, InstrumentField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryInstrument<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_INSTRUMENT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut instrument = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == InstrumentField::FID {
                instrument.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { instrument: instrument.at_least_one(message)?, error })
    }
}

/// 查询合约交易状态应答 (RspQryInstrumentStatus), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryInstrumentStatus<'a> {
    /// 合约状态域, at least once.
    pub instrument_status: Repeated<'a, InstrumentStatusField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryInstrumentStatus<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_INSTRUMENT_STATUS;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut instrument_status = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == InstrumentStatusField::FID {
                instrument_status.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { instrument_status: instrument_status.at_least_one(message)?, error })
    }
}

/// 市场查询应答 (RspQryMarket), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryMarket<'a> {
    /// 市场域, at least once.
    pub market: Repeated<'a, MarketField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryMarket<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_MARKET;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut market = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == MarketField::FID {
                market.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { market: market.at_least_one(message)?, error })
    }
}

/// 查询市场交易状态应答 (RspQryMarketStatus), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryMarketStatus<'a> {
    /// 市场状态域, at least once.
    pub market_status: Repeated<'a, MarketStatusField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryMarketStatus<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_MARKET_STATUS;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut market_status = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == MarketStatusField::FID {
                market_status.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { market_status: market_status.at_least_one(message)?, error })
    }
}

/// 报单查询应答 (RspQryOrder), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryOrder<'a> {
    /// 报单状态域, at least once.
    pub order_status: Repeated<'a, OrderStatusField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryOrder<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_ORDER;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut order_status = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == OrderStatusField::FID {
                order_status.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { order_status: order_status.at_least_one(message)?, error })
    }
}

/// 报单行情查询应答 (RspQryMarketOrderData), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryMarketOrderData<'a> {
    /// 报单行情域, at least once.
    pub market_order_data: Repeated<'a, MarketOrderDataField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryMarketOrderData<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_MARKET_ORDER_DATA;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut market_order_data = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == MarketOrderDataField::FID {
                market_order_data.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { market_order_data: market_order_data.at_least_one(message)?, error })
    }
}

/// 会员信息查询应答 (RspQryParticipant), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryParticipant<'a> {
    /// 会员域, at least once.
    pub participant: Repeated<'a, ParticipantField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryParticipant<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_PARTICIPANT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut participant = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == ParticipantField::FID {
                participant.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { participant: participant.at_least_one(message)?, error })
    }
}

/// 会员客户持仓查询应答 (RspQryPosition), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryPosition<'a> {
    /// 客户持仓域, at least once.
    pub position: Repeated<'a, PositionField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryPosition<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_POSITION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut position = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == PositionField::FID {
                position.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { position: position.at_least_one(message)?, error })
    }
}

/// 会员持仓查询应答 (RspQryPPosition), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryPPosition<'a> {
    /// 会员持仓域, at least once.
    pub p_position: Repeated<'a, PPositionField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryPPosition<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_P_POSITION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut p_position = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == PPositionField::FID {
                p_position.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { p_position: p_position.at_least_one(message)?, error })
    }
}

/// 成交行情查询应答 (RspQryMarketMatchData), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryMarketMatchData<'a> {
    /// 成交行情域, at least once.
    pub market_match_data: Repeated<'a, MarketMatchDataField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
    /// 完整成交额, any number of times. Extension.
    pub turnover: Repeated<'a, TurnoverField>,
}

impl<'a> RspQryMarketMatchData<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_MARKET_MATCH_DATA;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut market_match_data = Repeated::none(message);
        let mut error = None;
        let mut turnover = Repeated::none(message);
        for (fid, items) in message.fields() {
            if fid == MarketMatchDataField::FID {
                market_match_data.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            } else if fid == TurnoverField::FID {
                turnover.admit(items)?;
            }
        }
        Ok(Self { market_match_data: market_match_data.at_least_one(message)?, error, turnover })
    }
}

/// 成交单查询应答 (RspQryTrade), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryTrade<'a> {
    /// 单边成交回报域, at least once.
    pub trade_insert_single: Repeated<'a, TradeInsertSingleField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryTrade<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_TRADE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut trade_insert_single = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == TradeInsertSingleField::FID {
                trade_insert_single.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { trade_insert_single: trade_insert_single.at_least_one(message)?, error })
    }
}

/// 查询交易员应答 (RspQryUser), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryUser<'a> {
    /// 交易员域, at least once.
    pub user: Repeated<'a, UserField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryUser<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_USER;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut user = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == UserField::FID {
                user.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { user: user.at_least_one(message)?, error })
    }
}

/// 交易员登录应答 (RspUserLogin), of no stream.
#[derive(Clone, Copy, Debug)]
pub struct RspUserLogin<'a> {
    /// 交易员登录响应域, once.
    pub rsp_user_login: &'a RspUserLoginField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
    /// 数据流所属系统代, at most once. Extension.
    pub stream_epoch: Option<&'a StreamEpochField>,
}

impl<'a> RspUserLogin<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::USER_LOGIN;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut rsp_user_login = None;
        let mut error = None;
        let mut stream_epoch = None;
        for (fid, items) in message.fields() {
            if fid == RspUserLoginField::FID {
                once(&mut rsp_user_login, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            } else if fid == StreamEpochField::FID {
                once(&mut stream_epoch, items)?;
            }
        }
        Ok(Self { rsp_user_login: required(rsp_user_login)?, error, stream_epoch })
    }
}

/// 交易员登录退出应答 (RspUserLogout), of no stream.
#[derive(Clone, Copy, Debug)]
pub struct RspUserLogout<'a> {
    /// 交易员退出登录响应域, once.
    pub rsp_user_logout: &'a RspUserLogoutField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspUserLogout<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::USER_LOGOUT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut rsp_user_logout = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == RspUserLogoutField::FID {
                once(&mut rsp_user_logout, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { rsp_user_logout: required(rsp_user_logout)?, error })
    }
}

/// 交易员修改密码应答 (RspUserPasswordUpdate), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspUserPasswordUpdate<'a> {
    /// 交易员修改口令响应域, once.
    pub rsp_user_password_update: &'a RspUserPasswordUpdateField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspUserPasswordUpdate<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::USER_PASSWORD_UPDATE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut rsp_user_password_update = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == RspUserPasswordUpdateField::FID {
                once(&mut rsp_user_password_update, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { rsp_user_password_update: required(rsp_user_password_update)?, error })
    }
}

/// 报价录入应答 (RspQuoteInsert), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQuoteInsert<'a> {
    /// 报价录入域, once.
    pub input_quote: &'a InputQuoteField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQuoteInsert<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QUOTE_INSERT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut input_quote = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == InputQuoteField::FID {
                once(&mut input_quote, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { input_quote: required(input_quote)?, error })
    }
}

/// 询价应答 (RspEnquireQuote), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspEnquireQuote<'a> {
    /// 询价域, once.
    pub enquire_quote: &'a EnquireQuoteField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspEnquireQuote<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::ENQUIRE_QUOTE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut enquire_quote = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == EnquireQuoteField::FID {
                once(&mut enquire_quote, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { enquire_quote: required(enquire_quote)?, error })
    }
}

/// 执行宣告录入应答 (RspExecOrderInsert), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspExecOrderInsert<'a> {
    /// 执行宣告录入域, once.
    pub input_exec_order: &'a InputExecOrderField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
    /// 执行或放弃, at most once. Extension.
    pub exec_action: Option<&'a ExecActionField>,
}

impl<'a> RspExecOrderInsert<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::EXEC_ORDER_INSERT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut input_exec_order = None;
        let mut error = None;
        let mut exec_action = None;
        for (fid, items) in message.fields() {
            if fid == InputExecOrderField::FID {
                once(&mut input_exec_order, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            } else if fid == ExecActionField::FID {
                once(&mut exec_action, items)?;
            }
        }
        Ok(Self { input_exec_order: required(input_exec_order)?, error, exec_action })
    }
}

/// 执行宣告操作应答 (RspExecOrderAction), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspExecOrderAction<'a> {
    /// 执行宣告操作域, once.
    pub exec_order_action: &'a ExecOrderActionField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspExecOrderAction<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::EXEC_ORDER_ACTION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut exec_order_action = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == ExecOrderActionField::FID {
                once(&mut exec_order_action, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { exec_order_action: required(exec_order_action)?, error })
    }
}

/// 执行宣告查询应答 (RspQryExecOrder), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryExecOrder<'a> {
    /// 执行宣告状态域, at least once.
    pub exec_order: Repeated<'a, ExecOrderField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryExecOrder<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_EXEC_ORDER;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut exec_order = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == ExecOrderField::FID {
                exec_order.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { exec_order: exec_order.at_least_one(message)?, error })
    }
}

/// 汇率信息查询应答 (RspQryExchangeRate), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryExchangeRate<'a> {
    /// 汇率信息域, at least once.
    pub exchange_rate: Repeated<'a, ExchangeRateField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryExchangeRate<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_EXCHANGE_RATE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut exchange_rate = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == ExchangeRateField::FID {
                exchange_rate.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { exchange_rate: exchange_rate.at_least_one(message)?, error })
    }
}

/// 报价查询应答 (RspQryQuote), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct RspQryQuote<'a> {
    /// 报价状态域, at least once.
    pub quote: Repeated<'a, QuoteField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQryQuote<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QRY_QUOTE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut quote = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == QuoteField::FID {
                quote.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { quote: quote.at_least_one(message)?, error })
    }
}

/// 报价操作应答 (RspQuoteAction), in the dialog stream. Extension.
#[derive(Clone, Copy, Debug)]
pub struct RspQuoteAction<'a> {
    /// 报价操作域, once.
    pub quote_action: &'a QuoteActionField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspQuoteAction<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QUOTE_ACTION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut quote_action = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == QuoteActionField::FID {
                once(&mut quote_action, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { quote_action: required(quote_action)?, error })
    }
}

/// 会员就绪应答 (RspReadiness), in the dialog stream. Extension.
#[derive(Clone, Copy, Debug)]
pub struct RspReadiness<'a> {
    /// 就绪、举手, once.
    pub readiness: &'a ReadinessField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspReadiness<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::READINESS;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut readiness = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == ReadinessField::FID {
                once(&mut readiness, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { readiness: required(readiness)?, error })
    }
}

/// 前置列表 (RspFronts), of no stream. Extension.
#[derive(Clone, Copy, Debug)]
pub struct RspFronts<'a> {
    /// 前置, any number of times.
    pub front: Repeated<'a, FrontField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspFronts<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::FRONTS;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut front = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == FrontField::FID {
                front.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { front, error })
    }
}

/// 登录挑战 (RspLoginChallenge), of no stream. Extension.
#[derive(Clone, Copy, Debug)]
pub struct RspLoginChallenge<'a> {
    /// 登录挑战, once.
    pub login_challenge: &'a LoginChallengeField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> RspLoginChallenge<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::LOGIN_CHALLENGE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut login_challenge = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == LoginChallengeField::FID {
                once(&mut login_challenge, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { login_challenge: required(login_challenge)?, error })
    }
}
