//! What was typed, and where it was typed → resolved choices.

pub mod filter;
mod parse;
pub mod resolve;
mod usage;
mod version;

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use clap::Parser;
use jiff::tz::TimeZone;

use self::filter::{Ports, Selection, SortKey, Target};
use crate::cli::{self, Cli, Color, Command, Explain, Sort};
use crate::knowledge::explain::Topic;
use crate::model::Protocol;
use crate::os::{self, ScanScope};
use crate::render::{Form, Style};

pub use usage::{Stop, UsageError};

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Task {
    /// Look at the machine.
    Look(Request),
    /// Tell what is known, whatever this machine runs.
    Explain(Lookup),
}

/// What is to be explained, and how.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The topics, each as it was typed.
    pub topics: Vec<(String, Topic)>,
    /// As one JSON object.
    pub json: bool,
    /// How it is to look.
    pub style: Style,
}

/// Everything that was chosen of a look at the machine.
#[derive(Debug, Clone)]
pub struct Request {
    /// What to look at.
    pub scope: ScanScope,
    /// What to show of it.
    pub selection: Selection,
    /// How.
    pub form: Form,
    /// How it is to look.
    pub style: Style,
    /// The port or service that was asked for by itself, as it was typed.
    pub asked: Option<String>,
    /// The command line, quoted for a shell, to be typed again with more rights.
    pub command: String,
}

impl Task {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    ///
    /// [`Stop`] where there is nothing to do: help was asked for, or the usage was wrong.
    pub fn from_args(args: Vec<OsString>) -> Result<Task, Stop> {
        // What is typed for help on Windows, and where all programs have it for a word.
        let asks_for_help =
            matches!(&args[..], [_, word] if word == "/?" || word == "/help" || word == "help");
        let args = if asks_for_help { vec![args[0].clone(), "--help".into()] } else { args };
        let cli = Cli::try_parse_from(&args).map_err(|error| usage::stop(&error))?;
        if cli.version {
            return Err(Stop::Told(version::told(cli.verbose)));
        }
        Ok(match &cli.command {
            Some(Command::Explain(explain)) => Task::Explain(Lookup::resolve(&cli, explain)?),
            None => Task::Look(Request::resolve(&cli, command_line(&args, env::current_exe().ok()))?),
        })
    }
}

impl Lookup {
    fn resolve(cli: &Cli, explain: &Explain) -> Result<Lookup, UsageError> {
        refuse_look(cli)?;
        let mut topics = Vec::new();
        for word in &explain.what {
            topics.extend(parse::targets(word)?.into_iter().map(|target| match target {
                Target::Ports(Ports { range, protocol }) => {
                    let protocol_typed = protocol.map_or(String::new(), |protocol| format!("/{protocol}"));
                    (format!("{range}{protocol_typed}"), Topic::Ports(range, protocol))
                }
                Target::Name { word, .. } => (word.clone(), Topic::Name(word)),
            }));
        }
        Ok(Lookup { topics, json: cli.json, style: style(cli) })
    }
}

/// What says how to look at the machine would be without effect where nothing is looked at.
fn refuse_look(cli: &Cli) -> Result<(), UsageError> {
    let look = Cli { command: None, json: false, color: Color::default(), ..cli.clone() };
    if look == Cli::parse_from(["whatlistens"]) {
        return Ok(());
    }
    Err(UsageError::new(
        "explain does not look at the machine: it takes WHAT behind it, --json and --color, and nothing else"
            .to_owned(),
    ))
}

/// Excluded ports have no holders: what narrows those would be without effect.
fn refuse_holders(cli: &Cli) -> Result<(), UsageError> {
    let narrowed = !cli.pid.is_empty()
        || !cli.process.is_empty()
        || !cli.user.is_empty()
        || (cli.licenses || cli.flagged || cli.args || cli.connections || cli.all_namespaces)
        || (cli.ipv4 || cli.ipv6 || cli.sort != Sort::default());
    if !narrowed {
        return Ok(());
    }
    let wrong = "--excluded-ports takes WHAT as ports, -t, -u, -v, -H, --json and --color, and nothing else";
    Err(UsageError::new(wrong.to_owned()))
}

