//! What users of netstat, ss and lsof type, in this program's own words.

use std::ffi::{OsStr, OsString};

use super::UsageError;
use super::nearest::{filled, no_command};
use super::netstat::{self, Here};
use super::parse::is_about_ports;
use super::pasted;
use super::typed::Typed;

/// The letters that this program accepts behind one `-` and that take no value.
const LETTERS: &str = "46abelnopPtuvH";

/// A command line, the program's name first, in this program's own words; `verbs` are the names of its commands, which
/// have words of their own.
///
/// # Errors
///
/// Where it is clear what was meant, and this program has no such thing.
pub fn in_own_words(args: &[OsString], verbs: &[&str]) -> Result<Vec<OsString>, UsageError> {
    let is_command = |arg: &OsString| arg.to_str().is_some_and(|word| verbs.contains(&word));
    let pasted = match args.split_first().filter(|(_, typed)| !typed.iter().any(is_command)) {
        Some((_, typed)) => pasted::meant(typed)?,
        None => None,
    };
    let with_meant: Vec<OsString>;
    let args = match pasted {
        Some(meant) => {
            with_meant = args.iter().take(1).cloned().chain(meant).collect();
            &with_meant
        }
        None => args,
    };
    let args = &netstat::in_own_form(args, verbs, &Here::of_this_machine(), may_take_value)?;
    if is_terse_lsof(args) {
        return Err(UsageError::OptionElsewhere { typed: "-t beside -i".into(), right: TERSE.to_owned() });
    }
    refuse_other_program(args)?;
    let is_lsof = is_of_lsof(args);
    let mut own: Vec<OsString> = args.iter().take(1).cloned().collect();
    let mut rest = args.iter().skip(1).peekable();
    while let Some(arg) = rest.next() {
        let Some(word) = arg.to_str() else {
            own.push(arg.clone());
            continue;
        };
        if word == "--" || verbs.contains(&word) {
            own.push(arg.clone());
            own.extend(rest.cloned());
            break;
        }
        match word {
            "/?" | "/h" | "/H" => own.push("--help".into()),
            "-o" if rest.peek().is_some_and(|next| pasted::are_columns(next)) => own.push("--columns".into()),
            // Behind an option it may be its value, as in `--sort pid`.
            _ if !own.last().is_some_and(|last| may_take_value(last))
                && let Some(before) = Before::from_word(word)
                && let Some(next) = rest.next_if(|next| before.introduces(next)) =>
            {
                own.push(before.option_of(next));
            }
            _ if behind_p(word).is_some() => {
                let numbers = behind_p(word).unwrap_or_default();
                own.push(format!("{}{numbers}", if is_lsof { "--pid=" } else { "" }).into());
            }
            "-u" if is_lsof => own.push(
                rest.next_if(|next| is_user(next))
                    .map_or_else(|| arg.clone(), |user| OsString::from(format!("--user={}", user.display()))),
            ),
            _ if letters_and_ports(word).is_some() => {
                let (letters, ports) = letters_and_ports(word).unwrap_or_default();
                own.extend([letters.into(), ports.into()]);
            }
            _ if ends_with_protocol_option(word) => {
                own.push(arg.clone());
                if let Some(pids) = rest.next_if(|next| is_lsof && are_numbers(next)) {
                    own.push(format!("--pid={}", pids.display()).into());
                    continue;
                }
                let protocol = rest.next_if(|next| is_protocol(next));
                own.extend(protocol.and_then(|protocol| protocol.to_str()).map(flags).transpose()?);
            }
            _ => own
                .push(as_option(word).or_else(|| servers(word)).map_or_else(|| arg.clone(), OsString::from)),
        }
    }
    Ok(own)
}

const TERSE: &str = "for PIDs alone use -H --columns pid, for TCP alone --tcp";

/// Whether PIDs alone are wanted, as from `lsof -t -i :80`: what is meant for kill(1) must be nothing else.
fn is_terse_lsof(args: &[OsString]) -> bool {
    let options = || args.iter().skip(1).take_while(|arg| *arg != "--").filter_map(|arg| arg.to_str());
    let is_internet = |arg: &str| arg.starts_with("-i") || arg.starts_with("-ti");
    options().any(|arg| arg == "-t" || arg.starts_with("-ti")) && options().any(is_internet)
}

