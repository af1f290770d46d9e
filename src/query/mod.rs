//! What was typed → one value that says what to scan and what to keep; and how to show it.

mod address;
mod bounds;
mod filter;
mod filtered;
mod habits;
mod holders;
mod license_code;
mod message;
mod naming;
mod nearest;
mod netstat;
mod order;
mod output;
mod parse;
mod pasted;
mod place;
mod policy;
mod resolve;
mod rows;
mod selection;
mod suggest;
mod target;
mod tried;
mod trust;
mod typed;
mod unknown_name;
mod url;
mod usage;
mod waiting;
mod window;
mod words;

use std::borrow::Cow;

use crate::cli::{self, ListArgs};
use crate::knowledge::Knowledge;
use crate::knowledge::explain::{Topic, terms};
use crate::model::{Family, Os, Vouched, is_path};
use crate::os::{Bpf, DEADLINE, FileAt, ScanScope, Sought};
use crate::render::column_named;

pub use self::address::Address;
pub use self::bounds::refuse_long;
pub use self::filter::Filter;
pub use self::filtered::{Condition, Dropped, Filtered, Undecided, filter};
pub use self::habits::in_own_words;
pub use self::holders::{is_called, is_user};
pub use self::naming::{NameKind, Naming};
pub use self::output::{Environment, Output, command_line, for_shell};
pub use self::parse::is_about_ports;
pub use self::policy::{
    MOST_LINES, PolicyFault, SitePolicy, account, expectation, exposure, follow_links, program, read_policy,
};
pub use self::resolve::unknown_names;
pub use self::suggest::Options;
pub use self::target::{Destination, Place, Ports, Target};
pub use self::trust::refuse_unknown_users;
pub use self::typed::Typed;
pub use self::usage::UsageError;
pub use self::waiting::WaitQuestion;
pub use self::window::Window;

/// Of more ports than this, typed as several words or as a range, only the listeners are reported.
const MOST_DETAIL: usize = 64;

/// A question about this machine.
#[derive(Debug, Clone)]
pub struct Query {
    pub scope: ScanScope,
    pub filter: Filter,
    pub vouched: Vouched,
    /// The words and options that choose listeners, as they can be typed; empty where nothing is left out.
    pub selection: Vec<String>,
    /// The one port, service or process that was typed, and nothing else that selects.
    pub alone: Option<String>,
    /// Whether everything that was typed must match.
    pub all: bool,
    /// Whether a number may be meant for the ID of a process.
    pub may_mean_pids: bool,
}

impl Query {
    /// # Errors
    ///
    /// Where a word is not understood, or the options leave nothing of one.
    pub fn resolve(args: &ListArgs, knowledge: &Knowledge) -> Result<Query, UsageError> {
        let internet = parse::internet(&args.internet)?;
        let filter = Filter::with_internet(args, internet, knowledge)?;
        let selects = filter.by_others();
        if let Some(user) = args.user.iter().find(|user| args.numeric && user.parse::<u32>().is_err()) {
            return Err(UsageError::NamedUser { option: "--user".to_owned(), user: user.clone().into() });
        }
        let alone = match &filter.targets[..] {
            [target] if !selects && !args.gives_rows() && target.is_single() => Some(target.to_string()),
            _ => None,
        };
        let detail_ports = match alone {
            None if filter.port_count() > MOST_DETAIL => Vec::new(),
            _ => filter.ports().map(|ports| ports.range).collect(),
        };
        // Of a few ports it is said who has them with another protocol, or at other addresses.
        let everything = !detail_ports.is_empty() && !filter.ports_alone().is_empty();
        let protocol = filter.protocol.filter(|_| !everything);
        let family = filter.family.filter(|_| !everything);
        let shows = |column: &str| {
            args.columns.iter().any(|typed| column_named(typed).is_some_and(|name| name.0 == column))
        };
        let is_about_processes = filter.names().next().is_some() || !filter.pids.is_empty();
        let scope = ScanScope {
            protocol: protocol.or_else(|| filter.common_protocol()),
            ipv4: family != Some(Family::Ipv6),
            ipv6: family != Some(Family::Ipv4),
            args: args.args || shows("command"),
            details: alone.is_some() || shows("script") || shows("cwd") || is_about_processes,
            all_namespaces: args.all_namespaces,
            connections: args.connections || shows("connections"),
            glance: false,
            bpf: match args.bpf {
                cli::Bpf::Auto => Bpf::WhereQuicker,
                cli::Bpf::Always => Bpf::Always,
                cli::Bpf::Never => Bpf::Never,
            },
            by_user: !args.user.is_empty(),
            numeric: args.numeric,
            license_servers: false,
            license_files: Vec::new(),
            other_sockets: false,
            interfaces: shows("exposed") || filter.targets.iter().any(|one| matches!(one, Target::At(..))),
            host_id: false,
            writers: false,
            deadline: DEADLINE,
            sought: Sought {
                everything: false,
                names: filter.names().map(|(name, _)| name.to_owned()).collect(),
                pids: filter.pids.clone(),
            },
            ports: filter.ports_alone(),
            detail_ports,
        };
        let vouched = trust::vouched(&args.trust_user, &args.trust_path)?;
        let is_about_license_servers = asks_about_license_servers(&filter, knowledge);
        let selection = if filter.is_narrow() { selection::of(args) } else { Vec::new() };
        let (all, may_mean_pids) = (args.all, args.with_processes > 0);
        let query = Query { scope, filter, vouched, selection, alone, all, may_mean_pids };
        Ok(if is_about_license_servers { query.with_license_servers() } else { query })
    }

