//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! Instruments, the market, and its data.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::field::Field;
use crate::generated::derived::{
    BoolFlag, Date, Direction, InstrumentId, InstrumentStatus, InstrumentType, InstrumentVersion, MarketId,
    MarketStatus, MatchFlag, Name, NewsType, NewsUrgency, OptionType, Percent, Price, PubStyle, StopCode, Time,
    TradeRight, TradeType, Volume, VolumeType,
};
use crate::message::Fid;
use crate::number::Float;
use crate::types::{Char, Int, Str, Word};

/// 告示域, 822 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct BulletinField {
    /// NewsType, 消息类型.
    pub news_type: NewsType,
    /// NewsUrgency, 紧急程度.
    pub news_urgency: NewsUrgency,
    /// SendTime, 发送时间.
    pub send_time: Time,
    /// Abstract, 摘要/说明.
    pub abstract_: Str<80>,
    /// ComeFrom, 消息来源.
    pub come_from: Str<20>,
    /// MarketId, 市场编码.
    pub market_id: MarketId,
    /// Content, 消息正文.
    pub content: Str<500>,
    /// URLLink, 此消息的 WEB 联结.
    pub url_link: Str<200>,
}

impl BulletinField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0001);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 822;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        news_type: NewsType::BLANK,
        news_urgency: NewsUrgency::BLANK,
        send_time: Time::BLANK,
        abstract_: Str::<80>::BLANK,
        come_from: Str::<20>::BLANK,
        market_id: MarketId::BLANK,
        content: Str::<500>::BLANK,
        url_link: Str::<200>::BLANK,
    };
}

impl Field for BulletinField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "BulletinField";
    const BLANK: Self = Self::BLANK;
}

/// 合约域, 268 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct InstrumentField {
    /// MarketId, 市场编码.
    pub market_id: MarketId,
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// InstrumentName, 合约名称.
    pub instrument_name: Name,
    /// ShortCutKey, 输入快捷键.
    pub short_cut_key: Char,
    /// StartTrdDate, 开始交易日.
    pub start_trd_date: Date,
    /// EndTrdDate, 最后交易日.
    pub end_trd_date: Date,
    /// InstrumentType, 合约类型.
    pub instrument_type: InstrumentType,
    /// EndDelvDate, 最后交割日.
    pub end_delv_date: Date,
    /// StartDelvDate, 开始交割日.
    pub start_delv_date: Date,
    /// InstrStopCode, 停止交易原因.
    pub instr_stop_code: StopCode,
    /// Currency, 交易用的货币.
    pub currency: Str<3>,
    /// TradeRights, 交易权限.
    pub trade_rights: TradeRight,
    /// FuseRights, 可否熔断.
    pub fuse_rights: BoolFlag,
    /// Unit, 每手乘数.
    pub unit: Int,
    /// Tick, 最小价位.
    pub tick: Price,
    /// HighLimitRate, 涨停板率.
    pub high_limit_rate: Percent,
    /// LowLimitRate, 跌停板率.
    pub low_limit_rate: Percent,
    /// MaxLot, 最大可下单手数.
    pub max_lot: Volume,
    /// MinLot, 最小可下单手数.
    pub min_lot: Volume,
    /// Pubstyle, 竞价阶段合约行情发布方式.
    pub pubstyle: PubStyle,
    /// Fuselimit, 熔断限额.
    pub fuselimit: Price,
    /// Fusepersisttime, 熔断最大持续时间.
    pub fusepersisttime: Int,
    /// Fusepoint, 在该时间点后不可熔断.
    pub fusepoint: Str<6>,
    /// FuseFlag, 熔断标记.
    pub fuse_flag: BoolFlag,
    /// Forcedistime, 强平的撮合间隔.
    pub forcedistime: Int,
    /// StrikePrice, 执行价.
    pub strike_price: Price,
    /// OptionsType, 期权类型.
    pub options_type: OptionType,
    /// UnderlyingInstrID, 基础商品代码.
    pub underlying_instr_id: Str<30>,
    /// UnderlyingMultiple, 基础商品乘数.
    pub underlying_multiple: Volume,
}

impl InstrumentField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0007);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 268;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        market_id: MarketId::BLANK,
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        instrument_name: Name::BLANK,
        short_cut_key: Char::BLANK,
        start_trd_date: Date::BLANK,
        end_trd_date: Date::BLANK,
        instrument_type: InstrumentType::BLANK,
        end_delv_date: Date::BLANK,
        start_delv_date: Date::BLANK,
        instr_stop_code: StopCode::BLANK,
        currency: Str::<3>::BLANK,
        trade_rights: TradeRight::BLANK,
        fuse_rights: BoolFlag::BLANK,
        unit: Int::BLANK,
        tick: Price::BLANK,
        high_limit_rate: Percent::BLANK,
        low_limit_rate: Percent::BLANK,
        max_lot: Volume::BLANK,
        min_lot: Volume::BLANK,
        pubstyle: PubStyle::BLANK,
        fuselimit: Price::BLANK,
        fusepersisttime: Int::BLANK,
        fusepoint: Str::<6>::BLANK,
        fuse_flag: BoolFlag::BLANK,
        forcedistime: Int::BLANK,
        strike_price: Price::BLANK,
        options_type: OptionType::BLANK,
        underlying_instr_id: Str::<30>::BLANK,
        underlying_multiple: Volume::BLANK,
    };
}

