//! What is in a dataset, as JSON beside it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::DatasetError;

/// The manifest's file name. The underscore hides it from programs that take a folder of Parquet files as one table.
pub const MANIFEST_FILE: &str = "_manifest.json";

/// What manifests of this version are called.
pub const MANIFEST_SCHEMA: &str = "toprung.dataset/1";

/// What is in a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`MANIFEST_SCHEMA`].
    pub schema: String,
    /// The version of toprung that wrote it.
    pub version: String,
    /// The version of the engine's semantics, see [`SEMANTICS_VERSION`](toprung_book::SEMANTICS_VERSION).
    pub semantics: u32,
    /// The format's name.
    pub format: String,
    /// Price units (1/10,000 of the currency) in a tick.
    pub tick_units: u64,
    /// The tick in the currency, as a decimal.
    pub tick_size: String,
    /// What ran: configuration, seed, digest and whether it was stopped, as the caller tells it.
    pub run: Value,
    /// What there is of each table, by name.
    pub tables: BTreeMap<String, TableEntry>,
}

/// What there is of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Rows in all files.
    pub rows: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Its files, in the order of their rows.
    pub files: Vec<FileEntry>,
}

/// One file of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path inside the dataset, with `/`.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, 64 hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// The manifest of the dataset in `folder`.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is none, `Version` when it is of another version of toprung, `Corrupt` when it is not JSON or
    /// a file that it names is not there or has another length.
    pub fn read(folder: &Path) -> Result<Manifest, DatasetError> {
        let file = folder.join(MANIFEST_FILE);
        let shown = || folder.display().to_string();
        let text = std::fs::read_to_string(&file)
            .map_err(|_| DatasetError::NotFound { folder: shown(), expected: MANIFEST_FILE })?;
        let any: Value = serde_json::from_str(&text).map_err(|e| DatasetError::corrupt(&file, e))?;
        if any["schema"] != MANIFEST_SCHEMA {
            let got = any["schema"].as_str().unwrap_or("no schema").to_owned();
            return Err(DatasetError::Version { folder: shown(), expected: MANIFEST_SCHEMA, got });
        }
        let manifest: Manifest = serde_json::from_value(any).map_err(|e| DatasetError::corrupt(&file, e))?;
        for entry in manifest.tables.values().flat_map(|t| &t.files) {
            let path = folder.join(&entry.path);
            let length = std::fs::metadata(&path).map_err(|e| DatasetError::corrupt(&path, e))?.len();
            if length != entry.bytes {
                let reason = format!("{length} bytes, the manifest says {}", entry.bytes);
                return Err(DatasetError::corrupt(&path, reason));
            }
        }
        Ok(manifest)
    }
}
