//! `backstop nic` and `backstop doctor` on made machines, as an operator runs them: what is printed, the exit code, the bytes.

#[path = "../nic-config/tests/common/mod.rs"]
mod machines;

use machines::{Machine, NIC, SECOND_PORT, put, server, servers};
use serde_json::Value;
use std::fs;

/// Runs the command on a made machine: exit code, stdout, stderr.
fn backstop(machine: &Machine, arguments: &[&str]) -> (i32, String, String) {
    let mut command = effort::command(env!("CARGO_BIN_EXE_backstop"));
    command.args(arguments).arg("--root").arg(machine.root());
    if arguments[0] == "nic" {
        command.arg("--state").arg(machine.state());
    }
    let output = command.output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("no signal"), text(output.stdout), text(output.stderr))
}

fn json(machine: &Machine, arguments: &[&str]) -> (i32, Value) {
    let (code, text, fault) = backstop(machine, &[arguments, &["--json"]].concat());
    let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{fault}"));
    (code, value)
}

/// What a new start with the parameters that plan prints leaves behind.
fn start_anew_with_the_command_line(machine: &Machine) {
    let cores: nic_config::CoreSet = machine.profile.layout.core_numbers().into_iter().collect();
    put(machine.root(), "sys/devices/system/cpu/isolated", &cores.to_string());
    put(machine.root(), "sys/devices/system/cpu/nohz_full", &cores.to_string());
    put(machine.root(), "proc/cmdline", &format!("quiet rcu_nocbs={cores}"));
}

#[test]
fn every_server_is_planned_applied_checked_and_reverted_by_the_command() {
    for server in servers() {
        let machine = server.make();
        start_anew_with_the_command_line(&machine);
        let before = machine.picture();
        let (code, found) = json(&machine, &["nic", "check", "--device", NIC]);
        assert_eq!((code, &found["ok"], &found["profile"]), (1, &Value::Bool(false), &Value::from(server.profile)));

        let (code, plan) = json(&machine, &["nic", "plan", "--device", NIC]);
        assert_eq!((code, &plan["command_line"]), (0, &Value::Null), "{}: {plan}", server.profile);
        assert_eq!(machine.picture(), before, "{}: a plan changes nothing", server.profile);

        let (code, done) = json(&machine, &["nic", "apply", "--device", NIC]);
        assert_eq!((code, &done["ok"]), (0, &Value::Bool(true)), "{}: {done}", server.profile);
        assert!(done["steps"].as_array().is_some_and(|steps| steps.len() >= 8), "{}: {done}", server.profile);

        let (code, found) = json(&machine, &["nic", "check", "--device", NIC]);
        assert_eq!((code, &found["ok"]), (0, &Value::Bool(true)), "{}: {found}", server.profile);

        let (code, back) = json(&machine, &["nic", "revert"]);
        assert_eq!((code, &back["ok"]), (0, &Value::Bool(true)), "{}: {back}", server.profile);
        assert_eq!(machine.picture(), before, "{}", server.profile);
    }
}

