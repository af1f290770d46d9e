//! Any set-up of license servers that can be written down.

use jiff::civil::Date;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use whatlistens::model::{
    DaemonLine, DaemonProgram, DebugLog, Expiry, Flaw, InstalledServer, InstalledState, LicenseFile,
    LicenseLines, LicenseSetup, LicenseSystem, LockFile, MachineIdentity, NamedBy, ServerLine, ServiceStart,
    Starter,
};

use super::{address, checked, pid, port, text};

fn line() -> BoxedStrategy<usize> {
    (1..50_usize).boxed()
}

fn host() -> BoxedStrategy<String> {
    prop_oneof![text(), select(vec!["lic01".to_owned(), "this_host".to_owned(), "ANY".to_owned()])].boxed()
}

fn daemon() -> BoxedStrategy<String> {
    prop_oneof![text(), select(vec!["adskflex".to_owned(), "MLM".to_owned(), "snpslmd".to_owned()])].boxed()
}

fn date() -> BoxedStrategy<Date> {
    (-1000..3000_i16, 1..=12_i8, 1..=28_i8)
        .prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
        .boxed()
}

fn named_by() -> BoxedStrategy<NamedBy> {
    prop_oneof![
        Just(NamedBy::Caller),
        pid().prop_map(NamedBy::CommandLine),
        (pid(), text()).prop_map(|(pid, variable)| NamedBy::Environment { pid, variable }),
        pid().prop_map(NamedBy::Folder),
        text().prop_map(NamedBy::Service),
    ]
    .boxed()
}

fn lines() -> BoxedStrategy<LicenseLines> {
    let server =
        any_fields!(ServerLine { line: line(), host: host(), host_id: of(text()), port: of(port()) });
    let daemon_line = any_fields!(DaemonLine {
        line: line(),
        keyword: select(vec!["VENDOR".to_owned(), "DAEMON".to_owned(), "ISV".to_owned()]),
        name: daemon(),
        path: of(text()),
        program: checked(variant!(DaemonProgram: Executable NotExecutable Missing LoaderMissing)),
        options_file: of(text()),
        port: of(port()),
    });
    let expiry = any_fields!(Expiry {
        date: date(),
        daemon: of(daemon()),
        feature: text(),
        line: line(),
        count: any::<usize>(),
    });
    any_fields!(LicenseLines {
        system: of(variant!(LicenseSystem: Flexnet Rlm)),
        servers: vec(server, 0..4),
        daemons: vec(daemon_line, 0..3),
        use_server: any::<bool>(),
        expiries: vec(expiry, 0..3),
        flaws: vec(any_fields!(Flaw { line: of(line()), text: text() }), 0..3),
    })
}

pub(super) fn license_setup() -> BoxedStrategy<LicenseSetup> {
    let file = any_fields!(LicenseFile {
        path: text(),
        named_by: vec(named_by(), 1..4),
        contents: checked(lines()),
    });
    let installed = any_fields!(InstalledServer {
        name: text(),
        starter: variant!(Starter: Systemd InitScript Cron Windows Launchd),
        display_name: of(text()),
        command: vec(text(), 0..3),
        state: variant!(InstalledState: Running Stopped Disabled Unknown),
        starts: of(variant!(ServiceStart: Automatic Manual Disabled)),
        user: of(text()),
        exit_code: any::<Option<u32>>(),
    });
    let lock_file = any_fields!(LockFile {
        path: text(),
        daemon: daemon(),
        uid: any::<Option<u32>>(),
        held_by: of(pid()),
    });
    any_fields!(LicenseSetup {
        files: vec(file, 0..3),
        logs: vec(
            any_fields!(DebugLog {
                pid: of(pid()),
                service: of(text()),
                path: text(),
                trouble: vec(text(), 0..3)
            }),
            0..2
        ),
        installed: vec(installed, 0..3),
        lock_files: vec(lock_file, 0..2),
        has_usr_tmp: any::<Option<bool>>(),
        identity: any_fields!(MachineIdentity {
            names: vec(host(), 0..3),
            hosts: vec((host(), any::<std::net::IpAddr>()), 0..3),
            addresses: vec(any::<std::net::IpAddr>(), 0..3),
            hardware_addresses: vec(text(), 0..3),
        }),
        peers: of(vec(address(), 0..3)),
    })
}
