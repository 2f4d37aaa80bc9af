//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! Orders, quotes, enquiries, exercises, trades.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::field::Field;
use crate::generated::derived::{
    ActionFlag, BoolFlag, ClientId, Date, DateTime, Direction, ExecAction, ExecResult, HedgeFlag, InstrumentId,
    InstrumentVersion, LocalId, MatchCondition, MatchSession, MsgRef, OffsetFlag, OrderStatus, OrderType,
    ParticipantId, Price, QuoteDirection, RequestByType, SysOrderId, Time, TradeId, UserId, Volume,
};
use crate::message::Fid;
use crate::types::{Int, Str};

/// 报单操作域, 97 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct OrderActionField {
    /// OrderActionCode, 报单操作类型码.
    pub order_action_code: ActionFlag,
    /// OrderSysId, 合同编号.
    pub order_sys_id: SysOrderId,
    /// ActionLocalId, 报单操作本地编号.
    pub action_local_id: LocalId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// MessageReference, 用户自定义数据。可打印 ASCII 字符.
    pub message_reference: MsgRef,
}

impl OrderActionField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x000B);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 97;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        order_action_code: ActionFlag::BLANK,
        order_sys_id: SysOrderId::BLANK,
        action_local_id: LocalId::BLANK,
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        user_id: UserId::BLANK,
        message_reference: MsgRef::BLANK,
    };
}

impl Field for OrderActionField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "OrderActionField";
    const BLANK: Self = Self::BLANK;
}

/// 报单信息域, 194 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct OrderInsertField {
    /// TradeDate, 交易日期.
    pub trade_date: Date,
    /// ActionDate, 实际日期.
    pub action_date: Date,
    /// OrderSysId, 合同编号.
    pub order_sys_id: SysOrderId,
    /// OrderLocalId, 委托编号.
    pub order_local_id: LocalId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// Direction, 买卖方向.
    pub direction: Direction,
    /// OffsetFlag, 开平仓标记.
    pub offset_flag: OffsetFlag,
    /// HedgeFlag, 投保标记.
    pub hedge_flag: HedgeFlag,
    /// StopPrice, 止损价格.
    pub stop_price: Price,
    /// LimitPrice, 限价.
    pub limit_price: Price,
    /// VolumeTotalOrginal, 原始总申报数量（以手为单位）.
    pub volume_total_orginal: Int,
    /// OrderType, 报单类型.
    pub order_type: OrderType,
    /// MatchCondition, 报单成交属性.
    pub match_condition: MatchCondition,
    /// MatchSession, 报单成交时间.
    pub match_session: MatchSession,
    /// ValidThrough, 有效时间约束.
    pub valid_through: Date,
    /// MinimalVolume, 最小成交量.
    pub minimal_volume: Volume,
    /// AutoSuspend, 自动挂起标志.
    pub auto_suspend: BoolFlag,
    /// InsertTime, 录入时间.
    pub insert_time: DateTime,
    /// MessageReference, 用户自定义数据。可打印 ASCII 字符.
    pub message_reference: MsgRef,
}

impl OrderInsertField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x000C);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 194;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        trade_date: Date::BLANK,
        action_date: Date::BLANK,
        order_sys_id: SysOrderId::BLANK,
        order_local_id: LocalId::BLANK,
        user_id: UserId::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        instrument_id: InstrumentId::BLANK,
        direction: Direction::BLANK,
        offset_flag: OffsetFlag::BLANK,
        hedge_flag: HedgeFlag::BLANK,
        stop_price: Price::BLANK,
        limit_price: Price::BLANK,
        volume_total_orginal: Int::BLANK,
        order_type: OrderType::BLANK,
        match_condition: MatchCondition::BLANK,
        match_session: MatchSession::BLANK,
        valid_through: Date::BLANK,
        minimal_volume: Volume::BLANK,
        auto_suspend: BoolFlag::BLANK,
        insert_time: DateTime::BLANK,
        message_reference: MsgRef::BLANK,
    };
}

impl Field for OrderInsertField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "OrderInsertField";
    const BLANK: Self = Self::BLANK;
}

