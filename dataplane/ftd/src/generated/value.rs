//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! The values of enumerations, a module for each type (Appendix B), as the characters on the wire.

/// FTDActionFlag.
pub mod action_flag {
    /// 删除.
    pub const DELETE: u8 = b'0';
    /// 挂起.
    pub const SUSPEND: u8 = b'1';
    /// 激活.
    pub const ACTIVATE: u8 = b'2';
}

/// FTDBoolFlag.
pub mod bool_flag {
    /// 真.
    pub const TRUE: u8 = b'1';
    /// 假.
    pub const FALSE: u8 = b'0';
}

/// FTDClientType.
pub mod client_type {
    /// 自然人.
    pub const NATURAL_PERSON: u8 = b'0';
    /// 法人.
    pub const LEGAL_PERSON: u8 = b'1';
}

/// FTDDataFlowFlag.
pub mod data_flow_flag {
    /// 对话流.
    pub const DIALOG: u8 = b'0';
    /// 私有流.
    pub const PRIVATE: u8 = b'1';
    /// 广播流.
    pub const BROADCAST: u8 = b'2';
}

/// FTDDirection.
pub mod direction {
    /// 买.
    pub const BUY: u8 = b'0';
    /// 卖.
    pub const SELL: u8 = b'1';
}

/// FTDQuoteDirection.
pub mod quote_direction {
    /// 买.
    pub const BUY: u8 = b'0';
    /// 卖.
    pub const SELL: u8 = b'1';
    /// 双向.
    pub const BOTH: u8 = b'2';
}

/// FTDForceExitCode.
pub mod force_exit_code {
    /// 目前应该为 0.
    pub const DEFAULT: u8 = b'0';
}

/// FTDHedgeFlag.
pub mod hedge_flag {
    /// 投机.
    pub const SPECULATION: u8 = b'1';
    /// 套期保值.
    pub const HEDGE: u8 = b'3';
    /// 套利.
    pub const ARBITRAGE: u8 = b'2';
    /// 做市.
    pub const MARKET_MAKER: u8 = b'4';
}

/// FTDInstrumentStatus.
pub mod instrument_status {
    /// 连续交易.
    pub const CONTINUOUS: u8 = b'0';
    /// 开盘集合竞价.
    pub const OPENING_AUCTION: u8 = b'1';
    /// 收盘集合竞价.
    pub const CLOSING_AUCTION: u8 = b'2';
    /// 暂停.
    pub const SUSPENDED: u8 = b'3';
    /// 非交易.
    pub const NOT_TRADING: u8 = b'4';
    /// 只可撤单.
    pub const CANCEL_ONLY: u8 = b'5';
    /// 集合竞价撮合（不可撤单）.
    pub const AUCTION_MATCHING: u8 = b'6';
    /// 收市.
    pub const CLOSED: u8 = b'7';
}

/// FTDInstrumentType.
pub mod instrument_type {
    /// 目前应该为 0.
    pub const DEFAULT: u8 = b'0';
}

/// FTDInstrumentVersion.
pub mod instrument_version {
    /// 目前应该为 0.
    pub const DEFAULT: u8 = b'0';
}

/// FTDMarketStatus.
pub mod market_status {
    /// 连续交易.
    pub const CONTINUOUS: u8 = b'0';
    /// 开盘集合竞价.
    pub const OPENING_AUCTION: u8 = b'1';
    /// 收盘集合竞价.
    pub const CLOSING_AUCTION: u8 = b'2';
    /// 暂停.
    pub const SUSPENDED: u8 = b'3';
    /// 非交易.
    pub const NOT_TRADING: u8 = b'4';
    /// 只可撤单.
    pub const CANCEL_ONLY: u8 = b'5';
    /// 集合竞价撮合（不可撤单）.
    pub const AUCTION_MATCHING: u8 = b'6';
    /// 收市.
    pub const CLOSED: u8 = b'7';
}

/// FTDMatchCondition.
pub mod match_condition {
    /// 即时全部成交.
    pub const FILL_OR_KILL: u8 = b'1';
    /// 即时部分成交.
    pub const FILL_AND_KILL: u8 = b'2';
    /// 当日有效.
    pub const GOOD_FOR_DAY: u8 = b'3';
    /// 取消前有效.
    pub const GOOD_TILL_CANCELLED: u8 = b'4';
    /// 指定日期前有效.
    pub const GOOD_TILL_DATE: u8 = b'5';
}

/// FTDMatchSession.
pub mod match_session {
    /// 开盘集合竞价.
    pub const OPENING_AUCTION: u8 = b'1';
    /// 连续交易.
    pub const CONTINUOUS: u8 = b'2';
    /// 开盘集合竞价和连续交易.
    pub const OPENING_AUCTION_AND_CONTINUOUS: u8 = b'3';
    /// 收盘集合竞价.
    pub const CLOSING_AUCTION: u8 = b'4';
    /// 开盘集合竞价和收盘集合竞价.
    pub const BOTH_AUCTIONS: u8 = b'5';
    /// 连续交易和收盘集合竞价.
    pub const CONTINUOUS_AND_CLOSING_AUCTION: u8 = b'6';
    /// 开盘集合竞价，连续交易和收盘集合竞价.
    pub const ALL: u8 = b'7';
}

/// FTDMatchFlag.
pub mod match_flag {
    /// 同为开仓.
    pub const BOTH_OPEN: u8 = b'0';
    /// 同为平仓.
    pub const BOTH_CLOSE: u8 = b'1';
    /// 不同.
    pub const DIFFERENT: u8 = b'2';
}

