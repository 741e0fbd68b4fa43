//! The folder: whole under its name or not there at all.

use std::fs;
use std::path::Path;

use toprung_book::Observers;
use toprung_data::dataset::{DatasetError, DatasetOptions, DatasetWriter, Format, MANIFEST_FILE, Manifest, Table};

use crate::common::scratch;
use crate::run::{drive, read, write};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing_behind() {
    let parent = scratch("dropped");
    let options = DatasetOptions { folder: parent.join("data"), ..DatasetOptions::default() };
    let writer = DatasetWriter::create(options).unwrap();
    let mut part = writer.open(0);
    drive(&mut part, 0, 0, 1_000);
    assert_eq!(names(&parent), [format!("data.{}.tmp", std::process::id())]);
    drop(part);
    drop(writer);
    assert!(names(&parent).is_empty());
}

#[test]
fn a_dataset_replaces_an_older_one_and_nothing_else() {
    let parent = scratch("replaces");
    let folder = parent.join("data");
    write(&folder, Format::Parquet, &[0], 500).unwrap();
    let (manifest, _) = write(&folder, Format::Ndjson, &[0], 500).unwrap();
    assert_eq!(Manifest::read(&folder).unwrap(), manifest);
    assert_eq!(names(&parent), ["data"]);
    assert_eq!(names(&folder.join("orders")), ["part-00000-000.ndjson"]);
    fs::remove_file(folder.join(MANIFEST_FILE)).unwrap();
    let taken = write(&folder, Format::Parquet, &[0], 500).err().unwrap();
    assert_eq!(taken.code(), "ERR_TOPRUNG_DATASET_TAKEN");
    assert!(folder.join("orders/part-00000-000.ndjson").exists(), "it is left alone");
}

#[test]
fn the_same_run_is_the_same_bytes() {
    let parent = scratch("same_bytes");
    let of = |name: &str| write(&parent.join(name), Format::Parquet, &[1, 2, 3], 2_000).unwrap().0;
    assert_eq!(of("one"), of("two"));
}

#[test]
fn a_failed_write_is_the_error_and_leaves_nothing_behind() {
    let parent = scratch("failed");
    let missing = write(&parent.join("no/such/data"), Format::Parquet, &[0], 10).err().unwrap();
    assert!(missing.code() == "ERR_TOPRUNG_OUTPUT" && missing.to_string().contains("no/such/data"), "{missing}");
    let options = DatasetOptions { folder: parent.join("data"), ..DatasetOptions::default() };
    let writer = DatasetWriter::create(options).unwrap();
    // The folder goes while the run is on: the next file cannot be made.
    fs::remove_dir_all(parent.join(format!("data.{}.tmp", std::process::id()))).unwrap();
    let mut part = writer.open(0);
    drive(&mut part, 0, 0, 2_000);
    writer.close(0, part);
    let error = writer.finish(serde_json::Value::Null).unwrap_err();
    assert!(matches!(error, DatasetError::Output { doing: "create the file", .. }), "{error}");
    assert!(names(&parent).is_empty());
}

#[test]
fn a_run_of_another_digest_leaves_no_dataset() {
    let parent = scratch("diverged");
    let write = |digest: &str| {
        let expected_digest = Some("0".repeat(32));
        let options = DatasetOptions { folder: parent.join("data"), expected_digest, ..DatasetOptions::default() };
        DatasetWriter::create(options)?.finish(serde_json::json!({ "digest": digest }))
    };
    assert_eq!(write(&"1".repeat(32)).unwrap_err().code(), "ERR_TOPRUNG_DATASET_DIVERGED");
    assert!(names(&parent).is_empty());
    assert!(write(&"0".repeat(32)).is_ok());
}

#[test]
fn what_is_not_whole_is_not_read() {
    let folder = scratch("not_whole").join("data");
    assert_eq!(read(&folder, "orders").unwrap_err().code(), "ERR_TOPRUNG_DATASET_NOT_FOUND");
    write(&folder, Format::Parquet, &[0], 2_000).unwrap();
    let no_table = read(&folder, "metrics").unwrap_err();
    assert_eq!(no_table.code(), "ERR_TOPRUNG_DATASET_NO_TABLE");
    assert!(no_table.to_string().ends_with("there are depth, l1, l2, orders, trades"), "{no_table}");

    let file = folder.join("orders/part-00000-000.parquet");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let cut = read(&folder, "orders").unwrap_err();
    assert_eq!(cut.code(), "ERR_TOPRUNG_DATASET_CORRUPT");
    let mut broken = bytes.clone();
    let footer = broken.len() - 40;
    broken[footer..].fill(0xff);
    fs::write(&file, broken).unwrap();
    assert_eq!(read(&folder, "orders").unwrap_err().code(), "ERR_TOPRUNG_DATASET_CORRUPT");
    fs::write(&file, bytes).unwrap();
    assert!(read(&folder, "orders").is_ok());

    let manifest = folder.join(MANIFEST_FILE);
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("toprung.dataset/1", "toprung.dataset/9")).unwrap();
    let version = read(&folder, "orders").unwrap_err();
    assert_eq!(version.code(), "ERR_TOPRUNG_DATASET_VERSION");
    assert!(version.to_string().ends_with("expected toprung.dataset/1, got toprung.dataset/9"), "{version}");
}

#[test]
fn numbers_out_of_range_are_named() {
    let folder = scratch("options").join("data");
    let code = |options: DatasetOptions| {
        let DatasetError::Option { option, .. } = DatasetWriter::create(options).err().unwrap() else { panic!() };
        option
    };
    let default = DatasetOptions { folder, tables: Table::ALL.to_vec(), ..DatasetOptions::default() };
    assert_eq!(code(DatasetOptions { tick_units: 0, ..default.clone() }), "tickUnits");
    assert_eq!(code(DatasetOptions { levels: 201, ..default.clone() }), "levels");
    assert_eq!(code(DatasetOptions { sample_rows: 1, ..default }), "sampleRows");
}
