//! How to show an answer: what was typed about it, and what the terminal can do.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::{env, fs};

use jiff::tz::TimeZone;

use super::UsageError;
use super::url::without_secrets;
use crate::cli::{Color, GlobalArgs, ListArgs, OutputFormat};
use crate::os;
use crate::render::{ColumnName, Format, Signs, Style, column_named, column_names};

/// What the environment says about output, and about the program itself.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Those that the reader of standard output takes, and that of standard error.
    pub signs: (Signs, Signs),
    /// Columns of the terminal; `None` where output goes elsewhere.
    pub width: Option<u16>,
    /// The columns that `COLUMNS` says, where output does not go to a terminal: to `watch` or `less`, which show it on
    /// one.
    pub exported_width: Option<u16>,
    /// Finds the columns of the terminal that standard error goes to, for a line that shows progress; `None` where it goes
    /// elsewhere, or the terminal knows no control codes. Called only by what may take long.
    pub progress_width: fn() -> Option<u16>,
    /// Whether the terminal can show a screen that changes as a whole, and why not; `None` where output goes elsewhere.
    pub full_screen: Option<Result<(), String>>,
    /// Whether colours reach somebody who wants them.
    pub color: bool,
    /// Finds the user's time zone. It searches the system's zones, so it is called only where a time is shown.
    pub time_zone: fn() -> TimeZone,
    /// Where this program is.
    pub program: Option<PathBuf>,
}

impl Environment {
    #[must_use]
    pub fn of_this_process() -> Environment {
        let terminal = io::stdout().is_terminal();
        let unless_set = |name: &str| env::var_os(name).is_none_or(|value| value.is_empty());
        Environment {
            signs: (signs(terminal), signs(io::stderr().is_terminal())),
            width: terminal.then(terminal_width),
            exported_width: exported_width().filter(|_| !terminal),
            // https://no-color.org: any value that is not empty.
            progress_width,
            full_screen: terminal.then(full_screen),
            color: terminal && is_capable() && unless_set("NO_COLOR"),
            time_zone,
            program: env::current_exe().ok(),
        }
    }

    /// A pipe, in UTC.
    #[must_use]
    pub fn plain() -> Environment {
        Environment {
            signs: (Signs::All, Signs::All),
            width: None,
            exported_width: None,
            progress_width: || None,
            full_screen: None,
            color: false,
            time_zone: || TimeZone::UTC,
            program: None,
        }
    }
}

/// Those that the reader of a stream takes. Rust takes a terminal of MSYS for one too, which is a pipe and reads UTF-8.
fn signs(is_terminal: bool) -> Signs {
    if is_terminal || os::READERS_TAKE_UTF_8 { Signs::All } else { Signs::Ascii }
}

/// The user's time zone. UTC where what should name it is a device or a pipe, which could be read without end, or is on a
/// file system that may not answer.
fn time_zone() -> TimeZone {
    if !os::can_be_read_at_once(Path::new(LOCAL_TIME)) {
        return TimeZone::UTC;
    }
    let Some(named) = env::var_os("TZ") else { return local_time().unwrap_or_else(TimeZone::system) };
    let named = named.to_string_lossy().into_owned();
    let named = Path::new(named.strip_prefix(':').unwrap_or(&named));
    if named.is_absolute() && !os::can_be_read_at_once(named) { TimeZone::UTC } else { TimeZone::system() }
}

/// The rules of this machine's time zone, where the system has this file (localtime(5)).
const LOCAL_TIME: &str = "/etc/localtime";
/// Such a file has less than 4 KiB.
const MOST_RULES: u64 = 64 * 1024;

/// This machine's time zone. [`TimeZone::system`] reads the names of all zones first, to find the name of this one.
fn local_time() -> Option<TimeZone> {
    let mut rules = Vec::new();
    fs::File::open(LOCAL_TIME).ok()?.take(MOST_RULES).read_to_end(&mut rules).ok()?;
    TimeZone::tzif(LOCAL_TIME, &rules).ok()
}

/// The columns of the terminal; where it does not know itself, as on a serial console, what the
/// environment says, or the width that every terminal has had since the VT100.
fn terminal_width() -> u16 {
    let reported = terminal_size::terminal_size().map(|(width, _)| width.0);
    reported.or_else(exported_width).unwrap_or(80)
}

