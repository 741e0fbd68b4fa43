//! Rows on their way out, column by column.

use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int8Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt32Array, UInt64Array,
};

use super::tables::{ColumnType, Table};

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Unsigned, 32 bits.
    U32(Vec<u32>),
    /// Unsigned, 64 bits.
    U64(Vec<u64>),
    /// Signed, 64 bits.
    I64(Vec<i64>),
    /// Signed, 64 bits, where a row may have none.
    MaybeI64(Vec<Option<i64>>),
    /// Floating point.
    F64(Vec<f64>),
    /// Nanoseconds since 1970.
    Time(Vec<i64>),
    /// Codes of names.
    Name(Vec<i8>),
    /// Codes of names, where a row may have none.
    MaybeName(Vec<Option<i8>>),
    /// Texts.
    Text(Vec<String>),
    /// True or false.
    Bool(Vec<bool>),
}

impl Values {
    /// Rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Values::U32(v) => v.len(),
            Values::U64(v) => v.len(),
            Values::I64(v) | Values::Time(v) => v.len(),
            Values::MaybeI64(v) => v.len(),
            Values::F64(v) => v.len(),
            Values::Name(v) => v.len(),
            Values::MaybeName(v) => v.len(),
            Values::Text(v) => v.len(),
            Values::Bool(v) => v.len(),
        }
    }

    fn into_array(self, kind: ColumnType) -> ArrayRef {
        let named = |codes: Int8Array| -> ArrayRef {
            let ColumnType::Name(names) = kind else { unreachable!("Invariant: codes stand in columns of names") };
            let names = Arc::new(StringArray::from(names.to_vec()));
            let array = DictionaryArray::<Int8Type>::try_new(codes, names);
            Arc::new(array.expect("Invariant: every code has a name"))
        };
        match self {
            Values::U32(v) => Arc::new(UInt32Array::from(v)),
            Values::U64(v) => Arc::new(UInt64Array::from(v)),
            Values::I64(v) => Arc::new(Int64Array::from(v)),
            Values::MaybeI64(v) => Arc::new(Int64Array::from(v)),
            Values::F64(v) => Arc::new(Float64Array::from(v)),
            Values::Time(v) => Arc::new(TimestampNanosecondArray::from(v)),
            Values::Name(v) => named(Int8Array::from(v)),
            Values::MaybeName(v) => named(Int8Array::from(v)),
            Values::Text(v) => Arc::new(StringArray::from(v)),
            Values::Bool(v) => Arc::new(BooleanArray::from(v)),
        }
    }
}

/// A batch of a table's rows for Arrow. The values must be those of the table's columns, in order.
pub(crate) fn record_batch(table: Table, values: Vec<Values>) -> RecordBatch {
    let arrays = values.into_iter().zip(table.columns()).map(|(v, c)| v.into_array(c.kind)).collect();
    RecordBatch::try_new(table.schema(), arrays).expect("Invariant: the values are those of the table's columns")
}

/// Rows of one table that are being collected.
pub(crate) trait Rows: Default {
    /// The table.
    const TABLE: Table;

    /// Rows collected.
    fn len(&self) -> usize;

    /// Takes what was collected, in the order of the table's columns, and begins again.
    fn take(&mut self) -> Vec<Values>;
}

/// Declares the collected rows of a table: one vector a column, in the table's order.
macro_rules! rows {
    ($(#[$doc:meta])* $name:ident of $table:ident { $($column:ident: $kind:ident($type:ty)),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            $(pub(crate) $column: Vec<$type>,)+
        }

        impl Rows for $name {
            const TABLE: Table = Table::$table;

            fn len(&self) -> usize {
                self.book.len()
            }

            fn take(&mut self) -> Vec<Values> {
                vec![$(Values::$kind(replace(&mut self.$column)),)+]
            }
        }
    };
}

/// Takes a full vector and leaves an empty one that has room for as much.
fn replace<T>(v: &mut Vec<T>) -> Vec<T> {
    let room = Vec::with_capacity(v.len());
    std::mem::replace(v, room)
}

rows! {
    /// Rows of `orders`.
    Orders of Orders {
        book: U32(u32), event: U64(u64), seq: U64(u64), ts: Time(i64), kind: Name(i8), order_id: U64(u64),
        side: MaybeName(Option<i8>), price_ticks: MaybeI64(Option<i64>), qty_lots: U64(u64), removed_lots: U64(u64),
        owner: U32(u32), reason: Name(i8), kept_place: Bool(bool),
    }
}

rows! {
    /// Rows of `trades`.
    Trades of Trades {
        book: U32(u32), event: U64(u64), seq: U64(u64), ts: Time(i64), price_ticks: I64(i64), qty_lots: U64(u64),
        aggressor_side: Name(i8), taker_id: U64(u64), maker_id: U64(u64), taker_owner: U32(u32),
    }
}

rows! {
    /// Rows of `l2`.
    L2 of L2 {
        book: U32(u32), seq: U64(u64), ts: Time(i64), side: Name(i8), price_ticks: I64(i64), qty_lots: U64(u64),
        orders: U32(u32),
    }
}

rows! {
    /// Rows of `l1`.
    L1 of L1 {
        book: U32(u32), ts: Time(i64), bid_ticks: MaybeI64(Option<i64>), bid_lots: U64(u64),
        ask_ticks: MaybeI64(Option<i64>), ask_lots: U64(u64), last_ticks: MaybeI64(Option<i64>), volume_lots: U64(u64),
        buy_volume_lots: U64(u64), trades: U64(u64), accepted: U64(u64), cancelled: U64(u64), commands: U64(u64),
    }
}

rows! {
    /// Rows of `depth`.
    Depth of Depth {
        book: U32(u32), ts: Time(i64), side: Name(i8), level: U32(u32), price_ticks: I64(i64), qty_lots: U64(u64),
        orders: U32(u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits<R: Rows>() {
        let batch = record_batch(R::TABLE, R::default().take());
        assert_eq!(batch.num_columns(), R::TABLE.columns().len());
        assert_eq!(batch.schema(), R::TABLE.schema());
    }

    #[test]
    fn collected_rows_have_the_tables_columns() {
        fits::<Orders>();
        fits::<Trades>();
        fits::<L2>();
        fits::<L1>();
        fits::<Depth>();
    }

    #[test]
    fn the_fields_are_named_for_the_columns() {
        let shown = format!("{:?}", Orders::default());
        let names: Vec<_> = Table::Orders.columns().iter().map(|c| c.name).collect();
        assert_eq!(shown, format!("Orders {{ {} }}", names.map_to("{}: []")));
    }

    trait MapTo {
        fn map_to(&self, pattern: &str) -> String;
    }

    impl MapTo for Vec<&str> {
        fn map_to(&self, pattern: &str) -> String {
            self.iter().map(|n| pattern.replace("{}", n)).collect::<Vec<_>>().join(", ")
        }
    }
}
