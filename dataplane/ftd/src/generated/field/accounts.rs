//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! Participants, clients, users, their money and positions.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::field::Field;
use crate::generated::derived::{
    BoolFlag, ClientId, ClientType, Date, InstrumentId, InstrumentVersion, Name, ParticipantId, ParticipantType,
    TradeRight, UserId, UserStatus, UserType, Value, Volume,
};
use crate::message::Fid;
use crate::types::Str;

/// 客户域, 98 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ClientField {
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientName, 客户名称.
    pub client_name: Name,
    /// ClientType, 客户类别.
    pub client_type: ClientType,
    /// TradeRights, 交易权限.
    pub trade_rights: TradeRight,
}

impl ClientField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0002);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 98;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        client_id: ClientId::BLANK,
        participant_id: ParticipantId::BLANK,
        client_name: Name::BLANK,
        client_type: ClientType::BLANK,
        trade_rights: TradeRight::BLANK,
    };
}

impl Field for ClientField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ClientField";
    const BLANK: Self = Self::BLANK;
}

/// 会员资金域, 395 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct DepositField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ParticipantType, 会员类型.
    pub participant_type: ParticipantType,
    /// TradeDate, 交易委托日期.
    pub trade_date: Date,
    /// InitMargin, 初始保证金.
    pub init_margin: Value,
    /// BuySpecOpenUsedMargin, 买投开仓使用保证金.
    pub buy_spec_open_used_margin: Value,
    /// BuyHedgeOpenUsedMargin, 买保开仓使用保证金.
    pub buy_hedge_open_used_margin: Value,
    /// SellSpecOpenUsedMargin, 卖投开仓使用保证金.
    pub sell_spec_open_used_margin: Value,
    /// SellHedgeOpenUsedMargin, 卖保开仓使用保证金.
    pub sell_hedge_open_used_margin: Value,
    /// BuySpecOffsetProfit, 买投平仓盈亏.
    pub buy_spec_offset_profit: Value,
    /// BuyHedgeOffsetProfit, 买保平仓盈亏.
    pub buy_hedge_offset_profit: Value,
    /// SellSpecOffsetProfit, 卖投平仓盈亏.
    pub sell_spec_offset_profit: Value,
    /// SellHedgeOffsetProfit, 卖保平仓盈亏.
    pub sell_hedge_offset_profit: Value,
    /// BuySpecOpenFrozMargin, 买投开仓冻结保证金.
    pub buy_spec_open_froz_margin: Value,
    /// BuyHedgeOpenFrozMargin, 买保开仓冻结保证金.
    pub buy_hedge_open_froz_margin: Value,
    /// SellSpecOpenFrozMargin, 卖投开仓冻结保证金.
    pub sell_spec_open_froz_margin: Value,
    /// SellHedgeOpenFrozMargin, 卖保开仓冻结保证金.
    pub sell_hedge_open_froz_margin: Value,
    /// BuySpecOffsetMargin, 买投平仓返回保证金.
    pub buy_spec_offset_margin: Value,
    /// BuyHedgeOffsetMargin, 买保平仓返回保证金.
    pub buy_hedge_offset_margin: Value,
    /// SellSpecOffsetMargin, 卖投平仓返回保证金.
    pub sell_spec_offset_margin: Value,
    /// SellHedgeOffsetMargin, 卖保平仓返回保证金.
    pub sell_hedge_offset_margin: Value,
    /// BuySpecTurnOver, 买投成交额.
    pub buy_spec_turn_over: Value,
    /// BuyHedgeTurnOver, 买保成交额.
    pub buy_hedge_turn_over: Value,
    /// SellSpecTurnOver, 卖投成交额.
    pub sell_spec_turn_over: Value,
    /// SellHedgeTurnOver, 卖保成交额.
    pub sell_hedge_turn_over: Value,
    /// AddValue, 本交易日新增资金.
    pub add_value: Value,
    /// DelValue, 本交易日提出资金.
    pub del_value: Value,
    /// BalanceValue, 可用保证金余额.
    pub balance_value: Value,
    /// Premium, 权利金.
    pub premium: Value,
    /// BuyOpenUsedPremium, 买开仓使用权利金.
    pub buy_open_used_premium: Value,
    /// BuyOpenFrozPremium, 买开仓冻结权利金.
    pub buy_open_froz_premium: Value,
}

