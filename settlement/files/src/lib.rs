//! A settled day as files: members' (DBF in GBK), the regulator's upload set, CSV, Parquet, statements; and the comparison with another's.
//!
//! | module | what |
//! |---|---|
//! | `members` | the members' tables: columns, and what is in them |
//! | `dbf` | dBase III, written and read |
//! | `regulator` | the upload set: kinds, columns, and what is in them |
//! | `market` | tables over the whole market |
//! | `comma` | CSV |
//! | `columnar` | Parquet |
//! | `statement` | a page a member |
//! | `table` | columns, cells, and numbers as text |
//! | `compare` | ours against theirs, item by item |
//! | `day` | a result by members |
//!
//! [`write()`] makes, in the folder it is given:
//!
//! | kind | files |
//! |---|---|
//! | members | `members/<member>/<member>_<group>_<yyyymmdd>_<settlement id>_<Table>.dbf`: five tables a member |
//! | regulator | `regulator/<member>/<member><kind><yyyymmdd>.txt`: fourteen kinds a member |
//! | csv | `csv/<Table>.csv`: eleven tables over the whole market |
//! | parquet | `parquet/<Table>.parquet`: the same |
//! | statements | `members/<member>/<member>_<group>_<yyyymmdd>_<settlement id>_Statement.html`: a page a member |
//!
//! `<member>` is the ParticipantId, of four characters as a rule; a longer one stands whole. Every file is written beside its name (`.part`) and
//! takes it when it is whole. The same result makes the same bytes: nothing is of the clock, and members are written on all cores without
//! a trace of who was first.

pub(crate) mod columnar;
pub(crate) mod comma;
pub mod compare;
pub(crate) mod day;
pub mod dbf;
pub mod error;
pub mod market;
pub mod members;
pub mod regulator;
pub(crate) mod statement;
pub mod table;

pub use compare::{Comparison, compare};
pub use error::{FileError, Why};

use day::Day;
use rayon::prelude::*;
use regulator::{UPLOADS, Upload};
use settlement::market::MemberIndex;
use settlement::result::DayResult;
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use table::Table;

/// A kind of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// Members' files, DBF.
    Members,
    /// The regulator's upload set.
    Regulator,
    /// CSV of the whole market.
    Csv,
    /// Parquet of the whole market.
    Parquet,
    /// Members' statements, HTML.
    Statements,
}

impl FileKind {
    /// Every kind.
    pub const ALL: [FileKind; 5] =
        [FileKind::Members, FileKind::Regulator, FileKind::Csv, FileKind::Parquet, FileKind::Statements];