impl Request {
    fn resolve(cli: &Cli, command: String) -> Result<Request, UsageError> {
        let mut targets = Vec::new();
        for word in &cli.what {
            targets.extend(parse::targets(word)?);
        }
        let internet = parse::internet(&cli.internet)?;
        targets.extend(internet.targets);
        if cli.excluded_ports {
            refuse_holders(cli)?;
        }
        let (ipv4, ipv6) = (cli.ipv4 || internet.ipv4, cli.ipv6 || internet.ipv6);
        let narrowed = !cli.pid.is_empty()
            || !cli.process.is_empty()
            || !cli.user.is_empty()
            || cli.licenses
            || cli.flagged
            || cli.no_header
            || cli.excluded_ports;
        let alone = match (&targets[..], narrowed) {
            ([Target::Ports(Ports { range, .. })], false) if range.first == range.last => true,
            ([Target::Name { .. }], false) => true,
            _ => false,
        };
        let asked = alone.then(|| {
            let typed = cli.what.first().or(cli.internet.first());
            typed.map_or(String::new(), |typed| typed.trim_start_matches(':').to_owned())
        });
        let protocol = match (cli.tcp, cli.udp) {
            (true, false) => Some(Protocol::Tcp),
            (false, true) => Some(Protocol::Udp),
            _ => None,
        };
        let form = match (cli.json, alone) {
            (true, _) => Form::Json,
            (false, true) => Form::Detail,
            (false, false) => Form::Table,
        };
        Ok(Request {
            scope: ScanScope {
                protocol: protocol.or_else(|| common_protocol(&targets)),
                ipv4: ipv4 || !ipv6,
                ipv6: ipv6 || !ipv4,
                args: cli.args,
                all_namespaces: cli.all_namespaces,
                connections: cli.connections,
                bpf: match cli.bpf {
                    cli::Bpf::Auto => os::Bpf::WhereQuicker,
                    cli::Bpf::Always => os::Bpf::Always,
                    cli::Bpf::Never => os::Bpf::Never,
                },
                rules: cli.excluded_ports,
                ..ScanScope::default()
            },
            form,
            selection: Selection {
                targets,
                protocol,
                pids: parse::numbers("--pid", &cli.pid)?,
                processes: parse::given("--process", &cli.process)?,
                users: parse::given("--user", &cli.user)?,
                licenses: cli.licenses,
                flagged: cli.flagged,
                sort: sort_key(cli.sort),
            },
            // To find it the system's zones are searched through: only where a time is shown.
            style: Style {
                time_zone: if form == Form::Detail { TimeZone::system() } else { TimeZone::UTC },
                ..style(cli)
            },
            asked,
            command,
        })
    }
}

/// The protocol of all targets, where they share one: then the other need not be looked at.
fn common_protocol(targets: &[Target]) -> Option<Protocol> {
    let protocols = targets.iter().map(|target| match target {
        Target::Ports(Ports { protocol, .. }) | Target::Name { protocol, .. } => *protocol,
    });
    protocols.reduce(|one, other| if one == other { one } else { None }).flatten()
}

fn sort_key(sort: Sort) -> SortKey {
    match sort {
        Sort::Port => SortKey::Port,
        Sort::Address => SortKey::Address,
        Sort::Process => SortKey::Process,
        Sort::Pid => SortKey::Pid,
        Sort::User => SortKey::User,
        Sort::Service => SortKey::Service,
        Sort::Verdict => SortKey::Verdict,
    }
}

/// How it is to look, but for points in time.
fn style(cli: &Cli) -> Style {
    let terminal = io::stdout().is_terminal();
    let unless_set = |name: &str| env::var_os(name).is_none_or(|value| value.is_empty());
    // A console of Windows must be asked to obey colours; those before Windows 10 do not know how.
    let obeys = anstyle_query::windows::enable_ansi_colors().unwrap_or(true);
    let capable = obeys && env::var_os("TERM").is_none_or(|term| term != "dumb");
    Style {
        color: match cli.color {
            Color::Always => true,
            Color::Never => false,
            // https://no-color.org: any value that is not empty.
            Color::Auto => terminal && capable && unless_set("NO_COLOR"),
        },
        width: terminal.then(terminal_width),
        header: !cli.no_header,
        args: cli.args,
        connections: cli.connections,
        namespaces: cli.all_namespaces,
        verbose: cli.verbose,
        time_zone: TimeZone::UTC,
    }
}

