//! The one command, from outside: bad input is one clear line and exit code 2, and nothing is half-done; what is asked for in JSON is one
//! object and nothing else.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

fn backstop(arguments: &[&str]) -> std::process::Output {
    effort::command(env!("CARGO_BIN_EXE_backstop")).args(arguments).output().expect("it runs")
}

/// Exit code 2, nothing on stdout, one line on stderr that holds every one of the words.
fn refused(arguments: &[&str], words: &[&str]) {
    let output = backstop(arguments);
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed {:?}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(stderr.trim_end().lines().count(), 1, "{arguments:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{arguments:?}: expected `{word}` in: {stderr}");
    }
}

fn put(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

const HEADER: &str = "row,time,op,order,side,price,volume\n";

/// Two orders meet in an auction, two in continuous trading; one is taken back.
const ORDERS: &str = "0,09:15:00.000,call,,,,
1,09:15:01.000,insert,1,buy,110,5
2,09:15:02.000,insert,2,sell,100,3
3,09:25:00.000,uncross,,,,
4,09:30:00.000,insert,3,sell,104,4
5,09:30:00.100,insert,4,sell,120,1
6,09:30:01.000,cancel,4,,,
7,09:30:02.000,insert,5,buy,120,2
";

#[test]
fn wrong_flags_and_values_out_of_range_are_named() {
    refused(&["drill", "--member", "4"], &["--member"]);
    refused(&["drill", "--seed", "x"], &["--seed", "x"]);
    refused(&["drill", "--members", "0"], &["--members 0", "4 to 200"]);
    refused(&["drill", "--members", "201"], &["--members 201", "200"]);
    refused(&["drill", "--orders-total", "10"], &["--orders-total 10", "2000"]);
    refused(&["drill", "--fail-at", "1.5"], &["--fail-at 1.5", "0 to 1"]);
    refused(&["drill", "--fail-at", "NaN"], &["--fail-at NaN"]);
    refused(&["drill", "--cores", "3"], &["--cores 3", "1, 2, 4 or 8"]);
    refused(&["drill", "--faults", "hurricane"], &["--faults hurricane", "none", "lossy"]);
    refused(&["drill", "--reopen", "later"], &["later", "continuous", "auction"]);
    refused(&["drill", "--book", "burn"], &["burn", "keep", "cancel"]);
    refused(&["drill", "--trades", "t.csv"], &["--orders"]);
    refused(&["replay"], &["--orders"]);
    refused(&["replay", "--orders", "x.csv", "--price-rule", "best"], &["best", "resting", "middle"]);
    refused(&["dril"], &["dril"]);
    refused(&["drill", "--seed", "-1"], &["--seed", "-1"]);
    refused(&["drill", "--fail-at", "-0.5"], &["--fail-at -0.5", "0 to 1"]);
    refused(&["drill", "--orders-total", "5000", "--orders", "x.csv"], &["--orders-total", "--orders"]);
    refused(&["drill", "yesterday"], &["yesterday"]);
    refused(&[], &["drill", "replay", "doctor"]);
}

#[test]
fn missing_and_malformed_files_are_named_with_their_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let orders = put(folder, "orders.csv", &format!("{HEADER}{ORDERS}"));
    let header = put(folder, "header.csv", "row,order\n1,2\n");
    let wrong = put(folder, "wrong.csv", &format!("{HEADER}0,09:15:00.000,insert,1,buy,cheap,5\n"));
    let trades = put(folder, "trades.csv", "row,buy_order,sell_order,price,volume\n7,x,3,104,2\n");
    let newline = put(folder, "newline.csv", &format!("{HEADER}0,09:15:00.000,insert,1,\"buy\nor sell\",100,5\n"));
    let not_text = folder.join("not_text.csv");
    fs::write(&not_text, [HEADER.as_bytes(), b"0,09:15:00.000,insert,1,\xFF,100,5\n"].concat()).expect("written");
    let gap = put(folder, "gap.csv", &format!("{HEADER}1,09:15:00.000,call,,,,\n"));
    let empty = put(folder, "empty.csv", HEADER);
    let missing = folder.join("missing.csv");
    let missing = missing.to_str().expect("UTF-8");
    for job in ["drill", "replay"] {
        refused(&[job, "--orders", missing], &[missing, "cannot be read"]);
        refused(&[job, "--orders", &header], &["header.csv", "line 1", "row,time,op"]);
        refused(&[job, "--orders", &wrong], &["wrong.csv", "line 2", "price `cheap`"]);
        refused(&[job, "--orders", &newline], &["newline.csv", "line 2", "buy or sell"]);
        refused(&[job, "--orders", not_text.to_str().expect("UTF-8")], &["not_text.csv", "line 2", "UTF-8"]);
        refused(&[job, "--orders", &gap], &["gap.csv", "line 2", "row `1`", "0 to 0"]);
        refused(&[job, "--orders", &empty], &["empty.csv", "at least one insert"]);
        refused(&[job, "--orders", folder.to_str().expect("UTF-8")], &["cannot be read"]);
        refused(&[job, "--orders", &orders, "--trades", missing], &[missing]);
        refused(&[job, "--orders", &orders, "--trades", &trades], &["trades.csv", "line 2", "buy_order `x`"]);
    }
}

