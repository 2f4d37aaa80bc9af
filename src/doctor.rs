//! `backstop doctor`: what this machine is, and whether a profile is whole.

use hw_profiles::Profile;
use nic_config::survey;
use serde_json::json;
use std::path::PathBuf;

/// Flags of `backstop doctor`.
#[derive(clap::Args)]
pub struct Options {
    /// A built-in profile's name, or a .toml file
    #[arg(long, default_value = "dev")]
    profile: String,
    /// Reads the machine below this folder instead of /
    #[arg(long, default_value = "/", value_name = "DIR")]
    root: PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Prints the survey.
///
/// # Errors
/// A profile that is refused, a folder that is not there: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    let profile = Profile::load(&options.profile).map_err(|error| error.to_string())?;
    if !options.root.is_dir() {
        return Err(format!("--root {}: expected a folder", options.root.display()));
    }
    let found = survey(&options.root);
    if options.json {
        println!("{}", json!({ "ok": true, "profile": profile.name, "machine": found }));
        return Ok(true);
    }
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    println!("profile        {} ({})", profile.name, profile.description);
    println!("processors     {}", or_none(&found.processors));
    println!("isolated       {}", or_none(&found.isolated));
    println!("clock source   {}", or_none(&found.clock_source));
    for pages in &found.huge_pages {
        println!(
            "huge pages     node {}: {} of {} free, {} KiB each",
            pages.node, pages.free, pages.total, pages.size_kib
        );
    }
    for interface in &found.interfaces {
        let node = interface.node.map_or_else(|| "unknown".to_owned(), |node| node.to_string());
        let state = if interface.up { "up: in use" } else { "down" };
        println!("interface      {}: driver {}, node {node}, {state}", interface.name, or_none(&interface.driver));
    }
    Ok(true)
}
