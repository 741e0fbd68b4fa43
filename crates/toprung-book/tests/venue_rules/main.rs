//! The rules of docs/venue.md, one small scenario each, over every venue there is.

mod all_or_none;
mod auctions;
mod checks;
mod desk;
mod icebergs;
mod links;
mod matching;
mod pegs;
mod protection;
mod replace;
mod requests;
mod sessions;
mod stops;
mod trailing;
