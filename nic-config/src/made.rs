//! The kernel's part on a made tree, as far as this crate relies on it: what a write leaves behind in other files.
//!
//! `driver_override` takes a name or a line feed; `drivers/X/unbind`, `drivers/X/bind` and `drivers_probe` take a device's address and
//! move its `driver` link; a file of choices (`always [madvise] never`) takes one of them; `online` and `nr_hugepages` change the
//! sums beside them. Everything else keeps the text it was given. So `--root DIR` can be applied and reverted like a machine.

use crate::cores::CoreSet;
use crate::tree::Kernel;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Plays the kernel's part on a made tree, without a fault.
pub struct MadeKernel;

/// What Linux returns: device busy, no such device, invalid argument.
const EBUSY: i32 = 16;
const ENODEV: i32 = 19;
const EINVAL: i32 = 22;

const DEVICES: &str = "sys/bus/pci/devices";

fn error(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

impl Kernel for MadeKernel {
    fn write(&mut self, root: &Path, path: &str, text: &str) -> io::Result<()> {
        let file = root.join(path);
        if !file.is_file() {
            return Err(ErrorKind::NotFound.into());
        }
        let text = text.trim();
        let before = fs::read_to_string(&file).unwrap_or_default();
        let put = |text: &str| fs::write(&file, format!("{text}\n"));
        let parts: Vec<&str> = path.rsplit('/').collect();
        match parts[..] {
            ["driver_override", ..] => put(if text.is_empty() { "(null)" } else { text }),
            ["unbind", driver, "drivers", ..] => unbind(root, driver, text),
            ["bind", driver, "drivers", ..] => bind(root, driver, text),
            ["drivers_probe", ..] => match override_of(root, text) {
                Some(driver) if !root.join(DEVICES).join(text).join("driver").exists() => bind(root, &driver, text),
                _ => Ok(()),
            },
            ["online", cpu, "cpu", ..] if cpu.starts_with("cpu") => {
                put(text)?;
                sum_online(root)
            }
            ["nr_hugepages", ..] => {
                let free = file.with_file_name("free_hugepages");
                let number = |text: &str| text.trim().parse::<i64>().map_err(|_| error(EINVAL));
                let (old, new) = (number(&before)?, number(text)?);
                let old_free = number(&fs::read_to_string(&free)?)?;
                fs::write(&free, format!("{}\n", old_free + new - old))?;
                put(text)
            }
            _ if before.contains('[') => {
                let words: Vec<&str> = before.split_whitespace().map(|word| word.trim_matches(['[', ']'])).collect();
                if !words.contains(&text) {
                    return Err(error(EINVAL));
                }
                let chosen = |word: &&str| if *word == text { format!("[{word}]") } else { (*word).to_owned() };
                put(&words.iter().map(chosen).collect::<Vec<_>>().join(" "))
            }
            _ => put(text),
        }
    }
}

fn override_of(root: &Path, device: &str) -> Option<String> {
    let text = fs::read_to_string(root.join(DEVICES).join(device).join("driver_override")).ok()?;
    Some(text.trim().to_owned()).filter(|text| text != "(null)" && !text.is_empty())
}

fn bind(root: &Path, driver: &str, device: &str) -> io::Result<()> {
    let link = root.join(DEVICES).join(device).join("driver");
    if fs::symlink_metadata(&link).is_ok() {
        return Err(error(EBUSY));
    }
    let is_another = override_of(root, device).is_some_and(|wanted| wanted != driver);
    if is_another
        || !root.join("sys/bus/pci/drivers").join(driver).is_dir()
        || !root.join(DEVICES).join(device).is_dir()
    {
        return Err(error(ENODEV));
    }
    symlink(format!("../../../../bus/pci/drivers/{driver}"), link)
}

fn unbind(root: &Path, driver: &str, device: &str) -> io::Result<()> {
    let link = root.join(DEVICES).join(device).join("driver");
    let bound = fs::read_link(&link).map_err(|_| error(ENODEV))?;
    if bound.file_name().and_then(std::ffi::OsStr::to_str) != Some(driver) {
        return Err(error(ENODEV));
    }
    fs::remove_file(link)
}

/// `cpu/online` is the processors whose `online` is 1 or which have none (core 0 of many machines).
fn sum_online(root: &Path) -> io::Result<()> {
    let folder = root.join("sys/devices/system/cpu");
    let mut cores = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(core) = name.to_str().and_then(|name| name.strip_prefix("cpu")).and_then(|core| core.parse().ok())
        else {
            continue;
        };
        let is_online = fs::read_to_string(entry.path().join("online")).map_or(true, |text| text.trim() == "1");
        if is_online {
            cores.push(core);
        }
    }
    fs::write(folder.join("online"), format!("{}\n", cores.into_iter().collect::<CoreSet>()))
}
