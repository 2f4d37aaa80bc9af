//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! What is asked for in the dialog.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::field::Field;
use crate::generated::derived::{
    ClientId, Date, Direction, InstrumentId, InstrumentVersion, MarketId, ParticipantId, SysOrderId, Time, UserId,
};
use crate::message::Fid;
use crate::types::Str;

/// 客户查询请求域, 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryClientField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
}

impl ReqQryClientField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0014);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 16;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { participant_id: ParticipantId::BLANK, client_id: ClientId::BLANK };
}

impl Field for ReqQryClientField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryClientField";
    const BLANK: Self = Self::BLANK;
}

/// 会员资金查询域, 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryDepositField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
}

impl ReqQryDepositField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0015);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 8;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { participant_id: ParticipantId::BLANK };
}

impl Field for ReqQryDepositField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryDepositField";
    const BLANK: Self = Self::BLANK;
}

/// 合约查询请求域, 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryInstrumentField {
    /// MarketId, 市场编码.
    pub market_id: MarketId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
}

impl ReqQryInstrumentField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0016);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 40;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { market_id: MarketId::BLANK, instrument_id: InstrumentId::BLANK };
}

impl Field for ReqQryInstrumentField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryInstrumentField";
    const BLANK: Self = Self::BLANK;
}

/// 合约状态查询响应域, 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryInstrumentStatusField {
    /// MarketId, 市场编码.
    pub market_id: MarketId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
}

impl ReqQryInstrumentStatusField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0017);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 40;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { market_id: MarketId::BLANK, instrument_id: InstrumentId::BLANK };
}

impl Field for ReqQryInstrumentStatusField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryInstrumentStatusField";
    const BLANK: Self = Self::BLANK;
}

/// 市场查询请求域, 10 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryMarketField {
    /// MarketId, 市场编码.
    pub market_id: MarketId,
}

impl ReqQryMarketField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0018);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 10;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { market_id: MarketId::BLANK };
}

impl Field for ReqQryMarketField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryMarketField";
    const BLANK: Self = Self::BLANK;
}

/// 市场状态查询请求域, 10 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryMarketStatusField {
    /// MarketId, 市场编码.
    pub market_id: MarketId,
}

impl ReqQryMarketStatusField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0019);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 10;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { market_id: MarketId::BLANK };
}

impl Field for ReqQryMarketStatusField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryMarketStatusField";
    const BLANK: Self = Self::BLANK;
}

/// 报单查询请求域, 82 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryOrderField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// OrderSysId, 合同编号.
    pub order_sys_id: SysOrderId,
}

impl ReqQryOrderField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x001A);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 82;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        participant_id: ParticipantId::BLANK,
        user_id: UserId::BLANK,
        client_id: ClientId::BLANK,
        order_sys_id: SysOrderId::BLANK,
    };
}

impl Field for ReqQryOrderField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryOrderField";
    const BLANK: Self = Self::BLANK;
}

/// 报单行情查询请求, 31 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryMarketOrderDataField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// Direction, 买卖方向.
    pub direction: Direction,
}

impl ReqQryMarketOrderDataField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x001B);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 31;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { instrument_id: InstrumentId::BLANK, direction: Direction::BLANK };
}

impl Field for ReqQryMarketOrderDataField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryMarketOrderDataField";
    const BLANK: Self = Self::BLANK;
}

/// 会员查询请求域, 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryParticipantField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
}

impl ReqQryParticipantField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x001C);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 8;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { participant_id: ParticipantId::BLANK };
}

impl Field for ReqQryParticipantField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryParticipantField";
    const BLANK: Self = Self::BLANK;
}

/// 客户持仓查询请求域, 46 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryPositionField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
}

impl ReqQryPositionField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x001D);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 46;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self =
        Self { participant_id: ParticipantId::BLANK, client_id: ClientId::BLANK, instrument_id: InstrumentId::BLANK };
}

impl Field for ReqQryPositionField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryPositionField";
    const BLANK: Self = Self::BLANK;
}

/// 会员持仓查询请求域, 38 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryPPositionField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
}

impl ReqQryPPositionField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x001E);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 38;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { participant_id: ParticipantId::BLANK, instrument_id: InstrumentId::BLANK };
}

impl Field for ReqQryPPositionField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryPPositionField";
    const BLANK: Self = Self::BLANK;
}

/// 成交行情查询请求域, 30 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryMarketMatchDataField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
}

impl ReqQryMarketMatchDataField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x001F);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 30;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { instrument_id: InstrumentId::BLANK };
}

impl Field for ReqQryMarketMatchDataField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryMarketMatchDataField";
    const BLANK: Self = Self::BLANK;
}

/// 成交查询请求域, 98 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryTradeField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// OrderSysId, 合同编号.
    pub order_sys_id: SysOrderId,
    /// StartTime, 开始时间.
    pub start_time: Time,
    /// ThroughTime, 直到时间.
    pub through_time: Time,
}

impl ReqQryTradeField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0020);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 98;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        participant_id: ParticipantId::BLANK,
        user_id: UserId::BLANK,
        client_id: ClientId::BLANK,
        order_sys_id: SysOrderId::BLANK,
        start_time: Time::BLANK,
        through_time: Time::BLANK,
    };
}

impl Field for ReqQryTradeField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryTradeField";
    const BLANK: Self = Self::BLANK;
}

/// 交易员查询域, 23 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryUserField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
}

impl ReqQryUserField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0021);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 23;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { participant_id: ParticipantId::BLANK, user_id: UserId::BLANK };
}

impl Field for ReqQryUserField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryUserField";
    const BLANK: Self = Self::BLANK;
}

/// 交易员在线查询域, 23 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqQryUserLoginField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
}

impl ReqQryUserLoginField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0022);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 23;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { participant_id: ParticipantId::BLANK, user_id: UserId::BLANK };
}

impl Field for ReqQryUserLoginField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqQryUserLoginField";
    const BLANK: Self = Self::BLANK;
}

/// 报价查询请求域, 73 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct QryQuoteField {
    /// QuoteSysID, 报价编号.
    pub quote_sys_id: SysOrderId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
}

impl QryQuoteField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x002F);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 73;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        quote_sys_id: SysOrderId::BLANK,
        client_id: ClientId::BLANK,
        instrument_id: InstrumentId::BLANK,
        user_id: UserId::BLANK,
    };
}

impl Field for QryQuoteField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "QryQuoteField";
    const BLANK: Self = Self::BLANK;
}

/// 执行宣告查询域, 81 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct QryExecOrderField {
    /// ExecOrderSysID, 执行编号.
    pub exec_order_sys_id: SysOrderId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
}

impl QryExecOrderField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0035);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 81;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        exec_order_sys_id: SysOrderId::BLANK,
        instrument_id: InstrumentId::BLANK,
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        user_id: UserId::BLANK,
    };
}

impl Field for QryExecOrderField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "QryExecOrderField";
    const BLANK: Self = Self::BLANK;
}

/// 汇率信息查询请求域, 11 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct QryExchangeRateField {
    /// TradeDate, 交易委托日期.
    pub trade_date: Date,
    /// CurrencyId, 币种编码.
    pub currency_id: Str<3>,
}

impl QryExchangeRateField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0036);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 11;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { trade_date: Date::BLANK, currency_id: Str::<3>::BLANK };
}

impl Field for QryExchangeRateField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "QryExchangeRateField";
    const BLANK: Self = Self::BLANK;
}
