//! What an operator sees and says: `status`, `switch`, `operate`. All of it goes over the control socket of a running process.

use super::control::{Ask, Client, Decided, Operation, PATIENCE, SwitchOptions, Ticket};
use super::node::stop_flag;
use super::status::{FrontLine, Status, StepLine};
use crate::drill::{BookChoice, ReopenChoice};
use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often a takeover's steps are looked at.
const STEPS_EVERY: Duration = Duration::from_millis(20);
/// How often it is looked whether a command has come out of the log.
const OUTCOME_EVERY: Duration = Duration::from_millis(5);
/// How often `--watch` looks.
const WATCH_EVERY: Duration = Duration::from_millis(500);
/// The state of a core that another one has replaced.
const RETIRED: u8 = 13;
/// Beyond the times that the options give, a takeover may take so long.
const SWITCH_PATIENCE: Duration = Duration::from_secs(120);

/// Flags of `switch`.
#[derive(Clone, Debug, clap::Args)]
pub struct SwitchFlags {
    /// What becomes of the book 订单簿
    #[arg(long, value_enum, default_value = "keep")]
    pub book: BookChoice,
    /// How the market reopens 恢复方式
    #[arg(long, value_enum, default_value = "auction")]
    pub reopen: ReopenChoice,
    /// Asks for nothing: for scripts
    #[arg(long)]
    pub yes: bool,
    /// Goes on though the fence cannot be proved; why
    #[arg(long, value_name = "REASON")]
    pub override_fence: Option<String>,
    /// Takes over although Backstop lags, or does not know how far the primary is
    #[arg(long)]
    pub from_lagging: bool,
    /// Takes over at the frame before the one that could not be
    #[arg(long)]
    pub from_diverged: bool,
    /// Takes over from our own journal, which may hold less than was told (the machine was lost)
    #[arg(long)]
    pub from_self: bool,
    /// Members of a thousand that must be ready
    #[arg(long, default_value = "900", value_parser = clap::value_parser!(u16).range(0..=1_000))]
    pub readiness: u16,
    /// Seconds to wait for them
    #[arg(long, default_value = "60")]
    pub readiness_timeout: u64,
    /// Seconds of cancel-only before a reopening auction
    #[arg(long, default_value = "60")]
    pub cancel_only: u64,
    /// Seconds of order entry for it
    #[arg(long, default_value = "60")]
    pub auction: u64,
    /// One JSON object when it is done
    #[arg(long)]
    pub json: bool,
}

/// Prints how a process stands, `looks` times (None: until SIGINT or SIGTERM), every half second.
///
/// # Errors
/// Nobody answers, or not any more.
pub fn status(socket: &Path, looks: Option<u32>, json: bool) -> Result<bool, String> {
    let mut client = Client::connect(socket)?;
    let stop = stop_flag()?;
    let redraws = looks != Some(1) && !json && std::io::stdout().is_terminal();
    let mut looked = 0;
    loop {
        let mut answer = client.ask(&Ask::Status)?;
        let value = answer["status"].take();
        if json {
            println!("{value}");
        } else {
            let picture = match serde_json::from_value::<Status>(value.clone()) {
                Ok(status) => picture(&status),
                Err(_) => plain(&value), // the name service's or the stand-in primary's: other fields
            };
            let clear = if redraws { "\x1b[H\x1b[2J" } else { "" };
            println!("{clear}{picture}");
        }
        looked += 1;
        let next = Instant::now() + WATCH_EVERY;
        while looks != Some(looked) && !stop.load(Ordering::Relaxed) && Instant::now() < next {
            std::thread::sleep(STEPS_EVERY);
        }
        if looks == Some(looked) || stop.load(Ordering::Relaxed) {
            return Ok(value["halt"].is_null());
        }
    }
}

