//! `backstop nic`: what a machine must be set to before stages may poll on it, done and undone.

use clap::{Args, Subcommand};
use hw_profiles::Profile;
use nic_config::{CoreSet, Item, Mend, Report, Request, Tree, Verdict, command_line, setting_items, steps, survey};
use serde_json::json;
use std::path::{Path, PathBuf};

/// `backstop nic`.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// Prints what apply would change, and why; changes nothing 计划
    Plan(Wish),
    /// Changes it; each change is written to the journal, with what was there, before it is done 应用
    Apply(Wish),
    /// Puts back exactly what was there before apply, also after a crash in the middle of it 还原
    Revert(Place),
    /// The preflight: exit code 0 if nothing is wrong, 1 if something is 检查
    Check(Wish),
}

/// Flags of plan, apply and check.
#[derive(Args)]
struct Wish {
    /// A built-in profile's name, or a .toml file [default: the one that this machine asks for]
    #[arg(long)]
    profile: Option<String>,
    /// PCI address of a NIC that Backstop gets, e.g. 0000:17:00.0; several times for several
    #[arg(long = "device", value_name = "ADDRESS")]
    devices: Vec<String>,
    /// Gives devices away without an IOMMU, too: they can then write to all memory
    #[arg(long)]
    without_iommu: bool,
    #[command(flatten)]
    place: Place,
}

/// Flags of all.
#[derive(Args)]
struct Place {
    /// Works on the machine below this folder instead of /
    #[arg(long, default_value = "/", value_name = "DIR")]
    root: PathBuf,
    /// Where the journal of changes is kept [default: var/lib/backstop below the root]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

impl Place {
    fn state(&self) -> PathBuf {
        self.state.clone().unwrap_or_else(|| self.root.join("var/lib/backstop"))
    }

    fn check(&self) -> Result<(), String> {
        match self.root.is_dir() {
            true => Ok(()),
            false => Err(format!("--root {}: expected a folder", self.root.display())),
        }
    }
}

/// Runs it.
///
/// # Errors
/// A profile or folder that is refused, a device that cannot be given away, a journal that cannot be written: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    match &options.job {
        Job::Plan(wish) => plan(wish),
        Job::Apply(wish) => apply(wish),
        Job::Revert(place) => revert(place),
        Job::Check(wish) => check(wish),
    }
}

/// The named profile, or the one that the machine below `root` asks for.
///
/// # Errors
/// The profile is refused: one line.
pub(crate) fn profile_for(name: Option<&str>, root: &Path) -> Result<Profile, String> {
    let detected = || survey(root).detected.profile;
    let name = name.map_or_else(detected, str::to_owned);
    Profile::load(&name).map_err(|error| error.to_string())
}

/// The profile and what is wanted of the machine.
fn wanted(wish: &Wish) -> Result<(Profile, Vec<Item>), String> {
    wish.place.check()?;
    let profile = profile_for(wish.profile.as_deref(), &wish.place.root)?;
    let request = Request { profile: &profile, devices: &wish.devices, without_iommu: wish.without_iommu };
    let items = setting_items(&Tree::open(&wish.place.root), &request);
    Ok((profile, items))
}

fn plan(wish: &Wish) -> Result<bool, String> {
    let (profile, items) = wanted(wish)?;
    let steps = steps(&items);
    let line = command_line(&items);
    if wish.place.json {
        let refused = steps.as_ref().err();
        let report = json!({ "ok": steps.is_ok(), "profile": profile.name, "items": items, "command_line": line,
            "refused": refused, "candidates": candidates(&wish.place.root, &profile) });
        println!("{report}");
        return steps.map(|_| true); // refused: there is no plan, as without --json
    }
    steps?;
    println!("backstop nic plan · 计划　　profile {} ({})\n", profile.name, profile.description);
    let changes: Vec<Item> = items.iter().filter(|item| matches!(item.mend, Mend::Apply { .. })).cloned().collect();
    let changes = together(&changes);
    let row = |item: &Item| [name(item), item.found.clone(), item.wanted.clone(), both(&item.why)];
    print_table(["要改 changes", "现在 now", "改为 then", "原因 why"], changes.iter().map(row).collect());
    if changes.is_empty() {
        println!("没有可改之处 nothing to change");
    }
    print_rest(&items, line.as_deref());
    if wish.devices.is_empty() {
        for candidate in candidates(&wish.place.root, &profile) {
            println!("可交给 Backstop 的网卡 a NIC that could be given: --device {candidate}");
        }
    }
    Ok(true)
}

