//! Any names at any width: a table is rendered in bounded time and space.

use proptest::prelude::*;
use whatlistens::model::{Process, State};

use crate::recorded::{linux, running_with};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_name_fits_any_width(
        names in prop::collection::vec("[\\PC日🦀e\u{301}→]{0,24}", 1..8),
        users in prop::collection::vec("\\PC{0,12}", 8),
        width in 1..130_u16,
        flags in prop::sample::select(vec!["", "--args", "--connections", "--all-namespaces --connections --args"]),
        license in any::<bool>(),
    ) {
        let mut machine = linux();
        for (at, name) in names.iter().enumerate() {
            let holder = Process {
                name: Some(name.clone()),
                user: Some(users[at].clone()),
                ..running_with(10 + u32::try_from(at).unwrap(), "/x/y", |program| program.args = Some(vec![name.repeat(4)]))
            };
            let port = if license { 27000 + at } else { 8000 + at };
            machine = machine.socket(&format!("tcp 0.0.0.0:{port}"), &[holder]).but(|socket| {
                socket.state = if at % 2 == 0 { State::Bound } else { State::Listen };
            });
        }
        let printed = machine.printed(flags, Some(width));
        prop_assert!(printed.lines().count() >= names.len());
        prop_assert!(printed.len() < 100_000);
    }
}