/// 报单状态域, 290 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct OrderStatusField {
    /// TradeDate, 交易日期.
    pub trade_date: Date,
    /// ActionDate, 实际日期.
    pub action_date: Date,
    /// OrderSysId, 合同编号.
    pub order_sys_id: SysOrderId,
    /// OrderLocalId, 委托编号.
    pub order_local_id: LocalId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// Direction, 买卖方向.
    pub direction: Direction,
    /// OffsetFlag, 开平仓标记.
    pub offset_flag: OffsetFlag,
    /// HedgeFlag, 投保标记.
    pub hedge_flag: HedgeFlag,
    /// StopPrice, 止损价格.
    pub stop_price: Price,
    /// LimitPrice, 限价.
    pub limit_price: Price,
    /// VolumeTotalOrginal, 原始总申报数量（以手为单位）.
    pub volume_total_orginal: Int,
    /// OrderType, 报单类型.
    pub order_type: OrderType,
    /// VolumeTotal, 剩余总申报数量（以手为单位）.
    pub volume_total: Int,
    /// MatchCondition, 报单成交属性.
    pub match_condition: MatchCondition,
    /// MatchSession, 报单成交时间.
    pub match_session: MatchSession,
    /// ValidThrough, 有效时间约束.
    pub valid_through: Date,
    /// MinimalVolume, 最小成交量.
    pub minimal_volume: Volume,
    /// AutoSuspend, 自动挂起标志.
    pub auto_suspend: BoolFlag,
    /// OrderStatus, 报单状态.
    pub order_status: OrderStatus,
    /// InsertTime, 录入时间.
    pub insert_time: DateTime,
    /// ActiveTime, 激活时间.
    pub active_time: Time,
    /// SuspendTime, 挂起时间.
    pub suspend_time: Time,
    /// UpdateTime, 最后修改时间.
    pub update_time: Time,
    /// ActiveUserId, 操作交易员编码.
    pub active_user_id: UserId,
    /// Margin, 保证金.
    pub margin: Price,
    /// ForceGroupId, 强平组号.
    pub force_group_id: LocalId,
    /// TradePrice, 最新成交价格.
    pub trade_price: Price,
    /// TradeVolume, 今成交量.
    pub trade_volume: Int,
    /// MessageReference, 用户自定义数据。可打印 ASCII 字符.
    pub message_reference: MsgRef,
}

impl OrderStatusField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x000E);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 290;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        trade_date: Date::BLANK,
        action_date: Date::BLANK,
        order_sys_id: SysOrderId::BLANK,
        order_local_id: LocalId::BLANK,
        user_id: UserId::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        instrument_id: InstrumentId::BLANK,
        direction: Direction::BLANK,
        offset_flag: OffsetFlag::BLANK,
        hedge_flag: HedgeFlag::BLANK,
        stop_price: Price::BLANK,
        limit_price: Price::BLANK,
        volume_total_orginal: Int::BLANK,
        order_type: OrderType::BLANK,
        volume_total: Int::BLANK,
        match_condition: MatchCondition::BLANK,
        match_session: MatchSession::BLANK,
        valid_through: Date::BLANK,
        minimal_volume: Volume::BLANK,
        auto_suspend: BoolFlag::BLANK,
        order_status: OrderStatus::BLANK,
        insert_time: DateTime::BLANK,
        active_time: Time::BLANK,
        suspend_time: Time::BLANK,
        update_time: Time::BLANK,
        active_user_id: UserId::BLANK,
        margin: Price::BLANK,
        force_group_id: LocalId::BLANK,
        trade_price: Price::BLANK,
        trade_volume: Int::BLANK,
        message_reference: MsgRef::BLANK,
    };
}

impl Field for OrderStatusField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "OrderStatusField";
    const BLANK: Self = Self::BLANK;
}

/// 单边成交回报域, 186 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct TradeInsertSingleField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// CancelFlag, 成交是否被取消.
    pub cancel_flag: BoolFlag,
    /// CancelDate, 取消日期.
    pub cancel_date: Date,
    /// CancelTime, 取消时间.
    pub cancel_time: Time,
    /// TradeId, 成交编号.
    pub trade_id: TradeId,
    /// MatchDate, 成交日期.
    pub match_date: Date,
    /// MatchTime, 成交时间.
    pub match_time: Time,
    /// ClearDate, 清算日期.
    pub clear_date: Date,
    /// Price, 价格.
    pub price: Price,
    /// Volume, 成交量.
    pub volume: Volume,
    /// OrderSysId, 合同编号.
    pub order_sys_id: SysOrderId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// Direction, 买卖方向.
    pub direction: Direction,
    /// OffsetFlag, 开平仓标记.
    pub offset_flag: OffsetFlag,
    /// HedgeFlag, 投保标记.
    pub hedge_flag: HedgeFlag,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// OrderLocalId, 报单本地编码.
    pub order_local_id: LocalId,
}

