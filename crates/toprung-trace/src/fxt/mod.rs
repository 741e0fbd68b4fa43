//! The Fuchsia trace format: what magic-trace writes and Perfetto reads.
//!
//! [`read`] takes whatever is there and says in [`Quality`] what it had to leave out; [`FxtWriter`] refuses to write what a
//! reader might stumble over. Both stand on [`record`], the format word by word.
//!
//! Source: the Fuchsia trace format, and magic-trace's extension of the initialisation record by two words.
//!
//! ```
//! use toprung_trace::fxt::{EventKind, FxtWriter, read};
//!
//! let mut writer = FxtWriter::new("example");
//! let process = writer.process("engine [pid=7]").unwrap();
//! let thread = writer.thread(process, "main").unwrap();
//! writer.begin(thread, 100, "lob", "order", &[("seq", 42_u64.into())]).unwrap();
//! writer.end(thread, 350).unwrap();
//!
//! let trace = read(&writer.finish().unwrap()).unwrap();
//! let order = &trace.events[0];
//! assert_eq!((trace.text(order.name), order.time_ns, order.kind), ("order", 100, EventKind::Begin));
//! assert_eq!(trace.threads[0].pid, Some(7));
//! assert!(trace.nesting().is_clean());
//! ```

mod error;
mod model;
mod read;
pub mod record;
mod window;
mod write;

pub use error::{ReadError, WriteError};
pub use model::{Arg, ArgValue, Clock, Event, EventKind, Nesting, Quality, TextId, Thread, Trace};
pub use read::{TRACE_BYTES_MAX, read, read_file};
pub use window::window;
pub use write::{FxtWriter, ProcessRef, ThreadRef, WriteValue, gzip, write_file};
