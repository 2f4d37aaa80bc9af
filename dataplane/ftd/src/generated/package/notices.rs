//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! What the exchange tells unasked, and refusals.
use crate::field::{
    BulletinField, EnquireQuoteNotifyField, ErrorField, ErrorTargetOrderField, ErrorTargetSequenceField,
    ExecActionField, ExecOrderField, FlowMessageCancelField, ForceExitField, InstrumentField, InstrumentStatusField,
    MarketMatchDataChgField, MarketMatchDataField, MarketMatchIncDataField, MarketOrderDataField, MarketStatusField,
    OrderStatusField, QuoteField, Repeated, TradeInsertSingleField, TurnoverField, is_package, is_whole_package, once,
    required,
};
use crate::generated::tid;
use crate::malformed::Malformed;
use crate::message::{Message, Tid};

/// 错误响应 (Error), in the dialog stream.
#[derive(Clone, Copy, Debug)]
pub struct Error<'a> {
    /// 错误域, once.
    pub error: &'a ErrorField,
    /// 错误序列号域, at most once.
    pub error_target_sequence: Option<&'a ErrorTargetSequenceField>,
    /// 错误报单号域, at most once.
    pub error_target_order: Option<&'a ErrorTargetOrderField>,
}

impl<'a> Error<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::ERROR;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut error = None;
        let mut error_target_sequence = None;
        let mut error_target_order = None;
        for (fid, items) in message.fields() {
            if fid == ErrorField::FID {
                once(&mut error, items)?;
            } else if fid == ErrorTargetSequenceField::FID {
                once(&mut error_target_sequence, items)?;
            } else if fid == ErrorTargetOrderField::FID {
                once(&mut error_target_order, items)?;
            }
        }
        Ok(Self { error: required(error)?, error_target_sequence, error_target_order })
    }
}

/// 强制退出 (ForceExit), of no stream.
#[derive(Clone, Copy, Debug)]
pub struct ForceExit<'a> {
    /// 强制退出域, once.
    pub force_exit: &'a ForceExitField,
}

impl<'a> ForceExit<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::FORCE_EXIT;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut force_exit = None;
        for (fid, items) in message.fields() {
            if fid == ForceExitField::FID {
                once(&mut force_exit, items)?;
            }
        }
        Ok(Self { force_exit: required(force_exit)? })
    }
}

/// 合约参数改变通知 (InstrumentChangeNotify), in the broadcast stream.
#[derive(Clone, Copy, Debug)]
pub struct InstrumentChangeNotify<'a> {
    /// 合约域, once.
    pub instrument: &'a InstrumentField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> InstrumentChangeNotify<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::INSTRUMENT_CHANGE_NOTIFY;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut instrument = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == InstrumentField::FID {
                once(&mut instrument, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { instrument: required(instrument)?, error })
    }
}

/// 合约状态改变通知 (InstrumentStatusChangeNotify), in the broadcast stream.
#[derive(Clone, Copy, Debug)]
pub struct InstrumentStatusChangeNotify<'a> {
    /// 合约状态域, once.
    pub instrument_status: &'a InstrumentStatusField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> InstrumentStatusChangeNotify<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::INSTRUMENT_STATUS_CHANGE_NOTIFY;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut instrument_status = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == InstrumentStatusField::FID {
                once(&mut instrument_status, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { instrument_status: required(instrument_status)?, error })
    }
}

/// 交易所告示广播 (MarketBulletin), in the broadcast stream.
#[derive(Clone, Copy, Debug)]
pub struct MarketBulletin<'a> {
    /// 告示域, once.
    pub bulletin: &'a BulletinField,
}

impl<'a> MarketBulletin<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::MARKET_BULLETIN;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut bulletin = None;
        for (fid, items) in message.fields() {
            if fid == BulletinField::FID {
                once(&mut bulletin, items)?;
            }
        }
        Ok(Self { bulletin: required(bulletin)? })
    }
}

/// 市场状态改变通知 (MarketStatusChangeNotify), in the broadcast stream.
#[derive(Clone, Copy, Debug)]
pub struct MarketStatusChangeNotify<'a> {
    /// 市场状态域, once.
    pub market_status: &'a MarketStatusField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> MarketStatusChangeNotify<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::MARKET_STATUS_CHANGE_NOTIFY;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut market_status = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == MarketStatusField::FID {
                once(&mut market_status, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { market_status: required(market_status)?, error })
    }
}

/// 增量成交行情 (MarketMatchIncData), in the broadcast stream.
#[derive(Clone, Copy, Debug)]
pub struct MarketMatchIncData<'a> {
    /// 增量成交行情域, at least once.
    pub market_match_inc_data: Repeated<'a, MarketMatchIncDataField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> MarketMatchIncData<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::MARKET_MATCH_INC_DATA;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut market_match_inc_data = Repeated::none(message);
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == MarketMatchIncDataField::FID {
                market_match_inc_data.admit(items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { market_match_inc_data: market_match_inc_data.at_least_one(message)?, error })
    }
}

/// 成交行情 (MarketMatchData), in the broadcast stream.
#[derive(Clone, Copy, Debug)]
pub struct MarketMatchData<'a> {
    /// 成交行情域, any number of times.
    pub market_match_data: Repeated<'a, MarketMatchDataField>,
    /// 成交行情变化域, any number of times.
    pub market_match_data_chg: Repeated<'a, MarketMatchDataChgField>,
    /// 完整成交额, any number of times. Extension.
    pub turnover: Repeated<'a, TurnoverField>,
}

