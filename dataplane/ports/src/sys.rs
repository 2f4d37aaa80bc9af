//! The calls of the kernel that the standard library has no door for: making a TAP interface, and bringing it up.
//!
//! `struct ifreq` (linux/if.h): 16 bytes of name, then what the request is about, 24 bytes: flags (2) here.
//!
//! JUSTIFICATION: an ioctl is a variadic C function; the standard library has none.

#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

/// Bytes of the name with its end (IFNAMSIZ).
const NAME_BYTES: usize = libc::IFNAMSIZ;

/// `struct ifreq` with the flags of its union.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; NAME_BYTES],
    flags: libc::c_short,
    rest: [u8; 22],
}

const _: () = assert!(size_of::<InterfaceRequest>() == size_of::<libc::ifreq>());

impl InterfaceRequest {
    fn new(name: &str, flags: libc::c_int) -> InterfaceRequest {
        let mut request = InterfaceRequest { name: [0; NAME_BYTES], flags: flags as libc::c_short, rest: [0; 22] };
        assert!(name.len() < NAME_BYTES, "a port's name was checked to be an interface's");
        request.name[..name.len()].copy_from_slice(name.as_bytes());
        request
    }
}

/// One queue of the TAP interface `name`, made if it is not there; frames without a header in front, never waiting.
///
/// # Errors
/// Whatever the kernel answers: no `/dev/net/tun`, no right, the name is another kind of interface's, or busy.
pub(crate) fn open_tap(name: &str, is_one_of_several: bool) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun")?;
    let queues = if is_one_of_several { libc::IFF_MULTI_QUEUE } else { 0 };
    let mut request = InterfaceRequest::new(name, libc::IFF_TAP | libc::IFF_NO_PI | queues);
    // SAFETY: TUNSETIFF reads and writes one `struct ifreq`; the request has its size and layout (asserted above) and
    // lives through the call; the descriptor is open.
    let answer = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(file) }
}

/// Brings the interface up.
///
/// # Errors
/// Whatever the kernel answers.
pub(crate) fn bring_up(name: &str) -> io::Result<()> {
    // Any socket does to ask; this one is never used.
    let socket = UdpSocket::bind("127.0.0.1:0").or_else(|_| UdpSocket::bind("0.0.0.0:0"))?;
    let mut request = InterfaceRequest::new(name, 0);
    // SAFETY: SIOCGIFFLAGS reads the name and writes the flags of one `struct ifreq`, which lives through the call.
    if unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS, &raw mut request) } < 0 {
        return Err(io::Error::last_os_error());
    }
    request.flags |= libc::IFF_UP as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads one `struct ifreq`, which lives through the call.
    if unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw mut request) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
