//! `backstop settle release`: a run is official, its files say so, and members are told 正式发布.

use super::command::{Place, stage_words, write_files};
use crate::day::end::put;
use crate::run::operate::Operation;
use crate::run::operator;
use crate::site::Site;
use serde_json::json;
use settlement::result::Stage;
use std::path::{Path, PathBuf};

/// Flags of `backstop settle release`.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The trading day, yyyymmdd
    #[arg(value_name = "DAY")]
    day: u32,
    /// The settlement id
    #[arg(value_name = "ID")]
    id: u32,
    #[command(flatten)]
    place: Place,
    /// Why; it stands in the store
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Tells members now: the site's file, whose Backstop is asked
    #[arg(long, value_name = "SITE")]
    notify: Option<PathBuf>,
    /// Tells these participants alone, by ParticipantId, joined by commas
    #[arg(long, value_name = "ID", requires = "notify", value_delimiter = ',')]
    participant: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// What was not done: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    let (day, id, place) = (options.day, options.id, &options.place);
    let mut store = place.open()?;
    let refuse = |error: settlement_store::StoreError| format!("the store: {error}");
    let run = store.release(day, id, Stage::Official, &options.reason).map_err(refuse)?;
    let mut result = store.read(day, id).map_err(refuse)?;
    result.head.stage = Stage::Official;
    let folder = place.folder(day, id);
    let written = write_files(&result, &folder, &[])?;
    let words = words(day, id);
    let notice = notice(&words);
    put(&folder.join("notice.txt"), notice.as_bytes())?;
    let told = match &options.notify {
        Some(site) => notify(site, &options.participant, &words)
            .map_err(|fault| format!("{day} settlement {id} is released, but members were not told: {fault}"))?,
        None => Vec::new(),
    };
    if place.json {
        let files = json!(written);
        let value = json!({
            "ok": true, "run": run, "folder": folder.display().to_string(), "files": files, "notice": notice, "told": told,
        });
        println!("{value}");
    } else {
        println!(
            "{day} settlement {id} · {} · {} files in {}",
            stage_words(Stage::Official),
            written.len(),
            folder.display()
        );
        match told.as_slice() {
            [] => print!("{notice}"),
            told => println!("已通知会员 members are told, by bulletins of sequence {told:?}"),
        }
    }
    Ok(true)
}

/// What members are told: summary and content of a bulletin.
fn words(day: u32, id: u32) -> (String, String) {
    let summary = format!("{day} 结算结果正式发布 settlement {id} official");
    let content = if id == 1 {
        format!(
            "{day} 结算数据已正式发布,请下载。 Settlement data of {day} (settlement id 1) are released: please fetch them."
        )
    } else {
        format!(
            "{day} 结算数据已更正,请重新下载,以结算编号 {id} 为准。 Settlement data of {day} were corrected: please fetch them again; \
             settlement id {id} is the one that counts."
        )
    };
    (summary, content)
}

/// The words, and the command that tells them while a core runs.
fn notice((summary, content): &(String, String)) -> String {
    format!("{summary}\n{content}\n\nbackstop operate --site site.toml bulletin \"{summary}\" \"{content}\"\n")
}

/// Has a site's Backstop publish the words; the sequences of the bulletins.
fn notify(site: &Path, participants: &[String], (summary, content): &(String, String)) -> Result<Vec<u64>, String> {
    let site = Site::load(site)?;
    let socket = site.path(&site.backstop.control);
    let all = [None];
    let each: Vec<Option<String>> = participants.iter().cloned().map(Some).collect();
    let mut told = Vec::new();
    for participant in if each.is_empty() { &all[..] } else { &each } {
        let (summary, content, participant) = (summary.clone(), content.clone(), participant.clone());
        let decided = operator::decided(&socket, Operation::Bulletin { summary, content, participant })?;
        if let Some(why) = decided.refused {
            return Err(format!("被拒 refused: {} {} (sequence {})", why.code, why.text, decided.sequence));
        }
        told.push(decided.sequence);
    }
    Ok(told)
}
