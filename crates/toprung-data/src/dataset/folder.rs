//! The folder of a dataset: made under a temporary name, filled by observers, renamed when it is whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use toprung_book::{BookObserver, Command, Event, EventSink, MatchingBook, Observers, SEMANTICS_VERSION};

use super::error::DatasetError;
use super::files::{Metadata, TableFile};
use super::lobster_out::LobsterRecorder;
use super::manifest::{FileEntry, MANIFEST_FILE, MANIFEST_SCHEMA, Manifest, TableEntry};
use super::recorder::Recorder;
use super::rows::Values;
use super::tables::{Format, Table};

/// Most parts of a dataset, so that very many books do not become very many files.
const PARTS_MAX: u32 = 32;

/// Most levels a side of a snapshot and of an order book file.
const LEVELS_MAX: u32 = 200;

/// Price units in the currency, as LOBSTER counts them.
const UNITS: u64 = 10_000;

/// What to write, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetOptions {
    /// The folder, whose parent must be there. An older dataset of this name is replaced once the new one is whole.
    pub folder: PathBuf,
    /// How it is written.
    pub format: Format,
    /// Which tables; without meaning for [`Format::Lobster`].
    pub tables: Vec<Table>,
    /// Price units (1/10,000 of the currency) in a tick, 1 to 10^12. A cent is 100.
    pub tick_units: u64,
    /// Levels per side in `depth` and in LOBSTER's order book files, 1 to 200.
    pub levels: u32,
    /// Rows of `l1` and times of `depth` for each book at most, 2 to 65,536.
    pub sample_rows: u32,
    /// `l1` and `depth` are kept for the first so many books.
    pub sampled_books: u32,
    /// Rows after which a part begins another file, about: a few hundred MiB by default, so that what a Parquet file keeps
    /// in memory of its row groups stays small.
    pub file_rows: u64,
    /// The digest that the run must have, where it repeats one: of any other run no dataset is left.
    pub expected_digest: Option<String>,
}

impl Default for DatasetOptions {
    /// Every table as Parquet into `data`, a cent as tick.
    fn default() -> DatasetOptions {
        DatasetOptions {
            folder: PathBuf::from("data"),
            format: Format::Parquet,
            tables: Table::ALL.to_vec(),
            tick_units: 100,
            levels: 50,
            sample_rows: 512,
            sampled_books: 1,
            file_rows: 1 << 25,
            expected_digest: None,
        }
    }
}

impl DatasetOptions {
    fn validate(&self) -> Result<(), DatasetError> {
        let range = |option, got: u64, from: u64, to: u64| {
            if (from..=to).contains(&got) {
                return Ok(());
            }
            let expected = format!("an integer from {from} to {to}");
            Err(DatasetError::Option { option, expected, got: got.to_string() })
        };
        range("tickUnits", self.tick_units, 1, 1_000_000_000_000)?;
        range("levels", self.levels.into(), 1, LEVELS_MAX.into())?;
        range("sampleRows", self.sample_rows.into(), 2, 65_536)
    }

    /// The tick in the currency, exactly.
    fn tick_size(&self) -> String {
        let (whole, rest) = (self.tick_units / UNITS, self.tick_units % UNITS);
        let text = format!("{whole}.{rest:04}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// What all parts share.
pub(crate) struct Shared {
    pub(crate) options: DatasetOptions,
    /// The temporary folder.
    pub(crate) folder: PathBuf,
    metadata: Metadata,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: Vec<(String, FileEntry)>,
    /// The first that happened.
    error: Option<DatasetError>,
}

impl Shared {
    pub(crate) fn fail(&self, e: DatasetError) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).error.get_or_insert(e);
    }

    pub(crate) fn add(&self, table: &str, file: FileEntry) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).files.push((table.to_owned(), file));
    }

    pub(crate) fn table_file(&self, table: Table, place: (u32, u32)) -> Result<TableFile, DatasetError> {
        let mut metadata = self.metadata.clone();
        metadata.push(("toprung.table".to_owned(), table.name().to_owned()));
        TableFile::create(&self.folder, table, place, self.options.format, &metadata)
    }
}

/// Removes the temporary folder unless it was renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nothing can be done about what cannot be removed; its name says what it is.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes a dataset: give it to a run as its observers, then [`finish`](Self::finish) it. Dropped before, it leaves
/// nothing behind.
pub struct DatasetWriter {
    shared: Arc<Shared>,
    temporary: Temporary,
}

