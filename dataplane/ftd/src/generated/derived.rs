//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! The item types (Appendix B).
use crate::number::{Float, Number};
use crate::types::{Char, Int, Secret, Str, Word};

/// FTDActionFlag: 1 byte.
pub type ActionFlag = Char;
/// FTDBoolFlag: 1 byte.
pub type BoolFlag = Char;
/// FTDClientId: 8 bytes.
pub type ClientId = Str<8>;
/// FTDClientType: 1 byte.
pub type ClientType = Char;
/// FTDConnectionReference: 5 bytes.
pub type ConnectionReference = Str<5>;
/// FTDDataFlowFlag: 1 byte.
pub type DataFlowFlag = Char;
/// FTDDate: 8 bytes, yyyymmdd.
pub use crate::time::Date;
/// FTDDateTime: 20 bytes, yyyymmddhh24nnsscc.
pub use crate::time::DateTime;
/// FTDDirection: 1 byte.
pub type Direction = Char;
/// FTDQuoteDirection: 1 byte.
pub type QuoteDirection = Char;
/// FTDErrorCode: 10 bytes.
pub type ErrorCode = Str<10>;
/// FTDForceExitCode: 1 byte.
pub type ForceExitCode = Char;
/// FTDHedgeFlag: 1 byte.
pub type HedgeFlag = Char;
/// FTDInstrumentId: 30 bytes.
pub type InstrumentId = Str<30>;
/// FTDInstrumentStatus: 1 byte.
pub type InstrumentStatus = Char;
/// FTDInstrumentType: 1 byte.
pub type InstrumentType = Char;
/// FTDInstrumentVersion: 1 byte.
pub type InstrumentVersion = Char;
/// FTDLocalId: 24 bytes.
pub type LocalId = Str<24>;
/// FTDMarketId: 10 bytes.
pub type MarketId = Str<10>;
/// FTDMarketStatus: 1 byte.
pub type MarketStatus = Char;
/// FTDMatchCondition: 1 byte.
pub type MatchCondition = Char;
/// FTDMatchSession: 1 byte.
pub type MatchSession = Char;
/// FTDMatchFlag: 1 byte.
pub type MatchFlag = Char;
/// FTDMsgRef: 6 bytes.
pub type MsgRef = Str<6>;
/// FTDName: 80 bytes.
pub type Name = Str<80>;
/// FTDNewsType: 3 bytes.
pub type NewsType = Str<3>;
/// FTDNewsUrgency: 1 byte.
pub type NewsUrgency = Char;
/// FTDOffsetFlag: 1 byte.
pub type OffsetFlag = Char;
/// FTDOptionType: 1 byte.
pub type OptionType = Char;
/// FTDOrderStatus: 1 byte.
pub type OrderStatus = Char;
/// FTDOrderType: 1 byte.
pub type OrderType = Char;
/// FTDParticipantId: 8 bytes.
pub type ParticipantId = Str<8>;
/// FTDParticipantType: 1 byte.
pub type ParticipantType = Char;
/// FTDPassword: 40 bytes.
pub type Password = Secret<40>;
/// FTDPercent: 4 bytes.
pub type Percent = Float<4, 2>;
/// FTDPrice: 12 bytes.
pub type Price = Float<12, 4>;
/// FTDProtocolVersion: 8 bytes.
pub type ProtocolVersion = Str<8>;
/// FTDPubStyle: 1 byte.
pub type PubStyle = Char;
/// FTDRequestByType: 1 byte.
pub type RequestByType = Char;
/// FTDSequenceNo: 4 bytes.
pub type SequenceNo = Int;
/// FTDSequenceSeries: 2 bytes.
pub type SequenceSeries = Word;
/// FTDServerAppName: 20 bytes.
pub type ServerAppName = Str<20>;
/// FTDStopCode: 1 byte.
pub type StopCode = Char;
/// FTDSysOrderId: 20 bytes.
pub type SysOrderId = Str<20>;
/// FTDTime: 8 bytes, hh24nnsscc.
pub use crate::time::Time;
/// FTDTimeOut: 3 bytes.
pub type TimeOut = Number<3>;
/// FTDTimeStamp: 20 bytes, Unix 系统 UTC 时间.
pub use crate::time::TimeStamp;
/// FTDUserId: 15 bytes.
pub type UserId = Str<15>;
/// FTDTradeId: 20 bytes.
pub type TradeId = Str<20>;
/// FTDTradeRight: 1 byte.
pub type TradeRight = Char;
/// FTDUserStatus: 1 byte.
pub type UserStatus = Char;
/// FTDUserType: 1 byte.
pub type UserType = Char;
/// FTDTradeType: 1 byte.
pub type TradeType = Char;
/// FTDValue: 14 bytes.
pub type Value = Float<14, 2>;
/// FTDVolume: 4 bytes.
pub type Volume = Int;
/// FTDVolumeType: 1 byte.
pub type VolumeType = Char;
/// FTDExecResult: 1 byte.
pub type ExecResult = Char;
/// FTDExecAction: 1 byte. Extension.
pub type ExecAction = Char;
/// FTDReadiness: 1 byte. Extension.
pub type Readiness = Char;
