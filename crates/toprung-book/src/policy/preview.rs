//! A policy shown at work: who gets what of one level, step by step.
//!
//! A [`Level`] is written as the references write it: `10T,5,20L40` is an order of 10 that is TOP, one of 5, and one of 20
//! of a lead market maker with 40 %. [`allocate`] enters it into a real [`Book`] and lets an aggressor take from it.
//!
//! ```
//! use toprung_book::preview::{Level, allocate};
//! use toprung_book::{Participant, Preset, PresetParams};
//!
//! let cme_a = Preset::find("cme.A").unwrap().policy(PresetParams::default()).unwrap();
//! let level = Level::parse("10T,5,20,50,75").unwrap();
//! let shown = allocate(&cme_a, &level, 60, Participant::default()).unwrap();
//! assert_eq!(shown.fills, [10, 3, 6, 16, 25]);
//! assert_eq!(shown.by_step[0], [10, 0, 0, 0, 0]);
//! ```

use std::fmt;

use super::allocate::{Bench, Open, Terms};
use super::{Class, Participant, Participants, Policy, PolicyError};
use crate::book::Book;
use crate::command::{Command, Side};
use crate::config::BookConfig;
use crate::event::{Event, EventKind};
use crate::view::MatchingBook;

/// Most orders of a level that is shown.
pub const ORDERS_MAX: usize = 1024;

/// Most lots of an order or an aggressor: what a double holds exactly.
pub const QTY_MAX: u64 = (1 << 53) - 1;

/// The price at which the level rests.
pub const PRICE: i64 = 100;

/// Betters the level's price before it forms, so that none of its orders is TOP.
const FILLER: u64 = u64::MAX;

/// An order's marks, as a message lists them.
const MARKS: &str = "T (TOP), L40 (lead market maker, 40 %), c (customer), m (market maker), e (entitled market maker), g7 \
                     (group 7)";

/// A level of resting orders, oldest first. Order *i* belongs to owner *i* + 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// What each order has open.
    pub sizes: Vec<u64>,
    /// Who entered it.
    pub participants: Vec<Participant>,
    /// Whether the oldest is TOP; no other can be, since all others joined.
    pub has_top: bool,
}

/// Why something cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PreviewError {
    /// An order is not written as it should be.
    Order {
        /// Its position, from 0.
        index: usize,
        /// As it is written.
        text: String,
        /// What was expected.
        expected: String,
    },
    /// More orders than [`ORDERS_MAX`].
    Orders(usize),
    /// The aggressor takes nothing, or more than [`QTY_MAX`].
    Aggressor(u64),
    /// The level holds more than the policy can reckon with.
    Level {
        /// Lots of the level.
        qty: u128,
        /// Lots that it may hold.
        max: u64,
    },
    /// The participants' percentages do not fit together.
    Participants(PolicyError),
}

