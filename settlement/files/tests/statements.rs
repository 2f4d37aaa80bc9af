//! Statements: what a person reads there is what the result has; nothing is fetched from elsewhere; names cannot break out of the page.

mod common;

use common::{settled_day, yuan};
use settlement::Money;
use settlement::market::MemberIndex;
use settlement::result::{DayResult, Stage};
use settlement_files::{FileKind, write};
use std::collections::BTreeSet;

fn pages(result: &DayResult) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let written = write(result, folder.path(), &[FileKind::Statements], &|_, _| {}).expect("it fits");
    assert_eq!(written.len(), result.names.members.len());
    let path = |id: &str| folder.path().join(format!("members/{id}/{id}_SG01_20240603_1_Statement.html"));
    result.names.members.iter().map(|name| std::fs::read_to_string(path(&name.id)).expect("the page")).collect()
}

/// The texts of a page's table cells, by row; numbers as they are written elsewhere.
fn rows(page: &str) -> Vec<Vec<String>> {
    let plain = |cell: &str| {
        let mut text = String::new();
        let mut in_tag = false;
        for letter in cell.chars() {
            match letter {
                '<' => in_tag = true,
                '>' => in_tag = false,
                letter if !in_tag => text.push(letter),
                _ => {}
            }
        }
        text.replace(',', "").replace('−', "-").trim().to_owned()
    };
    let rows = page.split("<tr").skip(1).map(|row| row.split("</tr>").next().unwrap_or_default());
    rows.map(|row| {
        row.split("<td")
            .skip(1)
            .map(|cell| plain(&format!("<td{}", cell.split("</td>").next().unwrap_or_default())))
            .collect()
    })
    .collect()
}

#[test]
fn what_a_person_reads_is_what_the_result_has() {
    let (mut called, mut bonds) = (0, 0);
    for seed in 0..8 {
        let mut result = settled_day(seed, 300);
        result.head.stage = if seed % 2 == 0 { Stage::Check } else { Stage::Official };
        for (place, page) in pages(&result).iter().enumerate() {
            let member = MemberIndex(place as u16);
            let name = &result.names.members[place];
            assert!(page.contains(&format!("{} {}", name.id, name.short)) && page.contains("2024-06-03"));
            assert_eq!(page.contains("请核对<small>Please check and verify"), seed % 2 == 0);
            assert_eq!(page.contains("正式发布<small>Official release"), seed % 2 == 1);
            let rows = rows(page);
            let line = |text: &str| {
                let found = rows.iter().find(|row| row.iter().any(|cell| cell.starts_with(text)));
                found.unwrap_or_else(|| panic!("no {text}")).clone()
            };
            let money = |money: Money| yuan(money.0.into());
            if let Some(funds) = &result.settled.funds[place] {
                let of = &funds.figures;
                let given = &result.market.members[place];
                for (text, had) in [
                    ("当日收入资金", given.deposited),
                    ("当日付出资金", given.withdrawn),
                    ("当日盈亏", of.profit),
                    ("权利金收支", of.premium),
                    ("交割货款", of.delivery),
                    ("手续费 Fees", of.fees.total().expect("it fits")),
                    ("当日实有货币资金余额", funds.balance),
                    ("有价证券充抵金额", funds.collateral),
                    ("交易保证金", of.margin),
                    ("当日结算准备金余额", funds.reserve),
                    ("最低结算准备金", given.minimum_reserve),
                    ("可出金额", funds.withdrawable),
                ] {
                    assert_eq!(line(text).last(), Some(&money(had)), "{} {text}", name.id);
                }
                let said = page.contains("class=\"call due\"");
                assert_eq!(said, funds.call.0 > 0);
                assert!(!said || page.replace(',', "").contains(&format!("<b>{}</b>", money(funds.call))));
                called += usize::from(said);
            } else {
                assert!(page.contains("Cleared by"));
            }
            let figures = &result.settled.members[place];
            let own_and_clients =
                [figures.own, figures.brokerage].map(|figures| money(figures.fees.total().expect("it fits")));
            assert_eq!(line("手续费合计")[1..3], own_and_clients);
            let his: Vec<_> =
                result.settled.rows.iter().filter(|row| result.member_of(row.key.account) == member).collect();
            for instrument in his.iter().map(|row| row.key.instrument).collect::<BTreeSet<_>>() {
                let rows = || his.iter().filter(|row| row.key.instrument == instrument);
                let multiplier = i128::from(result.market.instruments[usize::from(instrument.0)].multiplier);
                let sum = |of: &dyn Fn(&settlement::batch::SettledRow) -> i128| rows().map(|row| of(row)).sum::<i128>();
                let had = [
                    money(Money(result.market.instruments[usize::from(instrument.0)].settlement.0)),
                    sum(&|row| row.row.day.bought.lots.into()).to_string(),
                    yuan(sum(&|row| row.row.day.bought.amount * multiplier)),
                    sum(&|row| row.row.day.sold.lots.into()).to_string(),
                    yuan(sum(&|row| row.row.day.sold.amount * multiplier)),
                    sum(&|row| row.figures.long.into()).to_string(),
                    sum(&|row| row.figures.short.into()).to_string(),
                    yuan(sum(&|row| i128::from(row.figures.margin_long.0) + i128::from(row.figures.margin_short.0))),
                    yuan(sum(&|row| row.figures.profit.0.into())),
                    yuan(sum(&common::fees)),
                ];
                assert_eq!(line(result.instrument(instrument))[1..], had);
            }
            let of_him = |account| result.member_of(account) == member;
            let his = result
                .settled
                .deliveries
                .iter()
                .filter(|line| of_him(line.seller.account) || of_him(line.buyer.account));
            assert_eq!(page.contains("国债交割"), his.clone().count() > 0);
            bonds += his.count();
            // A member sees no code of another's.
            for (account, code) in (0..).zip(&result.names.accounts) {
                assert!(of_him(settlement::market::AccountIndex(account)) || !page.contains(code.as_str()), "{code}");
            }
        }
    }
    assert!(called > 3 && bonds > 5, "{called} calls, {bonds} bonds");
}

#[test]
fn a_page_needs_nothing_else_and_no_name_breaks_out_of_it() {
    let mut result = settled_day(1, 60);
    result.names.members[0].short = "<script>alert('&\"x\"')</script>".into();
    result.names.instruments[0] = "IF<b>".into();
    for page in pages(&result) {
        for forbidden in ["<script", "src=", "href=", "url(", "@import", "<link", "<iframe", "javascript:", "IF<b>"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    }
    assert!(pages(&result)[0].contains("&lt;script&gt;alert(&#39;&amp;&quot;x&quot;&#39;)"));
}