    /// The same question, with the license servers of the machine. One is known by all its ports.
    #[must_use]
    pub fn with_license_servers(&self) -> Query {
        let scope = ScanScope {
            protocol: None,
            ipv4: true,
            ipv6: true,
            connections: true,
            license_servers: true,
            ports: Vec::new(),
            ..self.scope.clone()
        };
        Query { scope, ..self.clone() }
    }

    /// Whether it is about few enough ports and names for an answer to each.
    #[must_use]
    pub fn asks_about_few(&self) -> bool {
        !self.filter.targets.is_empty() && self.filter.port_count() <= MOST_DETAIL
    }

    /// # Errors
    ///
    /// Where it is about a user that the machine does not have. `has_user` says so as far as that is known.
    pub fn refuse_unknown_users(&self, has_user: impl Fn(&str) -> Option<bool>) -> Result<(), UsageError> {
        trust::refuse_unknown_users(&self.vouched, &has_user)?;
        trust::refuse_unknown("--user", &self.filter.users, &has_user)
    }

    /// With the files and folders that the paths among its names lead to: `/usr/bin/python3` may be a link.
    #[must_use]
    pub fn with_files(&self, file_at: impl Fn(&str) -> FileAt) -> Cow<'_, Query> {
        let mut with_files = Cow::Borrowed(self);
        for (index, target) in self.filter.targets.iter().enumerate() {
            let Target::Name { word, .. } = target else { continue };
            let (path, leads_to_folder) = match is_path(word).then(|| file_at(word)) {
                Some(FileAt::Folder(path)) => (path, true),
                Some(FileAt::File(path)) if path != *word => (path, false),
                Some(FileAt::File(_) | FileAt::Nothing | FileAt::Unknown) | None => continue,
            };
            let query = with_files.to_mut();
            query.scope.sought.names.push(path.clone());
            if let Target::Name { programs, is_folder, .. } = &mut query.filter.targets[index] {
                programs.push(path);
                *is_folder = leads_to_folder;
            }
        }
        with_files
    }

    /// Whether nothing narrows it.
    #[must_use]
    pub fn is_about_everything(&self) -> bool {
        !self.filter.is_narrow() && self.scope.ipv4 && self.scope.ipv6
    }

    /// Whether it asks about processes by name or id.
    #[must_use]
    pub fn is_about_processes(&self) -> bool {
        !self.scope.sought.is_empty()
    }

    /// Whether it asks about a single port or service. The answer is then the detail view.
    #[must_use]
    pub fn is_about_ports(&self) -> bool {
        self.alone.is_some() && self.filter.ports().next().is_some()
    }
}

/// Whether a question is about a port or product of a license manager.
fn asks_about_license_servers(filter: &Filter, knowledge: &Knowledge) -> bool {
    let is_license_port = |ports: &Ports| {
        let mut range = ports.range.first..=ports.range.last;
        range.any(|port| knowledge.claims(port, ports.protocol).is_license_port())
    };
    let licenses = knowledge.licenses();
    let names_product = |target: &Target| match target {
        Target::Name { word, managers, .. } => {
            !managers.is_empty() || Os::ALL.into_iter().any(|os| licenses.program_called(word, os).is_some())
        }
        Target::Ports(_) | Target::At(..) => false,
    };
    filter.targets.iter().any(names_product)
        || (filter.port_count() <= MOST_DETAIL && filter.ports().any(is_license_port))
}