/// Has a process execute a command of the exchange itself, waits for what came of it ([`decided`]), and says it. False: it was refused, and
/// `json` said so; without that it is an error.
///
/// # Errors
/// It was refused, it is not known what came of it, or nobody answers.
pub fn operate(socket: &Path, command: Operation, json: bool) -> Result<bool, String> {
    let decided = decided(socket, command)?;
    if json {
        println!("{}", serde_json::to_string(&decided).expect("an outcome is plain data"));
        return Ok(decided.refused.is_none());
    }
    match decided.refused {
        None => println!("已生效 in effect, sequence {}", decided.sequence),
        Some(why) => return Err(format!("被拒 refused: {} {} (sequence {})", why.code, why.text, decided.sequence)),
    }
    Ok(true)
}

/// Has a process execute a command of the exchange itself; what came of it, within at most [`PATIENCE`].
///
/// # Errors
/// It is not known what came of it, or nobody answers.
pub fn decided(socket: &Path, command: Operation) -> Result<Decided, String> {
    let mut client = Client::connect(socket)?;
    let mut answer = client.ask(&Ask::Operate { command })?;
    let began = Instant::now();
    while answer["outcome"].is_null() {
        let ticket: Ticket =
            serde_json::from_value(answer["ticket"].take()).map_err(|_| "the answer names no ticket".to_owned())?;
        if began.elapsed() > PATIENCE {
            return Err(format!(
                "已受理，{0} 秒内未见结果 taken, but nothing came of it within {0} s: see `backstop status`",
                PATIENCE.as_secs()
            ));
        }
        std::thread::sleep(OUTCOME_EVERY);
        answer = client.ask(&Ask::Outcome { ticket })?;
    }
    serde_json::from_value(answer["outcome"].take()).map_err(|fault| format!("the answer is no outcome: {fault}"))
}

/// Ends a process in order.
///
/// # Errors
/// Nobody answers, or the end failed.
pub fn stop(socket: &Path) -> Result<bool, String> {
    let answer = Client::connect(socket)?.ask(&Ask::Stop)?;
    println!("{}", answer["ended"].as_str().unwrap_or("ended"));
    Ok(true)
}

/// The one command: shows the evidence, asks, and shows each step as it happens.
///
/// # Errors
/// It was refused before anything happened, or nobody answers.
pub fn switch(socket: &Path, flags: &SwitchFlags) -> Result<bool, String> {
    let mut talk = Talk { client: Client::connect(socket)?, flags: flags.clone(), reasons: Vec::new() };
    let status = talk.status()?;
    if !flags.json {
        println!("接管前证据 the evidence\n{}", picture(&status));
        print!("{}", status.audit.text);
    }
    let under_way = status.takeover.last().filter(|_| !status.is_taken_over && status.state.number != RETIRED);
    if let Some(step) = under_way {
        crate::say(&format!(
            "已有接管在进行，转为跟随 a takeover is under way, at step {} {} {}: this command follows it; its book and reopening are kept",
            step.number, step.chinese, step.english
        ));
    } else if status.is_exchange && status.state.number != RETIRED {
        return Err("本系统已在运行，无可接管 this core is active already: there is nothing to take over".to_owned());
    }
    talk.agree(&status)?;
    let options = talk.options();
    let answer = talk.client.ask(&Ask::Switch { options })?;
    if !flags.json {
        match &answer["begins"] {
            serde_json::Value::Null => println!("接管继续 the takeover goes on"),
            begins => println!("接管开始 the takeover begins: cut {}, epoch {}", begins["cut"], begins["epoch"]),
        }
    }
    talk.follow()
}

struct Talk {
    client: Client,
    flags: SwitchFlags,
    /// Overrides that were typed in.
    reasons: Vec<String>,
}

impl Talk {
    fn status(&mut self) -> Result<Status, String> {
        let mut answer = self.client.ask(&Ask::Status)?;
        serde_json::from_value(answer["status"].take())
            .map_err(|_| "this process is not Backstop: only Backstop takes over".to_owned())
    }

    fn options(&self) -> SwitchOptions {
        let flags = &self.flags;
        SwitchOptions {
            book: flags.book,
            reopen: flags.reopen,
            override_fence: flags.override_fence.clone(),
            from_lagging: flags.from_lagging,
            from_diverged: flags.from_diverged,
            from_self: flags.from_self,
            readiness_per_mille: flags.readiness,
            readiness_timeout_ms: flags.readiness_timeout.saturating_mul(1_000),
            cancel_only_ms: flags.cancel_only.saturating_mul(1_000),
            auction_ms: flags.auction.saturating_mul(1_000),
        }
    }

