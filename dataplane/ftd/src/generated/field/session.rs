//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! Logins, errors, and what keeps streams going.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::field::Field;
use crate::generated::derived::{
    BoolFlag, ConnectionReference, DataFlowFlag, Date, DateTime, ErrorCode, ForceExitCode, LocalId, ParticipantId,
    Password, ProtocolVersion, Readiness, SequenceNo, SequenceSeries, ServerAppName, SysOrderId, TimeOut, TimeStamp,
    UserId,
};
use crate::message::Fid;
use crate::number::Number;
use crate::types::{Char, Int, Str};

/// 发送信息起始说明域, 6 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct DisseminationstartField {
    /// SequenceSeries, 序列类别号.
    pub sequence_series: SequenceSeries,
    /// SequenceNo, 序列号.
    pub sequence_no: SequenceNo,
}

impl DisseminationstartField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0004);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 6;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { sequence_series: SequenceSeries::BLANK, sequence_no: SequenceNo::BLANK };
}

impl Field for DisseminationstartField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "DisseminationstartField";
    const BLANK: Self = Self::BLANK;
}

/// 错误域, 130 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ErrorField {
    /// ErrorCode, 错误代码.
    pub error_code: ErrorCode,
    /// ErrorText, 错误正文.
    pub error_text: Str<100>,
    /// TimeStamp, 时间戳.
    pub time_stamp: TimeStamp,
}

impl ErrorField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0005);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 130;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self =
        Self { error_code: ErrorCode::BLANK, error_text: Str::<100>::BLANK, time_stamp: TimeStamp::BLANK };
}

impl Field for ErrorField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ErrorField";
    const BLANK: Self = Self::BLANK;
}

/// 错误报单号域, 44 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ErrorTargetOrderField {
    /// OrderSysId, 合同编号.
    pub order_sys_id: SysOrderId,
    /// OrderLocalId, 委托编号.
    pub order_local_id: LocalId,
}

impl ErrorTargetOrderField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x002D);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 44;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { order_sys_id: SysOrderId::BLANK, order_local_id: LocalId::BLANK };
}

impl Field for ErrorTargetOrderField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ErrorTargetOrderField";
    const BLANK: Self = Self::BLANK;
}

/// 错误序列号域, 6 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ErrorTargetSequenceField {
    /// SequenceSeries, 序列类别号.
    pub sequence_series: SequenceSeries,
    /// SequenceNo, 序列号.
    pub sequence_no: SequenceNo,
}

impl ErrorTargetSequenceField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x002E);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 6;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { sequence_series: SequenceSeries::BLANK, sequence_no: SequenceNo::BLANK };
}

impl Field for ErrorTargetSequenceField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ErrorTargetSequenceField";
    const BLANK: Self = Self::BLANK;
}

/// 强制退出域, 101 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ForceExitField {
    /// ForceExitCode, 强制退出号.
    pub force_exit_code: ForceExitCode,
    /// ForceExitMsg, 强制退出原因.
    pub force_exit_msg: Str<100>,
}

impl ForceExitField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0006);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 101;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { force_exit_code: ForceExitCode::BLANK, force_exit_msg: Str::<100>::BLANK };
}

impl Field for ForceExitField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ForceExitField";
    const BLANK: Self = Self::BLANK;
}

/// 交易员登录请求域, 120 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqUserLoginField {
    /// DataFlowFlag, 数据流名称.
    pub data_flow_flag: DataFlowFlag,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// Password, 口令.
    pub password: Password,
    /// ConnectionReference, 链路标示.
    pub connection_reference: ConnectionReference,
    /// ServerAppName, 会员应用系统名称.
    pub server_app_name: ServerAppName,
    /// ProtocolVersion, 使用 FTD 版本号.
    pub protocol_version: ProtocolVersion,
    /// TimeOut, 发送监测信号时间间隔.
    pub time_out: TimeOut,
    /// IpAddr, 登录者的 IP 地址.
    pub ip_addr: Str<20>,
}

impl ReqUserLoginField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0023);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 120;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        data_flow_flag: DataFlowFlag::BLANK,
        participant_id: ParticipantId::BLANK,
        user_id: UserId::BLANK,
        password: Password::BLANK,
        connection_reference: ConnectionReference::BLANK,
        server_app_name: ServerAppName::BLANK,
        protocol_version: ProtocolVersion::BLANK,
        time_out: TimeOut::BLANK,
        ip_addr: Str::<20>::BLANK,
    };
}

impl Field for ReqUserLoginField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqUserLoginField";
    const BLANK: Self = Self::BLANK;
}

/// 交易员退出登录请求域, 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqUserLogoutField {
    /// DataFlowFlag, 数据流名称.
    pub data_flow_flag: DataFlowFlag,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
}

impl ReqUserLogoutField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0024);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 24;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self =
        Self { data_flow_flag: DataFlowFlag::BLANK, participant_id: ParticipantId::BLANK, user_id: UserId::BLANK };
}