/// FTDOffsetFlag.
pub mod offset_flag {
    /// 开仓.
    pub const OPEN: u8 = b'0';
    /// 平仓.
    pub const CLOSE: u8 = b'1';
    /// 强平.
    pub const FORCED_CLOSE: u8 = b'2';
    /// 强减.
    pub const FORCED_REDUCTION: u8 = b'3';
    /// 平今.
    pub const CLOSE_TODAY: u8 = b'4';
    /// 平昨.
    pub const CLOSE_YESTERDAY: u8 = b'5';
}

/// FTDOptionType.
pub mod option_type {
    /// 非期权.
    pub const NOT_AN_OPTION: u8 = b'0';
    /// 认购期权.
    pub const CALL: u8 = b'1';
    /// 认沽期权.
    pub const PUT: u8 = b'2';
}

/// FTDOrderStatus.
pub mod order_status {
    /// 全部成交.
    pub const ALL_TRADED: u8 = b'0';
    /// 部分成交还在队列中.
    pub const PART_TRADED_QUEUEING: u8 = b'1';
    /// 部分成交不在队列中.
    pub const PART_TRADED_NOT_QUEUEING: u8 = b'2';
    /// 未成交还在队列中.
    pub const NO_TRADE_QUEUEING: u8 = b'3';
    /// 未成交不在队列中.
    pub const NO_TRADE_NOT_QUEUEING: u8 = b'4';
    /// 撤单.
    pub const CANCELLED: u8 = b'5';
}

/// FTDOrderType.
pub mod order_type {
    /// 限价.
    pub const LIMIT: u8 = b'0';
    /// 市价.
    pub const MARKET: u8 = b'1';
    /// 止损限价.
    pub const STOP_LIMIT: u8 = b'2';
    /// 止损市价.
    pub const STOP_MARKET: u8 = b'3';
    /// 市价转限价.
    pub const MARKET_TO_LIMIT: u8 = b'4';
    /// 最好价格.
    pub const BEST_PRICE: u8 = b'5';
    /// 均价.
    pub const AVERAGE_PRICE: u8 = b'6';
    /// 五档价.
    pub const FIVE_LEVEL: u8 = b'7';
    /// 五档价转限价.
    pub const FIVE_LEVEL_TO_LIMIT: u8 = b'8';
    /// 最优价转限价.
    pub const BEST_PRICE_TO_LIMIT: u8 = b'9';
}

/// FTDParticipantType.
pub mod participant_type {
    /// 自营.
    pub const PROPRIETARY: u8 = b'0';
    /// 经纪.
    pub const BROKER: u8 = b'1';
    /// 综合.
    pub const GENERAL: u8 = b'2';
    /// 特别.
    pub const SPECIAL: u8 = b'3';
    /// 做市商.
    pub const MARKET_MAKER: u8 = b'4';
}

/// FTDPubStyle.
pub mod pub_style {
    /// 不发布.
    pub const NOT_PUBLISHED: u8 = b'0';
    /// 发布.
    pub const PUBLISHED: u8 = b'1';
}

/// FTDRequestByType.
pub mod request_by_type {
    /// 交易所.
    pub const EXCHANGE: u8 = b'0';
    /// 会员.
    pub const PARTICIPANT: u8 = b'1';
}

/// FTDStopCode.
pub mod stop_code {
    /// 目前应该为 0.
    pub const DEFAULT: u8 = b'0';
}

/// FTDTradeRight.
pub mod trade_right {
    /// 完全.
    pub const FULL: u8 = b'0';
    /// 只可平.
    pub const CLOSE_ONLY: u8 = b'1';
    /// 不准交易.
    pub const NONE: u8 = b'2';
}

/// FTDUserStatus.
pub mod user_status {
    /// 目前应该为 0.
    pub const DEFAULT: u8 = b'0';
}

/// FTDUserType.
pub mod user_type {
    /// 目前应该为 0.
    pub const DEFAULT: u8 = b'0';
}

/// FTDTradeType.
pub mod trade_type {
    /// 目前应该为 0.
    pub const DEFAULT: u8 = b'0';
}

/// FTDVolumeType.
pub mod volume_type {
    /// 增量.
    pub const INCREMENT: u8 = b'0';
    /// 绝对量.
    pub const ABSOLUTE: u8 = b'1';
}

/// FTDExecResult.
pub mod exec_result {
    /// 没有执行.
    pub const NOT_EXECUTED: u8 = b'n';
    /// 已经取消.
    pub const CANCELLED: u8 = b'c';
    /// 执行成功.
    pub const EXECUTED: u8 = b'0';
}

/// FTDExecAction. Extension.
pub mod exec_action {
    /// 执行.
    pub const EXERCISE: u8 = b'1';
    /// 放弃.
    pub const ABANDON: u8 = b'2';
}

/// FTDReadiness. Extension.
pub mod readiness {
    /// 未就绪.
    pub const NOT_READY: u8 = b'0';
    /// 就绪.
    pub const READY: u8 = b'1';
    /// 举手.
    pub const RAISED_HAND: u8 = b'2';
}

/// DigestMethod.
pub mod digest_method {
    /// HMAC-SHA-256.
    pub const HMAC_SHA_256: u8 = b'1';
    /// HMAC-SM3.
    pub const HMAC_SM3: u8 = b'2';
}

/// FTDNewsUrgency, Appendix B.
pub mod news_urgency {
    /// 不紧急.
    pub const NOT_URGENT: u8 = b'0';
    /// 紧急.
    pub const URGENT: u8 = b'1';
}
