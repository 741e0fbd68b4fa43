//! A small journal cut at every byte and with every bit flipped: recovery gives exactly the book or the venue after a prefix of the
//! commands, or an error; never a panic, never another state.

use std::collections::BTreeMap;

use toprung_data::journal::{Durability, JournalOptions, Journaled, inspect, recover_of, verify};

use crate::flow::Flow;
use crate::folder::Folder;

const SEED: u64 = 1;
const OPTIONS: JournalOptions =
    JournalOptions { durability: Durability::OsCache, segment_bytes: 1 << 20, digest_every: 5 };

/// Sizes of the batches; `None` is a snapshot.
const SESSION: [Option<u64>; 9] = [Some(1), Some(3), Some(2), None, Some(4), Some(1), None, Some(3), Some(2)];
const TOTAL: u64 = 16;

type Files = Vec<(String, Vec<u8>)>;

/// A journal of three segments and two snapshots, each segment ending in a frame of commands or of a digest.
fn journal<E: Flow>() -> Files {
    let folder = Folder::new();
    let mut book = Journaled::<E>::create(folder.path(), &E::flow_config(SEED), &OPTIONS).unwrap();
    for step in SESSION {
        match step {
            Some(size) => {
                let n = book.book().commands();
                book.apply_batch(&E::flow(SEED, n, n + size), &mut ()).unwrap();
            }
            None => drop(book.snapshot().unwrap()),
        }
    }
    assert_eq!(book.book().commands(), TOTAL);
    drop(book);
    folder.files()
}

/// The state after every batch, by number of commands.
fn states<E: Flow>() -> BTreeMap<u64, E::State> {
    let mut book = E::empty(E::flow_config(SEED).book);
    let mut all = BTreeMap::from([(0, book.flow_state())]);
    for size in SESSION.into_iter().flatten() {
        let n = book.commands();
        book.carry_out(&E::flow(SEED, n, n + size), &mut ());
        all.insert(n + size, book.flow_state());
    }
    all
}

/// Where the frames of a segment begin, and the commands before each; then the end.
fn frames(bytes: &[u8], first: u64) -> Vec<(usize, u64)> {
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (mut at, mut n) = (72 + u32_at(24).next_multiple_of(8), first);
    let mut all = Vec::new();
    while at < bytes.len() {
        all.push((at, n));
        n += u32_at(at + 4) as u64;
        at += 24 + u32_at(at);
    }
    all.push((at, n));
    all
}

/// Recovers the files; a book that comes out has to be the one after some batch, and has to go on as if nothing had
/// happened.
fn outcome<E: Flow>(
    folder: &Folder,
    files: &Files,
    states: &BTreeMap<u64, E::State>,
    what: &str,
) -> Result<u64, &'static str> {
    folder.fill(files);
    let looked = (inspect(folder.path()).map(|i| i.commands), verify(folder.path()).map(|v| v.commands));
    assert_eq!(&folder.files(), files, "{what}: looking changes nothing");
    let recovered = match recover_of::<E>(folder.path()) {
        Ok(recovered) => recovered,
        Err(e) => {
            assert!(!e.to_string().is_empty());
            return Err(e.code());
        }
    };
    let n = recovered.commands;
    assert_eq!(Some(&recovered.book.flow_state()), states.get(&n), "{what}: the book after {n} commands");
    if let Ok(verified) = looked.1 {
        assert_eq!(verified, n, "{what}: verify sees what recovery gives");
    }
    if recovered.cut.is_some() {
        let again = recover_of::<E>(folder.path()).expect("a cut journal is whole");
        assert_eq!((again.commands, again.cut), (n, None), "{what}");
        let (mut book, _) = Journaled::<E>::open(folder.path(), &E::flow_config(SEED), &OPTIONS).expect("it goes on");
        book.apply_batch(&E::flow(SEED, n, TOTAL), &mut ()).unwrap();
        drop(book);
        assert_eq!(
            Some(&recover_of::<E>(folder.path()).unwrap().book.flow_state()),
            states.get(&TOTAL),
            "{what}: to the end"
        );
    }
    Ok(n)
}

fn name_of(files: &Files, prefix: &str, from_last: usize) -> usize {
    let matching: Vec<usize> = (0..files.len()).filter(|&i| files[i].0.starts_with(prefix)).collect();
    matching[matching.len() - 1 - from_last]
}

fn the_last_segment_cut_at_every_byte_gives_every_whole_frame_before_the_cut<E: Flow>() {
    let (folder, files, states) = (Folder::new(), journal::<E>(), states::<E>());
    let last = name_of(&files, "journal", 0);
    let frames = frames(&files[last].1, 11);
    assert_eq!(frames.last().unwrap(), &(files[last].1.len(), TOTAL));
    for length in 0..files[last].1.len() {
        let mut cut = files.clone();
        cut[last].1.truncate(length);
        let got = outcome::<E>(&folder, &cut, &states, &format!("cut to {length} bytes"));
        let want = frames.iter().rev().find(|(at, _)| *at <= length).map(|(_, n)| *n);
        assert_eq!(got, want.ok_or("ERR_TOPRUNG_JOURNAL_CORRUPT"), "cut to {length} bytes");
    }
}

