//! The tables and their columns: names, types, units. The one place where they are defined.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use toprung_book::{Reason, Side};

/// How a dataset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Parquet, compressed with zstd.
    Parquet,
    /// Arrow IPC files (also called Feather 2), uncompressed.
    Arrow,
    /// One JSON object a line.
    Ndjson,
    /// LOBSTER's message and order book files, in place of the tables.
    Lobster,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Parquet, Format::Arrow, Format::Ndjson, Format::Lobster];

    /// The format's name on a command line and in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Arrow => "arrow",
            Format::Ndjson => "ndjson",
            Format::Lobster => "lobster",
        }
    }

    /// The format of this name, `None` for anything else.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.name() == name)
    }

    /// What the names of its files end in.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Arrow => "arrow",
            Format::Ndjson => "ndjson",
            Format::Lobster => "csv",
        }
    }
}

/// What a dataset can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Every event of an order but its fills.
    Orders,
    /// Every fill.
    Trades,
    /// Every change of a price level.
    L2,
    /// Best prices and counts, at even times.
    L1,
    /// The levels near the best prices, at the same times.
    Depth,
    /// How often each time per command was measured.
    Latency,
    /// What was measured of each book.
    Metrics,
}

/// What is in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 64 bits.
    I64,
    /// Floating point, 64 bits.
    F64,
    /// Nanoseconds since 1970, UTC as far as the run has a date.
    Time,
    /// One of a few names, as a dictionary of texts.
    Name(&'static [&'static str]),
    /// Any text.
    Text,
    /// True or false.
    Bool,
}

impl ColumnType {
    /// The type's name in the documentation.
    pub const fn name(self) -> &'static str {
        match self {
            ColumnType::U32 => "uint32",
            ColumnType::U64 => "uint64",
            ColumnType::I64 => "int64",
            ColumnType::F64 => "double",
            ColumnType::Time => "timestamp[ns]",
            ColumnType::Name(_) => "name",
            ColumnType::Text => "text",
            ColumnType::Bool => "bool",
        }
    }

    fn arrow(self) -> DataType {
        match self {
            ColumnType::U32 => DataType::UInt32,
            ColumnType::U64 => DataType::UInt64,
            ColumnType::I64 => DataType::Int64,
            ColumnType::F64 => DataType::Float64,
            // Without a time zone: DuckDB keeps the nanoseconds of such a column only.
            ColumnType::Time => DataType::Timestamp(TimeUnit::Nanosecond, None),
            ColumnType::Name(_) => DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)),
            ColumnType::Text => DataType::Utf8,
            ColumnType::Bool => DataType::Boolean,
        }
    }
}

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, with the unit where it has one.
    pub name: &'static str,
    /// What is in it.
    pub kind: ColumnType,
    /// Whether a row may have none.
    pub nullable: bool,
    /// What it says, in Markdown.
    pub doc: &'static str,
}

const fn column(name: &'static str, kind: ColumnType, doc: &'static str) -> Column {
    Column { name, kind, nullable: false, doc }
}

const fn nullable(name: &'static str, kind: ColumnType, doc: &'static str) -> Column {
    Column { name, kind, nullable: true, doc }
}

/// The names of the sides, by code.
pub(crate) const SIDES: &[&str] = &["buy", "sell"];
const _: () = assert!(Side::Buy as usize == 0 && Side::Sell as usize == 1);

/// The names of the kinds of events, by code.
pub(crate) const KINDS: &[&str] = &["accepted", "rejected", "trade", "cancelled", "reduced", "replaced"];

/// The names of the reasons, by code.
pub(crate) const REASONS: &[&str] = &{
    let mut names = [""; Reason::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = Reason::ALL[i].name();
        i += 1;
    }
    names
};

use ColumnType::{Bool, F64, I64, Name, Text, Time, U32, U64};

const BOOK: Column = column("book", U32, "index of the book, from 0");
const EVENT: Column = column("event", U64, "number of the event in its book, from 0, over `orders` and `trades`");
const SEQ: Column = column("seq", U64, "number of the command that caused it, in its book, from 0");
const TS: Column = column("ts", Time, "simulated time since the book opened; of a replay the file's own time");

