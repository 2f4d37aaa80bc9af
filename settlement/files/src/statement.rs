//! Statements 结算单: a page a member, HTML that is read and printed: what it owes first, then funds, figures of its own and of its clients, instruments,
//! bonds under way, and which run this is. Chinese and English; nothing but the page itself is needed to show it: no scripts, no other resources.
//! All four decimals of money stand there, the last two small. UTF-8.

use crate::day::Day;
use crate::error::{FileError, Why};
use settlement::account::{Figures, Funds};
use settlement::delivery::DeliveryDay;
use settlement::market::{InstrumentIndex, Member, MemberIndex};
use settlement::result::Stage;
use settlement::{Money, Overflow, Price};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const STYLE: &str = "\
@page{size:A4;margin:14mm}\
*{box-sizing:border-box}\
body{font:13px/1.45 'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei','WenQuanYi Zen Hei',sans-serif;color:#1a1a1a;background:#fff;max-width:210mm;margin:0 auto;padding:8mm}\
header{display:flex;justify-content:space-between;align-items:flex-end;border-bottom:2px solid #1a1a1a;padding-bottom:8px}\
h1{font-size:22px;margin:0}h1 small{font-size:14px;font-weight:400;color:#555;margin-left:8px}\
h2{font-size:14px;margin:18px 0 4px}h2 small{font-weight:400;color:#555;margin-left:6px}\
.who{font-size:15px;margin-top:4px}\
.stage{border:1.5px solid;padding:3px 10px;font-weight:700;text-align:center}.check{color:#9a4b00}.official{color:#0b5d2a}\
.stage small{display:block;font-weight:400}\
dl{display:grid;grid-template-columns:repeat(4,auto 1fr);gap:2px 10px;margin:8px 0;color:#555}dt,dd{white-space:nowrap}dd{margin:0;color:#1a1a1a}\
.call{margin:12px 0;padding:8px 12px;border-left:6px solid}.due{border-color:#a40000;background:#fdf0f0}.none{border-color:#0b5d2a;background:#f1f7f3}\
.call b{font-size:18px;font-variant-numeric:tabular-nums}\
table{width:100%;border-collapse:collapse}\
th,td{padding:2px 6px;border-bottom:1px solid #ddd;text-align:left;vertical-align:bottom}\
th{font-weight:600;border-bottom:1px solid #1a1a1a}th small{display:block;font-weight:400;color:#555}\
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\
td small{color:#666}td i{font-style:normal;font-size:75%;color:#777}\
tr.sum td{font-weight:700;border-top:1.5px solid #1a1a1a}\
.wide{font-size:10.5px}.wide th,.wide td{padding:2px 3px}\
thead{display:table-header-group}tr{break-inside:avoid}\
footer{margin-top:14px;border-top:1px solid #999;padding-top:6px;color:#555;font-size:11px}\
@media print{body{padding:0;max-width:none}}";

/// What a member had and traded in an instrument.
#[derive(Clone, Copy, Default)]
struct Line {
    bought: u64,
    sold: u64,
    long: u64,
    short: u64,
    bought_for: Money,
    sold_for: Money,
    margin: Money,
    profit: Money,
    fees: Money,
}

/// A member's statement, and how many instruments it lists. `file` is what errors name.
pub(crate) fn page(day: &Day<'_>, member: MemberIndex, file: &Path) -> Result<(String, u64), FileError> {
    fill(day, member).map_err(|_: Overflow| FileError::of(file, Why::Overflow))
}

fn fill(day: &Day<'_>, member: MemberIndex) -> Result<(String, u64), Overflow> {
    let result = day.result;
    let place = usize::from(member.0);
    let (head, name, given) = (&result.head, &result.names.members[place], &result.market.members[place]);
    let (id, short) = (escaped(&name.id), escaped(&name.short));
    let date = format!("{:04}-{:02}-{:02}", head.day / 10_000, head.day / 100 % 100, head.day % 100);
    let (class, zh, en) = match head.stage {
        Stage::Check => ("check", "请核对", "Please check and verify"),
        Stage::Official => ("official", "正式发布", "Official release"),
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{id} 结算单 Statement {date}</title><style>{STYLE}</style></head>\n<body>\n\
         <header><div><h1>结算单<small>Settlement statement</small></h1><div class=\"who\">{id} {short}</div></div>\
         <div class=\"stage {class}\">{zh}<small>{en}</small></div></header>\n\
         <dl><dt>交易日 Trading day</dt><dd>{date}</dd><dt>结算组 Group</dt><dd>{}</dd><dt>结算编号 Settlement id</dt><dd>{}</dd>\
         <dt>币种 Currency</dt><dd>CNY</dd></dl>\n",
        escaped(&head.group),
        head.settlement_id
    );
    match &result.settled.funds[place] {
        Some(funds) => of_funds(&mut out, given, funds)?,
        None => {
            let clearing = escaped(result.member(given.clearing));
            row_of_call(
                &mut out,
                "none",
                &format!("由 {clearing} 结算 Cleared by {clearing}: 资金见其结算单 funds stand in its statement"),
            );
        }
    }
    let figures = &result.settled.members[place];
    of_figures(&mut out, &figures.own, &figures.brokerage)?;
    let instruments = of_instruments(&mut out, day, member)?;
    of_bonds(&mut out, day, member);
    let _ = write!(
        out,
        "<footer>合约保证金为单向大边之前 Margin by instrument is before the larger side is taken; 资金与汇总为之后 funds and figures are after it. \
         日志 Log: epoch {}, sequence {}, digest {:016x}.</footer>\n</body>\n</html>\n",
        head.epoch, head.last_sequence, head.state_digest
    );
    Ok((out, instruments))
}