/// NICs with a driver that the profile names, by their address.
fn candidates(root: &Path, profile: &Profile) -> Vec<String> {
    let named = |driver: &str| {
        nic_config::PMDS
            .iter()
            .any(|pmd| pmd.kernel_driver == driver && profile.nic.pmds.iter().any(|name| name == pmd.name))
    };
    let interfaces = survey(root).interfaces.into_iter();
    let fits = interfaces.filter(|interface| !interface.up && interface.driver.as_deref().is_some_and(named));
    fits.filter_map(|interface| interface.device).collect()
}

fn apply(wish: &Wish) -> Result<bool, String> {
    let (profile, items) = wanted(wish)?;
    let steps = steps(&items)?;
    let state = wish.place.state();
    let reports = match steps.is_empty() {
        true => Vec::new(),
        false => nic_config::apply(&mut Tree::open(&wish.place.root), &steps, &state)?,
    };
    let is_good = reports.iter().all(|report| report.outcome.is_good());
    let line = command_line(&items);
    if wish.place.json {
        let report = json!({ "ok": is_good, "profile": profile.name, "steps": reports, "command_line": line });
        println!("{report}");
        return Ok(is_good);
    }
    println!("backstop nic apply · 应用　　profile {} ({})\n", profile.name, profile.description);
    print_reports(&reports);
    if reports.is_empty() {
        println!("没有可改之处 nothing to change");
    } else {
        println!("\n原值已记入 what was there is kept in {}", state.join(nic_config::JOURNAL_FILE).display());
    }
    print_rest(&items, line.as_deref());
    Ok(is_good)
}

fn revert(place: &Place) -> Result<bool, String> {
    place.check()?;
    let done = nic_config::revert(&mut Tree::open(&place.root), &place.state())?;
    if place.json {
        let report = json!({ "ok": done.is_whole, "rebooted": done.rebooted, "steps": done.reports });
        println!("{report}");
        return Ok(done.is_whole);
    }
    println!("backstop nic revert · 还原\n");
    print_reports(&done.reports);
    match (done.rebooted, done.is_whole, done.reports.is_empty()) {
        (true, ..) => {
            println!("此后机器重启过，内核已无这些改动 the machine was started anew since: nothing of it is left")
        }
        (_, true, true) => println!("没有要还原的 nothing to put back"),
        (_, true, false) => println!("\n全部还原 everything is as it was"),
        (_, false, _) => {
            println!("\n有未还原的，日志保留 not everything is back; the journal is kept: mend and revert again")
        }
    }
    Ok(done.is_whole)
}

fn check(wish: &Wish) -> Result<bool, String> {
    let (profile, items) = wanted(wish)?;
    let is_good = items.iter().all(|item| item.verdict != Verdict::Wrong);
    if wish.place.json {
        println!(
            "{}",
            json!({ "ok": is_good, "profile": profile.name, "items": items, "command_line": command_line(&items) })
        );
        return Ok(is_good);
    }
    println!("backstop nic check · 检查　　profile {} ({})\n", profile.name, profile.description);
    print_items(&items);
    if items.is_empty() {
        println!("此配置档不要求任何设置 this profile wants nothing set");
    }
    if let Some(line) = command_line(&items) {
        println!("\n内核命令行 kernel command line: {line}");
    }
    Ok(is_good)
}

/// What apply does not do: the kernel's command line, and what is left to people.
fn print_rest(items: &[Item], line: Option<&str>) {
    let by_hand: Vec<&Item> = items.iter().filter(|item| matches!(item.mend, Mend::Hand { .. })).collect();
    if !by_hand.is_empty() {
        println!();
        let row = |item: &&Item| [name(item), item.found.clone(), item.wanted.clone(), mend(item)];
        print_table(["须人工 by hand", "现在 now", "应为 wanted", "办法 how"], by_hand.iter().map(row).collect());
    }
    if let Some(line) = line {
        println!("\n须写入内核命令行并重启 for the kernel's command line, and a new start:\n  {line}");
        println!(
            "  （/etc/default/grub 的 GRUB_CMDLINE_LINUX，再 update-grub 或 grub2-mkconfig；本工具不改它 this tool never edits it）"
        );
    }
}