/// Whether a word is `-p`, alone or behind other letters, as in `netstat -anp tcp`.
fn ends_with_protocol_option(word: &str) -> bool {
    let letters = word.strip_prefix('-').and_then(|letters| letters.strip_suffix('p'));
    letters.is_some_and(|letters| letters.is_empty() || is_letters(letters))
}

fn is_number(word: &OsStr) -> bool {
    are_numbers(word) && !word.as_encoded_bytes().contains(&b',')
}

/// Whether a word behind lsof's `-u` may be a user, and no port at an address.
fn is_user(word: &OsStr) -> bool {
    let is_port = |text: &str| is_about_ports(text) && !is_number(OsStr::new(text));
    word.to_str().is_some_and(|text| !text.starts_with('-') && !is_protocol(word) && !is_port(text))
}

/// Whether a word is a number, or several behind commas.
fn are_numbers(word: &OsStr) -> bool {
    let bytes = word.as_encoded_bytes();
    bytes.first().is_some_and(u8::is_ascii_digit)
        && bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b',')
}

/// A word before a number or a name that says what this is, as in `pid 7171` and `unit nginx.service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Pid,
    Process,
    User,
    /// What is found by its name alone.
    Name,
}

impl Before {
    fn from_word(word: &str) -> Option<Before> {
        Some(match word.to_ascii_lowercase().as_str() {
            "pid" => Before::Pid,
            "process" | "program" => Before::Process,
            "user" => Before::User,
            "service" | "unit" | "container" => Before::Name,
            _ => return None,
        })
    }

    /// Whether a word may be meant: of a number behind `process` it is not plain whether it is an ID or a port.
    fn introduces(self, word: &OsStr) -> bool {
        let Some(text) = word.to_str() else { return false };
        match self {
            Before::Pid => is_number(word),
            Before::User => !text.starts_with('-'),
            Before::Process | Before::Name => {
                !text.starts_with('-') && !is_about_ports(text) && Before::from_word(text).is_none()
            }
        }
    }

    fn option_of(self, word: &OsStr) -> OsString {
        let option = match self {
            Before::Pid => "--pid=",
            Before::Process => "--process=",
            Before::User => "--user=",
            Before::Name => "",
        };
        let mut typed = OsString::from(option);
        typed.push(word);
        typed
    }
}

/// Whether an argument is an option whose value may stand behind it.
fn may_take_value(arg: &OsStr) -> bool {
    const NO_VALUE: [&str; 13] = [
        "tcp",
        "udp",
        "ipv4",
        "ipv6",
        "licenses",
        "flagged",
        "exposed",
        "all",
        "wide",
        "json",
        "numeric",
        "verbose",
        "no-header",
    ];
    let Some(option) = arg.to_str().and_then(|arg| arg.strip_prefix('-')) else { return false };
    let has_value = |long: &str| long.contains('=') || NO_VALUE.contains(&long);
    option.strip_prefix('-').map_or_else(|| !is_letters(option), |long| !has_value(long))
}

fn is_letters(letters: &str) -> bool {
    !letters.is_empty() && letters.chars().all(|letter| LETTERS.contains(letter))
}

/// The options and the ports of `-t80`, `-t=80` and `-tn80,443`; `None` of `-t6`, which is `-t -6`.
pub(super) fn letters_and_ports(word: &str) -> Option<(&str, &str)> {
    let digits = word.find(|c: char| c.is_ascii_digit()).filter(|at| *at > 1)?;
    let (letters, ports) = word.split_at(digits);
    let letters = letters.strip_suffix('=').unwrap_or(letters);
    let are_families = ports.bytes().all(|byte| b"46".contains(&byte));
    let are_ports = !are_families && are_numbers(OsStr::new(&ports.replace('-', ",")));
    (letters.starts_with('-') && is_letters(&letters[1..]) && are_ports).then_some((letters, ports))
}

/// The numbers of `-p80` and `-p80,443`: ports of nmap(1), IDs of lsof(8).
fn behind_p(word: &str) -> Option<&str> {
    word.strip_prefix("-p").filter(|numbers| are_numbers(OsStr::new(&numbers.replace('-', ","))))
}