impl fmt::Display for PreviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PreviewError::Order { index, text, expected } => {
                write!(f, "order {} of the book: expected {expected}, got `{text}`", index + 1)
            }
            PreviewError::Orders(n) => write!(f, "expected at most {ORDERS_MAX} orders, got {n}"),
            PreviewError::Aggressor(qty) => write!(f, "expected an aggressor of 1 to {QTY_MAX} lots, got {qty}"),
            PreviewError::Level { qty, max } => {
                write!(f, "expected a level of at most {max} lots under this policy, got {qty}")
            }
            PreviewError::Participants(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for PreviewError {}

impl Level {
    /// Reads `10T,5,20L40`. `c`, `m`, `e` make an order a customer's, a market maker's, an entitled market maker's; `g7`
    /// puts its owner in group 7.
    ///
    /// # Errors
    /// The first order that is not a size from 1 with such marks, and there may be at most [`ORDERS_MAX`].
    pub fn parse(text: &str) -> Result<Level, PreviewError> {
        let count = text.split(',').count();
        if count > ORDERS_MAX {
            return Err(PreviewError::Orders(count));
        }
        let mut level = Level { sizes: Vec::new(), participants: Vec::new(), has_top: false };
        for (index, order) in text.split(',').enumerate() {
            level.read(index, order.trim()).map_err(|expected| PreviewError::Order {
                index,
                text: order.trim().to_owned(),
                expected,
            })?;
        }
        let lots: u128 = level.sizes.iter().map(|&q| u128::from(q)).sum();
        if lots > QTY_MAX.into() {
            return Err(PreviewError::Level { qty: lots, max: QTY_MAX });
        }
        Participants::new(&level.participants).map_err(PreviewError::Participants)?;
        Ok(level)
    }

    fn read(&mut self, index: usize, order: &str) -> Result<(), String> {
        let (size, mut marks) = leading_digits(order);
        let qty: u64 = size
            .parse()
            .ok()
            .filter(|q| (1..=QTY_MAX).contains(q))
            .ok_or_else(|| format!("a size from 1 to {QTY_MAX}, then marks such as T or L40"))?;
        let mut who = Participant { owner: index as u32 + 1, ..Participant::default() };
        while let Some(mark) = marks.chars().next() {
            let (number, rest) = leading_digits(&marks[mark.len_utf8()..]);
            match mark {
                'T' if index > 0 => return Err("TOP at the oldest order alone: the others joined its price".to_owned()),
                'L' => {
                    let percent = number.parse().ok().filter(|p| *p <= 100);
                    who.lmm_percent = percent.ok_or("a percentage from 0 to 100 behind L")?;
                }
                'g' => who.group = number.parse().map_err(|_| "a group's number behind g")?,
                'T' | 'c' | 'm' | 'e' if !number.is_empty() => return Err(format!("no number behind {mark}")),
                'T' => self.has_top = true,
                'c' => who.class = Class::Customer,
                'm' => who.class = Class::MarketMaker,
                'e' => (who.class, who.entitled) = (Class::MarketMaker, true),
                _ => return Err(format!("the marks {MARKS}")),
            }
            marks = rest;
        }
        self.sizes.push(qty);
        self.participants.push(who);
        Ok(())
    }

    /// A book under `policy` that knows the level's participants and `aggressor`, unless that is nobody.
    ///
    /// # Errors
    /// When a participant's percentage is above a hundred.
    pub fn config(&self, policy: &Policy, aggressor: Participant) -> Result<BookConfig, PolicyError> {
        let known = if aggressor.owner == 0 { &[][..] } else { &[aggressor] };
        let participants = Participants::new(&[&self.participants, known].concat())?;
        Ok(BookConfig { policy: policy.clone(), participants, ..BookConfig::default() })
    }

    /// Enters the orders on the buy side of an empty book, ids from 0, at [`PRICE`].
    pub fn enter<B: MatchingBook>(&self, book: &mut B) {
        if !self.has_top {
            book.apply(&Command::limit(FILLER, Side::Buy, PRICE + 1, 1), &mut ());
        }
        for (i, &qty) in self.sizes.iter().enumerate() {
            let order = Command::limit(i as u64, Side::Buy, PRICE, qty).with_owner(i as u32 + 1);
            book.apply(&order, &mut ());
        }
        if !self.has_top {
            book.apply(&Command::cancel(FILLER), &mut ());
        }
    }

    fn qty(&self) -> u64 {
        self.sizes.iter().sum()
    }
}

fn leading_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// What each order of a level gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// In all.
    pub fills: Vec<u64>,
    /// By each step of the policy; nothing when the whole level is taken, which no step decides.
    pub by_step: Vec<Vec<u64>>,
    /// The prints in their order: (position, lots).
    pub prints: Vec<(usize, u64)>,
    /// The aggressor took everything, so that all were filled in time order whatever the policy.
    pub whole_level: bool,
}

/// What the orders of `level` get of an aggressor of `qty` lots under `policy`, from a book.
///
/// `aggressor` says who takes, for policies that ask ([`Participant::group`]); owner 0 is nobody.
///
/// # Errors
/// When the level or the aggressor has a size that the policy or a double cannot hold.
pub fn allocate(policy: &Policy, level: &Level, qty: u64, aggressor: Participant) -> Result<Allocation, PreviewError> {
    if !(1..=QTY_MAX).contains(&qty) {
        return Err(PreviewError::Aggressor(qty));
    }
    let max = policy.level_qty_max();
    if level.qty() > max {
        return Err(PreviewError::Level { qty: level.qty().into(), max });
    }
    let config = level.config(policy, aggressor).map_err(PreviewError::Participants)?;
    let mut book = Book::new(config.clone());
    level.enter(&mut book);
    let mut events: Vec<Event> = Vec::new();
    let taker = Command::ioc(FILLER - 1, Side::Sell, PRICE, qty).with_owner(aggressor.owner);
    book.apply(&taker, &mut events);
    let trades = events.iter().filter(|e| e.kind == EventKind::Trade);
    let prints: Vec<(usize, u64)> = trades.map(|e| (e.maker() as usize, e.qty)).collect();
    let mut fills = vec![0; level.sizes.len()];
    for &(order, lots) in &prints {
        fills[order] += lots;
    }
    let whole_level = qty >= level.qty();
    let by_step = if whole_level { Vec::new() } else { by_step(&config, level, qty, aggressor.owner, &prints) };
    Ok(Allocation { fills, by_step, prints, whole_level })
}