impl DatasetWriter {
    /// Makes the temporary folder `NAME.PID.tmp` beside where the dataset will be.
    ///
    /// # Errors
    ///
    /// `Option` for a number out of range; `Taken` when the name belongs to something else; `Output` when the system
    /// refuses.
    pub fn create(options: DatasetOptions) -> Result<DatasetWriter, DatasetError> {
        options.validate()?;
        let target = &options.folder;
        if fs::symlink_metadata(target).is_ok() && !target.join(MANIFEST_FILE).is_file() {
            return Err(DatasetError::Taken { folder: target.display().to_string() });
        }
        let folder = with_suffix(target, &format!(".{}.tmp", std::process::id()));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|e| DatasetError::output(&folder, "remove", &e))?;
        }
        let make = |path: &Path| fs::create_dir(path).map_err(|e| DatasetError::output(path, "create the folder", &e));
        make(&folder)?;
        let temporary = Temporary(folder.clone());
        if options.format == Format::Lobster {
            make(&folder.join("lobster"))?;
        } else {
            for table in &options.tables {
                make(&folder.join(table.name()))?;
            }
        }
        let text = |key: &str, value: String| (format!("toprung.{key}"), value);
        let metadata = vec![
            text("schema", MANIFEST_SCHEMA.to_owned()),
            text("version", env!("CARGO_PKG_VERSION").to_owned()),
            text("semantics", SEMANTICS_VERSION.to_string()),
            text("tick_size", options.tick_size()),
        ];
        let shared = Arc::new(Shared { options, folder, metadata, state: Mutex::default() });
        Ok(DatasetWriter { shared, temporary })
    }

    /// Writes a table that is known as a whole: the values of its columns, in order. Left out if it is not wanted.
    ///
    /// # Errors
    ///
    /// `Output` when the system refuses.
    pub fn write_table(&self, table: Table, values: Vec<Values>) -> Result<(), DatasetError> {
        let Shared { options, .. } = &*self.shared;
        if options.format == Format::Lobster || !options.tables.contains(&table) {
            return Ok(());
        }
        let mut file = self.shared.table_file(table, (0, 0))?;
        file.write(values)?;
        self.shared.add(table.name(), file.finish()?);
        Ok(())
    }

    /// What went wrong so far, if something did: then the run may stop, and [`finish`](Self::finish) will say the same.
    pub fn error(&self) -> Option<DatasetError> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).error.clone()
    }

    /// Writes the manifest, makes everything durable and gives the folder its name. `run` says what ran, see
    /// [`Manifest::run`]; its digest is in `digest`.
    ///
    /// # Errors
    ///
    /// The first error of any part; `Diverged` when the digest is not the expected one; `Output` when the system refuses. Nothing is left behind then.
    pub fn finish(self, run: Value) -> Result<Manifest, DatasetError> {
        let DatasetWriter { shared, temporary } = self;
        let State { mut files, error } =
            std::mem::take(&mut *shared.state.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(e) = error {
            return Err(e);
        }
        let Shared { options, folder, .. } = &*shared;
        let digest = run["digest"].as_str().unwrap_or_default();
        if let Some(expected) = options.expected_digest.as_deref().filter(|expected| *expected != digest) {
            let folder = options.folder.display().to_string();
            return Err(DatasetError::Diverged { folder, expected: expected.to_owned(), got: digest.to_owned() });
        }
        let mut manifest = Manifest {
            schema: MANIFEST_SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            semantics: SEMANTICS_VERSION,
            format: options.format.name().to_owned(),
            tick_units: options.tick_units,
            tick_size: options.tick_size(),
            run,
            tables: Default::default(),
        };
        files.sort();
        for (table, file) in files {
            let entry: &mut TableEntry = manifest.tables.entry(table).or_default();
            entry.rows += file.rows;
            entry.bytes += file.bytes;
            entry.files.push(file);
        }
        if options.format != Format::Lobster {
            // A folder for a table that nothing was written of would be a riddle.
            for table in options.tables.iter().filter(|t| !manifest.tables.contains_key(t.name())) {
                let path = folder.join(table.name());
                fs::remove_dir(&path).map_err(|e| DatasetError::output(&path, "remove", &e))?;
            }
        }
        let path = folder.join(MANIFEST_FILE);
        write_durably(&path, &manifest)?;
        for name in manifest.tables.values().filter_map(|t| t.files.first()).filter_map(|f| f.path.split('/').next()) {
            sync_folder(&folder.join(name))?;
        }
        sync_folder(folder)?;
        put_in_place(folder, &options.folder)?;
        std::mem::forget(temporary);
        Ok(manifest)
    }
}

