//! What is refused, and in which words.

use std::fs;
use std::ops::ControlFlow;

use toprung_book::{Policy, TradingVenue, Venue};
use toprung_data::journal::{
    AnyConfig, AnyRecovered, Durability, JournalError, JournalOptions, JournaledBook, JournaledVenue, inspect, recover,
    recover_any, recover_of, recover_watched, verify, verify_watched,
};

use crate::flow::{Flow, commands, config, state};
use crate::folder::Folder;

/// A journal of 300 commands in segments that begin at 0, 100 and 200, the last two with a snapshot.
fn three_segments() -> Folder {
    let folder = Folder::new();
    let mut book = JournaledBook::create(folder.path(), &config(2), &JournalOptions::default()).unwrap();
    for n in 0..3 {
        if n > 0 {
            book.snapshot().unwrap();
        }
        book.apply_batch(&commands(2, n * 100, n * 100 + 60), &mut ()).unwrap();
        book.apply_batch(&commands(2, n * 100 + 60, n * 100 + 100), &mut ()).unwrap();
    }
    book.close().unwrap();
    folder
}

fn refusal(folder: &Folder) -> JournalError {
    let e = recover(folder.path()).expect_err("refused");
    assert_eq!(verify(folder.path()).expect_err("refused").code(), e.code());
    e
}

fn segment(first: u64) -> String {
    format!("journal-{first:020}.seg")
}

fn snapshot(commands: u64) -> String {
    format!("snapshot-{commands:020}.snap")
}