const ORDERS: &[Column] = &[
    BOOK,
    EVENT,
    SEQ,
    TS,
    column("kind", Name(KINDS), "`accepted`, `rejected`, `cancelled`, `reduced` or `replaced`"),
    column("order_id", U64, "the order concerned"),
    nullable("side", Name(SIDES), "`buy` or `sell`; null of a refused command"),
    nullable("price_ticks", I64, "price in ticks; null of market orders and refused commands"),
    column(
        "qty_lots",
        U64,
        "accepted: the order's quantity; cancelled: what ended; reduced, replaced: what is open now",
    ),
    column("removed_lots", U64, "reduced: what was taken off; otherwise 0"),
    column("owner", U32, "the order's owner, 0 when nobody's"),
    column("reason", Name(REASONS), "why it was refused or ended, `none` where there is nothing to explain"),
    column("kept_place", Bool, "replaced: whether the order kept its place in the queue"),
];

const TRADES: &[Column] = &[
    BOOK,
    EVENT,
    SEQ,
    TS,
    column("price_ticks", I64, "the resting order's price in ticks"),
    column("qty_lots", U64, "quantity in lots"),
    column("aggressor_side", Name(SIDES), "`buy` when the aggressor bought"),
    column("taker_id", U64, "the aggressor's order"),
    column("maker_id", U64, "the resting order"),
    column("taker_owner", U32, "the aggressor's owner, 0 when nobody's"),
];

const L2: &[Column] = &[
    BOOK,
    SEQ,
    TS,
    column("side", Name(SIDES), "`buy` for bids, `sell` for asks"),
    column("price_ticks", I64, "the level's price in ticks"),
    column("qty_lots", U64, "open quantity behind the command, 0 when the level is gone"),
    column("orders", U32, "resting orders behind the command"),
];

const L1: &[Column] = &[
    BOOK,
    column(
        "ts",
        Time,
        "when the row was taken: what held just before the next command; even times from the first command, or from the end of the warm-up",
    ),
    nullable("bid_ticks", I64, "best bid; null when there is none"),
    column("bid_lots", U64, "quantity at the best bid, 0 when there is none"),
    nullable("ask_ticks", I64, "best ask; null when there is none"),
    column("ask_lots", U64, "quantity at the best ask, 0 when there is none"),
    nullable("last_ticks", I64, "price of the last trade; null before the first"),
    column("volume_lots", U64, "traded since the book opened"),
    column("buy_volume_lots", U64, "of these by aggressors that bought"),
    column("trades", U64, "fills since the book opened"),
    column("accepted", U64, "orders accepted since the book opened"),
    column("cancelled", U64, "orders, or rests of orders, that ended without trading since the book opened"),
    column("commands", U64, "commands since the book opened"),
];

const DEPTH: &[Column] = &[
    BOOK,
    column("ts", Time, "when it was taken, as in `l1`"),
    column("side", Name(SIDES), "`buy` for bids, `sell` for asks"),
    column("level", U32, "0 for the best price, then outwards over the levels that there are"),
    column("price_ticks", I64, "the level's price in ticks"),
    column("qty_lots", U64, "open quantity"),
    column("orders", U32, "resting orders"),
];

const LATENCY: &[Column] = &[
    column("upper_ns", U64, "upper bound of the bucket, ns, the clock's own cost included"),
    column("count", U64, "commands at or below it and above the bound before"),
];