    /// Asks for what the state needs; with `--yes` the flags have said it, or the process will refuse.
    fn agree(&mut self, status: &Status) -> Result<(), String> {
        if self.flags.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err("switch asks before it acts, and there is no terminal: expected --yes".to_owned());
        }
        match status.state.number {
            1 | 3 if !self.flags.from_lagging => {
                ask_for(
                    "落后或未知，仍要接管请输入 lagging: it lags, or does not know; to take over all the same type",
                    "lagging",
                )?;
                self.flags.from_lagging = true;
            }
            4 if !self.flags.from_diverged => {
                ask_for(
                    "已背离，仍要接管请输入 diverged: it has diverged; to take over all the same type",
                    "diverged",
                )?;
                self.flags.from_diverged = true;
            }
            _ => ask_for("确认接管请输入 switch: to take over type", "switch")?,
        }
        Ok(())
    }

    /// Shows each step as it begins and ends; asks where one waits for a decision.
    fn follow(&mut self) -> Result<bool, String> {
        let flags = &self.flags;
        let given = flags.readiness_timeout.saturating_add(flags.cancel_only).saturating_add(flags.auction);
        let patience = SWITCH_PATIENCE.saturating_add(Duration::from_secs(given));
        let json = flags.json;
        let began = Instant::now();
        let mut shown: Vec<(u8, String)> = Vec::new();
        loop {
            let status = self.status()?;
            for step in &status.takeover {
                let key = (step.number, step.outcome.clone());
                if !json && !shown.contains(&key) {
                    println!("{}", line(step));
                    shown.push(key);
                }
            }
            if let Some(halt) = &status.halt {
                return Err(format!("接管中断 the takeover halted: {halt}"));
            }
            if let Some(epoch) = status.links.published_instead.filter(|_| status.state.number == RETIRED) {
                return Err(another_is_the_exchange(epoch, status.epoch));
            }
            if status.is_taken_over {
                self.done(&status, json);
                return Ok(true);
            }
            if let Some(step) = status.takeover.last().filter(|step| step.outcome == "blocked") {
                self.decide(step)?;
                shown.retain(|(number, _)| *number != step.number);
            }
            if began.elapsed() > patience {
                return Err(format!(
                    "the takeover is not done after {} s; it goes on: see `backstop status`",
                    patience.as_secs()
                ));
            }
            std::thread::sleep(STEPS_EVERY);
        }
    }

    fn done(&self, status: &Status, json: bool) {
        if json {
            println!("{}", serde_json::to_string(status).expect("a status is plain data"));
            return;
        }
        let first = status.takeover.first().map_or(0, |step| step.began_ns);
        let last = status.takeover.iter().filter_map(|step| step.ended_ns).max().unwrap_or(first);
        println!(
            "接管完成 the takeover is done: epoch {}, {:.3} s from the command to the last step",
            status.epoch,
            (last.saturating_sub(first)) as f64 / 1e9
        );
        for doubt in &status.in_doubt {
            println!("  存疑 in doubt: series {}, numbers {} to {}", doubt.series, doubt.from, doubt.to);
        }
    }

    /// A step waits for an operator.
    fn decide(&mut self, step: &StepLine) -> Result<(), String> {
        let what = format!("{} {} {}: {}", step.number, step.chinese, step.english, step.detail);
        if self.flags.yes {
            let hint = if step.number == 4 { "; expected --override-fence REASON" } else { "" };
            return Err(format!("步骤等待决定 a step waits for a decision: {what}{hint}"));
        }
        println!("步骤等待决定 a step waits for a decision: {what}");
        print!("重试请直接回车；越过请输入理由 press return to try again, or type the reason to go on without it: ");
        let reason = read_line()?;
        let ask = match (reason.is_empty(), step.number) {
            (true, _) => Ask::Switch { options: self.options() },
            (false, 4) => {
                self.flags.override_fence = Some(reason.clone());
                Ask::Switch { options: self.options() }
            }
            (false, _) => Ask::Override { reason: reason.clone() },
        };
        if !reason.is_empty() {
            self.reasons.push(reason);
        }
        self.client.ask(&ask).map(|_| ())
    }
}

