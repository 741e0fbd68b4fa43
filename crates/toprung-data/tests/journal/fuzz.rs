//! No content of a journal's files may panic: random bytes, and random frames with right checksums.

use proptest::collection::vec;
use proptest::prelude::*;
use toprung_book::{Book, Venue};
use toprung_data::journal::{Durability, JournalOptions, Journaled, inspect, recover_of, verify};

use crate::flow::Flow;
use crate::folder::Folder;

const SEGMENT: &str = "journal-00000000000000000000.seg";

/// A segment's header, as the writer makes it.
fn header<E: Flow>() -> Vec<u8> {
    let folder = Folder::new();
    drop(Journaled::<E>::create(folder.path(), &E::flow_config(0), &JournalOptions::default()).unwrap());
    folder.files().swap_remove(0).1
}

/// A frame whose checksums hold, whatever is in it.
fn frame(length: u32, count: u32, first: u64, payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    head.extend(length.to_le_bytes());
    head.extend(count.to_le_bytes());
    head.extend(first.to_le_bytes());
    head.extend(crc32c::crc32c(payload).to_le_bytes());
    head.extend(crc32c::crc32c(&head).to_le_bytes());
    head.extend(payload);
    head
}

/// Looks at, verifies and recovers; what comes out is sound, and comes out again. Gives its commands.
fn look<E: Flow>(files: &[(String, Vec<u8>)]) -> Option<u64> {
    let folder = Folder::new();
    folder.fill(files);
    let _ = (inspect(folder.path()), verify(folder.path()));
    let recovered = recover_of::<E>(folder.path()).ok()?;
    assert_eq!(recovered.book.check(), Ok(()));
    assert_eq!(recovered.commands, recovered.book.commands());
    let again = recover_of::<E>(folder.path()).expect("what was recovered can be recovered again");
    assert_eq!(again.book.flow_state(), recovered.book.flow_state());
    Some(recovered.commands)
}

/// The fields of a record that are not numbers of any size: their place, and the number of their values.
const DOMAINS: &[(usize, u8)] = &[(28, 5), (29, 2), (30, 7), (31, 8), (104, 12), (105, 10), (106, 3), (109, 32)];

/// The fields that are reserved.
const RESERVED: &[usize] = &[107, 110, 111];

/// Records of commands in place of any bytes.
fn make_records<E: Flow>(payload: &mut Vec<u8>) -> u32 {
    payload.resize(E::RECORD_BYTES * payload.len().div_ceil(E::RECORD_BYTES), 0);
    for record in payload.chunks_mut(E::RECORD_BYTES) {
        for &(at, below) in DOMAINS.iter().filter(|(at, _)| *at < E::RECORD_BYTES) {
            record[at] %= below;
        }
        for &at in RESERVED.iter().filter(|at| **at < E::RECORD_BYTES) {
            record[at] = 0;
        }
    }
    (payload.len() / E::RECORD_BYTES) as u32
}

type AnyFrame = (u32, u32, u32, u64, bool, Vec<u8>);

fn segment_of<E: Flow>(frames: &[AnyFrame]) -> Vec<u8> {
    let mut bytes = header::<E>();
    let mut next = 0;
    for (mode, any, count, first, right, payload) in frames.iter().cloned() {
        let mut payload = payload;
        if right {
            let count = make_records::<E>(&mut payload);
            bytes.extend(frame(payload.len() as u32, count, next, &payload));
            next += u64::from(count);
        } else {
            let length = if mode == 0 { any } else { payload.len() as u32 };
            let count = if mode == 1 { any } else { count };
            bytes.extend(frame(length, count, if mode == 2 { u64::MAX - first } else { first }, &payload));
        }
    }
    bytes
}

/// A journal with a snapshot in the middle, and what it held when.
fn journal<E: Flow>(seed: u64) -> Vec<(String, Vec<u8>)> {
    let folder = Folder::new();
    let options = JournalOptions { durability: Durability::OsCache, segment_bytes: 1 << 20, digest_every: 20 };
    let mut book = Journaled::<E>::create(folder.path(), &E::flow_config(seed), &options).unwrap();
    book.apply_batch(&E::flow(seed, 0, 30), &mut ()).unwrap();
    assert!(book.book().order_count() > 2);
    book.snapshot().unwrap();
    book.apply_batch(&E::flow(seed, 30, 40), &mut ()).unwrap();
    book.apply_batch(&E::flow(seed, 40, 60), &mut ()).unwrap();
    drop(book);
    folder.files()
}