impl TradeInsertSingleField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x002A);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 186;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        cancel_flag: BoolFlag::BLANK,
        cancel_date: Date::BLANK,
        cancel_time: Time::BLANK,
        trade_id: TradeId::BLANK,
        match_date: Date::BLANK,
        match_time: Time::BLANK,
        clear_date: Date::BLANK,
        price: Price::BLANK,
        volume: Volume::BLANK,
        order_sys_id: SysOrderId::BLANK,
        user_id: UserId::BLANK,
        direction: Direction::BLANK,
        offset_flag: OffsetFlag::BLANK,
        hedge_flag: HedgeFlag::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        order_local_id: LocalId::BLANK,
    };
}

impl Field for TradeInsertSingleField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "TradeInsertSingleField";
    const BLANK: Self = Self::BLANK;
}

/// 报价录入域, 147 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct InputQuoteField {
    /// QuoteSysID, 报价编号.
    pub quote_sys_id: SysOrderId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// QuoteLocalID, 报价委托编号.
    pub quote_local_id: LocalId,
    /// BidCombOffsetFlag, 买方组合开平标识.
    pub bid_comb_offset_flag: OffsetFlag,
    /// BidCombHedgeFlag, 买方组合套保标识.
    pub bid_comb_hedge_flag: HedgeFlag,
    /// BidVolume, 买方数量.
    pub bid_volume: Volume,
    /// BidPrice, 买入价格.
    pub bid_price: Price,
    /// AskCombOffsetFlag, 卖方组合开平标识.
    pub ask_comb_offset_flag: OffsetFlag,
    /// AskCombHedgeFlag, 卖方组合套保标识.
    pub ask_comb_hedge_flag: HedgeFlag,
    /// AskVolume, 卖方数量.
    pub ask_volume: Volume,
    /// AskPrice, 卖出价.
    pub ask_price: Price,
    /// MessageReference, 用户自定义数据。可打印 ASCII 字符.
    pub message_reference: MsgRef,
}

impl InputQuoteField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x002D);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 147;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        quote_sys_id: SysOrderId::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        user_id: UserId::BLANK,
        instrument_id: InstrumentId::BLANK,
        quote_local_id: LocalId::BLANK,
        bid_comb_offset_flag: OffsetFlag::BLANK,
        bid_comb_hedge_flag: HedgeFlag::BLANK,
        bid_volume: Volume::BLANK,
        bid_price: Price::BLANK,
        ask_comb_offset_flag: OffsetFlag::BLANK,
        ask_comb_hedge_flag: HedgeFlag::BLANK,
        ask_volume: Volume::BLANK,
        ask_price: Price::BLANK,
        message_reference: MsgRef::BLANK,
    };
}

impl Field for InputQuoteField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "InputQuoteField";
    const BLANK: Self = Self::BLANK;
}

/// 报价状态域, 247 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct QuoteField {
    /// TradeDate, 交易委托日期.
    pub trade_date: Date,
    /// ActionDate, 实际日期.
    pub action_date: Date,
    /// QuoteSysID, 报价编号.
    pub quote_sys_id: SysOrderId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// QuoteLocalID, 报价委托编号.
    pub quote_local_id: LocalId,
    /// BidCombOffsetFlag, 买方组合开平标识.
    pub bid_comb_offset_flag: OffsetFlag,
    /// BidCombHedgeFlag, 买方组合套保标识.
    pub bid_comb_hedge_flag: HedgeFlag,
    /// BidVolume, 买方数量.
    pub bid_volume: Volume,
    /// BidPrice, 买入价格.
    pub bid_price: Price,
    /// AskCombOffsetFlag, 卖方组合开平标识.
    pub ask_comb_offset_flag: OffsetFlag,
    /// AskCombHedgeFlag, 卖方组合套保标识.
    pub ask_comb_hedge_flag: HedgeFlag,
    /// AskVolume, 卖方数量.
    pub ask_volume: Volume,
    /// AskPrice, 卖出价.
    pub ask_price: Price,
    /// MessageReference, 用户自定义数据。可打印 ASCII 字符.
    pub message_reference: MsgRef,
    /// InsertTime, 录入时间.
    pub insert_time: DateTime,
    /// CancelTime, 取消时间.
    pub cancel_time: Time,
    /// TradeTime, 成交时间.
    pub trade_time: Time,
    /// BidOrderSysId, 买方报单编号.
    pub bid_order_sys_id: SysOrderId,
    /// AskOrderSysId, 卖方报单编号.
    pub ask_order_sys_id: SysOrderId,
    /// ClearingPartId, 结算会员编码.
    pub clearing_part_id: ParticipantId,
}

