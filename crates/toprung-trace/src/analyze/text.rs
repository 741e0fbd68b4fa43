//! Figures as people read them.

/// A duration with three significant figures; negative ones keep their sign.
pub(super) fn duration(ns: f64) -> String {
    if !ns.is_finite() {
        return "n/a".into();
    }
    let size = ns.abs();
    for (unit, scale) in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)] {
        if size >= scale {
            let value = ns / scale;
            let digits = if value.abs() >= 99.95 { 0 } else { usize::from(value.abs() < 9.995) + 1 };
            return format!("{value:.digits$} {unit}");
        }
    }
    format!("{ns:.0} ns")
}

/// An integer with thousands separators.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.001 { format!("{:.2} %", share * 100.0) } else { format!("{:.1} %", share * 100.0) }
}

/// One thing or many.
pub(super) trait Plural {
    /// The word that fits.
    fn of<'a>(&self, one: &'a str, many: &'a str) -> &'a str;
}

impl Plural for u64 {
    fn of<'a>(&self, one: &'a str, many: &'a str) -> &'a str {
        if *self == 1 { one } else { many }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_take_the_unit_that_fits() {
        assert_eq!(
            [45.0, 1234.0, 50_120.0, 3.4e6, 12.1e9, -2500.0].map(duration),
            ["45 ns", "1.23 µs", "50.1 µs", "3.40 ms", "12.1 s", "-2.50 µs"]
        );
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([percent(0.0), percent(0.0004), percent(0.5)], ["0.0 %", "0.04 %", "50.0 %"]);
    }
}
