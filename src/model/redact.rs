//! A record without the names of its machine and its people: each has a pseudonym, the same in every record of the
//! machine.
//!
//! A pseudonym is a hash, keyed by the machine's id, which then is not in the record: who does not know it cannot try
//! names until one fits. An address stays one of its kind, so that from where it can be reached is still right.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::Value;

use super::record::Record;
use super::{Observation, Os, account_name, name_of_account};

/// How much of each kind was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redacted {
    pub hosts: usize,
    pub users: usize,
    pub addresses: usize,
    pub log_lines: usize,
}

/// Replaces the names of hosts and of people, the folders of homes, addresses of networks and of hardware, and leaves out
/// the lines of logs. Accounts of the system keep their names: verdicts rest on them.
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
    let redacted = Redacted { hosts, users, addresses: pseudonyms.addresses.len(), log_lines };
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
    hardware: BTreeMap<String, String>,
}

/// The first number of an account of a person (`UID_MIN` in login.defs(5)); on macOS 500.
const FIRST_PERSON: u32 = 1000;
const FIRST_PERSON_OF_MACOS: u32 = 500;

/// What stands before the name of a user in the path of a home.
const HOMES: [&str; 4] = ["/home/", "/Users/", r":\Users\", "/var/home/"];

/// The fields that hold the name of an account, of a file or program, and of a host.
const OF_USER: &str = "user";
/// Whether an account is one of the system.
const IS_SYSTEM: &str = "system";
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
        };
        for host in hosts(observation) {
            let pseudonym = format!("host-{}", pseudonyms.digits("host", &host, 6));
            pseudonyms.hosts.insert(host, pseudonym);
        }
        let mut users = people(observation);
        add_named_in(value, &mut users);
        for user in users {
            let pseudonym = format!("user-{}", pseudonyms.digits("user", &user, 6));
            pseudonyms.users.insert(user, pseudonym);
        }
        let identity = observation.license_setup.iter().map(|setup| &setup.identity);
        for hardware in identity.flat_map(|identity| &identity.hardware_addresses) {
            let pseudonym = pseudonyms.digits("hardware", hardware, 12);
            pseudonyms.hardware.insert(hardware.clone(), pseudonym);
        }
        pseudonyms
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
        let text = self.without_homes(text);
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
            } else if let Some(hardware) = self.hardware.get(&bare_digits(word)) {
                replaced.push_str(hardware);
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

/// The names of this machine, and of those that its license files and its hosts file name, without their domains too.
fn hosts(observation: &Observation) -> BTreeSet<String> {
    let setup = observation.license_setup.as_ref();
    let own = observation.host.name.iter().map(String::as_str);
    let names = setup.iter().flat_map(|setup| &setup.identity.names).map(String::as_str);
    let known = setup.iter().flat_map(|setup| &setup.identity.hosts).map(|(name, _)| name.as_str());
    let files = setup.iter().flat_map(|setup| &setup.files).filter_map(|file| file.contents.done());
    let servers = files.flat_map(|lines| &lines.servers).map(|line| line.host.as_str());
    let all = own.chain(names).chain(known).chain(servers);
    let all = all.flat_map(|name| [Some(name), name.split_once('.').map(|(short, _)| short)]).flatten();
    // Names that say nothing.
    const COMMON: [&str; 6] = ["localhost", "this_host", "any", "ip6-localhost", "ip6-loopback", "host"];
    let all = all.map(str::to_lowercase).filter(|name| name.parse::<IpAddr>().is_err());
    all.filter(|name| name.len() > 1 && !COMMON.contains(&name.as_str())).collect()
}

/// The accounts of people, in small letters and without the domain of Windows.
fn people(observation: &Observation) -> BTreeSet<String> {
    let first = if observation.host.os == Os::Macos { FIRST_PERSON_OF_MACOS } else { FIRST_PERSON };
    let of_processes = observation.processes.values().map(|process| (process.uid, process.user.as_deref()));
    let of_sockets = observation.sockets.iter().map(|socket| (socket.uid, socket.user.as_deref()));
    let of_hidden = observation.hidden.processes().map(|process| (process.uid, process.user.as_deref()));
    let of_others =
        observation.other_sockets.iter().flatten().map(|socket| (socket.uid, socket.user.as_deref()));
    let of_clients = observation.unanswered.iter().map(|client| (Some(client.uid), client.user.as_deref()));
    let all = of_processes.chain(of_sockets).chain(of_hidden).chain(of_others).chain(of_clients);
    let named = all.filter_map(|(uid, user)| Some((uid, name_of_account(user?)?)));
    let is_person = |uid: Option<u32>, user: &str| match uid {
        Some(uid) => uid >= first && user != "nobody",
        None => !user.starts_with("NT ") && !user.starts_with("BUILTIN"),
    };
    named.filter(|(uid, user)| is_person(*uid, user)).map(|(_, user)| plain(user)).collect()
}

fn plain(user: &str) -> String {
    account_name(user, Os::Windows).to_lowercase()
}

/// Adds those whose homes a text names, and those who could write to a file.
fn add_named_in(value: &Value, users: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            for home in HOMES {
                let names =
                    text.split(home).skip(1).filter_map(|rest| rest.split(['/', '\\', ' ', '"']).next());
                users.extend(names.filter(|name| name.len() > 1 && *name != "Public").map(str::to_lowercase));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| add_named_in(item, users)),
        Value::Object(fields) => {
            if let (Some(Value::Bool(false)), Some(Value::String(name))) =
                (fields.get(IS_SYSTEM), fields.get("name"))
            {
                users.insert(plain(name));
            }
            fields.values().for_each(|field| add_named_in(field, users));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
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

/// A hardware address without its colons.
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
