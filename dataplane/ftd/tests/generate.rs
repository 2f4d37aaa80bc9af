//! Writes everything under `src/generated` and `tests/generated` from `ftd.xml`, and fails when what is checked in
//! differs. `UPDATE=1 cargo test -p ftd --test generate` puts the new text there.
//!
//! Where generated code has gone so wrong that it does not compile, take back the last one that did, then update.

#[path = "generate/names.rs"]
mod names;
#[path = "generate/source.rs"]
mod source;
#[path = "generate/texts.rs"]
mod texts;
#[path = "generate/views.rs"]
mod views;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use source::Standard;

/// A generated file beyond this many lines is to be split.
const FILE_LINES_MAX: usize = 1_500;

#[test]
fn checked_in_code_equals_what_ftd_xml_gives() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let xml = fs::read_to_string(room.join("ftd.xml")).expect("ftd.xml stands beside Cargo.toml");
    let standard = Standard::read(&xml);
    let mut files = texts::files(&standard);
    files.extend(views::files(&standard));

    let update = std::env::var_os("UPDATE").is_some();
    let mut stale = Vec::new();
    for (path, text) in &files {
        let (text, formatted) = formatted(text);
        assert!(text.lines().count() <= FILE_LINES_MAX, "{path} outgrows {FILE_LINES_MAX} lines: split it");
        let path = room.join(path);
        let checked_in = fs::read_to_string(&path).unwrap_or_default();
        let same = if formatted { checked_in == text } else { without_layout(&checked_in) == without_layout(&text) };
        if same {
            continue;
        }
        if update {
            fs::create_dir_all(path.parent().expect("a file stands in a folder")).expect("the folder can be made");
            fs::write(&path, &text).expect("the file can be written");
        }
        stale.push(path);
    }
    let leftover = leftovers(room, &files);
    assert!(leftover.is_empty(), "nothing generates these any more, remove them: {leftover:?}");
    assert!(update || stale.is_empty(), "ftd.xml gives other code; UPDATE=1 writes it: {stale:?}");
}

#[test]
fn the_standard_is_whole() {
    let xml = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ftd.xml")).expect("ftd.xml is there");
    let standard = Standard::read(&xml);
    assert_eq!((standard.packages.len(), standard.fields.len(), standard.tids.len()), (78, 67, 47));
}

/// The text as rustfmt lays it out with the workspace's settings; `false` when there is no rustfmt on this machine, and
/// then only what is not layout is compared.
fn formatted(text: &str) -> (String, bool) {
    let config = "max_width=120,use_small_heuristics=Max";
    let child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", config, "--emit", "stdout", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("no rustfmt: layout not compared");
        return (text.to_string(), false);
    };
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = text.to_string();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("rustfmt ends");
    writer.join().expect("the writer does not panic").expect("rustfmt reads all of it");
    assert!(output.status.success(), "rustfmt refuses the generated text:\n{text}");
    (String::from_utf8(output.stdout).expect("source text is UTF-8"), true)
}

fn without_layout(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && *character != ',').collect()
}

fn leftovers(room: &Path, files: &[(String, String)]) -> Vec<PathBuf> {
    let mut folders = vec![room.join("src/generated"), room.join("tests/generated")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if !files.iter().any(|(generated, _)| room.join(generated) == path) {
                found.push(path);
            }
        }
    }
    found
}
