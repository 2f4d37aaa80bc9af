//! A site: one TOML file that names everything the processes of a market have to know. Each process reads its own part.
//!
//! ```toml
//! profile = "dev"                     # hardware profile: built in, or a file
//! market_data_ms = 500                # absent: 500; 10 to 60000
//! trading_day = 20240603              # absent: today, China Standard Time; `--day` of every command goes before it
//! base_data = "base"                  # folder: see base_files.rs
//!
//! [names]                             # backstop names
//! port = "tap:names0"                 # as crate `ports` has it, or "kernel"
//! address = "10.77.0.3/24"
//! members = 9500                      # where members ask
//! cores = 9501                        # where cores publish
//!
//! [primary]                           # backstop primary, or the real one: address, members and feed are its
//! port = "tap:primary0"
//! address = "10.77.0.1/24"
//! members = 9001
//! feed = 9100
//! data_center = 1
//! record = "state/primary"            # folder: what it executed, frame by frame
//!
//! [backstop]                          # backstop run
//! port = "tap:backstop0"             # with a queue for each front of the profile's layout
//! address = "10.77.0.2/24"
//! members = 9001
//! feed = 9100
//! fronts = 9200                       # where fronts on other machines connect
//! data_center = 2
//! start = "follower"                  # or "exchange": opens its own day from the base data
//! journal = "state/backstop"          # folder: a journal a day, and the day's end
//! control = "state/backstop.sock"     # Unix socket of `status` and `switch`
//! text = "gbk"                        # members' texts (ErrorText, bulletins); absent: "utf-8"
//! multicast = { group = "239.77.0.1:7100", port = 7000 } # absent: market data over TCP alone. Also time_to_live (1), fill_bytes_per_second (12500000)
//! fence = ["/usr/local/sbin/fence-primary"] # exits 0 when the old core cannot speak any more; what it prints is the proof
//!
//! [[front]]                           # backstop front --name north
//! name = "north"
//! number = 1                          # 1 to 15, each once
//! port = "tap:front0"
//! address = "10.77.0.4/24"
//! members = 9001
//! control = "state/front-north.sock"
//! ```
//!
//! Paths are relative to the file. Unknown and missing fields are refused by name.

use crate::run::doors::Door;
use dataplane::multicast::MulticastConfig;
use dataplane::texts::MemberText;
use hw_profiles::Profile;
use serde::Deserialize;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Hardware profile: a name or a file.
    pub profile: String,
    /// yyyymmdd; absent: today.
    pub trading_day: Option<u32>,
    /// Folder of base data.
    pub base_data: Option<PathBuf>,
    /// Market data are published so often, ms; absent: 500, CFFEX's two snapshots a second.
    pub market_data_ms: Option<u32>,
    /// The name service.
    pub names: NamesSite,
    /// The primary.
    pub primary: PrimarySite,
    /// Backstop.
    pub backstop: BackstopSite,
    /// Fronts on other machines.
    #[serde(default)]
    pub front: Vec<FrontSite>,
    /// Where the file stands: paths are relative to it.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The file itself, for words about it.
    #[serde(skip)]
    pub file: PathBuf,
}

/// An address and the bits of it that the segment shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Subnet {
    /// The host's address.
    pub address: Ipv4Addr,
    /// 1 to 32.
    pub prefix_length: u8,
}

/// `[names]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamesSite {
    /// Its port.
    pub port: Door,
    /// Its address.
    pub address: Subnet,
    /// Its router, if it has one.
    pub gateway: Option<Ipv4Addr>,
    /// Where members ask.
    pub members: u16,
    /// Where cores publish.
    pub cores: u16,
    /// Its control socket.
    pub control: Option<PathBuf>,
}

/// `[primary]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrimarySite {
    /// Its port; of a real primary there is none to open.
    pub port: Option<Door>,
    /// Its address.
    pub address: Subnet,
    /// Its router, if it has one.
    pub gateway: Option<Ipv4Addr>,
    /// Where members connect.
    pub members: u16,
    /// Where followers connect.
    pub feed: u16,
    /// Its data centre.
    pub data_center: u32,
    /// Folder of the stand-in's records, one file a day.
    pub record: Option<PathBuf>,
    /// The stand-in's control socket.
    pub control: Option<PathBuf>,
}

