//! Arguments → command → exit status.

use std::ffi::OsString;
use std::io;
use std::panic;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use whatlistens::command::{self, Error, Exit, Failure, Invocation};
use whatlistens::knowledge::Knowledge;
use whatlistens::os::{self, Stream};
use whatlistens::query::{Environment, Window};

#[global_allocator]
static MEMORY: os::Memory = os::Memory;

static FAILURE: Failure = Failure::new();

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    FAILURE.expect(command::typed_format(&args));
    FAILURE.prepare();
    panic::set_hook(Box::new(|panic| {
        os::end(tell(&command::internal_error(panic), Exit::Unobservable).code());
    }));
    let exit = os::with_room(|| run(&args)).unwrap_or_else(|error| tell(&error.to_string(), error.exit()));
    command::keep_window(Window::of_this_process(), &args, &mut stdout());
    exit.into()
}

fn run(args: &[OsString]) -> Result<Exit, Error> {
    if os::was_closed_at_start() {
        return Err(command::closed_output(args));
    }
    let knowledge = Box::leak(Box::new(Knowledge::embedded())); // The system frees it faster.
    let environment = Environment::of_this_process();
    FAILURE.expect_signs(environment.signs);
    let invocation = Invocation::parse(args, &environment, knowledge)
        .inspect_err(|refused| FAILURE.expect_refused(refused))?;
    FAILURE.expect(invocation.command.format());
    FAILURE.expect_check(invocation.command.service());
    invocation.show_delays(stderr);
    invocation.answer(knowledge, Timestamp::now, stdout(), &mut stderr())
}

fn tell(message: &str, exit: Exit) -> Exit {
    FAILURE.tell(message, exit, &mut stdout(), &mut stderr())
}

fn stdout() -> Stream<io::Stdout> {
    Stream::new(io::stdout(), &FAILURE.is_written)
}

fn stderr() -> Stream<io::Stderr> {
    static IS_WRITTEN: AtomicBool = AtomicBool::new(false);
    Stream::new(io::stderr(), &IS_WRITTEN)
}
