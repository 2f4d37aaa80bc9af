//! `backstop bench`, from outside, on short runs: what it prints adds up, an outage is in the figures, a promise is judged on its
//! own machine only, bad input is one line.

use backstop::bench::flow::Mix;
use backstop::bench::runs::{Plan, in_memory};
use backstop::bench::service::Shape;
use dataplane::stages::{LayoutMap, online_cores};
use indicatif::ProgressBar;
use serde_json::Value;
use std::fs;
use std::path::Path;

fn backstop(arguments: &[&str]) -> std::process::Output {
    effort::command(env!("CARGO_BIN_EXE_backstop")).arg("bench").args(arguments).output().expect("it runs")
}

/// The JSON of a run; its exit code says whether the promise, as far as it was judged, holds.
fn json(arguments: &[&str]) -> Value {
    let output = backstop(&[arguments, &["--json"]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.is_empty(), "{stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let falls_short = report["verdict"] == "falls short";
    assert_eq!(output.status.code(), Some(i32::from(falls_short)), "{}", report["details"]);
    report
}

fn refused(arguments: &[&str], words: &[&str]) {
    let output = backstop(arguments);
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "{arguments:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{arguments:?}: expected `{word}` in: {stderr}");
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("expected a whole number: {value}"))
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// A rate in real time; an emulated processor holds a twentieth, and a bench takes no less than 1,000.
fn rate_of(orders: usize) -> u64 {
    effort::of(orders).max(1_000) as u64
}

#[test]
fn the_json_has_its_fields_and_every_order_sent_is_answered_or_dropped() {
    let (words, numbers) = if effort::share() == 1 {
        ("2k,5000,20K", [2_000, 5_000, 20_000])
    } else {
        ("1k,1500,2K", [1_000, 1_500, 2_000])
    };
    let report = json(&["--rates", words, "--seconds", "0.2", "--sessions", "8"]);
    assert_eq!(keys(&report), ["details", "machine", "profile", "rates", "verdict"]);
    assert_eq!(report["profile"], "dev");
    let rates = report["rates"].as_array().expect("rates");
    assert_eq!(rates.iter().map(|rate| number(&rate["rate"])).collect::<Vec<_>>(), numbers);
    for (rate, detail) in rates.iter().zip(report["details"]["rates"].as_array().expect("details")) {
        let fields = [
            "answered",
            "bytes_copied_per_order",
            "cycles_per_order",
            "drops",
            "latency_ns",
            "planned_ns",
            "rate",
            "sent",
        ];
        assert_eq!(keys(rate), fields);
        let (sent, answered, drops) = (number(&rate["sent"]), number(&rate["answered"]), number(&rate["drops"]));
        assert_eq!((sent, drops), (answered, 0), "{rate}");
        assert_eq!(sent, number(&rate["rate"]) / 5, "{rate}");
        for latency in ["latency_ns", "planned_ns"] {
            let values: Vec<u64> = ["p50", "p90", "p95", "p99", "p999", "p9999", "max"]
                .iter()
                .map(|name| number(&rate[latency][*name]))
                .collect();
            assert!(values.is_sorted() && values[0] > 100, "{latency} {values:?}");
        }
        assert!(rate["cycles_per_order"].as_f64() > Some(100.0));
        let kinds = &detail["sent_by_kind"];
        let kinds = ["rests", "trades", "cancels"].map(|kind| number(&kinds[kind]));
        let all: u64 = kinds.iter().sum();
        assert!(all >= sent && kinds.iter().all(|&count| count * 10 > all), "a default flow has all three: {kinds:?}");
        assert_eq!((number(&detail["refused"]), number(&detail["malformed"])), (0, 0), "{detail}");
        assert_eq!(number(&detail["rejected"]), 0, "{detail}");
    }
}

/// Coordinated omission: a load that waits for the service sends nothing while it stands still, and has one bad figure where
/// a thousand orders were late.
#[test]
fn a_service_that_stands_still_for_50_ms_is_seen_by_every_order_that_was_due_meanwhile() {
    let report = json(&["--rate", &rate_of(20_000).to_string(), "--seconds", "1", "--stall", "50"]);
    let rate = &report["rates"][0];
    let planned = &rate["planned_ns"];
    assert_eq!(number(&rate["drops"]), 0);
    assert!(number(&planned["max"]) >= 49_000_000, "{planned}");
    // 1,000 of 20,000 were due in those 50 ms, evenly: the hundredth part of all waited for 40 ms and more.
    assert!(number(&planned["p99"]) >= 35_000_000, "{planned}");
    // It stood still between bursts: nobody's burst had come, so it is not internal.
    assert!(number(&rate["latency_ns"]["p99"]) < number(&planned["p99"]), "{rate}");
}

#[test]
fn what_is_not_answered_a_second_after_it_was_due_is_dropped_with_its_cause() {
    let report = json(&["--rate", &rate_of(20_000).to_string(), "--seconds", "0.4", "--stall", "5000"]);
    let (rate, detail) = (&report["rates"][0], &report["details"]["rates"][0]);
    let (sent, answered, drops) = (number(&rate["sent"]), number(&rate["answered"]), number(&rate["drops"]));
    assert_eq!(sent, answered + drops);
    assert!(drops > effort::of(1_000) as u64 && answered > effort::of(1_000) as u64, "{rate}");
    let causes = ["not_taken", "not_answered", "broken"].map(|cause| number(&detail[cause]));
    assert_eq!(causes.iter().sum::<u64>(), drops, "{detail}");
    assert_eq!(report["verdict"], "falls short", "{detail}");
}

#[test]
fn a_promise_is_judged_on_its_own_machine_only() {
    let folder = tempfile::tempdir().expect("a folder");
    // Somebody's server, with tables that fit into a test.
    let source = hw_profiles::Profile::source("kunpeng-920").expect("built in");
    let dev = hw_profiles::Profile::source("dev").expect("built in");
    let limits = |text: &str| {
        let begin = text.find("[limits]").expect("limits");
        let end = text.find("[promise]").expect("a promise behind them");
        begin..end
    };
    let mut text = source.to_owned();
    text.replace_range(limits(source), &dev[limits(dev)]);
    let path = folder.path().join("kunpeng.toml");
    fs::write(&path, text).expect("written");
    let report = json(&["--profile", path.to_str().expect("UTF-8"), "--rate", "5k", "--seconds", "0.1"]);
    if report["machine"]["profile"] == "kunpeng-920" {
        println!("skipped: this machine is one");
        return;
    }
    assert_eq!(report["verdict"], "not judged");
    assert!(report["details"]["why"].as_str().expect("words").contains("wrong machine"), "{}", report["details"]);
}

#[test]
fn histograms_and_plot_are_written_with_both_latencies_of_every_rate() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, plot) = (folder.path().join("out.hlog"), folder.path().join("out.svg"));
    let mix = folder.path().join("mix.toml");
    fs::write(&mix, "insert = 60\naggressive = 10\ncancel = 30\nbooks = 5\ndepth = 50\n").expect("written");
    let paths = [&log, &plot, &mix].map(|path| path.to_str().expect("UTF-8"));
    let rates = [rate_of(5_000), rate_of(5_000) * 2];
    let report = json(&[
        "--rates",
        &format!("{},{}", rates[0], rates[1]),
        "--seconds",
        "0.1",
        "--sessions",
        "3",
        "--histogram",
        paths[0],
        "--plot",
        paths[1],
        "--mix",
        paths[2],
    ]);
    assert_eq!(report["rates"].as_array().map(Vec::len), Some(2));
    let log = fs::read_to_string(&log).expect("written");
    for rate in rates {
        for tag in [format!("Tag=planned_{rate},"), format!("Tag=internal_{rate},")] {
            assert!(log.contains(&tag), "{tag} in {log}");
        }
    }
    let plot = fs::read_to_string(&plot).expect("written");
    let document = roxmltree::Document::parse(&plot).expect("XML");
    let curves = document.descendants().filter(|node| node.has_tag_name("polyline")).count();
    assert_eq!(curves, 4);
    assert!(plot.contains(&format!("{},000 /s", rates[0] / 1_000)) && plot.contains("时延"));
}

