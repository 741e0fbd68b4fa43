//! The symbol on which magic-trace takes its snapshot.
//!
//! magic-trace sets a hardware breakpoint on a function of this name and reads its two arguments as OCaml integers: the
//! value shifted left by one, with the lowest bit set. The first is the time-stamp counter at the start of what is
//! reported, the second is the program's own. Source: magic-trace's `stop_stubs.c` and `breakpoint_stubs.c`.

/// Does nothing, under the name that magic-trace looks for. Costs about 2 ns; call it through [`fire`].
#[unsafe(no_mangle)]
#[inline(never)]
#[cold]
pub extern "C" fn magic_trace_stop_indicator(start_tagged: u64, arg_tagged: u64) {
    // The body must be unlike any other empty function's, or the linker folds them into one symbol; and it must use its
    // arguments, or callers need not pass them.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: The text is a comment: nothing is executed, nothing is changed.
    unsafe {
        core::arch::asm!(
            "/* magic-trace stop indicator {0} {1} */",
            in(reg) start_tagged,
            in(reg) arg_tagged,
            options(nomem, nostack, preserves_flags)
        );
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    std::hint::black_box((start_tagged, arg_tagged));
}

/// Keeps the symbol through link-time optimisation of programs that never fire it.
#[used]
static KEEP: extern "C" fn(u64, u64) = magic_trace_stop_indicator;

/// Tells magic-trace, if it listens, that now is the moment: `start_ticks` is when what is reported began, `arg` is read
/// back by whoever looks at the hit; of both 63 bits are kept.
///
/// Call it when the work is done, so that the 8 to 10 µs that a hit costs are not part of it.
pub fn fire(start_ticks: u64, arg: u64) {
    magic_trace_stop_indicator(tagged(start_ticks), tagged(arg));
}

/// Where [`magic_trace_stop_indicator`] is mapped in this process: what `-trigger addr:` is given.
pub fn stop_indicator_address() -> u64 {
    KEEP as usize as u64
}

const fn tagged(v: u64) -> u64 {
    v << 1 | 1
}
