//! Why a command is refused, and what members read. Numbers and texts are agreed between all cores that serve our members.

macro_rules! rejects {
    ($($code:literal $name:ident $chinese:literal $english:literal)*) => {
        /// A refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Reject { $(#[doc = $english] $name = $code,)* }

        impl Reject {
            /// Every refusal.
            pub const ALL: &[Reject] = &[$(Reject::$name,)*];

            /// What members read: Chinese, a blank, English.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Reject::$name => concat!($chinese, " ", $english),)* }
            }
        }
    };
}

rejects! {
    1 LocalIdMissing "委托编号为空" "local id is missing"
    2 LocalIdRepeated "委托编号重复" "local id was used before"
    3 LocalIdNotAscending "委托编号未递增" "local id is not greater than the last"
    4 LocalIdsExhausted "委托编号表已满" "no room for more local ids today"
    5 OrderUnsupported "不支持的报单组合" "combination of order conditions is not offered"
    6 ClientUnknown "客户不存在" "client is unknown at this participant"
    7 InstrumentUnknown "合约不存在" "instrument is unknown"
    8 RightForbidden "无交易权限" "no right to trade"
    9 RightCloseOnly "只可平仓" "right to close only"
    10 PhaseForbidsInsert "当前阶段不可报单" "phase takes no orders"
    11 PhaseForbidsImmediate "当前阶段不可报即时单" "phase takes no FOK or FAK"
    12 PriceOffTick "价格不是最小变动价位的整数倍" "price is not on a tick"
    13 PriceBelowLimit "价格低于跌停板" "price is below the lower limit"
    14 PriceAboveLimit "价格高于涨停板" "price is above the upper limit"
    15 VolumeBelowMinimum "数量小于最小下单量" "volume is below the minimum"
    16 VolumeAboveMaximum "数量大于最大下单量" "volume is above the maximum"
    17 PositionInsufficient "可平仓位不足" "not enough position to close"
    18 TodayPositionInsufficient "可平今仓不足" "not enough of today's position to close"
    19 YesterdayPositionInsufficient "可平昨仓不足" "not enough of yesterday's position to close"
    20 PositionLimitExceeded "超过持仓限额" "position limit would be exceeded"
    21 PositionRowsExhausted "持仓表已满" "no room for more positions"
    22 OrdersExhausted "报单表已满" "no room for more working orders"
    23 ActionUnsupported "不支持的报单操作" "order action is not offered"
    24 OrderNotFound "报单不存在或已结束" "order is unknown or has ended"
    25 OrderNotYours "不是本会员的报单" "order is another participant's"
    26 PhaseForbidsCancel "当前阶段不可撤单" "phase takes no cancels"
    27 FunctionOff "该功能已关闭" "this function is switched off"
    28 StopOrderNotOffered "不提供止损报单" "stop orders are not offered"
    29 OpenLimitExceeded "超过日内开仓限额" "the day's limit of opened lots would be exceeded"
    30 NotMarketMaker "无做市资格" "only a market maker may quote here"
    31 QuoteCrossed "报价买价不低于卖价" "the quote's bid is not below its ask"
    32 QuoteNotFound "报价不存在或已结束" "quote is unknown or has ended"
    33 EnquiryTooSoon "询价间隔不足" "too soon after the last enquiry"
    34 SpreadNarrowEnough "当前价差已足够小" "the spread is narrow already"
    35 MemberLimitExceeded "超过会员持仓限额" "the member's position limit would be exceeded"
    36 CreditExceeded "超过信用限额" "the credit limit would be exceeded"
    37 FundsInsufficient "结算会员资金不足" "the clearing member's funds do not suffice"
    38 NotExercisable "该合约当日不可行权" "instrument cannot be exercised today"
    39 ExerciseWindowClosed "不在行权申报时间" "outside of the time for exercise instructions"
    40 DayNotOpen "交易日未开始" "the day is not open"
    41 DayAlreadyOpen "交易日已开始" "the day is open already"
    42 DefinitionInvalid "定义无效" "definition is invalid"
    43 IndexUnknown "编号不存在" "index is unknown"
    44 BookCrossed "订单簿交叉" "book is crossed: uncross first"
    45 InstrumentClosed "合约已收市" "instrument is closed"
    46 NotInAuctionMatch "不在集合竞价撮合阶段" "instrument is not in auction matching"
    47 EpochNotHigher "纪元未升高" "epoch is not higher than the present one"
    60 DecideFault "内部错误" "internal fault; the command changed nothing"
    61 EnquiriesExhausted "询价表已满" "no room for more enquiries today"
    62 ExecOrdersExhausted "执行宣告表已满" "no room for more exercise instructions"
}

impl Reject {
    /// Whether an order, quote, enquiry or instruction refused for this uses up its local id (RULES.md, Local-id marks).
    #[must_use]
    pub fn marks_local_id(self) -> bool {
        !matches!(self, Reject::LocalIdMissing | Reject::LocalIdRepeated | Reject::LocalIdsExhausted)
            && !(40..=60).contains(&(self as u16))
    }
}
