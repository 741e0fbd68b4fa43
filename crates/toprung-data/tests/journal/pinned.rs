//! The format, byte for byte: `tests/fixtures/journal` and `tests/fixtures/journal-venue` are what this build writes,
//! and what it recovers. The latter pins the state of a venue too, as snapshots have it.
//!
//! A difference means that journals in people's hands no longer mean the same. Raise `FORMAT_VERSION` (the bytes) or
//! `SEMANTICS_VERSION` (the events), then write the fixture anew:
//! `TOPRUNG_WRITE_FIXTURES=1 cargo test -p toprung-data --test journal pinned`.

use std::fs;
use std::path::Path;

use toprung_book::Venue;
use toprung_data::journal::{Durability, JournalOptions, JournaledBook, JournaledVenue, recover, recover_of};

use crate::flow::{Flow, commands, config, state};
use crate::folder::Folder;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/journal");

/// What was written is what is kept in `fixture`, byte for byte; puts what is kept in its place.
fn is_kept(folder: &Folder, fixture: &str) {
    let fixture = Path::new(fixture);
    let written = folder.files();
    if std::env::var_os("TOPRUNG_WRITE_FIXTURES").is_some() {
        fs::create_dir_all(fixture).unwrap();
        for (name, bytes) in &written {
            fs::write(fixture.join(name), bytes).unwrap();
        }
    }
    let kept: Vec<_> = written.iter().map(|(name, _)| (name.clone(), fs::read(fixture.join(name)).unwrap())).collect();
    assert!(written == kept, "the bytes differ: see the head of this file");
    folder.fill(&kept);
}

#[test]
fn the_journal_that_is_kept_is_what_this_build_writes() {
    let folder = Folder::new();
    let options = JournalOptions { durability: Durability::OsCache, segment_bytes: 1 << 20, digest_every: 20 };
    let mut book = JournaledBook::create(folder.path(), &config(1), &options).unwrap();
    for n in [0, 10, 20, 30] {
        book.apply_batch(&commands(1, n, n + 10), &mut ()).unwrap();
        if n == 20 {
            book.snapshot().unwrap();
        }
    }
    let want = state(book.book());
    book.close().unwrap();
    is_kept(&folder, FIXTURE);
    assert_eq!(state(&recover(folder.path()).unwrap().book), want);
}

#[test]
fn the_journal_of_a_venue_that_is_kept_is_what_this_build_writes() {
    const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/journal-venue");
    let folder = Folder::new();
    let options = JournalOptions { durability: Durability::OsCache, segment_bytes: 1 << 20, digest_every: 40 };
    let mut venue = JournaledVenue::create(folder.path(), &Venue::flow_config(2), &options).unwrap();
    for n in [0, 20, 40, 60] {
        venue.apply_batch(&Venue::flow(2, n, n + 20), &mut ()).unwrap();
        if n == 40 {
            venue.snapshot().unwrap();
        }
    }
    let want = venue.book().state();
    venue.close().unwrap();
    is_kept(&folder, FIXTURE);
    let recovered = recover_of::<Venue>(folder.path()).unwrap();
    assert!(recovered.snapshot_used.is_some() && recovered.digests_checked > 0);
    assert_eq!(recovered.book.state(), want);
}
