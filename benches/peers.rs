//! The program beside its peers, ss, netstat and lsof, under a load that this makes: each pair of runs in
//! turn, so that whatever else the machine does meets both. Prints the table in docs/performance.md.
//!
//! `cargo bench --bench peers`; as root, or other people's processes are in nobody's answer. It takes
//! two minutes, and as much memory as 1,000 small processes.
#![allow(clippy::print_stdout, reason = "whoever runs it is to read it")]

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, File};
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::process::{Child, ChildStdin, Command, Stdio};
    use std::time::{Duration, Instant};

    use nix::sys::resource::{UsageWho, getrusage};

    const PROGRAM: &str = env!("CARGO_BIN_EXE_whatlistens");
    /// So often each pair is run, beside once to get warm.
    const RUNS: usize = 11;
    /// Two descriptors each: below the 1,024 that a process usually may have.
    const CONNECTIONS_OF_ONE: usize = 400;

    /// Processes that hold files, listeners and connections until this is dropped.
    struct Load {
        holders: Vec<(Child, Option<ChildStdin>)>,
        /// A port of one of them.
        port: u16,
    }

    impl Load {
        fn start(processes: usize, files: usize, listeners: usize, connections: usize) -> Load {
            let mut load = Load { holders: Vec::new(), port: 0 };
            for at in 0..processes {
                load.hold(&["hold", &files.to_string(), if at < listeners { "1" } else { "0" }, "0"]);
            }
            for _ in 0..connections / CONNECTIONS_OF_ONE {
                load.hold(&["hold", "0", "0", &CONNECTIONS_OF_ONE.to_string()]);
            }
            load
        }

        fn hold(&mut self, args: &[&str]) {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn().expect("a holder starts");
            let mut said = String::new();
            let stdout = child.stdout.take().expect("it speaks");
            BufReader::new(stdout).read_line(&mut said).expect("it says when it is ready");
            self.port = said.trim().parse().expect("it says a port");
            let stdin = child.stdin.take();
            self.holders.push((child, stdin));
        }
    }

    impl Drop for Load {
        fn drop(&mut self) {
            // They end when nobody is there any more to write to them.
            self.holders.iter_mut().for_each(|(_, stdin)| drop(stdin.take()));
            for (holder, _) in &mut self.holders {
                let _ = holder.wait();
            }
        }
    }

    /// Holds what it is told to, says a port, and waits for the end.
    fn hold(files: usize, listeners: usize, connections: usize) {
        let mut kept: Vec<File> = Vec::new();
        kept.extend((0..files).filter_map(|_| File::open("/dev/null").ok()));
        let listen = || TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port is free");
        let listening: Vec<TcpListener> =
            (0..listeners.max(usize::from(connections > 0))).map(|_| listen()).collect();
        let port = listening.first().map_or(0, |one| one.local_addr().expect("it has one").port());
        let mut connected: Vec<TcpStream> = Vec::new();
        for _ in 0..connections {
            connected.push(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens"));
            connected.push(listening[0].accept().expect("somebody asks").0);
        }
        let mut out = std::io::stdout();
        writeln!(out, "{port}").expect("somebody reads");
        let _ = std::io::stdin().read(&mut [0]);
        assert_eq!((kept.len(), connected.len()), (files, 2 * connections), "all the while");
    }

    fn run(command: &[&str]) -> Duration {
        let since = Instant::now();
        let mut process = Command::new(command[0]);
        let status = process.args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        // 1 is that nothing matched.
        assert!(status.is_ok_and(|status| status.code().is_some_and(|code| code < 2)), "{command:?}");
        since.elapsed()
    }

    fn median(mut values: Vec<f64>) -> f64 {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// The medians of both in milliseconds, and of the ratios pair by pair.
    fn pair(own: &[&str], peer: &[&str]) -> (f64, f64, f64) {
        let milliseconds = |command: &[&str]| run(command).as_secs_f64() * 1e3;
        let _ = (run(own), run(peer));
        let pairs: Vec<(f64, f64)> = (0..RUNS).map(|_| (milliseconds(own), milliseconds(peer))).collect();
        let of = |what: fn(&(f64, f64)) -> f64| median(pairs.iter().map(what).collect());
        (of(|pair| pair.0), of(|pair| pair.1), of(|pair| pair.0 / pair.1))
    }

    fn is_there(program: &str) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    }

    fn row(work: &str, own: &[&str], peer: &[&str], target: &str) {
        if !is_there(peer[0]) {
            println!("| {work} | | {} is not installed | | {target} |", peer[0]);
            return;
        }
        let (ours, theirs, ratio) = pair(own, peer);
        println!(
            "| {work} | {ours:.1} ms | `{}` {theirs:.1} ms | **{ratio:.3}** | {target} |",
            peer.join(" ")
        );
    }

    /// The most memory that a command takes, in KiB: measured by a process that runs nothing else.
    fn peak(command: &[&str]) -> i64 {
        let mut process = Command::new(std::env::current_exe().expect("this program"));
        let output = process.arg("peak").args(command).output().expect("it runs");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("it says a number")
    }

    fn first_line(command: &str, args: &[&str]) -> String {
        let output = Command::new(command).args(args).output();
        let said = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let version = said.lines().find(|line| line.contains(|c: char| c.is_ascii_digit()));
        version.unwrap_or("is not installed").trim().to_owned()
    }

    fn number_behind(file: &str, word: &str) -> u64 {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(word)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    const SS: &[&str] = &["ss", "-tulnpH"];
    const NETSTAT: &[&str] = &["netstat", "-tulnp"];
    const LSOF: &[&str] = &["lsof", "-nP", "-iTCP", "-sTCP:LISTEN", "-iUDP"];

    fn compare() {
        let processors = std::thread::available_parallelism().map_or(0, usize::from);
        let memory = number_behind("/proc/meminfo", "MemTotal:") / (1 << 20);
        println!("Linux {}, {processors} processors, {memory} GiB.", first_line("uname", &["-r"]));
        println!(
            "{}; {}; {};",
            first_line(PROGRAM, &["--version"]),
            first_line("ss", &["-V"]),
            first_line("netstat", &["--version"])
        );
        println!(
            "lsof {}; medians of {RUNS} pairs.\n",
            first_line("lsof", &["-v"]).trim_start_matches("revision: ")
        );
        println!("| work | whatlistens | peer | ratio | target |\n| --- | --- | --- | --- | --- |");
        {
            let load = Load::start(1_000, 96, 1_000, 20_000);
            let port = load.port.to_string();
            row("everything that listens", &[PROGRAM], SS, "0.10");
            row("the same", &[PROGRAM], NETSTAT, "");
            row("the same", &[PROGRAM], LSOF, "");
            row("without the kernel's pass", &[PROGRAM, "--bpf", "never"], SS, "0.50");
            let lsof = |port| ["lsof", "-nP", "-i", port];
            row("one port, free", &[PROGRAM, "1"], &lsof(":1"), "0.05");
            row("one port, held", &[PROGRAM, &port], &lsof(&format!(":{port}")), "0.10");
            let (ours, theirs) = (peak(&[PROGRAM]), peak(SS));
            println!("| memory at most | {ours} KiB | `ss -tulnpH` {theirs} KiB | | {} KiB |", theirs + 4096);
        }
        {
            let _load = Load::start(80, 20, 20, 0);
            row("everything, 80 processes", &[PROGRAM], SS, "0.80");
            row("without the kernel's pass", &[PROGRAM, "--bpf", "never"], SS, "0.80");
        }
        let version = median((0..RUNS).map(|_| run(&[PROGRAM, "--version"]).as_secs_f64() * 1e3).collect());
        println!("| `--version` | {version:.1} ms | | | 2 ms |");
        let size = fs::metadata(PROGRAM).map_or(0, |metadata| metadata.len());
        println!("| size | {size} bytes | | | 3,145,728 |");
    }

    pub(super) fn main() {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let number = |text: &str| text.parse().unwrap_or(0);
        match args[..] {
            ["hold", files, listeners, connections] => {
                hold(number(files), number(listeners), number(connections))
            }
            ["peak", ref command @ ..] => {
                run(command);
                println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0, |usage| usage.max_rss()));
            }
            _ => compare(),
        }
    }
}

fn main() {
    #[cfg(target_os = "linux")]
    linux::main();
}
