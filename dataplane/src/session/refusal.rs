//! What the session refuses itself: answered with package Error, never logged. STREAMS.md, "Dialog stream".

macro_rules! refusals {
    ($( $number:literal $name:ident $chinese:literal $english:literal )*) => {
        /// A refusal of the session's own. Its number is what members read as ErrorCode; those of the rules end below 101.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Refusal { $( #[doc = $english] $name = $number ),* }

        impl Refusal {
            /// Every refusal, in the order of numbers, without gaps from [`Refusal::FIRST`].
            pub const ALL: &[Refusal] = &[$( Refusal::$name ),*];

            /// What members read, in Chinese.
            #[must_use]
            pub fn chinese(self) -> &'static str {
                match self { $( Refusal::$name => $chinese ),* }
            }

            /// What members read, in English.
            #[must_use]
            pub fn english(self) -> &'static str {
                match self { $( Refusal::$name => $english ),* }
            }
        }
    };
}

refusals! {
    101 NotLoggedIn "对话流未登录" "not logged in to the dialog stream"
    102 WrongCredentials "会员、交易员或密码错误" "participant, user or password is wrong"
    103 NotActive "本系统未启用" "this core is not active"
    104 SeatBlocked "席位已被禁止" "seat is blocked"
    105 TooManyPerSecond "每秒请求数超限" "more requests a second than the seat may send"
    106 TooManyInFlight "未应答请求数超限" "more requests unanswered than the seat may have"
    107 NotYours "会员或交易员与登录不符" "participant or user is not the session's"
    108 NotOffered "不支持的报文" "message is not offered"
    109 FieldMalformed "字段格式错误" "a field is malformed"
    110 WrongSeries "序列类别号不符" "series is not this stream's"
    111 DayNotOpen "交易日未开始" "the day is not open"
    112 ProofWrong "登录证明缺失或错误" "proof is missing or wrong"
    113 StreamNotLoggedIn "该流未登录" "stream is not logged in"
    114 AnotherParticipant "该连接已有其他会员登录" "another participant or user is logged in on this connection"
    115 TooManyQueries "未应答查询数超限" "too many queries are unanswered: ask again later"
    116 NothingFound "没有符合条件的记录" "nothing is there that was asked for"
}

impl Refusal {
    /// The first number.
    pub const FIRST: u16 = 101;
    /// How many there are.
    pub const COUNT: usize = Refusal::ALL.len();

    /// Its number, the member's ErrorCode.
    #[must_use]
    pub fn number(self) -> u16 {
        self as u16
    }

    /// Its place in [`Refusal::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.number() - Refusal::FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn numbers_have_no_gaps_and_texts_fit_the_item() {
        for (index, refusal) in Refusal::ALL.iter().enumerate() {
            assert_eq!(refusal.index(), index);
            let length = refusal.chinese().len() + 1 + refusal.english().len();
            assert!(length <= 100, "ErrorText has 100 bytes: {}", refusal.english());
        }
    }
}
