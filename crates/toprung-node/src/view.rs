//! Memory that belongs to JavaScript, as a checked address and length.
//!
//! A view may lie over a SharedArrayBuffer, so another thread can write to it at any time. Rust therefore never makes a
//! slice of it: every access is a relaxed atomic load or store, which compiles to a plain move. A view lives for one
//! synchronous call; while it runs JavaScript cannot detach or resize the memory.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::sys::{self, napi_env, napi_value};

use crate::error::{Code, Result, error_at};

/// A JavaScript value that should be a `Uint8Array`.
///
/// Conversion never fails; [`View::bytes`] does, with a code and the argument's name.
pub struct View(Found);

#[derive(Clone, Copy)]
enum Found {
    NotBytes,
    Detached,
    Bytes { start: *mut u8, len: usize },
}

impl TypeName for View {
    fn type_name() -> &'static str {
        "Uint8Array"
    }

    fn value_type() -> napi::ValueType {
        napi::ValueType::Object
    }
}

impl ValidateNapiValue for View {}

impl FromNapiValue for View {
    unsafe fn from_napi_value(env: napi_env, value: napi_value) -> napi::Result<Self> {
        let (mut kind, mut len, mut start, mut buffer, mut offset) = (0, 0, null_mut(), null_mut(), 0);
        // SAFETY: napi hands us a live env and value; every out parameter is a local.
        let status = unsafe {
            sys::napi_get_typedarray_info(env, value, &mut kind, &mut len, &mut start, &mut buffer, &mut offset)
        };
        if status != sys::Status::napi_ok || kind != sys::TypedarrayType::uint8_array {
            return Ok(View(Found::NotBytes));
        }
        if len == 0 {
            let mut detached = false;
            // SAFETY: as above; `buffer` was filled by the successful call.
            let status = unsafe { sys::napi_is_detached_arraybuffer(env, buffer, &mut detached) };
            if status == sys::Status::napi_ok && detached {
                return Ok(View(Found::Detached));
            }
        }
        Ok(View(Found::Bytes { start: start.cast(), len }))
    }
}

impl View {
    /// The memory, when it is a `Uint8Array` over at least one live byte that starts at a multiple of eight.
    pub(crate) fn bytes(&self, name: &str) -> Result<Bytes> {
        match self.0 {
            Found::NotBytes => Err(error_at(Code::BufferType, name, "expected a Uint8Array, got another value")),
            Found::Detached => {
                Err(error_at(Code::BufferDetached, name, "expected a live buffer, got one that was transferred away"))
            }
            Found::Bytes { len: 0, .. } => Err(error_at(Code::BufferEmpty, name, "expected a buffer, got 0 bytes")),
            Found::Bytes { start, .. } if !(start as usize).is_multiple_of(8) => Err(error_at(
                Code::BufferAlignment,
                name,
                &format!("expected a start at a multiple of 8 bytes, got {} past one", start as usize % 8),
            )),
            Found::Bytes { start, len } => Ok(Bytes { start, len }),
        }
    }
}

/// Live bytes that start at a multiple of eight.
#[derive(Clone, Copy)]
pub(crate) struct Bytes {
    start: *mut u8,
    len: usize,
}

impl Bytes {
    /// Length in bytes, at least 1.
    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// Memory of Rust's own, for tests.
    #[cfg(test)]
    pub(crate) fn of(words: &mut [u64]) -> Bytes {
        Bytes { start: words.as_mut_ptr().cast(), len: words.len() * 8 }
    }

    /// The eight bytes at `offset`.
    ///
    /// # Safety
    /// `offset` is a multiple of 8 and `offset + 8` at most the length.
    #[inline(always)]
    pub(crate) unsafe fn load_u64(self, offset: usize) -> u64 {
        debug_assert!(offset.is_multiple_of(8) && offset + 8 <= self.len);
        // SAFETY: inside the view and aligned, by the caller; the memory outlives the call that made the view.
        unsafe { AtomicU64::from_ptr(self.start.add(offset).cast()) }.load(Relaxed)
    }

    /// The four bytes at `offset`.
    ///
    /// # Safety
    /// `offset` is a multiple of 4 and `offset + 4` at most the length.
    #[inline(always)]
    pub(crate) unsafe fn load_u32(self, offset: usize) -> u32 {
        debug_assert!(offset.is_multiple_of(4) && offset + 4 <= self.len);
        // SAFETY: as in `load_u64`.
        unsafe { AtomicU32::from_ptr(self.start.add(offset).cast()) }.load(Relaxed)
    }

    /// Writes a number at `offset`.
    ///
    /// # Safety
    /// `offset` is a multiple of 8 and `offset + 8` at most the length.
    #[inline(always)]
    pub(crate) unsafe fn store_f64(self, offset: usize, value: f64) {
        debug_assert!(offset.is_multiple_of(8) && offset + 8 <= self.len);
        // SAFETY: as in `load_u64`.
        unsafe { AtomicU64::from_ptr(self.start.add(offset).cast()) }.store(value.to_bits(), Relaxed);
    }

    /// Writes a 32-bit number at `offset`.
    ///
    /// # Safety
    /// `offset` is a multiple of 4 and `offset + 4` at most the length.
    #[inline(always)]
    pub(crate) unsafe fn store_u32(self, offset: usize, value: u32) {
        debug_assert!(offset.is_multiple_of(4) && offset + 4 <= self.len);
        // SAFETY: as in `load_u64`.
        unsafe { AtomicU32::from_ptr(self.start.add(offset).cast()) }.store(value, Relaxed);
    }

    /// Writes a byte at `offset`.
    ///
    /// # Safety
    /// `offset` is below the length.
    #[inline(always)]
    pub(crate) unsafe fn store_u8(self, offset: usize, value: u8) {
        debug_assert!(offset < self.len);
        // SAFETY: as in `load_u64`.
        unsafe { AtomicU8::from_ptr(self.start.add(offset)) }.store(value, Relaxed);
    }
}