const METRICS: &[Column] = &[
    BOOK,
    column("digest", Text, "digest of the book's events, warm-up included"),
    column("complete", Bool, "whether the horizon was reached"),
    column("measured_from", Time, "when the warm-up ended: what follows counts commands behind it"),
    column("warmup_events", U64, "commands of the warm-up"),
    column("resting_orders", U64, "orders resting at the end"),
    column("events", U64, "commands applied"),
    column("limit_orders", U64, "of these new limit orders"),
    column("market_orders", U64, "of these new market orders"),
    column("cancels", U64, "of these cancels"),
    column("changes", U64, "of these reduces and replaces"),
    column("accepted", U64, "new orders accepted"),
    column("accepted_buys", U64, "of these buys"),
    column("rejected", U64, "commands refused"),
    column("trades", U64, "fills"),
    column("buy_trades", U64, "of these by aggressors that bought"),
    column("volume_lots", U64, "lots traded"),
    column("buy_volume_lots", U64, "of these by aggressors that bought"),
    column("notional_tick_lots", F64, "sum of price × quantity over the fills"),
    column("cancelled", U64, "orders, or rests of orders, that ended without trading"),
    column("cancelled_lots", U64, "lots of those"),
    column("time_ns", U64, "simulated time measured"),
    column("two_sided_ns", U64, "of it with both sides there"),
    column("mean_spread_ticks", F64, "time-weighted mean spread"),
    column("one_tick_share", F64, "share of the two-sided time with a spread of one tick, 0 to 1"),
    column("mean_bid_lots", F64, "time-weighted mean quantity at the best bid"),
    column("mean_ask_lots", F64, "time-weighted mean quantity at the best ask"),
    column("mean_bid_depth_lots", F64, "mean bid quantity within `samples.depthTicks` of the best bid"),
    column("mean_ask_depth_lots", F64, "mean ask quantity within `samples.depthTicks` of the best ask"),
    nullable("mid_first_half_ticks", I64, "first mid price, in half ticks (bid + ask)"),
    nullable("mid_high_half_ticks", I64, "highest"),
    nullable("mid_low_half_ticks", I64, "lowest"),
    nullable("mid_last_half_ticks", I64, "last"),
];

impl Table {
    /// Every table.
    pub const ALL: [Table; 7] =
        [Table::Orders, Table::Trades, Table::L2, Table::L1, Table::Depth, Table::Latency, Table::Metrics];

    /// The table's name: of its folder, in manifests and in queries.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Orders => "orders",
            Table::Trades => "trades",
            Table::L2 => "l2",
            Table::L1 => "l1",
            Table::Depth => "depth",
            Table::Latency => "latency",
            Table::Metrics => "metrics",
        }
    }

    /// The table of this name, `None` for anything else.
    pub fn from_name(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|t| t.name() == name)
    }

    /// The table's columns, in order.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Table::Orders => ORDERS,
            Table::Trades => TRADES,
            Table::L2 => L2,
            Table::L1 => L1,
            Table::Depth => DEPTH,
            Table::Latency => LATENCY,
            Table::Metrics => METRICS,
        }
    }

    /// The same for Arrow.
    pub(crate) fn schema(self) -> Arc<Schema> {
        let field = |c: &Column| Field::new(c.name, c.kind.arrow(), c.nullable);
        Arc::new(Schema::new(self.columns().iter().map(field).collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use toprung_book::EventKind;

    use super::*;

    #[test]
    fn names_lie_at_their_codes() {
        let kinds = [
            EventKind::Accepted,
            EventKind::Rejected,
            EventKind::Trade,
            EventKind::Cancelled,
            EventKind::Reduced,
            EventKind::Replaced,
        ];
        for (kind, name) in kinds.into_iter().zip(KINDS) {
            assert_eq!(format!("{kind:?}").to_lowercase(), *name);
            assert_eq!(KINDS[kind as usize], *name);
        }
        assert_eq!(REASONS[Reason::SelfTrade as usize], "self-trade");
    }

    /// The table of docs/data.md is this; `TOPRUNG_WRITE_DOCS=1 cargo test -p toprung-data` writes it.
    #[test]
    fn the_documentation_has_every_column() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/data.md");
        let text = std::fs::read_to_string(&path).unwrap();
        let (start, end) = ("<!-- tables -->\n", "<!-- end of tables -->");
        let mut tables = String::new();
        for table in Table::ALL {
            tables.push_str(&format!("\n### `{}`\n\n| column | type | |\n|---|---|---|\n", table.name()));
            for c in table.columns() {
                let null = if c.nullable { ", or null" } else { "" };
                tables.push_str(&format!("| `{}` | {}{null} | {} |\n", c.name, c.kind.name(), c.doc));
            }
        }
        tables.push('\n');
        let from = text.find(start).expect("docs/data.md has the mark") + start.len();
        let to = text.find(end).expect("docs/data.md has the end mark");
        if std::env::var_os("TOPRUNG_WRITE_DOCS").is_some() {
            std::fs::write(&path, format!("{}{tables}{}", &text[..from], &text[to..])).unwrap();
        } else {
            assert_eq!(&text[from..to], tables, "TOPRUNG_WRITE_DOCS=1 cargo test -p toprung-data documentation");
        }
    }
}