/// A layout of two threads, each on its core: what the threads did and where they were is in the report, and it is not judged, since
/// the profile promises for another.
#[test]
fn a_layout_of_two_threads_answers_every_order_and_tells_where_its_threads_were() {
    if effort::share() > 1 || online_cores().is_none_or(|cores| cores.len() < 2) {
        return println!("SKIPPED: two threads were NOT measured: there are no two cores, or they are emulated");
    }
    let report =
        json(&["--layout", "2", "--journal", "memory", "--rates", "2k,5k", "--seconds", "0.3", "--sessions", "8"]);
    let layout = &report["details"]["layout"];
    assert_eq!(layout["threads"], serde_json::json!(["front0", "engine+record"]));
    assert_eq!((&layout["fell_back"], &layout["journal"]), (&Value::Null, &Value::from("memory")));
    assert_eq!(report["verdict"], "not judged");
    assert!(report["details"]["why"].as_str().expect("words").contains("--layout 2"), "{}", report["details"]["why"]);
    for (rate, detail) in report["rates"].as_array().expect("rates").iter().zip(details(&report)) {
        assert_eq!((number(&rate["sent"]), number(&rate["drops"])), (number(&rate["answered"]), 0), "{rate} {detail}");
        assert_eq!((number(&detail["refused"]), number(&detail["rejected"])), (0, 0), "{detail}");
        for stage in ["ingress", "engine", "publish", "egress"] {
            assert!(detail["cycles"][stage].as_f64() > Some(10.0), "{stage}: {detail}");
        }
        let threads = detail["threads"].as_array().expect("threads");
        let words: Vec<&str> = threads.iter().map(|thread| thread["stages"].as_str().expect("a name")).collect();
        assert_eq!(words, ["front0", "engine+record"]);
        for thread in threads {
            assert_eq!(thread["core_wanted"], thread["core"], "read back from the kernel: {thread}");
            assert_eq!((&thread["is_pinned"], thread["migrations"].as_u64().unwrap_or(0)), (&Value::Bool(true), 0));
        }
        assert_ne!(threads[0]["core"], threads[1]["core"]);
    }
    assert!(report["details"]["empty_ring_ns"]["p50"].as_u64() > Some(0), "beside the empty ring");
    refused(&["--layout", "2", "--stall", "5"], &["--stall 5", "--layout fused"]);
}

