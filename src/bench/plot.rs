//! The picture of the latencies, as SVG.
//!
//! Across: how many orders were at least that fast, on an axis on which each nine has the same width. Up: latency, logarithmic.
//! A rate has one colour; from the planned time to the answer its line is whole, internal latency is dashed.

use crate::bench::report::{Report, span, thousands};
use hdrhistogram::Histogram;
use std::fmt::Write;

const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 600.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 210.0;
const TOP: f64 = 86.0;
const BOTTOM: f64 = 70.0;
/// Nines that the axis has: up to 99.999%.
const NINES: f64 = 5.0;
/// Points of a curve.
const POINTS: u32 = 400;
/// From slow to fast rates; the same darkness, so that none hides.
const COLOURS: [&str; 8] = ["#2563eb", "#0d9488", "#65a30d", "#ca8a04", "#ea580c", "#dc2626", "#c026d3", "#7c3aed"];
const FONT: &str =
    "font-family=\"Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, Helvetica, Arial, sans-serif\"";

/// Where a share of the orders stands, from the left.
fn across(quantile: f64) -> f64 {
    let nines = -(1.0 - quantile).max(1e-9).log10();
    LEFT + (WIDTH - LEFT - RIGHT) * (nines / NINES).min(1.0)
}

/// The axis of latency: two powers of ten.
struct Up {
    low: f64,
    high: f64,
}

impl Up {
    fn over(histograms: &[&Histogram<u64>]) -> Up {
        let measured = histograms.iter().filter(|latency| !latency.is_empty());
        let (low, high) = measured.fold((f64::MAX, f64::MIN), |(low, high), latency| {
            (low.min(latency.min().max(1) as f64), high.max(latency.max() as f64))
        });
        if low > high {
            return Up { low: 2.0, high: 6.0 };
        }
        let (low, high) = (low.log10().floor(), high.max(200_000.0).log10().ceil());
        Up { low, high: high.max(low + 1.0) }
    }

    fn place(&self, ns: f64) -> f64 {
        let share = (ns.max(1.0).log10() - self.low) / (self.high - self.low);
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share.clamp(0.0, 1.0)
    }
}

/// Draws the report.
#[must_use]
pub fn svg(report: &Report<'_>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = draw(&mut out, report);
    out
}

fn draw(out: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let all: Vec<&Histogram<u64>> = report.rates.iter().flat_map(|run| [&run.planned_ns, &run.internal_ns]).collect();
    let up = Up::over(&all);
    writeln!(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" {FONT}>")?;
    writeln!(out, "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>")?;
    writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"32\" font-size=\"20\" font-weight=\"600\" fill=\"#0f172a\">委托至应答时延 Order-to-answer latency</text>"
    )?;
    let machine = &report.machine;
    let machine = format!(
        "{} · {} · {} cores{} · {:.2}% of the time lost to others",
        report.profile.name,
        machine.processor,
        machine.cores,
        if machine.is_virtual { " · 虚拟机 virtual" } else { "" },
        machine.gaps.share_percent
    );
    for (y, words) in [(54, &machine), (70, &report.setting)] {
        let words = escape(words);
        writeln!(out, "<text x=\"{LEFT}\" y=\"{y}\" font-size=\"11\" fill=\"#64748b\">{words}</text>")?;
    }
    axes(out, &up)?;
    let ceiling = u64::from(report.profile.promise.p999_ns_ceiling);
    let (y, end) = (up.place(ceiling as f64), WIDTH - RIGHT);
    writeln!(
        out,
        "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{end}\" y2=\"{y:.1}\" stroke=\"#0f172a\" stroke-width=\"1\" stroke-dasharray=\"2 3\"/>"
    )?;
    writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"end\" fill=\"#0f172a\">上限 ceiling {} (p99.9)</text>",
        end - 6.0,
        y - 5.0,
        span(ceiling)
    )?;
    for (place, run) in report.rates.iter().enumerate() {
        let colour = COLOURS[place % COLOURS.len()];
        curve(out, &up, &run.planned_ns, colour, "2.2", "")?;
        curve(out, &up, &run.internal_ns, colour, "1.6", " stroke-dasharray=\"6 4\"")?;
        let (x, y) = (WIDTH - RIGHT + 18.0, TOP + 14.0 + 40.0 * place as f64);
        let drops = match run.counts.drops() {
            0 => "无丢失 no drops".to_owned(),
            drops => format!("丢失 {} dropped", thousands(drops)),
        };
        writeln!(
            out,
            "<rect x=\"{x}\" y=\"{:.1}\" width=\"14\" height=\"14\" rx=\"3\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{y:.1}\" font-size=\"13\" font-weight=\"600\" fill=\"#0f172a\">{} /s</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" fill=\"#64748b\">{drops}</text>",
            y - 11.0,
            x + 22.0,
            thousands(run.rate),
            x + 22.0,
            y + 15.0
        )?;
    }
    let (x, y) = (WIDTH - RIGHT + 18.0, TOP + 34.0 + 40.0 * report.rates.len() as f64);
    for (line, (dash, words)) in
        [("", "计划时刻起 from planned time"), (" stroke-dasharray=\"6 4\"", "内部 internal")].into_iter().enumerate()
    {
        let y = y + 22.0 * line as f64;
        writeln!(
            out,
            "<line x1=\"{x}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#334155\" stroke-width=\"2\"{dash}/>\
             <text x=\"{:.1}\" y=\"{y:.1}\" font-size=\"11\" fill=\"#334155\">{words}</text>",
            y - 4.0,
            x + 26.0,
            y - 4.0,
            x + 32.0
        )?;
    }
    writeln!(out, "</svg>")
}

