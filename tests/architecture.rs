//! What a machine can judge about the shape of the project: dependency edges, the names and links of the pages, the line budgets,
//! and the house rules that can be searched for. Each test says which page it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Files of the project that end in `ending`, as git lists them, with their paths from the top.
fn files(ending: &str) -> Vec<String> {
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the project's files");
    let text = String::from_utf8(listing.stdout).expect("names are UTF-8");
    let found: Vec<String> = text.lines().filter(|name| name.ends_with(ending)).map(str::to_owned).collect();
    assert!(!found.is_empty(), "git lists no file ending in {ending}");
    found.into_iter().filter(|name| root().join(name).exists()).collect()
}

/// Who may know whom (ARCHITECTURE.md, Code map). Tests and examples of a room may know more; they are not the room.
const EDGES: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("effort", &[]),
    ("ftd", &[]),
    ("net", &[]),
    ("dpdk-sys", &[]),
    ("ports", &["dpdk-sys", "net"]),
    ("hw-profiles", &[]),
    ("settlement", &[]),
    ("settlement-files", &["settlement"]),
    ("settlement-store", &["settlement"]),
    ("nic-config", &["hw-profiles"]),
    ("journal", &["engine"]),
    ("standby", &["engine", "journal"]),
    ("member-api", &["ftd"]),
    ("dataplane", &["engine", "ftd", "hw-profiles", "journal", "net"]),
    ("queries", &["dataplane", "engine", "ftd", "journal"]),
    ("reference", &["ftd", "net"]),
    (
        "backstop",
        &[
            "dataplane",
            "engine",
            "ftd",
            "hw-profiles",
            "journal",
            "member-api",
            "net",
            "nic-config",
            "ports",
            "queries",
            "reference",
            "settlement",
            "settlement-files",
            "settlement-store",
            "standby",
        ],
    ),
];

#[test]
fn a_new_dependency_edge_needs_a_decision() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo answers");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let names: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let may = allowed
            .get(name)
            .unwrap_or_else(|| panic!("{name} is a new room: give it a line in EDGES and ARCHITECTURE.md"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let other = dependency["name"].as_str().expect("a name");
            if names.contains(other) && dependency["kind"].is_null() {
                assert!(may.contains(&other), "{name} must not know {other}");
            }
        }
    }
}

#[test]
fn the_orders_path_can_be_walked_with_grep() {
    let text = page("ARCHITECTURE.md");
    let mut found = 0;
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [_, function, file, ..] = cells[..] else { continue };
        if Path::new(file).extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let source = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let name = function.rsplit("::").next().expect("a name");
        let there = source.contains(&format!("fn {name}(")) || source.contains(&format!("fn {name}<"));
        assert!(there, "ARCHITECTURE.md names {function} in {file}, but it is not there");
        found += 1;
    }
    let path = [
        "ingress_frame",
        "ingress_segment",
        "ingress_message",
        "ingress_command",
        "admit",
        "decide",
        "evolve",
        "record",
        "publish",
        "egress_message",
        "egress_segment",
        "egress_frame",
    ];
    for step in path {
        assert!(text.contains(&format!("| `{step}`")) || text.contains(&format!("::{step}`")), "{step} has no line");
    }
    assert!(found >= path.len(), "only {found} functions of the path have a line");
}

#[test]
fn every_room_has_a_line_in_the_code_map() {
    let text = page("ARCHITECTURE.md");
    for manifest in files("Cargo.toml") {
        let folder = manifest.trim_end_matches("Cargo.toml");
        let name = if folder.is_empty() { "src/" } else { folder };
        assert!(text.contains(&format!("`{name}`")), "{name} has no line in ARCHITECTURE.md");
    }
}

