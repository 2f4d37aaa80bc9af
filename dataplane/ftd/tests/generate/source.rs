//! `ftd.xml`, read and checked: every name resolved, every size known.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

pub struct Standard {
    pub packages: Vec<Package>,
    pub tids: Vec<TidDefine>,
    pub fields: Vec<DataField>,
    pub types: Vec<TypeDefine>,
}

pub struct Package {
    pub name: String,
    pub tid_name: String,
    pub tid: u32,
    pub mode: String,
    pub comment: String,
    pub extension: bool,
    pub fields: Vec<Use>,
}

/// A data field within a package.
pub struct Use {
    pub field: String,
    pub required: bool,
    pub repeated: bool,
    pub extension: bool,
}

pub struct TidDefine {
    pub name: String,
    pub value: u32,
    pub extension: bool,
}

pub struct DataField {
    pub name: String,
    pub fid: u32,
    pub comment: String,
    pub extension: bool,
    pub items: Vec<Item>,
}

pub struct Item {
    pub name: String,
    pub comment: String,
    /// As the standard names it: a derived type, or a basic one.
    pub type_name: String,
    pub size: usize,
}

pub struct TypeDefine {
    pub name: String,
    pub base: Base,
    pub comment: String,
    pub extension: bool,
    pub values: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    Char,
    Int,
    Word,
    Str(usize),
    Number(usize),
    Float(usize, usize),
}

impl Base {
    /// `FTDFloatType<12,4>` and the like; `None` for the name of a derived type.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("FTD")?;
        let (name, sizes) = match text.split_once('<') {
            Some((name, rest)) => (name, rest.strip_suffix('>')?),
            None => (text, ""),
        };
        let sizes: Vec<usize> = sizes.split(',').filter(|size| !size.is_empty()).map(number).collect();
        match (name, sizes.as_slice()) {
            ("CharType", []) => Some(Self::Char),
            ("IntType", []) => Some(Self::Int),
            ("WordType", []) => Some(Self::Word),
            ("StringType", &[size]) => Some(Self::Str(size)),
            ("NumberType", &[size]) => Some(Self::Number(size)),
            ("FloatType", &[size, decimals]) => Some(Self::Float(size, decimals)),
            _ => None,
        }
    }

    pub fn size(self) -> usize {
        match self {
            Self::Char => 1,
            Self::Int => 4,
            Self::Word => 2,
            Self::Str(size) | Self::Number(size) | Self::Float(size, _) => size,
        }
    }

    pub fn rust(self) -> String {
        match self {
            Self::Char => "Char".into(),
            Self::Int => "Int".into(),
            Self::Word => "Word".into(),
            Self::Str(size) => format!("Str<{size}>"),
            Self::Number(size) => format!("Number<{size}>"),
            Self::Float(size, decimals) => format!("Float<{size}, {decimals}>"),
        }
    }
}

impl Standard {
    pub fn read(xml: &str) -> Self {
        let document = Document::parse(xml).expect("ftd.xml is well-formed");
        let root = document.root_element();
        let types: Vec<TypeDefine> = children(root, "types", "typeDefine").map(read_type).collect();
        let bases: BTreeMap<&str, Base> = types.iter().map(|define| (define.name.as_str(), define.base)).collect();

        let mut items: BTreeMap<String, (String, String)> = BTreeMap::new();
        for node in children(root, "items", "itemDefine") {
            let define = (attribute(node, "type"), comment(node));
            let twice = items.insert(attribute(node, "name"), define.clone());
            assert!(
                twice.is_none_or(|first| first == define),
                "{} is defined twice, differently",
                attribute(node, "name")
            );
        }

        let fields: Vec<DataField> = children(root, "fields", "fieldDefine")
            .map(|node| DataField {
                name: attribute(node, "name"),
                fid: hexadecimal(&attribute(node, "fidValue")),
                comment: comment(node),
                extension: is_extension(node),
                items: node.children().filter(Node::is_element).map(|item| read_item(item, &items, &bases)).collect(),
            })
            .collect();

        let tids: Vec<TidDefine> = children(root, "tids", "tidDefine")
            .map(|node| TidDefine {
                name: attribute(node, "name"),
                value: hexadecimal(&attribute(node, "value")),
                extension: is_extension(node),
            })
            .collect();

        let packages: Vec<Package> =
            children(root, "packages", "packageDefine").map(|node| read_package(node, &tids)).collect();
        let standard = Self { packages, tids, fields, types };
        standard.check();
        standard
    }

