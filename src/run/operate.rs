//! Commands of the exchange itself, from an operator's words: manual phases, functions, rights, seats, bulletins, mass cancels 场务.
//!
//! What each does stands in the engine's RULES.md. Names of a day's things are looked up where the command is executed; what has no name
//! there is refused with the flag that gave it.

use crate::base_data::{self, BY_HAND};
use crate::base_files::{PhaseName, RightName};
use clap::ValueEnum;
use dataplane::directory::Directory;
use engine::command::{
    BodyView, Bulletin, CommandBuffer, DayClose, ExecWindowSet, FunctionSet, MassCancel, MassScope, PhaseSet,
    RightScope, RightSet, SeatBlock, Uncross,
};
use engine::types::{AccountIndex, Function, InstrumentIndex, ParticipantIndex, Phase, ProductIndex, Right, UserIndex};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A command of the exchange itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, clap::Subcommand)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Ends the day: every order ends, every instrument is closed 收市
    Close,
    /// Puts an instrument, a product or all into a phase, at once 变更阶段
    Phase {
        /// The phase
        #[arg(value_parser = phase_name)]
        phase: PhaseName,
        /// InstrumentId; absent: those of the product, or all
        #[arg(long, conflicts_with = "product")]
        instrument: Option<String>,
        /// Its letters, as IF; absent: all
        #[arg(long)]
        product: Option<String>,
        /// Why; members read it with the phase
        #[arg(long, default_value = "")]
        #[serde(default)]
        reason: String,
    },
    /// Matches the auction of an instrument, or of all that wait for it 集合竞价撮合
    Uncross {
        /// InstrumentId; absent: those of the product, or all
        #[arg(long, conflicts_with = "product")]
        instrument: Option<String>,
        /// Its letters; absent: all
        #[arg(long)]
        product: Option<String>,
    },
    /// Switches functions of a product, or of all, on or off, from the next command on 功能开关
    Function {
        /// On or off
        #[arg(value_enum)]
        to: Switch,
        /// Which
        #[arg(value_enum, required = true)]
        functions: Vec<FunctionName>,
        /// Its letters; absent: all
        #[arg(long)]
        product: Option<String>,
        /// Why
        #[arg(long, default_value = "")]
        #[serde(default)]
        reason: String,
    },
    /// Opens (on) or closes (off) the window for exercise instructions 行权窗口
    Window {
        /// On or off
        #[arg(value_enum)]
        to: Switch,
        /// Its letters; absent: all
        #[arg(long)]
        product: Option<String>,
    },
    /// Cancels every order, or those of one trader, participant, client or instrument 全部撤单
    CancelAll {
        /// UserId
        #[arg(long, group = "whose")]
        trader: Option<String>,
        /// ParticipantId
        #[arg(long, group = "whose")]
        participant: Option<String>,
        /// ParticipantId/ClientId
        #[arg(long, group = "whose")]
        client: Option<String>,
        /// InstrumentId
        #[arg(long, group = "whose")]
        instrument: Option<String>,
    },
    /// Changes a right: of a participant, a trader, a client, an instrument, or a client in an instrument 交易权限
    Right {
        /// What it may do
        #[arg(value_parser = right_name)]
        right: RightName,
        /// ParticipantId
        #[arg(long, conflicts_with_all = ["trader", "client", "instrument"])]
        participant: Option<String>,
        /// UserId
        #[arg(long, conflicts_with_all = ["client", "instrument"])]
        trader: Option<String>,
        /// ParticipantId/ClientId
        #[arg(long)]
        client: Option<String>,
        /// InstrumentId
        #[arg(long)]
        instrument: Option<String>,
    },
    /// Blocks (off) or frees (on) a trader's seat; its sessions are ended 席位
    Seat {
        /// UserId
        trader: String,
        /// On or off
        #[arg(value_enum)]
        to: Switch,
        /// Why; it is told, at most 100 bytes
        #[arg(long, default_value = "")]
        #[serde(default)]
        reason: String,
    },
    /// Tells all members a text, or one participant 公告
    Bulletin {
        /// At most 80 bytes
        summary: String,
        /// At most 500 bytes
        #[arg(default_value = "")]
        content: String,
        /// ParticipantId; absent: all
        #[arg(long)]
        #[serde(default)]
        participant: Option<String>,
    },
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// From now on.
    On,
    /// No more.
    Off,
}

