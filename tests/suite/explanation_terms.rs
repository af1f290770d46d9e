//! `explain` of this program's own words, and of errors of the operating system.

use std::collections::BTreeSet;

use whatlistens::knowledge::explain::terms;
use whatlistens::model::{
    Confidence, ConnectionState, Exposure, FileTrust, GapKind, OwnerStatus, PortStatus, ProblemCode,
    RunState, ServerState, Severity, State, TermKind, Verdict, Word,
};

use crate::explanation_contract::{Document, Explanation};
use crate::json_schema;
use crate::recorded::linux;

/// Whether every word of a set has an explanation of its kind.
fn has_all<T: Word>(kind: TermKind) {
    for word in T::WORDS {
        let found = terms::explained(word.word());
        let is_of_kind = found.iter().any(|term| term.kind == kind && term.word == word.word());
        assert!(is_of_kind, "{} of {} has no entry in src/knowledge/explain/terms", word.word(), T::SET);
    }
}

#[test]
fn every_word_that_an_answer_can_have_is_explained() {
    has_all::<Verdict>(TermKind::Verdict);
    has_all::<Severity>(TermKind::Severity);
    has_all::<ServerState>(TermKind::ServerState);
    has_all::<ProblemCode>(TermKind::Problem);
    has_all::<Exposure>(TermKind::Exposure);
    has_all::<PortStatus>(TermKind::PortStatus);
    has_all::<State>(TermKind::SocketState);
    has_all::<ConnectionState>(TermKind::ConnectionState);
    has_all::<RunState>(TermKind::ProcessState);
    has_all::<FileTrust>(TermKind::FileTrust);
    has_all::<OwnerStatus>(TermKind::Owner);
    has_all::<Confidence>(TermKind::Confidence);
    has_all::<GapKind>(TermKind::Gap);
    // The words on the screen, too.
    for state in ServerState::ALL {
        assert!(!terms::explained(state.in_words()).is_empty(), "{}", state.in_words());
    }
}

#[test]
fn an_explanation_is_a_few_whole_sentences() {
    for word in terms::words() {
        for term in terms::explained(word) {
            let sentences = term.meaning.split(". ").count();
            assert!(term.meaning.ends_with('.') && (1..=4).contains(&sentences), "{word}: {}", term.meaning);
            assert!(term.meaning.len() < 420 && !term.meaning.contains("  "), "{word}: {}", term.meaning);
        }
    }
    let words: Vec<&str> = terms::words().collect();
    assert!(words.iter().collect::<BTreeSet<_>>().len() > 70);
}

fn printed(line: &str) -> String {
    linux().printed(&format!("explain {line}"), None)
}

