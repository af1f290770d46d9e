//! Wrong usage, one line each: what was typed, and what would be right.

use std::borrow::Cow;
use std::fmt;

use super::typed::Typed;
use super::unknown_name::{UnknownName, did_you_mean};
use crate::model::Protocol;

/// Why a command line was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageError {
    UnknownOption {
        typed: Typed,
        nearest: Option<String>,
    },
    /// An option that other programs have, and what does the same here.
    OptionElsewhere {
        typed: Typed,
        right: String,
    },
    /// An option that another command has: `of` and `here` are commands, `None` for a listing.
    OptionOfAnother {
        option: String,
        of: Option<String>,
        here: Option<String>,
    },
    /// `-97`, which is no option and may be the code of a license error.
    NumberAsOption {
        typed: Typed,
    },
    /// What was typed, and what would be right.
    Instead {
        word: Typed,
        right: Cow<'static, str>,
    },
    /// `values` is empty where any text would do.
    MissingValue {
        option: String,
        placeholder: String,
        values: String,
    },
    InvalidValue {
        option: String,
        value: Typed,
        values: String,
        nearest: Option<String>,
    },
    /// A command was given nothing to work on.
    MissingWhat,
    /// Whatever else clap finds: the first line of its message.
    CommandLine(Typed),
    TooLong {
        word: Typed,
        longest: usize,
    },
    TooMany {
        most: usize,
    },
    /// Options of a listing where a command does not list.
    OptionsOfListing {
        command: &'static str,
    },
    NothingBesideComma {
        word: Typed,
    },
    NoPortAfterColon {
        word: Typed,
    },
    EmptyWord,
    ProtocolAlone {
        word: Typed,
        protocol: Protocol,
    },
    /// A filter of ss(8) that says something else than ports.
    SocketFilter {
        filter: Typed,
    },
    Address {
        word: Typed,
    },
    OpenRange {
        word: Typed,
    },
    NotAPort {
        word: Typed,
        part: Typed,
    },
    BackwardsRange {
        word: Typed,
        first: Typed,
        last: Typed,
    },
    LsofSpec {
        text: Typed,
    },
    /// A family behind one `-i` and not behind another.
    MixedFamilies,
    NotAPid {
        option: String,
        value: Typed,
    },
    EmptyValue {
        option: String,
    },
    /// A folder that is not given by its full path.
    RelativeFolder {
        option: String,
        folder: Typed,
    },
    /// A folder with `..` in its path, and where that seems to lead.
    FolderWithDots {
        option: String,
        folder: Typed,
        plain: Typed,
    },
    NoSuchUser {
        option: String,
        user: Typed,
    },
    /// The name of a user, where no name is looked up.
    NamedUser {
        option: String,
        user: Typed,
    },
    /// What `wanted` says is missing of a value.
    WrongValue {
        option: String,
        value: Typed,
        wanted: String,
    },
    UnknownColumn {
        typed: Typed,
        columns: Vec<&'static str>,
    },
    /// A command that needs a machine that changes, where a recorded one is to answer.
    NotLive {
        command: &'static str,
    },
    /// `--json` and another format.
    TwoFormats,
    /// `--columns` where the answer is JSON.
    ColumnsOfJson,
    /// A target of one protocol, and an option that leaves the other alone.
    Conflict {
        typed: Typed,
        only: Protocol,
    },
    UnknownName(Box<UnknownName>),
    /// What is wrong with each of several words.
    Several(Vec<UsageError>),
    /// Only ports can be excluded, and the word is no service.
    NoPorts {
        word: Typed,
    },
    /// `explain --servers` with something else than a license error.
    NoLicenseError {
        word: Typed,
    },
    /// `--license-file` with a path that leads nowhere.
    NoLicenseFile {
        path: Typed,
    },
    UnknownProduct {
        word: Typed,
        nearest: Vec<String>,
    },
    UnknownTopic {
        word: Typed,
        nearest: Vec<String>,
    },
    /// What begins like the code of a license error and goes on like none.
    NotALicenseCode {
        word: Typed,
    },
    /// `systems` are those whose code it may be, each with its first and last code.
    UnknownLicenseError {
        word: Typed,
        systems: Vec<(String, String, String)>,
    },
}

