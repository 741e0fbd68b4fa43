//! Files wrapped in every way, whole, cut off at every byte, and damaged.

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use common::{fixture, scratch};
use toprung_data::{Container, DataError, ReplayFormat, ReplayOptions, ReplayReport, Source, members, replay_file};
use zip::write::SimpleFileOptions;

fn run(path: &Path) -> Result<ReplayReport, DataError> {
    replay_file(path, &ReplayOptions::default(), &AtomicBool::new(false), |_, _| {})
}

fn tiny() -> Vec<u8> {
    std::fs::read(fixture("tiny.replay.csv")).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn archive(files: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        out.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// A checksum, as the `zstd` command writes one.
fn zstd_checked(bytes: &[u8]) -> Vec<u8> {
    let mut out = zstd::Encoder::new(Vec::new(), 3).unwrap();
    out.include_checksum(true).unwrap();
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn wrapped() -> Vec<(Container, Vec<u8>)> {
    let files: [(&str, &[u8]); 1] = [("day/tiny.csv", &tiny())];
    vec![
        (Container::Plain, tiny()),
        (Container::Zstd, zstd_checked(&tiny())),
        (Container::Gzip, gzip(&tiny())),
        (Container::ZipMember, archive(&files, zip::CompressionMethod::Deflated)),
        (Container::ZipMember, archive(&files, zip::CompressionMethod::Stored)),
    ]
}

fn write(dir: &Path, bytes: &[u8]) -> PathBuf {
    let path = dir.join("file");
    // Not overwritten: file systems wait for the disk when a file that was emptied is closed.
    let _ = std::fs::remove_file(&path);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn every_wrapping_is_told_by_its_first_bytes_and_reads_the_same() {
    let dir = scratch("wrappings");
    let expected = run(&fixture("tiny.replay.csv")).unwrap();
    for (container, bytes) in wrapped() {
        let path = write(&dir, &bytes);
        assert_eq!(Source::open(&path).unwrap().container(), container);
        assert_eq!(run(&path).unwrap(), expected);
    }
}

#[test]
fn a_file_cut_off_anywhere_is_an_error_unless_whole_lines_are_left_of_a_plain_one() {
    let dir = scratch("cut_anywhere");
    let forced = ReplayOptions { format: Some(ReplayFormat::Replay), ..ReplayOptions::default() };
    for (container, bytes) in wrapped() {
        for len in 0..bytes.len() {
            let path = write(&dir, &bytes[..len]);
            let result = replay_file(&path, &forced, &AtomicBool::new(false), |_, _| {});
            if container == Container::Plain && len > 0 && bytes[len - 1] == b'\n' {
                // Nothing in a plain file tells this one from a shorter day; one that is all comments is empty.
                assert!(result.is_ok() || len < 110, "{len}");
                continue;
            }
            let error = result.expect_err("a file that was cut off was read as if it were whole");
            if len > 110 && container == Container::Plain {
                let known = ["ERR_TOPRUNG_DATA_TRUNCATED", "ERR_TOPRUNG_DATA_FORMAT"];
                assert!(known.contains(&error.code()), "{container:?} {len}: {error}");
            } else if len >= 10 && container != Container::Plain {
                assert_eq!(error.code(), "ERR_TOPRUNG_DATA_TRUNCATED", "{container:?} {len}: {error}");
            }
        }
    }
}

#[test]
fn a_damaged_byte_is_never_read_over() {
    let dir = scratch("damaged");
    let forced = ReplayOptions { format: Some(ReplayFormat::Replay), ..ReplayOptions::default() };
    let expected = run(&fixture("tiny.replay.csv")).unwrap();
    for (container, bytes) in wrapped().into_iter().filter(|(c, _)| *c != Container::Plain) {
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            // Damage to a time stamp or a comment of the wrapping does no harm; anything else must be noticed.
            let path = write(&dir, &damaged);
            if let Ok(report) = replay_file(&path, &forced, &AtomicBool::new(false), |_, _| {}) {
                assert_eq!(report, expected, "{container:?} byte {at}");
            }
        }
    }
}

#[test]
fn members_are_listed_and_opened_by_name() {
    let dir = scratch("members");
    let bytes = archive(&[("a.csv", b"1\n"), ("b/c.csv", b"22\n")], zip::CompressionMethod::Deflated);
    let path = write(&dir, &bytes);
    let listed: Vec<_> = members(&path).unwrap().into_iter().map(|m| (m.name, m.len)).collect();
    assert_eq!(listed, [("a.csv".to_owned(), 2), ("b/c.csv".to_owned(), 3)]);
    assert!(Source::open_member(&path, "b/c.csv").unwrap().name().ends_with("file!b/c.csv"));
    let error = Source::open_member(&path, "x.csv").unwrap_err();
    assert_eq!(error.code(), "ERR_TOPRUNG_DATA_NOT_FOUND");
    assert!(
        error.to_string().ends_with("file!x.csv: not found (the archive has 2 members: a.csv, b/c.csv)"),
        "{error}"
    );
    assert_eq!(Source::open(&path).unwrap_err().code(), "ERR_TOPRUNG_DATA_UNKNOWN_FORMAT");
    let not_zip = Source::open_member(&fixture("tiny.replay.csv"), "x.csv").unwrap_err();
    assert_eq!(not_zip.code(), "ERR_TOPRUNG_DATA_UNKNOWN_FORMAT");
}

#[test]
fn a_lobster_day_can_be_in_an_archive_or_compressed_file_by_file() {
    let files = ["message", "orderbook"].map(|kind| {
        let name = format!("TOY_2020-01-02_34200000_57600000_{kind}_2.csv");
        let bytes = std::fs::read(fixture("lobster").join(&name)).unwrap();
        (name, bytes)
    });
    let expected = run(&fixture("lobster")).unwrap();
    let dir = scratch("lobster_zip");
    let mut all: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    all.push(("ReadMe.txt", b"nothing"));
    assert_eq!(run(&write(&dir, &archive(&all, zip::CompressionMethod::Deflated))).unwrap(), expected);
    all.push(("other_message_2.csv", b""));
    let error = run(&write(&dir, &archive(&all, zip::CompressionMethod::Deflated))).unwrap_err();
    assert_eq!(error.code(), "ERR_TOPRUNG_DATA_UNKNOWN_FORMAT");

    let dir = scratch("lobster_zst");
    for (name, bytes) in &files {
        std::fs::write(dir.join(format!("{name}.zst")), zstd_checked(bytes)).unwrap();
    }
    assert_eq!(run(&dir).unwrap(), expected);
    assert_eq!(run(&dir.join(format!("{}.zst", files[0].0))).unwrap(), expected);
}
