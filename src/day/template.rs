//! A small folder of base data that loads: what an operator begins with.

use super::load::FILES;
use super::products::PRODUCTS;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The day that the template's data are of.
pub const DAY: u32 = 20_240_930;

/// Every file with what stands in it, in the order in which they are read.
fn files() -> Vec<(&'static str, String)> {
    let products = PRODUCTS.iter().fold(String::new(), |mut text, terms| {
        let _ = writeln!(text, "{},,,", terms.product);
        text
    });
    vec![
        (
            "participants.csv",
            "# 会员: type 1 trading, right full | close-only | forbidden; clearing: who clears it, itself if empty\n\
             participant,type,right,clearing\n0001,1,full,\n0002,1,full,0001\n"
                .to_owned(),
        ),
        (
            "users.csv",
            "# 席位: address 0.0.0.0 from anywhere; 0 requests no limit\n\
             user,participant,secret,address,right,ascending,requests_per_second,requests_in_flight,cancel_on_disconnect\n\
             0001T01,0001,change-me,0.0.0.0,full,false,0,0,false\n0002T01,0002,change-me,0.0.0.0,full,false,0,0,false\n"
                .to_owned(),
        ),
        (
            "accounts.csv",
            "# 交易编码: one client over all members is one client number\n\
             participant,client,type,right\n0001,00000001,1,full\n0002,00000001,1,full\n0002,00000002,1,full\n"
                .to_owned(),
        ),
        (
            "products.csv",
            format!(
                "# 品种: an empty field is what is built in; more columns: kind,group,limit_by_view,enquiry_interval,enquiry_spread,open_limit,\n\
                 # price_rule,tie_break,tick,multiplier,limit_rate,last_day_limit_rate,listing_day_limit_rate,margin_rate,maximum_volume,\n\
                 # maximum_market_volume,position_limit,instrument_open_limit,premium\n\
                 product,functions,quote_spread,quote_volume\n{}",
                products.replace("IO,,,", "IO,,40,10")
            ),
        ),
        (
            "contracts.csv",
            "# 合约表, as the exchange publishes it; instruments.csv may stand beside it or in its place\n\
             instrument,month,listing_price,listed,last_trading_day,limit_up_pct,limit_down_pct,limit_up,limit_down,position_limit\n\
             IF2412,2412,3486.6,20240422,20241220,0.1,0.1,4167.6,3410,5000\n\
             T2412,2412,104.05,20240311,20241213,0.02,0.02,107.725,103.505,4000\n\
             IO2412-C-3700,2412,200,20240422,20241220,,,570.2,0.2,5000\n\
             IO2412-P-3700,2412,190,20240422,20241220,,,560.2,0.2,5000\n"
                .to_owned(),
        ),
        (
            "settlement_prices.csv",
            "# 昨结算价, yuan (points); without it they follow from the sheet's own limits\n\
             instrument,settlement\nIF2412,3788.8\nT2412,105.615\nIO2412-C-3700,200\nIO2412-P-3700,190\n"
                .to_owned(),
        ),
        ("indices.csv", "# 指数收盘价 of the day before, for the limits of options\nproduct,close\nIO,3703.68\n".to_owned()),
        (
            "margins.csv",
            "# 保证金率 where it is not the product's\ninstrument,long,short\nIF2412,0.12,0.12\n".to_owned(),
        ),
        (
            "fees.csv",
            "# 手续费: fee trade | close-today | submission | delivery | exercise; basis rate | lot | message; valid_until may be empty\n\
             product,fee,basis,value,valid_until\nIF,trade,rate,0.000023,\nIF,close-today,rate,0.00023,\nIF,submission,message,1,\n\
             T,trade,lot,3,\nIO,trade,lot,15,\nIO,exercise,lot,2,\n"
                .to_owned(),
        ),
        (
            "trading_days.csv",
            "# 交易日\nday\n20240926\n20240927\n20240930\n20241008\n20241009\n".to_owned(),
        ),
        ("calendar.csv", calendar()),
        (
            "positions.csv",
            "# 持仓, lots; hedge 1 speculation 2 arbitrage 3 hedge 4 market maker\n\
             participant,client,instrument,hedge,long_yesterday,long_today,short_yesterday,short_today\n\
             0001,00000001,IF2412,1,3,0,0,0\n0002,00000002,IF2412,1,0,0,3,0\n"
                .to_owned(),
        ),
        ("rights.csv", "participant,client,instrument,right\n0002,00000002,T2412,close-only\n".to_owned()),
        ("market_makers.csv", "# 做市商\nparticipant,client,product\n0001,00000001,IO\n".to_owned()),
        (
            "client_limits.csv",
            "# 客户限仓 over all members; class general or hedge; of options: the first of its month\n\
             client,instrument,class,long,short\n00000001,IF2412,hedge,200,200\n"
                .to_owned(),
        ),
        ("member_limits.csv", "# 会员限仓\nparticipant,instrument,volume\n0002,IF2412,50000\n".to_owned()),
        (
            "credit.csv",
            "# funds of a clearing member 结算资金, credit of one that is cleared 信用限额; yuan. No row: not checked\n\
             participant,kind,amount\n0001,funds,500000000\n0002,credit,100000000\n"
                .to_owned(),
        ),
        (
            "funds.csv",
            "# 会员资金, yuan, for `backstop settle`: of clearing members. collateral,haircut,previous_collateral may be there too\n\
             participant,short,previous_reserve,previous_margin,deposited,withdrawn,minimum_reserve\n\
             0001,示例会员,500000000,409190.4,0,0,2000000\n"
                .to_owned(),
        ),
        (
            "waivers.csv",
            "# 减免: what is empty is everything; relief free | off | rate | lot, its value; beyond: lots of the day that pay first\n\
             product,fee,participant,client,from,until,beyond,relief,value\nT,close-today,,,,,,free,\nIO,submission,,,,,,free,\n"
                .to_owned(),
        ),
        (
            "closes.csv",
            "# What the exchange gives at the day's end: settlement or delivery of an instrument, close or exercise of an option product\n\
             kind,name,price\nclose,IO,3710.25\n"
                .to_owned(),
        ),
        (
            "bonds.csv",
            "# 可交割国债 (an example, not the exchange's list)\n\
             instrument,bond,factor,coupon,frequency,last_coupon,next_coupon\nT2412,240004,0.9503,0.0235,2,20240825,20250225\n"
                .to_owned(),
        ),
        (
            "codes.csv",
            "# 自营 the member's own; 自动对冲 nets long and short at the day's end\nparticipant,client,own,nets\n0001,00000001,true,false\n"
                .to_owned(),
        ),
        (
            "netting.csv",
            "# 自动对冲 asked for, row by row: at most so many lots of each side, all if empty\n\
             participant,client,instrument,hedge,lots\n0001,00000001,IF2412,1,\n"
                .to_owned(),
        ),
        (
            "declarations.csv",
            "# 交割申报 of bond futures in their delivery month: side deliver | take; bond: which one, of who delivers\n\
             participant,client,instrument,hedge,side,lots,bond\n"
                .to_owned(),
        ),
        (
            "transfers.csv",
            "# 移仓 at the settlement price; what is empty is everything, to_client the same one\n\
             participant,client,to_participant,to_client,instrument,hedge,side,lots\n"
                .to_owned(),
        ),
        (
            "delivering.csv",
            "# 交割中, as `backstop settle carry` writes it at the end of a day; bond is filled in when the seller has named it\n\
             instrument,product,multiplier,margin_long,margin_short,seller_participant,seller_client,seller_hedge,\
             buyer_participant,buyer_client,buyer_hedge,lots,price,bond,day,interest,invoice\n"
                .to_owned(),
        ),
    ]
}

