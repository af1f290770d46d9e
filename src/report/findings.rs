//! What was found → the answer of a monitoring plugin: the worst in one line, and all of it below.

use crate::model::phrase::first_few;
use crate::model::{CheckResult, CheckService, CheckStatus, Finding, Performance};

/// So many findings are in the first line; the others are counted there.
const MOST_IN_LINE: usize = 3;
/// So many findings have a line of their own. Some monitoring systems keep no more than 4 KiB.
const MOST_LINES: usize = 20;
/// So many characters of a finding are said.
const LONGEST: usize = 400;

/// The answer, where `ok` is what to say if nothing was found.
pub(super) fn answer(
    service: CheckService,
    findings: &[Finding],
    ok: &str,
    performance: Vec<Performance>,
) -> CheckResult {
    let ordered: Vec<&Finding> =
        CheckStatus::BY_WEIGHT.iter().flat_map(|status| with_status(findings, *status)).collect();
    let all = CheckResult { performance, findings: Vec::new(), ..CheckResult::unknown(service, ok) };
    let Some(worst) = ordered.first() else {
        return CheckResult { status: CheckStatus::Ok, ..all };
    };
    let status = worst.status;
    let of_status: Vec<&Finding> = with_status(findings, status).collect();
    let (shown, more) = first_few(&of_status, MOST_IN_LINE);
    let mut shown: Vec<String> = shown.iter().map(|finding| shortened(&finding.text)).collect();
    shown.extend((more > 0).then(|| format!("{more} more")));
    let (lines, more) = first_few(&ordered, MOST_LINES);
    let mut details: Vec<String> =
        lines.iter().map(|one| format!("{}: {}", one.status.code(), shortened(&one.text))).collect();
    details.extend((more > 0).then(|| format!("{more} more")));
    if ordered.len() == 1 {
        details.clear();
    }
    let findings = ordered.into_iter().cloned().collect();
    CheckResult { status, text: shown.join("; "), details, findings, ..all }
}

fn with_status(findings: &[Finding], status: CheckStatus) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(move |finding| finding.status == status)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
