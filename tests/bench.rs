//! `backstop bench`, from outside, on short runs: what it prints adds up, an outage is in the figures, a promise is judged on its
//! own machine only, bad input is one line.

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