impl Field for ReqUserLogoutField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqUserLogoutField";
    const BLANK: Self = Self::BLANK;
}

/// 交易员修改口令请求域, 103 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReqUserPasswordUpdateField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// NewPassword, 新口令.
    pub new_password: Password,
    /// OldPassword, 旧口令.
    pub old_password: Password,
}

impl ReqUserPasswordUpdateField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0025);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 103;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        participant_id: ParticipantId::BLANK,
        user_id: UserId::BLANK,
        new_password: Password::BLANK,
        old_password: Password::BLANK,
    };
}

impl Field for ReqUserPasswordUpdateField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReqUserPasswordUpdateField";
    const BLANK: Self = Self::BLANK;
}

/// 交易员登录响应域, 147 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RspUserLoginField {
    /// DataFlowFlag, 数据流名称.
    pub data_flow_flag: DataFlowFlag,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// Password, 口令.
    pub password: Password,
    /// ExchangeDateTime, 交易所系统时间.
    pub exchange_date_time: DateTime,
    /// TimeSpan, 时区.
    pub time_span: Number<3>,
    /// IpAddr, 登录者的 IP 地址.
    pub ip_addr: Str<20>,
    /// MaxOrderLocalId, 最大报单本地编号.
    pub max_order_local_id: LocalId,
    /// TradeDate, 交易委托日期.
    pub trade_date: Date,
    /// ActionDate, 实际日期.
    pub action_date: Date,
}

impl RspUserLoginField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0027);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 147;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        data_flow_flag: DataFlowFlag::BLANK,
        participant_id: ParticipantId::BLANK,
        user_id: UserId::BLANK,
        password: Password::BLANK,
        exchange_date_time: DateTime::BLANK,
        time_span: Number::<3>::BLANK,
        ip_addr: Str::<20>::BLANK,
        max_order_local_id: LocalId::BLANK,
        trade_date: Date::BLANK,
        action_date: Date::BLANK,
    };
}

impl Field for RspUserLoginField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "RspUserLoginField";
    const BLANK: Self = Self::BLANK;
}

/// 交易员退出登录响应域, 44 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RspUserLogoutField {
    /// DataFlowFlag, 数据流名称.
    pub data_flow_flag: DataFlowFlag,
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// ExchangeDateTime, 交易所系统时间.
    pub exchange_date_time: DateTime,
}

impl RspUserLogoutField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0028);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 44;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        data_flow_flag: DataFlowFlag::BLANK,
        participant_id: ParticipantId::BLANK,
        user_id: UserId::BLANK,
        exchange_date_time: DateTime::BLANK,
    };
}

impl Field for RspUserLogoutField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "RspUserLogoutField";
    const BLANK: Self = Self::BLANK;
}

/// 交易员修改口令响应域, 63 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RspUserPasswordUpdateField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// NewPassword, 新口令.
    pub new_password: Password,
}

impl RspUserPasswordUpdateField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0029);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 63;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self =
        Self { participant_id: ParticipantId::BLANK, user_id: UserId::BLANK, new_password: Password::BLANK };
}

impl Field for RspUserPasswordUpdateField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "RspUserPasswordUpdateField";
    const BLANK: Self = Self::BLANK;
}

/// 交易员在线域, 186 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct UserLoginField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// IpAddr, 登录者的 IP 地址.
    pub ip_addr: Str<20>,
    /// DialogStreamStatus, 对话模式在线状态.
    pub dialog_stream_status: BoolFlag,
    /// DialogLoginTime, 最后一次对话模式登录时间.
    pub dialog_login_time: DateTime,
    /// DialogLogoutTime, 最后一次对话模式退出时间.
    pub dialog_logout_time: DateTime,
    /// PrivateStreamStatus, 私有模式的状态.
    pub private_stream_status: BoolFlag,
    /// PrivateLoginTime, 最后一次私有模式登录时间.
    pub private_login_time: DateTime,
    /// PrivateLogoutTime, 最后一次私有模式退出时间.
    pub private_logout_time: DateTime,
    /// BroadcastStreamStatus, 广播模式在线状态.
    pub broadcast_stream_status: BoolFlag,
    /// BroadcastLoginTime, 最后一次广播模式登录时间.
    pub broadcast_login_time: DateTime,
    /// BroadcastLogOutTime, 最后一次广播模式退出时间.
    pub broadcast_log_out_time: DateTime,
    /// FrontId, 前置机标识.
    pub front_id: Str<20>,
}

impl UserLoginField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x002C);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 186;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        participant_id: ParticipantId::BLANK,
        user_id: UserId::BLANK,
        ip_addr: Str::<20>::BLANK,
        dialog_stream_status: BoolFlag::BLANK,
        dialog_login_time: DateTime::BLANK,
        dialog_logout_time: DateTime::BLANK,
        private_stream_status: BoolFlag::BLANK,
        private_login_time: DateTime::BLANK,
        private_logout_time: DateTime::BLANK,
        broadcast_stream_status: BoolFlag::BLANK,
        broadcast_login_time: DateTime::BLANK,
        broadcast_log_out_time: DateTime::BLANK,
        front_id: Str::<20>::BLANK,
    };
}