/// Bytes of a snapshot that are something else, under a checksum that is right.
fn resealed_snapshot<E: Flow>(edits: &[(usize, u8)]) {
    let mut files = journal::<E>(1);
    let bytes = &mut files.last_mut().unwrap().1;
    let end = bytes.len() - 8;
    for &(at, byte) in edits {
        bytes[8 + at % (end - 8)] = byte;
    }
    let crc = crc32c::crc32c(&bytes[..end]);
    bytes[end + 4..].copy_from_slice(&crc.to_le_bytes());
    look::<E>(&files);
}

/// One journal after another with a few bytes changed, cut out or put in, in any of its files: what comes out is the state
/// after a prefix of the commands, or an error.
fn mutated<E: Flow>(rounds: u64, from: u64) {
    const ENDS: [u64; 4] = [0, 30, 40, 60];
    let (good, seed) = (journal::<E>(2), 2);
    let states = ENDS.map(|end| {
        let mut book = E::empty(E::flow_config(seed).book);
        book.carry_out(&E::flow(seed, 0, end), &mut ());
        book.flow_state()
    });
    let folder = Folder::new();
    let mut bits = from;
    let mut draw = move |below: usize| {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(bits) * below as u128) >> 64) as usize
    };
    let mut recovered = 0;
    for round in 0..rounds {
        let mut files = good.clone();
        for _ in 0..=draw(3) {
            let file = draw(files.len());
            let bytes = &mut files[file].1;
            let at = draw(bytes.len() + 1);
            match draw(5) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..bytes.len().min(at + 1 + draw(40)))),
                2 => drop(bytes.splice(at..at, vec![draw(256) as u8; draw(40)])),
                3 => bytes.iter_mut().skip(at).take(draw(16)).for_each(|b| *b = draw(256) as u8),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << draw(8)),
            }
        }
        folder.fill(&files);
        let _ = (inspect(folder.path()), verify(folder.path()));
        if let Ok(found) = recover_of::<E>(folder.path()) {
            let place = ENDS.iter().position(|end| *end == found.commands);
            let place = place.unwrap_or_else(|| panic!("round {round}: {} commands are no prefix", found.commands));
            assert_eq!(found.book.flow_state(), states[place], "round {round} from {from}");
            recovered += 1;
        }
    }
    assert!(recovered > 0 && recovered < rounds, "{recovered} of {rounds} recovered");
}

#[test]
fn a_mutated_journal_gives_a_prefix_or_an_error() {
    mutated::<Book>(1_000, 1);
    mutated::<Venue>(1_000, 1);
}

#[test]
#[ignore = "long: npm run fuzz"]
fn long_run_of_mutated_journals() {
    for from in 2..12 {
        mutated::<Book>(20_000, from);
        mutated::<Venue>(20_000, from);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_as_segment_and_snapshot(segment in vec(any::<u8>(), 0..400), snapshot in vec(any::<u8>(), 0..400)) {
        look::<Book>(&[(SEGMENT.to_owned(), segment.clone())]);
        look::<Book>(&[(SEGMENT.to_owned(), segment), ("snapshot-00000000000000000000.snap".to_owned(), snapshot)]);
    }

    #[test]
    fn random_bytes_behind_a_header(bytes in vec(any::<u8>(), 0..400)) {
        look::<Book>(&[(SEGMENT.to_owned(), [header::<Book>(), bytes.clone()].concat())]);
        look::<Venue>(&[(SEGMENT.to_owned(), [header::<Venue>(), bytes].concat())]);
    }

    #[test]
    fn frames_with_right_checksums_and_any_content(
        frames in vec((0..5u32, any::<u32>(), 0..5u32, 0..20u64, any::<bool>(), vec(any::<u8>(), 0..330)), 0..6),
    ) {
        look::<Book>(&[(SEGMENT.to_owned(), segment_of::<Book>(&frames))]);
        look::<Venue>(&[(SEGMENT.to_owned(), segment_of::<Venue>(&frames))]);
    }

    #[test]
    fn a_snapshot_with_a_right_checksum_and_any_content(edits in vec((any::<usize>(), any::<u8>()), 1..4)) {
        resealed_snapshot::<Book>(&edits);
        resealed_snapshot::<Venue>(&edits);
    }
}
