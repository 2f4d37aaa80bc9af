//! Commands and events in words for an operator.

use engine::command::CommandKind;
use engine::event::{EndReason, Event, EventView};
use engine::reject::Reject;
use engine::types::{OrderKey, Phase};

/// A kind of command, in Chinese and English.
pub(crate) fn command(kind: CommandKind) -> &'static str {
    match kind {
        CommandKind::DayOpen => "开始交易日 open the day",
        CommandKind::ParticipantDefine => "定义会员 define a participant",
        CommandKind::UserDefine => "定义席位 define a seat",
        CommandKind::AccountDefine => "定义客户 define an account",
        CommandKind::InstrumentDefine => "定义合约 define an instrument",
        CommandKind::PositionSet => "设置持仓 set a position",
        CommandKind::RightSet => "设置权限 set a right",
        CommandKind::PhaseSet => "变更阶段 change a phase",
        CommandKind::Uncross => "集合竞价撮合 match the auction",
        CommandKind::OrderInsert => "报单 order",
        CommandKind::OrderCancel => "撤单 cancel",
        CommandKind::MassCancel => "批量撤单 mass cancel",
        CommandKind::MarketDataTick => "发布行情 publish market data",
        CommandKind::Bulletin => "公告 bulletin",
        CommandKind::ReadinessReport => "会员就绪 readiness",
        CommandKind::PasswordUpdate => "改密 new secret",
        CommandKind::SeatBlock => "封停席位 block a seat",
        CommandKind::TakeoverBegin => "接管开始 takeover begins",
        CommandKind::TakeoverStep => "接管步骤 takeover step",
        CommandKind::EpochOpen => "新纪元 new epoch",
        CommandKind::BookRestate => "重报订单 restate the book",
        CommandKind::DayClose => "收市 close the day",
        CommandKind::ProductDefine => "定义品种 define a product",
        CommandKind::MarketMakerSet => "设置做市资格 set a market maker",
        CommandKind::ClientLimitSet => "设置客户限仓 set a client's limit",
        CommandKind::MemberLimitSet => "设置会员限仓 set a member's limit",
        CommandKind::CreditSet => "设置资金或信用额度 set funds or credit",
        CommandKind::FunctionSet => "开关业务功能 switch functions",
        CommandKind::ScheduleSet => "设置日程 set a step of the calendar",
        CommandKind::ExecWindowSet => "开关行权窗口 open or close the exercise window",
        CommandKind::QuoteInsert => "报价 quote",
        CommandKind::QuoteCancel => "撤销报价 cancel of a quote",
        CommandKind::EnquireQuote => "询价 enquiry",
        CommandKind::ExecOrderInsert => "行权或放弃指令 exercise instruction",
        CommandKind::ExecOrderCancel => "撤销行权指令 cancel of an exercise instruction",
    }
}

