//! What a session refuses itself: answered with Error, never logged (`dataplane/STREAMS.md`).

macro_rules! refusals {
    ($($code:literal $name:ident $text:literal)*) => {
        /// A refusal by the session.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u16)]
        #[allow(missing_docs, reason = "the text says it")]
        pub enum Refusal { $($name = $code,)* }

        impl Refusal {
            /// What members read: Chinese, a blank, English.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Refusal::$name => $text,)* }
            }
        }
    };
}

refusals! {
    101 NotLoggedIn "对话流未登录 not logged in to the dialog stream"
    102 WrongCredentials "会员、交易员或密码错误 participant, user or password wrong"
    103 NotActive "本系统未启用 this core is not active"
    104 SeatBlocked "席位已被禁止 seat is blocked"
    105 TooManyPerSecond "每秒请求数超限 more requests a second than the seat may send"
    107 NotYours "会员或交易员与登录不符 UserId or ParticipantId is not the session's"
    108 NotOffered "不支持的报文 message is not offered"
    109 FieldMalformed "字段格式错误 a field is malformed"
    110 WrongSeries "序列类别号不符 series is not this stream's"
    111 DayNotOpen "交易日未开始 the day is not open"
    112 ProofWrong "登录证明缺失或错误 proof is missing or wrong"
    113 StreamNotLoggedIn "该流未登录 stream is not logged in"
    114 AnotherParticipant "该连接已有其他会员登录 another participant is logged in on this connection"
}