#[test]
fn people_read_what_would_change_and_why_in_both_languages() {
    let machine = server("hygon-7285").make();
    let (code, text, _) = backstop(&machine, &["nic", "plan"]);
    assert_eq!(code, 0, "{text}");
    for words in [
        "hygon-7285",
        "大页 huge pages: node 0",
        "0 of 1048576 KiB",
        "2 of 1048576 KiB",
        "packet buffers",
        "isolcpus=managed_irq,domain,4-7 nohz_full=4-7 rcu_nocbs=4-7",
        "this tool never edits it",
        "frequency governor: core 4,6 ",
        "SMT sibling: core 68-71 ",
        "--device 0000:17:00.0",
    ] {
        assert!(text.contains(words), "no {words} in\n{text}");
    }
    assert!(!text.contains(SECOND_PORT), "a NIC that is up is not offered:\n{text}");
    let (code, text, _) = backstop(&machine, &["nic", "check"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("WRONG 不符") && text.contains("backstop nic apply"), "{text}");
    let (code, text, _) = backstop(&machine, &["nic", "apply", "--device", NIC]);
    assert!(code == 0 && text.contains("完成 done") && text.contains("nic.journal"), "{text}");
    let (code, text, _) = backstop(&machine, &["nic", "revert"]);
    assert!(code == 0 && text.contains("everything is as it was"), "{text}");
    let (code, text, _) = backstop(&machine, &["nic", "revert"]);
    assert!(code == 0 && text.contains("nothing to put back"), "{text}");
}

#[test]
fn a_device_in_use_is_refused_in_one_line_and_nothing_is_done() {
    let machine = server("ice-lake-sp").make();
    let before = machine.picture();
    let (code, text, fault) = backstop(&machine, &["nic", "apply", "--device", SECOND_PORT]);
    assert_eq!((code, text.as_str(), fault.lines().count()), (2, "", 1), "{fault}");
    assert!(fault.contains("--device 0000:17:00.1") && fault.contains("ens1f1 has the default route"), "{fault}");
    // Whether people or scripts ask, plan or apply: not done is exit code 2, and the line says why.
    for job in ["plan", "apply"] {
        for more in [&[][..], &["--json"]] {
            let arguments = [&["nic", job, "--device", SECOND_PORT], more].concat();
            let (code, text, fault) = backstop(&machine, &arguments);
            assert_eq!((code, fault.lines().count()), (2, 1), "{arguments:?}: {text}{fault}");
            assert!(fault.contains("ens1f1 has the default route"), "{arguments:?}: {fault}");
            if job == "plan" && !more.is_empty() {
                let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
                assert_eq!(report["ok"], Value::Bool(false), "{report}");
                assert!(report["refused"].as_str().is_some_and(|why| why.contains("default route")), "{report}");
            } else {
                assert_eq!(text, "", "{arguments:?}");
            }
        }
    }
    assert_eq!(machine.picture(), before);
    assert!(!machine.state().exists(), "not even a journal");
}

#[test]
fn a_file_that_the_kernel_lacks_is_not_missed_and_one_that_comes_later_is_looked_at() {
    let machine = server("kunpeng-920").make();
    let before = machine.picture();
    // A kernel without frequency scaling for this core.
    let governor = machine.root().join("sys/devices/system/cpu/cpu4/cpufreq/scaling_governor");
    let text = fs::read(&governor).expect("made tree");
    let (code, plan) = json(&machine, &["nic", "plan"]);
    assert_eq!(code, 0, "{plan}");
    fs::remove_file(&governor).expect("made tree");
    let (code, done) = json(&machine, &["nic", "apply"]);
    assert_eq!((code, &done["ok"]), (0, &Value::Bool(true)), "a file that is not there is not looked for: {done}");
    fs::write(&governor, text).expect("made tree");
    let (code, _) = json(&machine, &["nic", "check"]);
    assert_eq!(code, 1, "now it is there, and not as wanted");
    assert_eq!(json(&machine, &["nic", "revert"]).0, 0);
    assert_eq!(machine.picture(), before);
}

#[test]
fn doctor_names_the_profile_what_it_takes_and_what_is_missing() {
    let machine = server("kunpeng-920").make();
    let (code, text, _) = backstop(&machine, &["doctor"]);
    assert_eq!(code, 1, "nothing is set yet:\n{text}");
    for words in
        ["kunpeng-920", "part 0xd01", "core 6: engine", "300000 orders/s", "assumed", "MiB: log 32768", "isolcpus="]
    {
        assert!(text.contains(words), "no {words} in\n{text}");
    }
    let (code, report) = json(&machine, &["doctor", "--profile", "phytium-s2500"]);
    assert_eq!(code, 1);
    let items = report["items"].as_array().expect("items");
    let processor = items.iter().find(|item| item["name"] == "processor").expect("an item");
    assert_eq!((&processor["verdict"], &processor["wanted"]), (&Value::from("wrong"), &Value::from("phytium-s2500")));
    assert!(report["memory_total"].as_u64().is_some_and(|bytes| bytes > 16 << 30), "{report}");
    // Any machine is good enough for dev.
    let (code, report) = json(&machine, &["doctor", "--profile", "dev"]);
    assert_eq!(
        (code, &report["ok"]),
        (i32::from(cfg!(target_arch = "x86_64")), &Value::Bool(cfg!(target_arch = "aarch64")))
    );
}

#[test]
fn doctor_on_this_machine_answers_and_gives_a_profile_to_begin_ones_own_from() {
    if effort::share() > 1 {
        println!("SKIPPED: under an emulator /proc shows another machine's processor");
        return;
    }
    let run = |arguments: &[&str]| {
        let mut command = effort::command(env!("CARGO_BIN_EXE_backstop"));
        command.args(arguments).output().expect("it runs")
    };
    let report: Value = serde_json::from_slice(&run(&["doctor", "--json", "--profile", "dev"]).stdout).expect("JSON");
    assert_eq!(report["ok"], Value::Bool(true), "{report}");
    let text = run(&["doctor", "--profile", "hygon-7390", "--source"]).stdout;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ours.toml");
    fs::write(&path, text).expect("written");
    let ours = hw_profiles::Profile::load(path.to_str().expect("UTF-8")).expect("whole");
    assert_eq!(ours, hw_profiles::Profile::load("hygon-7390").expect("built in"));
}