/// What may be switched in a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each is the engine's Function of that name")]
pub enum FunctionName {
    LimitDay,
    LimitFillAndKill,
    LimitFillOrKill,
    Market,
    MarketToLimit,
    Best,
    BestToLimit,
    FiveLevel,
    FiveLevelToLimit,
    Quote,
    Enquiry,
    Exercise,
    Everything,
}

impl FunctionName {
    fn bit(self) -> u32 {
        let function = match self {
            FunctionName::LimitDay => Function::LimitDay,
            FunctionName::LimitFillAndKill => Function::LimitFillAndKill,
            FunctionName::LimitFillOrKill => Function::LimitFillOrKill,
            FunctionName::Market => Function::Market,
            FunctionName::MarketToLimit => Function::MarketToLimit,
            FunctionName::Best => Function::Best,
            FunctionName::BestToLimit => Function::BestToLimit,
            FunctionName::FiveLevel => Function::FiveLevel,
            FunctionName::FiveLevelToLimit => Function::FiveLevelToLimit,
            FunctionName::Quote => Function::Quote,
            FunctionName::Enquiry => Function::Enquiry,
            FunctionName::Exercise => Function::Exercise,
            FunctionName::Everything => Function::Everything,
        };
        function.bit()
    }
}

fn phase_name(text: &str) -> Result<PhaseName, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(|_| {
        "expected continuous, auction-ordering, closing-auction, suspended, no-trading, cancel-only, auction-match or closed"
            .to_owned()
    })
}

fn right_name(text: &str) -> Result<RightName, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|_| "expected full, close-only or forbidden".to_owned())
}

/// A day's names.
pub trait Names {
    /// By ParticipantId, blank-padded as all of these.
    fn participant(&self, id: &[u8; 8]) -> Option<ParticipantIndex>;
    /// By UserId.
    fn user(&self, id: &[u8; 15]) -> Option<UserIndex>;
    /// By ClientId.
    fn account(&self, participant: ParticipantIndex, id: &[u8; 8]) -> Option<AccountIndex>;
    /// By its letters.
    fn product(&self, id: &[u8; 8]) -> Option<ProductIndex>;
    /// By InstrumentId.
    fn instrument(&self, id: &[u8; 30]) -> Option<InstrumentIndex>;
}

/// Names as the commands that begin a day define them.
#[derive(Clone, Debug, Default)]
pub struct BaseNames {
    participants: HashMap<[u8; 8], ParticipantIndex>,
    users: HashMap<[u8; 15], UserIndex>,
    accounts: HashMap<(ParticipantIndex, [u8; 8]), AccountIndex>,
    products: HashMap<[u8; 8], ProductIndex>,
    instruments: HashMap<[u8; 30], InstrumentIndex>,
}

impl BaseNames {
    /// The names that these commands define; their ids are blank-padded, as base data files make them.
    #[must_use]
    pub fn of(commands: &[CommandBuffer]) -> Self {
        let mut names = BaseNames::default();
        for command in commands {
            match command.command().body {
                BodyView::ParticipantDefine(define) => {
                    names.participants.insert(define.id, define.index);
                }
                BodyView::UserDefine(define) => {
                    let (id, _) = define.id.split_first_chunk().expect("16 bytes have 15 in front");
                    names.users.insert(*id, define.index);
                }
                BodyView::AccountDefine(define) => {
                    names.accounts.insert((define.participant, define.client_id), define.index);
                }
                BodyView::ProductDefine(define) => {
                    names.products.insert(define.id, define.index);
                }
                BodyView::InstrumentDefine(define) => {
                    let (id, _) = define.id.split_first_chunk().expect("32 bytes have 30 in front");
                    names.instruments.insert(*id, define.index);
                }
                _ => {}
            }
        }
        names
    }
}

impl Names for BaseNames {
    fn participant(&self, id: &[u8; 8]) -> Option<ParticipantIndex> {
        self.participants.get(id).copied()
    }

    fn user(&self, id: &[u8; 15]) -> Option<UserIndex> {
        self.users.get(id).copied()
    }

    fn account(&self, participant: ParticipantIndex, id: &[u8; 8]) -> Option<AccountIndex> {
        self.accounts.get(&(participant, *id)).copied()
    }