/// Another core has the name service with a higher epoch: what an operator has to know, and can do.
fn another_is_the_exchange(its: u32, ours: u32) -> String {
    format!(
        "名字服务已有纪元 {its}，高于本核心的 {ours}：另有核心是交易所，本核心退役 the name service has epoch {its}, ours is {ours}: another core \
         is the exchange, and this one retires. If it is, stop this process; if that publication is stale, restart the name service and \
         this process, and give `switch` again: it goes on where it stood 若该公布已陈旧，重启名字服务与本进程后再次 switch"
    )
}

fn ask_for(question: &str, word: &str) -> Result<(), String> {
    print!("{question} `{word}`: ");
    if read_line()? == word {
        Ok(())
    } else {
        Err("未确认，什么都没有发生 not confirmed: nothing happened".to_owned())
    }
}

fn read_line() -> Result<String, String> {
    let _ = std::io::stdout().flush();
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| format!("the terminal: {error}"))?;
    Ok(line.trim().to_owned())
}

/// A step of the takeover in one line, with its times.
fn line(step: &StepLine) -> String {
    let outcome = match step.outcome.as_str() {
        "done" => "完成 done",
        "overridden" => "越过 overridden",
        "nothing" => "无需 nothing to do",
        "running" => "进行中 running",
        _ => "等待决定 blocked",
    };
    let took = step
        .ended_ns
        .map_or_else(String::new, |ended| format!("  {:.3} ms", ended.saturating_sub(step.began_ns) as f64 / 1e6));
    let name = format!("{} {}", step.chinese, step.english);
    let detail = if step.detail.is_empty() { String::new() } else { format!("  {}", step.detail) };
    format!("  {}  {:>2}  {name}: {outcome}{took}{detail}", time_of_day(step.began_ns), step.number)
}

