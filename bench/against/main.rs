//! Two versions of the book in one program, on the same commands, in turn: `bench/node/against.mjs` builds and runs it.
//!
//! `against ROUNDS FILE...`, files as `bench/src/bin/workload.rs` writes them. Prints one JSON list: per file, nanoseconds of
//! every round of each version, and whether they agree on every event. This checkout runs twice a round: how far the two
//! differ is what the machine does.

use std::fmt::Debug;
use std::hint::black_box;
use std::time::Instant;

const BATCH: usize = 4096;

/// A command as a file has it: id, price and quantity, owner, then kind, side, time in force and flags.
struct Record {
    numbers: [f64; 3],
    owner: u32,
    codes: [u8; 4],
}

struct Workload {
    preload: Vec<Record>,
    commands: Vec<Record>,
}

impl Workload {
    fn read(path: &str) -> Workload {
        let bytes = std::fs::read(path).expect("the workload can be read");
        let count = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes")) as usize;
        let number = |r: &[u8], at: usize| f64::from_le_bytes(r[at..at + 8].try_into().expect("8 bytes"));
        let mut preload: Vec<Record> = bytes[16..]
            .chunks_exact(32)
            .map(|r| Record {
                numbers: [number(r, 0), number(r, 8), number(r, 16)],
                owner: u32::from_le_bytes(r[24..28].try_into().expect("4 bytes")),
                codes: r[28..].try_into().expect("4 bytes"),
            })
            .collect();
        let commands = preload.split_off(count(0));
        assert_eq!(commands.len(), count(8), "the workload is whole");
        Workload { preload, commands }
    }
}

/// One round: nanoseconds, and the digest of all events.
type Round = Box<dyn FnMut() -> (u64, u128)>;

/// A value that a byte stands for.
fn known<T: Debug>(value: Option<T>) -> T {
    value.expect("both versions know every command of the plain flows")
}

/// Defines a function that makes the rounds of one version of the book.
macro_rules! version {
    ($book:ident) => {
        fn $book(workload: &Workload) -> Round {
            use $book::{Book, BookConfig, Command, CommandFlags, CommandKind, EventColumns, Side, TimeInForce};
            let command = |r: &Record| {
                let ([id, price, qty], [kind, side, tif, flags]) = (r.numbers, r.codes);
                Command {
                    id: id as u64,
                    price: price as i64,
                    qty: qty as u64,
                    owner: r.owner,
                    kind: known(CommandKind::from_u8(kind)),
                    side: known(Side::from_u8(side)),
                    tif: known(TimeInForce::from_u8(tif)),
                    flags: known(CommandFlags::from_u8(flags)),
                }
            };
            let preload: Vec<Command> = workload.preload.iter().map(command).collect();
            let commands: Vec<Command> = workload.commands.iter().map(command).collect();
            let mut columns = EventColumns::with_capacity(8 * BATCH);
            Box::new(move || {
                let mut book = Book::new(BookConfig::default());
                book.apply_batch(&preload, &mut ());
                let start = Instant::now();
                for batch in commands.chunks(BATCH) {
                    columns.clear();
                    book.apply_batch(batch, &mut columns);
                    black_box(columns.len());
                }
                (start.elapsed().as_nanos() as u64, book.digest().to_u128())
            })
        }
    };
}

version!(here);
version!(there);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (rounds, files) = args.split_first().expect("rounds and files are given");
    let rounds: usize = rounds.parse().expect("rounds is a number");
    let mut documents = Vec::new();
    for file in files {
        let workload = Workload::read(file);
        let mut versions = [there(&workload), here(&workload), here(&workload)];
        let mut times: [Vec<u64>; 3] = Default::default();
        let mut digests = [0; 3];
        for round in 0..rounds {
            // Each round begins with another one: who comes first finds other caches.
            for i in 0..versions.len() {
                let at = (round + i) % versions.len();
                let (ns, digest) = versions[at]();
                times[at].push(ns);
                digests[at] = digest;
            }
        }
        let [there, here, again] = times;
        documents.push(format!(
            r#"{{"commands":{},"there":{there:?},"here":{here:?},"again":{again:?},"sameEvents":{}}}"#,
            workload.commands.len(),
            digests[0] == digests[1],
        ));
    }
    println!("[{}]", documents.join(","));
}