fn axes(out: &mut String, up: &Up) -> std::fmt::Result {
    let (bottom, end) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    let mut power = up.low;
    while power <= up.high {
        let y = up.place(10f64.powf(power));
        let ns = 10f64.powf(power);
        let label = match ns {
            ns if ns < 1e3 => format!("{ns:.0} ns"),
            ns if ns < 1e6 => format!("{:.0} µs", ns / 1e3),
            ns if ns < 1e9 => format!("{:.0} ms", ns / 1e6),
            ns => format!("{:.0} s", ns / 1e9),
        };
        writeln!(out, "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{end}\" y2=\"{y:.1}\" stroke=\"#cbd5e1\"/>")?;
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"12\" text-anchor=\"end\" fill=\"#334155\">{label}</text>",
            LEFT - 8.0,
            y + 4.0
        )?;
        for step in 2..10 {
            let y = up.place(10f64.powf(power) * f64::from(step));
            if power < up.high {
                writeln!(out, "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{end}\" y2=\"{y:.1}\" stroke=\"#f1f5f9\"/>")?;
            }
        }
        power += 1.0;
    }
    for (quantile, label) in [
        (0.0, "0"),
        (0.5, "50%"),
        (0.9, "90%"),
        (0.99, "99%"),
        (0.999, "99.9%"),
        (0.9999, "99.99%"),
        (0.99999, "99.999%"),
    ] {
        let x = across(quantile);
        writeln!(out, "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"#e2e8f0\"/>")?;
        writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"12\" text-anchor=\"middle\" fill=\"#334155\">{label}</text>",
            bottom + 20.0
        )?;
    }
    writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"13\" text-anchor=\"middle\" fill=\"#0f172a\">分位 percentile of orders</text>",
        (LEFT + end) / 2.0,
        bottom + 46.0
    )
}

fn curve(
    out: &mut String,
    up: &Up,
    latency: &Histogram<u64>,
    colour: &str,
    width: &str,
    dash: &str,
) -> std::fmt::Result {
    if latency.is_empty() {
        return Ok(());
    }
    // No further than there are orders: behind the last one a line would be invented.
    let nines = (latency.len() as f64).log10().min(NINES);
    write!(
        out,
        "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash} stroke-linejoin=\"round\" points=\""
    )?;
    for point in 0..=POINTS {
        let quantile = 1.0 - 10f64.powf(-nines * f64::from(point) / f64::from(POINTS));
        let y = up.place(latency.value_at_quantile(quantile) as f64);
        write!(out, "{:.1},{y:.1} ", across(quantile))?;
    }
    writeln!(out, "\"/>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
