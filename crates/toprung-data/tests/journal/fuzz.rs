//! No content of a journal's files may panic: random bytes, and random frames with right checksums.

use proptest::collection::vec;
use proptest::prelude::*;
use toprung_data::journal::{JournalOptions, JournaledBook, inspect, recover, verify};

use crate::flow::{commands, config, state};
use crate::folder::Folder;

const SEGMENT: &str = "journal-00000000000000000000.seg";

/// A segment's header, as the writer makes it.
fn header() -> Vec<u8> {
    let folder = Folder::new();
    drop(JournaledBook::create(folder.path(), &config(0), &JournalOptions::default()).unwrap());
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

/// Looks at, verifies and recovers; what comes out is a sound book.
fn look(files: &[(String, Vec<u8>)]) {
    let folder = Folder::new();
    folder.fill(files);
    let _ = (inspect(folder.path()), verify(folder.path()));
    if let Ok(recovered) = recover(folder.path()) {
        assert_eq!(recovered.book.check_invariants(), Ok(()));
        assert_eq!(recovered.commands, recovered.book.commands());
        let again = recover(folder.path()).expect("what was recovered can be recovered again");
        assert_eq!(state(&again.book), state(&recovered.book));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_as_segment_and_snapshot(segment in vec(any::<u8>(), 0..400), snapshot in vec(any::<u8>(), 0..400)) {
        look(&[(SEGMENT.to_owned(), segment.clone())]);
        look(&[(SEGMENT.to_owned(), segment), ("snapshot-00000000000000000000.snap".to_owned(), snapshot)]);
    }

    #[test]
    fn random_bytes_behind_a_header(bytes in vec(any::<u8>(), 0..400)) {
        look(&[(SEGMENT.to_owned(), [header(), bytes].concat())]);
    }

    #[test]
    fn frames_with_right_checksums_and_any_content(
        frames in vec((0..5u32, any::<u32>(), 0..5u32, 0..20u64, any::<bool>(), vec(any::<u8>(), 0..130)), 0..6),
    ) {
        let mut bytes = header();
        let mut next = 0;
        for (mode, any, count, first, right, mut payload) in frames {
            if right {
                payload.resize(32 * payload.len().div_ceil(32), 0);
                for record in payload.chunks_mut(32) {
                    for (at, below) in [(28, 5), (29, 2), (30, 3), (31, 8)] {
                        record[at] %= below;
                    }
                }
                let count = payload.len() as u32 / 32;
                bytes.extend(frame(payload.len() as u32, count, next, &payload));
                next += u64::from(count);
            } else {
                let length = if mode == 0 { any } else { payload.len() as u32 };
                let count = if mode == 1 { any } else { count };
                bytes.extend(frame(length, count, if mode == 2 { u64::MAX - first } else { first }, &payload));
            }
        }
        look(&[(SEGMENT.to_owned(), bytes)]);
    }

    #[test]
    fn a_snapshot_with_a_right_checksum_and_any_content(edits in vec((8..200usize, any::<u8>()), 1..4)) {
        let folder = Folder::new();
        let mut book = JournaledBook::create(folder.path(), &config(1), &JournalOptions::default()).unwrap();
        book.apply_batch(&commands(1, 0, 30), &mut ()).unwrap();
        assert!(book.book().order_count() > 2);
        book.snapshot().unwrap();
        drop(book);
        let mut files = folder.files();
        let bytes = &mut files.last_mut().unwrap().1;
        let end = bytes.len() - 8;
        for (at, byte) in edits {
            let at = at % end;
            bytes[at] = byte;
        }
        let crc = crc32c::crc32c(&bytes[..end]);
        bytes[end + 4..].copy_from_slice(&crc.to_le_bytes());
        look(&files);
    }
}