impl Field for InstrumentField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "InstrumentField";
    const BLANK: Self = Self::BLANK;
}

/// 合约状态域, 31 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct InstrumentStatusField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentStatus, 合约交易状态.
    pub instrument_status: InstrumentStatus,
}

impl InstrumentStatusField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0008);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 31;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { instrument_id: InstrumentId::BLANK, instrument_status: InstrumentStatus::BLANK };
}

impl Field for InstrumentStatusField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "InstrumentStatusField";
    const BLANK: Self = Self::BLANK;
}

/// 市场状态域, 15 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct MarketStatusField {
    /// MarketId, 市场编码.
    pub market_id: MarketId,
    /// MarketStatusId, 市场交易状态编码.
    pub market_status_id: MarketStatus,
    /// BroadcastSequenceNo, 广播模式中的数据序列号.
    pub broadcast_sequence_no: Int,
}

impl MarketStatusField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0009);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 15;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self =
        Self { market_id: MarketId::BLANK, market_status_id: MarketStatus::BLANK, broadcast_sequence_no: Int::BLANK };
}

impl Field for MarketStatusField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "MarketStatusField";
    const BLANK: Self = Self::BLANK;
}

/// 增量成交行情域, 49 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct MarketMatchIncDataField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// VolumeType, 数量类型.
    pub volume_type: VolumeType,
    /// Price, 价格.
    pub price: Price,
    /// Volume, 成交量.
    pub volume: Volume,
    /// MatchFlag, 成交双方的性质.
    pub match_flag: MatchFlag,
}

impl MarketMatchIncDataField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x000A);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 49;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        volume_type: VolumeType::BLANK,
        price: Price::BLANK,
        volume: Volume::BLANK,
        match_flag: MatchFlag::BLANK,
    };
}

impl Field for MarketMatchIncDataField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "MarketMatchIncDataField";
    const BLANK: Self = Self::BLANK;
}

/// 报单行情域, 53 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct MarketOrderDataField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// VolumeType, 数量类型.
    pub volume_type: VolumeType,
    /// Direction, 买卖方向.
    pub direction: Direction,
    /// Price, 价格.
    pub price: Price,
    /// Volume, 成交量.
    pub volume: Volume,
    /// BroadcastSequenceNo, 广播模式中的数据序列号.
    pub broadcast_sequence_no: Int,
}

impl MarketOrderDataField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x000D);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 53;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        volume_type: VolumeType::BLANK,
        direction: Direction::BLANK,
        price: Price::BLANK,
        volume: Volume::BLANK,
        broadcast_sequence_no: Int::BLANK,
    };
}

impl Field for MarketOrderDataField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "MarketOrderDataField";
    const BLANK: Self = Self::BLANK;
}

/// 成交行情变化域, 119 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct MarketMatchDataChgField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// OpenPrice, 开盘价.
    pub open_price: Price,
    /// HighPrice, 最高价.
    pub high_price: Price,
    /// LowPrice, 最低价.
    pub low_price: Price,
    /// LastPrice, 最新价.
    pub last_price: Price,
    /// BidPrice, 买入价格.
    pub bid_price: Price,
    /// AskPrice, 卖出价.
    pub ask_price: Price,
    /// BidLot, 买入数量.
    pub bid_lot: Volume,
    /// AskLot, 卖出数量.
    pub ask_lot: Volume,
    /// Volume, 成交量.
    pub volume: Volume,
    /// OpenInterest, 持仓量.
    pub open_interest: Volume,
}

impl MarketMatchDataChgField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0012);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 119;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        open_price: Price::BLANK,
        high_price: Price::BLANK,
        low_price: Price::BLANK,
        last_price: Price::BLANK,
        bid_price: Price::BLANK,
        ask_price: Price::BLANK,
        bid_lot: Volume::BLANK,
        ask_lot: Volume::BLANK,
        volume: Volume::BLANK,
        open_interest: Volume::BLANK,
    };
}

impl Field for MarketMatchDataChgField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "MarketMatchDataChgField";
    const BLANK: Self = Self::BLANK;
}