impl QuoteField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x002E);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 247;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        trade_date: Date::BLANK,
        action_date: Date::BLANK,
        quote_sys_id: SysOrderId::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        user_id: UserId::BLANK,
        instrument_id: InstrumentId::BLANK,
        quote_local_id: LocalId::BLANK,
        bid_comb_offset_flag: OffsetFlag::BLANK,
        bid_comb_hedge_flag: HedgeFlag::BLANK,
        bid_volume: Volume::BLANK,
        bid_price: Price::BLANK,
        ask_comb_offset_flag: OffsetFlag::BLANK,
        ask_comb_hedge_flag: HedgeFlag::BLANK,
        ask_volume: Volume::BLANK,
        ask_price: Price::BLANK,
        message_reference: MsgRef::BLANK,
        insert_time: DateTime::BLANK,
        cancel_time: Time::BLANK,
        trade_time: Time::BLANK,
        bid_order_sys_id: SysOrderId::BLANK,
        ask_order_sys_id: SysOrderId::BLANK,
        clearing_part_id: ParticipantId::BLANK,
    };
}

impl Field for QuoteField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "QuoteField";
    const BLANK: Self = Self::BLANK;
}

/// 询价域, 112 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct EnquireQuoteField {
    /// QuoteSysID, 报价编号.
    pub quote_sys_id: SysOrderId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// QuoteDirection, 报价方向.
    pub quote_direction: QuoteDirection,
    /// QuoteLocalID, 报价委托编号.
    pub quote_local_id: LocalId,
    /// MessageReference, 用户自定义数据。可打印 ASCII 字符.
    pub message_reference: MsgRef,
}

impl EnquireQuoteField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0030);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 112;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        quote_sys_id: SysOrderId::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        user_id: UserId::BLANK,
        instrument_id: InstrumentId::BLANK,
        quote_direction: QuoteDirection::BLANK,
        quote_local_id: LocalId::BLANK,
        message_reference: MsgRef::BLANK,
    };
}

impl Field for EnquireQuoteField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "EnquireQuoteField";
    const BLANK: Self = Self::BLANK;
}

/// 询价通知域, 52 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct EnquireQuoteNotifyField {
    /// QuoteSysID, 报价编号.
    pub quote_sys_id: SysOrderId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// QuoteDirection, 报价方向.
    pub quote_direction: QuoteDirection,
    /// RequestBy, 询价发起方.
    pub request_by: RequestByType,
}

impl EnquireQuoteNotifyField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0031);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 52;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        quote_sys_id: SysOrderId::BLANK,
        instrument_id: InstrumentId::BLANK,
        quote_direction: QuoteDirection::BLANK,
        request_by: RequestByType::BLANK,
    };
}

impl Field for EnquireQuoteNotifyField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "EnquireQuoteNotifyField";
    const BLANK: Self = Self::BLANK;
}

/// 执行宣告录入域, 95 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct InputExecOrderField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// ExecOrderLocalID, 执行宣告本地编号.
    pub exec_order_local_id: LocalId,
    /// Volume, 数量.
    pub volume: Volume,
    /// MessageReference, 用户自定义数据。可打印 ASCII 字符.
    pub message_reference: MsgRef,
}

impl InputExecOrderField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0032);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 95;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        instrument_id: InstrumentId::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        user_id: UserId::BLANK,
        exec_order_local_id: LocalId::BLANK,
        volume: Volume::BLANK,
        message_reference: MsgRef::BLANK,
    };
}

impl Field for InputExecOrderField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "InputExecOrderField";
    const BLANK: Self = Self::BLANK;
}

/// 执行宣告操作域, 106 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ExecOrderActionField {
    /// ExecOrderSysID, 执行编号.
    pub exec_order_sys_id: SysOrderId,
    /// ExecOrderLocalID, 执行宣告本地编号.
    pub exec_order_local_id: LocalId,
    /// ActionFlag, 操作标识.
    pub action_flag: ActionFlag,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// ActionLocalId, 报单操作本地编号.
    pub action_local_id: LocalId,
    /// MessageReference, 用户自定义数据。可打印 ASCII 字符.
    pub message_reference: MsgRef,
}