impl DepositField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0003);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 395;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        participant_id: ParticipantId::BLANK,
        participant_type: ParticipantType::BLANK,
        trade_date: Date::BLANK,
        init_margin: Value::BLANK,
        buy_spec_open_used_margin: Value::BLANK,
        buy_hedge_open_used_margin: Value::BLANK,
        sell_spec_open_used_margin: Value::BLANK,
        sell_hedge_open_used_margin: Value::BLANK,
        buy_spec_offset_profit: Value::BLANK,
        buy_hedge_offset_profit: Value::BLANK,
        sell_spec_offset_profit: Value::BLANK,
        sell_hedge_offset_profit: Value::BLANK,
        buy_spec_open_froz_margin: Value::BLANK,
        buy_hedge_open_froz_margin: Value::BLANK,
        sell_spec_open_froz_margin: Value::BLANK,
        sell_hedge_open_froz_margin: Value::BLANK,
        buy_spec_offset_margin: Value::BLANK,
        buy_hedge_offset_margin: Value::BLANK,
        sell_spec_offset_margin: Value::BLANK,
        sell_hedge_offset_margin: Value::BLANK,
        buy_spec_turn_over: Value::BLANK,
        buy_hedge_turn_over: Value::BLANK,
        sell_spec_turn_over: Value::BLANK,
        sell_hedge_turn_over: Value::BLANK,
        add_value: Value::BLANK,
        del_value: Value::BLANK,
        balance_value: Value::BLANK,
        premium: Value::BLANK,
        buy_open_used_premium: Value::BLANK,
        buy_open_froz_premium: Value::BLANK,
    };
}

impl Field for DepositField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "DepositField";
    const BLANK: Self = Self::BLANK;
}

/// 会员域, 90 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ParticipantField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ParticipantName, 会员名称.
    pub participant_name: Name,
    /// ParticipantType, 会员类型.
    pub participant_type: ParticipantType,
    /// PartiTrdRight, 会员权限.
    pub parti_trd_right: TradeRight,
}

impl ParticipantField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x000F);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 90;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        participant_id: ParticipantId::BLANK,
        participant_name: Name::BLANK,
        participant_type: ParticipantType::BLANK,
        parti_trd_right: TradeRight::BLANK,
    };
}

impl Field for ParticipantField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ParticipantField";
    const BLANK: Self = Self::BLANK;
}

