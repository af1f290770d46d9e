//! A record without the names of its machine and its people: each has a pseudonym, the same in every record of the
//! machine.
//!
//! A pseudonym is a hash, keyed by the machine's id, which then is not in the record: who does not know it cannot try
//! names until one fits. An address stays one of its kind, so that from where it can be reached is still right.

mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::Value;

use self::names::{
    BETWEEN_HOST_IDS, HOMES, IS_SYSTEM, OF_USER, USER_KEY, add_named_in, host_ids, hosts, key_and_id, people,
    plain,
};
use super::Observation;
use super::record::Record;

/// How much of each kind was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redacted {
    pub hosts: usize,
    pub users: usize,
    pub addresses: usize,
    /// Hardware addresses, and the host ids of license files.
    pub hardware: usize,
    pub log_lines: usize,
}

/// Replaces the names of hosts and of people, the folders of homes, addresses of networks and of hardware, the host ids of
/// license files, and leaves out the lines of logs. Accounts of the system keep their names: verdicts rest on them.
///
/// # Errors
///
/// Never for an observation that was read or made here.
pub fn redact(record: &Record) -> Result<(Record, Redacted), serde_json::Error> {
    let observation = &record.observation;
    let mut value = serde_json::to_value(observation)?;
    let mut pseudonyms = Pseudonyms::of(observation, &value);
    let mut log_lines = 0;
    for lines in value.pointer_mut("/license_setup/logs").and_then(Value::as_array_mut).into_iter().flatten()
    {
        if let Some(trouble) = lines.get_mut("trouble").and_then(Value::as_array_mut) {
            log_lines += trouble.len();
            trouble.clear();
        }
    }
    pseudonyms.replace(&mut value, "");
    let (users, hosts) = (pseudonyms.users.len(), pseudonyms.hosts.len());
    let (addresses, hardware) = (pseudonyms.addresses.len(), pseudonyms.hardware.len());
    let redacted = Redacted { hosts, users, addresses, hardware, log_lines };
    // Through a text: to read values too would need as much code again.
    let observation = serde_json::from_slice(&serde_json::to_vec(&value)?)?;
    Ok((Record { args: record.args, redacted: true, observation }, redacted))
}

struct Pseudonyms {
    key: [u8; 32],
    /// In small letters, each with its pseudonym.
    hosts: BTreeMap<String, String>,
    users: BTreeMap<String, String>,
    /// Only those that have one.
    addresses: BTreeMap<IpAddr, IpAddr>,
    taken: BTreeSet<IpAddr>,
    /// What a machine is licensed by, without separators and in small letters.
    hardware: BTreeMap<String, String>,
    /// How long those are that no word is by chance.
    hardware_lengths: BTreeSet<usize>,
}

/// The field that holds what a license file knows a machine by.
const OF_HOST_ID: &str = "host_id";
/// Host ids that are of no machine.
const OF_ANY_HOST: [&str; 4] = ["", "any", "demo", "permanent"];
/// A hexadecimal number of so many digits is in no text by chance.
const LEAST_HARDWARE_DIGITS: usize = 8;
const HARDWARE_ADDRESS_DIGITS: usize = 12;
/// The fields that hold the name of a file or program.
const OF_PROGRAM: [&str; 3] = ["name", "short_name", "daemon"];

impl Pseudonyms {
    fn of(observation: &Observation, value: &Value) -> Pseudonyms {
        let mut pseudonyms = Pseudonyms {
            key: key(observation),
            hosts: BTreeMap::new(),
            users: BTreeMap::new(),
            addresses: BTreeMap::new(),
            taken: BTreeSet::new(),
            hardware: BTreeMap::new(),
            hardware_lengths: BTreeSet::new(),
        };
        for host in hosts(observation) {
            let pseudonym = format!("host-{}", pseudonyms.digits("host", &host, 6));
            pseudonyms.hosts.insert(host, pseudonym);
        }
        let (mut users, systems) = people(observation);
        add_named_in(value, &mut users, &systems);
        for user in users {
            let pseudonym = format!("user-{}", pseudonyms.digits("user", &user, 6));
            pseudonyms.users.insert(user, pseudonym);
        }
        let identity = observation.license_setup.iter().map(|setup| &setup.identity);
        let own = identity.flat_map(|identity| &identity.hardware_addresses).map(String::as_str);
        for hardware in own.chain(host_ids(observation).map(|(_, id)| id)).map(bare_digits) {
            let is_number = hardware.bytes().all(|digit| digit.is_ascii_hexdigit());
            if is_number && hardware.len() >= LEAST_HARDWARE_DIGITS {
                pseudonyms.hardware_lengths.insert(hardware.len());
                pseudonyms.hardware(hardware);
            }
        }
        pseudonyms
    }