/// `[backstop]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackstopSite {
    /// Its port.
    pub port: Door,
    /// Its address.
    pub address: Subnet,
    /// Its router, if it has one.
    pub gateway: Option<Ipv4Addr>,
    /// Where members connect.
    pub members: u16,
    /// Where followers connect.
    pub feed: u16,
    /// Where fronts on other machines connect.
    pub fronts: Option<u16>,
    /// Its data centre.
    pub data_center: u32,
    /// How it begins without a journal of the day.
    #[serde(default)]
    pub start: Start,
    /// Folder of journals.
    pub journal: PathBuf,
    /// Its control socket.
    pub control: PathBuf,
    /// The fence's command and its arguments.
    #[serde(default)]
    pub fence: Vec<String>,
    /// Market data by UDP multicast, beside TCP; absent: none.
    pub multicast: Option<MulticastSite>,
    /// How members' texts are written, by its own fronts and those on other machines.
    #[serde(default)]
    pub text: TextSite,
}

/// `backstop.text`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum TextSite {
    /// UTF-8, as the log has them.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// GBK, which members of older systems read.
    #[serde(rename = "gbk")]
    Gbk,
}

impl From<TextSite> for MemberText {
    fn from(text: TextSite) -> Self {
        match text {
            TextSite::Utf8 => MemberText::Utf8,
            TextSite::Gbk => MemberText::Gbk,
        }
    }
}

/// `backstop.multicast`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MulticastSite {
    /// The group's address, 224.0.0.0 to 239.255.255.255, and port.
    pub group: SocketAddrV4,
    /// The UDP port of ours that it comes from, and that requests for what was lost come to.
    pub port: u16,
    /// Routers that a datagram may pass, plus one; absent: 1, this segment.
    pub time_to_live: Option<u8>,
    /// Bytes a second that requests are answered with, all receivers together; absent: 12,500,000.
    pub fill_bytes_per_second: Option<u32>,
}

/// How Backstop begins a day of which it has no journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Empty: it follows the primary from the first frame on.
    #[default]
    Follower,
    /// It opens the day from the base data, and is the exchange.
    Exchange,
}

/// `[[front]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontSite {
    /// Its name, as on the command line.
    pub name: String,
    /// 1 to 15; with it the core tells its fronts apart.
    pub number: u8,
    /// Its port.
    pub port: Door,
    /// Its address.
    pub address: Subnet,
    /// Its router, if it has one.
    pub gateway: Option<Ipv4Addr>,
    /// Where members connect.
    pub members: u16,
    /// Its control socket.
    pub control: PathBuf,
}

/// Most fronts on other machines.
pub const FRONTS_MAX: u8 = 15;
/// Milliseconds between two publications of market data that a site may ask for.
const MARKET_DATA_MS: RangeInclusive<u32> = 10..=60_000;
/// China Standard Time is so many seconds ahead of UTC.
const CHINA_SECONDS: u64 = 8 * 3_600;

