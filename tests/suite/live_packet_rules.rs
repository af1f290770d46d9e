//! Packet rules in the way of a free port: that there are some is said, and what they say is not read.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::document::Document;
use crate::network::{Net, is_there, run};

const PORT: &str = "8125";

/// Gives these rules to nft(8) in the namespace.
fn nft(net: &Net, rules: &str) {
    let mut nft = net.command("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    nft.stdin.take().unwrap().write_all(rules.as_bytes()).unwrap();
    assert!(nft.wait().unwrap().success(), "{rules}");
}

fn chain(family: &str, chain: &str, rule: &str) -> String {
    format!("table {family} t {{\n chain c {{ {chain}; {rule} }}\n}}\n")
}

/// What is said of the free port: its status, whether packet rules are a gap, and the note on them.
fn said(net: &Net) -> (String, bool, Option<String>) {
    let document: Document = net.look(&[PORT]);
    let note = document.asked[0].notes.iter().find(|note| note.starts_with("Rules: packet "));
    let is_gap = document.gaps.iter().any(|gap| gap.kind == "packet-rules");
    (document.asked[0].answers[0].status.clone(), is_gap, note.cloned())
}

fn with_rules(rules: &str) -> (bool, bool) {
    let net = Net::new();
    nft(&net, rules);
    let (status, is_gap, note) = said(&net);
    assert_eq!(status, "free");
    (is_gap, note.is_some())
}

#[test]
#[ignore = "needs root, to make packet rules"]
fn rules_that_may_redirect_are_a_gap_and_filters_a_note() {
    if !is_there("nft") {
        return;
    }
    let nat = |hook: &str, rule: &str| chain("ip", &format!("type nat hook {hook} priority -100"), rule);
    assert_eq!(with_rules(&nat("output", "tcp dport 8125 redirect to :9000;")), (true, false));
    assert_eq!(with_rules(&nat("prerouting", "tcp dport 8125 dnat to 192.0.2.7;")), (true, false));
    // Nothing is in them, or what leaves gets another source.
    assert_eq!(with_rules(&nat("prerouting", "")), (false, false));
    assert_eq!(with_rules(&nat("postrouting", "masquerade;")), (false, false));
    let filter =
        |hook: &str, rule: &str| chain("inet", &format!("type filter hook {hook} priority -150"), rule);
    assert_eq!(with_rules(&filter("prerouting", "tcp dport 8125 tproxy ip to :9000;")), (true, false));
    assert_eq!(with_rules(&filter("prerouting", "tcp dport 8125 drop;")), (false, true));
    assert_eq!(with_rules(&filter("input", "tcp dport 8125 drop;")), (false, true));
    let of_a_device = "type filter hook ingress device \"lo\" priority 0";
    for family in ["netdev", "inet"] {
        assert_eq!(
            with_rules(&chain(family, of_a_device, "tcp dport 8125 drop;")),
            (false, true),
            "{family}"
        );
        let rewrites = chain(family, of_a_device, "tcp dport 8125 tcp dport set 9000;");
        assert_eq!(with_rules(&rewrites), (true, false), "{family}");
    }
    assert_eq!(with_rules(&filter("output", "tcp dport 8125 tcp dport set 9000;")), (true, false));
    assert_eq!(with_rules(&filter("output", "ip daddr set 192.0.2.7;")), (true, false));
    assert_eq!(with_rules(&filter("output", "ip dscp set cs1;")), (false, true));
    // Another chain leads to the rule.
    let behind = "table ip6 t {\n chain d { tcp dport 8125 tproxy to :9000; }\n \
        chain c { type filter hook prerouting priority -150; meta l4proto tcp jump d; }\n}\n";
    assert_eq!(with_rules(behind), (true, false));
    assert_eq!(with_rules(&chain("arp", "type filter hook input priority 0", "drop;")), (false, false));
}

#[test]
#[ignore = "needs root, to make packet rules"]
fn tables_of_iptables_count_with_their_first_rule() {
    for program in ["iptables-legacy", "ip6tables-legacy", "iptables"] {
        if !is_there(program) {
            continue;
        }
        let net = Net::new();
        let add = |words: &str| run(net.command(program).args(words.split(' ')));
        if !net
            .command(program)
            .args(["-t", "nat", "-L", "-n"])
            .stdout(Stdio::null())
            .status()
            .unwrap()
            .success()
        {
            eprintln!("skipped: this kernel has no tables for {program}");
            continue;
        }
        assert_eq!(said(&net), ("free".to_owned(), false, None), "{program}: an empty table");
        add("-A INPUT -p tcp --dport 22 -j ACCEPT");
        let (_, is_gap, note) = said(&net);
        assert!(!is_gap && note.is_some(), "{program}: a filter");
        add("-t nat -A OUTPUT -p tcp --dport 8125 -j REDIRECT --to-ports 9000");
        assert!(said(&net).1, "{program}: a redirection");
        add("-t nat -F");
        assert!(!said(&net).1, "{program}: it is gone");
        add("-t mangle -A PREROUTING -p tcp --dport 8125 -j TPROXY --on-port 9000");
        assert!(said(&net).1, "{program}: TPROXY");
    }
}

#[test]
#[ignore = "needs root, to make packet rules"]
fn a_redirected_port_is_not_plainly_free_to_anybody() {
    if !is_there("nft") {
        return;
    }
    let net = Net::new();
    assert_eq!(said(&net), ("free".to_owned(), false, None), "root sees that there is none");
    nft(&net, &chain("ip", "type nat hook output priority -100", "tcp dport 8125 redirect to :9000;"));
    let (as_root, ..) = net.run(&[PORT]);
    assert!(
        as_root.contains("Packet rules exist that may send this port elsewhere (not looked at)."),
        "{as_root}"
    );
    let (several, ..) = net.run(&["8125-8127", "9001"]);
    assert_eq!(
        several.matches("Packet rules exist that may send free ports elsewhere").count(),
        1,
        "{several}"
    );
    let ordinary = |args: &[&str]| {
        let mut command = net.command("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(crate::started::program());
        let output = command.args(args).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let said = ordinary(&["--json", PORT]);
    if said.is_empty() {
        eprintln!("skipped: nobody may not run the program where it is");
        return;
    }
    let document = crate::document::read(&said);
    assert!(
        document.asked[0]
            .notes
            .iter()
            .any(|note| *note == "Rules: packet rules were not examined: only root may see them"),
        "{said}"
    );
    assert!(document.gaps.iter().all(|gap| gap.kind != "packet-rules"), "{said}");
}

#[test]
#[ignore = "needs root, to count system calls in a namespace"]
fn packet_rules_are_asked_for_only_where_a_port_may_be_free() {
    if !is_there("strace") {
        return;
    }
    let net = Net::new();
    let mut server = Command::new("nsenter");
    server.arg(format!("--net=/run/netns/{}", net.name)).args(["python3", "-c", SERVER]);
    let _server = net.serving(&mut server, 7001);
    let asked = |args: &[&str]| {
        let lines = net.traced(&["-e", "trace=socket"], args);
        lines.iter().filter(|line| line.contains("NETLINK_NETFILTER")).count()
    };
    assert_eq!([asked(&[]), asked(&["--json"]), asked(&["7001"])], [0, 0, 0]);
    assert_eq!([asked(&[PORT]), asked(&["7001", PORT])], [1, 1]);
}

/// Holds a port with both protocols.
const SERVER: &str = "
import signal, socket
t = socket.socket(); t.bind(('127.0.0.1', 7001)); t.listen()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('127.0.0.1', 7001))
signal.pause()";
