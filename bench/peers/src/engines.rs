//! One adapter an engine: what it is called with, and what it says that traded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use toprung_book::{Book, BookConfig, EventColumns, EventKind};

use crate::workload::{Command, Kind};

/// What came of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    pub seconds: f64,
    pub trades: u64,
    pub volume: u64,
    /// Sum of price times quantity.
    pub notional: u64,
    /// Commands that it said no to.
    pub refused: u64,
}

impl Outcome {
    fn trade(&mut self, price: u64, qty: u64) {
        self.trades += 1;
        self.volume += qty;
        self.notional += price * qty;
    }
}

/// An engine with a book in it.
pub trait Engine {
    /// Carries out commands of the kinds that it has.
    fn run(&mut self, commands: &[Command]);
    /// What has come of all of them.
    fn outcome(&self) -> Outcome;
}

/// What there is to say of an engine, and how to get one.
pub struct Entry {
    pub name: &'static str,
    pub version: &'static str,
    pub supports: &'static [Kind],
    pub note: &'static str,
    /// An engine for these commands.
    pub open: fn(&[Command]) -> Box<dyn Engine>,
}

const ALL: &[Kind] = &[Kind::Limit, Kind::Market, Kind::Cancel, Kind::Reduce];

/// Every engine.
pub fn entries() -> Vec<Entry> {
    vec![
        Entry {
            name: "toprung",
            version: "this commit",
            supports: ALL,
            note: "batches of 4,096, every event written to columns",
            open: |_| Box::new(Toprung::new(4096)),
        },
        Entry {
            name: "toprung, one by one",
            version: "this commit",
            supports: ALL,
            note: "one call a command, as the others are called",
            open: |_| Box::new(Toprung::new(1)),
        },
        Entry {
            name: "matchcore",
            version: "0.4.0",
            supports: ALL,
            note: "BTreeMap and slab; the order's id is the command's number",
            open: |commands| Box::new(Matchcore::new(commands)),
        },
        Entry {
            name: "nanobook",
            version: "0.19.3",
            supports: &[Kind::Limit, Kind::Market, Kind::Cancel],
            note: "gives ids itself; a change is a new order at the back, so it has no reduce; history cleared as it goes",
            open: |commands| Box::new(Nanobook::new(commands)),
        },
        Entry {
            name: "OrderBook-rs",
            version: "0.15.3",
            supports: ALL,
            note: "a book for many threads (skip lists, DashMap); trades through its listener",
            open: |_| Box::new(OrderBookRs::new()),
        },
    ]
}

struct Toprung {
    book: Book,
    columns: EventColumns,
    batch: usize,
    buffer: Vec<toprung_book::Command>,
    outcome: Outcome,
}

impl Toprung {
    fn new(batch: usize) -> Toprung {
        let columns = EventColumns::with_capacity(8 * batch);
        let (book, buffer) = (Book::new(BookConfig::default()), Vec::with_capacity(batch));
        Toprung { book, columns, batch, buffer, outcome: Outcome::default() }
    }
}

impl Engine for Toprung {
    fn run(&mut self, commands: &[Command]) {
        use toprung_book::{Command as Own, Side};
        for batch in commands.chunks(self.batch) {
            self.buffer.clear();
            self.buffer.extend(batch.iter().map(|c| {
                let side = if c.buys { Side::Buy } else { Side::Sell };
                match c.kind {
                    Kind::Limit => Own::limit(c.id, side, c.price as i64, c.qty),
                    Kind::Market => Own::market(c.id, side, c.qty),
                    Kind::Cancel => Own::cancel(c.id),
                    Kind::Reduce => Own::reduce(c.id, c.qty),
                }
            }));
            self.columns.clear();
            self.book.apply_batch(&self.buffer, &mut self.columns);
            let (prices, qtys) = (self.columns.price(), self.columns.qty());
            for ((head, price), qty) in self.columns.head().iter().zip(prices).zip(qtys) {
                // The kind is the lowest byte.
                if *head as u8 == EventKind::Trade as u8 {
                    self.outcome.trade(price as u64, *qty);
                }
                self.outcome.refused += u64::from(*head as u8 == EventKind::Rejected as u8);
            }
        }
    }

    fn outcome(&self) -> Outcome {
        self.outcome
    }
}

/// Ids that an engine gives, by ours: a dense array, which is the least that its user needs.
struct Ids(Vec<u64>);

impl Ids {
    fn of(commands: &[Command]) -> Ids {
        Ids(vec![u64::MAX; commands.iter().map(|c| c.id).max().unwrap_or(0) as usize + 1])
    }
}

struct Matchcore {
    book: matchcore::OrderBook,
    ids: Ids,
    sequence: u64,
    outcome: Outcome,
}

impl Matchcore {
    fn new(commands: &[Command]) -> Matchcore {
        let book = matchcore::OrderBook::new("BENCH");
        Matchcore { book, ids: Ids::of(commands), sequence: 0, outcome: Outcome::default() }
    }
}

