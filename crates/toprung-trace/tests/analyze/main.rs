//! Traces as files: analysed, verified, compared and exported.

mod export;
mod samples;

use std::path::PathBuf;

use toprung_trace::fxt::{FxtWriter, write_file};

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("toprung-analyze-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind in a temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A trace of orders as the recorder writes it: every 512th allocates and takes 2 µs longer.
fn write_orders(path: &std::path::Path, n: u64, ns: u64) {
    let mut w = FxtWriter::new("toprung");
    let process = w.process("toprung-trace-driver [pid=1] [tid=1]").unwrap();
    let thread = w.thread(process, "main").unwrap();
    for command in 0..n {
        let grows = command % 512 == 3;
        let kind = ["limit", "cancel"][(command % 2) as usize];
        let start = command * 10_000;
        let mut args = vec![("command", command.into()), ("kind", kind.into())];
        if grows {
            args.push(("allocations", 1_u64.into()));
        }
        let end = start + ns + command % 13 + if grows { 2_000 } else { 0 };
        w.begin(thread, start, "order", "order", &args).unwrap();
        w.begin(thread, start + 20, "stage", "lookup", &[]).unwrap();
        w.end(thread, start + 100).unwrap();
        w.begin(thread, start + 100, "stage", "match", &[]).unwrap();
        w.end(thread, end - 5).unwrap();
        w.end(thread, end).unwrap();
    }
    write_file(path, &w.finish().unwrap()).unwrap();
}
