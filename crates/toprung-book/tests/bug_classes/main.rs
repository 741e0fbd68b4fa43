//! One claim per class of bug that was found in other matching engines.
//!
//! The classes are those that public conformance tests and change logs of other engines name: trades at the taker's
//! price, lost places, phantom best prices, rests that stay, stale ids, bounded domains. Stop cascades, icebergs and
//! self-trade prevention have their classes too, and are missing here as long as the book has none of them.
//!
//! Every claim runs on the fast and on the naive book, and for both sides of the market: see [`mirror`].

mod bounds;
mod ids;
mod mirror;
mod places;
mod replacing;
mod self_trade;
mod stream;
mod trading;
