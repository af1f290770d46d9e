//! Decodes the license files of FlexNet and RLM: who serves, at which ports, and when licenses expire. Keys, signatures
//! and the other secrets of license lines are passed over.
//!
//! FlexNet: License Administration Guide 2022 R3 to 2026 R1, "License File Format Overview", "SERVER Lines", "VENDOR
//! Lines" and "Publisher-Defined Required Keywords" (docs.revenera.com/fnp); End User Guide 10.8, appendix B, which has
//! `DAEMON` and the positional forms. RLM: "The License File", with "HOST Line", "ISV Line" and "LICENSE Line"
//! (reprisesoftware.com/docs/general/license-file.html), where `SERVER`, `DAEMON` and `FEATURE` are other words for
//! `HOST`, `ISV` and `LICENSE`.

mod expiry;
mod flaws;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod tests;
mod text;

use self::expiry::Expiries;
use self::flaws::Flaws;
use self::text::{Encoding, Line, Text, Word, lines, words};
use crate::model::{Checked, DaemonLine, LicenseLines, LicenseSystem, ServerLine};

/// How many characters of a name or path are kept.
const LONGEST: usize = 256;

/// How many lines of servers, and how many of daemons, are kept.
const MOST_LINES: usize = 200;

/// Decodes a license file, or its beginning.
#[must_use]
pub fn read(bytes: &[u8], is_whole: bool) -> LicenseLines {
    let text = Text::of(bytes);
    let system = system(&text.text);
    let mut file = File { system, ..File::default() };
    match (text.encoding, system) {
        (Encoding::Utf16, _) => file
            .flaws
            .of_file("the file is UTF-16, but license servers read 8-bit text: save it as ANSI or UTF-8"),
        (Encoding::Utf8WithMark, Some(LicenseSystem::Rlm)) => file.flaws.of_file(
            "the file begins with a byte order mark, with which RLM cannot read it: save it without",
        ),
        _ => {}
    }
    // The last line of a beginning may be cut, in the middle of a date or port.
    let end = if is_whole { Some(text.text.len()) } else { text.text.rfind(['\n', '\r']) };
    let mut last_line = 1;
    for line in lines(&text.text[..end.unwrap_or(0)]) {
        last_line = line.number;
        file.add(&line);
    }
    if text.is_binary {
        file.flaws.at(last_line, "binary data follows: what is after it was not read");
    }
    if !is_whole {
        let length = bytes.len();
        file.flaws.of_file(format!("the file is too large: only its first {length} bytes were read"));
    }
    file.finish(is_whole && !text.is_binary)
}

/// The system that the first line shows which only one of them has. Without one, `FEATURE` and `DAEMON` are FlexNet's
/// if no line has a signature of RLM's.
fn system(text: &str) -> Option<LicenseSystem> {
    let mut otherwise = None;
    for line in lines(text) {
        let keyword = words(&line.text).next().unwrap_or_default().text.to_ascii_uppercase();
        match keyword.as_str() {
            "ISV" | "HOST" | "LICENSE" => return Some(LicenseSystem::Rlm),
            "VENDOR" | "INCREMENT" | "PACKAGE" | "USE_SERVER" => return Some(LicenseSystem::Flexnet),
            _ if ["_ck=", "sig="].iter().any(|signature| line.text.contains(signature)) => {
                otherwise = Some(LicenseSystem::Rlm);
            }
            "FEATURE" | "DAEMON" => otherwise = otherwise.or(Some(LicenseSystem::Flexnet)),
            _ => {}
        }
    }
    otherwise
}

/// What the lines said so far.
#[derive(Default)]
struct File {
    system: Option<LicenseSystem>,
    servers: Vec<ServerLine>,
    daemons: Vec<DaemonLine>,
    use_server: bool,
    expiries: Expiries,
    flaws: Flaws,
    /// How many lines there are of servers and of daemons, whether they are kept or not.
    server_count: usize,
    daemon_count: usize,
    last_server: usize,
}