    /// Its name, on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FileKind::Members => "members",
            FileKind::Regulator => "regulator",
            FileKind::Csv => "csv",
            FileKind::Parquet => "parquet",
            FileKind::Statements => "statements",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for FileKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        FileKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let names = FileKind::ALL.map(FileKind::name).join(", ");
            format!("\"{name}\" 不是文件种类 is no kind of files: {names} are")
        })
    }
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Written {
    /// Where, from the folder on.
    pub path: PathBuf,
    /// Of which kind.
    pub kind: FileKind,
    /// Records, or lines.
    pub records: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A file to be written.
enum Task {
    Members(&'static Table, MemberIndex),
    Regulator(&'static Upload, MemberIndex),
    Csv(&'static Table),
    Parquet(&'static Table),
    Statement(MemberIndex),
}

/// Writes a settled day. `progress` is told after each file how many of all are done, from whichever thread it was.
///
/// # Errors
/// The first file, in the order of files, that could not be written; others may be there whole. A value that has no place in its column is
/// named with file, row and column.
pub fn write(
    result: &DayResult,
    folder: &Path,
    kinds: &[FileKind],
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Vec<Written>, FileError> {
    let day = Day::of(result)?;
    let kinds: BTreeSet<FileKind> = kinds.iter().copied().collect();
    check_ids(result)?;
    let mut tasks = Vec::new();
    for kind in kinds {
        match kind {
            FileKind::Members => {
                tasks
                    .extend(day.members().flat_map(|member| members::TABLES.map(|table| Task::Members(table, member))));
            }
            FileKind::Regulator => {
                let of = |member| UPLOADS.iter().map(move |upload| Task::Regulator(upload, member));
                tasks.extend(day.members().flat_map(of));
            }
            FileKind::Csv => tasks.extend(market::TABLES.map(Task::Csv)),
            FileKind::Parquet => tasks.extend(market::TABLES.map(Task::Parquet)),
            FileKind::Statements => tasks.extend(day.members().map(Task::Statement)),
        }
    }
    let (done, all) = (AtomicU64::new(0), tasks.len() as u64);
    let outcomes: Vec<Result<Written, FileError>> = tasks
        .par_iter()
        .map(|task| {
            let outcome = task.run(&day, folder);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, all);
            outcome
        })
        .collect();
    let mut written = outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
    written.sort();
    Ok(written)
}

impl Task {
    fn run(&self, day: &Day<'_>, folder: &Path) -> Result<Written, FileError> {
        match *self {
            Task::Members(table, member) => {
                let path = member_file(day.result, member, &format!("{}.dbf", table.name));
                let mut file = dbf::Writer::new(&path, day.result.head.day, table.columns);
                members::rows(table, day, member, &path, &mut |cells| file.record(cells))?;
                let (bytes, records) = file.end();
                place(folder, &path, FileKind::Members, |out| {
                    out.write_all(&bytes).map_err(|error| FileError::system(&path, &error))?;
                    Ok(records)
                })
            }
            Task::Regulator(upload, member) => {
                let (id, kind) = (day.result.member(member), upload.kind);
                let name = format!("{id}{kind}{:08}.txt", day.result.head.day);
                let path: PathBuf = ["regulator", id, &name].iter().collect();
                let (bytes, records) = regulator::file(upload, day, member, &path)?;
                place(folder, &path, FileKind::Regulator, |out| {
                    out.write_all(&bytes).map_err(|error| FileError::system(&path, &error))?;
                    Ok(records)
                })
            }
            Task::Statement(member) => {
                let path = member_file(day.result, member, "Statement.html");
                let (page, records) = statement::page(day, member, &path)?;
                place(folder, &path, FileKind::Statements, |out| {
                    out.write_all(page.as_bytes()).map_err(|error| FileError::system(&path, &error))?;
                    Ok(records)
                })
            }
            Task::Csv(table) => {
                let path: PathBuf = ["csv", &format!("{}.csv", table.name)].iter().collect();
                place(folder, &path, FileKind::Csv, |out| comma::write(table, day, &path, out))
            }
            Task::Parquet(table) => {
                let path: PathBuf = ["parquet", &format!("{}.parquet", table.name)].iter().collect();
                place(folder, &path, FileKind::Parquet, |out| columnar::write(table, day, &path, out))
            }
        }
    }
}

/// Where a member's file stands, from the folder on.
fn member_file(result: &DayResult, member: MemberIndex, ending: &str) -> PathBuf {
    let (head, id) = (&result.head, result.member(member));
    let name = format!("{id}_{}_{:08}_{}_{ending}", head.group, head.day, head.settlement_id);
    ["members", id, &name].iter().collect()
}

/// Members' ids and the group are parts of names, and each member has its own.
fn check_ids(result: &DayResult) -> Result<(), FileError> {
    let mut seen = BTreeSet::new();
    let ids = result.names.members.iter().map(|member| member.id.as_str());
    for id in ids.clone().chain([result.head.group.as_str()]) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if id.is_empty() || id.len() > 32 || !id.bytes().all(is_plain) {
            return Err(FileError::of(Path::new("DayResult"), Why::Id(id.into())));
        }
    }
    // Some file systems take A and a for one.
    match ids.clone().find(|id| !seen.insert(id.to_ascii_lowercase())) {
        Some(twice) => Err(FileError::of(Path::new("DayResult"), Why::Inconsistent(format!("two members {twice}")))),
        None => Ok(()),
    }
}

/// Makes a file beside its name, and gives it its name when it is whole.
fn place(
    folder: &Path,
    path: &Path,
    kind: FileKind,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<u64, FileError>,
) -> Result<Written, FileError> {
    let whole = folder.join(path);
    let system = |error: std::io::Error| FileError::system(path, &error);
    if let Some(parent) = whole.parent() {
        fs::create_dir_all(parent).map_err(system)?;
    }
    let mut name = whole.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let file = File::create(&part).map_err(system)?;
    let mut out = BufWriter::new(&file);
    let filled = fill(&mut out).and_then(|records| {
        out.flush().map_err(system)?;
        Ok((records, file.metadata().map_err(system)?.len()))
    });
    match filled {
        Ok((records, bytes)) => {
            fs::rename(&part, &whole).map_err(system)?;
            Ok(Written { path: path.into(), kind, records, bytes })
        }
        Err(error) => {
            // The file is of no use; that it stays is no harm.
            let _ = fs::remove_file(&part);
            Err(error)
        }
    }
}