/// Whether options are those of lsof(8), whose `-p` takes the ID of a process: `-P`, `-i`, `-s TCP:LISTEN` and, where no
/// letter is netstat's, `-a`.
fn is_of_lsof(args: &[OsString]) -> bool {
    let options = || {
        let all = args.iter().skip(1).take_while(|arg| *arg != "--").filter_map(|arg| arg.to_str());
        all.filter_map(|arg| arg.strip_prefix('-')).filter(|letters| !letters.starts_with('-'))
    };
    let is_mark = |letters: &str| letters.starts_with(['i', 's']) || letters.contains('P');
    let is_netstat = |letters: &str| letters.contains(['t', 'u', 'l', 'e', 'o', 'b']);
    let are_all = |letters: &str| letters.contains('a') && !letters.ends_with('p');
    options().any(is_mark) || (options().any(are_all) && !options().any(is_netstat))
}

/// Refuses `kill -9 80` and `lmutil lmstat -a`: the name of another program before its options, which are none of this
/// one's.
fn refuse_other_program(args: &[OsString]) -> Result<(), UsageError> {
    const PROGRAMS: [&str; 9] =
        ["kill", "pkill", "killall", "lmutil", "lmstat", "lmdiag", "lmdown", "rlmutil", "rlmstat"];
    let words = || args.iter().skip(1).map(|arg| arg.to_string_lossy());
    let Some(first) = words().next().filter(|first| PROGRAMS.contains(&&**first)) else { return Ok(()) };
    let is_option = |word: &str| word.starts_with('-') && word.len() > 1;
    let others = || words().skip(1).filter(|word| !is_option(word));
    let right = no_command(&first).filter(|_| words().any(|word| is_option(&word)));
    right.map_or(Ok(()), |right| {
        let rest = others().map(|word| Typed::from(&*word).to_string());
        Err(UsageError::instead(&first, filled(right, rest)))
    })
}

/// The protocols that netstat takes behind `-p`, on Windows, macOS and the BSDs.
const PROTOCOLS: [&str; 12] =
    ["tcp", "udp", "tcp4", "udp4", "tcp6", "udp6", "tcpv6", "udpv6", "icmp", "icmpv6", "ip", "ipv6"];