    /// A hardware address stays one: whether it is of this machine can still be said.
    fn hardware(&mut self, bare: String) -> String {
        let count = if bare.len() == HARDWARE_ADDRESS_DIGITS { bare.len() } else { LEAST_HARDWARE_DIGITS };
        let pseudonym = self.digits("hardware", &bare, count);
        self.hardware.entry(bare).or_insert(pseudonym).clone()
    }

    /// Of a host id, or a list of them, as a license file has it: `KEY=` stays.
    fn host_id(&mut self, text: &str) -> String {
        let mut replaced = String::with_capacity(text.len());
        for part in text.split_inclusive(BETWEEN_HOST_IDS) {
            let word = part.trim_end_matches(BETWEEN_HOST_IDS);
            let (key, id) = key_and_id(word);
            let small = id.to_lowercase();
            replaced.push_str(&word[..word.len() - id.len()]);
            replaced += &if OF_ANY_HOST.contains(&small.as_str()) {
                id.to_owned()
            } else if let Ok(ip) = id.parse::<IpAddr>() {
                self.address(ip).to_string()
            } else if let Some(known) = self.hosts.get(&small).or_else(|| self.users.get(&plain(id))) {
                known.clone()
            } else if key.eq_ignore_ascii_case(USER_KEY) {
                format!("user-{}", self.digits("user", &plain(id), 6))
            } else {
                self.hardware(bare_digits(id))
            };
            replaced.push_str(&part[word.len()..]);
        }
        replaced
    }

    /// Replaces numbers of hardware wherever they stand, as in `license-00_11_22_33_44_aa.lic` or `enx0011223344aa`.
    fn without_hardware(&self, text: &str) -> String {
        if self.hardware_lengths.is_empty() {
            return text.to_owned();
        }
        let digits: Vec<(usize, char)> =
            text.char_indices().filter(|(_, c)| !matches!(c, ':' | '-' | '_')).collect();
        let (mut replaced, mut at, mut done) = (String::with_capacity(text.len()), 0, 0);
        while at < digits.len() {
            let found = self.hardware_lengths.iter().rev().find_map(|length| {
                let window = digits.get(at..at + length)?;
                let is_number = window.iter().all(|(_, c)| c.is_ascii_hexdigit());
                let bare = || window.iter().map(|(_, c)| c.to_ascii_lowercase()).collect::<String>();
                let pseudonym = is_number.then(bare).and_then(|bare| self.hardware.get(&bare))?;
                Some((pseudonym, window))
            });
            let Some((pseudonym, window)) = found else {
                at += 1;
                continue;
            };
            replaced.push_str(&text[done..digits[at].0]);
            replaced.push_str(pseudonym);
            at += window.len();
            done = window.last().map_or(done, |(place, _)| place + 1);
        }
        replaced.push_str(&text[done..]);
        replaced
    }

    fn hash(&self, kind: &str, text: &str) -> [u8; 32] {
        hmac_sha256::HMAC::mac(format!("{kind} {text}"), self.key)
    }

    /// So many hexadecimal digits.
    fn digits(&self, kind: &str, text: &str, count: usize) -> String {
        let mut digits = String::new();
        for byte in self.hash(kind, text) {
            let _ = write!(digits, "{byte:02x}");
        }
        digits.truncate(count);
        digits
    }

