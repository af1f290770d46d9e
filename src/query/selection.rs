//! The words and options that choose listeners, as they can be typed again.

use super::url::without_secrets;
use crate::cli::ListArgs;

/// Those of a command line.
pub(super) fn of(args: &ListArgs) -> Vec<String> {
    let switches = [
        (args.tcp, "--tcp"),
        (args.udp, "--udp"),
        (args.ipv4, "--ipv4"),
        (args.ipv6, "--ipv6"),
        (args.licenses, "--licenses"),
        (args.flagged, "--flagged"),
        (args.exposed, "--exposed"),
        (args.deleted, "--deleted"),
    ];
    let lists = [
        ("-i", &args.internet),
        ("--address=", &args.address),
        ("--pid=", &args.pid),
        ("--process=", &args.process),
        ("--user=", &args.user),
    ];
    let switches = switches.into_iter().filter(|(is_typed, _)| *is_typed).map(|(_, name)| name.to_owned());
    let lists = lists.into_iter().flat_map(|(option, values)| {
        values.iter().map(move |value| format!("{option}{}", without_secrets(value)))
    });
    switches.chain(lists).chain(args.what.iter().map(|word| without_secrets(word).into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        list: ListArgs,
    }

    #[test]
    fn what_chooses_can_be_typed_again_and_chooses_the_same() {
        let read = |words: &[String]| Line::parse_from(["w".to_owned()].iter().chain(words)).list;
        for line in [
            "80 27000-27009 ssh",
            "-t -6 --flagged --user alice,bob --pid 5 nginx",
            "-i :80 -i tcp --address 10.1.1.1 --process lmgrd",
            "-u --licenses --exposed --deleted -4",
        ] {
            let typed: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let args = read(&typed);
            assert_eq!(read(&of(&args)), args, "{line}");
        }
        assert_eq!(of(&read(&["--columns=port".to_owned(), "--all".to_owned()])), [""; 0]);
        assert_eq!(of(&read(&["http://alice:secret@lic01:80".to_owned()])), ["http://lic01:80"]);
    }
}
