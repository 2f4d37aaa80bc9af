//! What a bench prints: a table for people, one JSON object for scripts, and the verdict against the profile's promise.

use crate::bench::compare::Compared;
use crate::bench::laid::Laid;
use crate::bench::machine::{Fingerprint, NOISY_PERCENT};
use crate::bench::runs::RateRun;
use crate::bench::service::STAGES;
use crate::run::status::ThreadLine;
use hdrhistogram::Histogram;
use hw_profiles::{PROMISE_MULTIPLES, Profile};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write;

/// Everything that was measured.
pub struct Report<'a> {
    /// Whose promise is judged.
    pub profile: &'a Profile,
    /// Where it ran.
    pub machine: Fingerprint,
    /// What of it ran.
    pub laid: &'a Laid,
    /// Words for the port, the members, the mix.
    pub setting: String,
    /// Seconds a rate.
    pub seconds: f64,
    /// Each rate, in the order asked for.
    pub rates: Vec<RateRun>,
    /// The highest rate without drops, with a median under the ceiling.
    pub knee: Option<Knee>,
    /// A hop between two cores with nothing to do, at the first rate.
    pub empty_ring: Option<Histogram<u64>>,
    /// The same service over kernel sockets.
    pub compared: Vec<Compared>,
}

/// Where the service stops to keep up.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Knee {
    /// The highest rate that was held; 0 = none.
    pub holds: u64,
    /// The lowest rate that was not; none: every rate was held.
    pub falls: Option<u64>,
}

/// The judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// At production rate and at twice it.
    #[serde(rename = "holds")]
    Holds,
    /// At one of the two, or below, it does not.
    #[serde(rename = "falls short")]
    FallsShort,
    /// Another machine, or other rates.
    #[serde(rename = "not judged")]
    NotJudged,
}

impl Verdict {
    /// In Chinese and English.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Holds => "达标 holds",
            Verdict::FallsShort => "未达标 falls short",
            Verdict::NotJudged => "未评判 not judged",
        }
    }
}

/// The quantiles of a row, and their names in JSON and on the page.
pub const QUANTILES: [(&str, &str, f64); 6] = [
    ("p50", "p50", 0.5),
    ("p90", "p90", 0.9),
    ("p95", "p95", 0.95),
    ("p99", "p99", 0.99),
    ("p999", "p99.9", 0.999),
    ("p9999", "p99.99", 0.9999),
];

/// A rate is held: nothing dropped or refused, and the median from the planned time under the mission's ceiling.
#[must_use]
pub fn is_held(run: &RateRun, profile: &Profile) -> bool {
    run.is_clean() && run.planned_ns.value_at_quantile(0.5) <= profile.promise.p999_ns_ceiling.into()
}

/// A rate keeps the profile's promise.
fn keeps(run: &RateRun, profile: &Profile) -> bool {
    let ceiling = u64::from(profile.promise.p999_ns_ceiling);
    run.is_clean()
        && run.internal_ns.value_at_quantile(0.999) <= ceiling
        && run.planned_ns.value_at_quantile(0.999) <= ceiling
}

/// The verdict and why.
#[must_use]
pub fn judge(profile: &Profile, machine: &Fingerprint, laid: &Laid, rates: &[RateRun]) -> (Verdict, String) {
    let fits = &machine.profile;
    if profile.name != "dev" && profile.name != *fits {
        return (Verdict::NotJudged, format!("wrong machine: this one is {fits}, not {}", profile.name));
    }
    if let Some(why) = &laid.is_other {
        return (Verdict::NotJudged, format!("not what the profile promises for: {why}"));
    }
    let production = u64::from(profile.promise.production_orders_per_second);
    let judged = PROMISE_MULTIPLES.map(|multiple| production * u64::from(multiple));
    // What holds at a rate holds below it, what falls short at a rate falls short above it.
    for rate in judged {
        if let Some(run) = rates.iter().find(|run| run.rate <= rate && !keeps(run, profile)) {
            let p999 = run.planned_ns.value_at_quantile(0.999).max(run.internal_ns.value_at_quantile(0.999));
            let why = match &run.fault {
                Some(fault) => fault.clone(),
                None if run.counts.drops() > 0 => format!("{} orders were dropped", run.counts.drops()),
                None if !run.is_clean() => format!("{} orders were refused", run.counts.refused),
                None if machine.gaps.share_percent > NOISY_PERCENT => {
                    let (p999, share) = (span(p999), machine.gaps.share_percent);
                    let words =
                        format!("{share:.1}% of the time went to others; at {}/s p99.9 is {p999}", thousands(run.rate));
                    return (Verdict::NotJudged, format!("not a quiet machine: {words}"));
                }
                None => format!("p99.9 is {}", span(p999)),
            };
            return (Verdict::FallsShort, format!("at {}/s {why}", thousands(run.rate)));
        }
    }
    match judged.iter().find(|rate| !rates.iter().any(|run| run.rate >= **rate)) {
        None => (Verdict::Holds, format!("p99.9 at most {}", span(profile.promise.p999_ns_ceiling.into()))),
        Some(rate) => (Verdict::NotJudged, format!("{}/s was not run: --promise runs it", thousands(*rate))),
    }
}