    /// Replaces in a value what the field of this name may hold.
    fn replace(&mut self, value: &mut Value, field: &str) {
        match value {
            Value::String(text) => *text = self.replaced(text, field),
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item, field)),
            Value::Object(fields) => {
                // An account that could write to a file, and a group of such.
                let is_account = fields.contains_key(IS_SYSTEM) || fields.contains_key("members");
                for (name, value) in fields {
                    if name == "id" && field == "host" {
                        *value = Value::Null;
                    } else if name == "name" && field == "host" {
                        self.replace(value, field);
                    } else if name == "name" && is_account {
                        self.replace(value, OF_USER);
                    } else {
                        self.replace(value, name);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn replaced(&mut self, text: &str, field: &str) -> String {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return SocketAddr::new(self.address(address.ip()), address.port()).to_string();
        }
        if field == OF_USER {
            return self.users.get(&plain(text)).cloned().unwrap_or_else(|| text.to_owned());
        }
        if field == OF_HOST_ID {
            return self.host_id(text);
        }
        let text = self.without_homes(&self.without_hardware(text));
        let names_program = OF_PROGRAM.contains(&field);
        // The last part of a path names the program.
        let last = if field == "path" { text.rfind(['/', '\\']).map_or(0, |at| at + 1) } else { text.len() };
        let mut replaced = String::with_capacity(text.len());
        for (at, word, is_word) in words(&text) {
            if !is_word {
                replaced.push_str(word);
                continue;
            }
            let small = word.to_lowercase();
            if let Ok(ip) = word.trim_end_matches('.').parse::<IpAddr>() {
                replaced.push_str(&self.address(ip).to_string());
            } else if let Some(host) = self.hosts.get(&small).filter(|_| !names_program && at < last) {
                replaced.push_str(host);
            } else if let Some(user) = self.users.get(&small).filter(|_| !names_program && at < last) {
                replaced.push_str(user);
            } else {
                replaced.push_str(&self.in_parts(word, names_program || at >= last));
            }
        }
        replaced
    }

    /// A word of several, as `alice-app.service` and `lic01.example.org`.
    fn in_parts(&self, word: &str, is_program: bool) -> String {
        if is_program {
            return word.to_owned();
        }
        let parts = word.split_inclusive(['.', '-', ':']).map(|part| {
            let bare = part.trim_end_matches(['.', '-', ':']);
            let small = bare.to_lowercase();
            match self.hosts.get(&small).or_else(|| self.users.get(&small)) {
                Some(pseudonym) => format!("{pseudonym}{}", &part[bare.len()..]),
                None => part.to_owned(),
            }
        });
        parts.collect()
    }

    fn without_homes(&self, text: &str) -> String {
        let mut replaced = text.to_owned();
        for home in HOMES {
            let mut from = 0;
            while let Some(at) = replaced[from..].find(home).map(|at| from + at + home.len()) {
                let end = replaced[at..].find(['/', '\\']).map_or(replaced.len(), |end| at + end);
                if let Some(pseudonym) = self.users.get(&replaced[at..end].to_lowercase()) {
                    replaced.replace_range(at..end, pseudonym);
                }
                from = at;
            }
        }
        replaced
    }

    /// An address of the same kind.
    fn address(&mut self, ip: IpAddr) -> IpAddr {
        if let Some(pseudonym) = self.addresses.get(&ip) {
            return *pseudonym;
        }
        for attempt in 0_u32.. {
            let hash = self.hash("address", &format!("{ip} {attempt}"));
            let pseudonym = match ip {
                IpAddr::V4(ip) => of_v4(ip, &hash).map(IpAddr::V4),
                IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
                    Some(mapped) => of_v4(mapped, &hash).map(|ip| IpAddr::V6(ip.to_ipv6_mapped())),
                    None => of_v6(ip, &hash).map(IpAddr::V6),
                },
            };
            let Some(pseudonym) = pseudonym else { break };
            if self.taken.insert(pseudonym) {
                self.addresses.insert(ip, pseudonym);
                return pseudonym;
            }
        }
        ip
    }
}

/// From the machine's id, or where it has none, of this run alone.
fn key(observation: &Observation) -> [u8; 32] {
    let random = || RandomState::new().build_hasher().finish().to_string();
    let id = observation.host.id.clone().unwrap_or_else(|| random() + &random());
    hmac_sha256::HMAC::mac(id, "whatlistens record --redact")
}

/// The words of a text, and what stands between them, each with its place.
fn words(text: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let first = rest.chars().next()?;
        let is_word = is_of_word(first);
        let end = rest.find(|c| is_of_word(c) != is_word).unwrap_or(rest.len());
        let from = at;
        at += end;
        Some((from, &rest[..end], is_word))
    })
}

/// A hardware address or host id without its separators.
fn bare_digits(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, ':' | '-')).collect::<String>().to_lowercase()
}

/// `None` where it stays as it is: it says nothing about a network.
fn of_v4(ip: Ipv4Addr, hash: &[u8; 32]) -> Option<Ipv4Addr> {
    let [a, b, c, d] = [hash[0], hash[1], hash[2], hash[3]];
    let last = d.clamp(1, 254);
    Some(match ip.octets() {
        _ if ip.is_unspecified() || ip.is_loopback() || ip.is_broadcast() || ip.is_multicast() => {
            return None;
        }
        [10, ..] => Ipv4Addr::new(10, b, c, last),
        [172, 16..=31, ..] => Ipv4Addr::new(172, 16 + b % 16, c, last),
        [192, 168, ..] => Ipv4Addr::new(192, 168, c, last),
        [169, 254, ..] => Ipv4Addr::new(169, 254, c, last),
        [100, 64..=127, ..] => Ipv4Addr::new(100, 64 + b % 64, c, last),
        // Reserved, and nobody's (RFC 1112, section 4).
        _ => Ipv4Addr::new(240 + a % 15, b, c, last),
    })
}

fn of_v6(ip: Ipv6Addr, hash: &[u8; 32]) -> Option<Ipv6Addr> {
    let segment = |at: usize| u16::from_be_bytes([hash[2 * at], hash[2 * at + 1]]);
    let [d, e, f, g, h, ..] = [0, 1, 2, 3, 4].map(segment);
    let first = ip.segments()[0];
    Some(match first {
        _ if ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() => return None,
        0xfe80..=0xfebf => Ipv6Addr::new(0xfe80, 0, 0, 0, e, f, g, h),
        0xfc00..=0xfdff => Ipv6Addr::new(0xfd00, d, 0, 0, e, f, g, h),
        // For examples (RFC 3849).
        _ => Ipv6Addr::new(0x2001, 0xdb8, d, 0, e, f, g, h),
    })
}