impl Site {
    /// Reads the file.
    ///
    /// # Errors
    /// The file, line and field, and what was expected: one line.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("site {}: {error}", path.display()))?;
        let mut site = Self::parse(&text).map_err(|fault| format!("site {}{fault}", path.display()))?;
        site.file = path.to_owned();
        site.folder =
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        Ok(site)
    }

    /// Reads the text of such a file; its folder is the present one.
    ///
    /// # Errors
    /// As [`Site::load`].
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut site: Site = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            format!(", line {line}{}: {}", field_at(text, line), error.message().replace('\n', " "))
        })?;
        site.folder = PathBuf::from(".");
        site.check().map_err(|fault| format!(": {fault}"))?;
        Ok(site)
    }

    /// Market data are published so often.
    #[must_use]
    pub fn market_data_every(&self) -> Duration {
        self.market_data_ms.map_or(crate::run::MARKET_DATA_EVERY, |millis| Duration::from_millis(millis.into()))
    }

    fn check(&self) -> Result<(), String> {
        if let Some(millis) = self.market_data_ms.filter(|millis| !MARKET_DATA_MS.contains(millis)) {
            let (least, most) = MARKET_DATA_MS.into_inner();
            return Err(format!("market_data_ms = {millis}: expected {least} to {most}"));
        }
        let (names, primary, backstop) = (&self.names, &self.primary, &self.backstop);
        let mut ports = vec![
            ("names.members".to_owned(), names.address, names.members),
            ("names.cores".to_owned(), names.address, names.cores),
            ("primary.members".to_owned(), primary.address, primary.members),
            ("primary.feed".to_owned(), primary.address, primary.feed),
            ("backstop.members".to_owned(), backstop.address, backstop.members),
            ("backstop.feed".to_owned(), backstop.address, backstop.feed),
        ];
        ports.extend(backstop.fronts.map(|port| ("backstop.fronts".to_owned(), backstop.address, port)));
        ports.extend(
            self.front.iter().map(|front| (format!("front {}.members", front.name), front.address, front.members)),
        );
        for (place, (field, address, port)) in ports.iter().enumerate() {
            if *port == 0 {
                return Err(format!("{field} = 0: expected a port, 1 to 65535"));
            }
            let same = |(_, other, number): &&(String, Subnet, u16)| (other.address, number) == (address.address, port);
            if let Some((other, ..)) = ports[..place].iter().find(same) {
                let at = address.address;
                return Err(format!(
                    "{field} = {port}: expected another port than {other} has, since both are at {at}"
                ));
            }
        }
        let mut sockets = vec![("backstop.control".to_owned(), &backstop.control)];
        sockets.extend(names.control.iter().map(|path| ("names.control".to_owned(), path)));
        sockets.extend(primary.control.iter().map(|path| ("primary.control".to_owned(), path)));
        sockets.extend(self.front.iter().map(|front| (format!("front {}.control", front.name), &front.control)));
        for (place, (field, path)) in sockets.iter().enumerate() {
            if let Some((other, _)) = sockets[..place].iter().find(|(_, there)| there == path) {
                return Err(format!("{field} = \"{}\": expected another socket than {other} has", path.display()));
            }
        }
        if let Some(multicast) = &backstop.multicast {
            let MulticastSite { group, port, time_to_live, .. } = multicast;
            if !group.ip().is_multicast() || group.port() == 0 {
                return Err(format!(
                    "backstop.multicast.group = \"{group}\": expected a group and its port, like 239.77.0.1:7100"
                ));
            }
            if *port == 0 {
                return Err("backstop.multicast.port = 0: expected a port, 1 to 65535".to_owned());
            }
            if *time_to_live == Some(0) {
                return Err("backstop.multicast.time_to_live = 0: expected 1 to 255".to_owned());
            }
        }
        if self.primary.data_center == self.backstop.data_center {
            return Err(format!(
                "backstop.data_center = {}: expected another than primary.data_center",
                self.backstop.data_center
            ));
        }
        for (place, front) in self.front.iter().enumerate() {
            if !(1..=FRONTS_MAX).contains(&front.number) {
                return Err(format!("front.number = {} ({}): expected 1 to {FRONTS_MAX}", front.number, front.name));
            }
            if self.front[..place].iter().any(|other| other.number == front.number || other.name == front.name) {
                return Err(format!(
                    "front {} (number {}): expected a name and a number of its own",
                    front.name, front.number
                ));
            }
            if self.backstop.fronts.is_none() {
                return Err(format!("backstop.fronts: expected a port, since there is a front {}", front.name));
            }
        }
        if let Some(day) = self.trading_day {
            check_day(day).map_err(|fault| format!("trading_day: {fault}"))?;
        }
        Ok(())
    }

    /// A path of the file, from where we are.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Its hardware profile.
    ///
    /// # Errors
    /// As [`Profile::load`].
    pub fn profile(&self) -> Result<Profile, String> {
        let is_file = Path::new(&self.profile).extension().is_some();
        let name =
            if is_file { self.path(Path::new(&self.profile)).display().to_string() } else { self.profile.clone() };
        Profile::load(&name)
            .map_err(|error| format!("site {}: profile = \"{}\": {error}", self.file.display(), self.profile))
    }

    /// The day: as asked for on the command line, or as the file has it, or today.
    ///
    /// # Errors
    /// No date: what was expected.
    pub fn day(&self, asked: Option<u32>) -> Result<u32, String> {
        if let Some(day) = asked {
            return check_day(day).map_err(|fault| format!("--day: {fault}"));
        }
        Ok(self.trading_day.unwrap_or_else(today))
    }

    /// How Backstop's market data go by multicast, if they do.
    #[must_use]
    pub fn multicast(&self) -> Option<MulticastConfig> {
        self.backstop.multicast.map(|site| {
            let usual = MulticastConfig::new(site.group, site.port);
            MulticastConfig {
                time_to_live: site.time_to_live.unwrap_or(usual.time_to_live),
                fill_bytes_per_second: site.fill_bytes_per_second.unwrap_or(usual.fill_bytes_per_second),
                ..usual
            }
        })
    }

    /// A front by its name.
    ///
    /// # Errors
    /// There is none of that name; which there are.
    pub fn front(&self, name: &str) -> Result<&FrontSite, String> {
        self.front.iter().find(|front| front.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.front.iter().map(|front| front.name.as_str()).collect();
            format!("--name {name}: expected one of the site's fronts: {}", names.join(", "))
        })
    }

    /// Backstop's fronts as members shall know them: its own, and those on other machines.
    #[must_use]
    pub fn public_fronts(&self) -> Vec<(SocketAddrV4, i32)> {
        let own = self.backstop.address.at(self.backstop.members);
        let others = self.front.iter().map(|front| (front.address.at(front.members), 1));
        // Those on other machines first: they are there to keep members' connections away from the core.
        others.chain([(own, 2)]).collect()
    }
}