#[test]
fn links_and_named_files_of_the_pages_exist() {
    for name in files(".md") {
        let text = page(&name);
        let folder = Path::new(&name).parent().expect("a file has a folder").to_owned();
        for (place, _) in text.match_indices("](") {
            let target = text[place + 2..].split([')', '#', ' ']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(root().join(&folder).join(target).exists(), "{name} links to {target}, which is not there");
        }
    }
}

/// Every promise of SPECIFICATION.md is a number with what holds it, or `pending`.
#[test]
fn every_promise_names_what_holds_it() {
    let text = page("SPECIFICATION.md");
    let mut promises = 0;
    let mut numbers = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with("| P")) {
        let number = line.split('|').nth(1).expect("a first cell").trim();
        assert!(numbers.insert(number), "{line}\nhas the number of another promise");
        let holder = line.trim_end_matches('|').rsplit('|').next().expect("a last cell").trim();
        promises += 1;
        if holder.starts_with("pending") {
            continue;
        }
        let mut named = 0;
        for reference in holder.split('`').skip(1).step_by(2) {
            let (file, function) = reference.split_once("::").unwrap_or((reference, ""));
            let source = fs::read_to_string(root().join(file))
                .unwrap_or_else(|_| panic!("{line}\nnames {file}, which is not there"));
            assert!(
                function.is_empty() || source.contains(&format!("fn {function}(")),
                "{line}\n{file} has no fn {function}"
            );
            named += 1;
        }
        assert!(named > 0, "{line}\nhas neither a test nor `pending`");
    }
    assert!(promises >= 20, "only {promises} promises were read");
}

