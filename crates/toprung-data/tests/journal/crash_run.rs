//! Killing a process that journals, again and again: shared by the crash test and the `crash` example.
//!
//! The child journals a flow that depends on nothing but a seed and prints the durable number as it grows. The parent
//! kills it at a random moment, recovers, and compares with a book or a venue that was never interrupted. The next child goes on
//! with the same journal.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use toprung_data::journal::{Durability, JournalOptions, Journaled, recover_of, verify};

use crate::flow::{Flow, batch};
use crate::folder::Folder;

/// Kills after which a new journal is begun, with another seed and durability.
const KILLS_PER_JOURNAL: u64 = 10;

/// Longest life of a child that nobody kills.
const CHILD_LIFE: Duration = Duration::from_secs(20);

/// What a run of kills found.
#[derive(Debug, Default)]
pub(crate) struct CrashReport {
    pub(crate) kills: u64,
    /// Recoveries that cut a torn tail.
    pub(crate) cut: u64,
    /// Recoveries that began from a snapshot.
    pub(crate) from_snapshot: u64,
    /// Commands in the recovered journals, the last recovery of each.
    pub(crate) commands: u64,
    /// Commands that were found beyond the last durable number, at most.
    pub(crate) beyond_durable_max: u64,
}

fn options(seed: u64) -> JournalOptions {
    let durability = match seed % 3 {
        0 => Durability::Group { commands: 256, interval: Duration::from_millis(2) },
        1 => Durability::EveryBatch,
        _ => Durability::OsCache,
    };
    JournalOptions { durability, segment_bytes: 1 << 17, digest_every: 1_000 }
}

/// Journals flow `seed` in `dir` until somebody kills the process. Every line on stdout is `durable <number>`.
pub(crate) fn child<E: Flow>(dir: &Path, seed: u64) {
    let (config, options, start) = (E::flow_config(seed), options(seed), Instant::now());
    let opened = match Journaled::<E>::create(dir, &config, &options) {
        Ok(book) => Ok(book),
        Err(e) if e.code() == "ERR_TOPRUNG_JOURNAL_EXISTS" => Journaled::open(dir, &config, &options).map(|(b, _)| b),
        Err(e) => Err(e),
    };
    let mut book = opened.expect("a killed journal opens again");
    let mut told = u64::MAX;
    while start.elapsed() < CHILD_LIFE {
        let n = book.book().commands();
        book.apply_batch(&E::flow(seed, n, n + batch(n, 64)), &mut ()).expect("the disk has room");
        if n % 97 == 0 {
            book.snapshot().expect("the disk has room");
        }
        let durable = book.durable();
        if durable != told {
            told = durable;
            let mut out = io::stdout().lock();
            // The parent may be gone.
            if writeln!(out, "durable {durable}").and_then(|()| out.flush()).is_err() {
                return;
            }
        }
    }
}

/// Kills `kills` children, which `spawn` prepares to run [`child`] of the same kind with a folder and a seed.
pub(crate) fn run<E: Flow>(kills: u64, seed: u64, spawn: &dyn Fn(&Path, u64) -> Command) -> CrashReport {
    let mut report = CrashReport::default();
    let mut random = seed;
    while report.kills < kills {
        let seed = seed + report.kills / KILLS_PER_JOURNAL;
        let folder = Folder::new();
        let mut reference = E::empty(E::flow_config(seed).book);
        for _ in 0..KILLS_PER_JOURNAL.min(kills - report.kills) {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let durable = kill_one(spawn(folder.path(), seed), random >> 40);
            report.kills += 1;
            if !folder.path().join("journal-00000000000000000000.seg").exists() {
                // Killed before there was a journal.
                assert_eq!(durable, 0, "nothing was durable without a journal");
                continue;
            }
            let verified = verify(folder.path()).expect("what a kill leaves verifies");
            assert!(verified.is_sound(), "{:?}", verified.problems);
            let recovered = recover_of::<E>(folder.path()).expect("what a kill leaves recovers");
            let n = recovered.commands;
            assert!(n >= durable, "{n} commands were recovered, {durable} were durable");
            assert!(n >= reference.commands(), "{n} commands were recovered, {} before", reference.commands());
            reference.carry_out(&E::flow(seed, reference.commands(), n), &mut ());
            assert_eq!(
                recovered.book.flow_state(),
                reference.flow_state(),
                "the state after {n} commands of flow {seed}"
            );
            report.cut += u64::from(recovered.cut.is_some());
            report.from_snapshot += u64::from(recovered.snapshot_used.is_some());
            report.beyond_durable_max = report.beyond_durable_max.max(n - durable);
        }
        report.commands += reference.commands();
    }
    report
}

/// Starts a child, kills it at a moment that `random` decides, and gives the last durable number that it printed.
fn kill_one(mut command: Command, random: u64) -> u64 {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the child starts");
    let durable = Arc::new(AtomicU64::new(0));
    let lines = Arc::new(AtomicU64::new(0));
    let out = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    let (durable_there, lines_there) = (Arc::clone(&durable), Arc::clone(&lines));
    let reader = std::thread::spawn(move || {
        for line in out.split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            if let Some(n) = line.strip_prefix("durable ").and_then(|n| n.parse().ok()) {
                durable_there.store(n, Ordering::Relaxed);
                lines_there.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let start = Instant::now();
    // One in five is killed while it starts; the others once they journal.
    if !random.is_multiple_of(5) {
        while lines.load(Ordering::Relaxed) == 0 && start.elapsed() < CHILD_LIFE && running(&mut child) {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    std::thread::sleep(Duration::from_micros(random / 5 % 60_000));
    assert!(running(&mut child), "the child ended by itself");
    child.kill().expect("the child can be killed");
    child.wait().expect("the child was killed");
    // What was in the pipe is read to its end before the number counts.
    reader.join().expect("the reader ends");
    durable.load(Ordering::Relaxed)
}

fn running(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(None))
}