impl Report<'_> {
    /// The verdict and why.
    #[must_use]
    pub fn verdict(&self) -> (Verdict, String) {
        judge(self.profile, &self.machine, self.laid, &self.rates)
    }

    /// Prints the page.
    pub fn print(&self) {
        print!("{}", self.page());
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = String::new();
        let mut line = |text: &str| {
            page.push_str(text);
            page.push('\n');
        };
        let machine = &self.machine;
        let virtual_words = if machine.is_virtual { ", 虚拟机 virtual" } else { "" };
        line(&format!("配置 profile   {}: {}", self.profile.name, self.profile.description));
        line(&format!(
            "机器 machine   {}, {} cores{virtual_words}, Linux {}, fits profile {}",
            machine.processor, machine.cores, machine.kernel, machine.profile
        ));
        let pinned = if machine.pinned { "绑核 pinned" } else { "未绑核 not pinned" };
        line(&format!("核心 cores     {pinned}, allowed {}, {} migrations", machine.cores_allowed, machine.migrations));
        self.laid.lines().iter().for_each(|text| line(text));
        for thread in self.rates.last().into_iter().flat_map(|run| &run.threads) {
            line(&format!("线程 thread    {}", ThreadLine::from(thread.clone()).words()));
        }
        let gaps = &machine.gaps;
        let noisy =
            if gaps.share_percent > NOISY_PERCENT { "嘈杂 NOISY: tails are the machine's" } else { "安静 quiet" };
        line(&format!(
            "间隙 gaps      {:.0} a second over 10 us, {:.2}% of the time, longest {}, load {:.2}: {noisy}",
            gaps.over_10_us_per_second,
            gaps.share_percent,
            span(gaps.longest_ns),
            machine.load
        ));
        line(&format!("负载 load      {}, {} s a rate", self.setting, self.seconds));
        line("");
        let heads: String = QUANTILES.iter().map(|(_, name, _)| format!("{name:>9}")).collect();
        line(&format!("{:>12} | {:<8}{heads}{:>9} | drops", "rate/s", "us", "max"));
        for run in &self.rates {
            let drops = match run.counts.drops() {
                0 => "0".to_owned(),
                drops => format!(
                    "{drops}: {} not taken, {} not answered, {} broken",
                    run.counts.not_taken, run.counts.not_answered, run.counts.broken
                ),
            };
            line(&format!("{:>12} | planned {} | {drops}", thousands(run.rate), row(&run.planned_ns)));
            line(&format!("{:>12} | internal{} |", "", row(&run.internal_ns)));
            if let Some(fault) = &run.fault {
                line(&format!("{:>12} | 停止 stopped: {fault}", ""));
            }
            if run.counts.refused > 0 || run.counts.malformed > 0 {
                let (refused, malformed) = (run.counts.refused, run.counts.malformed);
                line(&format!("{:>12} | {refused} 拒绝 refused, {malformed} malformed", ""));
            }
        }
        if let Some(ring) = &self.empty_ring {
            line(&format!("{:>12} | hop     {} | 空环 empty ring between two cores", "empty", row(ring)));
        }
        line("");
        line(
            "计划 planned: 计划发出时刻至应答 planned time to answer · 内部 internal: burst with the order's last byte to burst with its answer",
        );
        line("");
        let names: String = STAGES.iter().map(|name| format!("{name:>9}")).collect();
        // On one thread medians, so that what interrupts it is not taken for work.
        let kind = if self.laid.shape.is_fused() { "median" } else { "mean" };
        let members = if self.laid.shape.is_fused() { "not in the figures" } else { "see layout" };
        line(&format!(
            "{:>12} | {kind:<8}{names}{:>9} | copied B | service ns | members ns, {members}",
            "rate/s", "all"
        ));
        for run in &self.rates {
            let stages: String = run.stages.iter().map(|cycles| format!("{cycles:>9.0}")).collect();
            line(&format!(
                "{:>12} | cycles  {stages}{:>9.0} | {:>8.0} | {:>10.0} | {:.0}",
                thousands(run.rate),
                run.stages.iter().sum::<f64>(),
                run.bytes_copied_per_order,
                run.service_ns_per_order,
                run.generator_ns_per_order
            ));
        }
        if let Some(marks) = self.rates.last().map(|run| &run.marks) {
            line(&format!(
                "水位 marks     the last rate's: {} B of commands in a burst, {} sessions served and {} frames taken in a round, {} answers waiting; arena {} of {} B, {} resets",
                marks.burst_command_bytes,
                marks.sessions_served,
                marks.parts_taken,
                marks.answers_waiting,
                marks.arena_used,
                marks.arena_bytes,
                marks.arena_resets
            ));
        }
        for compared in &self.compared {
            line("");
            line(&compared.words());
        }
        line("");
        if let Some(knee) = self.knee {
            line(&format!("拐点 knee      {}", knee.words(self.profile)));
        }
        let promise = &self.profile.promise;
        let (verdict, why) = self.verdict();
        line(&format!(
            "承诺 promise   p99.9 at most {} at {}/s and twice it (aim {}; the rate is {})",
            span(promise.p999_ns_ceiling.into()),
            thousands(promise.production_orders_per_second.into()),
            span(promise.p999_ns_aim.into()),
            serde_json::to_value(promise.basis)
                .ok()
                .and_then(|basis| Some(basis.as_str()?.to_owned()))
                .unwrap_or_default()
        ));
        line(&format!("结论 verdict   {}: {why}", verdict.words()));
        page
    }

    /// One object.
    #[must_use]
    pub fn json(&self) -> Value {
        let rates: Vec<Value> = self.rates.iter().map(rate_json).collect();
        let (verdict, why) = self.verdict();
        json!({
            "profile": self.profile.name,
            "machine": self.machine,
            "verdict": verdict,
            "rates": rates,
            "details": {
                "why": why,
                "setting": self.setting,
                "layout": self.laid.json(),
                "seconds": self.seconds,
                "knee": self.knee,
                "empty_ring_ns": self.empty_ring.as_ref().map(quantiles_json),
                "compare": self.compared.iter().map(Compared::json).collect::<Vec<_>>(),
                "rates": self.rates.iter().map(details_json).collect::<Vec<_>>(),
            },
        })
    }
}

