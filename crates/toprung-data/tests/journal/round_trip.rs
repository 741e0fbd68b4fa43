//! What is written comes back, at every durability, over segments and snapshots.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use toprung_book::{Book, Event, Venue};
use toprung_data::journal::{
    Durability, JournalOptions, JournalWriter, Journaled, JournaledBook, Snapshot, inspect, read_commands, recover,
    recover_of, verify,
};

use crate::flow::{Flow, command, commands, config, state};
use crate::folder::Folder;

fn durability() -> impl Strategy<Value = Durability> {
    let group = (1..100u64, 1..5u64)
        .prop_map(|(commands, ms)| Durability::Group { commands, interval: Duration::from_millis(ms) });
    prop_oneof![3 => Just(Durability::OsCache), 2 => group, 1 => Just(Durability::EveryBatch)]
}

/// What a session does with a journalled book.
#[derive(Clone, Debug)]
enum Step {
    Batch(u64),
    Snapshot,
    Reopen,
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..40u64).prop_map(Step::Batch), 2 => Just(Step::Snapshot), 1 => Just(Step::Reopen), 1 => Just(Step::Flush),
    ]
}

/// Whatever a session does, what is recovered is the uninterrupted one.
fn session<E: Flow>(
    seed: u64,
    durability: Durability,
    segment_bytes: u64,
    digest_every: u64,
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let folder = Folder::new();
    let (dir, config) = (folder.path(), E::flow_config(seed));
    let options = JournalOptions { durability, segment_bytes, digest_every };
    let mut plain = E::empty(config.book.clone());
    let mut book = Journaled::<E>::create(dir, &config, &options).unwrap();
    let (mut got, mut want): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
    for step in steps {
        match *step {
            Step::Batch(size) => {
                let n = plain.commands();
                let cmds = E::flow(seed, n, n + size);
                book.apply_batch(&cmds, &mut got).unwrap();
                plain.carry_out(&cmds, &mut want);
                prop_assert_eq!(&got, &want);
                prop_assert!(book.durable() <= plain.commands());
            }
            Step::Snapshot => {
                let snapshot = Snapshot::<E>::read(&book.snapshot().unwrap()).unwrap();
                prop_assert_eq!(snapshot.book.flow_state(), plain.flow_state());
                prop_assert_eq!(&snapshot.config, &config);
            }
            Step::Reopen => {
                // Dropped, not closed: as a process that ends in the middle.
                drop(book);
                let (opened, recovered) = Journaled::<E>::open(dir, &config, &options).unwrap();
                prop_assert_eq!(recovered.cut, None);
                prop_assert_eq!(opened.durable(), plain.commands());
                book = opened;
            }
            Step::Flush => {
                book.flush().unwrap();
                prop_assert_eq!(book.durable(), plain.commands());
            }
        }
    }
    book.close().unwrap();
    let recovered = recover_of::<E>(dir).unwrap();
    prop_assert_eq!(recovered.book.flow_state(), plain.flow_state());
    prop_assert_eq!(recovered.book.check(), Ok(()));
    prop_assert_eq!((recovered.commands, recovered.cut, recovered.config), (plain.commands(), None, config));
    prop_assert!(recovered.digests_checked > 0);
    let verified = verify(dir).unwrap();
    prop_assert!(verified.is_sound(), "{:?}", verified.problems);
    prop_assert_eq!((verified.commands, verified.digest), (plain.commands(), plain.digest()));
    let inspected = inspect(dir).unwrap();
    prop_assert_eq!(inspected.commands, plain.commands());
    prop_assert_eq!(inspected.snapshots.len() as u64, verified.snapshots_checked);
    prop_assert!(inspected.segments.iter().all(|s| s.damage.is_none()));
    prop_assert_eq!(inspected.segments.iter().map(|s| s.commands).sum::<u64>(), plain.commands());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_session_does_what_is_recovered_is_the_uninterrupted_one(
        seed in 0..12u64, durability in durability(), segment_bytes in 1..6_000u64, digest_every in 1..100u64,
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        session::<Book>(seed, durability, segment_bytes, digest_every, &steps)?;
        session::<Venue>(seed, durability, segment_bytes, digest_every, &steps)?;
    }
}