impl File {
    fn add(&mut self, line: &Line<'_>) {
        let mut words = words(&line.text);
        let keyword = words.next().unwrap_or_default().text.to_ascii_uppercase();
        match keyword.as_str() {
            "SERVER" | "HOST" => self.add_server(line.number, &keyword, &words.collect::<Vec<_>>()),
            "VENDOR" | "DAEMON" | "ISV" => self.add_daemon(line.number, &keyword, &words.collect::<Vec<_>>()),
            "USE_SERVER" => self.use_server = true,
            // The first four words come before any key or signature.
            "FEATURE" | "INCREMENT" | "LICENSE" => {
                self.add_license(line.number, &words.take(4).collect::<Vec<_>>());
            }
            _ => {}
        }
    }

    /// `SERVER host hostid [port] [PRIMARY_IS_MASTER] [HEARTBEAT_INTERVAL=seconds] [PLAT=n]`.
    fn add_server(&mut self, line: usize, keyword: &str, words: &[Word]) {
        self.server_count += 1;
        self.last_server = line;
        let Some((host, rest)) = words.split_first().filter(|(host, _)| is_name(&host.text)) else {
            self.flaws.at(line, format!("{keyword} without a host: it must be {keyword} host hostid [port]"));
            return;
        };
        self.check_quotes(line, words);
        let host_id = rest.first().filter(|id| !is_secret(&id.text)).map(|id| cut(&id.text));
        let mut port = None;
        for word in rest.iter().skip(1) {
            match word.text.split_once('=') {
                Some((key, value)) if key.eq_ignore_ascii_case("port") => port = Some(value),
                Some(_) => {}
                None if word.text.eq_ignore_ascii_case("PRIMARY_IS_MASTER") => {}
                None => port = port.or(Some(word.text.as_str())),
            }
        }
        let port = port.and_then(|port| self.port(line, port));
        if self.servers.len() < MOST_LINES {
            self.servers.push(ServerLine { line, host: cut(&host.text), host_id, port });
        }
    }

    /// `VENDOR name [path] [[OPTIONS=]path] [[PORT=]port]`; in RLM the first path can have the key `binary`, and there
    /// may be a `password=`.
    fn add_daemon(&mut self, line: usize, keyword: &str, words: &[Word]) {
        self.daemon_count += 1;
        let Some((name, rest)) = words.split_first().filter(|(name, _)| is_name(&name.text)) else {
            let form = format!("it must be {keyword} name [path] [port=number]");
            self.flaws.at(line, format!("{keyword} without a name: {form}"));
            return;
        };
        self.check_quotes(line, words);
        let (mut path, mut options, mut port) = (None, None, None);
        let mut positional = Vec::new();
        for word in rest.iter().map(|word| word.text.as_str()) {
            let (key, value) = word.split_once('=').unwrap_or_default();
            match key.to_ascii_lowercase().as_str() {
                "options" => options = Some(value),
                "port" => port = Some(value),
                "binary" => path = Some(value),
                _ if is_secret(word) => {}
                _ => positional.push(word),
            }
        }
        // A number is a port wherever it stands: the options file before it is often left out.
        if let Some(at) = positional.iter().take(3).position(|word| is_number(word)) {
            let number = positional.remove(at);
            port = port.or(Some(number));
            if at == 0 {
                self.flaws.at(line, "the port is where the daemon's path should be: write port= before it");
            } else {
                positional.truncate(at);
            }
        }
        let mut positional = positional.into_iter();
        path = path.or(positional.next());
        options = options.or(positional.next());
        port = port.or(positional.next());
        if let (Some(path), Some(after)) = (path, options)
            && has_unquoted_blank(path, after)
        {
            self.flaws.at(line, "the daemon's path has a blank in it: put the path in quotes");
        }
        let port = port.and_then(|port| self.port(line, port));
        if self.daemons.len() < MOST_LINES {
            let value = |text: &str| Some(cut(text)).filter(|text| !text.is_empty());
            self.daemons.push(DaemonLine {
                line,
                keyword: keyword.to_owned(),
                name: cut(&name.text),
                path: path.and_then(value),
                program: Checked::NotRequested,
                options_file: options.and_then(value),
                port,
            });
        }
    }