    pub fn field(&self, name: &str) -> &DataField {
        self.fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("no field {name}"))
    }

    /// What the views rely on: under one TID, a FID means one data field.
    fn check(&self) {
        let mut meanings: BTreeMap<(u32, u32), &str> = BTreeMap::new();
        for package in &self.packages {
            for usage in &package.fields {
                let fid = self.field(&usage.field).fid;
                let other = meanings.insert((package.tid, fid), &usage.field);
                assert!(other.is_none_or(|other| other == usage.field), "{}: {fid:#06X} is ambiguous", package.name);
            }
            let repeated = package.fields.iter().any(|usage| usage.repeated);
            let single_required = package.fields.iter().any(|usage| usage.required && !usage.repeated);
            assert!(!(repeated && single_required), "{}: a part of a chain would lack a required field", package.name);
        }
    }
}

fn read_type(node: Node<'_, '_>) -> TypeDefine {
    let name = attribute(node, "name");
    let base = Base::parse(&attribute(node, "baseType")).unwrap_or_else(|| panic!("{name}: unknown basic type"));
    assert_eq!(base.size(), number(&attribute(node, "length")), "{name}: length");
    if let Base::Float(_, decimals) = base {
        assert_eq!(decimals, number(&attribute(node, "precision")), "{name}: precision");
    }
    let values = node
        .children()
        .filter(|child| child.has_tag_name("enumValue"))
        .map(|value| (attribute(value, "name"), comment(value)))
        .collect();
    TypeDefine { name, base, comment: comment(node), extension: is_extension(node), values }
}

fn read_item(node: Node<'_, '_>, items: &BTreeMap<String, (String, String)>, bases: &BTreeMap<&str, Base>) -> Item {
    let name = attribute(node, "name");
    let (type_name, item_comment) = items.get(&name).unwrap_or_else(|| panic!("no item {name}"));
    let base = bases.get(type_name.as_str()).copied().or_else(|| Base::parse(type_name));
    let size = base.unwrap_or_else(|| panic!("{name}: unknown type {type_name}")).size();
    let own_comment = comment(node);
    let comment = if own_comment.is_empty() { item_comment.clone() } else { own_comment };
    Item { name, comment, type_name: type_name.clone(), size }
}

fn read_package(node: Node<'_, '_>, tids: &[TidDefine]) -> Package {
    let name = attribute(node, "name");
    let tid_name = attribute(node, "tid");
    let tid = tids.iter().find(|tid| tid.name == tid_name).unwrap_or_else(|| panic!("{name}: no {tid_name}")).value;
    let fields = node
        .children()
        .filter(Node::is_element)
        .map(|usage| Use {
            field: attribute(usage, "name"),
            required: match usage.attribute("minOccur") {
                Some("0") => false,
                Some("1") => true,
                other => panic!("{name}: minOccur {other:?}"),
            },
            repeated: match usage.attribute("maxOccur") {
                Some("1") => false,
                Some("*") => true,
                other => panic!("{name}: maxOccur {other:?}"),
            },
            extension: is_extension(usage),
        })
        .collect();
    Package {
        name,
        tid_name,
        tid,
        mode: attribute(node, "model"),
        comment: comment(node),
        extension: is_extension(node),
        fields,
    }
}

fn children<'a, 'input>(
    root: Node<'a, 'input>,
    list: &str,
    kind: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    let list = root.children().find(|node| node.has_tag_name(list)).unwrap_or_else(|| panic!("no {list}"));
    list.children().filter(move |node| node.has_tag_name(kind))
}

fn attribute(node: Node<'_, '_>, name: &str) -> String {
    node.attribute(name).unwrap_or_else(|| panic!("{:?} without {name}", node.attribute("name"))).to_string()
}

/// The Chinese comment without the full stop that some have. `commnet` is how one line of the standard spells it.
fn comment(node: Node<'_, '_>) -> String {
    let text = node.attribute("comment").or(node.attribute("commnet")).unwrap_or_default();
    text.trim_end_matches('。').to_string()
}

fn is_extension(node: Node<'_, '_>) -> bool {
    node.attribute("source") == Some("extension")
}

fn hexadecimal(text: &str) -> u32 {
    let digits = text.strip_prefix("0x").unwrap_or_else(|| panic!("{text} is not hexadecimal"));
    u32::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("{text} is not hexadecimal"))
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or_else(|_| panic!("{text} is not a number"))
}
