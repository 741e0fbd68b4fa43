//! The file of commands.

use std::fs::File;
use std::io::{BufReader, Error, Read};

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A new limit order, good till cancelled.
    Limit,
    /// A new market order.
    Market,
    /// Takes an order off.
    Cancel,
    /// Lowers an order and leaves it its place.
    Reduce,
}

impl Kind {
    /// Its name in what is told.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Limit => "limit",
            Kind::Market => "market",
            Kind::Cancel => "cancel",
            Kind::Reduce => "reduce",
        }
    }
}

/// One command.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// What it does.
    pub kind: Kind,
    /// Whether it buys.
    pub buys: bool,
    /// The order: sequential from 1.
    pub id: u64,
    /// Ticks of a limit order; of a reduce the lots that are open afterwards.
    pub price: u64,
    /// Lots; of a reduce the lots taken off.
    pub qty: u64,
}

/// Reads the preload and the first `count` commands after it; the number of the former comes with them.
pub fn read(path: &str, count: usize) -> Result<(usize, Vec<Command>), Error> {
    let mut file = BufReader::new(File::open(path)?);
    let mut number = || -> Result<u64, Error> {
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    };
    let (preload, commands) = (number()? as usize, number()? as usize);
    let mut all = Vec::with_capacity(preload + count);
    for _ in 0..preload + count.min(commands) {
        let mut record = [0; 32];
        file.read_exact(&mut record)?;
        let float = |at: usize| f64::from_le_bytes(record[at..at + 8].try_into().expect("eight bytes")) as u64;
        let kind = match record[28] {
            0 => Kind::Limit,
            1 => Kind::Market,
            2 => Kind::Cancel,
            3 => Kind::Reduce,
            other => return Err(Error::other(format!("{path}: expected a kind from 0 to 3, got {other}"))),
        };
        all.push(Command { kind, buys: record[29] == 0, id: float(0), price: float(8), qty: float(16) });
    }
    Ok((preload, all))
}