/// Which step each print came from. Events do not say it, so the steps are run once more on the book's own bench, which
/// must print the same.
fn by_step(config: &BookConfig, level: &Level, qty: u64, aggressor: u32, prints: &[(usize, u64)]) -> Vec<Vec<u64>> {
    let steps = config.policy.steps();
    let top = config.policy.top_min_qty().filter(|&min| level.has_top && level.sizes[0] >= min).map(|_| 0);
    let terms = Terms { steps, participants: &config.participants, aggressor, top };
    let mut bench = Bench::default();
    bench.orders.extend((0u32..).zip(&level.sizes).map(|(i, &open)| Open::new(i, i + 1, open)));
    let mut shown = vec![vec![0; level.sizes.len()]; steps.len()];
    let mut again = Vec::with_capacity(prints.len());
    bench.allocate(&terms, qty, |step, order, lots| {
        shown[step][order.handle as usize] += lots;
        again.push((order.handle as usize, lots));
    });
    assert_eq!(again, prints, "Invariant: the bench prints what the book printed");
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Preset, PresetParams};

    fn show(name: &str, level: &str, qty: u64) -> Allocation {
        let policy = Preset::find(name).unwrap().policy(PresetParams::default()).unwrap();
        allocate(&policy, &Level::parse(level).unwrap(), qty, Participant::default()).unwrap()
    }

    #[test]
    fn the_steps_add_up_to_what_the_book_printed() {
        let k = show("cme.K", "10T,5,20L40,50,75", 60);
        assert_eq!(k.by_step.len(), 6);
        for (i, fill) in k.fills.iter().enumerate() {
            assert_eq!(k.by_step.iter().map(|step| step[i]).sum::<u64>(), *fill);
        }
        assert_eq!(k.by_step[1], [0, 0, 20, 0, 0]);
    }

    #[test]
    fn a_whole_level_is_taken_by_no_step() {
        let all = show("cme.A", "10T,5", 99);
        assert!(all.whole_level && all.by_step.is_empty());
        assert_eq!(all.prints, [(0, 10), (1, 5)]);
    }

    #[test]
    fn what_is_not_a_level_is_refused_with_the_order_and_what_was_expected() {
        let message = |text: &str| Level::parse(text).unwrap_err().to_string();
        assert!(message("10,x").starts_with("order 2 of the book: expected a size from 1"), "{}", message("10,x"));
        assert!(message("").starts_with("order 1 of the book: expected a size"));
        assert!(message("0").contains("got `0`"));
        assert!(message("9007199254740992").contains("from 1 to 9007199254740991"));
        assert!(message("10,5T").contains("the oldest order alone"));
        assert!(message("10T3").contains("no number behind T"));
        assert!(message("10L101").contains("a percentage"));
        assert!(message("10€").contains("marks"));
        assert_eq!(Level::parse(&vec!["1"; 1025].join(",")), Err(PreviewError::Orders(1025)));
    }

    #[test]
    fn a_level_past_what_the_policy_can_reckon_with_is_refused() {
        let tpr = Preset::find("eurex.tpr").unwrap().policy(PresetParams::default()).unwrap();
        let level = Level::parse("9007199254740990,1").unwrap();
        let refused = allocate(&tpr, &level, 5, Participant::default());
        assert!(matches!(refused, Err(PreviewError::Level { .. })), "{refused:?}");
        assert_eq!(allocate(&tpr, &level, 0, Participant::default()), Err(PreviewError::Aggressor(0)));
    }
}