/// CFFEX's day: call auction, two sessions; options close with an auction and take exercise instructions. Treasury futures close at 15:15.
/// (The closing auction's times, and the same opening auction for all products, are assumptions.)
fn calendar() -> String {
    let mut text =
        "# 交易节: action phase | last-day-phase (only contracts on their last trading day) | uncross | window-open | window-close | day-close; product * is every one\n\
                    product,time,action,phase\n"
            .to_owned();
    for terms in PRODUCTS {
        let close = if terms.kind == '1' { "15:15:00" } else { "15:00:00" };
        let mut steps = vec![
            ("09:25:00", "phase,auction-ordering"),
            ("09:29:00", "phase,auction-match"),
            ("09:29:00", "uncross,"),
            ("09:30:00", "phase,continuous"),
            ("11:30:00", "phase,no-trading"),
            ("13:00:00", "phase,continuous"),
        ];
        if terms.is_option {
            let windows = [("09:15:00", "09:25:00"), ("09:30:00", "11:30:00"), ("13:00:00", "15:00:00")];
            for (open, shut) in windows {
                steps.push((open, "window-open,"));
                steps.push((shut, "window-close,"));
            }
            steps.push(("14:57:00", "phase,closing-auction"));
            steps.push(("15:00:00", "phase,auction-match"));
            steps.push(("15:00:00", "uncross,"));
        }
        if terms.kind == '1' {
            // 最后交易日 trading ends with the morning (CFFEX, contract terms of TS, TF, T, TL).
            steps.push(("11:30:00", "last-day-phase,closed"));
        }
        steps.push((close, "phase,closed"));
        steps.sort_by_key(|(time, _)| *time);
        for (time, step) in steps {
            let _ = writeln!(text, "{},{time},{step}", terms.product);
        }
    }
    text.push_str("*,15:30:00,day-close,\n");
    text
}

