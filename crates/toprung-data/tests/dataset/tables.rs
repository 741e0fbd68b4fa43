//! What is in the tables.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int64Type, TimestampNanosecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use toprung_book::naive::RebuiltBook;
use toprung_book::{Event, EventKind, EventSink, LevelView, Observers, Reason, Side};
use toprung_data::dataset::{DatasetOptions, DatasetWriter, Format, Table};

use crate::common::scratch;
use crate::run::{STEP_NS, drive, read, write};

/// A row of a batch by column name.
struct Row<'a>(&'a RecordBatch, usize);

impl Row<'_> {
    fn array(&self, name: &str) -> &dyn Array {
        self.0.column_by_name(name).unwrap_or_else(|| panic!("no column {name}")).as_ref()
    }

    fn u64(&self, name: &str) -> u64 {
        self.array(name).as_primitive::<UInt64Type>().value(self.1)
    }

    fn u32(&self, name: &str) -> u32 {
        self.array(name).as_primitive::<UInt32Type>().value(self.1)
    }

    fn i64(&self, name: &str) -> Option<i64> {
        let array = self.array(name).as_primitive::<Int64Type>();
        array.is_valid(self.1).then(|| array.value(self.1))
    }

    fn ts(&self) -> u64 {
        self.array("ts").as_primitive::<TimestampNanosecondType>().value(self.1) as u64
    }

    fn name(&self, name: &str) -> Option<String> {
        let array = self.array(name).as_dictionary::<Int8Type>();
        let key = array.keys();
        key.is_valid(self.1).then(|| array.values().as_string::<i32>().value(key.value(self.1) as usize).to_owned())
    }

    fn side(&self, name: &str) -> Side {
        match self.name(name).as_deref() {
            Some("buy") => Side::Buy,
            Some("sell") => Side::Sell,
            other => panic!("side {other:?}"),
        }
    }

    fn flag(&self, name: &str) -> bool {
        self.array(name).as_boolean().value(self.1)
    }
}

fn rows(batches: &[RecordBatch]) -> impl Iterator<Item = Row<'_>> {
    batches.iter().flat_map(|b| (0..b.num_rows()).map(move |i| Row(b, i)))
}

/// An event as a row tells it: what a reader of the tables can know.
type Told = (u64, EventKind, u64, u64, Option<Side>, Option<i64>, u64, u32, String, bool);

fn told_by_event(e: &Event, market: bool) -> Told {
    let refused = e.kind == EventKind::Rejected;
    let trade = e.kind == EventKind::Trade;
    let price = (trade || !(refused || market)).then_some(e.price);
    let reason = if trade { Reason::None } else { e.reason };
    let kept = e.flags.has(toprung_book::EventFlags::KEPT_PRIORITY);
    (e.seq, e.kind, e.id, e.other, (!refused).then_some(e.side), price, e.qty, e.owner, reason.name().to_owned(), kept)
}

fn told_by_order(r: &Row<'_>) -> Told {
    let kind = match r.name("kind").as_deref() {
        Some("accepted") => EventKind::Accepted,
        Some("rejected") => EventKind::Rejected,
        Some("cancelled") => EventKind::Cancelled,
        Some("reduced") => EventKind::Reduced,
        Some("replaced") => EventKind::Replaced,
        other => panic!("kind {other:?}"),
    };
    let side = r.name("side").map(|_| r.side("side"));
    let (reason, kept) = (r.name("reason").unwrap(), r.flag("kept_place"));
    let (id, removed, qty, owner) = (r.u64("order_id"), r.u64("removed_lots"), r.u64("qty_lots"), r.u32("owner"));
    (r.u64("seq"), kind, id, removed, side, r.i64("price_ticks"), qty, owner, reason, kept)
}

