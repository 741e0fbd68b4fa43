//! The book on every workload, in batches of 4,096, events written to columns.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use toprung_bench::messages::Messages;
use toprung_bench::{
    BATCH, Workload, aggressive, balanced, balanced_random_ids, cancel_heavy, collide, deep, referee, replays,
};
use toprung_book::{Book, BookConfig, EventColumns, Policy};

fn run(workload: &Workload, book: &mut Book, columns: &mut EventColumns) {
    for cmds in workload.commands.chunks(BATCH) {
        columns.clear();
        book.apply_batch(cmds, columns);
        black_box(columns.len());
    }
}

fn book(c: &mut Criterion) {
    let n = 200_000;
    let mut group = c.benchmark_group("book");
    group.sample_size(20).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_secs(1));
    let workloads = [balanced(n), balanced_random_ids(n), collide(n), cancel_heavy(n), aggressive(n), deep(n)];
    for workload in workloads.iter().chain(&replays()) {
        let empty = workload.loaded();
        let mut columns = EventColumns::with_capacity(8 * BATCH);
        group.throughput(Throughput::Elements(workload.commands.len() as u64));
        group.bench_function(workload.name, |b| {
            b.iter_batched_ref(|| empty.clone(), |book| run(workload, book, &mut columns), BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn policies(c: &mut Criterion) {
    let workload = balanced(200_000);
    let mut group = c.benchmark_group("policy");
    group.sample_size(20).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_secs(1));
    group.throughput(Throughput::Elements(workload.commands.len() as u64));
    for (name, policy) in [("fifo", Policy::fifo()), ("pro-rata", Policy::pro_rata(2))] {
        let empty = workload.loaded_with(BookConfig { policy, ..BookConfig::default() });
        let mut columns = EventColumns::with_capacity(8 * BATCH);
        group.bench_function(name, |b| {
            b.iter_batched_ref(|| empty.clone(), |book| run(&workload, book, &mut columns), BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn referee_flows(c: &mut Criterion) {
    let mut group = c.benchmark_group("referee");
    group.sample_size(20).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_secs(1));
    for scenario in referee::SCENARIOS {
        let workload = referee::flow(scenario, 23, 100_000);
        let messages = Messages::of(&workload);
        group.throughput(Throughput::Elements(workload.commands.len() as u64));
        group.bench_function(scenario.name, |b| {
            b.iter_batched_ref(Messages::engine, |engine| messages.run(engine), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, book, policies, referee_flows);
criterion_main!(benches);
