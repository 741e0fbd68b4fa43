//! The shapes: balanced, deep, aggressive, cancel-heavy.

use toprung_book::{Book, BookConfig, Command, Event, EventKind, Side};

use crate::Workload;
use crate::random::Random;

const MID: i64 = 10_000;

/// Shares of a flow in percent; what is left of a hundred trades.
struct Mix {
    add: u64,
    cancel: u64,
    /// Lowers an order to half of what is open of it.
    reduce: u64,
}

/// Where the orders of a flow go.
struct Shape {
    mix: Mix,
    /// Live orders to start with and to stay near.
    live: usize,
    /// Ticks on each side that adds spread over.
    ticks: u64,
    /// A marketable order takes up to this many lots.
    take_max: u64,
    /// Cancels name one of this many latest orders; 0 is any.
    recent: usize,
}

/// Makes commands while keeping the book they are for.
struct Maker {
    random: Random,
    book: Book,
    events: Vec<Event>,
    live: Vec<u64>,
    next_id: u64,
    out: Vec<Command>,
}

impl Maker {
    fn new(seed: u64) -> Maker {
        let random = Random::new(seed);
        Maker { random, book: Book::default(), events: Vec::new(), live: Vec::new(), next_id: 1, out: Vec::new() }
    }

    fn push(&mut self, cmd: Command) {
        self.events.clear();
        self.book.apply(&cmd, &mut self.events);
        self.out.push(cmd);
    }

    fn side(&mut self) -> Side {
        if self.random.bits() & 1 == 0 { Side::Buy } else { Side::Sell }
    }

    fn add(&mut self, ticks: u64) {
        let side = self.side();
        let away = self.random.below(ticks) as i64;
        let price = if side == Side::Buy { MID - away } else { MID + 1 + away };
        let (id, qty) = (self.next_id, 1 + self.random.below(100));
        self.next_id += 1;
        self.push(Command::limit(id, side, price, qty));
        if self.book.contains(id) {
            self.live.push(id);
        }
    }

    /// Cancels an order that lives; gives up the ones found dead on the way.
    fn cancel(&mut self, recent: usize) -> bool {
        while !self.live.is_empty() {
            let n = self.live.len();
            let among = if recent == 0 { n } else { recent.min(n) };
            let at = n - 1 - self.random.below(among as u64) as usize;
            let id = self.live.swap_remove(at);
            if self.book.contains(id) {
                self.push(Command::cancel(id));
                return true;
            }
        }
        false
    }

    /// Halves an order that lives and has two lots or more.
    fn reduce(&mut self) -> bool {
        while !self.live.is_empty() {
            let at = self.random.below(self.live.len() as u64) as usize;
            let id = self.live[at];
            match self.book.order(id) {
                Some(order) if order.qty > 1 => {
                    self.push(Command::reduce(id, order.qty / 2));
                    return true;
                }
                Some(_) => return false,
                None => _ = self.live.swap_remove(at),
            }
        }
        false
    }

    fn take(&mut self, max: u64) {
        let side = self.side();
        let (id, qty) = (self.next_id, 1 + self.random.below(max));
        self.next_id += 1;
        let price = if side == Side::Buy { MID + 1_000_000 } else { MID - 1_000_000 };
        self.push(Command::ioc(id, side, price, qty));
        debug_assert!(self.events.iter().all(|e| e.kind != EventKind::Rejected));
    }

    fn run(name: &'static str, seed: u64, shape: &Shape, count: usize) -> Workload {
        let mut maker = Maker::new(seed);
        while maker.book.order_count() < shape.live {
            maker.add(shape.ticks);
        }
        let preload = std::mem::take(&mut maker.out);
        while maker.out.len() < count {
            let dice = maker.random.below(100);
            // Twice the size is far enough from where the flow should stay.
            let full = maker.book.order_count() >= 2 * shape.live;
            if dice < shape.mix.add && !full {
                maker.add(shape.ticks);
            } else if dice >= shape.mix.add && dice < shape.mix.add + shape.mix.cancel {
                if !maker.cancel(shape.recent) {
                    maker.add(shape.ticks);
                }
            } else if dice >= shape.mix.add + shape.mix.cancel
                && dice < shape.mix.add + shape.mix.cancel + shape.mix.reduce
            {
                if !maker.reduce() {
                    maker.add(shape.ticks);
                }
            } else {
                maker.take(shape.take_max);
            }
        }
        Workload { name, config: BookConfig::default(), preload, commands: maker.out }
    }
}

