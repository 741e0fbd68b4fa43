//! A rolling 128-bit digest of an event stream.
//!
//! Two runs with the same digest gave the same events in the same order. It is a fingerprint, not a signature: fast
//! (about a nanosecond per event), the same on every platform, and not meant to withstand somebody who wants a collision.

use std::fmt;

use crate::event::Event;

/// Digest of the events so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Digest {
    a: u64,
    b: u64,
}

// Odd constants with evenly spread bits: the fractional digits of the square roots of 2, 3, 5, 7, 11 and 13.
const K: [u64; 6] = [
    0x6a09_e667_f3bc_c909,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
];

/// The two halves of the 128-bit product, folded into one word.
#[inline(always)]
const fn mix(x: u64, y: u64) -> u64 {
    let p = (x as u128) * (y as u128);
    (p as u64) ^ ((p >> 64) as u64)
}

impl Digest {
    /// The digest of no events.
    pub const EMPTY: Digest = Digest { a: K[4], b: K[5] };

    /// Takes one event in.
    #[inline(always)]
    pub fn fold(&mut self, e: &Event) {
        // The two products do not depend on the state, so only two multiplications are on the chain from event to event.
        let x =
            mix(e.id ^ K[0], e.price as u64 ^ K[1]).wrapping_add(e.id).wrapping_add((e.price as u64).rotate_left(32));
        let y = mix(e.other ^ K[2], e.qty ^ K[3]).wrapping_add(e.other).wrapping_add(e.qty.rotate_left(32));
        let z = e.head().wrapping_add(e.seq.rotate_left(17));
        self.a = (self.a ^ x).rotate_left(29).wrapping_add(z).wrapping_mul(K[0]);
        self.b = (self.b ^ y).rotate_left(31).wrapping_add(self.a).wrapping_mul(K[1]);
    }

    /// Takes another digest in, as one step: for the digest of many books, in book order.
    pub fn combine(&mut self, other: Digest) {
        self.a = (self.a ^ mix(other.a ^ K[2], K[3])).rotate_left(29).wrapping_add(other.b).wrapping_mul(K[0]);
        self.b = (self.b ^ mix(other.b ^ K[3], K[2])).rotate_left(31).wrapping_add(self.a).wrapping_mul(K[1]);
    }

    /// The 128 bits as one number.
    pub const fn to_u128(self) -> u128 {
        (self.a as u128) << 64 | self.b as u128
    }

    /// The digest whose [`to_u128`](Digest::to_u128) is `bits`, to go on from a stored one.
    pub const fn from_u128(bits: u128) -> Digest {
        Digest { a: (bits >> 64) as u64, b: bits as u64 }
    }
}

impl Default for Digest {
    fn default() -> Digest {
        Digest::EMPTY
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.to_u128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Side;
    use crate::event::{EventFlags, EventKind, Reason};

    const E: Event = Event {
        seq: 3,
        id: 4,
        other: 5,
        price: -6,
        qty: 7,
        owner: 8,
        kind: EventKind::Trade,
        side: Side::Sell,
        reason: Reason::None,
        flags: EventFlags::NONE,
    };

    fn of(events: &[Event]) -> Digest {
        let mut d = Digest::default();
        events.iter().for_each(|e| d.fold(e));
        d
    }

    #[test]
    fn every_field_and_the_order_of_events_count() {
        let variants = [
            E,
            Event { seq: 4, ..E },
            Event { id: 5, other: 4, ..E },
            Event { price: 6, ..E },
            Event { qty: 8, ..E },
            Event { owner: 9, ..E },
            Event { kind: EventKind::Accepted, ..E },
            Event { side: Side::Buy, ..E },
            Event { reason: Reason::Requested, ..E },
            Event { flags: EventFlags::MARKET, ..E },
            Event { id: K[0], ..E },
            Event { price: K[1] as i64, id: 99, ..E },
        ];
        let digests: std::collections::HashSet<_> = variants.iter().map(|e| of(&[*e])).collect();
        assert_eq!(digests.len(), variants.len());
        assert_ne!(of(&[variants[0], variants[1]]), of(&[variants[1], variants[0]]));
    }

    #[test]
    fn the_digest_is_pinned_since_golden_files_depend_on_it() {
        assert_eq!(Digest::EMPTY.to_string(), "510e527fade682d19b05688c2b3e6c1f");
        assert_eq!(of(&[E, E]).to_string(), "c888dabfe26ce0b2cd887fb8d85593b5");
    }
}