impl std::error::Error for UsageError {}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UsageError::UnknownOption { typed, nearest: Some(nearest) } => {
                write!(f, "there is no option {typed}; did you mean {nearest}?")
            }
            UsageError::UnknownOption { typed, nearest: None } => {
                write!(f, "there is no option {typed}; see --help")
            }
            UsageError::OptionElsewhere { typed, right } => write!(f, "there is no option {typed}: {right}"),
            UsageError::OptionOfAnother { option, of, here } => {
                let here = here.as_deref().unwrap_or("a listing");
                let (command, has_it) = of.as_deref().map_or(("", "a listing"), |of| (of, of));
                let blank = if command.is_empty() { "" } else { " " };
                write!(
                    f,
                    "there is no option {option} in {here}; {has_it} has it: whatlistens {command}{blank}{option}"
                )
            }
            UsageError::NumberAsOption { typed } => {
                write!(f, "there is no option {typed}; for a license error: whatlistens explain {typed}")
            }
            UsageError::Instead { word, right } => write!(f, "‘{word}’: {right}"),
            UsageError::MissingValue { option, placeholder, values } if values.is_empty() => {
                write!(f, "{option} needs a value: {placeholder}")
            }
            UsageError::MissingValue { option, values, .. } => {
                write!(f, "{option} needs a value: one of {values}")
            }
            UsageError::InvalidValue { option, value, values, nearest } => {
                let blank = if option.is_empty() { "" } else { " " };
                write!(f, "‘{option}{blank}{value}’: the values are {values}")?;
                nearest.as_ref().map_or(Ok(()), |nearest| write!(f, ". Did you mean {nearest}?"))
            }
            UsageError::MissingWhat => f.write_str(
                "WHAT is missing: name a port, a service, a process, a license manager or a license error",
            ),
            UsageError::TooLong { word, longest } => {
                write!(f, "‘{word}’ is too long: an argument has at most {longest} bytes")
            }
            UsageError::TooMany { most } => write!(
                f,
                "more than {most} different words were given: ports in a row can be a range, as in 27000-27009"
            ),
            UsageError::CommandLine(line) => write!(f, "{line}; see --help"),
            UsageError::OptionsOfListing { command } => {
                write!(
                    f,
                    "options of {command} go after its name, and those of a listing do not apply: see whatlistens {command} --help"
                )
            }
            UsageError::NothingBesideComma { word } => {
                write!(f, "‘{word}’: a port is missing before or after a comma")
            }
            UsageError::NoPortAfterColon { word } => {
                write!(f, "‘{word}’: a port is missing after the colon, as in :1538")
            }
            UsageError::EmptyWord => {
                f.write_str("an empty word was given: name a port, a service or a process")
            }
            UsageError::ProtocolAlone { word, protocol } => {
                let flag = &protocol.name()[..1];
                write!(f, "‘{word}’: for all {protocol} ports use -{flag}, for one port write 80/{protocol}")
            }
            UsageError::SocketFilter { filter } => write!(
                f,
                "‘{filter}’: of the filters of ss only ‘sport = :80’ is understood; give ports and ranges, as in 80 27000-27009"
            ),
            UsageError::Address { word } => {
                let word = word.to_string();
                let at = with_port(&word);
                write!(
                    f,
                    "‘{word}’ is an address: give a port too, as in {at}, or list what receives there: --address {word}"
                )
            }
            UsageError::OpenRange { word } => write!(f, "‘{word}’: a range has two ends, as in 27000-27009"),
            UsageError::NotAPort { word, part } if word == part => {
                write!(f, "‘{word}’ is not a port: ports are 1 to 65535")
            }
            UsageError::NotAPort { word, part } => {
                write!(f, "‘{word}’: {part} is not a port; ports are 1 to 65535")
            }
            UsageError::BackwardsRange { word, first, last } => {
                write!(f, "‘{word}’ is backwards. Did you mean {last}-{first}?")
            }
            UsageError::LsofSpec { text } => {
                write!(
                    f,
                    "‘-i {text}’: give [46][tcp|udp][@HOST][:PORTS], as in -i :1538, -i tcp:80,443 or -i 6udp"
                )
            }
            UsageError::MixedFamilies => {
                f.write_str("a 4 or 6 after -i applies to every -i: give it to each of them, or use -4 or -6")
            }
            UsageError::NotAPid { option, value } => {
                write!(f, "‘{option} {value}’: a process id is a number, as in {option} 4242")
            }
            UsageError::EmptyValue { option } => {
                write!(f, "{option} needs a value, but the one given is empty")
            }
            UsageError::RelativeFolder { option, folder } => {
                write!(f, "‘{option} {folder}’: give the full path of a folder, as in {option} /opt/flexlm")
            }
            UsageError::FolderWithDots { option, folder, plain } => {
                write!(f, "‘{option} {folder}’: give the folder without ‘..’: {option} {plain}")
            }
            UsageError::NoSuchUser { option, user } => {
                write!(
                    f,
                    "‘{option} {user}’: this machine has no user {user}; give a name or a number, as in {option} 1000"
                )
            }
            UsageError::WrongValue { option, value, wanted } => write!(f, "‘{option} {value}’: {wanted}"),
            UsageError::NamedUser { option, user } => {
                write!(
                    f,
                    "‘{option} {user}’: --numeric looks up no name; give the user's number (id -u {user})"
                )
            }
            UsageError::UnknownColumn { typed, columns } => {
                write!(f, "‘--columns {typed}’: the columns are {}", columns.join(", "))
            }
            UsageError::NotLive { command } => {
                write!(f, "{command} looks at this machine again and again: leave out --from")
            }
            UsageError::TwoFormats => {
                f.write_str("--json and --output name different formats: give one of them")
            }
            UsageError::ColumnsOfJson => {
                f.write_str("--columns chooses columns of the table; JSON always has every field")
            }
            UsageError::Conflict { typed, only } => {
                write!(
                    f,
                    "‘{typed}’ is not a {only} port, but only {only} was requested: leave out one of the two"
                )
            }
            UsageError::UnknownName(name) => name.fmt(f),
            UsageError::Several(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                f.write_str(&all.join(" "))
            }
            UsageError::NoPorts { word } => write!(
                f,
                "‘{word}’ is not a registered service: give a port or a service; for the ports of a license \
                 manager: whatlistens explain {word}"
            ),
            UsageError::NoLicenseError { word } => write!(
                f,
                "‘{word}’ is no license error: explain --servers takes errors alone, as in explain --servers -15"
            ),
            UsageError::NoLicenseFile { path } => {
                write!(
                    f,
                    "‘--license-file {path}’: there is no file at this path; give that of a license file"
                )
            }
            UsageError::UnknownProduct { word, nearest } => {
                write!(f, "No license manager, vendor or license server here is called ‘{word}’.")?;
                did_you_mean(nearest, f)
            }
            UsageError::UnknownTopic { word, nearest } => {
                write!(f, "No service, license manager, vendor or license process is called ‘{word}’.")?;
                did_you_mean(nearest, f)?;
                write!(f, " (For a process: whatlistens {word})")
            }
            UsageError::NotALicenseCode { word } => write!(
                f,
                "‘{word}’: write a license error as the program shows it, as in -15, -15,570 or -15,570:115"
            ),
            UsageError::UnknownLicenseError { word, systems } => {
                write!(f, "‘{word}’ is not a known license error.")?;
                for (name, first, last) in systems {
                    write!(f, " {name} has codes from {first} to {last}.")?;
                }
                Ok(())
            }
        }
    }
}

impl UsageError {
    /// The same of `check`, which has no options of a listing.
    #[must_use]
    pub fn of_check(self) -> UsageError {
        match self {
            UsageError::UnknownName(name) => {
                let name = UnknownName { right: None, has_process: false, ..*name };
                UsageError::UnknownName(Box::new(name))
            }
            UsageError::Several(all) => {
                UsageError::Several(all.into_iter().map(UsageError::of_check).collect())
            }
            other => other,
        }
    }

    /// Where something else would be right than what was typed.
    #[must_use]
    pub fn instead(word: &str, right: impl Into<Cow<'static, str>>) -> UsageError {
        UsageError::Instead { word: word.into(), right: right.into() }
    }
}

/// An address with a port. What ends `::1:80` may be meant for one.
fn with_port(address: &str) -> String {
    let is_address = |ip: &str| ip.parse::<std::net::Ipv6Addr>().is_ok();
    let meant = address.rsplit_once(':').filter(|(ip, port)| is_address(ip) && port.parse::<u16>().is_ok());
    match meant {
        Some((ip, port)) => format!("[{ip}]:{port}"),
        None if address.contains(':') => format!("[{address}]:80"),
        None => format!("{address}:80"),
    }
}
