//! LOBSTER's files out, read back by the reader of LOBSTER's files.

use std::sync::atomic::AtomicBool;

use toprung_data::dataset::{Format, Manifest};
use toprung_data::{ReplayOptions, replay_file};

use crate::common::scratch;
use crate::run::write;

#[test]
fn a_book_written_as_a_lobster_day_replays_to_the_same_fills() {
    let folder = scratch("lobster_out").join("data");
    let (manifest, happened) = write(&folder, Format::Lobster, &[0, 4], 4_000).unwrap();
    for (index, h) in happened.iter().enumerate() {
        let file = folder.join(format!("lobster/book-{index:05}_message_50.csv"));
        let options = ReplayOptions { checkpoint_every: 1, ..ReplayOptions::default() };
        let report = replay_file(&file, &options, &AtomicBool::new(false), |_, _| {}).unwrap();
        assert!(report.agrees(), "{:#?}", report.differences);
        let lobster = report.lobster.unwrap();
        assert_eq!((lobster.executions_by_hand, lobster.inconsistent, lobster.left_unseen), (0, 0, 0));
        assert_eq!(lobster.rows_compared, lobster.rows_explained, "every row of the order book file is the book's");
        let fills = h.events.iter().filter(|e| e.kind == toprung_book::EventKind::Trade);
        assert_eq!(report.fills, fills.clone().count() as u64);
        assert_eq!(report.volume, fills.map(|e| u128::from(e.qty)).sum::<u128>());
        assert_eq!(report.resting_orders, h.book.order_count());
    }
    let rows = |table: &str| manifest.tables[table].rows;
    assert_eq!(rows("message"), rows("orderbook"));
    assert_eq!(Manifest::read(&folder).unwrap(), manifest);
}
