//! Generated package views, and the dispatch over them that the tests use.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::names::PACKAGE_FILES;
use crate::source::{Package, Standard, Use};
use crate::texts::{HEAD, package_file, snake, tid_constant};

/// Path in the room, text.
pub fn files(standard: &Standard) -> Vec<(String, String)> {
    let mut files = vec![
        ("src/generated/package/mod.rs".into(), root()),
        ("tests/generated/mod.rs".into(), format!("{HEAD}pub mod dispatch;\npub mod touch;\n")),
        ("tests/generated/dispatch.rs".into(), dispatch(standard)),
        ("tests/generated/touch.rs".into(), touch(standard)),
    ];
    for (_, file, title) in PACKAGE_FILES {
        files.push((format!("src/generated/package/{file}.rs"), views(standard, file, title)));
    }
    files
}

fn root() -> String {
    let mut text = format!("{HEAD}//!\n//! A view for each package (Appendix E).\n");
    let mut modules: Vec<&str> = PACKAGE_FILES.iter().map(|(_, file, _)| *file).collect();
    modules.sort_unstable();
    for module in &modules {
        writeln!(text, "mod {module};").expect("a string takes all");
    }
    for module in &modules {
        writeln!(text, "pub use {module}::*;").expect("a string takes all");
    }
    text
}

fn views(standard: &Standard, file: &str, title: &str) -> String {
    let mut body = String::new();
    for package in standard.packages.iter().filter(|package| package_file(&package.name) == file) {
        view(&mut body, standard, package);
    }
    let mut helpers = BTreeSet::new();
    for helper in ["Repeated", "is_package", "is_whole_package", "once", "required"] {
        if body.contains(&format!("{helper}("))
            || body.contains(&format!("{helper}<"))
            || body.contains(&format!("{helper}::"))
        {
            helpers.insert(helper.to_string());
        }
    }
    let mine = standard.packages.iter().filter(|package| package_file(&package.name) == file);
    helpers.extend(mine.flat_map(|package| &package.fields).map(|usage| usage.field.clone()));
    // rustfmt's order: lower case first, then the types.
    let names: Vec<String> = helpers.into_iter().collect();
    format!(
        "{HEAD}//!\n//! {title}\nuse crate::field::{{{}}};\nuse crate::generated::tid;\nuse crate::malformed::Malformed;\nuse crate::message::{{Message, Tid}};\n{body}",
        names.join(", ")
    )
}

fn view(text: &mut String, standard: &Standard, package: &Package) {
    let Package { name, mode, comment, fields, .. } = package;
    let mark = if package.extension { " Extension." } else { "" };
    let where_to = match mode.as_str() {
        "none" => "of no stream".to_string(),
        mode => format!("in the {mode} stream"),
    };
    let tid = tid_constant(&package.tid_name);
    write!(text, "\n/// {comment} ({name}), {where_to}.{mark}\n#[derive(Clone, Copy, Debug)]\n")
        .expect("a string takes all");
    if fields.is_empty() {
        write!(
            text,
            "pub struct {name};\n\nimpl {name} {{\n/// The package's TID.\npub const TID: Tid = tid::{tid};\n\n/// Reads the package; it has no data fields of its own.\n///\n/// # Errors\n/// [`Malformed`] when it is another package.\npub fn parse(message: &Message<'_>) -> Result<Self, Malformed> {{\nis_whole_package(message, Self::TID)?;\nOk(Self)\n}}\n}}\n"
        )
        .expect("a string takes all");
        return;
    }
    writeln!(text, "pub struct {name}<'a> {{").expect("a string takes all");
    for usage in fields {
        let field = standard.field(&usage.field);
        let occurs = match (usage.required, usage.repeated) {
            (true, false) => "once",
            (false, false) => "at most once",
            (true, true) => "at least once",
            (false, true) => "any number of times",
        };
        let mark = if usage.extension && !package.extension { " Extension." } else { "" };
        let kind = match (usage.required, usage.repeated) {
            (true, false) => format!("&'a {}", field.name),
            (false, false) => format!("Option<&'a {}>", field.name),
            (_, true) => format!("Repeated<'a, {}>", field.name),
        };
        writeln!(text, "/// {}, {occurs}.{mark}\npub {}: {kind},", field.comment, member(usage))
            .expect("a string takes all");
    }
    let check = if fields.iter().any(|usage| usage.repeated) { "is_package" } else { "is_whole_package" };
    write!(
        text,
        "}}\n\nimpl<'a> {name}<'a> {{\n/// The package's TID.\npub const TID: Tid = tid::{tid};\n\n/// Reads the package; nothing is copied.\n///\n/// # Errors\n/// [`Malformed`] when it is another package, or its data fields are not those of this one.\npub fn parse(message: &Message<'a>) -> Result<Self, Malformed> {{\n{check}(message, Self::TID)?;\n"
    )
    .expect("a string takes all");
    for usage in fields {
        let start = if usage.repeated { "Repeated::none(message)" } else { "None" };
        writeln!(text, "let mut {} = {start};", member(usage)).expect("a string takes all");
    }
    text.push_str("for (fid, items) in message.fields() {\n");
    for (index, usage) in fields.iter().enumerate() {
        let or = if index == 0 { "" } else { " else " };
        let take = match usage.repeated {
            true => format!("{}.admit(items)?", member(usage)),
            false => format!("once(&mut {}, items)?", member(usage)),
        };
        write!(text, "{or}if fid == {}::FID {{ {take}; }}", usage.field).expect("a string takes all");
    }
    text.push_str("\n}\nOk(Self { ");
    for usage in fields {
        let member = member(usage);
        match (usage.required, usage.repeated) {
            (true, false) => write!(text, "{member}: required({member})?,"),
            (true, true) => write!(text, "{member}: {member}.at_least_one(message)?,"),
            (false, _) => write!(text, "{member},"),
        }
        .expect("a string takes all");
    }
    text.push_str(" })\n}\n}\n");
}