/// 50 % adds within 40 ticks of the touch, 40 % cancels of any live order, 10 % marketable; 10,000 live orders.
pub fn balanced(count: usize) -> Workload {
    let mix = Mix { add: 50, cancel: 40, reduce: 0 };
    Maker::run("balanced", 1, &Shape { mix, live: 10_000, ticks: 40, take_max: 100, recent: 0 }, count)
}

/// 45 % adds, 50 % cancels of any live order, 5 % marketable; a million live orders on 2,000 ticks.
pub fn deep(count: usize) -> Workload {
    let mix = Mix { add: 45, cancel: 50, reduce: 0 };
    Maker::run("deep", 2, &Shape { mix, live: 1_000_000, ticks: 1_000, take_max: 100, recent: 0 }, count)
}

/// The deep flow on a book of `live` orders, which lie on as many ticks as there are hundreds of them, 20 to 20,000.
pub fn of_depth(live: usize, count: usize) -> Workload {
    let mix = Mix { add: 45, cancel: 50, reduce: 0 };
    let ticks = (live as u64 / 200).clamp(10, 10_000);
    Maker::run("of a depth", 2, &Shape { mix, live, ticks, take_max: 100, recent: 0 }, count)
}

/// 40 % adds, 25 % cancels, 25 % orders lowered in place, 10 % marketable; 10,000 live orders.
pub fn amend(count: usize) -> Workload {
    let mix = Mix { add: 40, cancel: 25, reduce: 25 };
    Maker::run("amend", 6, &Shape { mix, live: 10_000, ticks: 40, take_max: 100, recent: 0 }, count)
}

/// 50 % adds at the touch, 50 % marketable orders that take up to ten orders' quantity.
pub fn aggressive(count: usize) -> Workload {
    let mix = Mix { add: 50, cancel: 0, reduce: 0 };
    Maker::run("aggressive", 3, &Shape { mix, live: 1_000, ticks: 10, take_max: 100, recent: 0 }, count)
}

/// 48 % adds, 50 % cancels of recent orders, 2 % marketable: a market maker's flow.
pub fn cancel_heavy(count: usize) -> Workload {
    let mix = Mix { add: 48, cancel: 50, reduce: 0 };
    Maker::run("cancel-heavy", 4, &Shape { mix, live: 10_000, ticks: 40, take_max: 100, recent: 64 }, count)
}

/// The same workload under ids mapped one to one by `map`.
fn with_ids(name: &'static str, mut workload: Workload, map: impl Fn(u64) -> u64) -> Workload {
    for cmd in workload.preload.iter_mut().chain(&mut workload.commands) {
        cmd.id = map(cmd.id);
    }
    Workload { name, ..workload }
}

/// The balanced flow with ids that look random.
pub fn balanced_random_ids(count: usize) -> Workload {
    let scramble = |id: u64| {
        let x = (id ^ id >> 31).wrapping_mul(0x7fb5_d329_728e_a185);
        (x ^ x >> 27).wrapping_mul(0x81da_def4_bc2d_d44d)
    };
    with_ids("balanced, random ids", balanced(count), scramble)
}

/// The balanced flow with ids that share their low 24 bits, so that they collide in any table indexed by them.
pub fn collide(count: usize) -> Workload {
    with_ids("balanced, colliding ids", balanced(count), |id| id << 24)
}

/// A book of ten orders within ten ticks of the touch: one of very many.
pub fn small_book(random: &mut Random) -> Book {
    let mut book = Book::default();
    for id in 0..10 {
        let (side, away) = (Side::BOTH[id as usize % 2], random.below(10) as i64);
        let price = if side == Side::Buy { MID - away } else { MID + 1 + away };
        book.apply(&Command::limit(id, side, price, 1), &mut ());
    }
    book
}