#[test]
fn wrong_profiles_and_journals_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let field = put(folder, "field.toml", "name = \"x\"\nspeed = 9\n");
    let no_toml = put(folder, "no.toml", "name = \n");
    refused(&["drill", "--profile", "cray"], &["cray", "dev"]);
    refused(&["drill", "--profile", &field], &["field.toml", "line 2", "speed"]);
    refused(&["doctor", "--profile", &no_toml], &["no.toml", "line 1"]);
    refused(&["drill", "--journal", "/no/such/folder"], &["--journal /no/such/folder"]);
    put(folder, "backstop.journal", "somebody's");
    let path = folder.to_str().expect("UTF-8");
    refused(&["drill", "--orders-total", "2000", "--members", "4", "--journal", path], &["backstop.journal"]);
    let kept = fs::read_to_string(folder.join("backstop.journal")).expect("still there");
    assert_eq!(kept, "somebody's", "a journal that is there is left as it was");
    refused(&["doctor", "--root", "/no/such/folder"], &["--root"]);
}

#[test]
fn a_profile_with_a_wrong_value_or_too_little_room_is_named_with_its_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let dev = concat!(env!("CARGO_MANIFEST_DIR"), "/hw-profiles/dev.toml");
    let dev = fs::read_to_string(dev).expect("the profile of the repository");
    let with = |field: &str, value: &str| {
        let is_field = |line: &str| line.split(' ').next() == Some(field);
        assert!(dev.lines().any(is_field), "{field} is a field of dev.toml");
        let line = |line: &str| if is_field(line) { format!("{field} = {value}\n") } else { format!("{line}\n") };
        put(folder, &format!("{field}.toml"), &dev.lines().map(line).collect::<String>())
    };
    for (field, value, words) in [
        (
            "stages",
            "[\"front\", \"engine\"]",
            ["stages.toml", "layout.thread.stages: record 0 times", "expected 1 to 1"],
        ),
        ("node_bytes", "1_073_741_824", ["node_bytes.toml", "memory.node_bytes = 1073741824", "at least"]),
        ("frames", "1", ["frames.toml", "limits.frames = 1", "1024"]),
        ("sessions", "\"many\"", ["sessions.toml", "line 50, sessions", "u16"]),
        ("policy", "\"hope\"", ["policy.toml", "policy: ", "hope"]),
        // Whole, but without room for this day.
        ("live_orders", "1", ["live_orders.toml", "limits.live_orders = 1", "at least"]),
        ("local_ids", "8", ["local_ids.toml", "limits.local_ids = 8", "at least"]),
        ("position_rows", "2", ["position_rows.toml", "limits.position_rows = 2", "at least"]),
        ("instruments", "3", ["instruments.toml", "limits.instruments = 3", "at least"]),
    ] {
        let path = with(field, value);
        refused(&["drill", "--members", "4", "--orders-total", "2000", "--profile", &path], &words);
    }
    refused(&["drill", "--profile", "nosuch.toml"], &["nosuch.toml", "cannot be read"]);
}

