//! Commands and orders as bytes, field by field: nothing that is read becomes an enum before it is checked.

use toprung_book::{
    Command, CommandFlags, CommandKind, Options, OrderType, OrderView, Peg, Side, TimeInForce, VenueAction,
    VenueCommand,
};

/// Bytes of a book's command record.
pub(crate) const COMMAND_BYTES: usize = 32;

/// Bytes of a venue's command record.
pub(crate) const VENUE_COMMAND_BYTES: usize = 112;

/// The name of a field that has no meaning, and its value.
pub type Unknown = (&'static str, u16);

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
pub(crate) fn command(record: &[u8]) -> Result<Command, Unknown> {
    let [kind, side, tif, flags] = u32_at(record, 28).to_le_bytes();
    let unknown = |field, value: u8| (field, u16::from(value));
    Ok(Command {
        id: u64_at(record, 0),
        price: u64_at(record, 8) as i64,
        qty: u64_at(record, 16),
        owner: u32_at(record, 24),
        kind: CommandKind::from_u8(kind).ok_or_else(|| unknown("kind", kind))?,
        side: Side::from_u8(side).ok_or_else(|| unknown("side", side))?,
        tif: TimeInForce::from_u8(tif).ok_or_else(|| unknown("time in force", tif))?,
        flags: CommandFlags::from_u8(flags).ok_or_else(|| unknown("flags", flags))?,
    })
}

/// Appends a venue's command: that of its order, then the other fields as they lie. What is reserved is written as 0.
#[inline]
pub(crate) fn put_venue_command(out: &mut Vec<u8>, c: &VenueCommand) {
    put_command(out, &c.order);
    let numbers = [
        c.stop_price as u64,
        c.display_qty,
        c.display_range,
        c.min_qty,
        c.expire_at,
        c.link,
        c.parent,
        c.offset as u64,
        c.step,
    ];
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
    let [low, high] = c.options.bits().to_le_bytes();
    out.extend_from_slice(&[c.action as u8, c.order_type as u8, c.peg as u8, 0, low, high, 0, 0]);
}

/// The venue's command of a record, or the name of the field that has no meaning, and its value.
#[inline]
pub(crate) fn venue_command(record: &[u8]) -> Result<VenueCommand, Unknown> {
    let order = command(record)?;
    let [action, order_type, peg, reserved] = u32_at(record, 104).to_le_bytes();
    let [low, high, tail @ ..] = u32_at(record, 108).to_le_bytes();
    let (options, reserved2) = (u16::from_le_bytes([low, high]), u16::from_le_bytes(tail));
    let unknown = |field, value: u8| (field, u16::from(value));
    if reserved != 0 {
        return Err(unknown("reserved byte", reserved));
    }
    if reserved2 != 0 {
        return Err(("reserved bytes", reserved2));
    }
    Ok(VenueCommand {
        order,
        stop_price: u64_at(record, 32) as i64,
        display_qty: u64_at(record, 40),
        display_range: u64_at(record, 48),
        min_qty: u64_at(record, 56),
        expire_at: u64_at(record, 64),
        link: u64_at(record, 72),
        parent: u64_at(record, 80),
        offset: u64_at(record, 88) as i64,
        step: u64_at(record, 96),
        action: VenueAction::from_u8(action).ok_or_else(|| unknown("action", action))?,
        order_type: OrderType::from_u8(order_type).ok_or_else(|| unknown("order type", order_type))?,
        peg: Peg::from_u8(peg).ok_or_else(|| unknown("peg", peg))?,
        reserved,
        options: Options::from_u16(options).ok_or(("options", options))?,
        reserved2,
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

    proptest! {
        #[test]
        fn any_bytes_are_a_venue_command_that_is_written_back_as_them_or_are_refused(
            record in proptest::collection::vec(any::<u8>(), VENUE_COMMAND_BYTES), small in any::<bool>(),
        ) {
            let mut record = record;
            if small {
                let domains = [(28, 5), (29, 2), (30, 7), (31, 8), (104, 12), (105, 10), (106, 3), (109, 32)];
                for (at, below) in domains {
                    record[at] %= below;
                }
                for at in [107, 110, 111] {
                    record[at] = 0;
                }
            }
            match venue_command(&record) {
                Ok(c) => {
                    let mut out = Vec::new();
                    put_venue_command(&mut out, &c);
                    prop_assert_eq!(out, record);
                }
                Err(_) => prop_assert!(!small),
            }
        }
    }

    #[test]
    fn the_record_of_a_venue_command_is_pinned() {
        let c = VenueCommand {
            stop_price: -1,
            display_qty: 2,
            display_range: 3,
            min_qty: 4,
            expire_at: 5,
            link: 6,
            parent: 7,
            offset: -8,
            step: 9,
            peg: Peg::Market,
            options: Options::ONE_TRIGGERS_OTHER.with(Options::HIDDEN),
            ..VenueCommand::enter(OrderType::Pegged, 1, Side::Sell, -2, 3)
        };
        let mut out = Vec::new();
        put_venue_command(&mut out, &c);
        let number = |n: i64| n.to_le_bytes().map(|b| format!("{b:02x}")).concat();
        let hex: String = out.iter().map(|b| format!("{b:02x}")).collect();
        let order = "0100000000000000feffffffffffffff03000000000000000000000000010000";
        assert_eq!(hex, [order, &[-1, 2, 3, 4, 5, 6, 7, -8, 9].map(number).concat(), "0009020001100000"].concat());
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
