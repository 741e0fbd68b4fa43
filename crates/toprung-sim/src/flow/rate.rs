//! Rates in fixed point, so that sums are exact and independent of their order.

/// Events per second in unsigned 32.32 fixed point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u64);

impl Rate {
    /// The largest rate that a parameter may have, events per second.
    pub const MAX_PER_SECOND: f64 = 1e9;

    /// The nearest rate to `per_second`, `None` unless it is a number from 0 to 10⁹ that is 0 or at least 2⁻³¹.
    ///
    /// One multiplication by a power of two, one addition and one truncation, each exact or correctly rounded by
    /// IEEE 754: the same bits everywhere.
    pub fn from_per_second(per_second: f64) -> Option<Rate> {
        if !(0.0..=Self::MAX_PER_SECOND).contains(&per_second) {
            return None;
        }
        let fixed = (per_second * (1_u64 << 32) as f64 + 0.5) as u64;
        if fixed < 2 && per_second > 0.0 { None } else { Some(Rate(fixed)) }
    }

    /// The fixed-point value.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Events per second.
    pub fn per_second(self) -> f64 {
        self.0 as f64 / (1_u64 << 32) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_round_to_the_nearest_and_refuse_what_is_no_rate() {
        assert_eq!(Rate::from_per_second(1.5).unwrap().bits(), 3 << 31);
        assert_eq!(Rate::from_per_second(0.0).unwrap().bits(), 0);
        assert_eq!(Rate::from_per_second(1e9).unwrap().per_second(), 1e9);
        for bad in [-1.0, -f64::MIN_POSITIVE, 1.1e9, f64::NAN, f64::INFINITY, 1e-12] {
            assert_eq!(Rate::from_per_second(bad), None, "{bad}");
        }
    }
}