#[test]
fn a_layout_that_the_machine_has_no_cores_for_falls_back_to_one_thread_and_says_so() {
    let cores = online_cores().map_or(usize::MAX, |cores| cores.len());
    let Some(threads) = ["2", "4", "8"].into_iter().find(|threads| threads.parse::<usize>().is_ok_and(|n| n > cores))
    else {
        return println!("SKIPPED: falling back was NOT tested: this machine has cores for every layout");
    };
    let arguments = ["--layout", threads, "--rate", "2k", "--seconds", "0.1", "--sessions", "2"];
    let report = json(&arguments);
    let layout = &report["details"]["layout"];
    assert_eq!(
        (&layout["asked"], &layout["threads"]),
        (&Value::from(threads), &serde_json::json!(["front0+engine+record"]))
    );
    assert!(layout["fell_back"].as_str().expect("why").contains(&format!("{threads} threads")), "{layout}");
    assert_eq!(report["verdict"], "not judged");
    let output = backstop(&arguments);
    let (text, loud) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("FELL BACK") && loud.contains(&format!("--layout {threads}")), "{text}{loud}");
}

/// The journal is as durable as the profile has it, where the flag says, and is gone afterwards.
#[test]
fn a_bench_records_as_the_profile_does_and_leaves_no_journal_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal");
    fs::create_dir(&journal).expect("made");
    let text = hw_profiles::Profile::source("dev").expect("built in");
    let synced = text.replace("policy = \"async\"", "policy = \"sync\"");
    assert_ne!(synced, text);
    let path = folder.path().join("synced.toml");
    fs::write(&path, synced).expect("written");
    let (path, at) = (path.to_str().expect("UTF-8"), journal.to_str().expect("UTF-8"));
    for (profile, words) in [("dev", "page cache"), (path, "synced")] {
        let rate = rate_of(2_000);
        let words_of_rate = rate.to_string();
        let arguments =
            ["--profile", profile, "--journal", at, "--rate", &words_of_rate, "--seconds", "0.2", "--sessions", "4"];
        // A device that others write to may take seconds for one commit, and what comes later than a second is dropped, and counted: of
        // three runs one has to be without.
        let is_whole = (0..3).any(|_| {
            let report = json(&arguments);
            assert_eq!(report["details"]["layout"]["journal"], words);
            let run = &report["rates"][0];
            let (answered, drops) = (number(&run["answered"]), number(&run["drops"]));
            assert_eq!(answered + drops, rate / 5, "{words}: {run}");
            assert!(drops == 0 || words == "synced", "{words}: {run}");
            assert_eq!(fs::read_dir(&journal).expect("it is there").count(), 0, "{words}: nothing stays");
            drops == 0
        });
        assert!(is_whole, "{words}: three runs lost orders");
    }
    refused(&["--journal", "/no/such/folder"], &["--journal /no/such/folder", "memory"]);
    refused(&["--layout", "3"], &["--layout 3", "profile, fused, 2, 4 or 8"]);
}

