//! What a day came to: rows, funds, deliveries, and the trades that made them.

use super::Take;
use super::line::{Fields, Line};
use crate::StoreError;
use settlement::batch::SettledRow;
use settlement::delivery::{BondIndex, Delivery, DeliveryDay};
use settlement::market::{AccountIndex, InstrumentIndex};
use settlement::result::{DayResult, TradeLine};
use settlement::row::{AtEnd, Effect, Leg, Row, RowFigures, RowKey, Side};
use settlement::rules::closing::Close;
use settlement::rules::market::OneSided;
use settlement::rules::profit::DayOf;

pub(super) fn delivering(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    each_delivery("delivering", &result.market.delivering, take)
}

pub(super) fn delivering_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.market.delivering.len())?;
    result.market.delivering.push(delivery(fields)?);
    Ok(())
}

pub(super) fn deliveries(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    each_delivery("deliveries", &result.settled.deliveries, take)
}

pub(super) fn delivery_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.settled.deliveries.len())?;
    result.settled.deliveries.push(delivery(fields)?);
    Ok(())
}

/// A bond that is not named yet is -1.
fn each_delivery(table: &'static str, all: &[Delivery], take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, delivery) in all.iter().enumerate() {
        let Delivery { instrument, seller, buyer, lots, price, bond, day, interest, invoice } = delivery;
        if seller.instrument != *instrument || buyer.instrument != *instrument {
            return Err(StoreError::Refused { table, what: "instrument" });
        }
        let mut line = Line::of(table);
        line.int("place", place)?;
        line.small(instrument.0);
        line.small(seller.account.0);
        line.bytes("seller_hedge", std::slice::from_ref(&seller.hedge))?;
        line.small(buyer.account.0);
        line.bytes("buyer_hedge", std::slice::from_ref(&buyer.hedge))?;
        line.small(*lots);
        line.small(price.0);
        line.small(bond.map_or(-1, |bond| i64::from(bond.0)));
        let how_far = match day {
            DeliveryDay::Entered => "entered",
            DeliveryDay::Bonds => "bonds",
            DeliveryDay::Payment => "payment",
            DeliveryDay::Receipt => "receipt",
        };
        line.text("how_far", how_far)?;
        line.small(*interest);
        line.money(&[*invoice]);
        take(&line.values)?;
    }
    Ok(())
}

fn delivery(fields: &mut Fields<'_>) -> Result<Delivery, StoreError> {
    let instrument = InstrumentIndex(fields.int("instrument")?);
    let mut key = || {
        let account = AccountIndex(fields.int("account")?);
        Ok(RowKey { account, instrument, hedge: fields.hedge()? })
    };
    let (seller, buyer) = (key()?, key()?);
    let (lots, price) = (fields.int("lots")?, fields.price("price")?);
    let bond = match fields.int::<i32>("bond")? {
        -1 => None,
        bond => Some(BondIndex(u16::try_from(bond).map_err(|_| fields.damaged("bond"))?)),
    };
    let day = match fields.text("how_far")? {
        "entered" => DeliveryDay::Entered,
        "bonds" => DeliveryDay::Bonds,
        "payment" => DeliveryDay::Payment,
        "receipt" => DeliveryDay::Receipt,
        _ => return Err(fields.damaged("how_far")),
    };
    let (interest, invoice) = (fields.int("interest")?, fields.money("invoice")?);
    Ok(Delivery { instrument, seller, buyer, lots, price, bond, day, interest, invoice })
}

pub(super) fn one_sided(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, (instrument, which)) in result.settled.one_sided.iter().enumerate() {
        let mut line = Line::of("one_sided");
        line.int("place", place)?;
        line.small(instrument.0);
        line.text("side", if *which == OneSided::Up { "up" } else { "down" })?;
        take(&line.values)?;
    }
    Ok(())
}

pub(super) fn one_sided_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.settled.one_sided.len())?;
    let instrument = InstrumentIndex(fields.int("instrument")?);
    let which = match fields.text("side")? {
        "up" => OneSided::Up,
        "down" => OneSided::Down,
        _ => return Err(fields.damaged("side")),
    };
    result.settled.one_sided.push((instrument, which));
    Ok(())
}

