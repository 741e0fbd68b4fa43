//! Philox4x32-10: a counter-based generator, so that any draw of any stream can be had without those before it.
//!
//! Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC 2011.

use super::Source;

const M: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

/// The block of 128 random bits that belongs to a counter and a key, ten rounds.
#[inline]
pub const fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    let mut round = 0;
    while round < 10 {
        let p0 = M[0] as u64 * c0 as u64;
        let p1 = M[1] as u64 * c2 as u64;
        (c0, c1, c2, c3) = ((p1 >> 32) as u32 ^ c1 ^ k0, p1 as u32, (p0 >> 32) as u32 ^ c3 ^ k1, p0 as u32);
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
        round += 1;
    }
    [c0, c1, c2, c3]
}

/// One stream of 64-bit draws, readable in order and at any place.
///
/// The counter's low half is the number of the block, two draws to a block; its high half is (component, book).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Philox {
    key: [u32; 2],
    book: u32,
    component: u32,
    next: u64,
}

impl Philox {
    /// The stream of `component` of `book` under `key`, at its first draw.
    pub const fn new(key: [u32; 2], book: u32, component: u32) -> Philox {
        Philox { key, book, component, next: 0 }
    }

    /// Draw number `index`.
    pub const fn at(&self, index: u64) -> u64 {
        let block = index >> 1;
        let b = philox4x32([block as u32, (block >> 32) as u32, self.component, self.book], self.key);
        let half = 2 * (index & 1) as usize;
        b[half] as u64 | (b[half + 1] as u64) << 32
    }

    /// Makes `index` the next draw.
    pub const fn seek(&mut self, index: u64) {
        self.next = index;
    }
}

impl Source for Philox {
    fn next_u64(&mut self) -> u64 {
        let draw = self.at(self.next);
        self.next = self.next.wrapping_add(1);
        draw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers of Random123's `kat_vectors`.
    #[test]
    fn known_answers() {
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn draws_in_order_are_the_draws_at_their_places() {
        let mut s = Philox::new([1, 2], 3, 4);
        let fixed = s;
        for k in 0..9 {
            assert_eq!(s.next_u64(), fixed.at(k));
        }
        s.seek(2);
        assert_eq!(s.next_u64(), fixed.at(2));
        assert_ne!(fixed.at(0), fixed.at(1));
    }
}
