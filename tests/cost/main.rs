//! Cost grows linearly in what exists (house rule 12). Each stage gets an input and one of twice the size: it may
//! allocate at most [`MOST`] times as many bytes, and execute as many times the instructions. Nothing is timed, so
//! the result is the same on a busy machine.
//!
//! What the backends ask of the system is counted in system calls, by `tests/suite/live_doubled.rs`.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail and may speak")]
#![allow(unreachable_pub, reason = "nothing of a test program is public")]

mod machines;
mod stages;

use crate::stages::{STAGES, Stage};

/// How many times the cost of an input one of twice its size may have: a sort takes a little more than twice.
const MOST: f64 = 2.2;

/// So many of the stage's size: the smallest input shows what does not grow, such as reading the license facts.
const SIZES: [fn(usize) -> usize; 3] = [|size| size / 10, |size| size, |size| 2 * size];

#[test]
fn twice_the_input_allocates_twice_the_bytes() {
    let bytes = |stage: &Stage| {
        SIZES.map(|of| allocation_counter::measure((stage.prepare)(of(stage.size))).bytes_total)
    };
    let costs: Vec<[u64; 3]> = STAGES.iter().map(bytes).collect();
    assert_linear("bytes", &STAGES.iter().collect::<Vec<_>>(), &costs);
}

/// Stages that read lists without allocating much, and are small enough to count at every change.
#[cfg(target_os = "linux")]
const SCANNING: [&str; 12] = [
    "listeners of a group with peers",
    "listeners at one port, each at an address",
    "unknown names",
    "one name again and again",
    "names with commas",
    "addresses of a namespace",
    "addresses of IPv6",
    "lines of /proc/net/tcp",
    "days on which licenses expire",
    "one line of a license file",
    "lines of a policy about one port",
    "lines of a policy about a port each",
];

/// A scan of a list for each of its items allocates nothing, but takes instructions.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs valgrind"]
fn a_list_is_not_scanned_for_each_of_its_items() {
    let stages: Vec<&Stage> = STAGES.iter().filter(|stage| SCANNING.contains(&stage.name)).collect();
    assert_eq!(stages.len(), SCANNING.len());
    assert_instructions_linear(&stages);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs valgrind, and some minutes"]
fn twice_the_input_takes_twice_the_instructions() {
    assert_instructions_linear(&STAGES.iter().collect::<Vec<_>>());
}

#[cfg(target_os = "linux")]
fn assert_instructions_linear(stages: &[&Stage]) {
    let of_stage = |stage: &&Stage| {
        SIZES.map(|of| {
            let [prepared, run] = ["prepare", "run"].map(|what| instructions(stage, of(stage.size), what));
            run.saturating_sub(prepared)
        })
    };
    let costs: Vec<[u64; 3]> = stages.iter().map(of_stage).collect();
    assert_linear("instructions", stages, &costs);
}

/// The instructions of a process that prepares a stage alone, or runs it too.
#[cfg(target_os = "linux")]
fn instructions(stage: &Stage, size: usize, what: &str) -> u64 {
    let mut command = std::process::Command::new("valgrind");
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    command.arg(std::env::current_exe().unwrap()).args(["--exact", "one_stage_alone", "--test-threads=1"]);
    command.env("COST_STAGE", stage.name).env("COST_SIZE", size.to_string()).env("COST_WHAT", what);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {said}", stage.name);
    let line = said.lines().find_map(|line| line.split_once("I   refs:")).unwrap().1;
    line.trim().replace(',', "").parse().unwrap()
}

/// For [`instructions`]: does nothing unless it is told which stage.
#[test]
fn one_stage_alone() {
    let told = |name: &str| std::env::var(name).ok();
    let (Some(name), Some(size)) = (told("COST_STAGE"), told("COST_SIZE")) else { return };
    let stage = STAGES.iter().find(|stage| stage.name == name).unwrap();
    let run = (stage.prepare)(size.parse().unwrap());
    if told("COST_WHAT").as_deref() == Some("run") {
        run();
    }
}

fn assert_linear(unit: &str, stages: &[&Stage], costs: &[[u64; 3]]) {
    let mut failed = Vec::new();
    for (Stage { name, .. }, &[least, once, twice]) in stages.iter().zip(costs) {
        // A tenth of the input costs a tenth, beside what does not grow.
        let fixed = least.saturating_sub(once / 10) * 10 / 9;
        let ratio = (twice - fixed) as f64 / (once - fixed) as f64;
        eprintln!("{name}: {once} {unit}, then {twice}: {ratio:.2} times");
        if ratio > MOST {
            failed.push(format!("{name}: {once} {unit} became {twice}, {ratio:.2} times"));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}