    fn product(&self, id: &[u8; 8]) -> Option<ProductIndex> {
        self.products.get(id).copied()
    }

    fn instrument(&self, id: &[u8; 30]) -> Option<InstrumentIndex> {
        self.instruments.get(id).copied()
    }
}

/// Names of a running core: what its front knows of the log, and the products that the standby's fold keeps.
pub struct LiveNames<'a> {
    /// Of the front.
    pub directory: &'a Directory,
    /// Of the standby.
    pub fold: &'a standby::Fold,
}

impl Names for LiveNames<'_> {
    fn participant(&self, id: &[u8; 8]) -> Option<ParticipantIndex> {
        self.directory.find_participant(id)
    }

    fn user(&self, id: &[u8; 15]) -> Option<UserIndex> {
        self.directory.find_user(id)
    }

    fn account(&self, participant: ParticipantIndex, id: &[u8; 8]) -> Option<AccountIndex> {
        self.directory.find_account(participant, id)
    }

    fn product(&self, id: &[u8; 8]) -> Option<ProductIndex> {
        self.fold.find_product(id)
    }

    fn instrument(&self, id: &[u8; 30]) -> Option<InstrumentIndex> {
        self.directory.find_instrument(id)
    }
}

/// Looks up an operator's words.
struct Words<'a>(&'a dyn Names);

impl Words<'_> {
    fn participant(&self, id: &str) -> Result<ParticipantIndex, String> {
        let found = padded(id).and_then(|id| self.0.participant(&id));
        found.ok_or_else(|| format!("participant {id}: no such participant today"))
    }

    fn trader(&self, id: &str) -> Result<UserIndex, String> {
        let found = padded(id).and_then(|id| self.0.user(&id));
        found.ok_or_else(|| format!("trader {id}: no such trader today"))
    }

    fn client(&self, words: &str) -> Result<AccountIndex, String> {
        let (participant, client) = words
            .split_once('/')
            .ok_or_else(|| format!("--client {words}: expected ParticipantId/ClientId, as 0001/C0000001"))?;
        let participant = self.participant(participant)?;
        let found = padded(client).and_then(|client| self.0.account(participant, &client));
        found.ok_or_else(|| format!("--client {words}: no such client of that participant today"))
    }

    fn instrument(&self, id: Option<&String>) -> Result<InstrumentIndex, String> {
        let Some(id) = id else { return Ok(InstrumentIndex::ALL) };
        let found = padded(id).and_then(|id| self.0.instrument(&id));
        found.ok_or_else(|| format!("--instrument {id}: no such instrument today"))
    }

    fn product(&self, id: Option<&String>) -> Result<ProductIndex, String> {
        let Some(id) = id else { return Ok(ProductIndex::ALL) };
        let found = padded(id).and_then(|id| self.0.product(&id));
        found.ok_or_else(|| format!("--product {id}: no such product today"))
    }
}

