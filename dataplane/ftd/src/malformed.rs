//! Why bytes are not a message of JR/T 0016: one enum for everything that reading can find.

use std::fmt;

/// The reasons, numbered for counters and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Malformed {
    /// The extended header is longer than 127 bytes (§5.1.2).
    ExtendedHeaderTooLong = 1,
    /// The content is longer than 4,096 bytes (§5.2).
    ContentTooLong = 2,
    /// A tag runs beyond the extended header (§5.1.2).
    TagCutShort = 3,
    /// The content is shorter than an FTDC header (§5.2.1).
    HeaderCutShort = 4,
    /// An FTDC version other than 2. A higher one is a standard that we do not know yet (§8).
    Version = 5,
    /// The chain is none of S, F, C, L (§5.2.1.2).
    ChainLetter = 6,
    /// A data field runs beyond the message (§5.2.2).
    FieldCutShort = 7,
    /// There are more or fewer data fields than the header says (§5.2.1.4).
    FieldCount = 8,
    /// A known data field has another length than the standard gives it; §8 lets nobody change it.
    FieldLength = 9,
    /// The message is of another package than the one it was read as.
    WrongPackage = 10,
    /// A data field that the package requires is missing.
    FieldMissing = 11,
    /// A data field that may stand once stands twice.
    FieldRepeated = 12,
    /// A part of a long message, of a package that is never long.
    ChainOfShortPackage = 13,
    /// Parts of a long message not in the order F, C, ..., L (§5.2.1.2).
    ChainOrder = 14,
    /// Parts of a long message with different TID, series or number (§5.2.1.2).
    ChainMixed = 15,
    /// A long message of more parts than [`crate::CHAIN_PARTS_MAX`].
    ChainTooLong = 16,
}

impl Malformed {
    /// All reasons, in the order of their numbers, which begin at 1.
    pub const ALL: [Self; 16] = [
        Self::ExtendedHeaderTooLong,
        Self::ContentTooLong,
        Self::TagCutShort,
        Self::HeaderCutShort,
        Self::Version,
        Self::ChainLetter,
        Self::FieldCutShort,
        Self::FieldCount,
        Self::FieldLength,
        Self::WrongPackage,
        Self::FieldMissing,
        Self::FieldRepeated,
        Self::ChainOfShortPackage,
        Self::ChainOrder,
        Self::ChainMixed,
        Self::ChainTooLong,
    ];

    /// The reason's number, from 1.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExtendedHeaderTooLong => "extended header longer than 127 bytes (扩充报头超过127字节)",
            Self::ContentTooLong => "content longer than 4096 bytes (信息正文超过4096字节)",
            Self::TagCutShort => "tag runs beyond the extended header (扩充报头标记越界)",
            Self::HeaderCutShort => "content shorter than an FTDC header (信息正文短于FTDC报头)",
            Self::Version => "FTDC version is not 2 (FTDC版本号不是2)",
            Self::ChainLetter => "chain is none of S, F, C, L (报文链标志错误)",
            Self::FieldCutShort => "data field runs beyond the message (数据域越界)",
            Self::FieldCount => "number of data fields differs from the header's (数据域数量不符)",
            Self::FieldLength => "data field has a length other than the standard's (数据域长度不符)",
            Self::WrongPackage => "message is of another package (信息正文类型不符)",
            Self::FieldMissing => "required data field is missing (缺少必选数据域)",
            Self::FieldRepeated => "data field stands twice (数据域重复)",
            Self::ChainOfShortPackage => "chain of a package that is never long (该报文不能分链)",
            Self::ChainOrder => "parts of a chain out of order (报文链次序错误)",
            Self::ChainMixed => "parts of a chain differ in TID, series or number (报文链各部分不一致)",
            Self::ChainTooLong => "chain has too many parts (报文链过长)",
        })
    }
}

impl std::error::Error for Malformed {}