    /// FlexNet: `FEATURE feature vendor version date …`; RLM: `LICENSE isv product version date …`.
    fn add_license(&mut self, line: usize, words: &[Word]) {
        let [first, second, _, date] = words else { return };
        let Some(end) = expiry::end(&date.text) else { return };
        let (feature, daemon) = match self.system {
            Some(LicenseSystem::Rlm) => (second, first),
            Some(LicenseSystem::Flexnet) | None => (first, second),
        };
        if is_name(&feature.text) && is_name(&daemon.text) {
            self.expiries.add(end, &cut(&daemon.text), &cut(&feature.text), line);
        }
    }

    fn port(&mut self, line: usize, word: &str) -> Option<u16> {
        let number = Some(word).filter(|word| is_number(word)).and_then(|word| word.parse().ok());
        let port = number.filter(|&port| port != 0);
        if port.is_none() {
            let word = shown(word);
            self.flaws.at(line, format!("{word} is no port: a port is a number from 1 to 65535"));
        }
        port
    }

    fn check_quotes(&mut self, line: usize, words: &[Word]) {
        if words.iter().any(|word| word.is_open) {
            self.flaws.at(line, "a quote is opened and not closed");
        }
    }

    /// `is_complete`: whether a line that was not found is missing.
    fn finish(mut self, is_complete: bool) -> LicenseLines {
        let is_rlm = self.system == Some(LicenseSystem::Rlm);
        match self.server_count {
            0 if self.daemon_count > 0 && is_complete => {
                let keyword = if is_rlm { "HOST" } else { "SERVER" };
                self.flaws.of_file(format!("there is no {keyword} line: a license server needs one"));
            }
            0 | 1 => {}
            count if is_rlm => {
                self.flaws.at(self.last_server, format!("the last of {count} HOST lines: RLM wants one"));
            }
            3 => {
                for server in self.servers.iter().filter(|server| server.port.is_none()) {
                    let text = "each of three SERVER lines needs its port: SERVER host hostid port";
                    self.flaws.at(server.line, text);
                }
            }
            count => {
                let wanted = "FlexNet wants one, or three for a redundant server";
                self.flaws.at(self.last_server, format!("the last of {count} SERVER lines: {wanted}"));
            }
        }
        if self.daemon_count.max(self.server_count) > MOST_LINES {
            let text =
                format!("more than {MOST_LINES} lines of servers or daemons: the others were not read");
            self.flaws.of_file(text);
        }
        let (expiries, more) = self.expiries.into_list();
        if more > 0 {
            self.flaws.of_file(format!("licenses expire on {more} more days, later than these"));
        }
        LicenseLines {
            system: self.system,
            servers: self.servers,
            daemons: self.daemons,
            use_server: self.use_server,
            expiries,
            flaws: self.flaws.into_list(),
        }
    }
}

/// A name has no equals sign: what has one is out of its place, and may be a key.
fn is_name(word: &str) -> bool {
    !word.is_empty() && !word.contains('=')
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word that should be a number. One that is longer than any is not shown: it may be a key.
fn shown(word: &str) -> String {
    match word.chars().count() {
        0 => "an empty word".to_owned(),
        1..=8 => format!("‘{word}’"),
        _ => "a long word".to_owned(),
    }
}

/// Whether a word is a key or signature that is out of its place.
fn is_secret(word: &str) -> bool {
    let key = word.split_once('=').map(|(key, _)| key.to_ascii_lowercase());
    let secrets = ["sign", "sign2", "sig", "auth", "_ck", "ck", "key", "password"];
    key.is_some_and(|key| secrets.contains(&key.as_str()))
}

/// Whether a path of Windows ends at its first blank, as in `C:\Program Files\x\mlm.exe`.
fn has_unquoted_blank(path: &str, after: &str) -> bool {
    let has_drive = |word: &str| word.as_bytes().get(1) == Some(&b':');
    let is_program = path.to_ascii_lowercase().ends_with(".exe") || path.contains(' ');
    let is_rest = after.contains('\\') && !after.starts_with('\\') && !has_drive(after);
    has_drive(path) && !is_program && is_rest
}

fn cut(word: &str) -> String {
    word.chars().take(LONGEST).collect()
}