#[test]
fn own_words_are_explained() {
    insta::assert_snapshot!(printed("mismatch"), @r"
    mismatch  a word that whatlistens uses

    Verdict      The port belongs to a license manager, and the program that holds it is none of that
                 license manager's. The license server cannot start while the program holds its port.
                 Stop the program or move it to another port, if the license manager is used on this
                 machine; else nothing is wrong.
    ");
    insta::assert_snapshot!(printed("cannot-tell"), @r"
    cannot-tell  a word that whatlistens uses

    Verdict      What is visible does not decide whether the process on this license port is the right
                 one. Its file or its name may be hidden from you, another user may have replaced the
                 file, or no program is known for the port. The reason stands beside the verdict; as
                 root or administrator more can be seen.
    Server       You may not see what runs, or somebody else could have replaced the license server's
                 file, so that its state is not known. Run whatlistens as root or administrator.
    ");
    insta::assert_snapshot!(printed("orphan"), @r"
    orphan  a word that whatlistens uses

    Server       A vendor daemon is left over from a license server that has ended. It keeps its port
                 and its lock file, so that a new license server cannot start a daemon of its own. End
                 the daemon, then start the license server again.
    Problem      Critical. A daemon is left over from a license server that has ended, and keeps a new
                 one from starting. The problem names the command that ends it.
    ");
    insta::assert_snapshot!(printed("gap"), @r"
    gap  a word that whatlistens uses, and port 10800
    IANA assigns ports 1024 to 49151 on request. An assignment reserves the name, not the port: any
    program of any user can open it.

    Registry     10800 gap, Gestor de Acaparamiento para Pocket PCs (TCP and UDP)

    Meaning      Something that could not be seen or read, with the reason and with what would show
                 more. An answer with gaps may be incomplete; in the JSON, complete is then false.
    ");
    insta::assert_snapshot!(printed("owner-hidden"), @r"
    owner-hidden  a word that whatlistens uses

    Gap          You may not see who holds some sockets. It is a gap: something that could not be seen,
                 so that the answer may be incomplete. What would show more stands beside it.
    ");
    for (line, same) in [
        ("orphaned", "orphaned-daemon"),
        ("Expected", "expected"),
        ("cannot tell", "cannot-tell"),
        ("orphaned daemon", "orphaned-daemon"),
        ("all interfaces", "all-interfaces"),
        ("TIME_WAIT", "time-wait"),
    ] {
        let tail = |text: String| text.split_once('\n').map(|(_, tail)| tail.to_owned());
        assert_eq!(tail(printed(line)), tail(printed(same)), "{line}");
    }
    assert!(printed("unassigned").contains("No interface of this machine has"));
    assert!(printed("exposed").contains("--exposed"));
    let refused = linux().refusal("explain mismach");
    assert!(refused.contains("Did you mean mismatch?"), "{refused}");
}

#[test]
fn an_error_of_the_system_is_explained_by_number_and_name() {
    insta::assert_snapshot!(printed("10013"), @r"
    10013  registered port
    IANA assigns ports 1024 to 49151 on request. An assignment reserves the name, not the port: any
    program of any user can open it.

    Registry     no service assigned

    Error        10013 is WSAEACCES on Windows: Windows did not allow it: a reserved port, or a
                 firewall.
    ");
    insta::assert_snapshot!(printed("error 10013"), @r"
    error 10013  an error of the operating system

    Error        10013 is WSAEACCES on Windows: Windows did not allow it: a reserved port, or a
                 firewall.
    ");
    insta::assert_snapshot!(printed("EADDRINUSE"), @r"
    EADDRINUSE  an error of the operating system

    Error        48 is EADDRINUSE on macOS: the port is in use.
    Error        98 is EADDRINUSE on Linux: the port is in use.
    ");
    assert!(printed("98").contains("98 is EADDRINUSE on Linux"));
    assert!(printed("13").contains("13 is EACCES on"));
    assert!(printed("wsaeacces").contains("10013 is WSAEACCES"));
    assert!(printed("error 10048").contains("10048 is WSAEADDRINUSE on Windows: the port is in use."));
    assert!(!printed("10014").contains("Error"));
}

#[test]
fn a_license_error_without_its_minus_is_named() {
    insta::assert_snapshot!(printed("15").lines().last().unwrap(), @"See also     For the license error -15 of FlexNet Publisher and RLM: whatlistens explain -15");
    assert!(!printed("27000").contains("license error"));
}

#[test]
fn a_program_is_said_to_be_licensed() {
    insta::assert_snapshot!(printed("autocad").lines().next().unwrap(), @"autocad  a program licensed by Autodesk Network License Manager");
    assert!(printed("adskflex").starts_with("adskflex  license managers"), "{}", printed("adskflex"));
}

#[test]
fn a_script_reads_the_same() {
    let read = |line: &str| -> Vec<Explanation> {
        let document: Document = json_schema::read(&linux().printed(&format!("--json explain {line}"), None));
        document.explanations
    };
    let term = &read("mismatch")[0].terms[0];
    assert_eq!((term.word.as_str(), term.kind.as_str()), ("mismatch", "verdict"));
    assert!(printed("mismatch").split_whitespace().collect::<Vec<_>>().join(" ").contains(&term.meaning));
    assert_eq!(read("10013")[0].system_errors[0].name, "WSAEACCES");
    assert!(read("15")[0].hint.as_ref().unwrap().ends_with("whatlistens explain -15"));
    assert!(read("autocad")[0].licensed_by.as_ref().unwrap().starts_with("Autodesk"));
}