impl ExecOrderActionField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0033);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 106;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        exec_order_sys_id: SysOrderId::BLANK,
        exec_order_local_id: LocalId::BLANK,
        action_flag: ActionFlag::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        user_id: UserId::BLANK,
        action_local_id: LocalId::BLANK,
        message_reference: MsgRef::BLANK,
    };
}

impl Field for ExecOrderActionField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ExecOrderActionField";
    const BLANK: Self = Self::BLANK;
}

/// 执行宣告状态域, 188 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ExecOrderField {
    /// TradingDay, 交易日.
    pub trading_day: Date,
    /// ActionDay, 实际日期.
    pub action_day: Date,
    /// SettlementGroupId, 结算组编码.
    pub settlement_group_id: Str<8>,
    /// SettlementId, 结算编码.
    pub settlement_id: Int,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// ExecOrderLocalID, 执行宣告本地编号.
    pub exec_order_local_id: LocalId,
    /// Volume, 数量.
    pub volume: Volume,
    /// MessageReference, 用户自定义数据。可打印 ASCII 字符.
    pub message_reference: MsgRef,
    /// ExecOrderSysID, 执行编号.
    pub exec_order_sys_id: SysOrderId,
    /// InsertDate, 报入日期.
    pub insert_date: Date,
    /// InsertTime, 录入时间.
    pub insert_time: DateTime,
    /// CancelTime, 取消时间.
    pub cancel_time: Time,
    /// ExecResult, 执行结果.
    pub exec_result: ExecResult,
    /// ClearingPartId, 结算会员编码.
    pub clearing_part_id: ParticipantId,
}

impl ExecOrderField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0034);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 188;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        trading_day: Date::BLANK,
        action_day: Date::BLANK,
        settlement_group_id: Str::<8>::BLANK,
        settlement_id: Int::BLANK,
        instrument_id: InstrumentId::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        user_id: UserId::BLANK,
        exec_order_local_id: LocalId::BLANK,
        volume: Volume::BLANK,
        message_reference: MsgRef::BLANK,
        exec_order_sys_id: SysOrderId::BLANK,
        insert_date: Date::BLANK,
        insert_time: DateTime::BLANK,
        cancel_time: Time::BLANK,
        exec_result: ExecResult::BLANK,
        clearing_part_id: ParticipantId::BLANK,
    };
}

impl Field for ExecOrderField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ExecOrderField";
    const BLANK: Self = Self::BLANK;
}

/// 报价操作域, 136 bytes. Extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct QuoteActionField {
    /// OrderActionCode, 报单操作类型码.
    pub order_action_code: ActionFlag,
    /// QuoteSysID, 报价编号.
    pub quote_sys_id: SysOrderId,
    /// QuoteLocalID, 报价委托编号.
    pub quote_local_id: LocalId,
    /// ActionLocalId, 报单操作本地编号.
    pub action_local_id: LocalId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// MessageReference, 用户自定义数据。可打印 ASCII 字符.
    pub message_reference: MsgRef,
}

impl QuoteActionField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0xF001);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 136;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        order_action_code: ActionFlag::BLANK,
        quote_sys_id: SysOrderId::BLANK,
        quote_local_id: LocalId::BLANK,
        action_local_id: LocalId::BLANK,
        instrument_id: InstrumentId::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        user_id: UserId::BLANK,
        message_reference: MsgRef::BLANK,
    };
}

impl Field for QuoteActionField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "QuoteActionField";
    const BLANK: Self = Self::BLANK;
}

/// 按委托编号撤单, 40 bytes. Extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct OrderActionTargetField {
    /// OrderLocalId, 委托编号.
    pub order_local_id: LocalId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
}

impl OrderActionTargetField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0xF002);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 40;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self =
        Self { order_local_id: LocalId::BLANK, participant_id: ParticipantId::BLANK, client_id: ClientId::BLANK };
}

impl Field for OrderActionTargetField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "OrderActionTargetField";
    const BLANK: Self = Self::BLANK;
}

/// 执行或放弃, 1 byte. Extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ExecActionField {
    /// ExecAction, 执行或放弃.
    pub exec_action: ExecAction,
}

impl ExecActionField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0xF003);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 1;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { exec_action: ExecAction::BLANK };
}

impl Field for ExecActionField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ExecActionField";
    const BLANK: Self = Self::BLANK;
}
