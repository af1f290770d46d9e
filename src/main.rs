//! Arguments → command → exit status.

use std::ffi::OsString;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use jiff::Timestamp;
use whatlistens::command::{Command, Context, Error, Exit, LiveMachine};
use whatlistens::knowledge::Knowledge;
use whatlistens::query::Environment;
use whatlistens::render;

/// The size of the buffer for output, in bytes: as much as a pipe takes at once.
const BUFFER: usize = 64 * 1024;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let error = match run(&args) {
        Ok(exit) => return exit.into(),
        // The reader has read enough, of an answer longer than a pipe takes at once.
        Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => return Exit::Matched.into(),
        Err(error) => error,
    };
    let exit = match error {
        Error::Usage(_) | Error::Output(_) => Exit::Failed,
        Error::Unobservable(_) => Exit::Unobservable,
    };
    // Where even this cannot be written, only the exit status is left to tell.
    let message = error.to_string();
    let _ = writeln!(io::stderr(), "whatlistens: {}", render::escape(&message));
    if args.iter().any(|arg| arg == "--json") {
        let _ = render::json_error(&message, exit.code(), &mut io::stdout());
    }
    exit.into()
}

fn run(args: &[OsString]) -> Result<Exit, Error> {
    let knowledge = Knowledge::embedded();
    let command = Command::parse(args, &Environment::of_this_process(), &knowledge)?;
    let machine = LiveMachine { knowledge: &knowledge, now: Timestamp::now() };
    let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let mut context =
        Context { knowledge: &knowledge, source: &machine, out: &mut out, notes: &mut io::stderr() };
    let exit = command.run(&mut context)?;
    match out.flush() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(exit),
    }
}
