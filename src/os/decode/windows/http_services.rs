//! Decodes what `netsh http show servicestate view=requestq` prints: the URLs that http.sys serves, and for which
//! processes. It is in the language of the system, so only what no language changes is read: URLs, and numbers at the
//! places of process ids.

use crate::model::Pid;

/// More URLs are not read, no longer ones, and no more processes of one.
const MOST_URLS: usize = 4096;
const LONGEST_URL: usize = 512;
const MOST_PIDS: usize = 64;

/// A URL that http.sys answers for some processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl {
    /// As http.sys has it: `HTTP://+:5985/WSMAN/`.
    pub url: String,
    pub port: u16,
    /// Those that have the request queue open; none where a service is started for a request, as IIS does.
    pub pids: Vec<Pid>,
}

/// The URLs in the order of the request queues. A queue names its processes before its URLs.
#[must_use]
pub fn urls(printed: &[u8]) -> Vec<HttpUrl> {
    let mut found: Vec<HttpUrl> = Vec::new();
    let mut pids: Vec<Pid> = Vec::new();
    for line in printed.split(|&byte| byte == b'\n') {
        let line = String::from_utf8_lossy(line);
        let text = line.trim();
        // A queue begins at the margin.
        if text.is_empty() || !line.starts_with([' ', '\t']) {
            pids.clear();
        } else if let Some(port) = port(text) {
            if found.len() < MOST_URLS && text.len() <= LONGEST_URL {
                found.push(HttpUrl { url: text.to_owned(), port, pids: pids.clone() });
            }
        } else if let Some(pid) = pid(text)
            && pids.len() < MOST_PIDS
        {
            pids.push(pid);
        }
    }
    found
}

/// The port of a URL as http.sys writes it: `HTTP://127.0.0.1:8000:127.0.0.1/`, `HTTPS://[::1]:443/x/`. `None` for what is
/// no such URL.
fn port(text: &str) -> Option<u16> {
    let (scheme, rest) = text.split_once("://")?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let host_end = if rest.starts_with('[') { rest.find(']')? } else { 0 };
    let (_, port) = rest.get(host_end..).filter(|_| is_http)?.split_once(':')?;
    port.split(['/', ':']).next()?.parse().ok()
}

/// A line that is a number alone, or `ID: 4796, image: C:\Windows\System32\svchost.exe`; the words are translated. Other
/// lines with a number have one word and no comma. Commas and colons of Chinese and Japanese count too.
fn pid(text: &str) -> Option<Pid> {
    let number = |text: &str| text.trim().parse::<Pid>().ok().filter(|&pid| pid != 0);
    let Some((first, image)) = text.split_once([',', '\u{ff0c}', '\u{3001}']) else { return number(text) };
    let is_named = image.contains([':', '\u{ff1a}']);
    number(first.rsplit([':', '\u{ff1a}']).next()?).filter(|_| is_named)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In the form of Windows 10 and later, as an ordinary user sees it.
    const ENGLISH: &str = "
Snapshot of HTTP service state (Request Queue View):
-----------------------------------------------------

Request queue name: Request queue is unnamed.
    Version: 1.0
    State: Active
    Request queue 503 verbosity level: Basic
    Max requests: 1000
    Number of active processes attached: 1
    Processes:
        ID: 4064, image: <?>
        Services: WinRM
    URL groups:
    URL group ID: FE00000040000001
        State: Active
        Number of registered URLs: 2
        Registered URLs:
            HTTP://+:5985/WSMAN/
            HTTP://+:47001/WSMAN/

Request queue name: DefaultAppPool
    Version: 2.0
    Number of active processes attached: 0
    Controller process ID: 3408
    Processes:
    URL groups:
        Registered URLs:
            HTTP://*:80/
";

    /// In the form of older versions.
    const GERMAN: &str = "
Momentaufnahme des HTTP-Dienststatus (Anforderungswarteschlangenansicht):
Name der Anforderungswarteschlange: Die Anforderungswarteschlange ist unbenannt.
    Version: 2.0
    Maximale Anforderungen: 1000
    Anzahl der angef\u{fffd}gten aktiven Prozesse: 2
    Prozess-IDs:
        5492
        37584
        Registrierte URLs:
            HTTPS://[::1]:8443/API/
            HTTP://127.0.0.1:8000:127.0.0.1/
";

    fn shown(printed: &str) -> String {
        let urls = urls(printed.as_bytes());
        let shown = urls.iter().map(|one| format!("{} {} {:?}", one.port, one.url, one.pids));
        shown.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn urls_have_the_processes_of_their_queue_in_any_language() {
        insta::assert_snapshot!(shown(ENGLISH), @"
        5985 HTTP://+:5985/WSMAN/ [4064]
        47001 HTTP://+:47001/WSMAN/ [4064]
        80 HTTP://*:80/ []
        ");
        insta::assert_snapshot!(shown(&GERMAN.replace('\n', "\r\n")), @"
        8443 HTTPS://[::1]:8443/API/ [5492, 37584]
        8000 HTTP://127.0.0.1:8000:127.0.0.1/ [5492, 37584]
        ");
        let chinese = "请求队列\n    ID: 812,映像: C:\\x.exe\n    HTTP://+:1234/\n";
        insta::assert_snapshot!(shown(chinese), @"1234 HTTP://+:1234/ [812]");
    }

    #[test]
    fn output_that_is_cut_or_damaged_has_no_more_than_the_whole() {
        let whole = urls(ENGLISH.as_bytes());
        for end in 0..ENGLISH.len() {
            let cut = urls(&ENGLISH.as_bytes()[..end]);
            assert!(cut.len() <= whole.len(), "{end}");
            assert!(cut.iter().rev().skip(1).all(|one| whole.contains(one)), "{end}: {cut:?}");
            let mut flipped = ENGLISH.as_bytes().to_vec();
            flipped[end] ^= 0x20;
            assert!(urls(&flipped).len() <= whole.len(), "{end}");
        }
    }

    #[test]
    fn what_is_no_url_and_no_process_is_passed_over() {
        for text in ["HTTP://+:/x", "FTP://+:21/", "HTTP://[::1/", "HTTP://+:99999/", "x", "", "http://x"] {
            assert_eq!(port(text), None, "{text}");
        }
        for text in ["Max requests: 1000", "0", "a, b: c", "1000, 2000", "Version: 2.0", "ID: x, image: y"] {
            assert_eq!(pid(text), None, "{text}");
        }
    }

    #[test]
    fn no_more_is_kept_than_is_read() {
        let many: String = (0..10_000).map(|n| format!("  {}\n  HTTP://+:80/{n}\n", n + 1)).collect();
        let found = urls(many.as_bytes());
        assert_eq!((found.len(), found[5000 % found.len()].pids.len()), (MOST_URLS, MOST_PIDS));
        let long = format!(" HTTP://+:80/{}", "a".repeat(LONGEST_URL));
        assert!(urls(long.as_bytes()).is_empty());
    }

    proptest! {
        #[test]
        fn any_output_is_read_without_harm(printed in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = urls(&printed);
            let _ = urls(&[ENGLISH.as_bytes(), &printed].concat());
        }
    }
}