/// The command of an operation.
///
/// # Errors
/// A name that is not there, a text that is too long, a right of nobody: one line.
pub fn command(operation: &Operation, names: &dyn Names) -> Result<CommandBuffer, String> {
    let words = Words(names);
    Ok(match operation {
        Operation::Close => CommandBuffer::own(&DayClose { reserved: 0, step: 0 }),
        Operation::Phase { phase, instrument, product, reason } => CommandBuffer::own(&PhaseSet {
            product: words.product(product.as_ref())?,
            text: fitted("--reason", reason)?,
            ..base_data::phase(words.instrument(instrument.as_ref())?, Phase::from(*phase), BY_HAND, 0)
        }),
        Operation::Uncross { instrument, product } => CommandBuffer::own(&Uncross {
            product: words.product(product.as_ref())?,
            ..base_data::uncross(words.instrument(instrument.as_ref())?, 0)
        }),
        Operation::Function { to, functions, product, reason } => CommandBuffer::own(&FunctionSet {
            product: words.product(product.as_ref())?,
            on: u8::from(*to == Switch::On),
            reserved: 0,
            functions: functions.iter().fold(0, |bits, function| bits | function.bit()),
            text: fitted("--reason", reason)?,
        }),
        Operation::Window { to, product } => CommandBuffer::own(&ExecWindowSet {
            product: words.product(product.as_ref())?,
            open: u8::from(*to == Switch::On),
            reserved: 0,
            step: 0,
        }),
        Operation::CancelAll { trader, participant, client, instrument } => {
            let (scope, index) = match (trader, participant, client, instrument) {
                (Some(id), ..) => (MassScope::User, words.trader(id)?.0.into()),
                (_, Some(id), ..) => (MassScope::Participant, words.participant(id)?.0.into()),
                (_, _, Some(id), _) => (MassScope::Account, words.client(id)?.0),
                (_, _, _, Some(_)) => (MassScope::Instrument, words.instrument(instrument.as_ref())?.0.into()),
                _ => (MassScope::All, 0),
            };
            CommandBuffer::own(&MassCancel { scope: scope as u8, cause: 0, reserved: [0; 2], index })
        }
        Operation::Right { right, participant, trader, client, instrument } => {
            let right = Right::from(*right) as u8;
            let (scope, instrument, index) = match (participant, trader, client, instrument) {
                (Some(id), ..) => (RightScope::Participant, None, words.participant(id)?.0.into()),
                (_, Some(id), ..) => (RightScope::User, None, words.trader(id)?.0.into()),
                (_, _, Some(id), None) => (RightScope::Account, None, words.client(id)?.0),
                (_, _, Some(id), some) => (RightScope::AccountInstrument, some.as_ref(), words.client(id)?.0),
                (_, _, _, Some(id)) => (RightScope::Instrument, Some(id), 0),
                _ => return Err("right: expected --participant, --trader, --client or --instrument".to_owned()),
            };
            let instrument = match instrument {
                Some(_) => words.instrument(instrument)?,
                None => InstrumentIndex(0),
            };
            CommandBuffer::own(&RightSet { scope: scope as u8, right, instrument, index })
        }
        Operation::Seat { trader, to, reason } => CommandBuffer::own(&SeatBlock {
            user: words.trader(trader)?,
            blocked: u8::from(*to == Switch::Off),
            reserved: 0,
            text: fitted("--reason", reason)?,
        }),
        Operation::Bulletin { summary, content, participant } => {
            if content.len() > 500 {
                return Err(format!("content: {} bytes; expected at most 500", content.len()));
            }
            CommandBuffer::own(&Bulletin {
                participant: match participant {
                    Some(id) => words.participant(id)?,
                    None => ParticipantIndex::ALL,
                },
                urgency: b' ',
                reserved: 0,
                news_type: *b"   ",
                reserved_2: 0,
                summary: fitted("summary", summary)?,
                content: base_data::text(content),
            })
        }
    })
}

/// A command under a number of its own, by which its outcome is found in the log.
pub fn ticketed(command: &CommandBuffer, request: u32) -> CommandBuffer {
    let mut bytes = command.bytes().to_vec();
    // FRAMES.md: kind (2), length (2), session (4), request (4); it means nothing to who decides.
    bytes[8..12].copy_from_slice(&request.to_le_bytes());
    CommandBuffer::copy_of(&bytes).expect("a command is one under any number")
}

/// A text that has to fit, blank-padded.
fn fitted<const N: usize>(name: &str, text: &str) -> Result<[u8; N], String> {
    padded(text).ok_or_else(|| format!("{name}: {} bytes; expected at most {N}", text.len()))
}

