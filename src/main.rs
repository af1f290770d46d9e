//! Parse → observe → report → write → exit status.
#![allow(clippy::print_stderr, reason = "this is where the program speaks")]

use std::ffi::OsString;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use jiff::Timestamp;
use whatlistens::request::{Request, Stop};
use whatlistens::{os, pipeline, render};

const MATCHED: u8 = 0;
const NOTHING_MATCHED: u8 = 1;
const FAILED: u8 = 2;
const UNOBSERVABLE: u8 = 3;

/// Why there is no answer.
enum Failure {
    Usage(String),
    Unobservable(String),
    Output(io::Error),
}

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let json = args.iter().any(|arg| arg == "--json");
    let (message, status) = match answer(args) {
        Ok(status) => return ExitCode::from(status),
        // Whoever reads has read enough.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
            return ExitCode::from(MATCHED);
        }
        Err(Failure::Output(error)) => (format!("the output could not be written: {error}"), FAILED),
        Err(Failure::Usage(message)) => (message, FAILED),
        Err(Failure::Unobservable(message)) => (message, UNOBSERVABLE),
    };
    eprintln!("whatlistens: {}", render::escape(&message));
    if json {
        // Nobody is left to tell where even this cannot be written.
        let _ = render::json_error(&message, status, &mut io::stdout());
    }
    ExitCode::from(status)
}

fn answer(args: Vec<OsString>) -> Result<u8, Failure> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    let request = match Request::from_args(args) {
        Ok(request) => request,
        Err(Stop::Told(text)) => {
            stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::Output)?;
            return Ok(MATCHED);
        }
        Err(Stop::Wrong(wrong)) => return Err(Failure::Usage(wrong.to_string())),
    };
    let observation = os::observe(request.wish, Timestamp::now())
        .map_err(|error| Failure::Unobservable(error.to_string()))?;
    let report =
        pipeline::report(&request, &observation).map_err(|wrong| Failure::Usage(wrong.to_string()))?;
    render::render(&report, request.form, &request.style, &mut stdout, &mut io::stderr())
        .and_then(|()| stdout.flush())
        .map_err(Failure::Output)?;
    Ok(if report.rows.is_empty() { NOTHING_MATCHED } else { MATCHED })
}
