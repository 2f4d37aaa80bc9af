//! Generated constants, types, field structs and the catalogue.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::names::{FIELD_FILE_TITLES, FIELD_FILES, OWN_TYPES, PACKAGE_FILES, VALUES, VALUES_IN_COMMENTS};
use crate::source::{Base, DataField, Item, Standard};

pub const HEAD: &str = "//! Generated from ftd.xml by tests/generate.rs; changes belong there.\n";

/// Path in the room, text.
pub fn files(standard: &Standard) -> Vec<(String, String)> {
    let mut files = vec![
        ("src/generated/mod.rs".into(), root()),
        ("src/generated/tid.rs".into(), tids(standard)),
        ("src/generated/value.rs".into(), values(standard)),
        ("src/generated/derived.rs".into(), derived(standard)),
        ("src/generated/catalogue.rs".into(), catalogue(standard)),
        ("src/generated/field/mod.rs".into(), field_root()),
    ];
    for (file, title) in FIELD_FILE_TITLES {
        files.push((format!("src/generated/field/{file}.rs"), fields(standard, file, title)));
    }
    files
}

fn root() -> String {
    let mut text = HEAD.to_string();
    for module in ["catalogue", "derived", "field", "package", "tid", "value"] {
        writeln!(text, "pub mod {module};").expect("a string takes all");
    }
    text
}

fn field_root() -> String {
    let mut text = HEAD.to_string();
    let mut modules: Vec<&str> = FIELD_FILE_TITLES.iter().map(|(file, _)| *file).collect();
    modules.sort_unstable();
    for module in &modules {
        writeln!(text, "mod {module};").expect("a string takes all");
    }
    for module in &modules {
        writeln!(text, "pub use {module}::*;").expect("a string takes all");
    }
    text
}

fn tids(standard: &Standard) -> String {
    let mut text = format!(
        "{HEAD}//!\n//! The packages' TIDs (Appendix A). Two of them are 0x5004: `QUOTE` occurs only in a private stream,\n//! `QRY_EXEC_ORDER` only in the dialog (errata 7).\nuse crate::message::Tid;\n\n"
    );
    for tid in &standard.tids {
        let packages: Vec<String> = standard
            .packages
            .iter()
            .filter(|package| package.tid_name == tid.name)
            .map(|package| format!("{} {}", package.name, package.comment))
            .collect();
        assert!(!packages.is_empty(), "{} is no package's", tid.name);
        let mark = if tid.extension { " Extension." } else { "" };
        let name = tid_constant(&tid.name);
        writeln!(text, "/// {}.{mark}\npub const {name}: Tid = Tid({:#06X});", packages.join(", "), tid.value)
            .expect("a string takes all");
    }
    text
}

fn values(standard: &Standard) -> String {
    let mut text = format!(
        "{HEAD}//!\n//! The values of enumerations, a module for each type (Appendix B), as the characters on the wire.\n"
    );
    let mut named = BTreeSet::new();
    for define in standard.types.iter().filter(|define| !define.values.is_empty()) {
        assert_eq!(define.base, Base::Char, "{} is an enumeration", define.name);
        let mark = if define.extension { " Extension." } else { "" };
        let module = snake(short(&define.name));
        write!(text, "\n/// {}.{mark}\npub mod {module} {{\n", define.name).expect("a string takes all");
        for (value, comment) in &define.values {
            let line = VALUES.iter().find(|(name, of, _)| *name == define.name && of == value);
            let (_, _, constant) = line.unwrap_or_else(|| panic!("no English name for {} {value}", define.name));
            named.insert((define.name.clone(), value.clone()));
            value_constant(&mut text, value, constant, comment);
        }
        text.push_str("}\n");
    }
    assert_eq!(named.len(), VALUES.len(), "names for values that are not there");
    for (module, source, values) in VALUES_IN_COMMENTS {
        write!(text, "\n/// {source}.\npub mod {module} {{\n").expect("a string takes all");
        for (value, constant, comment) in *values {
            value_constant(&mut text, value, constant, comment);
        }
        text.push_str("}\n");
    }
    text
}

fn value_constant(text: &mut String, value: &str, constant: &str, comment: &str) {
    writeln!(text, "/// {comment}.\npub const {constant}: u8 = b'{value}';").expect("a string takes all");
}

fn derived(standard: &Standard) -> String {
    let mut text = format!(
        "{HEAD}//!\n//! The item types (Appendix B).\nuse crate::number::{{Float, Number}};\nuse crate::types::{{Char, Int, Secret, Str, Word}};\n\n"
    );
    for define in &standard.types {
        let own = OWN_TYPES.iter().find(|(name, _)| *name == define.name).map(|(_, ours)| (*ours).to_string());
        let size = match define.base.size() {
            1 => "1 byte".to_string(),
            size => format!("{size} bytes"),
        };
        let note = if define.comment.is_empty() { String::new() } else { format!(", {}", define.comment) };
        let mark = if define.extension { " Extension." } else { "" };
        let ours = own.unwrap_or_else(|| define.base.rust());
        writeln!(text, "/// {}: {size}{note}.{mark}", define.name).expect("a string takes all");
        match ours.strip_prefix("crate::") {
            Some(_) => writeln!(text, "pub use {ours};"),
            None => writeln!(text, "pub type {} = {ours};", short(&define.name)),
        }
        .expect("a string takes all");
    }
    text
}

