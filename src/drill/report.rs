//! What a drill prints: the takeover as a timeline and a table, or one JSON object.

use super::checks::Findings;
use super::day::Day;
use super::settled::SettledDay;
use crate::base_files::PhaseName;
use serde::Serialize;
use standby::StepReport;
use std::collections::BTreeMap;

/// The result of a drill.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Every check holds.
    pub ok: bool,
    /// Of this seed.
    pub seed: u64,
    /// Orders that members sent, each once.
    pub orders: u64,
    /// … of them accepted.
    pub orders_accepted: u64,
    /// … that traded.
    pub orders_traded: u64,
    /// … that were cancelled by their member.
    pub orders_cancelled: u64,
    /// Trades.
    pub trades: u64,
    /// Quotes, enquiries and exercise instructions accepted.
    pub deals: [u64; 3],
    /// Members there are.
    pub members: u64,
    /// Members that came back.
    pub members_back: u64,
    /// Private messages that members had received beyond the cut.
    pub in_doubt: u64,
    /// Broadcast messages, the same.
    pub in_doubt_broadcast: u64,
    /// Orders that a member holds for accepted and the log does not have.
    pub lost_acked: u64,
    /// Trades recorded or told twice.
    pub duplicate_trades: u64,
    /// The digests over the whole day are the second exchange's.
    pub digest_equal: bool,
    /// From the command to the first accepted order, machine time.
    pub takeover_ms: Option<f64>,
    /// Internal latency of Backstop: from the burst that held an order's last byte to the one that held its first answer.
    pub latency_ns: Latency,
    /// Messages told again after a relogin.
    pub resumed_messages: u64,
    /// Repeats that were recognised.
    pub repeats_recognised: u64,
    /// Orders that the takeover rolled back.
    pub rolled_back_orders: u64,
    /// Requests sent again.
    pub sent_again: u64,
    /// How the primary died.
    pub death: String,
    /// By product: in which phase it was at the cut.
    pub failed_in: BTreeMap<&'static str, PhaseName>,
    /// The day's settlement.
    pub settled: SettledDay,
    /// The last frame that counts.
    pub cut: u64,
    /// Frames that the primary executed beyond it.
    pub frames_beyond_cut: u64,
    /// Frames of the day.
    pub frames: u64,
    /// Refusals in the log, by code.
    pub rejects: BTreeMap<u16, u64>,
    /// Of an order-flow file with `--trades`: the trades are the same.
    pub trades_equal: Option<bool>,
    /// The runbook.
    pub timeline: Vec<Line>,
    /// The state's digest at the end.
    pub digest: String,
    /// What a seeded day did not reach (a failure too, unless the network had faults).
    pub not_reached: Vec<String>,
    /// Every failure, in words.
    pub failures: Vec<String>,
}

/// Percentiles, nanoseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Latency {
    /// Orders measured.
    pub count: u64,
    /// Half are below.
    pub p50: u64,
    /// 99 % are below.
    pub p99: u64,
    /// 99.9 % are below.
    pub p999: u64,
    /// The greatest.
    pub max: u64,
}

/// A step of the takeover.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Its number.
    pub step: u8,
    /// Its name.
    pub name: &'static str,
    /// Its name in Chinese.
    pub chinese: &'static str,
    /// What came of it.
    pub outcome: String,
    /// Since the command, virtual milliseconds.
    pub began_ms: f64,
    /// Virtual milliseconds; none: not ended.
    pub took_ms: Option<f64>,
    /// In words.
    pub detail: String,
}

impl Report {
    /// Puts a day's results together.
    #[must_use]
    pub fn of(
        day: &mut Day,
        found: Findings,
        trades_equal: Option<bool>,
        digest: Option<u64>,
        settled: SettledDay,
    ) -> Report {
        let histogram = day.backstop.layout().latency_ns();
        let quantile = |q: f64| if histogram.is_empty() { 0 } else { histogram.value_at_quantile(q) };
        let latency_ns = Latency {
            count: histogram.len(),
            p50: quantile(0.5),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: if histogram.is_empty() { 0 } else { histogram.max() },
        };
        let commanded = day.death.switched.map_or(0, |(at, _)| at.nanos());
        let takeover_ms = day.death.switched.zip(day.death.first_accepted_ns);
        let takeover_ms = takeover_ms.map(|((_, began), first)| first.saturating_sub(began) as f64 / 1e6);
        Report {
            ok: found.failures.is_empty(),
            seed: day.plan.options.seed,
            orders: u64::from(day.orders_sent),
            orders_accepted: found.orders,
            orders_traded: found.orders_traded,
            orders_cancelled: found.orders_cancelled,
            trades: found.trades,
            deals: [found.quotes, found.enquiries, found.instructions],
            members: day.members.len() as u64,
            members_back: found.members_back,
            in_doubt: found.in_doubt,
            in_doubt_broadcast: found.in_doubt_broadcast,
            lost_acked: found.lost_acked,
            duplicate_trades: found.duplicate_trades,
            digest_equal: found.digest_equal,
            takeover_ms,
            latency_ns,
            resumed_messages: found.resumed_messages,
            repeats_recognised: found.repeats_recognised,
            rolled_back_orders: found.rolled_back_orders,
            sent_again: found.sent_again,
            death: day.primary.records().death.map_or_else(|| "none".to_owned(), |death| format!("{death:?}")),
            failed_in: found.failed_in.iter().map(|&(product, phase)| (product, phase.into())).collect(),
            cut: found.cut,
            frames_beyond_cut: found.frames_beyond,
            frames: found.frames,
            rejects: found.rejects,
            trades_equal,
            timeline: day.backstop.runbook().timeline().iter().map(|step| Line::of(step, commanded)).collect(),
            digest: digest.map_or_else(|| "none".to_owned(), |digest| format!("{digest:016x}")),
            settled,
            not_reached: found.not_reached,
            failures: found.failures,
        }
    }