fn every_flipped_bit_of_the_last_segment_is_cut_off_or_refused<E: Flow>() {
    let (folder, files, states) = (Folder::new(), journal::<E>(), states::<E>());
    let last = name_of(&files, "journal", 0);
    let frames = frames(&files[last].1, 11);
    let (last_frame, whole) = frames[frames.len() - 2];
    for bit in 0..files[last].1.len() * 8 {
        let mut flipped = files.clone();
        flipped[last].1[bit / 8] ^= 1 << (bit % 8);
        let got = outcome::<E>(&folder, &flipped, &states, &format!("bit {bit}"));
        if bit / 8 >= last_frame {
            assert_eq!(got, Ok(whole), "bit {bit}: the last frame is a torn tail");
        } else {
            let code = got.expect_err(&format!("bit {bit}: a corrupt middle is refused"));
            // The bytes of the format's version are the only ones that can say something valid of their own.
            let wanted = if (8..12).contains(&(bit / 8)) { "VERSION" } else { "CORRUPT" };
            assert_eq!(code, format!("ERR_TOPRUNG_JOURNAL_{wanted}"), "bit {bit}");
        }
    }
}

fn damage_that_recovery_does_not_read_changes_nothing_and_verify_finds_it<E: Flow>() {
    let (folder, files, states) = (Folder::new(), journal::<E>(), states::<E>());
    let middle = name_of(&files, "journal", 1);
    let boundaries = frames(&files[middle].1, 6);
    for at in 0..files[middle].1.len() {
        let mut bad = files.clone();
        bad[middle].1[at] ^= 0x10;
        assert_eq!(outcome::<E>(&folder, &bad, &states, &format!("byte {at}")), Ok(TOTAL));
        folder.fill(&bad);
        verify(folder.path()).expect_err("verify reads everything");
        bad = files.clone();
        bad[middle].1.truncate(at);
        assert_eq!(outcome::<E>(&folder, &bad, &states, &format!("cut to {at}")), Ok(TOTAL));
        folder.fill(&bad);
        // A digest frame at the end is no loss: the commands are all there.
        assert_eq!(verify(folder.path()).is_ok(), boundaries.contains(&(at, 11)), "cut to {at}");
    }
}

fn a_middle_segment_that_recovery_reads_may_be_neither_cut_nor_flipped<E: Flow>() {
    let (folder, mut files, states) = (Folder::new(), journal::<E>(), states::<E>());
    // Without snapshots, recovery reads all three segments.
    files.retain(|(name, _)| name.starts_with("journal"));
    assert_eq!(outcome::<E>(&folder, &files, &states, "without snapshots"), Ok(TOTAL));
    for segment in 0..2 {
        for at in 0..files[segment].1.len() {
            let mut bad = files.clone();
            bad[segment].1[at] ^= 1 << (at % 8);
            outcome::<E>(&folder, &bad, &states, "a flip").expect_err(&format!("segment {segment}, byte {at} flipped"));
            bad = files.clone();
            bad[segment].1.truncate(at);
            // A digest frame at the end is no loss: the commands are all there.
            let whole =
                frames(&files[segment].1, [0, 6][segment]).iter().any(|&(f, n)| f == at && n == [6, 11][segment]);
            let got = outcome::<E>(&folder, &bad, &states, "a cut");
            assert_eq!(got.is_ok(), whole, "segment {segment} cut to {at} bytes");
        }
    }
}

fn every_cut_and_flipped_bit_of_the_newest_snapshot_falls_back_to_the_one_before<E: Flow>() {
    let (folder, files, states) = (Folder::new(), journal::<E>(), states::<E>());
    let (newest, before) = (name_of(&files, "snapshot", 0), name_of(&files, "snapshot", 1));
    let check = |bytes: Vec<u8>, what: &str| {
        let mut bad = files.clone();
        bad[newest].1 = bytes;
        assert_eq!(outcome::<E>(&folder, &bad, &states, what), Ok(TOTAL), "{what}");
        let recovered = recover_of::<E>(folder.path()).unwrap();
        assert_eq!(recovered.snapshot_used, Some(folder.path().join(&files[before].0)), "{what}");
        assert_eq!(recovered.snapshots_refused.len(), 1, "{what}");
    };
    let good = &files[newest].1;
    for at in 0..good.len() {
        check(good[..at].to_vec(), &format!("cut to {at} bytes"));
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            check(bytes, &format!("byte {at}, bit {bit}"));
        }
    }
}

fn a_tail_of_zeros_or_of_noise_is_cut_off<E: Flow>() {
    let (folder, files, states) = (Folder::new(), journal::<E>(), states::<E>());
    let last = name_of(&files, "journal", 0);
    for (length, byte) in [(1, 0), (24, 0), (4096, 0), (1, 0xff), (33, 0xff), (777, 0x5a)] {
        let mut bad = files.clone();
        bad[last].1.extend(std::iter::repeat_n(byte, length));
        assert_eq!(outcome::<E>(&folder, &bad, &states, &format!("{length} times {byte}")), Ok(TOTAL));
    }
}

macro_rules! of_books_and_venues {
    ($($name:ident,)*) => {
        mod books {
            $(#[test]
            fn $name() {
                super::$name::<toprung_book::Book>();
            })*
        }
        mod venues {
            $(#[test]
            fn $name() {
                super::$name::<toprung_book::Venue>();
            })*
        }
    };
}

of_books_and_venues! {
    the_last_segment_cut_at_every_byte_gives_every_whole_frame_before_the_cut,
    every_flipped_bit_of_the_last_segment_is_cut_off_or_refused,
    damage_that_recovery_does_not_read_changes_nothing_and_verify_finds_it,
    a_middle_segment_that_recovery_reads_may_be_neither_cut_nor_flipped,
    every_cut_and_flipped_bit_of_the_newest_snapshot_falls_back_to_the_one_before,
    a_tail_of_zeros_or_of_noise_is_cut_off,
}