fn catalogue(standard: &Standard) -> String {
    let mut text = format!(
        "{HEAD}use crate::catalogue::{{FieldUse, Mode, PackageInfo}};\nuse crate::field::*;\nuse crate::generated::tid;\n\n/// All packages, in the order of ftd.xml.\npub static PACKAGES: [PackageInfo; {}] = [\n",
        standard.packages.len()
    );
    for package in &standard.packages {
        let mode = match package.mode.as_str() {
            "none" => "None",
            "dialog" => "Dialog",
            "private" => "Private",
            "broadcast" => "Broadcast",
            other => panic!("{}: mode {other}", package.name),
        };
        write!(
            text,
            "PackageInfo {{ name: \"{}\", tid: tid::{}, mode: Mode::{mode}, extension: {}, fields: &[",
            package.name,
            tid_constant(&package.tid_name),
            package.extension
        )
        .expect("a string takes all");
        for usage in &package.fields {
            let occurs = match (usage.required, usage.repeated) {
                (true, false) => "once",
                (false, false) => "at_most_once",
                (true, true) => "at_least_once",
                (false, true) => "any_number",
            };
            write!(text, "FieldUse::{occurs}::<{}>(),", usage.field).expect("a string takes all");
        }
        text.push_str("] },\n");
    }
    text.push_str("];\n");
    text
}

fn fields(standard: &Standard, file: &str, title: &str) -> String {
    let mine: Vec<&DataField> = standard.fields.iter().filter(|field| field_file(&field.name) == file).collect();
    assert!(!mine.is_empty(), "no field stands in {file}");
    let mut body = String::new();
    let mut types = BTreeSet::new();
    for field in mine {
        field_struct(&mut body, field);
        types.extend(field.items.iter().map(item_type));
    }
    let basic = ["Char", "Int", "Str", "Word"];
    let number = ["Float", "Number"];
    let mut imports = String::new();
    let mut import = |module: &str, names: Vec<&str>| {
        if !names.is_empty() {
            writeln!(imports, "use crate::{module}::{{{}}};", names.join(", ")).expect("a string takes all");
        }
    };
    let roots: BTreeSet<&str> = types.iter().map(|name| name.split('<').next().unwrap_or(name)).collect();
    let of = |known: &[&str]| roots.iter().copied().filter(|name| known.contains(name)).collect::<Vec<_>>();
    let others = roots.iter().copied().filter(|name| !basic.contains(name) && !number.contains(name)).collect();
    import("generated::derived", others);
    import("number", of(&number));
    import("types", of(&basic));
    format!(
        "{HEAD}//!\n//! {title}\nuse zerocopy::{{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned}};\n\nuse crate::field::Field;\n{imports}use crate::message::Fid;\n{body}"
    )
}

fn field_struct(text: &mut String, field: &DataField) {
    let DataField { name, fid, comment, .. } = field;
    let size: usize = field.items.iter().map(|item| item.size).sum();
    let bytes = if size == 1 { "byte" } else { "bytes" };
    let mark = if field.extension { " Extension." } else { "" };
    let derives = "Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned";
    write!(text, "\n/// {comment}, {size} {bytes}.{mark}\n#[derive({derives})]\n#[repr(C)]\npub struct {name} {{\n")
        .expect("a string takes all");
    for item in &field.items {
        writeln!(text, "/// {}, {}.\npub {}: {},", item.name, item.comment, snake(&item.name), item_type(item))
            .expect("a string takes all");
    }
    write!(
        text,
        "}}\n\nimpl {name} {{\n/// The data field's FID.\npub const FID: Fid = Fid({fid:#06X});\n/// Its bytes, without FID and length.\npub const SIZE: usize = {size};\n/// All items at their initial values (JR/T 0016 §5.2.2).\npub const BLANK: Self = Self {{\n"
    )
    .expect("a string takes all");
    for item in &field.items {
        let blank = item_type(item).replace('<', "::<");
        writeln!(text, "{}: {blank}::BLANK,", snake(&item.name)).expect("a string takes all");
    }
    write!(
        text,
        "}};\n}}\n\nimpl Field for {name} {{\nconst FID: Fid = Self::FID;\nconst SIZE: usize = Self::SIZE;\nconst NAME: &'static str = \"{name}\";\nconst BLANK: Self = Self::BLANK;\n}}\n"
    )
    .expect("a string takes all");
}

fn field_file(name: &str) -> &'static str {
    let line = FIELD_FILES.iter().find(|(prefix, _)| name.starts_with(prefix));
    line.unwrap_or_else(|| panic!("{name}: in which file?")).1
}

pub fn package_file(name: &str) -> &'static str {
    PACKAGE_FILES.iter().find(|(prefix, _, _)| name.starts_with(prefix)).expect("the last prefix is empty").1
}

fn item_type(item: &Item) -> String {
    match Base::parse(&item.type_name) {
        Some(base) => base.rust(),
        None => short(&item.type_name).to_string(),
    }
}

pub fn tid_constant(name: &str) -> String {
    snake(name.strip_prefix("TID_").unwrap_or_else(|| panic!("{name} is no TID"))).to_uppercase()
}

fn short(type_name: &str) -> &str {
    type_name.strip_prefix("FTD").unwrap_or_else(|| panic!("{type_name} without FTD"))
}

/// `YdBuyOffsHPosition` becomes `yd_buy_offs_h_position`, `QuoteSysID` `quote_sys_id`.
pub fn snake(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, &character) in characters.iter().enumerate() {
        let word_begins = character.is_uppercase()
            && index > 0
            && (characters[index - 1].is_lowercase()
                || characters.get(index + 1).is_some_and(|next| next.is_lowercase()));
        if word_begins {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    // BulletinField's item Abstract is a keyword.
    if snake == "abstract" { "abstract_".into() } else { snake }
}
