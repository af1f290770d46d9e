//! What can be typed, nothing else. The arguments of a command stand in the command's own file.

use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum, ValueHint};
use jiff::SignedDuration;

/// The names of the commands.
pub const COMMANDS: [&str; 9] =
    ["explain", "excluded", "servers", "check", "wait", "watch", "generate", "record", "diff"];

/// What says how to list, and the ports or names to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct ListArgs {
    /// A port (1538, :1538, 1538/udp, 127.0.0.1:1538), a range (27000-27009), a service (3ds-lm), or a process by name,
    /// path or unit (lmgrd, /usr/sbin/nginx, nginx.service); one port or service alone is shown in detail
    #[arg(value_name = "WHAT")]
    pub what: Vec<String>,

    /// Only TCP
    #[arg(short = 't', long)]
    pub tcp: bool,

    /// Only UDP
    #[arg(short = 'u', long)]
    pub udp: bool,

    /// Only IPv4
    #[arg(short = '4', long)]
    pub ipv4: bool,

    /// Only IPv6
    #[arg(short = '6', long)]
    pub ipv6: bool,

    /// Ports as lsof takes them: :1538, tcp:80,443, 6udp
    #[arg(short = 'i', aliases = ["port", "ports"], value_name = "SPEC", num_args = 0..=1, default_missing_value = "")]
    pub internet: Vec<String>,

    /// Only ports of license managers
    #[arg(long)]
    pub licenses: bool,

    /// Only license ports whose process may be the wrong one
    #[arg(long)]
    pub flagged: bool,

    /// Only what other machines may reach
    #[arg(long)]
    pub exposed: bool,

    /// Only what runs a deleted or replaced program file
    #[arg(long)]
    pub deleted: bool,

    /// Only what receives at this address: bound to it, or to all addresses
    #[arg(long, value_name = "ADDR", value_delimiter = ',')]
    pub address: Vec<String>,

    /// Only ports held by this process
    #[arg(long, value_name = "PID", value_delimiter = ',', allow_hyphen_values = true)]
    pub pid: Vec<String>,

    /// Only ports held by a process of this name (no error if none runs)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub process: Vec<String>,

    /// Only ports of this user (name or number)
    #[arg(long, short_alias = 'U', aliases = ["owner", "uid"], value_name = "USER", value_delimiter = ',', value_hint = ValueHint::Username)]
    pub user: Vec<String>,

    /// Believe files that this user could have replaced (name or number; repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_hint = ValueHint::Username)]
    pub trust_user: Vec<String>,

    /// Believe files in this folder, whoever could have replaced them (repeatable)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub trust_path: Vec<String>,

    /// Order of the rows; else that of the words, then by port
    #[arg(long, value_name = "KEY", value_enum)]
    pub sort: Option<Sort>,

    /// Exit with 0 only if every WHAT matches
    #[arg(long)]
    pub all: bool,

    /// The columns of the table, in this order, such as port,process,exposed
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Vec<String>,

    /// Leave out no column and cut nothing, however long the lines become
    #[arg(long)]
    pub wide: bool,

    /// Add the command lines of processes; they may contain secrets
    #[arg(long)]
    pub args: bool,

    /// A block to paste into a ticket: machine, time, question, answer, advice
    #[arg(long)]
    pub report: bool,

    /// Count the connections of every listener, not only of license managers
    #[arg(long)]
    pub connections: bool,

    /// Scan every network namespace, including those of containers (root)
    #[arg(long)]
    pub all_namespaces: bool,

    /// The same as the command ‘excluded’
    #[arg(long)]
    pub excluded_ports: bool,

    /// Show users by number, and look up no name
    #[arg(long)]
    pub numeric: bool,

    /// Find socket owners with BPF (faster; Linux, root)
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub bpf: Bpf,

    /// Show how the data was collected
    #[arg(short = 'v', long)]
    pub verbose: bool,

    /// Print no header and no detail view; notes go to standard error
    #[arg(short = 'H', long)]
    pub no_header: bool,

    /// For users of ss, netstat and lsof: only listeners (l), all of them (a), numeric (n, P), with processes (o, b) and
    /// more (e). They leave out no row, and add STATE where no terminal is.
    #[arg(
        short = 'l',
        short_aliases = ['a', 'b', 'e', 'n', 'o', 'P'],
        long = "listening",
        aliases = ["listen", "listeners", "processes", "programs", "program", "extended"],
        action = ArgAction::Count,
        hide = true
    )]
    pub habits: u8,

    /// With processes, as of ss and netstat. Behind it, lsof takes the ID of a process and nmap a port.
    #[arg(short = 'p', action = ArgAction::Count, hide = true)]
    pub with_processes: u8,

    /// lsof's `-sTCP:LISTEN`, which is what this does anyway.
    #[arg(short = 's', value_name = "STATE", value_parser = ["TCP:LISTEN", "tcp:listen"], hide = true)]
    pub state: Option<String>,
}