const SITE: &str = "profile = \"dev\"
trading_day = 20240603
[names]
port = \"kernel\"
address = \"127.0.0.3/8\"
members = 9500
cores = 9501
[primary]
address = \"127.0.0.1/8\"
members = 9001
feed = 9100
data_center = 1
[backstop]
port = \"kernel\"
address = \"127.0.0.2/8\"
members = 9001
feed = 9100
fronts = 9200
data_center = 2
journal = \"journal\"
control = \"backstop.sock\"
[[front]]
name = \"north\"
number = 1
port = \"kernel\"
address = \"127.0.0.4/8\"
members = 9001
control = \"north.sock\"
";

#[test]
fn wrong_sites_are_named_with_their_file_line_and_field_and_what_was_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for (from, to, words) in [
        ("cores = 9501", "speed = 9", &["line 7, names.speed", "unknown field `speed`", "expected", "`cores`"][..]),
        ("feed = 9100\nfronts", "feed = \"x\"\nfronts", &["line 17, backstop.feed", "invalid type", "expected u16"]),
        ("feed = 9100\nfronts", "feed = 70000\nfronts", &["line 17, backstop.feed", "70000", "expected u16"]),
        ("cores = 9501\n", "", &["line 3, names", "missing field `cores`"]),
        ("[names]", "[nams]", &["line 3, nams", "unknown field `nams`", "expected", "`names`"]),
        ("\"127.0.0.2/8\"", "\"127.0.0/8\"", &["line 15, backstop.address", "expected an address like 10.0.0.2/24"]),
        ("\"127.0.0.4/8\"", "\"127.0.0.4/33\"", &["line 26, front.address", "expected an address like"]),
        (
            "port = \"kernel\"\naddress = \"127.0.0.2",
            "port = \"tun0\"\naddress = \"127.0.0.2",
            &["line 14, backstop.port", "tun0", "tap:NAME", "kernel"],
        ),
        ("cores = 9501", "cores = 9500", &["names.cores = 9500", "expected another port than names.members"]),
        ("fronts = 9200", "fronts = 9100", &["backstop.fronts = 9100", "expected another port than backstop.feed"]),
        (
            "\"127.0.0.4/8\"",
            "\"127.0.0.2/8\"",
            &["front north.members = 9001", "another port than backstop.members", "127.0.0.2"],
        ),
        ("cores = 9501", "cores = 0", &["names.cores = 0", "expected a port, 1 to 65535"]),
        ("north.sock", "backstop.sock", &["front north.control", "expected another socket than backstop.control"]),
        (
            "data_center = 2",
            "data_center = 1",
            &["backstop.data_center = 1", "expected another than primary.data_center"],
        ),
        ("number = 1", "number = 16", &["front.number = 16", "expected 1 to 15"]),
        ("fronts = 9200\n", "", &["backstop.fronts", "expected a port", "north"]),
        ("20240603", "20241340", &["trading_day", "20241340", "expected a date, yyyymmdd"]),
        (
            "feed = 9100\nfronts",
            "feed = 9100\nmulticast = { group = \"10.0.0.9:7100\", port = 7000 }\nfronts",
            &["backstop.multicast.group", "10.0.0.9:7100", "expected a group and its port"],
        ),
        (
            "feed = 9100\nfronts",
            "feed = 9100\nmulticast = { group = \"239.77.0.1:7100\", port = 0 }\nfronts",
            &["backstop.multicast.port = 0", "expected a port, 1 to 65535"],
        ),
        ("profile = \"dev\"", "profile = \"cray\"", &["profile = \"cray\"", "kunpeng-920", "dev"]),
        ("profile = \"dev\"", "profile = \"ours.toml\"", &["profile = \"ours.toml\"", "cannot be read"]),
        ("profile = \"dev\"", "profile =", &["line 1, profile"]),
    ] {
        assert!(SITE.contains(from), "{from}");
        let path = put(folder, "site.toml", &SITE.replacen(from, to, 1));
        let words = [&["site.toml"], words].concat();
        refused(&["run", "--site", &path], &words);
    }
    refused(&["run", "--site", "/no/such/site.toml"], &["/no/such/site.toml", "No such file"]);
    refused(&["run"], &["--site"]);
    let site = put(folder, "site.toml", SITE);
    refused(&["run", "--site", &site, "--day", "20240231000"], &["--day"]);
    refused(&["front", "--site", &site, "--name", "south"], &["--name south", "north"]);
    refused(&["primary", "--site", &site], &["[primary] has no port"]);
    for job in ["status", "switch", "stop"] {
        refused(&[job, "--site", &site], &["backstop.sock", "is the process running"]);
    }
    refused(&["status"], &["--site", "--control"]);
    refused(&["status", "--site", &site, "--count", "2"], &["--watch"]);
    assert!(!folder.join("journal").exists(), "nothing was begun");
}