impl Subnet {
    /// A port there.
    #[must_use]
    pub fn at(self, port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(self.address, port)
    }
}

impl TryFrom<String> for Subnet {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Subnet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("`{text}`: expected an address like 10.0.0.2/24");
        let (address, bits) = text.split_once('/').ok_or_else(fault)?;
        let prefix_length = bits.parse().ok().filter(|bits| (1..=32).contains(bits)).ok_or_else(fault)?;
        Ok(Subnet { address: address.parse().map_err(|_| fault())?, prefix_length })
    }
}

/// The field that stands in a line of the file, with its table: what is wrong with a value says nothing of whose value it is.
fn field_at(text: &str, line: usize) -> String {
    let mut table = "";
    for (number, words) in (1..).zip(text.lines()) {
        let words = words.trim();
        if words.starts_with('[') {
            table = words.split(']').next().unwrap_or_default().trim_start_matches('[');
        }
        if number == line {
            let field = words.split_once('=').map_or("", |(field, _)| field.trim());
            let dot = if table.is_empty() || field.is_empty() { "" } else { "." };
            return format!(", {table}{dot}{field}").trim_end_matches([',', ' ']).to_owned();
        }
    }
    String::new()
}

fn check_day(day: u32) -> Result<u32, String> {
    let (month, date) = (day / 100 % 100, day % 100);
    let is_date = (20_000_101..=99_991_231).contains(&day) && (1..=12).contains(&month) && (1..=31).contains(&date);
    if is_date { Ok(day) } else { Err(format!("{day}: expected a date, yyyymmdd")) }
}

/// Today in China, yyyymmdd.
pub(crate) fn today() -> u32 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    date_of_days((seconds + CHINA_SECONDS) / 86_400)
}

/// The date of a number of days since 1970-01-01 (proleptic Gregorian; eras of 400 years that begin with March).
fn date_of_days(days: u64) -> u32 {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    u32::try_from(year * 10_000 + month * 100 + date).expect("a year has four digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (days, date) in
            [(0, 19_700_101), (59, 19_700_301), (11_016, 20_000_229), (19_877, 20_240_603), (20_088, 20_241_231)]
        {
            assert_eq!(date_of_days(days), date);
        }
    }
}