/// Lines that are neither blank nor comment, up to the unit tests at a file's end.
fn code_lines(source: &str) -> usize {
    let source = source.split("\n#[cfg(test)]\nmod ").next().expect("there is a first part");
    source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// Minimal is a promise with a number: the budgets stand in SPECIFICATION.md.
#[test]
fn rooms_keep_their_line_budgets() {
    let text = page("SPECIFICATION.md");
    let mut rooms = 0;
    // A room inside another with a budget of its own is not counted twice.
    let inner: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| lines: `")?.split_once('`'))
        .map(|(room, _)| format!("{room}/"))
        .collect();
    for line in text.lines().filter(|line| line.starts_with("| lines: ")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let room = cells[1].trim_start_matches("lines: ").trim_matches('`');
        let budget: usize = cells[2].replace(',', "").parse().unwrap_or_else(|_| panic!("no number in {line}"));
        let sources = files(".rs").into_iter().filter(|file| {
            let inside = file.starts_with(&format!("{room}/")) && file.contains("/src/");
            let elsewhere = inner.iter().any(|other| other.len() > room.len() + 1 && file.starts_with(other));
            inside && !elsewhere && !file.contains("/generated/")
        });
        let lines: usize = sources.map(|file| code_lines(&page(&file))).sum();
        assert!(lines > 0, "{room} has no lines: is the name right?");
        assert!(lines <= budget, "{room} has {lines} lines of code; its budget is {budget}");
        println!("{room}: {lines} of {budget} lines");
        rooms += 1;
    }
    assert!(rooms >= 4, "only {rooms} budgets were read");
}

/// A file that a neighbour declares with `#[cfg(test)] mod …;`.
fn is_unit_tests(file: &str) -> bool {
    let path = Path::new(file);
    let (Some(folder), Some(name)) = (path.parent(), path.file_stem().and_then(std::ffi::OsStr::to_str)) else {
        return false;
    };
    let declared = format!("#[cfg(test)]\nmod {name};");
    let neighbours = fs::read_dir(root().join(folder)).into_iter().flatten().flatten();
    neighbours.filter_map(|entry| fs::read_to_string(entry.path()).ok()).any(|source| source.contains(&declared))
}

/// Where `unsafe` may stand (style: rule 10); each file says why at every block.
const UNSAFE_FILES: &[&str] = &[
    "journal/src/memory.rs",            // the memory map
    "journal/src/crc.rs",               // the processor's CRC instruction
    "engine/src/warm.rs",               // prefetch hints
    "dataplane/src/ring.rs",            // slots handed from one thread to another
    "dataplane/src/clock.rs",           // the cycle counter
    "dataplane/ports/src/sys.rs",       // the TAP's ioctls
    "dataplane/dpdk-sys/src/ffi.rs",    // DPDK, behind its C shim
    "dataplane/dpdk-sys/src/eal.rs",    // …
    "dataplane/dpdk-sys/src/mbuf.rs",   // … buffers with one owner
    "dataplane/dpdk-sys/src/device.rs", // …
    "dataplane/dpdk-sys/src/queue.rs",  // …
];

#[test]
fn house_rules_that_can_be_searched_for_hold() {
    let mut faults = Vec::new();
    for file in files(".rs") {
        let source = page(&file);
        let is_test = file.contains("tests/") || file.starts_with("benches/") || file.contains("/examples/");
        let is_generated = file.contains("/generated/");
        let lines = source.lines().count();
        if lines > 900 && !is_generated {
            faults.push(format!("{file}: {lines} lines; is it still one idea?"));
        }
        if (is_test && !file.starts_with("tests/reference/src")) || is_unit_tests(&file) {
            continue;
        }
        let code = source.split("\n#[cfg(test)]\nmod ").next().expect("there is a first part");
        for (number, line) in code.lines().enumerate() {
            let line = line.split("//").next().expect("there is a first part");
            let mut fault = |what: &str| faults.push(format!("{file}:{}: {what}", number + 1));
            if line.contains(".unwrap()") {
                fault("`.unwrap()`: say with `expect` why it holds");
            }
            if line.contains("todo!") || line.contains("unimplemented!") {
                fault("unfinished");
            }
            let words = |word: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word);
            if words("unsafe") && !UNSAFE_FILES.contains(&file.as_str()) {
                fault("`unsafe` outside of the files that may have it");
            }
            if file.starts_with("engine/src") {
                for word in ["f32", "f64", "HashMap", "HashSet", "Instant", "SystemTime", "Mutex", "RwLock"] {
                    if words(word) {
                        fault(&format!("`{word}` in the engine"));
                    }
                }
                if line.contains("std::thread") || line.contains("std::fs") || line.contains("std::net") {
                    fault("the engine does no I/O and knows no threads");
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn unsafe_blocks_say_why_they_must_and_why_they_may() {
    for file in UNSAFE_FILES {
        let path = root().join(file);
        assert!(path.exists(), "{file} may have `unsafe` but is not there");
        let source = page(file);
        let blocks = source.matches("unsafe {").count() + source.matches("unsafe impl").count();
        let reasons = source.matches("SAFETY").count();
        assert!(reasons >= blocks, "{file}: {blocks} unsafe blocks, {reasons} SAFETY comments");
        assert!(source.contains("JUSTIFICATION"), "{file}: no JUSTIFICATION");
    }
}

#[test]
fn no_test_is_switched_off() {
    for file in files(".rs") {
        let source = page(&file);
        let off = format!("#[{}", "ignore");
        assert!(!source.contains(&off), "{file} switches a test off");
    }
}

#[test]
fn versions_are_released_ones() {
    let manifest: toml::Table = page("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let dependencies = manifest["workspace"]["dependencies"].as_table().expect("dependencies");
    for (name, value) in dependencies {
        let version = value.as_str().or_else(|| value.get("version").and_then(toml::Value::as_str)).unwrap_or("path");
        assert!(!version.contains('-'), "{name} {version} is a pre-release");
        assert!(value.get("git").is_none(), "{name} comes from a repository, not from a release");
    }
    // A reason stands beside every package of others.
    for line in page("Cargo.toml").lines().skip_while(|line| !line.starts_with("# on the order path")) {
        if line.starts_with("[workspace.lints") {
            break;
        }
        let declares = line.contains(" = ") && !line.trim_start().starts_with('"') && !line.starts_with('[');
        if declares && !line.trim_end().ends_with('[') {
            assert!(line.contains('#'), "no reason beside: {line}");
        }
    }
}
