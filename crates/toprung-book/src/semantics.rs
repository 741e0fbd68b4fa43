//! The version of what commands mean.

/// Version of the events that a run of commands gives.
///
/// **Raise it with every change after which some book, configured as before and given the same commands, gives other
/// events than it did**: another check order, rounding, reason, queue place, or a new field in what the digest folds. A
/// journal keeps commands, not events; replayed by an engine of other semantics it would silently become another book, so
/// journals and snapshots carry this number and are refused under any other. A new kind of command, a new policy step or
/// a faster way to the same events does not change it.
///
/// The tests pin the digest of a flow beside the number: a change that moves the digest has to raise the version.
pub const SEMANTICS_VERSION: u32 = 2;

#[cfg(test)]
mod tests {
    use super::SEMANTICS_VERSION;
    use crate::{Book, BookConfig, Command, CommandFlags, CommandKind, Policy, ReplacePriority, Side, TimeInForce};

    /// A flow over every kind, time in force and flag, by a linear congruence.
    fn flow(count: usize) -> Vec<Command> {
        let mut state = 0x5DEE_CE66_D001_u64;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut one = || {
            let kinds = [0, 0, 0, 0, 1, 2, 3, 4, 4];
            let kind = CommandKind::from_u8(kinds[draw(9) as usize]).unwrap();
            let tif = TimeInForce::from_u8([0, 0, 0, 1, 2][draw(5) as usize]).unwrap();
            let flags = if draw(6) == 0 { CommandFlags::from_u8(draw(8) as u8).unwrap() } else { CommandFlags::NONE };
            let side = Side::BOTH[draw(2) as usize];
            let price = if draw(50) == 0 { i64::MAX } else { 95 + draw(11) as i64 };
            let qty = if draw(40) == 0 { u64::MAX } else { draw(60) };
            Command { id: draw(200), price, qty, owner: draw(4) as u32 / 2, kind, side, tif, flags }
        };
        (0..count).map(|_| one()).collect()
    }

    #[test]
    fn a_change_of_events_raises_the_version() {
        let digest = |policy, replace_priority| {
            let mut book = Book::new(BookConfig { policy, replace_priority, max_orders: 150, ..BookConfig::default() });
            book.apply_batch(&flow(20_000), &mut ());
            book.digest().to_string()
        };
        let digests = [
            digest(Policy::fifo(), ReplacePriority::KeepOnDecrease),
            digest(Policy::pro_rata(2), ReplacePriority::LoseAlways),
        ];
        let pinned = ["ff74465a396d4e93e5227f4e68d4723e", "7ae92120e3d360e1a51d89941763f68e"];
        assert_eq!((SEMANTICS_VERSION, digests), (2, pinned.map(str::to_owned)), "raise SEMANTICS_VERSION");
    }
}