fn print_reports(reports: &[Report]) {
    let row = |report: &Report| {
        let (before, after) = report.step.change();
        [report.step.place(), before, after, report.outcome.to_string()]
    };
    print_table(["位置 where", "原值 before", "新值 after", "结果 outcome"], reports.iter().map(row).collect());
}

/// A table of items: what, wanted, found, verdict, how to mend.
pub(crate) fn print_items(items: &[Item]) {
    let row = |item: &Item| {
        let verdict = match item.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn 留意",
            Verdict::Wrong => "WRONG 不符",
        };
        [verdict.to_owned(), name(item), item.wanted.clone(), item.found.clone(), mend(item)]
    };
    let items = together(items);
    print_table(["", "项目 item", "应为 wanted", "现为 found", "办法 how to mend"], items.iter().map(row).collect());
}

/// Items that differ in nothing but which interrupt or core they are about, as one: `interrupt: 24-26,28`.
fn together(items: &[Item]) -> Vec<Item> {
    let number = |item: &Item| item.subject.trim_start_matches("core ").parse::<u16>().ok();
    let mut merged: Vec<(Item, Vec<u16>)> = Vec::new();
    for item in items {
        let is_like = |other: &Item| {
            let same = (&other.name, &other.wanted, &other.found) == (&item.name, &item.wanted, &item.found);
            same && other.verdict == item.verdict
        };
        match (merged.iter_mut().find(|(other, numbers)| !numbers.is_empty() && is_like(other)), number(item)) {
            (Some((_, numbers)), Some(number)) => numbers.push(number),
            _ => merged.push((item.clone(), number(item).into_iter().collect())),
        }
    }
    let subject = |(mut item, numbers): (Item, Vec<u16>)| {
        if numbers.len() > 1 {
            let word = if item.subject.starts_with("core ") { "core " } else { "" };
            item.subject = format!("{word}{}", numbers.into_iter().collect::<CoreSet>());
        }
        item
    };
    merged.into_iter().map(subject).collect()
}

fn name(item: &Item) -> String {
    let subject = if item.subject.is_empty() { String::new() } else { format!(": {}", item.subject) };
    format!("{} {}{subject}", item.title.zh, item.title.en)
}

fn both(text: &nic_config::Text) -> String {
    match text.zh == text.en {
        true => text.en.clone(),
        false => format!("{} · {}", text.zh, text.en),
    }
}

fn mend(item: &Item) -> String {
    match &item.mend {
        Mend::Nothing => String::new(),
        Mend::Apply { .. } => "backstop nic apply".to_owned(),
        Mend::CommandLine { parameter } => format!("内核命令行 kernel command line: {parameter}"),
        Mend::Hand { text } => both(text),
    }
}

/// Longest text of a cell that is not a row's last.
const CELL_MAX: usize = 44;

/// Prints rows under their heads, each column as wide as its widest cell. A Chinese character takes two places.
fn print_table<const N: usize>(heads: [&str; N], rows: Vec<[String; N]>) {
    if rows.is_empty() {
        return;
    }
    let mut rows: Vec<[String; N]> = std::iter::once(heads.map(str::to_owned)).chain(rows).collect();
    for row in &mut rows {
        for cell in row.iter_mut().take(N - 1) {
            *cell = shortened(cell);
        }
    }
    let widths: Vec<usize> =
        (0..N).map(|column| rows.iter().map(|row| places(&row[column])).max().unwrap_or(0)).collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - places(cell) + 2));
        }
        println!("{}", line.trim_end());
    }
}

fn shortened(cell: &str) -> String {
    match cell.chars().count() > CELL_MAX {
        // Of a path the end tells more.
        true if cell.starts_with('/') => {
            ['…'].into_iter().chain(cell.chars().skip(cell.chars().count() - CELL_MAX + 1)).collect()
        }
        true => cell.chars().take(CELL_MAX - 1).chain(['…']).collect(),
        false => cell.to_owned(),
    }
}

/// Places that a text takes on a terminal.
fn places(text: &str) -> usize {
    let wide = |character: char| matches!(character, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}');
    text.chars().map(|character| if wide(character) { 2 } else { 1 }).sum()
}