fn row_of_call(out: &mut String, class: &str, text: &str) {
    let _ = writeln!(out, "<div class=\"call {class}\">{text}</div>");
}

fn of_funds(out: &mut String, given: &Member, funds: &Funds) -> Result<(), Overflow> {
    if funds.call > Money::ZERO {
        let text = format!(
            "追加保证金 Margin call: <b>{}</b> 元 yuan<br>须在下一交易日开市前存入，否则不得开仓 Due before the next trading day opens; \
             until then no position can be opened.",
            grouped(funds.call.0)
        );
        row_of_call(out, "due", &text);
    } else {
        row_of_call(out, "none", "无追加保证金 No margin call.");
    }
    let previous = given.previous_reserve.plus(given.previous_margin)?.minus(given.previous_collateral)?;
    let of = &funds.figures;
    out.push_str("<h2>资金<small>Funds</small></h2>\n<table><tbody>\n");
    let lines = [
        ("", "上一交易日实有货币资金余额", "Balance of the day before", previous),
        ("+", "当日收入资金", "Paid in", given.deposited),
        ("−", "当日付出资金", "Paid out", given.withdrawn),
        ("+", "当日盈亏", "Profit and loss", of.profit),
        ("+", "权利金收支", "Premium received less paid", of.premium),
        ("+", "交割货款", "Payments for bonds", of.delivery),
        ("−", "手续费", "Fees", of.fees.total()?),
        ("=", "当日实有货币资金余额", "Balance", funds.balance),
        ("+", "有价证券充抵金额", "Collateral that counts", funds.collateral),
        ("−", "交易保证金", "Trading margin", of.margin),
        ("=", "当日结算准备金余额", "Settlement reserve", funds.reserve),
        ("", "最低结算准备金", "Minimum reserve", given.minimum_reserve),
        ("", "可出金额", "May be paid out", funds.withdrawable),
    ];
    for (sign, zh, en, money) in lines {
        let class = if sign == "=" { " class=\"sum\"" } else { "" };
        let _ = writeln!(
            out,
            "<tr{class}><td>{sign}</td><td>{zh} <small>{en}</small></td><td class=\"n\">{}</td></tr>",
            yuan(money)
        );
    }
    out.push_str("</tbody></table>\n");
    Ok(())
}

fn of_figures(out: &mut String, own: &Figures, clients: &Figures) -> Result<(), Overflow> {
    out.push_str(
        "<h2>汇总与手续费<small>Figures and fees</small></h2>\n<table><thead><tr><th></th><th class=\"n\">自营<small>Own</small></th>\
         <th class=\"n\">经纪<small>Clients</small></th><th class=\"n\">合计<small>Total</small></th></tr></thead><tbody>\n",
    );
    let lines = [
        ("当日盈亏", "Profit and loss", own.profit, clients.profit),
        ("权利金收支", "Premium", own.premium, clients.premium),
        ("交易保证金", "Margin", own.margin, clients.margin),
        ("交易手续费", "Fees of trades", own.fees.transaction, clients.fees.transaction),
        ("申报费", "Fees of submissions", own.fees.submission, clients.fees.submission),
        ("结算手续费", "Fees of settlement", own.fees.settlement, clients.fees.settlement),
        ("交割(行权)手续费", "Fees of delivery, exercise", own.fees.delivery, clients.fees.delivery),
        ("移仓手续费", "Fees of transfers", own.fees.transfer, clients.fees.transfer),
        ("手续费合计", "Fees", own.fees.total()?, clients.fees.total()?),
    ];
    for (zh, en, own, clients) in lines {
        let class = if zh.ends_with("合计") { " class=\"sum\"" } else { "" };
        let _ = writeln!(
            out,
            "<tr{class}><td>{zh} <small>{en}</small></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            yuan(own),
            yuan(clients),
            yuan(own.plus(clients)?)
        );
    }
    out.push_str("</tbody></table>\n");
    Ok(())
}