#[test]
fn a_journal_of_another_configuration_or_instrument() {
    let folder = three_segments();
    let mut other = config(2);
    other.book.policy = Policy::pro_rata(2);
    let open = |config| JournaledBook::open(folder.path(), config, &JournalOptions::default()).map(|_| ());
    let e = open(&other).expect_err("another policy");
    assert_eq!(e.code(), "ERR_TOPRUNG_JOURNAL_CONFIG");
    assert!(e.to_string().contains(r#""kind":"split""#) && e.to_string().contains(r#""minLot":2"#), "{e}");
    let mut other = config(2);
    other.instrument.push('!');
    assert_eq!(open(&other).expect_err("another instrument").code(), "ERR_TOPRUNG_JOURNAL_CONFIG");
    open(&config(2)).expect("the same configuration");
}

#[test]
fn the_journal_of_a_venue_where_a_book_is_expected_and_the_other_way_round() {
    let of_book = three_segments();
    let of_venue = Folder::new();
    let mut venue =
        JournaledVenue::create(of_venue.path(), &Venue::flow_config(2), &JournalOptions::default()).unwrap();
    venue.apply_batch(&Venue::flow(2, 0, 100), &mut ()).unwrap();
    let digest = TradingVenue::digest(venue.book());
    venue.snapshot().unwrap();
    venue.close().unwrap();
    for (e, want) in [
        (recover(of_venue.path()).map(|_| ()).unwrap_err(), "expected the journal of a book, got {"),
        (recover_of::<Venue>(of_book.path()).map(|_| ()).unwrap_err(), "expected the journal of a venue, got {"),
        (
            JournaledBook::open(of_venue.path(), &config(2), &JournalOptions::default()).map(|_| ()).unwrap_err(),
            "expected the journal of a book, got {",
        ),
    ] {
        assert_eq!(e.code(), "ERR_TOPRUNG_JOURNAL_CONFIG");
        assert!(e.to_string().contains(want), "{e}");
    }
    let mut other = Venue::flow_config(2);
    other.book.band = Some(7);
    let e = JournaledVenue::open(of_venue.path(), &other, &JournalOptions::default()).map(|_| ()).unwrap_err();
    assert!(e.code() == "ERR_TOPRUNG_JOURNAL_CONFIG" && e.to_string().contains(r#""band":7"#), "{e}");
    // Who does not know asks for either.
    assert!(matches!(recover_any(of_book.path()), Ok(AnyRecovered::Book(r)) if r.commands == 300));
    assert!(matches!(recover_any(of_venue.path()), Ok(AnyRecovered::Venue(r)) if r.book.digest() == digest));
    assert_eq!(inspect(of_book.path()).unwrap().config, AnyConfig::Book(config(2)));
    assert_eq!(inspect(of_venue.path()).unwrap().config, AnyConfig::Venue(Venue::flow_config(2)));
    assert_eq!(verify(of_venue.path()).unwrap().digest, digest);
}

#[test]
fn one_who_watches_hears_how_far_it_is_and_may_stop_it_before_anything_is_cut() {
    let folder = three_segments();
    let mut seen = Vec::new();
    let verified = verify_watched(folder.path(), &mut |done, total| {
        seen.push((done, total));
        ControlFlow::Continue(())
    });
    assert_eq!(verified.unwrap().commands, 300);
    assert!(seen.is_sorted() && seen.iter().all(|&(done, total)| done < total && total == seen[0].1), "{seen:?}");
    let last = folder.path().join(segment(200));
    let bytes = fs::read(&last).unwrap();
    fs::write(&last, &bytes[..bytes.len() - 3]).unwrap();
    for stop_at in [0, seen.len() / 2] {
        let mut calls = 0;
        let mut watch = |_, _| {
            calls += 1;
            if calls > stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let e = verify_watched(folder.path(), &mut watch).unwrap_err();
        assert_eq!(e.code(), "ERR_TOPRUNG_DATA_CANCELLED");
    }
    let e = recover_watched(folder.path(), &mut |_, _| ControlFlow::Break(())).map(|_| ()).unwrap_err();
    assert_eq!(e.code(), "ERR_TOPRUNG_DATA_CANCELLED");
    assert_eq!(fs::read(&last).unwrap().len(), bytes.len() - 3);
    assert!(recover(folder.path()).unwrap().cut.is_some());
}

#[test]
fn a_folder_without_a_journal_and_one_that_has_one() {
    let folder = Folder::new();
    assert_eq!(recover(folder.path()).unwrap_err().code(), "ERR_TOPRUNG_JOURNAL_NOT_FOUND");
    fs::create_dir_all(folder.path()).unwrap();
    assert_eq!(refusal(&folder).code(), "ERR_TOPRUNG_JOURNAL_NOT_FOUND");
    assert_eq!(inspect(folder.path()).unwrap_err().code(), "ERR_TOPRUNG_JOURNAL_NOT_FOUND");
    let folder = three_segments();
    let again = JournaledBook::create(folder.path(), &config(2), &JournalOptions::default());
    assert_eq!(again.map(|_| ()).unwrap_err().code(), "ERR_TOPRUNG_JOURNAL_EXISTS");
}

#[test]
fn a_second_writer_and_recovery_while_one_writes() {
    let folder = Folder::new();
    let book = JournaledBook::create(folder.path(), &config(2), &JournalOptions::default()).unwrap();
    let second = JournaledBook::open(folder.path(), &config(2), &JournalOptions::default());
    assert_eq!(second.map(|_| ()).unwrap_err().code(), "ERR_TOPRUNG_JOURNAL_IN_USE");
    assert_eq!(recover(folder.path()).unwrap_err().code(), "ERR_TOPRUNG_JOURNAL_IN_USE");
    inspect(folder.path()).expect("looking is allowed");
    drop(book);
    recover(folder.path()).expect("the lock goes with the writer");
}

#[test]
fn missing_segments_whichever_they_are() {
    let folder = three_segments();
    fs::remove_file(folder.path().join(segment(200))).unwrap();
    let text = refusal(&folder).to_string();
    assert!(
        text.ends_with("expected a segment that begins with command 200, got only snapshot-00000000000000000200.snap"),
        "{text}"
    );

    let folder = three_segments();
    fs::remove_file(folder.path().join(snapshot(200))).unwrap();
    fs::remove_file(folder.path().join(segment(200))).unwrap();
    // Indistinguishable from a journal that ended there, but for the snapshots.
    assert_eq!(recover(folder.path()).unwrap().commands, 200);

    let folder = three_segments();
    for n in [100, 200] {
        fs::remove_file(folder.path().join(snapshot(n))).unwrap();
    }
    fs::remove_file(folder.path().join(segment(100))).unwrap();
    let text = refusal(&folder).to_string();
    assert!(
        text.ends_with("expected a segment that begins with command 100, got journal-00000000000000000200.seg"),
        "{text}"
    );
    fs::remove_file(folder.path().join(segment(0))).unwrap();
    assert_eq!(refusal(&folder).code(), "ERR_TOPRUNG_JOURNAL_MISSING");
}

#[test]
fn a_damaged_newest_snapshot_is_passed_over_and_told() {
    let folder = three_segments();
    let want = state(&recover(folder.path()).unwrap().book);
    for (damaged, used) in [(200, Some(snapshot(100))), (100, None)] {
        let path = folder.path().join(snapshot(damaged));
        let mut bytes = fs::read(&path).unwrap();
        bytes[70] ^= 1;
        fs::write(&path, bytes).unwrap();
        let recovered = recover(folder.path()).unwrap();
        assert_eq!(state(&recovered.book), want);
        assert_eq!(recovered.snapshot_used, used.map(|name| folder.path().join(name)));
        assert!(recovered.snapshots_refused.iter().any(|r| r.file == path && r.reason.contains("CRC")));
        let verified = verify(folder.path()).unwrap();
        assert!(!verified.is_sound() && verified.problems.iter().any(|p| p.contains("CRC")), "{verified:?}");
    }
}

#[test]
fn a_snapshot_of_another_book_is_found_by_verify() {
    let folder = three_segments();
    let other = Folder::new();
    let mut book = JournaledBook::create(other.path(), &config(2), &JournalOptions::default()).unwrap();
    book.apply_batch(&commands(4, 0, 100), &mut ()).unwrap();
    fs::copy(book.snapshot().unwrap(), folder.path().join(snapshot(100))).unwrap();
    let problems = verify(folder.path()).unwrap().problems;
    assert_eq!(problems.len(), 1);
    assert!(problems[0].ends_with("not the book that the journal gives after 100 commands"), "{}", problems[0]);
}

#[test]
fn a_replay_that_goes_another_way() {
    // The commands of one flow, and the digest of another: as an engine whose events have changed would find it.
    let folder = Folder::new();
    let mut book = JournaledBook::create(folder.path(), &config(2), &JournalOptions::default()).unwrap();
    book.apply_batch(&commands(2, 0, 50), &mut ()).unwrap();
    drop(book);
    let mut writer = toprung_data::journal::JournalWriter::create(
        &folder.path().join("other"),
        &config(2),
        &JournalOptions::default(),
    )
    .unwrap();
    writer.append(&commands(2, 0, 50)).unwrap();
    writer.append_digest(toprung_book::Digest::from_u128(5)).unwrap();
    drop(writer);
    let e = recover(&folder.path().join("other")).unwrap_err();
    assert_eq!(e.code(), "ERR_TOPRUNG_JOURNAL_DIVERGED");
    assert!(e.to_string().contains("after 50 commands"), "{e}");
    assert_eq!(verify(&folder.path().join("other")).unwrap_err().code(), e.code());
}

#[test]
fn options_that_cannot_be_meant() {
    let folder = Folder::new();
    let bad = [
        JournalOptions { digest_every: 0, ..JournalOptions::default() },
        JournalOptions { segment_bytes: 0, ..JournalOptions::default() },
        JournalOptions {
            durability: Durability::Group { commands: 0, interval: std::time::Duration::from_millis(1) },
            ..JournalOptions::default()
        },
    ];
    for options in bad {
        let e = JournaledBook::create(folder.path(), &config(0), &options).map(|_| ()).unwrap_err();
        assert_eq!(e.code(), "ERR_TOPRUNG_JOURNAL_OPTION");
        assert!(!folder.path().exists());
    }
}