fn told_by_trade(r: &Row<'_>) -> Told {
    let side = Some(r.side("aggressor_side"));
    let (taker, maker, owner) = (r.u64("taker_id"), r.u64("maker_id"), r.u32("taker_owner"));
    let (seq, price, qty) = (r.u64("seq"), r.i64("price_ticks"), r.u64("qty_lots"));
    (seq, EventKind::Trade, taker, maker, side, price, qty, owner, "none".to_owned(), false)
}

#[test]
fn orders_and_trades_together_are_the_event_stream() {
    for format in [Format::Parquet, Format::Arrow] {
        let folder = scratch(&format!("stream_{}", format.name())).join("data");
        let (manifest, happened) = write(&folder, format, &[0, 1, 2], 3_000).unwrap();
        let (orders, trades) = (read(&folder, "orders").unwrap(), read(&folder, "trades").unwrap());
        let mut found: BTreeMap<(u32, u64), (u64, Told)> = BTreeMap::new();
        for r in rows(&orders) {
            assert!(found.insert((r.u32("book"), r.u64("event")), (r.ts(), told_by_order(&r))).is_none());
        }
        for r in rows(&trades) {
            assert!(found.insert((r.u32("book"), r.u64("event")), (r.ts(), told_by_trade(&r))).is_none());
        }
        let mut expected = BTreeMap::new();
        for (book, h) in happened.iter().enumerate() {
            // Reductions alone have something in `other` that is not a maker.
            let mut market = None;
            for (event, e) in h.events.iter().enumerate() {
                if e.kind == EventKind::Accepted {
                    market = e.flags.has(toprung_book::EventFlags::MARKET).then_some((e.seq, e.id));
                }
                let mut told = told_by_event(e, market == Some((e.seq, e.id)));
                if !matches!(e.kind, EventKind::Trade | EventKind::Reduced) {
                    told.3 = 0;
                }
                expected.insert((book as u32, event as u64), ((e.seq + 1) * STEP_NS, told));
            }
        }
        assert!(expected.values().any(|(_, t)| t.1 == EventKind::Trade));
        assert!(found == expected, "{format:?}");
        assert_eq!(manifest.tables["orders"].rows + manifest.tables["trades"].rows, expected.len() as u64);
        assert_eq!(manifest.tables["orders"].files.len(), 3);
    }
}

#[test]
fn level_changes_rebuild_the_levels_after_every_command() {
    let folder = scratch("levels").join("data");
    let (_, happened) = write(&folder, Format::Parquet, &[4, 1, 2, 3], 2_000).unwrap();
    let l2 = read(&folder, "l2").unwrap();
    let all: Vec<_> = rows(&l2).collect();
    for (index, h) in happened.iter().enumerate() {
        let mut changes = all.iter().filter(|r| r.u32("book") == index as u32).peekable();
        let mut levels: [BTreeMap<i64, (u64, u32)>; 2] = Default::default();
        let mut rebuilt = RebuiltBook::default();
        let mut events = h.events.iter().peekable();
        while let Some(seq) = events.peek().map(|e| e.seq) {
            while let Some(e) = events.next_if(|e| e.seq == seq) {
                rebuilt.event(e);
            }
            while let Some(r) = changes.next_if(|r| r.u64("seq") == seq) {
                let (side, price) = (&mut levels[r.side("side") as usize], r.i64("price_ticks").unwrap());
                let (qty, orders) = (r.u64("qty_lots"), r.u32("orders"));
                let before = if qty == 0 { side.remove(&price) } else { side.insert(price, (qty, orders)) };
                assert_ne!(before, Some((qty, orders)), "a change that changes nothing: {seq}");
                assert!(before.is_some() || qty > 0, "a level that never was is gone: book {index}, command {seq}");
            }
            for side in Side::BOTH {
                let view = |(&price, &(qty, orders)): (&i64, &(u64, u32))| LevelView { price, qty, orders };
                let mut found: Vec<_> = levels[side as usize].iter().map(view).collect();
                if side == Side::Buy {
                    found.reverse();
                }
                assert_eq!(found, rebuilt.levels(side), "book {index}, command {seq}");
            }
        }
        assert!(changes.next().is_none());
    }
}