impl<'a> MarketMatchData<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::MARKET_MATCH_DATA;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_package(message, Self::TID)?;
        let mut market_match_data = Repeated::none(message);
        let mut market_match_data_chg = Repeated::none(message);
        let mut turnover = Repeated::none(message);
        for (fid, items) in message.fields() {
            if fid == MarketMatchDataField::FID {
                market_match_data.admit(items)?;
            } else if fid == MarketMatchDataChgField::FID {
                market_match_data_chg.admit(items)?;
            } else if fid == TurnoverField::FID {
                turnover.admit(items)?;
            }
        }
        Ok(Self { market_match_data, market_match_data_chg, turnover })
    }
}

/// 报单确认 (OrderConfirmation), in the private stream.
#[derive(Clone, Copy, Debug)]
pub struct OrderConfirmation<'a> {
    /// 报单状态域, once.
    pub order_status: &'a OrderStatusField,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> OrderConfirmation<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::ORDER_CONFIRMATION;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut order_status = None;
        let mut error = None;
        for (fid, items) in message.fields() {
            if fid == OrderStatusField::FID {
                once(&mut order_status, items)?;
            } else if fid == ErrorField::FID {
                once(&mut error, items)?;
            }
        }
        Ok(Self { order_status: required(order_status)?, error })
    }
}

/// 增量报单行情 (MarketOrderIncData), in the broadcast stream.
#[derive(Clone, Copy, Debug)]
pub struct MarketOrderIncData<'a> {
    /// 报单行情域, at least once.
    pub market_order_data: Repeated<'a, MarketOrderDataField>,
    /// 错误域, at most once.
    pub error: Option<&'a ErrorField>,
}

impl<'a> MarketOrderIncData<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::MARKET_ORDER_INC_DATA;

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

/// 会员告示 (ParticipantBulletin), in the private stream.
#[derive(Clone, Copy, Debug)]
pub struct ParticipantBulletin<'a> {
    /// 告示域, once.
    pub bulletin: &'a BulletinField,
}

impl<'a> ParticipantBulletin<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::PARTICIPANT_BULLETIN;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut bulletin = None;
        for (fid, items) in message.fields() {
            if fid == BulletinField::FID {
                once(&mut bulletin, items)?;
            }
        }
        Ok(Self { bulletin: required(bulletin)? })
    }
}

/// 单边成交回报 (TradeInsertSingle), in the private stream.
#[derive(Clone, Copy, Debug)]
pub struct TradeInsertSingle<'a> {
    /// 单边成交回报域, once.
    pub trade_insert_single: &'a TradeInsertSingleField,
}

impl<'a> TradeInsertSingle<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::TRADE_INSERT_SINGLE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut trade_insert_single = None;
        for (fid, items) in message.fields() {
            if fid == TradeInsertSingleField::FID {
                once(&mut trade_insert_single, items)?;
            }
        }
        Ok(Self { trade_insert_single: required(trade_insert_single)? })
    }
}

/// 报价状态回报 (Quote), in the private stream.
#[derive(Clone, Copy, Debug)]
pub struct Quote<'a> {
    /// 报价状态域, once.
    pub quote: &'a QuoteField,
}

impl<'a> Quote<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::QUOTE;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut quote = None;
        for (fid, items) in message.fields() {
            if fid == QuoteField::FID {
                once(&mut quote, items)?;
            }
        }
        Ok(Self { quote: required(quote)? })
    }
}

/// 询价通知 (EnquireQuoteNotify), in the broadcast stream.
#[derive(Clone, Copy, Debug)]
pub struct EnquireQuoteNotify<'a> {
    /// 询价通知域, once.
    pub enquire_quote_notify: &'a EnquireQuoteNotifyField,
}

impl<'a> EnquireQuoteNotify<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::ENQUIRE_QUOTE_NOTIFY;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut enquire_quote_notify = None;
        for (fid, items) in message.fields() {
            if fid == EnquireQuoteNotifyField::FID {
                once(&mut enquire_quote_notify, items)?;
            }
        }
        Ok(Self { enquire_quote_notify: required(enquire_quote_notify)? })
    }
}

/// 执行宣告状态回报 (ExecOrder), in the private stream.
#[derive(Clone, Copy, Debug)]
pub struct ExecOrder<'a> {
    /// 执行宣告状态域, once.
    pub exec_order: &'a ExecOrderField,
    /// 执行或放弃, at most once. Extension.
    pub exec_action: Option<&'a ExecActionField>,
}

impl<'a> ExecOrder<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::EXEC_ORDER;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut exec_order = None;
        let mut exec_action = None;
        for (fid, items) in message.fields() {
            if fid == ExecOrderField::FID {
                once(&mut exec_order, items)?;
            } else if fid == ExecActionField::FID {
                once(&mut exec_action, items)?;
            }
        }
        Ok(Self { exec_order: required(exec_order)?, exec_action })
    }
}

/// 数据流回退通知 (FlowMessageCancel), in the private stream.
#[derive(Clone, Copy, Debug)]
pub struct FlowMessageCancel<'a> {
    /// 数据流回退域, once.
    pub flow_message_cancel: &'a FlowMessageCancelField,
}

impl<'a> FlowMessageCancel<'a> {
    /// The package's TID.
    pub const TID: Tid = tid::FLOW_MESSAGE_CANCEL;

    /// Reads the package; nothing is copied.
    ///
    /// # Errors
    /// [`Malformed`] when it is another package, or its data fields are not those of this one.
    pub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {
        is_whole_package(message, Self::TID)?;
        let mut flow_message_cancel = None;
        for (fid, items) in message.fields() {
            if fid == FlowMessageCancelField::FID {
                once(&mut flow_message_cancel, items)?;
            }
        }
        Ok(Self { flow_message_cancel: required(flow_message_cancel)? })
    }
}
