//! The environment abstraction layer: memory, and the list of drivers. Once a process.

#![allow(unsafe_code)]
// JUSTIFICATION: calls into the C shim.

use crate::ffi;
use std::ffi::{CStr, CString, c_char, c_int};
use std::io;
use std::sync::Mutex;

/// Whether it was started; the EAL cannot be started a second time, nor after it failed.
static STARTED: Mutex<Option<bool>> = Mutex::new(None);

/// Starts the EAL with `arguments` (its own command line, without the program's name).
///
/// # Errors
/// What it answered; [`io::ErrorKind::AlreadyExists`] if it was started before, well or not.
pub fn initialize(arguments: &[String]) -> io::Result<()> {
    let mut started = STARTED.lock().expect("nothing panics while it is held");
    if started.is_some() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let texts: Vec<CString> = std::iter::once("backstop")
        .chain(arguments.iter().map(String::as_str))
        .map(CString::new)
        .collect::<Result<_, _>>()
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // The EAL keeps pointers into its arguments: they live as long as the process.
    let texts: &'static [CString] = Vec::leak(texts);
    let pointers: Vec<*mut c_char> =
        texts.iter().map(|text| text.as_ptr().cast_mut()).chain([std::ptr::null_mut()]).collect();
    let pointers = Vec::leak(pointers);
    // SAFETY: `pointers` holds texts.len() pointers to NUL-ended texts and a null behind them, as main's argv does, and both
    // live for ever. The EAL reorders the pointers and writes into no text (22.11: eal_parse_args copies what it splits).
    let answer = unsafe { ffi::bs_eal_init(texts.len() as c_int, pointers.as_mut_ptr()) };
    *started = Some(answer >= 0);
    ffi::answer(answer).map(drop)
}

/// The version that runs, such as "DPDK 22.11.11".
#[must_use]
pub fn version() -> String {
    // SAFETY: the shim gives a constant text that ends in NUL.
    unsafe { CStr::from_ptr(ffi::bs_version()) }.to_string_lossy().into_owned()
}

/// A thread that polls has caches of its own in every pool while this lives.
struct Registration {
    is_ours: bool,
}

impl Drop for Registration {
    fn drop(&mut self) {
        if self.is_ours {
            // SAFETY: this thread was registered by us, and does not poll any more.
            unsafe { ffi::bs_thread_unregister() };
        }
    }
}

thread_local! {
    static REGISTRATION: std::cell::OnceCell<Registration> = const { std::cell::OnceCell::new() };
}

/// Registers the calling thread, once. A thread that cannot be (there are 128 places) works too, without caches.
pub(crate) fn register_thread() {
    REGISTRATION.with(|registration| {
        registration.get_or_init(|| {
            // SAFETY: any thread may ask once the EAL runs; whoever polls holds a device, so it does.
            Registration { is_ours: unsafe { ffi::bs_thread_register() } == 1 }
        });
    });
}