/// The columns of the terminal; where it does not know itself, as on a serial console, what the
/// environment says, or the width that every terminal has had since the VT100.
fn terminal_width() -> u16 {
    let told = terminal_size::terminal_size().map(|(width, _)| width.0);
    let said = || env::var("COLUMNS").ok()?.parse().ok().filter(|&columns| columns > 0);
    told.or_else(said).unwrap_or(80)
}

/// Where sudo looks for programs, on most systems (`secure_path` in sudoers(5)).
const SUDO_PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The command line as it can be typed again, after sudo too: the program by its name alone only
/// where it was found by that name and sudo would find it.
fn command_line(args: &[OsString], program: Option<PathBuf>) -> String {
    let mut words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    if MAIN_SEPARATOR != '/' {
        return for_windows(&words);
    }
    if let (Some(name), Some(path)) = (words.first_mut(), program)
        && !name.contains('/')
        && !path.parent().is_some_and(|folder| SUDO_PATH.iter().any(|found| folder == Path::new(found)))
    {
        *name = path.to_string_lossy().into_owned();
    }
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| "whatlistens".to_owned())
}

/// Quoted as cmd.exe and PowerShell both take it: no argument of this program needs a quote inside.
fn for_windows(words: &[String]) -> String {
    let quoted = words.iter().map(|word| match word.contains([' ', '\t', ';', '&']) || word.is_empty() {
        true => format!("\"{word}\""),
        false => word.clone(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Result<Request, Stop> {
        match Task::from_args(line.split_whitespace().map(OsString::from).collect())? {
            Task::Look(request) => Ok(request),
            Task::Explain(lookup) => panic!("{line}: {lookup:?}"),
        }
    }

    fn form(line: &str) -> Form {
        request(line).unwrap().form
    }

    #[test]
    fn one_port_or_name_alone_is_shown_in_detail() {
        for line in ["w 1538", "w :1538", "w 1538/udp", "w 3ds-lm", "w -i :1538", "w -tulpn 1538"] {
            assert_eq!(form(line), Form::Detail, "{line}");
        }
        for line in ["w", "w 1538 1539", "w 27000-27009", "w -H 1538", "w --user root 1538", "w -i"] {
            assert_eq!(form(line), Form::Table, "{line}");
        }
        assert_eq!(form("w --json 1538"), Form::Json);
    }

    #[test]
    fn explain_takes_nothing_that_says_how_to_look() {
        for line in ["w explain 1538", "w --json explain 1538", "w explain --color never 1538"] {
            let task = Task::from_args(line.split_whitespace().map(OsString::from).collect());
            assert!(matches!(task, Ok(Task::Explain(_))), "{line}: {task:?}");
        }
        for line in ["w -t explain 1538", "w --flagged explain 22", "w -tulpn explain ssh"] {
            let Err(Stop::Wrong(wrong)) = request(line) else { panic!("{line}") };
            assert!(wrong.to_string().starts_with("explain does not look at the machine"), "{line}: {wrong}");
        }
    }

    #[test]
    fn families_and_protocols_are_both_unless_one_is_asked_for() {
        let scope = |line| request(line).unwrap().scope;
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
    fn what_cannot_be_meant_is_refused() {
        for line in
            ["w -i4TCP -i6UDP", "w -i :80 -i 4:443", "w --user=", "w --process=", "w --pid=", "w --user=a,"]
        {
            assert!(matches!(request(line), Err(Stop::Wrong(_))), "{line}");
        }
        assert!(request("w -i 4tcp -i 4udp").is_ok() && request("w -i :80 -i :443").is_ok());
    }

    #[test]
    fn the_command_to_repeat_is_quoted() {
        let words = ["whatlistens", "--user", "a b", "1538"];
        assert_eq!(for_windows(&words.map(str::to_owned)), "whatlistens --user \"a b\" 1538");
        if MAIN_SEPARATOR != '/' {
            return;
        }
        let args = words.map(OsString::from);
        let found_at = |path: &str| command_line(&args, Some(PathBuf::from(path)));
        assert_eq!(found_at("/usr/bin/whatlistens"), "whatlistens --user 'a b' 1538");
        assert_eq!(found_at("/home/a/bin/whatlistens"), "/home/a/bin/whatlistens --user 'a b' 1538");
        let by_path = ["./whatlistens"].map(OsString::from);
        assert_eq!(command_line(&by_path, Some(PathBuf::from("/x/whatlistens"))), "./whatlistens");
    }
}