fn write_durably(path: &Path, manifest: &Manifest) -> Result<(), DatasetError> {
    let write = || -> std::io::Result<()> {
        let mut text = serde_json::to_vec_pretty(manifest)?;
        text.push(b'\n');
        fs::write(path, text)?;
        File::open(path)?.sync_all()
    };
    write().map_err(|e| DatasetError::output(path, "write", &e))
}

/// Renames `from` to `to`. An older dataset there steps aside first; a process killed in between leaves both whole.
fn put_in_place(from: &Path, to: &Path) -> Result<(), DatasetError> {
    let output = |e: &std::io::Error| DatasetError::output(to, "rename to", e);
    let older = with_suffix(to, &format!(".older.{}.tmp", std::process::id()));
    let replaces = to.exists();
    if replaces {
        fs::rename(to, &older).map_err(|e| output(&e))?;
    }
    if let Err(e) = fs::rename(from, to) {
        if replaces {
            // What was there is better than nothing; the error that is told is the first.
            let _ = fs::rename(&older, to);
        }
        return Err(output(&e));
    }
    sync_folder(to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    if replaces {
        fs::remove_dir_all(&older).map_err(|e| DatasetError::output(&older, "remove", &e))?;
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> Result<(), DatasetError> {
    // Windows opens no folders, and keeps names without being asked.
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|f| f.sync_all());
        synced.map_err(|e| DatasetError::output(folder, "sync the folder", &e))?;
    }
    Ok(())
}

/// What watches one part of a run.
pub struct Part(Kind);

enum Kind {
    Tables(Box<Recorder>),
    Lobster(Box<LobsterRecorder>),
}

impl Observers for DatasetWriter {
    type Part = Part;

    fn books_per_part(&self, books: u32) -> u32 {
        books.div_ceil(PARTS_MAX).max(1)
    }

    fn open(&self, part: u32) -> Part {
        let shared = Arc::clone(&self.shared);
        Part(match self.shared.options.format {
            Format::Lobster => Kind::Lobster(Box::new(LobsterRecorder::new(shared))),
            _ => Kind::Tables(Box::new(Recorder::new(shared, part))),
        })
    }

    fn close(&self, _: u32, observer: Part) {
        match observer.0 {
            Kind::Tables(recorder) => recorder.finish(),
            // It ends its files with each book.
            Kind::Lobster(_) => {}
        }
    }
}

impl EventSink for Part {
    #[inline]
    fn event(&mut self, e: &Event) {
        match &mut self.0 {
            Kind::Tables(recorder) => recorder.event(e),
            Kind::Lobster(recorder) => recorder.event(e),
        }
    }
}

impl BookObserver for Part {
    fn begin(&mut self, index: u32) {
        match &mut self.0 {
            Kind::Tables(recorder) => recorder.begin(index),
            Kind::Lobster(recorder) => recorder.begin(index),
        }
    }

    fn measured_from(&mut self, time_ns: u64) {
        if let Kind::Tables(recorder) = &mut self.0 {
            recorder.measured_from(time_ns);
        }
    }

    #[inline]
    fn before<B: MatchingBook>(&mut self, time_ns: u64, cmd: &Command, book: &B) {
        match &mut self.0 {
            Kind::Tables(recorder) => recorder.before(time_ns, cmd, book),
            Kind::Lobster(recorder) => recorder.before(time_ns, cmd, book),
        }
    }

    #[inline]
    fn after<B: MatchingBook>(&mut self, time_ns: u64, book: &B) {
        match &mut self.0 {
            Kind::Tables(recorder) => recorder.after(time_ns, book),
            Kind::Lobster(recorder) => recorder.after(time_ns, book),
        }
    }

    fn end<B: MatchingBook>(&mut self, time_ns: u64, book: &B) {
        match &mut self.0 {
            Kind::Tables(recorder) => recorder.end(time_ns, book),
            Kind::Lobster(recorder) => recorder.end(time_ns, book),
        }
    }

    fn has_failed(&self) -> bool {
        match &self.0 {
            Kind::Tables(recorder) => recorder.has_failed(),
            Kind::Lobster(recorder) => recorder.has_failed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tick_is_written_exactly() {
        let of = |tick_units| DatasetOptions { tick_units, ..DatasetOptions::default() }.tick_size();
        assert_eq!([of(100), of(1), of(10_000), of(12_500), of(250_000)], ["0.01", "0.0001", "1", "1.25", "25"]);
    }
}