fn progress_width() -> Option<u16> {
    if !io::stderr().is_terminal() || !is_capable() {
        return None;
    }
    let reported = terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| width.0);
    Some(reported.or_else(exported_width).unwrap_or(80))
}

/// Whether the terminal obeys control codes. A console of Windows must be asked to; those before Windows 10 cannot.
fn is_capable() -> bool {
    let obeys = anstyle_query::windows::enable_ansi_colors().unwrap_or(true);
    obeys && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether the terminal can show a screen that changes as a whole.
fn full_screen() -> Result<(), String> {
    match env::var_os("TERM").filter(|term| !term.is_empty()) {
        None if os::NEEDS_TERM => Err("TERM does not say what terminal this is".to_owned()),
        Some(term) if term == "dumb" || term == "unknown" => {
            Err(format!("the terminal is ‘{}’ (TERM)", term.display()))
        }
        _ if !is_capable() => Err("the terminal obeys no control codes".to_owned()),
        _ => Ok(()),
    }
}

/// The columns that the environment says. Shells set them, and export them only on request.
fn exported_width() -> Option<u16> {
    env::var("COLUMNS").ok()?.parse().ok().filter(|&columns| columns > 0)
}

/// How to show an answer.
#[derive(Debug, Clone)]
pub struct Output {
    pub format: Format,
    pub style: Style,
    /// As of [`Environment`]. A line that changes again and again is of no use to a screen reader, for which a list is.
    pub progress_width: fn() -> Option<u16>,
}

impl Output {
    /// # Errors
    ///
    /// Where two formats were typed.
    pub fn new(args: &GlobalArgs, environment: &Environment) -> Result<Output, UsageError> {
        let format = match (args.output, args.json) {
            (Some(OutputFormat::Json), _) | (None, true) => Format::Json,
            (Some(_), true) => return Err(UsageError::TwoFormats),
            (Some(OutputFormat::List), false) => Format::List,
            (Some(OutputFormat::Table) | None, false) => Format::Text,
            (Some(OutputFormat::Jsonl), false) => Format::Jsonl,
            (Some(OutputFormat::Csv), false) => Format::Csv,
            (Some(OutputFormat::Markdown), false) => Format::Markdown,
            (Some(OutputFormat::Prometheus), false) => Format::Prometheus,
            (Some(OutputFormat::Html), false) => Format::Html,
        };
        let is_plain = format == Format::List;
        let on_terminal = format.is_for_terminal();
        let exported = environment.exported_width.filter(|_| format == Format::Text);
        Ok(Output {
            format,
            // A terminal that takes the answer line by line has no place for another.
            progress_width: match is_plain || (!on_terminal && environment.width.is_some()) {
                true => || None,
                false => environment.progress_width,
            },
            style: Style {
                plain: is_plain,
                signs: environment.signs.0,
                color: match args.color {
                    Color::Always => on_terminal,
                    Color::Never => false,
                    Color::Auto => environment.color && !is_plain && on_terminal,
                },
                width: environment.width.filter(|_| !is_plain && on_terminal).or(exported),
                header: true,
                columns: None,
                report: false,
                wide: false,
                args: false,
                states: false,
                connections: false,
                namespaces: false,
                marks: false,
                verbose: false,
                time_zone: TimeZone::UTC,
            },
        })
    }

    /// Refuses a format that has no place for what a command answers.
    ///
    /// # Errors
    ///
    /// Where none of these formats was typed.
    pub fn only(&self, command: &str, formats: &[Format]) -> Result<(), UsageError> {
        if formats.contains(&self.format) {
            return Ok(());
        }
        let names: Vec<&str> = formats.iter().map(|format| format.name()).collect();
        let right = format!("the formats of {command} are {}", names.join(", "));
        Err(UsageError::instead(&format!("--output {}", self.format.name()), right))
    }

    /// With the output options of a listing.
    ///
    /// # Errors
    ///
    /// Where a column is not known, or columns are chosen for an answer that has none.
    pub fn for_listing(self, args: &ListArgs) -> Result<Output, UsageError> {
        self.refuse_without_effect(args)?;
        let style = Style {
            // What a script reads depends on no terminal.
            width: self.style.width.filter(|_| !args.no_header && !args.wide && !args.report),
            color: self.style.color && !args.report,
            header: !args.no_header || self.style.plain || args.report,
            report: args.report,
            columns: columns(&args.columns, self.format)?,
            wide: args.wide,
            args: args.args,
            states: args.is_typed_as_elsewhere(),
            connections: args.connections,
            namespaces: args.all_namespaces,
            verbose: args.verbose,
            ..self.style
        };
        Ok(Output { style, ..self })
    }

    /// Refuses what adds to an answer, where the format has no place for it.
    fn refuse_without_effect(&self, args: &ListArgs) -> Result<(), UsageError> {
        let added = [(args.args, "--args"), (args.connections, "--connections")];
        let added = added.iter().find(|(is_typed, _)| *is_typed);
        if args.report && !matches!(self.format, Format::Text | Format::Markdown) {
            let right = "it is text, or Markdown with --output markdown; leave out the other format";
            return Err(UsageError::instead("--report", right));
        }
        match (self.format, added) {
            (Format::Jsonl | Format::Csv | Format::Prometheus | Format::Html, Some((_, option))) => {
                let right = format!("--output {} has no place for it; --output json has", self.format.name());
                Err(UsageError::instead(option, right))
            }
            _ => Ok(()),
        }
    }

    /// With times in the user's time zone. Other formats have UTC.
    #[must_use]
    pub fn in_local_time(self, environment: &Environment) -> Output {
        if !self.format.is_for_terminal() {
            return self;
        }
        let time_zone = (environment.time_zone)();
        Output { style: Style { time_zone, ..self.style }, ..self }
    }
}

/// The columns that were chosen, each once.
fn columns(typed: &[String], format: Format) -> Result<Option<Vec<ColumnName>>, UsageError> {
    if typed.is_empty() {
        return Ok(None);
    }
    match format {
        Format::Text | Format::List | Format::Markdown => {}
        Format::Json => return Err(UsageError::ColumnsOfJson),
        _ => {
            let right =
                format!("it chooses columns of the table; --output {} always has the same", format.name());
            return Err(UsageError::instead("--columns", right));
        }
    }
    let mut columns = Vec::new();
    for name in typed {
        if name.trim().is_empty() {
            return Err(UsageError::EmptyValue { option: "--columns".to_owned() });
        }
        let column = column_named(name.trim()).ok_or_else(|| UsageError::UnknownColumn {
            typed: name.as_str().into(),
            columns: column_names().map(|name| name.0).collect(),
        })?;
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    Ok(Some(columns))
}

/// Where sudo looks for programs, on most systems (`secure_path` in sudoers(5)).
const SUDO_PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The command line as it can be typed again, after sudo too: the program by its name alone only
/// where it was found by that name and sudo would find it.
#[must_use]
pub fn command_line(args: &[OsString], program: Option<&Path>) -> String {
    // What is written on a terminal may be seen by others, or kept.
    let word = |arg: &OsString| without_secrets(&arg.to_string_lossy()).into_owned();
    let mut words: Vec<String> = args.iter().map(word).collect();
    if MAIN_SEPARATOR == '/'
        && let (Some(name), Some(path)) = (words.first_mut(), program)
        && !name.contains('/')
        && !path.parent().is_some_and(|folder| SUDO_PATH.iter().any(|found| folder == Path::new(found)))
    {
        *name = path.to_string_lossy().into_owned();
    }
    for_shell(&words)
}

/// Words as they are typed on this system.
#[must_use]
pub fn for_shell(words: &[String]) -> String {
    if MAIN_SEPARATOR != '/' {
        return for_windows(words);
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

    #[test]
    fn the_command_to_repeat_is_quoted() {
        let words = ["whatlistens", "--user", "a b", "1538"];
        assert_eq!(for_windows(&words.map(str::to_owned)), "whatlistens --user \"a b\" 1538");
        if MAIN_SEPARATOR != '/' {
            return;
        }
        let args = words.map(OsString::from);
        let found_at = |path: &str| command_line(&args, Some(Path::new(path)));
        assert_eq!(found_at("/usr/bin/whatlistens"), "whatlistens --user 'a b' 1538");
        assert_eq!(found_at("/home/a/bin/whatlistens"), "/home/a/bin/whatlistens --user 'a b' 1538");
        let by_path = ["./whatlistens"].map(OsString::from);
        assert_eq!(command_line(&by_path, Some(Path::new("/x/whatlistens"))), "./whatlistens");
    }
}