/// `backstop … | head -c 1`, and a reader that is gone before the first byte: no panic, no words, whatever the command.
#[test]
fn a_reader_that_has_read_enough_ends_every_command_quietly() {
    let folder = tempfile::tempdir().expect("a folder");
    let orders = put(folder.path(), "orders.csv", &format!("{HEADER}{ORDERS}"));
    let small = ["--orders-total", "2000", "--members", "4"];
    for arguments in [
        &["drill", "--json", small[0], small[1], small[2], small[3]][..],
        &["drill", small[0], small[1], small[2], small[3]],
        &["replay", "--orders", &orders],
        &["replay", "--orders", &orders, "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["doctor", "--profile", "kunpeng-920", "--source"],
        &["nic", "plan"],
        &["nic", "plan", "--json"],
        &["nic", "check"],
        &["nic", "check", "--json"],
        &["nic", "revert", "--state", folder.path().to_str().expect("UTF-8")],
        &["bench", "--profile", "dev", "--rate", "1k", "--seconds", "1"],
        &["bench", "--profile", "dev", "--rate", "1k", "--seconds", "1", "--json"],
        &["--help"],
        &["switch", "--help"],
        &["--version"],
    ] {
        for bytes in [0, 1] {
            let mut child = effort::command(env!("CARGO_BIN_EXE_backstop"))
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it runs");
            let mut out = child.stdout.take().expect("piped");
            out.read_exact(&mut vec![0; bytes]).expect("it prints something");
            drop(out);
            let output = child.wait_with_output().expect("it ends");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(!stderr.contains("panicked") && !stderr.contains("Broken pipe"), "{arguments:?}: {stderr}");
            assert!(output.status.code().is_some_and(|code| code <= 2), "{arguments:?}: {:?}", output.status);
        }
    }
    // Nothing can be written for another reason: that is said.
    if Path::new("/dev/full").exists() {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("it opens");
        let child = effort::command(env!("CARGO_BIN_EXE_backstop")).arg("doctor").stdout(full).output();
        let output = child.expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
        assert!(stderr.starts_with("backstop: stdout: No space left"), "{stderr}");
    }
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = put(folder.path(), "wrong.csv", &format!("{HEADER}0,09:15:00.000,insert,1,buy,100\n"));
    let journals = tempfile::tempdir().expect("a folder");
    let path = journals.path().to_str().expect("UTF-8");
    refused(&["drill", "--journal", path, "--orders", &wrong], &["wrong.csv", "line 2", "7 columns"]);
    refused(&["drill", "--journal", path, "--cores", "9"], &["--cores 9"]);
    assert_eq!(fs::read_dir(path).expect("a folder").count(), 0, "a journal was begun");
}

#[test]
fn help_teaches_every_flag() {
    for (job, flags) in [
        (
            "drill",
            "--seed --members --orders-total --orders --trades --fail-at --reopen --book --cores --faults --json",
        ),
        ("replay", "--orders --trades --price-rule --json"),
        ("doctor", "--profile --root --device --source --json"),
        ("nic", "plan apply revert check"),
    ] {
        let output = backstop(&[job, "--help"]);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(output.status.code(), Some(0));
        for flag in flags.split(' ') {
            assert!(text.contains(flag), "{job} --help does not tell of {flag}");
        }
    }
}

#[test]
fn a_drill_in_json_is_one_object_with_every_promised_key() {
    let output = backstop(&["drill", "--json", "--orders-total", "2500", "--members", "8", "--seed", "5"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!((output.status.code(), &report["ok"]), (Some(0), &serde_json::json!(true)), "{text}");
    for key in [
        "orders",
        "trades",
        "members_back",
        "in_doubt",
        "lost_acked",
        "duplicate_trades",
        "digest_equal",
        "takeover_ms",
        "latency_ns",
        "failures",
    ] {
        assert!(!report[key].is_null(), "no {key} in {text}");
    }
    for key in ["p50", "p99", "p999", "max"] {
        assert!(report["latency_ns"][key].as_u64().is_some_and(|value| value > 0), "latency_ns.{key}");
    }
    assert_eq!((&report["members_back"], &report["lost_acked"]), (&serde_json::json!(8), &serde_json::json!(0)));
}

#[test]
fn a_small_file_is_replayed_by_both_price_rules_as_worked_out_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let orders = put(folder, "orders.csv", &format!("{HEADER}{ORDERS}"));
    // Auction: 3 lots trade at any price of 100..110; the surplus is on the buy side, so the highest: 110. Then 2 lots of the buy
    // order rest at 110: the sell at 104 trades them at the resting price 110 and rests with 2; the buy at 120 takes these.
    let resting = "row,buy_order,sell_order,price,volume\n3,1,2,110,3\n4,1,3,110,2\n7,5,3,104,2\n";
    // Middle of bid 110, ask 104, last 110: 110. Then of bid 120, ask 104, last 110: 110.
    let middle = "row,buy_order,sell_order,price,volume\n3,1,2,110,3\n4,1,3,110,2\n7,5,3,110,2\n";
    for (rule, expected) in [("resting", resting), ("middle", middle)] {
        let output = backstop(&["replay", "--orders", &orders, "--price-rule", rule]);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), expected, "{rule}");
        let trades = put(folder, "trades.csv", expected);
        let output = backstop(&["replay", "--orders", &orders, "--price-rule", rule, "--trades", &trades, "--json"]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((output.status.code(), &report["ok"]), (Some(0), &serde_json::json!(true)));
        assert_eq!(report["first_difference"], serde_json::Value::Null);
    }
    let trades = put(folder, "trades.csv", resting);
    let output = backstop(&["replay", "--orders", &orders, "--trades", &trades]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), "3 of 3 trades are the same\n");
    let missing = put(folder, "missing.csv", &resting.replace("7,5,3,104,2\n", ""));
    let output = backstop(&["replay", "--orders", &orders, "--trades", &missing, "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.code(), &report["ok"]), (Some(1), &serde_json::json!(false)));
    assert_eq!(report["first_difference"], "trade 3 of 2: expected no trade, found 7,5,3,104,2");
    let other = put(folder, "other.csv", &resting.replace("7,5,3,104,2", "7,5,3,105,2"));
    let output = backstop(&["replay", "--orders", &orders, "--trades", &other]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("trade 3 of 3") && text.contains("7,5,3,105,2") && text.contains("7,5,3,104,2"), "{text}");
}