/// More threads than this machine may have cores: slow, but every order is answered, whichever front its member came to.
#[test]
fn on_four_and_eight_threads_every_order_is_answered() {
    if effort::share() > 1 {
        return println!("SKIPPED: four and eight threads by the machine's clock: an emulated processor is too slow");
    }
    let limits = hw_profiles::Profile::load("dev").expect("built in").limits;
    for threads in [4, 8] {
        let map = LayoutMap::on(threads).expect("a shape");
        let shape = Shape { map, ..Shape::fused_in_memory() };
        let plan = Plan { members: 16, mix: Mix::DEFAULT, seed: 3, limits: &limits, stall: None, shape: &shape };
        let run = in_memory(&plan, 2_000, 0.3, &ProgressBar::hidden()).unwrap_or_else(|fault| panic!("{fault}"));
        let counts = run.counts;
        assert_eq!((counts.planned, counts.answered, counts.drops()), (600, 600, 0), "{threads} threads: {counts:?}");
        assert_eq!((counts.malformed, &run.fault), (0, &None), "{threads} threads");
        assert_eq!(run.threads.len(), threads);
    }
}

fn details(report: &Value) -> &[Value] {
    report["details"]["rates"].as_array().expect("details")
}

#[test]
fn wrong_flags_and_mixes_are_named_with_what_was_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    let mix = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    refused(&["--rate", "fast"], &["--rate fast", "250k"]);
    refused(&["--rates", "10k,0"], &["--rates 0", "1,000"]);
    refused(&["--rate", "10k", "--rates", "10k"], &["--rate", "--rates"]);
    refused(&["--rate", "10k", "--promise"], &["--rate", "--promise"]);
    refused(&["--seconds", "0"], &["--seconds 0", "0.05"]);
    refused(&["--sessions", "0"], &["--sessions 0", "1 to"]);
    refused(&["--sessions", "5000"], &["--sessions 5000", "the profile has room for"]);
    refused(&["--profile", "cray"], &["cray", "dev"]);
    refused(&["--port", "floppy"], &["--port floppy"]);
    refused(&["--compare", "windows"], &["--compare", "windows", "kernel"]);
    refused(&["--mix", "/no/such/file"], &["--mix /no/such/file", "cannot be read"]);
    let sum = mix("sum.toml", "insert = 60\naggressive = 30\ncancel = 30\nbooks = 1\ndepth = 10\n");
    refused(&["--mix", &sum], &["sum.toml", "120", "100"]);
    let field = mix("field.toml", "insert = 60\nsweep = 40\n");
    refused(&["--mix", &field], &["field.toml", "line 2", "sweep"]);
    let books = mix("books.toml", "insert = 50\naggressive = 50\ncancel = 0\nbooks = 9000\ndepth = 10\n");
    refused(&["--mix", &books], &["books = 9000", "room for"]);
}

