//! What a store does, over any database that can do a little SQL. Statements and their order are the same for all of them.

use crate::tables::{Fields, SCHEMA, TABLES, Table, Type, Value};
use crate::{PriceOfRun, Run, Saved, StageStep, Store, StoreError};
use settlement::account::Funds;
use settlement::result::{DayResult, Head, Stage};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::time::SystemTime;

/// A database.
pub(crate) trait Database: Send {
    /// What the schema calls its types, and how a table ends.
    const DIALECT: Dialect;

    /// Begins to change it, alone; dropped without [`Transaction::commit`], nothing was changed.
    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, StoreError>;

    /// Begins to read it as it is now, whoever changes it meanwhile.
    fn look(&mut self) -> Result<Box<dyn Transaction + '_>, StoreError>;
}

/// Words that databases differ in.
pub(crate) struct Dialect {
    pub(crate) int: &'static str,
    pub(crate) text: &'static str,
    pub(crate) end: &'static str,
}

/// Hears rows that were asked for.
pub(crate) type Hear<'a> = dyn FnMut(&[Value<'_>]) -> Result<(), StoreError> + 'a;

/// Changes that are seen together.
pub(crate) trait Transaction {
    /// Runs a statement with `$1`, `$2`, … in this order; how many rows it concerned.
    fn run(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, StoreError>;

    /// Rows, one by one, of columns with these types.
    fn ask(
        &mut self,
        question: &str,
        values: &[Value<'_>],
        types: &[Type],
        hear: &mut Hear<'_>,
    ) -> Result<(), StoreError>;

    /// Puts a table's rows of a run down, as fast as the database can; `heard` sees each.
    fn fill(
        &mut self,
        table: &Table,
        run: [i64; 2],
        result: &DayResult,
        heard: &mut Hear<'_>,
    ) -> Result<(), StoreError>;

    /// Makes it so.
    fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// A store over a database.
pub(crate) struct Days<D> {
    database: D,
}

const RUN: &str = "SELECT settlement_id, settlement_group, stage, epoch, last_sequence, state_digest, saved_at, content, \
                   row_count, trade_count FROM runs WHERE day = $1 ORDER BY settlement_id";
const RUN_TYPES: [Type; 10] = {
    use Type::{Int, Text};
    [Int, Text, Text, Int, Int, Text, Int, Text, Int, Int]
};

impl<D: Database> Days<D> {
    pub(crate) fn of(mut database: D) -> Result<Self, StoreError> {
        let mut changes = database.begin()?;
        let Dialect { int, text, end } = D::DIALECT;
        let mut make = |name: &str, columns: &str, key: &str| {
            let statement = format!("CREATE TABLE IF NOT EXISTS {name} ({columns}, PRIMARY KEY ({key})){end}");
            changes.run(&statement, &[]).map(drop)
        };
        let columns = |list: &[(&str, Type)]| {
            let mut sql = String::new();
            for (place, (name, kind)) in list.iter().enumerate() {
                let comma = if place == 0 { "" } else { ", " };
                let kind = if *kind == Type::Int { int } else { text };
                write!(sql, "{comma}{name} {kind} NOT NULL").expect("a string takes everything");
            }
            sql
        };
        use Type::{Int, Text};
        make("settlement_store", &columns(&[("version", Int)]), "version")?;
        let run = [
            ("day", Int),
            ("settlement_id", Int),
            ("settlement_group", Text),
            ("stage", Text),
            ("epoch", Int),
            ("last_sequence", Int),
            ("state_digest", Text),
            ("saved_at", Int),
            ("content", Text),
            ("row_count", Int),
            ("trade_count", Int),
        ];
        make("runs", &columns(&run), "day, settlement_id")?;
        let step =
            [("day", Int), ("settlement_id", Int), ("step", Int), ("stage", Text), ("reason", Text), ("at", Int)];
        make("stages", &columns(&step), "day, settlement_id, step")?;
        for table in &TABLES {
            let mut list = vec![("day", Int), ("settlement_id", Int)];
            list.extend(table.columns());
            let key: Vec<&str> = list[..2 + table.key].iter().map(|(name, _)| *name).collect();
            make(table.name, &columns(&list), &key.join(", "))?;
        }
        let mut versions = Vec::new();
        changes.ask("SELECT version FROM settlement_store", &[], &[Int], &mut |row| {
            versions.push(Fields { table: "settlement_store", values: row.iter() }.int("version")?);
            Ok(())
        })?;
        match versions[..] {
            [] => drop(changes.run("INSERT INTO settlement_store VALUES ($1)", &[Value::Int(SCHEMA)])?),
            [SCHEMA] => {}
            [other, ..] => return Err(StoreError::Version(other)),
        }
        changes.commit()?;
        Ok(Days { database })
    }
}

impl<D: Database> Store for Days<D> {
    fn save(&mut self, result: &DayResult) -> Result<Saved, StoreError> {
        is_whole(result)?;
        let head = &result.head;
        let (day, id) = (head.day, head.settlement_id);
        let mut changes = self.database.begin()?;
        if let Some(run) = find(&mut *changes, day, id)? {
            let content = digest(result)?;
            return if content == run.content {
                Ok(Saved::Already)
            } else {
                Err(StoreError::Other { day, settlement_id: id })
            };
        }
        let sequence = i64::try_from(head.last_sequence)
            .map_err(|_| StoreError::Refused { table: "runs", what: "last_sequence" })?;
        let (state, now) = (format!("{:016x}", head.state_digest), now());
        let (rows, trades) = (result.settled.rows.len() as i64, result.trades.len() as i64);
        if head.group.contains('\0') {
            return Err(StoreError::Refused { table: "runs", what: "settlement_group" });
        }
        use Value::{Int, Text};
        let values = [
            Int(day.into()),
            Int(id.into()),
            Text(&head.group),
            Text(stage_name(head.stage)),
            Int(head.epoch.into()),
            Int(sequence),
            Text(&state),
            Int(now),
            Text(""),
            Int(rows),
            Int(trades),
        ];
        // First, so that whoever saves the same run meanwhile waits here.
        changes.run("INSERT INTO runs VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", &values)?;
        let mut content = Content::of(result);
        for table in &TABLES {
            content.table(table);
            changes.fill(table, [day.into(), id.into()], result, &mut |row| {
                content.row(row);
                Ok(())
            })?;
        }
        let content = content.done();
        changes.run(
            "UPDATE runs SET content = $1 WHERE day = $2 AND settlement_id = $3",
            &[Text(&content), Int(day.into()), Int(id.into())],
        )?;
        step(&mut *changes, day, id, 0, head.stage, "", now)?;
        changes.commit()?;
        Ok(Saved::New)
    }

    fn days(&mut self) -> Result<Vec<u32>, StoreError> {
        let mut days = Vec::new();
        self.database.look()?.ask("SELECT DISTINCT day FROM runs ORDER BY day", &[], &[Type::Int], &mut |row| {
            days.push(Fields { table: "runs", values: row.iter() }.int("day")?);
            Ok(())
        })?;
        Ok(days)
    }

    fn runs(&mut self, day: u32) -> Result<Vec<Run>, StoreError> {
        runs(&mut *self.database.look()?, day)
    }

    fn next_id(&mut self, day: u32) -> Result<u32, StoreError> {
        let last = runs(&mut *self.database.look()?, day)?.last().map_or(0, |run| run.head.settlement_id);
        last.checked_add(1).ok_or(StoreError::Refused { table: "runs", what: "settlement_id" })
    }

    fn release(&mut self, day: u32, settlement_id: u32, stage: Stage, reason: &str) -> Result<Run, StoreError> {
        if reason.contains('\0') {
            return Err(StoreError::Refused { table: "stages", what: "reason" });
        }
        let mut changes = self.database.begin()?;
        // Another release of the same day waits here.
        changes.run("UPDATE runs SET stage = stage WHERE day = $1", &[Value::Int(day.into())])?;
        let mut all = runs(&mut *changes, day)?;
        let later = |run: &&Run| run.head.settlement_id > settlement_id && run.head.stage == Stage::Official;
        if let Some(by) = all.iter().rev().find(later) {
            return Err(StoreError::Superseded { day, by: by.head.settlement_id });
        }
        let place = all.iter().position(|run| run.head.settlement_id == settlement_id);
        let mut run = all.swap_remove(place.ok_or(StoreError::NoRun { day, settlement_id })?);
        if run.head.stage == stage {
            return Ok(run);
        }
        let at = now();
        changes.run(
            "UPDATE runs SET stage = $1 WHERE day = $2 AND settlement_id = $3",
            &[Value::Text(stage_name(stage)), Value::Int(day.into()), Value::Int(settlement_id.into())],
        )?;
        step(&mut *changes, day, settlement_id, run.stages.len(), stage, reason, at)?;
        changes.commit()?;
        run.head.stage = stage;
        run.stages.push(StageStep { stage, reason: reason.into(), at });
        Ok(run)
    }

    fn read(&mut self, day: u32, settlement_id: u32) -> Result<DayResult, StoreError> {
        let mut changes = self.database.look()?;
        let run = find(&mut *changes, day, settlement_id)?.ok_or(StoreError::NoRun { day, settlement_id })?;
        let mut result = DayResult { head: run.head, ..DayResult::default() };
        result.market.day = day;
        for table in &TABLES {
            let types: Vec<Type> = table.columns().map(|(_, kind)| kind).collect();
            let names: Vec<&str> = table.columns().map(|(name, _)| name).collect();
            let question = format!(
                "SELECT {} FROM {} WHERE day = $1 AND settlement_id = $2 ORDER BY {}",
                names.join(", "),
                table.name,
                names[..table.key].join(", ")
            );
            let values = [Value::Int(day.into()), Value::Int(settlement_id.into())];
            changes.ask(&question, &values, &types, &mut |row| {
                (table.back)(&mut result, &mut Fields { table: table.name, values: row.iter() })
            })?;
        }
        let content = digest(&result)?;
        if content != run.content {
            return Err(StoreError::Damaged { table: "runs", what: "content" });
        }
        Ok(result)
    }

    fn funds(&mut self, day: u32, settlement_id: u32) -> Result<Vec<(String, Funds)>, StoreError> {
        let mut changes = self.database.look()?;
        find(&mut *changes, day, settlement_id)?.ok_or(StoreError::NoRun { day, settlement_id })?;
        let mut found = Vec::new();
        let mut question = String::from("SELECT participant");
        let columns = TABLES.iter().find(|table| table.name == "funds").expect("it is one of them").columns().skip(1);
        let mut types = vec![Type::Text];
        for (name, kind) in columns {
            write!(question, ", funds.{name}").expect("a string takes everything");
            types.push(kind);
        }
        question += " FROM funds JOIN members ON members.day = funds.day AND members.settlement_id = funds.settlement_id \
                     AND members.place = funds.member WHERE funds.day = $1 AND funds.settlement_id = $2 ORDER BY funds.member";
        let values = [Value::Int(day.into()), Value::Int(settlement_id.into())];
        changes.ask(&question, &values, &types, &mut |row| {
            let mut fields = Fields { table: "funds", values: row.iter() };
            found.push((fields.text("participant")?.to_owned(), fields.funds()?));
            Ok(())
        })?;
        Ok(found)
    }

    fn instrument_history(&mut self, instrument: &str) -> Result<Vec<PriceOfRun>, StoreError> {
        use Type::{Int, Text};
        let mut found = Vec::new();
        let question = "SELECT instruments.day, instruments.settlement_id, stage, previous_settlement, settlement \
                        FROM instruments JOIN runs ON runs.day = instruments.day \
                        AND runs.settlement_id = instruments.settlement_id \
                        WHERE instrument = $1 ORDER BY instruments.day, instruments.settlement_id";
        let types = [Int, Int, Text, Int, Int];
        self.database.look()?.ask(question, &[Value::Text(instrument)], &types, &mut |row| {
            let mut fields = Fields { table: "instruments", values: row.iter() };
            found.push(PriceOfRun {
                day: fields.int("day")?,
                settlement_id: fields.int("settlement_id")?,
                stage: stage_of(fields.text("stage")?)?,
                previous: settlement::Price(fields.int("previous_settlement")?),
                settlement: settlement::Price(fields.int("settlement")?),
            });
            Ok(())
        })?;
        Ok(found)
    }
}

/// Lists that belong together are of one length; else what is left out would not be missed.
fn is_whole(result: &DayResult) -> Result<(), StoreError> {
    let (names, market, settled) = (&result.names, &result.market, &result.settled);
    let pairs = [
        ("products", names.products.len(), market.products.len()),
        ("instruments", names.instruments.len(), market.instruments.len()),
        ("members", names.members.len(), market.members.len()),
        ("members", settled.members.len(), market.members.len()),
        ("funds", settled.funds.len(), market.members.len()),
        ("accounts", names.accounts.len(), market.accounts.len()),
        ("bonds", names.bonds.len(), market.deliverables.len()),
        ("runs", result.head.day as usize, market.day as usize),
    ];
    match pairs.iter().find(|(_, one, other)| one != other) {
        Some((table, ..)) => Err(StoreError::Refused { table, what: "place" }),
        None => Ok(()),
    }
}

fn step(
    changes: &mut dyn Transaction,
    day: u32,
    id: u32,
    number: usize,
    stage: Stage,
    reason: &str,
    at: i64,
) -> Result<(), StoreError> {
    use Value::{Int, Text};
    let name = stage_name(stage);
    let values = [Int(day.into()), Int(id.into()), Int(number as i64), Text(name), Text(reason), Int(at)];
    changes.run("INSERT INTO stages VALUES ($1, $2, $3, $4, $5, $6)", &values).map(drop)
}

fn find(changes: &mut dyn Transaction, day: u32, id: u32) -> Result<Option<Run>, StoreError> {
    Ok(runs(changes, day)?.into_iter().find(|run| run.head.settlement_id == id))
}

fn runs(changes: &mut dyn Transaction, day: u32) -> Result<Vec<Run>, StoreError> {
    let mut all: Vec<Run> = Vec::new();
    changes.ask(RUN, &[Value::Int(day.into())], &RUN_TYPES, &mut |row| {
        let mut fields = Fields { table: "runs", values: row.iter() };
        let (settlement_id, group) = (fields.int("settlement_id")?, fields.text("settlement_group")?.into());
        let (stage, epoch) = (stage_of(fields.text("stage")?)?, fields.int("epoch")?);
        let last_sequence = fields.int("last_sequence")?;
        let state_digest = u64::from_str_radix(fields.text("state_digest")?, 16)
            .map_err(|_| StoreError::Damaged { table: "runs", what: "state_digest" })?;
        all.push(Run {
            head: Head { day, group, settlement_id, stage, epoch, last_sequence, state_digest },
            saved_at: fields.int("saved_at")?,
            content: fields.text("content")?.into(),
            rows: fields.int("row_count")?,
            trades: fields.int("trade_count")?,
            stages: Vec::new(),
        });
        Ok(())
    })?;
    use Type::{Int, Text};
    let steps = "SELECT settlement_id, stage, reason, at FROM stages WHERE day = $1 ORDER BY settlement_id, step";
    changes.ask(steps, &[Value::Int(day.into())], &[Int, Text, Text, Int], &mut |row| {
        let mut fields = Fields { table: "stages", values: row.iter() };
        let id: u32 = fields.int("settlement_id")?;
        let step = StageStep {
            stage: stage_of(fields.text("stage")?)?,
            reason: fields.text("reason")?.into(),
            at: fields.int("at")?,
        };
        let run = all.iter_mut().find(|run| run.head.settlement_id == id);
        run.ok_or(StoreError::Damaged { table: "stages", what: "settlement_id" })?.stages.push(step);
        Ok(())
    })?;
    Ok(all)
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Check => "check",
        Stage::Official => "official",
    }
}

fn stage_of(name: &str) -> Result<Stage, StoreError> {
    match name {
        "check" => Ok(Stage::Check),
        "official" => Ok(Stage::Official),
        _ => Err(StoreError::Damaged { table: "runs", what: "stage" }),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs() as i64
}

/// SHA-256 over a run: its head without the stage, then each table's name and rows, each value with its type and length before it.
struct Content {
    sum: Sha256,
    line: Vec<u8>,
}

impl Content {
    fn of(result: &DayResult) -> Self {
        let Head { day, group, settlement_id, stage: _, epoch, last_sequence, state_digest } = &result.head;
        let mut content = Content { sum: Sha256::new(), line: Vec::new() };
        let parts =
            [i64::from(*day), (*settlement_id).into(), (*epoch).into(), *last_sequence as i64, *state_digest as i64];
        content.row(&parts.map(Value::Int));
        content.row(&[Value::Text(group)]);
        content
    }

    fn table(&mut self, table: &Table) {
        self.row(&[Value::Text(table.name)]);
    }

    fn row(&mut self, values: &[Value<'_>]) {
        self.line.clear();
        for value in values {
            match value {
                Value::Int(value) => {
                    self.line.push(0);
                    self.line.extend_from_slice(&value.to_le_bytes());
                }
                Value::Text(text) => {
                    self.line.push(1);
                    self.line.extend_from_slice(&(text.len() as u64).to_le_bytes());
                    self.line.extend_from_slice(text.as_bytes());
                }
            }
        }
        self.sum.update(&self.line);
    }

    fn done(self) -> String {
        self.sum.finalize().iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes everything");
            hex
        })
    }
}

fn digest(result: &DayResult) -> Result<String, StoreError> {
    let mut content = Content::of(result);
    for table in &TABLES {
        content.table(table);
        (table.rows)(result, &mut |row| {
            content.row(row);
            Ok(())
        })?;
    }
    Ok(content.done())
}