/// 客户持仓域, 183 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct PositionField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// ClientId, 客户编码.
    pub client_id: ClientId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// TradeDate, 交易委托日期.
    pub trade_date: Date,
    /// YdBuyHedgePosition, 前买持仓量(保).
    pub yd_buy_hedge_position: Volume,
    /// YdBuySpecPosition, 前买持仓量(投).
    pub yd_buy_spec_position: Volume,
    /// YdSellHedgePosition, 前卖持仓量(保).
    pub yd_sell_hedge_position: Volume,
    /// YdSellSpecPosition, 前卖持仓量(投).
    pub yd_sell_spec_position: Volume,
    /// BuyHedgeVolume, 买成交量(保).
    pub buy_hedge_volume: Volume,
    /// BuySpecVolume, 买成交量(投).
    pub buy_spec_volume: Volume,
    /// SellHedgeVolume, 卖成交量(保).
    pub sell_hedge_volume: Volume,
    /// SellSpecVolume, 卖成交量(投).
    pub sell_spec_volume: Volume,
    /// BuyHedgePosition, 买开仓量(保).
    pub buy_hedge_position: Volume,
    /// BuySpecPosition, 买开仓量(投).
    pub buy_spec_position: Volume,
    /// SellHedgePosition, 卖开仓量(保).
    pub sell_hedge_position: Volume,
    /// SellSpecPosition, 卖开仓量(投).
    pub sell_spec_position: Volume,
    /// BuyOffsHPosition, 买平今量(保).
    pub buy_offs_h_position: Volume,
    /// BuyOffsSPosition, 买平今量(投).
    pub buy_offs_s_position: Volume,
    /// SellOffsHPosition, 卖平今量(保).
    pub sell_offs_h_position: Volume,
    /// SellOffsSPosition, 卖平今量(投).
    pub sell_offs_s_position: Volume,
    /// YdBuyOffsHPosition, 买平昨量(保).
    pub yd_buy_offs_h_position: Volume,
    /// YdBuyOffsSPosition, 买平昨量(投).
    pub yd_buy_offs_s_position: Volume,
    /// YdSellOffsHPosition, 卖平昨量(保).
    pub yd_sell_offs_h_position: Volume,
    /// YdSellOffsSPosition, 卖平昨量(投).
    pub yd_sell_offs_s_position: Volume,
    /// LongOpenFrozHPosition, 多头开仓冻结持仓手（保）.
    pub long_open_froz_h_position: Volume,
    /// LongOpenFrozSPosition, 多头开仓冻结持仓手（投）.
    pub long_open_froz_s_position: Volume,
    /// ShortOpenFrozHPosition, 空头开仓冻结持仓手（保）.
    pub short_open_froz_h_position: Volume,
    /// ShortOpenFrozSPosition, 空头开仓冻结持仓手（投）.
    pub short_open_froz_s_position: Volume,
    /// LongOffsFrozHPosition, 多头平仓冻结持仓手(保).
    pub long_offs_froz_h_position: Volume,
    /// LongOffsFrozSPosition, 多头平仓冻结持仓手(投).
    pub long_offs_froz_s_position: Volume,
    /// ShortOffsFrozHPosition, 空头平仓冻结持仓手(保).
    pub short_offs_froz_h_position: Volume,
    /// ShortOffsFrozSPosition, 空头平仓冻结持仓手(投).
    pub short_offs_froz_s_position: Volume,
    /// YdLongOffsFrozHPosition, 上日多头平仓冻结持仓手(保).
    pub yd_long_offs_froz_h_position: Volume,
    /// YdLongOffsFrozSPosition, 上日多头平仓冻结持仓手(投).
    pub yd_long_offs_froz_s_position: Volume,
    /// YdShortOffsFrozHPosition, 上日空头平仓冻结持仓手(保).
    pub yd_short_offs_froz_h_position: Volume,
    /// YdShortOffsFrozSPosition, 上日空头平仓冻结持仓手(投).
    pub yd_short_offs_froz_s_position: Volume,
}

impl PositionField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0010);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 183;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        participant_id: ParticipantId::BLANK,
        client_id: ClientId::BLANK,
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        trade_date: Date::BLANK,
        yd_buy_hedge_position: Volume::BLANK,
        yd_buy_spec_position: Volume::BLANK,
        yd_sell_hedge_position: Volume::BLANK,
        yd_sell_spec_position: Volume::BLANK,
        buy_hedge_volume: Volume::BLANK,
        buy_spec_volume: Volume::BLANK,
        sell_hedge_volume: Volume::BLANK,
        sell_spec_volume: Volume::BLANK,
        buy_hedge_position: Volume::BLANK,
        buy_spec_position: Volume::BLANK,
        sell_hedge_position: Volume::BLANK,
        sell_spec_position: Volume::BLANK,
        buy_offs_h_position: Volume::BLANK,
        buy_offs_s_position: Volume::BLANK,
        sell_offs_h_position: Volume::BLANK,
        sell_offs_s_position: Volume::BLANK,
        yd_buy_offs_h_position: Volume::BLANK,
        yd_buy_offs_s_position: Volume::BLANK,
        yd_sell_offs_h_position: Volume::BLANK,
        yd_sell_offs_s_position: Volume::BLANK,
        long_open_froz_h_position: Volume::BLANK,
        long_open_froz_s_position: Volume::BLANK,
        short_open_froz_h_position: Volume::BLANK,
        short_open_froz_s_position: Volume::BLANK,
        long_offs_froz_h_position: Volume::BLANK,
        long_offs_froz_s_position: Volume::BLANK,
        short_offs_froz_h_position: Volume::BLANK,
        short_offs_froz_s_position: Volume::BLANK,
        yd_long_offs_froz_h_position: Volume::BLANK,
        yd_long_offs_froz_s_position: Volume::BLANK,
        yd_short_offs_froz_h_position: Volume::BLANK,
        yd_short_offs_froz_s_position: Volume::BLANK,
    };
}