/// 成交行情域, 272 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct MarketMatchDataField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// InstrumentVersion, 合约版本号.
    pub instrument_version: InstrumentVersion,
    /// PreClose, 前收盘价格.
    pub pre_close: Price,
    /// PreSettle, 前结算价格.
    pub pre_settle: Price,
    /// PreOpenInterest, 前最后持仓量，双向计算.
    pub pre_open_interest: Volume,
    /// OpenPrice, 开盘价.
    pub open_price: Price,
    /// BidPrice, 买入价格.
    pub bid_price: Price,
    /// BidLot, 买入数量.
    pub bid_lot: Volume,
    /// AskPrice, 卖出价.
    pub ask_price: Price,
    /// AskLot, 卖出数量.
    pub ask_lot: Volume,
    /// LastPrice, 最新价.
    pub last_price: Price,
    /// LastLot, 最后一笔成交手数，双向计算.
    pub last_lot: Volume,
    /// TradeLot, 总成交手数，双向计算.
    pub trade_lot: Int,
    /// TradeTurnover, 总成交金额，双向计算.
    pub trade_turnover: Volume,
    /// OpenInterest, 持仓量.
    pub open_interest: Volume,
    /// HighPrice, 最高价.
    pub high_price: Price,
    /// LowPrice, 最低价.
    pub low_price: Price,
    /// ClosePrice, 收盘价.
    pub close_price: Price,
    /// SettlePrice, 结算价.
    pub settle_price: Price,
    /// ClearPrice, 清算价.
    pub clear_price: Price,
    /// AveragePrice, 均价.
    pub average_price: Price,
    /// LifeHigh, 历史最高成交价格.
    pub life_high: Price,
    /// LifeLow, 历史最低成交价格.
    pub life_low: Price,
    /// HighLimit, 涨停板.
    pub high_limit: Price,
    /// LowLimit, 跌停板.
    pub low_limit: Price,
    /// TotalVolume, 总成交量.
    pub total_volume: Volume,
    /// UpdateTime, 最后修改时间.
    pub update_time: Time,
    /// MarketMatchDataStatus, 是否主动发送成交行情.
    pub market_match_data_status: BoolFlag,
    /// TotalMarketMatchData, 发送成交行情记录总数，网络序.
    pub total_market_match_data: Int,
    /// BroadcastSequenceNo, 广播模式中的数据序列号.
    pub broadcast_sequence_no: Int,
}

impl MarketMatchDataField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0013);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 272;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        instrument_id: InstrumentId::BLANK,
        instrument_version: InstrumentVersion::BLANK,
        pre_close: Price::BLANK,
        pre_settle: Price::BLANK,
        pre_open_interest: Volume::BLANK,
        open_price: Price::BLANK,
        bid_price: Price::BLANK,
        bid_lot: Volume::BLANK,
        ask_price: Price::BLANK,
        ask_lot: Volume::BLANK,
        last_price: Price::BLANK,
        last_lot: Volume::BLANK,
        trade_lot: Int::BLANK,
        trade_turnover: Volume::BLANK,
        open_interest: Volume::BLANK,
        high_price: Price::BLANK,
        low_price: Price::BLANK,
        close_price: Price::BLANK,
        settle_price: Price::BLANK,
        clear_price: Price::BLANK,
        average_price: Price::BLANK,
        life_high: Price::BLANK,
        life_low: Price::BLANK,
        high_limit: Price::BLANK,
        low_limit: Price::BLANK,
        total_volume: Volume::BLANK,
        update_time: Time::BLANK,
        market_match_data_status: BoolFlag::BLANK,
        total_market_match_data: Int::BLANK,
        broadcast_sequence_no: Int::BLANK,
    };
}

impl Field for MarketMatchDataField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "MarketMatchDataField";
    const BLANK: Self = Self::BLANK;
}

/// 市场域, 93 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct MarketField {
    /// MarketId, 市场编码.
    pub market_id: MarketId,
    /// MarketName, 市场名称.
    pub market_name: Name,
    /// BroadcastSequenceSeries, 广播模式序列类别号.
    pub broadcast_sequence_series: Word,
    /// TradeType, 市场交易类型.
    pub trade_type: TradeType,
}

impl MarketField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0026);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 93;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        market_id: MarketId::BLANK,
        market_name: Name::BLANK,
        broadcast_sequence_series: Word::BLANK,
        trade_type: TradeType::BLANK,
    };
}

impl Field for MarketField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "MarketField";
    const BLANK: Self = Self::BLANK;
}

/// 汇率信息域, 27 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ExchangeRateField {
    /// TradeDate, 交易委托日期.
    pub trade_date: Date,
    /// CurrencyId, 币种编码.
    pub currency_id: Str<3>,
    /// RateUnit, 汇率单位.
    pub rate_unit: Int,
    /// RatePrice, 外汇价格.
    pub rate_price: Price,
}

impl ExchangeRateField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0037);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 27;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self =
        Self { trade_date: Date::BLANK, currency_id: Str::<3>::BLANK, rate_unit: Int::BLANK, rate_price: Price::BLANK };
}

impl Field for ExchangeRateField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ExchangeRateField";
    const BLANK: Self = Self::BLANK;
}

/// 完整成交额, 48 bytes. Extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct TurnoverField {
    /// InstrumentId, 合约编码.
    pub instrument_id: InstrumentId,
    /// Turnover, 成交额，单边，元.
    pub turnover: Float<18, 2>,
}

impl TurnoverField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0xF004);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 48;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { instrument_id: InstrumentId::BLANK, turnover: Float::<18, 2>::BLANK };
}

impl Field for TurnoverField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "TurnoverField";
    const BLANK: Self = Self::BLANK;
}
