//! Commands and orders as bytes, field by field: nothing that is read becomes an enum before it is checked.

use toprung_book::{Command, CommandFlags, CommandKind, OrderView, Side, TimeInForce};

/// Bytes of a command record.
pub(crate) const COMMAND_BYTES: usize = 32;

/// Bytes of an order record in a snapshot.
pub(crate) const ORDER_BYTES: usize = 32;

/// Four bytes at `at` as a number, least significant first; 0 past the end.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut field = [0; 4];
    if let Some(found) = bytes.get(at..at + 4) {
        field.copy_from_slice(found);
    }
    u32::from_le_bytes(field)
}

/// Eight bytes at `at` as a number, least significant first; 0 past the end.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// Sixteen bytes at `at` as a number, least significant first; 0 past the end.
pub(crate) fn u128_at(bytes: &[u8], at: usize) -> u128 {
    u128::from(u64_at(bytes, at)) | u128::from(u64_at(bytes, at + 8)) << 64
}

/// Appends a command.
#[inline]
pub(crate) fn put_command(out: &mut Vec<u8>, c: &Command) {
    let mut record = [0; COMMAND_BYTES];
    record[0..8].copy_from_slice(&c.id.to_le_bytes());
    record[8..16].copy_from_slice(&c.price.to_le_bytes());
    record[16..24].copy_from_slice(&c.qty.to_le_bytes());
    record[24..28].copy_from_slice(&c.owner.to_le_bytes());
    record[28] = c.kind as u8;
    record[29] = c.side as u8;
    record[30] = c.tif as u8;
    record[31] = c.flags.bits();
    out.extend_from_slice(&record);
}

/// The command of a record, or the name of the field that has no meaning, and its value.
#[inline]
pub(crate) fn command(record: &[u8; COMMAND_BYTES]) -> Result<Command, (&'static str, u8)> {
    let [.., kind, side, tif, flags] = *record;
    Ok(Command {
        id: u64_at(record, 0),
        price: u64_at(record, 8) as i64,
        qty: u64_at(record, 16),
        owner: u32_at(record, 24),
        kind: CommandKind::from_u8(kind).ok_or(("kind", kind))?,
        side: Side::from_u8(side).ok_or(("side", side))?,
        tif: TimeInForce::from_u8(tif).ok_or(("time in force", tif))?,
        flags: CommandFlags::from_u8(flags).ok_or(("flags", flags))?,
    })
}

/// Appends a resting order: id, price, open quantity, owner, side and three bytes of nothing.
pub(crate) fn put_order(out: &mut Vec<u8>, o: &OrderView) {
    let mut record = [0; ORDER_BYTES];
    record[0..8].copy_from_slice(&o.id.to_le_bytes());
    record[8..16].copy_from_slice(&o.price.to_le_bytes());
    record[16..24].copy_from_slice(&o.qty.to_le_bytes());
    record[24..28].copy_from_slice(&o.owner.to_le_bytes());
    record[28] = o.side as u8;
    out.extend_from_slice(&record);
}

/// The order of a record, or the name of the field that has no meaning, and its value.
pub(crate) fn order(record: &[u8; ORDER_BYTES]) -> Result<OrderView, (&'static str, u8)> {
    if let Some(&stray) = record[29..].iter().find(|&&b| b != 0) {
        return Err(("padding", stray));
    }
    Ok(OrderView {
        id: u64_at(record, 0),
        price: u64_at(record, 8) as i64,
        qty: u64_at(record, 16),
        owner: u32_at(record, 24),
        side: Side::from_u8(record[28]).ok_or(("side", record[28]))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_a_command_that_is_written_back_as_them_or_are_refused(record in any::<[u8; 32]>(), small in any::<bool>()) {
            let mut record = record;
            if small {
                for (at, below) in [(28, 5), (29, 2), (30, 3), (31, 8)] {
                    record[at] %= below;
                }
            }
            match command(&record) {
                Ok(c) => {
                    let mut out = Vec::new();
                    put_command(&mut out, &c);
                    prop_assert_eq!(&out[..], &record[..]);
                }
                Err(_) => prop_assert!(!small),
            }
            record[29..].fill(0);
            record[28] %= 2;
            let mut out = Vec::new();
            put_order(&mut out, &order(&record).unwrap());
            prop_assert_eq!(&out[..], &record[..]);
        }
    }

    #[test]
    fn the_record_of_a_command_is_pinned() {
        let c = Command::limit(1, Side::Sell, -2, 3)
            .with_tif(TimeInForce::Ioc)
            .with_owner(4)
            .with_flags(CommandFlags::POST_ONLY);
        let mut out = Vec::new();
        put_command(&mut out, &c);
        let hex: String = out.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "0100000000000000feffffffffffffff03000000000000000400000000010101");
    }
}
