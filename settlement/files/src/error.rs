//! What goes wrong with a file, and where in it.

use std::fmt;
use std::path::{Path, PathBuf};

/// A file that could not be written or read. Whatever a file is written for stays as it was: it takes its name when it is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// Which file.
    pub file: PathBuf,
    /// Which row or record of it, from 1.
    pub row: Option<u64>,
    /// Which column.
    pub column: Option<String>,
    /// What.
    pub why: Why,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The system says so.
    System(String),
    /// A value has more bytes than its column is wide.
    TooWide {
        /// The value.
        value: String,
        /// How many bytes there are.
        width: usize,
    },
    /// A character that GBK, or the form of the file, has no place for.
    Character(String),
    /// The file is not what it should be: what was expected, and what is there.
    Form(String),
    /// An id that cannot be part of a file's name.
    Id(String),
    /// The result names what it does not hold.
    Inconsistent(String),
    /// A sum is too large.
    Overflow,
}

impl FileError {
    pub(crate) fn of(file: &Path, why: Why) -> Self {
        FileError { file: file.into(), row: None, column: None, why }
    }

    pub(crate) fn system(file: &Path, error: &dyn fmt::Display) -> Self {
        FileError::of(file, Why::System(error.to_string()))
    }

    pub(crate) fn form(file: &Path, expected: impl Into<String>) -> Self {
        FileError::of(file, Why::Form(expected.into()))
    }

    pub(crate) fn at(mut self, row: u64, column: &str) -> Self {
        (self.row, self.column) = (Some(row), Some(column.into()));
        self
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.file.display())?;
        if let Some(row) = self.row {
            write!(out, ", 第 {row} 行 row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(out, ", 列 column {column}")?;
        }
        out.write_str(": ")?;
        match &self.why {
            Why::System(text) => out.write_str(text),
            Why::TooWide { value, width } => {
                write!(out, "\"{value}\" 超出列宽 has more than the column's {width} bytes in GBK")
            }
            Why::Character(value) => {
                write!(out, "\"{value}\" 含有文件不允许的字符 has a character that the file cannot hold")
            }
            Why::Form(text) => write!(out, "格式错误 malformed: {text}"),
            Why::Id(id) => {
                write!(
                    out,
                    "\"{id}\" 不能用作文件名 cannot be part of a file's name: letters, digits, - and _ are expected"
                )
            }
            Why::Inconsistent(text) => write!(out, "结果不一致 the result contradicts itself: {text}"),
            Why::Overflow => write!(out, "{}", settlement::Overflow),
        }
    }
}

impl std::error::Error for FileError {}