#[test]
fn a_group_is_durable_after_its_interval_without_further_commands() {
    let folder = Folder::new();
    let durability = Durability::Group { commands: 1 << 40, interval: Duration::from_millis(5) };
    let options = JournalOptions { durability, ..JournalOptions::default() };
    let mut writer = JournalWriter::create(folder.path(), &config(0), &options).unwrap();
    assert_eq!(writer.durable(), 0);
    let end = writer.append(&commands(0, 0, 10)).unwrap();
    let start = Instant::now();
    while writer.durable() < end {
        assert!(start.elapsed() < Duration::from_secs(20), "no sync after the interval");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_group_is_durable_after_its_commands_whatever_the_interval() {
    let folder = Folder::new();
    let durability = Durability::Group { commands: 10, interval: Duration::from_secs(60) };
    let options = JournalOptions { durability, ..JournalOptions::default() };
    let mut writer = JournalWriter::create(folder.path(), &config(0), &options).unwrap();
    let start = Instant::now();
    writer.append(&commands(0, 0, 10)).unwrap();
    while writer.durable() < 10 {
        assert!(start.elapsed() < Duration::from_secs(20), "no sync after the group");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn every_batch_is_durable_when_append_returns_and_nothing_is_without_a_sync() {
    for (durability, durable) in [(Durability::EveryBatch, 7), (Durability::OsCache, 0)] {
        let folder = Folder::new();
        let options = JournalOptions { durability, ..JournalOptions::default() };
        let mut writer = JournalWriter::create(folder.path(), &config(0), &options).unwrap();
        assert_eq!((writer.append(&commands(0, 0, 7)).unwrap(), writer.durable()), (7, durable));
        writer.flush().unwrap();
        assert_eq!((writer.commands(), writer.durable()), (7, 7));
    }
}

#[test]
fn a_batch_larger_than_a_frame_comes_back_whole() {
    use toprung_data::journal::FRAME_COMMANDS_MAX;
    let folder = Folder::new();
    let cmds = vec![command(0, 1); FRAME_COMMANDS_MAX + 3];
    let options = JournalOptions { durability: Durability::OsCache, ..JournalOptions::default() };
    let mut writer = JournalWriter::create(folder.path(), &config(0), &options).unwrap();
    writer.append(&cmds).unwrap();
    drop(writer);
    let inspected = inspect(folder.path()).unwrap();
    assert_eq!((inspected.commands, inspected.segments[0].frames), (cmds.len() as u64, 2));
}

#[test]
fn segments_before_a_snapshot_may_be_deleted() {
    let folder = Folder::new();
    let config = config(1);
    let mut book = JournaledBook::create(folder.path(), &config, &JournalOptions::default()).unwrap();
    book.apply_batch(&commands(1, 0, 500), &mut ()).unwrap();
    book.snapshot().unwrap();
    book.apply_batch(&commands(1, 500, 900), &mut ()).unwrap();
    let want = state(book.book());
    book.close().unwrap();
    std::fs::remove_file(folder.path().join("journal-00000000000000000000.seg")).unwrap();
    let recovered = recover(folder.path()).unwrap();
    assert_eq!((state(&recovered.book), recovered.segments), (want, 1));
    let verified = verify(folder.path()).unwrap();
    assert_eq!((verified.commands, verified.snapshots_checked, verified.problems.len()), (900, 1, 0));
}

#[test]
fn the_commands_of_a_journal_are_read_without_carrying_them_out() {
    let (folder, config) = (Folder::new(), config(5));
    let options = JournalOptions { segment_bytes: 2_000, ..JournalOptions::default() };
    let mut book = JournaledBook::create(folder.path(), &config, &options).unwrap();
    let cmds = commands(5, 0, 1_000);
    cmds.chunks(100).for_each(|batch| book.apply_batch(batch, &mut ()).map(drop).unwrap());
    book.snapshot().unwrap();
    drop(book);
    assert!(inspect(folder.path()).unwrap().segments.len() > 2);
    assert_eq!(read_commands(folder.path()).unwrap(), (config, cmds));
    let first = inspect(folder.path()).unwrap().segments[0].file.clone();
    std::fs::remove_file(first).unwrap();
    assert_eq!(read_commands(folder.path()).unwrap_err().code(), "ERR_TOPRUNG_JOURNAL_MISSING");
}
