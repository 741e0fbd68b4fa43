//! A venue: a book with every order type, sessions and auctions. `docs/venue.md` has the rules.

mod command;
mod config;
mod view;

pub(crate) use command::part;
pub use command::{Options, OrderType, Peg, VenueAction, VenueCommand};
pub use config::{AuctionAllocation, MarketRemainder, Phase, Scheduled, StopEntry, StopTrigger, VenueConfig};
pub use view::{HeldView, Indicative, TradingVenue};
