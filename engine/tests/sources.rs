//! The rules know no clock, no threads, no I/O, no floats and no hash order: read from the sources, as clippy.toml cannot see all of it.

use std::path::{Path, PathBuf};

/// Words that may not stand in the engine's code, and why.
const FORBIDDEN: [(&str, &str); 17] = [
    ("f32", "numbers are integers"),
    ("f64", "numbers are integers"),
    ("HashMap", "hash order"),
    ("HashSet", "hash order"),
    ("RandomState", "differs from run to run"),
    ("std::time", "time is what the command carries"),
    ("Instant", "time is what the command carries"),
    ("SystemTime", "time is what the command carries"),
    ("std::thread", "one writer"),
    ("std::sync", "one writer"),
    ("std::fs", "no I/O"),
    ("std::net", "no I/O"),
    ("std::io", "no I/O"),
    ("std::env", "settings are commands"),
    ("println!", "no I/O"),
    ("unsafe ", "forbidden here"),
    ("Cell<", "decide reads a state that nobody changes"),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).expect("the sources are here") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Lines of code that contain a forbidden word as a word of its own.
fn findings(name: &str, code: &str) -> Vec<String> {
    let mut found = vec![];
    for (number, line) in (1..).zip(code.lines()) {
        let code = line.split("//").next().unwrap_or_default();
        for (word, why) in FORBIDDEN {
            let boundary = |at: usize| {
                at == 0 || !code.as_bytes()[at - 1].is_ascii_alphanumeric() && code.as_bytes()[at - 1] != b'_'
            };
            // Prefetch hints, each with its proof.
            let allowed = word == "unsafe " && name.ends_with("src/warm.rs");
            if !allowed && code.match_indices(word).any(|(at, _)| boundary(at)) {
                found.push(format!("{name}:{number}: {word} ({why}): {}", line.trim()));
            }
        }
    }
    found
}

#[test]
fn the_engine_knows_no_clock_threads_io_floats_or_hash_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&folder);
    assert!(files.len() > 30, "all sources are read");
    for file in files {
        let code = std::fs::read_to_string(&file).expect("text");
        let found = findings(&file.display().to_string(), &code);
        assert!(found.is_empty(), "{}", found.join("\n"));
        assert!(code.lines().count() <= 700, "{} is longer than 700 lines", file.display());
    }
}

#[test]
fn the_search_finds_what_is_forbidden() {
    assert_eq!(findings("x", "let now = std::time::Instant::now();").len(), 2);
    assert_eq!(findings("x", "let part: f64 = 0.5;").len(), 1);
    assert_eq!(findings("x", "// an Instant\nlet half64 = 1;"), Vec::<String>::new());
}