impl Field for PositionField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "PositionField";
    const BLANK: Self = Self::BLANK;
}

/// 会员持仓域, 175 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct PPositionField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// TradeDate, 交易委托日期.
    pub trade_date: Date,
    /// YdBuyHedgePosition, 前买持仓量(保).
    pub yd_buy_hedge_position: Volume,
    /// YdBuySpecPosition, 前买持仓量(投).
    pub yd_buy_spec_position: Volume,
    /// YdSellHedgePosition, 前卖持仓量(保).
    pub yd_sell_hedge_position: Volume,
    /// YdSellSpecPosition, 前卖持仓量(投).
    pub yd_sell_spec_position: Volume,
    /// BuyHedgeVolume, 买成交量(保).
    pub buy_hedge_volume: Volume,
    /// BuySpecVolume, 买成交量(投).
    pub buy_spec_volume: Volume,
    /// SellHedgeVolume, 卖成交量(保).
    pub sell_hedge_volume: Volume,
    /// SellSpecVolume, 卖成交量(投).
    pub sell_spec_volume: Volume,
    /// BuyHedgePosition, 买开仓量(保).
    pub buy_hedge_position: Volume,
    /// BuySpecPosition, 买开仓量(投).
    pub buy_spec_position: Volume,
    /// SellHedgePosition, 卖开仓量(保).
    pub sell_hedge_position: Volume,
    /// SellSpecPosition, 卖开仓量(投).
    pub sell_spec_position: Volume,
    /// BuyOffsHPosition, 买平今量(保).
    pub buy_offs_h_position: Volume,
    /// BuyOffsSPosition, 买平今量(投).
    pub buy_offs_s_position: Volume,
    /// SellOffsHPosition, 卖平今量(保).
    pub sell_offs_h_position: Volume,
    /// SellOffsSPosition, 卖平今量(投).
    pub sell_offs_s_position: Volume,
    /// YdBuyOffsHPosition, 买平昨量(保).
    pub yd_buy_offs_h_position: Volume,
    /// YdBuyOffsSPosition, 买平昨量(投).
    pub yd_buy_offs_s_position: Volume,
    /// YdSellOffsHPosition, 卖平昨量(保).
    pub yd_sell_offs_h_position: Volume,
    /// YdSellOffsSPosition, 卖平昨量(投).
    pub yd_sell_offs_s_position: Volume,
    /// LongOpenFrozHPosition, 多头开仓冻结持仓手（保）.
    pub long_open_froz_h_position: Volume,
    /// LongOpenFrozSPosition, 多头开仓冻结持仓手（投）.
    pub long_open_froz_s_position: Volume,
    /// ShortOpenFrozHPosition, 空头开仓冻结持仓手（保）.
    pub short_open_froz_h_position: Volume,
    /// ShortOpenFrozSPosition, 空头开仓冻结持仓手（投）.
    pub short_open_froz_s_position: Volume,
    /// LongOffsFrozHPosition, 多头平仓冻结持仓手(保).
    pub long_offs_froz_h_position: Volume,
    /// LongOffsFrozSPosition, 多头平仓冻结持仓手(投).
    pub long_offs_froz_s_position: Volume,
    /// ShortOffsFrozHPosition, 空头平仓冻结持仓手(保).
    pub short_offs_froz_h_position: Volume,
    /// ShortOffsFrozSPosition, 空头平仓冻结持仓手(投).
    pub short_offs_froz_s_position: Volume,
    /// YdLongOffsFrozHPosition, 上日多头平仓冻结持仓手(保).
    pub yd_long_offs_froz_h_position: Volume,
    /// YdLongOffsFrozSPosition, 上日多头平仓冻结持仓手(投).
    pub yd_long_offs_froz_s_position: Volume,
    /// YdShortOffsFrozHPosition, 上日空头平仓冻结持仓手(保).
    pub yd_short_offs_froz_h_position: Volume,
    /// YdShortOffsFrozSPosition, 上日空头平仓冻结持仓手(投).
    pub yd_short_offs_froz_s_position: Volume,
}

