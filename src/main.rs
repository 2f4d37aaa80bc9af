//! `backstop`: the one command.

#![forbid(unsafe_code)]

use backstop::run::commands;
use backstop::{bench, day, doctor, drill, nic, replay, settle, verify};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::process::ExitCode;

/// The last barrier: a second exchange core that follows the primary all day, audits it, and takes over on one command.
///
/// 最后一道防线：全天跟随主核心、逐条审计、一条命令接管的极简异构第二核心。
#[derive(Parser)]
#[command(name = "backstop", version, max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// A day that fails over, in memory: the primary dies in the middle of a message, Backstop takes over, the day ends with nothing lost 演练
    Drill(drill::Options),
    /// Runs an order-flow file through the engine and prints the trades, or compares them 回放
    Replay(replay::Options),
    /// Runs files of outside evidence through the engine: auctions, order flows, contract sheets, settlement prices and examples, conversion factors; one line a case 外部证据核对
    Verify(verify::Options),
    /// The appliance: follows the primary, and becomes the exchange on command 应用主机
    Run(commands::ProcessOptions),
    /// How a running process stands 状态
    Status(commands::StatusOptions),
    /// The one command: Backstop takes over, step by step 接管
    Switch(commands::SwitchCommand),
    /// A command of the exchange itself: phases, close, bulletins 场务
    Operate(commands::OperateOptions),
    /// Ends a running process in order 停止
    Stop(commands::StopOptions),
    /// The name service 名字服务
    Names(commands::ProcessOptions),
    /// A front on this or another machine, for the core on its own 外置前置
    Front(commands::FrontOptions),
    /// The reference exchange as a stand-in primary 模拟主系统
    Primary(commands::PrimaryOptions),
    /// Writes a closed day's end from its journal, for the next day to open from 日终
    DayEnd(commands::DayEndOptions),
    /// Base data of a trading day: checked and loaded, a template of them, and what a day's journal says 日初与日终数据
    Day(day::command::Options),
    /// Settles a day from its journal: run, rerun corrected, status, release, compare 结算
    Settle(settle::command::Options),
    /// Measures latency and throughput on this machine, against a profile's promise 性能测试
    Bench(bench::Options),
    /// Shows what this machine is, which profile it asks for, and what that profile misses on it 体检
    Doctor(doctor::Options),
    /// Sets this machine for a profile, NICs, memory and cores, and puts everything back: plan, apply, revert, check 网卡与主机
    Nic(nic::Options),
}

/// Exit codes: 0 done and right, 1 done and not right, 2 not done (wrong flags, a file that cannot be read, …).
const WRONG: u8 = 1;
const NOT_DONE: u8 = 2;

fn main() -> ExitCode {
    let arguments = match parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let done = until_nobody_reads(|| match arguments.job {
        Job::Drill(options) => drill::run(&options),
        Job::Replay(options) => replay::run(&options),
        Job::Verify(options) => verify::run(&options),
        Job::Run(options) => commands::run(&options),
        Job::Status(options) => commands::status(&options),
        Job::Switch(options) => commands::switch(&options),
        Job::Operate(options) => commands::operate(&options),
        Job::Stop(options) => commands::stop(&options),
        Job::Names(options) => commands::names(&options),
        Job::Front(options) => commands::front(&options),
        Job::Primary(options) => commands::primary(&options),
        Job::DayEnd(options) => commands::day_end(&options),
        Job::Day(options) => day::command::run(&options),
        Job::Settle(options) => settle::command::run(&options),
        Job::Bench(options) => bench::run(&options),
        Job::Doctor(options) => doctor::run(&options),
        Job::Nic(options) => nic::run(&options),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(WRONG),
        Err(fault) => {
            if !fault.is_empty() {
                complain(&fault);
            }
            ExitCode::from(NOT_DONE)
        }
    }
}

/// What `println!` says when it panics.
const PRINTING: &str = "failed printing to stdout: ";

/// `backstop … | head`: who has read enough closes the pipe, and `println!` panics. That is no fault of ours: nothing is said, what was
/// made for the while (a namespace, a folder) is taken down as on any way out, and we go. Where nothing more can be written for
/// another reason, one line says so.
fn until_nobody_reads(job: impl FnOnce() -> Result<bool, String>) -> Result<bool, String> {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.payload_as_str().is_some_and(|words| words.starts_with(PRINTING)) {
            usual(panic);
        }
    }));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).unwrap_or_else(|payload| {
        let why = payload.downcast_ref::<String>().and_then(|words| words.strip_prefix(PRINTING)).map(str::to_owned);
        match why {
            Some(why) if why.contains("Broken pipe") => Err(String::new()),
            Some(why) => Err(format!("stdout: {why}")),
            None => std::panic::resume_unwind(payload),
        }
    })
}

/// One line on stderr, whatever was quoted from a file or a flag.
fn complain(fault: &str) {
    backstop::say(&format!("backstop: {}", fault.replace(char::is_control, " ")));
}

/// Reads the command line; a fault is one line on stderr that names the flag and what was expected.
fn parse() -> Result<Arguments, ExitCode> {
    let fault = match Arguments::command().try_get_matches() {
        Ok(matches) => return Ok(Arguments::from_arg_matches(&matches).expect("clap checked the matches")),
        Err(fault) => fault,
    };
    if !fault.use_stderr() {
        let _ = fault.print(); // --help, --version
        return Err(ExitCode::SUCCESS);
    }
    if fault.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        complain("expected a command: drill, replay, bench, run, status, switch, doctor, …; --help tells of each");
        return Err(ExitCode::from(NOT_DONE));
    }
    let text = fault.to_string();
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    let first = lines.next().unwrap_or("error: wrong arguments").trim_start_matches("error: ").to_owned();
    let rest: Vec<&str> = lines.take_while(|line| !line.starts_with("Usage:")).collect();
    complain(&[first.as_str()].into_iter().chain(rest).collect::<Vec<_>>().join(" "));
    Err(ExitCode::from(NOT_DONE))
}
