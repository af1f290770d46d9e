//! How long each stage takes between what a system says and what is shown, for 1,000, 10,000 and 60,000
//! listeners: it should grow with their number and no faster. Run it with `cargo bench --bench stages`.

use std::hint::black_box;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use whatlistens::cli::{Color, GlobalArgs, ListArgs};
use whatlistens::knowledge::Knowledge;
use whatlistens::model::{
    Executable, Holding, Host, Observation, Os, Presence, Process, Program, Protocol, Socket, SocketId, State,
};
use whatlistens::os::DEADLINE;
use whatlistens::os::decode::linux::{inet_diag, proc_pid};
use whatlistens::query::{Environment, Output, Query};
use whatlistens::render::{self, Answer, Format};
use whatlistens::report::{attribute, report};

const SIZES: [u32; 3] = [1_000, 10_000, 60_000];

/// A machine with so many listeners, each with a process of its own.
fn machine(listeners: u32) -> Observation {
    let process = |pid: u32| {
        let name = format!("server-{}", pid % 100);
        Arc::new(Process {
            pid,
            ppid: Some(1),
            presence: Presence::Running(Program {
                exe: Some(Executable { path: format!("/usr/sbin/{name}"), ..Executable::default() }),
                ..Program::default()
            }),
            short_name: Some(name.clone()),
            name: Some(name),
            uid: Some(1000),
            user: Some("alice".to_owned()),
            started_at: Timestamp::from_second(1_795_000_000 + i64::from(pid)).ok(),
            ..Process::default()
        })
    };
    let socket = |id: u32| {
        let port = u16::try_from(id % 60_000 + 1_024).unwrap_or(1);
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Socket {
            uid: Some(1000),
            user: Some("alice".to_owned()),
            ..Socket::new(SocketId(u64::from(id)), Protocol::Tcp, State::Listen, local)
        }
    };
    let host = Host { name: Some("many".to_owned()), os: Os::Linux, id: None };
    Observation {
        privileged: true,
        sockets: (0..listeners).map(socket).collect(),
        holdings: (0..listeners)
            .map(|id| Holding { socket: SocketId(u64::from(id)), pid: id + 100 })
            .collect(),
        processes: (0..listeners).map(|id| (id + 100, process(id + 100))).collect(),
        ..Observation::new(host, Timestamp::UNIX_EPOCH)
    }
}

fn stages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("listeners");
    group.sample_size(20);
    let knowledge = Knowledge::embedded();
    for size in SIZES {
        let observation = machine(size);
        group.throughput(Throughput::Elements(u64::from(size)));
        group.bench_function(BenchmarkId::new("attribute", size), |bencher| {
            bencher.iter(|| attribute(black_box(&observation)));
        });
        let Ok(query) = Query::resolve(&ListArgs::default(), &knowledge) else { panic!("nothing is asked") };
        group.bench_function(BenchmarkId::new("report", size), |bencher| {
            bencher.iter(|| report(&query, black_box(&observation), &knowledge, ""));
        });
        let Ok(report) = report(&query, &observation, &knowledge, "") else { panic!("nothing is asked") };
        let plain =
            GlobalArgs { output: None, json: false, from: None, color: Color::Never, deadline: DEADLINE };
        let style = Output::new(&plain, &Environment::plain()).expect("one format").style;
        let write = |report, format| {
            render::write(Answer::Listing(report), format, &style, &mut io::sink(), &mut io::sink())
        };
        group.bench_function(BenchmarkId::new("table", size), |bencher| {
            bencher.iter(|| write(&report, Format::Text));
        });
        group.bench_function(BenchmarkId::new("json", size), |bencher| {
            bencher.iter(|| write(&report, Format::Json));
        });
    }
    group.finish();
}

/// What the kernel says of one listener, as it was recorded, so many times.
fn decoders(criterion: &mut Criterion) {
    const LISTENER: [u8; 124] = {
        let mut message = [0; 124];
        (message[0], message[4], message[6], message[8]) = (124, 20, 2, 7);
        // The body: IPv4, LISTEN, port 39303, 127.0.0.1; then no attribute that is known.
        (message[16], message[17], message[20], message[21]) = (2, 10, 0x99, 0x87);
        (message[24], message[27]) = (127, 1);
        (message[84], message[88], message[90]) = (0x54, 36, 99);
        message
    };
    let datagram = LISTENER.repeat(500);
    let understood = inet_diag::read(Protocol::Tcp, &datagram, 7);
    assert!(understood.messages.len() == 500 && !understood.malformed, "{understood:?}");
    criterion.bench_function("decode 500 sockets of sock_diag", |bencher| {
        bencher.iter(|| inet_diag::read(Protocol::Tcp, black_box(&datagram), 7));
    });
    let stat = "4242 (nginx) S 17 4242 4242 0 -1 4194560 1263 0 0 0 3 1 0 0 20 0 1 0 24431 25661440 2613 18446744073709551615 1 1 0 0 0 0 0 4096 2 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
    criterion.bench_function("decode /proc/PID/stat", |bencher| {
        bencher.iter(|| proc_pid::stat(black_box(stat.as_bytes())));
    });
}

criterion_group!(benches, decoders, stages);
criterion_main!(benches);