/// The picture that `status` shows.
#[must_use]
pub fn picture(status: &Status) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(out, "  {}{value}", padded(name, 22));
    };
    let role = if status.is_exchange { "交易所 the exchange" } else { "跟随 follows" };
    row("时间 time", format!("{}  {}", time_of_day(status.now_ns), role));
    row("状态 state", format!("{} ({})", status.state.name, status.state.number));
    row("交易日 trading day", status.trading_day.to_string());
    row("纪元/序号 at", format!("epoch {}, sequence {}, {} bytes", status.epoch, status.sequence, status.log_bytes));
    if let Some(digest) = &status.state_digest {
        row("摘要 digest", digest.clone());
    }
    if !status.is_exchange {
        let lag = &status.lag;
        let behind = format!("{} frames behind {}, silent for {} ms", lag.frames, lag.source_sequence, lag.silent_ms);
        let feed = if status.links.feed { "已连接 connected" } else { "未连接 NOT connected" };
        row("主系统 primary", format!("{feed}; {behind}"));
        row("最后一帧 last frame", time_of_day(lag.last_frame_ns));
        if let Some(end) = &lag.end {
            row("", end.clone());
        }
    }
    let calendar = &status.calendar;
    if calendar.steps > 0 {
        let next =
            calendar.next_ns.map_or_else(|| "已走完 done".to_owned(), |at| format!("下一步 next {}", time_of_day(at)));
        let refused = match calendar.refused {
            0 => String::new(),
            step => format!("; 第 {step} 步被拒 step {step} was REFUSED"),
        };
        row("日历 calendar", format!("step {} of {}, {next}{refused}", calendar.taken, calendar.steps));
    }
    let audit = &status.audit;
    let verdict = if audit.is_clean { "无差异 clean" } else { "有差异 DIFFERENCES" };
    row(
        "审计 audit",
        format!(
            "{verdict}: {} frames, {} decided otherwise, {} digests differ",
            audit.frames, audit.differences, audit.digest_mismatches
        ),
    );
    let board = &status.board;
    row(
        "会员 members",
        format!(
            "{} {}/{} logged in, {} told everything, {} ready, {} hands",
            bar(board.logged_in, board.members),
            board.logged_in,
            board.members,
            board.caught_up,
            board.ready,
            board.hands
        ),
    );
    for raised in &board.raised {
        row("举手 hand", raised.clone());
    }
    let latency = &status.latency_ns;
    if latency.count > 0 {
        let micros = |nanos: u64| nanos as f64 / 1e3;
        row(
            "内部时延 latency µs",
            format!(
                "p50 {:.1}  p99 {:.1}  p99.9 {:.1}  max {:.1}  ({} answers)",
                micros(latency.p50),
                micros(latency.p99),
                micros(latency.p999),
                micros(latency.max),
                latency.count
            ),
        );
    }
    let traffic = &status.traffic;
    row(
        "流量 traffic",
        format!(
            "{} logins, {} commands, {} answers, {} refused; frames {} in, {} out",
            traffic.logins, traffic.commands, traffic.answers, traffic.refusals, traffic.frames_in, traffic.frames_out
        ),
    );
    if traffic.queries > 0 {
        row("查询 queries", format!("{} asked, {} answered", traffic.queries, traffic.query_answers));
    }
    if !traffic.refused_by_code.is_empty() {
        let code = |(code, count): (&u16, &u64)| format!("{code}: {count}");
        row("拒绝 refused by code", traffic.refused_by_code.iter().map(code).collect::<Vec<_>>().join("  "));
    }
    if let Some(multicast) = &status.multicast {
        row(
            "组播 multicast",
            format!(
                "{} datagrams ({} heartbeats), {} messages, {} too long; requests {} taken, {} dropped, {} refused; {} datagrams sent again",
                multicast.datagrams,
                multicast.heartbeats,
                multicast.messages,
                multicast.too_long,
                multicast.requests,
                multicast.requests_dropped,
                multicast.refused,
                multicast.fills
            ),
        );
    }
    if status.fronts.len() > 1 {
        let front = |front: &FrontLine| format!("{}: {} logins, {} answers", front.number, front.logins, front.answers);
        row("前置 fronts", status.fronts.iter().map(front).collect::<Vec<_>>().join("; "));
    }
    for thread in &status.threads {
        row("线程 thread", thread.words());
    }
    let published = match status.links.published_instead {
        _ if status.links.published => "已公布 published".to_owned(),
        None => "未公布 not published".to_owned(),
        Some(epoch) => format!("已拒绝 REFUSED: it has epoch {epoch}, ours is {}", status.epoch),
    };
    row("名字服务 names", format!("{published}; {} 个外置前置 fronts on other machines", status.links.fronts));
    if let Some(halt) = &status.halt {
        row("停止 HALTED", halt.clone());
    }
    if !status.takeover.is_empty() {
        row("接管 takeover", String::new());
        for step in &status.takeover {
            let _ = writeln!(out, "{}", line(step));
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Another process's status: its fields, one a line.
fn plain(value: &serde_json::Value) -> String {
    let fields = value.as_object().into_iter().flatten();
    let lines: Vec<String> = fields.map(|(name, value)| format!("  {}{value}", padded(name, 22))).collect();
    lines.join("\n")
}

/// Ten places, filled as far as `part` is of `all`.
fn bar(part: u32, all: u32) -> String {
    let filled = (part * 10).checked_div(all).unwrap_or(0).min(10) as usize;
    format!("{}{}", "█".repeat(filled), "░".repeat(10 - filled))
}

/// Padded to so many columns; a Chinese character has two.
fn padded(text: &str, columns: usize) -> String {
    let width: usize = text.chars().map(|character| if character < '\u{1100}' { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(columns.saturating_sub(width)))
}

/// hh:mm:ss.mmm, China Standard Time.
fn time_of_day(nanos: u64) -> String {
    let millis = (nanos / 1_000_000 + 8 * 3_600_000) % 86_400_000;
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