#[test]
fn snapshots_are_at_even_times_and_end_with_the_book() {
    let folder = scratch("snapshots").join("data");
    let (_, happened) = write(&folder, Format::Parquet, &[0, 1, 2], 5_000).unwrap();
    let l1 = read(&folder, "l1").unwrap();
    let depth = read(&folder, "depth").unwrap();
    for book in 0..3 {
        let times: Vec<u64> = rows(&l1).filter(|r| r.u32("book") == book).map(|r| r.ts()).collect();
        if book == 2 {
            assert!(times.is_empty(), "two books are sampled");
            continue;
        }
        assert!((256..=512).contains(&times.len()));
        let step = times[1] - times[0];
        assert!(times.iter().enumerate().all(|(k, t)| *t == STEP_NS + k as u64 * step));
        // Of one time, level 0 of `depth` is what `l1` says.
        let touch =
            |side| rows(&depth).filter(move |r| r.u32("book") == book && r.u32("level") == 0 && r.side("side") == side);
        for (side, name) in [(Side::Buy, "bid_ticks"), (Side::Sell, "ask_ticks")] {
            let best: BTreeMap<u64, i64> = touch(side).map(|r| (r.ts(), r.i64("price_ticks").unwrap())).collect();
            for r in rows(&l1).filter(|r| r.u32("book") == book) {
                assert_eq!(best.get(&r.ts()).copied(), r.i64(name));
            }
        }
        let trades = happened[book as usize].events.iter().filter(|e| e.kind == EventKind::Trade).count() as u64;
        let last = rows(&l1).filter(|r| r.u32("book") == book).last().unwrap();
        assert!(last.u64("trades") <= trades && last.u64("trades") > trades * 9 / 10);
    }
}

#[test]
fn ndjson_has_a_line_for_every_row_with_the_tables_columns() {
    let folder = scratch("ndjson").join("data");
    let (manifest, happened) = write(&folder, Format::Ndjson, &[0], 1_000).unwrap();
    let trades = happened[0].events.iter().filter(|e| e.kind == EventKind::Trade);
    let text = std::fs::read_to_string(folder.join("trades/part-00000-000.ndjson")).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len() as u64, manifest.tables["trades"].rows);
    for (line, e) in lines.iter().zip(trades) {
        let told = (line["taker_id"].as_u64(), line["maker_id"].as_u64(), line["price_ticks"].as_i64());
        assert_eq!(told, (Some(e.taker()), Some(e.maker()), Some(e.price)));
        assert_eq!(line["aggressor_side"], if e.side == Side::Buy { "buy" } else { "sell" });
        assert_eq!(line["ts"].as_u64(), Some((e.seq + 1) * STEP_NS));
        assert_eq!(line.as_object().unwrap().len(), Table::Trades.columns().len());
    }
}

#[test]
fn a_long_part_goes_on_in_further_files() {
    let folder = scratch("further_files").join("data");
    let options = DatasetOptions { folder: folder.clone(), file_rows: 1, ..DatasetOptions::default() };
    let writer = DatasetWriter::create(options).unwrap();
    let mut part = writer.open(0);
    let events = drive(&mut part, 0, 0, 150_000).events;
    writer.close(0, part);
    let manifest = writer.finish(serde_json::Value::Null).unwrap();
    let names: Vec<_> = manifest.tables["orders"].files.iter().map(|f| f.path.as_str()).collect();
    assert!(names.len() > 1 && names[1] == "orders/part-00000-001.parquet", "{names:?}");
    let seqs: Vec<u64> = rows(&read(&folder, "orders").unwrap()).map(|r| r.u64("seq")).collect();
    assert_eq!(seqs.len(), events.iter().filter(|e| e.kind != EventKind::Trade).count());
    assert!(seqs.is_sorted());
}
