//! What the standard defines, as a table: packages with their data fields. For dumps, tests and documentation; the order
//! path uses the typed views.

use crate::field::Field;
pub use crate::generated::catalogue::PACKAGES;
use crate::message::{Fid, Tid};

/// How a package travels (通讯模式).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Belongs to no stream: login, logout, forced exit, fronts. Series 0, number 0.
    None,
    /// Question and answer (对话模式).
    Dialog,
    /// One participant's own reports (私有模式).
    Private,
    /// The same for everybody (广播模式).
    Broadcast,
}

/// A package: which data fields a message of this TID holds.
#[derive(Clone, Copy, Debug)]
pub struct PackageInfo {
    /// Its name in the standard.
    pub name: &'static str,
    /// Its TID. A request and its answer share it; so do Quote and RspQryExecOrder (errata 7).
    pub tid: Tid,
    /// How it travels.
    pub mode: Mode,
    /// Whether section 8's extension is ours.
    pub extension: bool,
    /// Its data fields.
    pub fields: &'static [FieldUse],
}

/// A data field within a package.
#[derive(Clone, Copy, Debug)]
pub struct FieldUse {
    /// The field's name in the standard.
    pub name: &'static str,
    /// The field's FID.
    pub fid: Fid,
    /// Its bytes, without FID and length.
    pub size: usize,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it may stand any number of times.
    pub repeated: bool,
}

impl FieldUse {
    pub(crate) const fn once<F: Field>() -> Self {
        Self { name: F::NAME, fid: F::FID, size: F::SIZE, required: true, repeated: false }
    }

    pub(crate) const fn at_most_once<F: Field>() -> Self {
        Self { required: false, ..Self::once::<F>() }
    }

    pub(crate) const fn at_least_once<F: Field>() -> Self {
        Self { repeated: true, ..Self::once::<F>() }
    }

    pub(crate) const fn any_number<F: Field>() -> Self {
        Self { required: false, ..Self::at_least_once::<F>() }
    }
}

/// The data field of this FID in a message of this TID. Both are needed: 0x002D and 0x002E are other fields in package
/// Error than elsewhere (errata 8). `None` when the package has no such field.
pub fn field_of(tid: Tid, fid: Fid) -> Option<&'static FieldUse> {
    packages_of(tid).flat_map(|package| package.fields).find(|field| field.fid == fid)
}

/// The packages of a TID: request and answer, or those that different streams use it for.
pub fn packages_of(tid: Tid) -> impl Iterator<Item = &'static PackageInfo> {
    PACKAGES.iter().filter(move |package| package.tid == tid)
}