impl Field for UserLoginField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "UserLoginField";
    const BLANK: Self = Self::BLANK;
}

/// 数据流回退域, 30 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct FlowMessageCancelField {
    /// SequenceSeries, 序列类别号.
    pub sequence_series: SequenceSeries,
    /// TradeDate, 交易委托日期.
    pub trade_date: Date,
    /// ActionDate, 实际日期.
    pub action_date: Date,
    /// DataCenterId, 数据中心代码.
    pub data_center_id: Int,
    /// StartSequenceNo, 回退起始序列号.
    pub start_sequence_no: SequenceNo,
    /// EndSequenceNo, 回退结束序列号.
    pub end_sequence_no: SequenceNo,
}

impl FlowMessageCancelField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0x0038);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 30;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        sequence_series: SequenceSeries::BLANK,
        trade_date: Date::BLANK,
        action_date: Date::BLANK,
        data_center_id: Int::BLANK,
        start_sequence_no: SequenceNo::BLANK,
        end_sequence_no: SequenceNo::BLANK,
    };
}

impl Field for FlowMessageCancelField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "FlowMessageCancelField";
    const BLANK: Self = Self::BLANK;
}

/// 就绪、举手, 524 bytes. Extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReadinessField {
    /// ParticipantId, 交易会员编码.
    pub participant_id: ParticipantId,
    /// UserId, 交易员编码.
    pub user_id: UserId,
    /// Readiness, 会员就绪状态.
    pub readiness: Readiness,
    /// Content, 消息正文.
    pub content: Str<500>,
}

impl ReadinessField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0xF005);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 524;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        participant_id: ParticipantId::BLANK,
        user_id: UserId::BLANK,
        readiness: Readiness::BLANK,
        content: Str::<500>::BLANK,
    };
}

impl Field for ReadinessField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "ReadinessField";
    const BLANK: Self = Self::BLANK;
}

/// 前置, 52 bytes. Extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct FrontField {
    /// FrontAddress, 前置地址，tcp://地址:端口.
    pub front_address: Str<40>,
    /// FrontPriority, 前置优先级，小者先.
    pub front_priority: Int,
    /// Epoch, 系统代，切换一次加一.
    pub epoch: Int,
    /// DataCenterId, 数据中心代码.
    pub data_center_id: Int,
}

impl FrontField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0xF006);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 52;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self {
        front_address: Str::<40>::BLANK,
        front_priority: Int::BLANK,
        epoch: Int::BLANK,
        data_center_id: Int::BLANK,
    };
}

impl Field for FrontField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "FrontField";
    const BLANK: Self = Self::BLANK;
}

/// 登录挑战, 65 bytes. Extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct LoginChallengeField {
    /// DigestMethod, 1 HMAC-SHA-256，2 HMAC-SM3.
    pub digest_method: Char,
    /// Nonce, 登录挑战，十六进制.
    pub nonce: Str<64>,
}

impl LoginChallengeField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0xF007);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 65;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { digest_method: Char::BLANK, nonce: Str::<64>::BLANK };
}

impl Field for LoginChallengeField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "LoginChallengeField";
    const BLANK: Self = Self::BLANK;
}

/// 登录应答, 129 bytes. Extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct LoginProofField {
    /// DigestMethod, 1 HMAC-SHA-256，2 HMAC-SM3.
    pub digest_method: Char,
    /// Nonce, 登录挑战，十六进制.
    pub nonce: Str<64>,
    /// Proof, 登录应答，十六进制.
    pub proof: Str<64>,
}

impl LoginProofField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0xF008);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 129;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { digest_method: Char::BLANK, nonce: Str::<64>::BLANK, proof: Str::<64>::BLANK };
}

impl Field for LoginProofField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "LoginProofField";
    const BLANK: Self = Self::BLANK;
}

/// 数据流所属系统代, 8 bytes. Extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct StreamEpochField {
    /// Epoch, 系统代，切换一次加一.
    pub epoch: Int,
    /// DataCenterId, 数据中心代码.
    pub data_center_id: Int,
}

impl StreamEpochField {
    /// The data field's FID.
    pub const FID: Fid = Fid(0xF009);
    /// Its bytes, without FID and length.
    pub const SIZE: usize = 8;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    pub const BLANK: Self = Self { epoch: Int::BLANK, data_center_id: Int::BLANK };
}

impl Field for StreamEpochField {
    const FID: Fid = Self::FID;
    const SIZE: usize = Self::SIZE;
    const NAME: &'static str = "StreamEpochField";
    const BLANK: Self = Self::BLANK;
}