impl Knee {
    fn words(self, profile: &Profile) -> String {
        let bound = format!("no drops, median under {}", span(profile.promise.p999_ns_ceiling.into()));
        match (self.holds, self.falls) {
            (0, Some(falls)) => format!("below {}/s ({bound})", thousands(falls)),
            (holds, None) => format!("above {}/s, the highest that was run ({bound})", thousands(holds)),
            (holds, Some(falls)) => format!("{}/s; {}/s is too much ({bound})", thousands(holds), thousands(falls)),
        }
    }
}

fn rate_json(run: &RateRun) -> Value {
    json!({
        "rate": run.rate,
        "sent": run.counts.planned,
        "answered": run.counts.answered,
        "drops": run.counts.drops(),
        "latency_ns": quantiles_json(&run.internal_ns),
        "planned_ns": quantiles_json(&run.planned_ns),
        "cycles_per_order": run.stages.iter().sum::<f64>().round(),
        "bytes_copied_per_order": run.bytes_copied_per_order.round(),
    })
}

fn details_json(run: &RateRun) -> Value {
    let stages: serde_json::Map<String, Value> =
        STAGES.iter().zip(run.stages).map(|(name, cycles)| ((*name).to_owned(), json!(cycles.round()))).collect();
    json!({
        "rate": run.rate,
        "cycles": stages,
        "not_taken": run.counts.not_taken,
        "not_answered": run.counts.not_answered,
        "broken": run.counts.broken,
        "refused": run.counts.refused,
        "malformed": run.counts.malformed,
        "rejected": run.rejected,
        "sent_by_kind": { "rests": run.sent[0], "trades": run.sent[1], "cancels": run.sent[2] },
        "days": run.days,
        "threads": run.threads.iter().cloned().map(ThreadLine::from).collect::<Vec<_>>(),
        "marks": {
            "burst_command_bytes": run.marks.burst_command_bytes,
            "sessions_served": run.marks.sessions_served,
            "parts_taken": run.marks.parts_taken,
            "answers_waiting": run.marks.answers_waiting,
            "arena_bytes": run.marks.arena_bytes,
            "arena_used": run.marks.arena_used,
            "arena_resets": run.marks.arena_resets,
        },
        "generator_ns_per_order": run.generator_ns_per_order.round(),
        "service_ns_per_order": run.service_ns_per_order.round(),
        "fault": run.fault,
    })
}

/// The quantiles and the greatest, ns.
#[must_use]
pub fn quantiles_json(latency: &Histogram<u64>) -> Value {
    let mut values = serde_json::Map::new();
    for (name, _, quantile) in QUANTILES {
        values.insert(name.to_owned(), json!(latency.value_at_quantile(quantile)));
    }
    values.insert("max".to_owned(), json!(latency.max()));
    Value::Object(values)
}

/// A row of the table.
#[must_use]
pub fn row(latency: &Histogram<u64>) -> String {
    let mut row = String::new();
    for (_, _, quantile) in QUANTILES {
        let _ = write!(row, "{:>9}", time(latency.value_at_quantile(quantile))); // a String takes everything
    }
    let _ = write!(row, "{:>9}", time(latency.max()));
    row
}

/// Nanoseconds as microseconds, in at most seven characters.
#[must_use]
pub fn time(ns: u64) -> String {
    match ns {
        0..100_000 => format!("{:.2}", ns as f64 / 1e3),
        100_000..10_000_000 => format!("{:.0}", ns as f64 / 1e3),
        _ => format!("{:.1}ms", ns as f64 / 1e6),
    }
}

/// Nanoseconds with their unit.
#[must_use]
pub fn span(ns: u64) -> String {
    let text = time(ns);
    if text.ends_with("ms") { text } else { format!("{text} us") }
}

/// A number with commas.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
