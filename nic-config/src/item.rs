//! One thing that is wanted of a machine, and whether it is there.

use crate::step::Step;
use serde::Serialize;

/// One thing that is wanted of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its name, for scripts; the same for several things of one kind.
    pub name: &'static str,
    /// Its name, for people.
    pub title: Text,
    /// Which one: a node, a core, an interrupt, a device; "" if there is one only.
    pub subject: String,
    /// What the profile wants.
    pub wanted: String,
    /// What is there.
    pub found: String,
    /// How bad the difference is.
    pub verdict: Verdict,
    /// Why it is wanted.
    pub why: Text,
    /// How it is mended.
    pub mend: Mend,
}

/// A text in Chinese and English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A text in both.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Text {
        Text { zh: zh.into(), en: en.into() }
    }
}

/// How bad a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As wanted, or not looked at by this profile.
    Ok,
    /// Backstop runs, slower or less evenly than it might.
    Warn,
    /// Backstop must not go into production so.
    Wrong,
}

/// How a difference is mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Mend {
    /// There is nothing to mend.
    Nothing,
    /// `backstop nic apply` does it.
    Apply {
        /// What it does.
        step: Step,
    },
    /// A parameter of the kernel's command line, and a new start.
    CommandLine {
        /// The parameter.
        parameter: String,
    },
    /// By somebody who can.
    Hand {
        /// What to do.
        text: Text,
    },
}

impl Item {
    /// An item that is as wanted; [`Item::unless`] says otherwise.
    pub(crate) fn new(
        name: &'static str,
        zh: &str,
        en: &str,
        wanted: impl Into<String>,
        found: impl Into<String>,
    ) -> Item {
        Item {
            name,
            title: Text::new(zh, en),
            subject: String::new(),
            wanted: wanted.into(),
            found: found.into(),
            verdict: Verdict::Ok,
            why: Text::default(),
            mend: Mend::Nothing,
        }
    }

    /// Which one it is.
    pub(crate) fn of(mut self, subject: impl Into<String>) -> Item {
        self.subject = subject.into();
        self
    }

    /// Why it is wanted.
    pub(crate) fn because(mut self, zh: &str, en: &str) -> Item {
        self.why = Text::new(zh, en);
        self
    }

    /// What is there, if it was seen.
    pub(crate) fn seen(mut self, found: Option<String>) -> Item {
        self.found = found.unwrap_or(self.found);
        self
    }

    /// So bad, unless it holds; mended so.
    pub(crate) fn unless(mut self, holds: bool, verdict: Verdict, mend: Mend) -> Item {
        if !holds {
            self.verdict = verdict;
            self.mend = mend;
        }
        self
    }
}

impl Mend {
    /// By hand.
    pub(crate) fn hand(zh: impl Into<String>, en: impl Into<String>) -> Mend {
        Mend::Hand { text: Text::new(zh, en) }
    }
}
