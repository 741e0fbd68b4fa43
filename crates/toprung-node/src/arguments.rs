//! Arguments and results of the classes' methods: numbers that are checked, and rows in the caller's memory.

use toprung_book::Side;

use crate::commands::MAX_SAFE;
use crate::error::{Code, Result, error_at};
use crate::view::View;

/// Change in a book's memory from which on the garbage collector is told. To it the book is one small object, and a
/// program that drops large books would otherwise run out of memory before it collects any.
pub(crate) const TELL_GC_FROM: i64 = 1 << 20;

/// A number from JavaScript as an integer in `0..=max`.
pub(crate) fn integer(name: &str, f: f64, max: u64) -> Result<u64> {
    if f.trunc() != f || f.is_infinite() {
        return Err(error_at(Code::NotInteger, name, &format!("expected an integer in 0..={max}, got {f}")));
    }
    if f < 0.0 || f > max as f64 {
        return Err(error_at(Code::OutOfRange, name, &format!("expected an integer in 0..={max}, got {f}")));
    }
    Ok(f as u64)
}

/// A number from JavaScript as a length or index.
pub(crate) fn index(name: &str, f: f64) -> Result<usize> {
    Ok(integer(name, f, u32::MAX.into())? as usize)
}

/// The side that a number from JavaScript stands for.
pub(crate) fn side_of(f: f64) -> Result<Side> {
    let side = if f.trunc() == f && (0.0..=1.0).contains(&f) { Side::from_u8(f as u8) } else { None };
    side.ok_or_else(|| error_at(Code::UnknownEnum, "side", &format!("expected 0 buy or 1 sell, got {f}")))
}

/// A sum of quantities, which may pass what a float64 holds.
pub(crate) fn exact(name: &str, v: u64) -> Result<f64> {
    if v > MAX_SAFE {
        return Err(error_at(Code::Inexact, name, &format!("expected at most {MAX_SAFE}, got {v}")));
    }
    Ok(v as f64)
}

/// Writes the row, if there is one, to the caller's memory.
pub(crate) fn fill<const N: usize>(out: View, row: Option<[f64; N]>) -> Result<bool> {
    let bytes = out.bytes("out")?;
    if bytes.len() < N * 8 {
        let message = format!("expected at least {} bytes, got {}", N * 8, bytes.len());
        return Err(error_at(Code::BufferLength, "out", &message));
    }
    for (i, v) in row.iter().flatten().enumerate() {
        // SAFETY: `8·i + 8` is at most `8·N`, which fits.
        unsafe { bytes.store_f64(8 * i, *v) };
    }
    Ok(row.is_some())
}