impl Engine for Matchcore {
    fn run(&mut self, commands: &[Command]) {
        use matchcore::{
            AmendCmd, AmendPatch, CancelCmd, CommandKind, CommandMeta, CommandOutcome, CommandReport, LimitOrder,
            LimitOrderPatch, MarketOrder, NewOrder, OrderFlags, OrderId, OrderKind, Price, Quantity, QuantityPolicy,
            SequenceNumber, Side, SubmitCmd, TimeInForce, Timestamp,
        };
        for c in commands {
            let side = if c.buys { Side::Buy } else { Side::Sell };
            let own = OrderId(self.ids.0[c.id as usize]);
            let kind = match c.kind {
                Kind::Limit => {
                    self.ids.0[c.id as usize] = self.sequence;
                    let quantity = QuantityPolicy::Standard { quantity: Quantity(c.qty) };
                    let flags = OrderFlags::new(side, false, TimeInForce::Gtc);
                    let order = NewOrder::Limit(LimitOrder::new(Price(c.price), quantity, flags));
                    CommandKind::Submit(SubmitCmd { order })
                }
                Kind::Market => {
                    let order = NewOrder::Market(MarketOrder::new(Quantity(c.qty), side, false));
                    CommandKind::Submit(SubmitCmd { order })
                }
                Kind::Cancel => CommandKind::Cancel(CancelCmd { order_id: own, order_kind: OrderKind::Limit }),
                Kind::Reduce => {
                    let quantity = QuantityPolicy::Standard { quantity: Quantity(c.price) };
                    let patch = AmendPatch::Limit(LimitOrderPatch::new().with_quantity_policy(quantity));
                    CommandKind::Amend(AmendCmd { order_id: own, patch })
                }
            };
            let number = SequenceNumber(self.sequence);
            self.sequence += 1;
            let meta = CommandMeta { sequence_number: number, timestamp: Timestamp(self.sequence) };
            match self.book.execute(&matchcore::Command { meta, kind }) {
                CommandOutcome::Applied(CommandReport::Submit(effects) | CommandReport::Amend(effects)) => {
                    for trade in effects.target_order().match_result().map_or(&[][..], |m| m.trades()) {
                        self.outcome.trade(trade.price().0, trade.quantity().0);
                    }
                }
                CommandOutcome::Applied(CommandReport::Cancel) => (),
                CommandOutcome::Rejected(_) => self.outcome.refused += 1,
            }
        }
    }

    fn outcome(&self) -> Outcome {
        self.outcome
    }
}

struct Nanobook {
    exchange: nanobook::Exchange,
    ids: Ids,
    done: u64,
    outcome: Outcome,
}

impl Nanobook {
    fn new(commands: &[Command]) -> Nanobook {
        let exchange = nanobook::Exchange::new();
        Nanobook { exchange, ids: Ids::of(commands), done: 0, outcome: Outcome::default() }
    }
}

impl Engine for Nanobook {
    fn run(&mut self, commands: &[Command]) {
        use nanobook::{OrderId, Price, Side, TimeInForce};
        for c in commands {
            let side = if c.buys { Side::Buy } else { Side::Sell };
            let result = match c.kind {
                Kind::Limit => self.exchange.submit_limit(side, Price(c.price as i64), c.qty, TimeInForce::GTC),
                Kind::Market => self.exchange.submit_market(side, c.qty),
                _ => {
                    let done = self.exchange.cancel(OrderId(self.ids.0[c.id as usize]));
                    self.outcome.refused += u64::from(!done.success);
                    continue;
                }
            };
            self.ids.0[c.id as usize] = result.order_id.0;
            for trade in &result.trades {
                self.outcome.trade(trade.price.0 as u64, trade.quantity);
            }
            self.done += 1;
            // It keeps every trade unless it is told not to.
            if self.done % 65_536 == 0 {
                self.exchange.clear_trades();
            }
        }
    }

    fn outcome(&self) -> Outcome {
        self.outcome
    }
}

/// What its listener has heard.
#[derive(Default)]
struct Heard {
    trades: AtomicU64,
    volume: AtomicU64,
    notional: AtomicU64,
}

struct OrderBookRs {
    book: orderbook_rs::OrderBook<()>,
    heard: Arc<Heard>,
    refused: u64,
}

impl OrderBookRs {
    fn new() -> OrderBookRs {
        let heard = Arc::new(Heard::default());
        let listening = Arc::clone(&heard);
        let listener: orderbook_rs::TradeListener = Arc::new(move |result: &orderbook_rs::TradeResult| {
            for trade in result.match_result.trades().as_vec() {
                let (price, qty) = (trade.price().as_u128() as u64, trade.quantity().as_u64());
                listening.trades.fetch_add(1, Relaxed);
                listening.volume.fetch_add(qty, Relaxed);
                listening.notional.fetch_add(price * qty, Relaxed);
            }
        });
        OrderBookRs { book: orderbook_rs::OrderBook::with_trade_listener("BENCH", listener), heard, refused: 0 }
    }
}

impl Engine for OrderBookRs {
    fn run(&mut self, commands: &[Command]) {
        use pricelevel::{Id, OrderUpdate, Quantity, Side, TimeInForce};
        for c in commands {
            let side = if c.buys { Side::Buy } else { Side::Sell };
            let id = Id::from_u64(c.id);
            let refused = match c.kind {
                Kind::Limit => {
                    let price = u128::from(c.price);
                    self.book.add_limit_order(id, price, c.qty, side, TimeInForce::Gtc, None).is_err()
                }
                Kind::Market => self.book.submit_market_order(id, c.qty, side).is_err(),
                Kind::Cancel => !matches!(self.book.cancel_order(id), Ok(Some(_))),
                Kind::Reduce => {
                    let new_quantity = Quantity::new(c.price);
                    self.book.update_order(OrderUpdate::UpdateQuantity { order_id: id, new_quantity }).is_err()
                }
            };
            self.refused += u64::from(refused);
        }
    }

    fn outcome(&self) -> Outcome {
        let of = |n: &AtomicU64| n.load(Relaxed);
        let Heard { trades, volume, notional } = &*self.heard;
        let (trades, volume, notional) = (of(trades), of(volume), of(notional));
        Outcome { seconds: 0.0, trades, volume, notional, refused: self.refused }
    }
}
