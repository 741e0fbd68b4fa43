//! The codes under which Rust reports errors to TypeScript.
//!
//! Every code here is also in the one table of `packages/toprung/src/errors.ts` (a test compares the two); its text is
//! what TypeScript finds as `error.code`. A message says what was expected and what came. Where a place is known, a last
//! line `at <path>` names it, and TypeScript turns it into `error.path`.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use toprung_sim::ConfigError;

/// What went wrong, as `error.code` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Not a `Uint8Array` where one was expected.
    BufferType,
    /// A view over a buffer that was transferred away.
    BufferDetached,
    /// A view of no bytes.
    BufferEmpty,
    /// A view whose length does not fit what it is said to hold.
    BufferLength,
    /// A view that does not start at a multiple of eight bytes.
    BufferAlignment,
    /// More commands than one batch may hold.
    BatchTooLarge,
    /// Not an integer: NaN, an infinity or a fraction.
    NotInteger,
    /// An integer outside its range.
    OutOfRange,
    /// A byte that stands for no member of its enumeration, or a flag bit without a meaning.
    UnknownEnum,
    /// Events of the last batch wait to be drained.
    EventsPending,
    /// A result that a float64 cannot hold exactly.
    Inexact,
    /// A configuration that Rust refuses.
    Config,
    /// An agent from outside answered with something that is no action.
    Agent,
    /// The book's invariants do not hold: a defect of toprung.
    Invariant,
    /// A Rust panic, caught: a defect of toprung.
    Panic,
    /// An error of `toprung-sim` or `toprung-data`, under the code that it has there.
    Of(&'static str),
}

impl Code {
    /// The code's text.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Code::BufferType => "ERR_TOPRUNG_BUFFER_TYPE",
            Code::BufferDetached => "ERR_TOPRUNG_BUFFER_DETACHED",
            Code::BufferEmpty => "ERR_TOPRUNG_BUFFER_EMPTY",
            Code::BufferLength => "ERR_TOPRUNG_BUFFER_LENGTH",
            Code::BufferAlignment => "ERR_TOPRUNG_BUFFER_ALIGNMENT",
            Code::BatchTooLarge => "ERR_TOPRUNG_BATCH_TOO_LARGE",
            Code::NotInteger => "ERR_TOPRUNG_NOT_INTEGER",
            Code::OutOfRange => "ERR_TOPRUNG_OUT_OF_RANGE",
            Code::UnknownEnum => "ERR_TOPRUNG_UNKNOWN_ENUM",
            Code::EventsPending => "ERR_TOPRUNG_EVENTS_PENDING",
            Code::Inexact => "ERR_TOPRUNG_INEXACT",
            Code::Config => "ERR_TOPRUNG_CONFIG",
            Code::Agent => "ERR_TOPRUNG_AGENT",
            Code::Invariant => "ERR_TOPRUNG_INVARIANT",
            Code::Panic => "ERR_TOPRUNG_PANIC",
            Code::Of(code) => code,
        }
    }
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        self.text()
    }
}

/// A result whose error reaches TypeScript with its code.
pub(crate) type Result<T> = napi::Result<T, Code>;

/// An error without a place.
pub(crate) fn error(code: Code, message: impl Into<String>) -> napi::Error<Code> {
    napi::Error::new(code, message.into())
}

/// An error at a place such as `commands[17].qty`.
pub(crate) fn error_at(code: Code, path: &str, message: &str) -> napi::Error<Code> {
    napi::Error::new(code, format!("{message}\nat {path}"))
}

/// A configuration that breaks a rule.
pub(crate) fn config_error(e: &ConfigError) -> napi::Error<Code> {
    error_at(Code::Config, &e.path, &format!("must be {}, got {}", e.rule, e.got))
}

/// Runs `f` and turns a panic into [`Code::Panic`].
///
/// `#[napi(catch_unwind)]` does the like, without a code; it stays as the second net, for napi's own conversions.
pub(crate) fn guarded<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| Err(error(Code::Panic, panic_text(payload.as_ref()))))
}

/// A result on its way to TypeScript.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| error(Code::Panic, format!("a result could not be written as JSON: {e}")))
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!("the native core panicked, which is a defect of toprung: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_that_carries_its_message() {
        let caught = guarded::<()>(|| panic!("broken {}", 7)).unwrap_err();
        assert_eq!(caught.status, Code::Panic);
        assert!(caught.reason.contains("broken 7"), "{}", caught.reason);
    }
}