/// Writes the template; how many files.
///
/// # Errors
/// The folder is there and has something in it, or the file system's.
pub fn write(folder: &Path) -> Result<usize, String> {
    let refuse = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(refuse)?;
    if fs::read_dir(folder).map_err(refuse)?.next().is_some() {
        return Err(format!("{}: expected a folder that is not there, or is empty", folder.display()));
    }
    let files = files();
    for (file, text) in &files {
        super::end::put(&folder.join(file), text.as_bytes())?;
    }
    super::end::put(&folder.join("settlement.toml"), SETTLEMENT.as_bytes())?;
    super::end::put(&folder.join("README"), readme().as_bytes())?;
    Ok(files.len() + 2)
}

/// Settings of the settlement, as they are without the file.
const SETTLEMENT: &str = "\
# 结算设置: as they are without this file
group = \"SG01\"
# matching = \"oldest-first\" | \"today-first\": without it as the engine froze lots
margin_rounding = \"half-up\" # half-even, down, up
fee_rounding = \"half-up\"
safety_factor = \"0.5\" # option sellers' minimum 最低保障系数
both_sides = [] # groups of products without 单向大边
combination = \"0\" # 组合保证金优惠
collateral_multiple = \"4\" # 配比乘数
tiers_by_hedge_flag = false
option_price = \"closing-auction\" # then the last hour; or \"last-hour\"
untraded_option = \"previous\" # named to be looked at; or \"refuse\" until closes.csv gives a price 理论价
";

fn readme() -> String {
    format!(
        "Base data of one trading day, for `backstop day load` and for a site's base_data 日初数据.\n\
         \n\
         Files: {}.\n\
         participants.csv, users.csv, accounts.csv and instruments.csv or contracts.csv must be there; the rest may be left out.\n\
         The first row names the columns, in any order; lines that begin with # are comments. Every fault is told with file, row and column.\n\
         \n\
         Check it:            backstop day load . --day {DAY}\n\
         The opening frames:  backstop day load . --day {DAY} --out opening.log\n\
         \n\
         The exchange's own contract sheet goes in as contracts.csv. Its price limits must follow by rule from settlement_prices.csv; without\n\
         that file, from a settlement price that gives both. Prices are yuan (points). users.csv holds secrets: keep it yours.\n\
         \n\
         At the day's end:    backstop settle run --journal the-days-journal --base . --out settled\n\
         It reads funds.csv, waivers.csv, closes.csv, bonds.csv, codes.csv, netting.csv, declarations.csv, transfers.csv, delivering.csv\n\
         and settlement.toml too 结算. The next day's folder:  backstop settle carry --journal the-days-journal --base . --out settled --to next\n",
        FILES.join(", ")
    )
}
