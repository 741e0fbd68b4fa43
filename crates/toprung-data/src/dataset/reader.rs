//! A table read back, a batch of rows at a time, each as an Arrow IPC stream of its own.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::StreamWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::error::DatasetError;
use super::manifest::Manifest;
use super::tables::Format;

/// Reads a table of a dataset in its order of rows. Memory does not grow with the table.
pub struct TableReader {
    files: std::vec::IntoIter<PathBuf>,
    format: Format,
    batch_rows: usize,
    current: Option<(PathBuf, Batches)>,
}

enum Batches {
    Parquet(Box<ParquetRecordBatchReader>),
    Arrow(Box<FileReader<File>>),
}

impl TableReader {
    /// Opens `table` of the dataset in `folder`, to be read in batches of at most `batch_rows` rows.
    ///
    /// # Errors
    ///
    /// Those of [`Manifest::read`]; `NoTable`; `Version` when the format is not read back.
    pub fn open(folder: &Path, table: &str, batch_rows: usize) -> Result<TableReader, DatasetError> {
        let manifest = Manifest::read(folder)?;
        let shown = || folder.display().to_string();
        let Some(format @ (Format::Parquet | Format::Arrow)) = Format::from_name(&manifest.format) else {
            let expected = "parquet or arrow";
            return Err(DatasetError::Version { folder: shown(), expected, got: manifest.format });
        };
        let Some(entry) = manifest.tables.get(table) else {
            let has = manifest.tables.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(DatasetError::NoTable { folder: shown(), table: table.to_owned(), has });
        };
        let files: Vec<_> = entry.files.iter().map(|f| folder.join(&f.path)).collect();
        Ok(TableReader { files: files.into_iter(), format, batch_rows: batch_rows.max(1), current: None })
    }

    /// The next batch of rows, `None` behind the last.
    ///
    /// # Errors
    ///
    /// `Corrupt` when a file is not what its format asks for.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, DatasetError> {
        loop {
            if let Some((path, batches)) = &mut self.current {
                let next = match batches {
                    Batches::Parquet(reader) => reader.next(),
                    Batches::Arrow(reader) => reader.next(),
                };
                match next.transpose().map_err(|e| DatasetError::corrupt(path, e))? {
                    Some(batch) => return Ok(Some(batch)),
                    None => self.current = None,
                }
            }
            let Some(path) = self.files.next() else { return Ok(None) };
            let file = File::open(&path).map_err(|e| DatasetError::corrupt(&path, e))?;
            let batches = match self.format {
                Format::Parquet => ParquetRecordBatchReaderBuilder::try_new(file)
                    .and_then(|b| b.with_batch_size(self.batch_rows).build())
                    .map(|reader| Batches::Parquet(Box::new(reader)))
                    .map_err(|e| DatasetError::corrupt(&path, e))?,
                _ => FileReader::try_new(file, None)
                    .map(|reader| Batches::Arrow(Box::new(reader)))
                    .map_err(|e| DatasetError::corrupt(&path, e))?,
            };
            self.current = Some((path, batches));
        }
    }

    /// The next batch as an Arrow IPC stream, uncompressed, `None` behind the last.
    ///
    /// # Errors
    ///
    /// Those of [`next_batch`](Self::next_batch).
    pub fn next_stream(&mut self) -> Result<Option<Vec<u8>>, DatasetError> {
        let Some(batch) = self.next_batch()? else { return Ok(None) };
        let stream = || {
            let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref())?;
            writer.write(&batch)?;
            writer.into_inner()
        };
        let path = self.current.as_ref().map_or(Path::new(""), |(path, _)| path);
        stream().map(Some).map_err(|e| DatasetError::corrupt(path, e))
    }
}