/// Blank-padded; None: longer.
fn padded<const N: usize>(text: &str) -> Option<[u8; N]> {
    (text.len() <= N).then(|| base_data::text(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base_files::InstrumentRow;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Line {
        #[command(subcommand)]
        operation: Operation,
    }

    fn names() -> BaseNames {
        let row = InstrumentRow {
            instrument: "IF2406".to_owned(),
            price_rule: engine::types::PriceRule::Resting.into(),
            tie_break: engine::types::TieBreak::Pressure.into(),
            phase: Phase::Continuous.into(),
            right: RightName::Full,
            tick: 1,
            multiplier: 1,
            lower_limit: 1,
            upper_limit: 2,
            previous_settlement: 1,
            minimum_volume: 1,
            maximum_volume: 1,
            position_limit: 0,
            open_interest: 0,
            more: crate::base_files::MoreTerms::default(),
        };
        let nowhere = std::net::Ipv4Addr::UNSPECIFIED;
        BaseNames::of(&[
            base_data::participant(3, "0004"),
            base_data::user(5, 3, "0004T01", "secret", nowhere, 0),
            base_data::account(7, 3, 7, "C0000001", Right::Full),
            base_data::one_product(),
            row.define(9),
        ])
    }

    fn command(words: &str) -> Result<CommandBuffer, String> {
        let line = Line::try_parse_from(["operate"].into_iter().chain(words.split(' '))).map_err(|e| e.to_string())?;
        // As it comes over the control socket.
        let text = serde_json::to_string(&line.operation).expect("an operation is JSON");
        super::command(&serde_json::from_str(&text).expect("and back"), &names())
    }

    #[test]
    fn an_operators_words_become_the_command_they_name() {
        let body = |words: &str| format!("{:?}", command(words).expect(words).command().body);
        for (words, parts) in [
            (
                "phase suspended --product ALL --reason halt",
                &["PhaseSet", "ProductIndex(0)", "phase: 51", "104, 97"][..],
            ),
            ("phase closing-auction --instrument IF2406", &["InstrumentIndex(9)", "phase: 50", "reason: 50"]),
            ("uncross --product ALL", &["Uncross", "InstrumentIndex(65535)", "ProductIndex(0)"]),
            ("function off quote market --product ALL", &["FunctionSet", "on: 0", "functions: 520"]),
            ("function on everything", &["ProductIndex(65535)", "on: 1", "functions: 4096"]),
            ("window on --product ALL", &["ExecWindowSet", "open: 1"]),
            ("cancel-all", &["MassCancel", "scope: 0"]),
            ("cancel-all --trader 0004T01", &["scope: 2", "index: 5"]),
            ("cancel-all --participant 0004", &["scope: 1", "index: 3"]),
            ("cancel-all --client 0004/C0000001", &["scope: 3", "index: 7"]),
            ("cancel-all --instrument IF2406", &["scope: 4", "index: 9"]),
            ("right forbidden --trader 0004T01", &["RightSet", "scope: 2", "right: 50", "index: 5"]),
            ("right close-only --client 0004/C0000001", &["scope: 3", "right: 49", "index: 7"]),
            ("right full --client 0004/C0000001 --instrument IF2406", &["scope: 5", "InstrumentIndex(9)", "index: 7"]),
            ("right full --instrument IF2406", &["scope: 4", "InstrumentIndex(9)"]),
            ("right full --participant 0004", &["scope: 1", "index: 3"]),
            ("seat 0004T01 off --reason audit", &["SeatBlock", "UserIndex(5)", "blocked: 1"]),
            ("seat 0004T01 on", &["blocked: 0"]),
            ("bulletin news --participant 0004", &["Bulletin", "ParticipantIndex(3)"]),
            ("bulletin news", &["ParticipantIndex(65535)"]),
            ("close", &["DayClose"]),
        ] {
            let body = body(words);
            for part in parts {
                assert!(body.contains(part), "{words}: {part} is not in {body}");
            }
        }
    }

    #[test]
    fn what_has_no_name_or_does_not_fit_is_refused_with_its_flag() {
        let long = "x".repeat(101);
        for (words, part) in [
            ("phase continuous --product XX".to_owned(), "--product XX"),
            ("phase continuous --instrument XX9999".to_owned(), "--instrument XX9999"),
            ("phase continuous --instrument IF2406 --product ALL".to_owned(), "--product"),
            ("phase open".to_owned(), "closing-auction"),
            ("function off".to_owned(), "FUNCTIONS"),
            ("function off everybody".to_owned(), "everything"),
            ("cancel-all --trader NOBODY".to_owned(), "trader NOBODY"),
            ("cancel-all --trader 0004T01 --participant 0004".to_owned(), "--participant"),
            ("cancel-all --client C0000001".to_owned(), "ParticipantId/ClientId"),
            ("right full".to_owned(), "expected --participant"),
            ("right most --participant 0004".to_owned(), "close-only"),
            (format!("seat 0004T01 off --reason {long}"), "--reason"),
            (format!("bulletin {long}"), "summary"),
        ] {
            let fault = command(&words).err().unwrap_or_else(|| panic!("{words} is taken"));
            assert!(fault.contains(part), "{words}: {fault}");
        }
    }
}
