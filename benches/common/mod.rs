//! What every bench prints first, and what it is told.
#![allow(dead_code, reason = "each bench uses its part")]

/// Prints which machine this is, and how busy it was before.
pub fn print_machine(bench: &str, seed: &str) {
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "a processor without a name".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{bench} · {model}, {cores} cores · {} · commit {} · seed {seed}", load_average(), commit());
}

/// The commit that was built, as far as the working tree says.
fn commit() -> String {
    let git = |words: &[&str]| {
        let output = std::process::Command::new("git").args(words).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed = if git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|text| !text.is_empty()) {
        " and changes"
    } else {
        ""
    };
    git(&["rev-parse", "--short", "HEAD"]).map_or("unknown".to_owned(), |commit| commit + changed)
}

/// The load average of the last minute: figures of a busy machine are not evidence.
pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("load average {}", text.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown"))
}

/// Words behind `--` of the command line; cargo's own flags are left out.
pub fn words() -> Vec<String> {
    std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect()
}

/// The number among the words, if there is one.
///
/// # Panics
/// If there is a word that is neither a number nor one of `known`.
pub fn number(known: &[&str]) -> Option<u32> {
    let words = words();
    let mut numbers = words.iter().filter(|word| !known.contains(&word.as_str()));
    numbers.next().map(|word| word.parse().unwrap_or_else(|_| panic!("{word}: expected a number, or one of {known:?}")))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
