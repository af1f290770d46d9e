//! How long a look-up takes: in the registry's text, which is searched where it lies, and in the
//! license facts. Run it with `cargo bench --bench lookup`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use whatlistens::knowledge::{Knowledge, Licenses, PortClaims};
use whatlistens::model::Protocol;

/// 1,000 ports spread over all of them, by a stride that meets every residue.
fn spread() -> impl Iterator<Item = u16> {
    (0..1000u32).map(|n| (n * 40_503 % 65_536) as u16)
}

fn registry(criterion: &mut Criterion) {
    let registry = Knowledge::embedded().registry;
    criterion.bench_function("one service", |bencher| {
        bencher.iter(|| registry.service(black_box(1538), Protocol::Tcp));
    });
    criterion.bench_function("1,000 services", |bencher| {
        bencher.iter(|| spread().filter_map(|port| registry.service(port, Protocol::Tcp)).count());
    });
}

fn licenses(criterion: &mut Criterion) {
    criterion.bench_function("the licenses, parsed", |bencher| {
        let text = include_str!(concat!(env!("OUT_DIR"), "/licenses.json"));
        bencher.iter(|| Licenses::parse(black_box(text)));
    });
    let knowledge = Knowledge::embedded();
    criterion.bench_function("1,000 places", |bencher| {
        bencher.iter(|| {
            let places = spread().map(|port| knowledge.claims(port, Some(Protocol::Tcp)));
            places.filter(PortClaims::is_license_port).count()
        });
    });
}

criterion_group!(benches, registry, licenses);
criterion_main!(benches);