fn of_instruments(out: &mut String, day: &Day<'_>, member: MemberIndex) -> Result<u64, Overflow> {
    let mut lines: BTreeMap<InstrumentIndex, Line> = BTreeMap::new();
    let mut sum = Line::default();
    for row in day.codes(member).flat_map(|code| code.rows) {
        let (bought_for, sold_for) = day.result.turnover(row)?;
        let figures = &row.figures;
        let line = Line {
            bought: row.row.day.bought.lots,
            sold: row.row.day.sold.lots,
            long: figures.long.into(),
            short: figures.short.into(),
            bought_for,
            sold_for,
            margin: figures.margin_long.plus(figures.margin_short)?,
            profit: figures.profit,
            fees: figures.fees.total()?,
        };
        lines.entry(row.key.instrument).or_default().add(&line)?;
        sum.add(&line)?;
    }
    out.push_str(
        "<h2>成交与持仓<small>Trades and positions by instrument</small></h2>\n<table class=\"wide\"><thead><tr><th>合约<small>Instrument</small></th>\
         <th class=\"n\">结算价<small>Settlement</small></th><th class=\"n\">买量<small>Bought</small></th><th class=\"n\">买成交额<small>for</small></th>\
         <th class=\"n\">卖量<small>Sold</small></th><th class=\"n\">卖成交额<small>for</small></th><th class=\"n\">买持<small>Long</small></th>\
         <th class=\"n\">卖持<small>Short</small></th><th class=\"n\">保证金<small>Margin</small></th><th class=\"n\">盈亏<small>Profit</small></th>\
         <th class=\"n\">手续费<small>Fees</small></th></tr></thead><tbody>\n",
    );
    for (index, line) in &lines {
        let terms = &day.result.market.instruments[usize::from(index.0)];
        line.show(out, "", &escaped(day.instrument(*index)), Some(terms.settlement));
    }
    sum.show(out, " class=\"sum\"", "合计 Total", None);
    out.push_str("</tbody></table>\n");
    Ok(lines.len() as u64)
}

impl Line {
    fn add(&mut self, other: &Line) -> Result<(), Overflow> {
        self.bought += other.bought;
        self.sold += other.sold;
        self.long += other.long;
        self.short += other.short;
        self.bought_for = self.bought_for.plus(other.bought_for)?;
        self.sold_for = self.sold_for.plus(other.sold_for)?;
        self.margin = self.margin.plus(other.margin)?;
        self.profit = self.profit.plus(other.profit)?;
        self.fees = self.fees.plus(other.fees)?;
        Ok(())
    }

    fn show(&self, out: &mut String, class: &str, name: &str, settlement: Option<Price>) {
        let price = settlement.map(|price| parts(price.0)).unwrap_or_default();
        let _ = write!(out, "<tr{class}><td>{name}</td><td class=\"n\">{price}</td>");
        let cells = [
            self.bought.to_string(),
            yuan(self.bought_for),
            self.sold.to_string(),
            yuan(self.sold_for),
            self.long.to_string(),
            self.short.to_string(),
            yuan(self.margin),
            yuan(self.profit),
            yuan(self.fees),
        ];
        for cell in cells {
            let _ = write!(out, "<td class=\"n\">{cell}</td>");
        }
        out.push_str("</tr>\n");
    }
}

fn of_bonds(out: &mut String, day: &Day<'_>, member: MemberIndex) {
    let result = day.result;
    let is_his = |account| result.member_of(account) == member;
    let his = result.settled.deliveries.iter().filter(|line| is_his(line.seller.account) || is_his(line.buyer.account));
    let mut is_first = true;
    for line in his {
        if std::mem::take(&mut is_first) {
            out.push_str(
                "<h2>国债交割<small>Deliveries of bonds</small></h2>\n<table><thead><tr><th>合约<small>Instrument</small></th><th>卖方<small>Seller</small></th>\
                 <th>买方<small>Buyer</small></th><th>国债<small>Bond</small></th><th>阶段<small>Stage</small></th><th class=\"n\">手数<small>Lots</small></th>\
                 <th class=\"n\">货款<small>Invoice</small></th></tr></thead><tbody>\n",
            );
        }
        // Whose the other side is, is not told: a member sees its own codes.
        let of = |account| if is_his(account) { escaped(result.client(account)) } else { "–".to_owned() };
        let bond = line.bond.and_then(|bond| result.names.bonds.get(usize::from(bond.0)));
        let stage = match line.day {
            DeliveryDay::Entered => "进入交割 entered",
            DeliveryDay::Bonds => "交券 bonds",
            DeliveryDay::Payment => "缴款 payment",
            DeliveryDay::Receipt => "收券 receipt",
        };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{stage}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            escaped(day.instrument(line.instrument)),
            of(line.seller.account),
            of(line.buyer.account),
            bond.map_or_else(|| "–".to_owned(), |name| escaped(name)),
            line.lots,
            yuan(line.invoice)
        );
    }
    if !is_first {
        out.push_str("</tbody></table>\n");
    }
}

/// Money for a cell: thousands apart, the last two decimals small.
fn yuan(money: Money) -> String {
    parts(money.0)
}

fn parts(parts: i64) -> String {
    let text = grouped(parts);
    let (head, tail) = text.split_at(text.len() - 2);
    format!("{head}<i>{tail}</i>")
}

fn grouped(parts: i64) -> String {
    let (size, sign) = (parts.unsigned_abs(), if parts < 0 { "−" } else { "" });
    let whole = (size / 10_000).to_string();
    let mut text = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let _ = write!(text, ".{:04}", size % 10_000);
    text
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}