/// An event with the numbers that matter, or that there is none.
pub(crate) fn event(event: Option<&Event>) -> String {
    let Some(event) = event else { return "无 nothing".into() };
    match event.view() {
        None => "未知事件 an unknown event".into(),
        Some(EventView::Rejected(event)) => match Reject::from_code(event.code) {
            Some(code) => format!("拒绝 rejected {}: {} {}", event.code, code.chinese(), code.english()),
            None => format!("拒绝 rejected {}", event.code),
        },
        Some(EventView::Accepted(event)) => {
            let rests = if event.rests == 1 { "，进入订单簿 and rests" } else { "" };
            format!("接受 accepted{rests}, private number {}", event.private_number)
        }
        Some(EventView::Traded(event)) => format!(
            "成交 {} lots at {} ticks, buy {} leaves {}, sell {} leaves {}, private numbers {} and {}",
            event.volume,
            event.price,
            key(event.buy),
            event.buy_remaining,
            key(event.sell),
            event.sell_remaining,
            event.buy_number,
            event.sell_number
        ),
        Some(EventView::Rested(event)) => {
            format!("余量进入订单簿 {} rests with {} lots", key(event.order), event.remaining)
        }
        Some(EventView::Ended(event)) => format!(
            "结束 {} ended ({}), {} lots released, private number {}",
            key(event.order),
            reason(event.reason),
            event.released,
            event.private_number
        ),
        Some(EventView::PhaseChanged(event)) => format!(
            "阶段 instrument {} enters {}, broadcast number {}",
            event.instrument,
            phase(event.phase),
            event.broadcast_number
        ),
        Some(EventView::AuctionPriced(event)) => format!(
            "集合竞价 instrument {}: {} lots at {} ticks, surplus {}",
            event.instrument, event.volume, event.price, event.surplus
        ),
        Some(EventView::Applied(_)) => "生效 applied".into(),
        Some(EventView::MarketData(event)) => format!(
            "行情 instrument {}: last {}, volume {}, open interest {}, broadcast number {}",
            event.instrument, event.last, event.volume, event.open_interest, event.broadcast_number
        ),
        Some(EventView::Published(event)) => format!("公告 published as number {}", event.number),
        Some(EventView::Restated(event)) => format!(
            "重报 {} with {} lots left, private number {}",
            key(event.order),
            event.remaining,
            event.private_number
        ),
        Some(EventView::QuoteAccepted(event)) => {
            format!("报价接受 quote accepted, private number {}", event.private_number)
        }
        Some(EventView::QuoteEnded(event)) => format!(
            "报价结束 quote {} ended ({}), private number {}",
            key(event.quote),
            reason(event.reason),
            event.private_number
        ),
        Some(EventView::Enquired(event)) => format!("询价 enquiry told as broadcast number {}", event.broadcast_number),
        Some(EventView::ExecAccepted(event)) => {
            let (yesterday, number) = (event.yesterday, event.private_number);
            format!(
                "行权指令接受 instruction accepted, {yesterday} lots frozen of yesterday's, private number {number}"
            )
        }
        Some(EventView::ExecEnded(event)) => {
            format!("行权指令撤销 instruction {} ended, private number {}", key(event.order), event.private_number)
        }
        Some(EventView::Depth(event)) => {
            let side = if event.side == 0 { "bids" } else { "asks" };
            format!("五档 instrument {}: {} levels of {side}", event.instrument, event.count)
        }
        Some(EventView::Ticked(event)) => format!(
            "行情切片 told as broadcast numbers {}, {}, {}",
            event.match_number, event.trade_number, event.depth_number
        ),
        Some(EventView::MarketChanged(event)) => {
            format!("市场状态 the market is {}, broadcast number {}", phase(event.phase), event.broadcast_number)
        }
        Some(EventView::InstrumentChanged(event)) => format!(
            "合约权限 instrument {}: right '{}', broadcast number {}",
            event.instrument,
            char::from(event.right),
            event.broadcast_number
        ),
        Some(EventView::Snapshot(event)) => format!("行情快照 told as broadcast number {}", event.broadcast_number),
    }
}

/// A phase, in Chinese and English.
pub(crate) fn phase(code: u8) -> &'static str {
    match Phase::from_code(code) {
        Some(Phase::Continuous) => "连续交易 continuous",
        Some(Phase::AuctionOrdering) => "集合竞价申报 auction ordering",
        Some(Phase::ClosingAuction) => "收盘集合竞价申报 closing auction ordering",
        Some(Phase::Suspended) => "暂停 suspended",
        Some(Phase::NoTrading) => "非交易 not trading",
        Some(Phase::CancelOnly) => "只可撤单 cancel-only",
        Some(Phase::AuctionMatch) => "集合竞价撮合 auction matching",
        Some(Phase::Closed) => "收市 closed",
        None => "未知阶段 an unknown phase",
    }
}

fn key(order: OrderKey) -> String {
    format!("order {}.{}", order.sequence(), order.index())
}

fn reason(code: u8) -> &'static str {
    match EndReason::from_code(code) {
        Some(EndReason::AllTraded) => "全部成交 all traded",
        Some(EndReason::ImmediateRemainder) => "即时余量 immediate remainder",
        Some(EndReason::Cancelled) => "会员撤单 cancelled",
        Some(EndReason::MassCancelled) => "交易所撤单 cancelled by the exchange",
        Some(EndReason::DayEnd) => "收市 end of day",
        Some(EndReason::Replaced) => "被新报价取代 replaced",
        Some(EndReason::Disconnected) => "会员断线 disconnected",
        None => "未知 unknown",
    }
}