/// On a TAP interface, and over the kernel's sockets: members behind the kernel's TCP, in a name space of their own.
#[test]
fn on_an_interface_every_order_of_kernel_members_is_answered() {
    if effort::share() > 1 {
        println!("SKIPPED: rates on an interface are real time, and an emulated processor is too slow");
        return;
    }
    if !has_interfaces() || !Path::new("/dev/net/tun").exists() {
        println!("SKIPPED: an interface takes root, ip, ethtool and /dev/net/tun");
        return;
    }
    for port in ["kernel", "tap"] {
        let report = json(&["--port", port, "--rate", "2k", "--seconds", "0.5", "--sessions", "4"]);
        let (rate, detail) = (&report["rates"][0], &report["details"]["rates"][0]);
        assert_eq!(number(&rate["sent"]), 1_000, "{port}");
        assert_eq!((number(&rate["answered"]), number(&rate["drops"])), (1_000, 0), "{port}: {detail}");
        assert!(number(&rate["planned_ns"]["p50"]) >= number(&rate["latency_ns"]["p50"]), "{port}: {rate}");
        assert_eq!((number(&detail["refused"]), number(&detail["malformed"])), (0, 0), "{port}: {detail}");
    }
    refused(&["--port", "tap", "--compare", "kernel", "--rate", "2k"], &["--compare kernel", "af_packet"]);
}

/// Over DPDK's af_packet and then over the kernel's sockets, on the same two ends: both serve every order, and both are told. Which of
/// them is faster is not judged here: that is a figure of a quiet machine.
#[test]
fn a_port_of_dpdk_and_the_kernels_sockets_are_compared_in_one_run() {
    if effort::share() > 1 || !cfg!(feature = "dpdk") || !has_interfaces() {
        println!("SKIPPED: it takes the feature dpdk, root, ip and ethtool, and real time");
        return;
    }
    let report =
        json(&["--port", "af_packet", "--compare", "kernel", "--rate", "2k", "--seconds", "0.5", "--sessions", "4"]);
    let compared = report["details"]["compare"].as_array().expect("a list");
    assert_eq!(compared.len(), 1, "{compared:?}");
    let one = &compared[0];
    assert_eq!(number(&one["rate"]), 2_000);
    for side in [&one["ours"], &one["kernel"]] {
        assert_eq!(["sent", "answered", "drops"].map(|name| number(&side[name])), [1_000, 1_000, 0], "{one}");
        let [planned, internal] = ["planned_ns", "latency_ns"].map(|name| number(&side[name]["p50"]));
        assert!(planned >= internal && internal > 100, "{one}");
    }
    let [ours, kernel] = [&one["ours"], &one["kernel"]].map(|side| number(&side["planned_ns"]["p50"]) as f64);
    let ratio = one["p50_ratio"].as_f64().expect("a number");
    assert!((ratio - ours / kernel).abs() < 0.001, "{one}");
}

/// Interfaces can be made here.
fn has_interfaces() -> bool {
    let has = |command: &str| std::process::Command::new(command).arg("-V").output().is_ok();
    let is_root = fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("Uid:\t0\t0\t"));
    is_root && has("ip") && has("ethtool")
}

/// Whoever asks how fast a machine is finds an answer, or the command that gives it.
#[test]
fn every_profile_has_a_page_of_results() {
    for name in hw_profiles::Profile::names() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("hw-profiles/results/{name}.md"));
        let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(page.starts_with(&format!("# {name}: ")), "{page}");
        assert!(page.contains(&format!("backstop bench --profile {name} --promise")), "{page}");
    }
}
