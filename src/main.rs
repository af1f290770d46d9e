//! Parse → observe → report → write → exit status.

use std::ffi::OsString;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use jiff::Timestamp;
use whatlistens::judge::Inspection;
use whatlistens::query::{Request, Stop, Task};
use whatlistens::{os, render, report};

const MATCHED: u8 = 0;
const NOTHING_MATCHED: u8 = 1;
const FAILED: u8 = 2;
const UNOBSERVABLE: u8 = 3;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let json = args.iter().any(|arg| arg == "--json");
    let (message, status) = match answer(args) {
        Ok(status) => return ExitCode::from(status),
        Err(failure) => failure,
    };
    // Where even this cannot be written, only the exit status is left to tell.
    let _ = writeln!(io::stderr(), "whatlistens: {}", render::escape(&message));
    if json {
        let _ = render::json_error(&message, status, &mut io::stdout());
    }
    ExitCode::from(status)
}

/// The exit status of an answer, or why there is none and the status of that.
fn answer(args: Vec<OsString>) -> Result<u8, (String, u8)> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    let (rendered, status) = match Task::from_args(args) {
        Ok(Task::Look(request)) => look(&request, &mut stdout)?,
        Ok(Task::Explain(lookup)) => {
            let told = report::explain(&lookup).map_err(|wrong| (wrong.to_string(), FAILED))?;
            (render::explanations(&told, lookup.json, &lookup.style, &mut stdout), MATCHED)
        }
        Err(Stop::Told(text)) => (write!(stdout, "{text}"), MATCHED),
        Err(Stop::Wrong(wrong)) => return Err((wrong.to_string(), FAILED)),
    };
    match rendered.and_then(|()| stdout.flush()) {
        // A broken pipe: whoever reads has read enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err((format!("the output could not be written: {error}"), FAILED))
        }
        _ => Ok(status),
    }
}

/// Looks at the machine and says what is there; the status is whether anything matched.
fn look(request: &Request, out: &mut dyn Write) -> Result<(io::Result<()>, u8), (String, u8)> {
    let observation = os::observe(&report::scope(request), &Inspection, Timestamp::now())
        .map_err(|error| (error.to_string(), UNOBSERVABLE))?;
    let report = report::report(request, &observation).map_err(|wrong| (wrong.to_string(), FAILED))?;
    let status = if report.matched() { MATCHED } else { NOTHING_MATCHED };
    Ok((render::render(&report, request.form, &request.style, out, &mut io::stderr()), status))
}
