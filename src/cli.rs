//! What was typed, nothing else.

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// What is listening on this machine, who owns it, and should it be there?
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(
    name = "whatlistens",
    version,
    about,
    after_help = AFTER_HELP,
    term_width = 80,
    disable_help_flag = true,
    disable_version_flag = true,
    args_override_self = true,
    override_usage = "whatlistens [OPTIONS] [WHAT]...\n       whatlistens explain [OPTIONS] <WHAT>...",
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do instead of looking at the machine.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// A port (1538, :1538, 1538/udp), a range (27000-27009), a service (3ds-lm) or a process
    /// (lmgrd); one port or service alone is shown in detail
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
    #[arg(short = 'i', alias = "port", value_name = "SPEC", num_args = 0..=1, default_missing_value = "")]
    pub internet: Vec<String>,

    /// Only ports of license managers
    #[arg(long)]
    pub licenses: bool,

    /// Only license ports whose process may be the wrong one
    #[arg(long)]
    pub flagged: bool,

    /// Only held by this process
    #[arg(long, value_name = "PID", value_delimiter = ',', allow_hyphen_values = true)]
    pub pid: Vec<String>,

    /// Only held by a process of this name, running or not
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub process: Vec<String>,

    /// Only of this user (name or number)
    #[arg(long, value_name = "USER", value_delimiter = ',')]
    pub user: Vec<String>,

    /// Order of the rows
    #[arg(long, value_name = "KEY", value_enum, default_value_t)]
    pub sort: Sort,

    /// Add the processes' command lines, which may hold secrets
    #[arg(long)]
    pub args: bool,

    /// How many connections each listener has, not only those of license managers
    #[arg(long)]
    pub connections: bool,

    /// Look into every network namespace, of containers too (root)
    #[arg(long)]
    pub all_namespaces: bool,

    /// Instead of listeners, the ports that the system gives to no program that asks for none in
    /// particular: on Windows often the reason that a server does not start
    #[arg(long)]
    pub excluded_ports: bool,

    /// When the kernel is to go through the open files of all processes (Linux, root)
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub bpf: Bpf,

    /// Say how the machine was looked at
    #[arg(short = 'v', long)]
    pub verbose: bool,

    /// No header, no detail view; notes go to standard error
    #[arg(short = 'H', long)]
    pub no_header: bool,

    /// Print one JSON object
    #[arg(long, global = true)]
    pub json: bool,

    /// When to colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub color: Color,

    /// Print help
    #[arg(short = 'h', long, short_alias = '?', action = ArgAction::HelpShort)]
    pub help: Option<bool>,

    /// Print version; with --verbose what it knows, and on which systems it was tested
    #[arg(short = 'V', long)]
    pub version: bool,

    /// What fingers type after ss, netstat and lsof, and what this does anyway: only listeners
    /// (l), all of them (a), numeric (n, P), with processes (p, o, b) and more (e).
    #[arg(short = 'l', short_aliases = ['a', 'b', 'e', 'n', 'o', 'p', 'P'], action = ArgAction::Count, hide = true)]
    pub habits: u8,

    /// lsof's `-sTCP:LISTEN`, which is what this does anyway.
    #[arg(short = 's', value_name = "STATE", value_parser = ["TCP:LISTEN", "tcp:listen"], hide = true)]
    pub state: Option<String>,
}

/// What to do instead of looking at the machine.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Tell what is known of a port, a service or a license manager, without looking at the machine
    Explain(Explain),
}

/// What to explain.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Explain {
    /// A port (1538), a range (27000-27009), a service (flex-lm), a process (lmgrd), or a license
    /// manager or its vendor (autodesk)
    #[arg(value_name = "WHAT", required = true)]
    pub what: Vec<String>,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    pub help: Option<bool>,
}

/// Order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Sort {
    /// By port number.
    #[default]
    Port,
    /// By local address.
    Address,
    /// By process name.
    Process,
    /// By process id.
    Pid,
    /// By user.
    User,
    /// By service name.
    Service,
    /// By verdict, those that deserve a look first.
    Verdict,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// When the kernel is given a program that goes through open files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Bpf {
    /// With so many processes that it is quicker.
    #[default]
    Auto,
    /// However few there are.
    Always,
    /// Not at all.
    Never,
}

const AFTER_HELP: &str = "\
Examples:
  whatlistens                 everything that listens here
  whatlistens 1538            who holds port 1538, and should it?
  whatlistens --flagged       license ports whose process may be wrong
  whatlistens explain lmgrd   what is known of it, here or elsewhere
  whatlistens --json | jq .   for scripts

Flags of ss, netstat and lsof that change nothing here are taken too:
  -a -b -e -l -n -o -p -P, -s TCP:LISTEN

Exit status:
  0 something matched   1 nothing matched   2 wrong usage
  3 this machine cannot be observed";