fn is_protocol(word: &OsStr) -> bool {
    word.to_str().is_some_and(|word| PROTOCOLS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// The option for a protocol, and for its family where it has one.
fn flags(protocol: &str) -> Result<OsString, UsageError> {
    let lower = protocol.to_ascii_lowercase();
    let letter = match lower.get(..3) {
        Some("tcp") => 't',
        Some("udp") => 'u',
        _ => {
            let typed = format!("-p {protocol}").into();
            let right = "only TCP and UDP have ports: -t, -u".to_owned();
            return Err(UsageError::OptionElsewhere { typed, right });
        }
    };
    let family =
        lower.chars().last().filter(char::is_ascii_digit).map_or(String::new(), |digit| digit.to_string());
    Ok(format!("-{letter}{family}").into())
}

/// `27000@lic01:28000@lic02`, as LM_LICENSE_FILE has several license servers.
fn servers(word: &str) -> Option<String> {
    // Windows separates them with semicolons.
    let servers: Vec<&str> = word.split(if word.contains(';') { ';' } else { ':' }).collect();
    let are_servers = servers.len() > 1 && servers.iter().all(|server| server.contains('@'));
    are_servers.then(|| servers.join(","))
}

/// `pid:7171` for `--pid=7171`, and the like.
fn as_option(word: &str) -> Option<String> {
    let (before, value) = word.split_once([':', '='])?;
    let option = match before.to_ascii_lowercase().as_str() {
        "pid" => "--pid",
        "user" => "--user",
        "process" => "--process",
        // A port is a word, not an option.
        "port" => return Some(value.to_owned()),
        // LM_LICENSE_FILE, RLM_LICENSE and a vendor's own, such as ADSKFLEX_LICENSE_FILE.
        name if name.ends_with("_license_file") || name.ends_with("_license") => {
            return Some(servers(value).unwrap_or_else(|| value.to_owned()));
        }
        _ => return None,
    };
    Some(format!("{option}={value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(line: &str) -> String {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let own = in_own_words(&args, &["explain", "servers"]).map_err(|error| error.to_string());
        own.map_or_else(|error| error, |own| own.join(OsStr::new(" ")).to_string_lossy().into_owned())
    }

    #[test]
    fn what_other_tools_take_is_understood() {
        for (typed, meant) in [
            ("w -p tcp", "w -p -t"),
            ("w -anp UDP", "w -anp -u"),
            ("w -an -p TCPv6 80", "w -an -p -t6 80"),
            ("w -p 80", "w -p 80"),
            ("w -p80,443", "w 80,443"),
            ("w -nP -p 18", "w -nP -p --pid=18"),
            ("w -Pan -p 18 -i", "w -Pan -p --pid=18 -i"),
            ("w -iTCP -sTCP:LISTEN -P -n -a -p 18", "w -iTCP -sTCP:LISTEN -P -n -a -p --pid=18"),
            ("w -p 18,19 -i", "w -p --pid=18,19 -i"),
            ("w -nPp 18", "w -nPp --pid=18"),
            ("w -p18 -a -i", "w --pid=18 -a -i"),
            ("w -a -p 18", "w -a -p --pid=18"),
            ("w -p 18 -i :80", "w -p --pid=18 -i :80"),
            ("w -anp 80", "w -anp 80"),
            ("w -tanp 80", "w -tanp 80"),
            ("w -a -t -p 80", "w -a -t -p 80"),
            ("w -n -p 80", "w -n -p 80"),
            ("w -tulpn tcp", "w -tulpn tcp"),
            ("w pid:7171", "w --pid=7171"),
            ("w -u nobody -i", "w --user=nobody -i"),
            ("w -i -u root,alice -P", "w -i --user=root,alice -P"),
            ("w -nP -u 1000", "w -nP --user=1000"),
            ("w -u -i", "w -u -i"),
            ("w -u nginx", "w -u nginx"),
            ("w -n -u 53", "w -n -u 53"),
            ("w PID=7171 user:root", "w --pid=7171 --user=root"),
            ("w port:80 process:nginx", "w 80 --process=nginx"),
            ("w /?", "w --help"),
            ("w /H", "w --help"),
            ("w /anoq", "w -anoe"),
            ("w /anp tcp", "w -anp -t"),
            ("w LM_LICENSE_FILE=27000@lic01", "w 27000@lic01"),
            ("w ADSKFLEX_LICENSE_FILE=27000@a:27000@b", "w 27000@a,27000@b"),
            ("w 27000@a;28000@b", "w 27000@a,28000@b"),
            ("w 27000@a:28000@b", "w 27000@a,28000@b"),
            ("w u:p@host:80", "w u:p@host:80"),
            ("w pid 7171 80", "w --pid=7171 80"),
            ("w pid nginx", "w pid nginx"),
            ("w process node", "w --process=node"),
            ("w process node 80", "w --process=node 80"),
            ("w --json program node", "w --json --process=node"),
            ("w -tn process node", "w -tn --process=node"),
            ("w unit nginx.service", "w nginx.service"),
            ("w service ssh", "w ssh"),
            ("w container web -t", "w web -t"),
            ("w User www-data", "w --user=www-data"),
            ("w user 1000", "w --user=1000"),
            ("w process", "w process"),
            ("w process 80", "w process 80"),
            ("w unit -t", "w unit -t"),
            ("w --columns process node", "w --columns process node"),
            ("w --sort user nginx", "w --sort user nginx"),
            ("w --sort=user process nginx", "w --sort=user --process=nginx"),
            ("w -t80", "w -t 80"),
            ("w -u53", "w -u 53"),
            ("w -t=80", "w -t 80"),
            ("w -tn80,443", "w -tn 80,443"),
            ("w -tulpn8000-8010", "w -tulpn 8000-8010"),
            ("w -t6 -u46", "w -t6 -u46"),
            ("w -i80", "w -i80"),
            ("w --sort pid 80", "w --sort pid 80"),
            ("w -o 80,443", "w -o 80,443"),
            ("w -o port,pid", "w --columns port,pid"),
            ("w -- pid:7171", "w -- pid:7171"),
            ("w explain -p tcp", "w explain -p tcp"),
            ("w /usr/sbin/nginx /opt", "w /usr/sbin/nginx /opt"),
            ("w http://localhost:80/", "w http://localhost:80/"),
            ("w -i tcp:80", "w -i tcp:80"),
        ] {
            assert_eq!(own(typed), meant, "{typed}");
        }
        insta::assert_snapshot!(own("w -p ipv6"), @"there is no option -p ipv6: only TCP and UDP have ports: -t, -u");
        for line in ["w -t -i:80", "w -ti:80", "w -i :80 -t"] {
            assert!(own(line).contains("for PIDs alone use -H --columns pid"), "{line}");
        }
        assert_eq!(own("w -tlnp -i :80"), "w -tlnp -i :80");
        insta::assert_snapshot!(own("w -p icmp"), @"there is no option -p icmp: only TCP and UDP have ports: -t, -u");
    }
}
