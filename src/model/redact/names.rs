//! Who is named in an observation: hosts and people, and what a license file knows a machine by.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;

use crate::model::{Observation, Os, RelayTarget, account_name, name_of_account};

/// The first number of an account of a person (`UID_MIN` in login.defs(5)); on macOS 500.
const FIRST_PERSON: u32 = 1000;
const FIRST_PERSON_OF_MACOS: u32 = 500;

/// What stands before the name of a user in the path of a home.
pub(super) const HOMES: [&str; 4] = ["/home/", "/Users/", r":\Users\", "/var/home/"];

/// The field that holds the name of an account.
pub(super) const OF_USER: &str = "user";
/// Whether an account is one of the system.
pub(super) const IS_SYSTEM: &str = "system";

/// The names of this machine, and of those that its license files and its hosts file name, without their domains too.
pub(super) fn hosts(observation: &Observation) -> BTreeSet<String> {
    let setup = observation.license_setup.as_ref();
    let own = observation.host.name.iter().map(String::as_str);
    let names = setup.iter().flat_map(|setup| &setup.identity.names).map(String::as_str);
    let known = setup.iter().flat_map(|setup| &setup.identity.hosts).map(|(name, _)| name.as_str());
    let files = setup.iter().flat_map(|setup| &setup.files).filter_map(|file| file.contents.done());
    let servers = files.flat_map(|lines| &lines.servers).map(|line| line.host.as_str());
    let licensed =
        host_ids(observation).filter(|(key, _)| HOST_KEYS.iter().any(|own| key.eq_ignore_ascii_case(own)));
    let targets = observation.processes.values().filter_map(|process| process.program()?.relays_to.as_ref());
    let targets = targets.flatten().filter_map(|target| match target {
        RelayTarget::Address(address) => address.rsplit_once(':').map(|(host, _)| host),
        _ => None,
    });
    let targets = targets.filter(|host| host.contains(char::is_alphabetic) && !host.contains('/'));
    let all = own.chain(names).chain(known).chain(servers).chain(licensed.map(|(_, id)| id)).chain(targets);
    let all = all.flat_map(|name| [Some(name), name.split_once('.').map(|(short, _)| short)]).flatten();
    // Names that say nothing.
    const COMMON: [&str; 6] = ["localhost", "this_host", "any", "ip6-localhost", "ip6-loopback", "host"];
    let all = all.map(str::to_lowercase).filter(|name| name.parse::<IpAddr>().is_err());
    all.filter(|name| name.len() > 1 && !COMMON.contains(&name.as_str())).collect()
}

/// What stands before a host id that is the name of a host, or of a user.
const HOST_KEYS: [&str; 2] = ["hostname", "host"];
pub(super) const USER_KEY: &str = "user";
/// What is between the host ids of a list.
pub(super) const BETWEEN_HOST_IDS: [char; 5] = [' ', '\t', ',', '"', ';'];

/// The host ids of license files: the key of each, which may be empty, and the id without it.
pub(super) fn host_ids(observation: &Observation) -> impl Iterator<Item = (&str, &str)> {
    let files = observation.license_setup.iter().flat_map(|setup| &setup.files);
    let servers = files.filter_map(|file| file.contents.done()).flat_map(|lines| &lines.servers);
    let ids = servers.filter_map(|line| line.host_id.as_deref());
    ids.flat_map(|ids| ids.split(BETWEEN_HOST_IDS).map(key_and_id))
}

pub(super) fn key_and_id(word: &str) -> (&str, &str) {
    word.split_once('=').unwrap_or(("", word))
}

/// The accounts of people, in small letters and without the domain of Windows; and those of the system.
pub(super) fn people(observation: &Observation) -> (BTreeSet<String>, BTreeSet<String>) {
    let first = if observation.host.os == Os::Macos { FIRST_PERSON_OF_MACOS } else { FIRST_PERSON };
    let of_processes = observation.processes.values().map(|process| (process.uid, process.user.as_deref()));
    let of_sockets = observation.sockets.iter().map(|socket| (socket.uid, socket.user.as_deref()));
    let of_hidden = observation.hidden.processes().map(|process| (process.uid, process.user.as_deref()));
    let of_others =
        observation.other_sockets.iter().flatten().map(|socket| (socket.uid, socket.user.as_deref()));
    let of_clients = observation.unanswered.iter().map(|client| (Some(client.uid), client.user.as_deref()));
    let all = of_processes.chain(of_sockets).chain(of_hidden).chain(of_others).chain(of_clients);
    let licensed = host_ids(observation).filter(|(key, _)| key.eq_ignore_ascii_case(USER_KEY));
    let named = all.filter_map(|(uid, user)| Some((uid, name_of_account(user?)?)));
    let is_person = |uid: Option<u32>, user: &str| match uid {
        Some(uid) => uid >= first && user != "nobody",
        None => !user.starts_with("NT ") && !user.starts_with("BUILTIN"),
    };
    let (people, mut systems): (Vec<_>, Vec<_>) = named.partition(|(uid, user)| is_person(*uid, user));
    systems.extend([(None, "root"), (None, "nobody")]);
    let systems: BTreeSet<String> = systems.into_iter().map(|(_, user)| plain(user)).collect();
    let licensed = licensed.map(|(_, user)| plain(user)).filter(|user| !systems.contains(user));
    (people.into_iter().map(|(_, user)| plain(user)).chain(licensed).collect(), systems)
}

pub(super) fn plain(user: &str) -> String {
    account_name(user, Os::Windows).to_lowercase()
}

/// Adds those whose homes a text names, those who could write to a file, and those whose service or container it is.
pub(super) fn add_named_in(value: &Value, users: &mut BTreeSet<String>, systems: &BTreeSet<String>) {
    match value {
        Value::String(text) => {
            for home in HOMES {
                let names =
                    text.split(home).skip(1).filter_map(|rest| rest.split(['/', '\\', ' ', '"']).next());
                users.extend(names.filter(|name| name.len() > 1 && *name != "Public").map(str::to_lowercase));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| add_named_in(item, users, systems)),
        Value::Object(fields) => {
            if let (Some(Value::Bool(false)), Some(Value::String(name))) =
                (fields.get(IS_SYSTEM), fields.get("name"))
            {
                users.insert(plain(name));
            }
            if let (None, Some(Value::String(name))) = (fields.get("uid"), fields.get(OF_USER)) {
                users.extend(Some(plain(name)).filter(|name| !systems.contains(name)));
            }
            fields.values().for_each(|field| add_named_in(field, users, systems));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