    /// Prints the timeline and the table.
    pub fn print(&self) {
        println!(
            "\n接管 takeover (primary died: {}; cut at frame {}, {} frames beyond)",
            self.death, self.cut, self.frames_beyond_cut
        );
        for (product, phase) in &self.failed_in {
            println!("  切换时阶段 phase at the cut: {product} {phase}");
        }
        for line in &self.timeline {
            let took = line.took_ms.map_or_else(|| "…".to_owned(), |took| format!("{took:.1}"));
            println!(
                "  {:>9.1} ms  {:>2} {} {}: {}, {took} ms  {}",
                line.began_ms, line.step, line.chinese, line.name, line.outcome, line.detail
            );
        }
        let takeover = self.takeover_ms.map_or_else(|| "none accepted".to_owned(), |ms| format!("{ms:.1} ms"));
        println!("  (times above are the simulation's; command to first accepted order, machine time: {takeover})\n");
        let row = |name: &str, value: String| println!("  {name:<44} {value}");
        row("委托 orders sent", self.orders.to_string());
        row("  接受 accepted", self.orders_accepted.to_string());
        row("  成交 traded", self.orders_traded.to_string());
        row("  撤单 cancelled", self.orders_cancelled.to_string());
        row("成交 trades", self.trades.to_string());
        if self.deals != [0; 3] {
            let [quotes, enquiries, instructions] = self.deals;
            row("报价/询价/行权 quotes, enquiries, exercises", format!("{quotes} / {enquiries} / {instructions}"));
        }
        row("会员返回 members back", format!("{} of {}", self.members_back, self.members));
        row("断点续传 messages resumed", self.resumed_messages.to_string());
        row("存疑 in doubt, private / broadcast", format!("{} / {}", self.in_doubt, self.in_doubt_broadcast));
        row("回退 orders rolled back", self.rolled_back_orders.to_string());
        row("重发 requests sent again", self.sent_again.to_string());
        row("重复识别 repeats recognised", self.repeats_recognised.to_string());
        row("丢失 acknowledged orders lost", self.lost_acked.to_string());
        row("重复成交 trades twice", self.duplicate_trades.to_string());
        row("摘要一致 digests equal over the day", if self.digest_equal { "yes" } else { "NO" }.to_owned());
        if let Some(equal) = self.trades_equal {
            row("成交与文件一致 trades equal the file's", if equal { "yes" } else { "NO" }.to_owned());
        }
        let SettledDay { accounts, figures, of_primary, ref alarms, .. } = self.settled;
        row(
            "结算 settled: codes, figures by both ways, primary's",
            format!("{accounts} / {figures} / {of_primary}, {} different", alarms.len()),
        );
        let latency = &self.latency_ns;
        row(
            "时延 internal latency p50 p99 p99.9 max, ns",
            format!("{} {} {} {} ({} orders)", latency.p50, latency.p99, latency.p999, latency.max, latency.count),
        );
        row("终态摘要 state digest", self.digest.clone());
        for failure in &self.failures {
            println!("  失败 FAILED: {failure}");
        }
        println!("\n{}", if self.ok { "通过 ok: nothing was lost" } else { "未通过 NOT ok" });
    }
}

impl Line {
    fn of(report: &StepReport, commanded: u64) -> Line {
        let ms = |from: u64, to: u64| to.saturating_sub(from) as f64 / 1e6;
        Line {
            step: report.step.number(),
            name: report.step.english(),
            chinese: report.step.chinese(),
            outcome: report.outcome.to_string(),
            began_ms: ms(commanded, report.began.0),
            took_ms: report.ended.map(|ended| ms(report.began.0, ended.0)),
            detail: report.detail.clone(),
        }
    }
}