pub(super) fn rows(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for SettledRow { key, row, at_end, figures } in &result.settled.rows {
        let mut line = Line::of("rows");
        line.small(key.account.0);
        line.small(key.instrument.0);
        line.bytes("hedge", std::slice::from_ref(&key.hedge))?;
        for lots in [row.long.yesterday, row.long.today, row.short.yesterday, row.short.today] {
            line.small(lots);
        }
        line.int("previous_long", row.day.previous_long)?;
        line.int("previous_short", row.day.previous_short)?;
        line.int("bought_lots", row.day.bought.lots)?;
        line.int("bought_amount", row.day.bought.amount)?;
        line.int("sold_lots", row.day.sold.lots)?;
        line.int("sold_amount", row.day.sold.amount)?;
        line.int("premium_so_far", row.premium.0)?;
        line.int("bought_to_open", row.bought_to_open)?;
        line.int("sold_to_open", row.sold_to_open)?;
        line.int("trade_fees", row.trade_fees.0)?;
        line.int("waived", row.waived.0)?;
        line.int("closed_today", row.closed_today)?;
        line.money(&[figures.profit, figures.premium, figures.margin_long, figures.margin_short]);
        line.fees(&figures.fees);
        for lots in [figures.long, figures.short, figures.delivered] {
            line.small(lots);
        }
        line.small(at_end.is_end);
        line.small(at_end.netted);
        line.small(at_end.moved_long);
        line.small(at_end.moved_short);
        line.small(at_end.moved);
        line.small(at_end.exercised);
        line.small(at_end.assigned);
        take(&line.values)?;
    }
    Ok(())
}

pub(super) fn row_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    let key = fields.key()?;
    let (long, short) = (fields.held("long")?, fields.held("short")?);
    let day = DayOf {
        previous_long: fields.int("previous_long")?,
        previous_short: fields.int("previous_short")?,
        bought: fields.traded("bought")?,
        sold: fields.traded("sold")?,
    };
    let row = Row {
        long,
        short,
        day,
        premium: fields.total("premium_so_far")?,
        bought_to_open: fields.int("bought_to_open")?,
        sold_to_open: fields.int("sold_to_open")?,
        trade_fees: fields.total("trade_fees")?,
        waived: fields.total("waived")?,
        closed_today: fields.int("closed_today")?,
    };
    let figures = RowFigures {
        profit: fields.money("profit")?,
        premium: fields.money("premium")?,
        margin_long: fields.money("margin_long")?,
        margin_short: fields.money("margin_short")?,
        fees: fields.fees()?,
        long: fields.int("long")?,
        short: fields.int("short")?,
        delivered: fields.int("delivered")?,
    };
    let at_end = AtEnd {
        is_end: fields.flag("is_end")?,
        netted: fields.int("netted")?,
        moved_long: fields.int("moved_long")?,
        moved_short: fields.int("moved_short")?,
        moved: fields.int("moved")?,
        exercised: fields.int("exercised")?,
        assigned: fields.int("assigned")?,
    };
    result.settled.rows.push(SettledRow { key, row, at_end, figures });
    Ok(())
}

pub(super) fn funds(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (member, funds) in result.settled.funds.iter().enumerate() {
        let Some(funds) = funds else { continue };
        let mut line = Line::of("funds");
        line.int("member", member)?;
        line.figures(&funds.figures);
        line.money(&[funds.reserve, funds.balance, funds.collateral, funds.call, funds.withdrawable]);
        take(&line.values)?;
    }
    Ok(())
}

pub(super) fn funds_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    let member: usize = fields.int("member")?;
    let funds = fields.funds()?;
    *result.settled.funds.get_mut(member).ok_or(fields.damaged("member"))? = Some(funds);
    Ok(())
}

pub(super) fn trades(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (number, TradeLine { trade_id, order_sys_id, user, time, leg }) in result.trades.iter().enumerate() {
        let mut line = Line::of("trades");
        line.int("number", number)?;
        line.bytes("trade_id", trade_id.trim_ascii_end())?;
        line.bytes("order_sys_id", order_sys_id.trim_ascii_end())?;
        line.small(*user);
        line.int("time", *time)?;
        line.small(leg.row.account.0);
        line.small(leg.row.instrument.0);
        line.bytes("hedge", std::slice::from_ref(&leg.row.hedge))?;
        line.text("side", if leg.side == Side::Buy { "buy" } else { "sell" })?;
        let effect = match leg.effect {
            Effect::Open => "open",
            Effect::Close(Close::Any) => "close",
            Effect::Close(Close::Today) => "close-today",
            Effect::Close(Close::Yesterday) => "close-yesterday",
        };
        line.text("effect", effect)?;
        line.small(leg.price.0);
        line.small(leg.lots);
        take(&line.values)?;
    }
    Ok(())
}

pub(super) fn trade_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.trades.len())?;
    let (trade_id, order_sys_id) = (fields.padded("trade_id")?, fields.padded("order_sys_id")?);
    let (user, time, row) = (fields.int("user_place")?, fields.int("time")?, fields.key()?);
    let side = match fields.text("side")? {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return Err(fields.damaged("side")),
    };
    let effect = match fields.text("effect")? {
        "open" => Effect::Open,
        "close" => Effect::Close(Close::Any),
        "close-today" => Effect::Close(Close::Today),
        "close-yesterday" => Effect::Close(Close::Yesterday),
        _ => return Err(fields.damaged("effect")),
    };
    let leg = Leg { row, side, effect, price: fields.price("price")?, lots: fields.int("lots")? };
    result.trades.push(TradeLine { trade_id, order_sys_id, user, time, leg });
    Ok(())
}