/// `OrderInsertField` is the member `order_insert`.
fn member(usage: &Use) -> String {
    snake(usage.field.strip_suffix("Field").unwrap_or(&usage.field))
}

fn dispatch(standard: &Standard) -> String {
    let mut write_arms = String::new();
    let mut read_arms = String::new();
    for (index, package) in standard.packages.iter().enumerate() {
        let name = &package.name;
        write!(write_arms, "// {name}\n{index} => {{").expect("a string takes all");
        for (place, usage) in package.fields.iter().enumerate() {
            write!(
                write_arms,
                "for _ in 0..counts[{place}] {{ fill(writer.push::<{}>()?.as_mut_bytes()); }}",
                usage.field
            )
            .expect("a string takes all");
        }
        write_arms.push_str("}\n");

        write!(read_arms, "{index} => {{ ").expect("a string takes all");
        if package.fields.is_empty() {
            write!(read_arms, "package::{name}::parse(message)?;").expect("a string takes all");
        } else {
            write!(read_arms, "let package = package::{name}::parse(message)?;").expect("a string takes all");
        }
        for usage in &package.fields {
            let member = member(usage);
            match (usage.required, usage.repeated) {
                (true, false) => write!(read_arms, "visitor.field(package.{member});"),
                (false, false) => {
                    write!(read_arms, "package.{member}.into_iter().for_each(|field| visitor.field(field));")
                }
                (_, true) => write!(read_arms, "package.{member}.iter().for_each(|field| visitor.field(field));"),
            }
            .expect("a string takes all");
        }
        read_arms.push_str("}\n");
    }
    format!(
        "{HEAD}//!\n//! Every package by its index in the catalogue, for tests that go over all of them.\n\nuse ftd::field::*;\nuse ftd::{{ChainWriter, Field, Malformed, Message, package}};\nuse zerocopy::IntoBytes;\n\nuse super::touch::Touch;\n\n/// Gets every data field of a package in the package's order.\npub trait Visitor {{\n/// One data field.\nfn field<F: Field + Touch>(&mut self, field: &F);\n}}\n\n/// Writes the data fields of package `index`, `counts` of each, their bytes given by `fill`. `None`: the buffer is full.\npub fn write(index: usize, writer: &mut ChainWriter<'_>, counts: &[usize], fill: &mut dyn FnMut(&mut [u8])) -> Option<()> {{\nmatch index {{\n{write_arms}_ => panic!(\"no package {{index}}\"),\n}}\nSome(())\n}}\n\n/// Reads a message as package `index`.\npub fn read<V: Visitor>(index: usize, message: &Message<'_>, visitor: &mut V) -> Result<(), Malformed> {{\nmatch index {{\n{read_arms}_ => panic!(\"no package {{index}}\"),\n}}\nOk(())\n}}\n"
    )
}

fn touch(standard: &Standard) -> String {
    let mut text = format!(
        "{HEAD}//!\n//! Asks every item of a data field for its value.\n\nuse ftd::field::*;\n\n/// Reads everything there is to read, and gives a number that depends on it.\npub trait Touch {{\n/// Reads it.\nfn touch(&self) -> u64;\n}}\n"
    );
    for field in &standard.fields {
        let items: Vec<String> =
            field.items.iter().map(|item| format!(".wrapping_add(self.{}.touch())", snake(&item.name))).collect();
        write!(text, "\nimpl Touch for {} {{\nfn touch(&self) -> u64 {{\n0u64{}\n}}\n}}\n", field.name, items.concat())
            .expect("a string takes all");
    }
    text
}