impl PPositionField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0011);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 175;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        participant_id: ParticipantId::BLANK,
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        trade_date: Date::BLANK,
        yd_buy_hedge_position: Volume::BLANK,
        yd_buy_spec_position: Volume::BLANK,
        yd_sell_hedge_position: Volume::BLANK,
        yd_sell_spec_position: Volume::BLANK,
        buy_hedge_volume: Volume::BLANK,
        buy_spec_volume: Volume::BLANK,
        sell_hedge_volume: Volume::BLANK,
        sell_spec_volume: Volume::BLANK,
        buy_hedge_position: Volume::BLANK,
        buy_spec_position: Volume::BLANK,
        sell_hedge_position: Volume::BLANK,
        sell_spec_position: Volume::BLANK,
        buy_offs_h_position: Volume::BLANK,
        buy_offs_s_position: Volume::BLANK,
        sell_offs_h_position: Volume::BLANK,
        sell_offs_s_position: Volume::BLANK,
        yd_buy_offs_h_position: Volume::BLANK,
        yd_buy_offs_s_position: Volume::BLANK,
        yd_sell_offs_h_position: Volume::BLANK,
        yd_sell_offs_s_position: Volume::BLANK,
        long_open_froz_h_position: Volume::BLANK,
        long_open_froz_s_position: Volume::BLANK,
        short_open_froz_h_position: Volume::BLANK,
        short_open_froz_s_position: Volume::BLANK,
        long_offs_froz_h_position: Volume::BLANK,
        long_offs_froz_s_position: Volume::BLANK,
        short_offs_froz_h_position: Volume::BLANK,
        short_offs_froz_s_position: Volume::BLANK,
        yd_long_offs_froz_h_position: Volume::BLANK,
        yd_long_offs_froz_s_position: Volume::BLANK,
        yd_short_offs_froz_h_position: Volume::BLANK,
        yd_short_offs_froz_s_position: Volume::BLANK,
    };
}

impl Field for PPositionField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "PPositionField";
    const BLANK: Self = Self::BLANK;
}

/// 交易员域, 46 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct UserField {
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// Name, 名称.
    pub name: Str<20>,
    /// IsLogin, 是否登录.
    pub is_login: BoolFlag,
    /// UserStatus, 交易员状态.
    pub user_status: UserStatus,
    /// UserType, 交易员类别.
    pub user_type: UserType,
}

impl UserField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x002B);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 46;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        user_id: UserId::BLANK,
        participant_id: ParticipantId::BLANK,
        name: Str::<20>::BLANK,
        is_login: BoolFlag::BLANK,
        user_status: UserStatus::BLANK,
        user_type: UserType::BLANK,
    };
}

impl Field for UserField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "UserField";
    const BLANK: Self = Self::BLANK;
}