impl ListArgs {
    /// Whether options of netstat, ss or lsof were typed.
    #[must_use]
    pub fn is_typed_as_elsewhere(&self) -> bool {
        self.habits > 0 || self.with_processes > 0 || self.state.is_some() || !self.internet.is_empty()
    }

    /// Whether the answer has rows, even if it is about one port.
    #[must_use]
    pub fn gives_rows(&self) -> bool {
        self.no_header || !self.columns.is_empty()
    }
}

/// What every command takes, before or behind its name.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct GlobalArgs {
    /// How to print: a table or text, lines of ‘label: value’ for screen readers (list), or what other programs take
    #[arg(long, value_name = "FORMAT", value_enum, global = true)]
    pub output: Option<OutputFormat>,

    /// The same as --output json
    #[arg(long, global = true)]
    pub json: bool,

    /// Answer from a record instead of this machine: a file that ‘whatlistens record’ wrote, or - for standard input
    #[arg(long, value_name = "FILE", global = true)]
    pub from: Option<String>,

    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub color: Color,

    /// Wait no longer than this for what does not answer: 2, 500ms, 1m
    #[arg(long, value_name = "TIME", value_parser = deadline, default_value = "5s", global = true)]
    pub deadline: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    Table,
    List,
    Json,
    Jsonl,
    Csv,
    Markdown,
    Prometheus,
    Html,
}

/// Less than a tick of the kernel's clock would be no time at all.
fn deadline(typed: &str) -> Result<Duration, String> {
    let time = time(typed).filter(|time| SHORTEST_DEADLINE <= *time && *time <= LONGEST_DEADLINE);
    time.ok_or_else(|| {
        "give seconds or a time with its unit, from 10ms to 1h, as in --deadline 2 or --deadline 500ms"
            .to_owned()
    })
}

/// Seconds, or a time with its unit.
fn time(typed: &str) -> Option<Duration> {
    let seconds = || typed.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let with_unit = || typed.parse().ok().and_then(|time: SignedDuration| Duration::try_from(time).ok());
    seconds().or_else(with_unit)
}

/// The time from one look to the next.
///
/// # Errors
///
/// What would be right.
pub fn interval(typed: &str) -> Result<Duration, String> {
    let time = time(typed).filter(|time| SHORTEST_DEADLINE <= *time && *time <= LONGEST_DEADLINE);
    time.ok_or_else(|| {
        "give seconds or a time with its unit, from 10ms to 1h, as in --interval 5 or --interval 500ms"
            .to_owned()
    })
}

/// How long to look.
///
/// # Errors
///
/// What would be right.
pub fn watch_time(typed: &str) -> Result<Duration, String> {
    let time = time(typed).filter(|time| !time.is_zero() && *time <= LONGEST_TIMEOUT);
    time.ok_or_else(|| {
        "give seconds or a time with its unit (ms, s, m or h), at most 8784h, as in --for 30 or --for 5m"
            .to_owned()
    })
}

/// How long to wait for something to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    After(Duration),
    Never,
}

impl Timeout {
    /// Reads seconds, a time with its unit, or `never`.
    ///
    /// # Errors
    ///
    /// What would be right, where it is none of these, or more than a year.
    pub fn parse(typed: &str) -> Result<Timeout, String> {
        match time(typed) {
            _ if typed == "never" => Ok(Timeout::Never),
            Some(time) if time <= LONGEST_TIMEOUT => Ok(Timeout::After(time)),
            _ => Err(
                "give seconds or a time with its unit, as in --timeout 90 or --timeout 2m (0 looks once), or \
                 --timeout never"
                    .to_owned(),
            ),
        }
    }
}

const LONGEST_TIMEOUT: Duration = Duration::from_secs(366 * 24 * 3600);
const SHORTEST_DEADLINE: Duration = Duration::from_millis(10);
const LONGEST_DEADLINE: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    Port,
    Address,
    Process,
    Pid,
    User,
    Service,
    Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Bpf {
    /// With so many processes that it is faster.
    #[default]
    Auto,
    Always,
    Never,
}