/// The topics to explain, each with the words that were typed for it.
///
/// # Errors
///
/// Where a word is not understood.
pub fn topics(words: &[String], knowledge: &Knowledge) -> Result<Vec<(String, Topic)>, UsageError> {
    let mut topics = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let begins_error = || {
            let code = words.clone().find(|word| !license_code::introduces(word));
            code.is_some_and(|code| license_code::read(code, knowledge).is_some())
        };
        if license_code::introduces(word) && begins_error() {
            continue;
        }
        if let Some(error) = system_error(word, words.peek().copied(), knowledge) {
            words.next_if(|_| license_code::introduces(word));
            topics.push(error);
            continue;
        }
        let next = words.peek().and_then(|next| license_code::behind(word, next, knowledge));
        if next.is_some() {
            words.next();
        }
        match next.or_else(|| license_code::read(word, knowledge)).transpose()? {
            Some((typed, code)) => topics.push((typed, Topic::LicenseError(code))),
            None => match words.peek().and_then(|next| two_words(word, next)) {
                Some(topic) => {
                    words.next();
                    topics.push(topic);
                }
                None => topics.extend(parse::targets(word)?.into_iter().map(topic)),
            },
        }
    }
    bounds::distinct(topics)
}

/// `error 10013`, in one word or two.
fn system_error(word: &str, next: Option<&String>, knowledge: &Knowledge) -> Option<(String, Topic)> {
    let number = match word.trim().split_once(' ') {
        Some((first, number)) if license_code::introduces(first) => number.trim(),
        None if license_code::introduces(word) => next?,
        _ => return None,
    };
    let error = knowledge.license_errors().system_error(number.parse().ok()?)?;
    Some((format!("error {number}"), Topic::SystemError(error.number)))
}

/// Two words that are one word of the answers together, as `cannot tell`.
fn two_words(word: &str, next: &str) -> Option<(String, Topic)> {
    let both = format!("{word} {next}");
    (!terms::explained(&both).is_empty()).then(|| (both.clone(), Topic::Name(both)))
}

fn topic(target: Target) -> (String, Topic) {
    match target {
        Target::Ports(Ports { range, protocol }) | Target::At(_, Ports { range, protocol }) => {
            let protocol_typed = protocol.map_or(String::new(), |protocol| format!("/{protocol}"));
            (format!("{range}{protocol_typed}"), Topic::Ports(range, protocol))
        }
        Target::Name { word, .. } => (word.clone(), Topic::Name(word)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::model::Protocol;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        list: ListArgs,
    }

    fn query(line: &str) -> Result<Query, UsageError> {
        let args = Line::parse_from(line.split_whitespace()).list;
        Query::resolve(&args, &Knowledge::embedded())
    }

    #[test]
    fn without_names_a_user_is_a_number() {
        let refused = |line: &str| query(line).err().map(|error| error.to_string());
        assert_eq!(refused("w --numeric --user 65534"), None);
        insta::assert_snapshot!(refused("w --numeric --user nobody").unwrap(), @"‘--user nobody’: --numeric looks up no name; give the user's number (id -u nobody)");
    }

    #[test]
    fn families_and_protocols_are_both_unless_one_is_asked_for() {
        let scope = |line| query(line).unwrap().scope;
        assert!(matches!(scope("w"), ScanScope { protocol: None, ipv4: true, ipv6: true, .. }));
        assert!(matches!(scope("w -tu -46"), ScanScope { protocol: None, ipv4: true, ipv6: true, .. }));
        assert!(matches!(
            scope("w -t -6"),
            ScanScope { protocol: Some(Protocol::Tcp), ipv4: false, ipv6: true, .. }
        ));
        assert!(matches!(
            scope("w -i 4udp"),
            ScanScope { protocol: Some(Protocol::Udp), ipv4: true, ipv6: false, .. }
        ));
        assert!(matches!(scope("w 53/udp 53/tcp"), ScanScope { protocol: None, .. }));
    }

    #[test]
    fn a_service_is_scanned_at_its_ports_and_a_process_everywhere() {
        let ssh = query("w ssh").unwrap();
        assert!(ssh.is_about_ports() && ssh.scope.ports.is_empty(), "a process may be called ssh, too");
        assert_eq!(ssh.scope.detail_ports.first().map(ToString::to_string).as_deref(), Some("22"));
        let lmgrd = query("w lmgrd").unwrap();
        assert!(!lmgrd.is_about_ports() && lmgrd.alone.as_deref() == Some("lmgrd"));
        assert_eq!(query("w 80 443").unwrap().scope.ports.len(), 2);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in
            ["w -i4TCP -i6UDP", "w -i :80 -i 4:443", "w --user=", "w --process=", "w --pid=", "w --user=a,"]
        {
            assert!(query(line).is_err(), "{line}");
        }
        assert!(query("w -i 4tcp -i 4udp").is_ok() && query("w -i :80 -i :443").is_ok());
    }
}
