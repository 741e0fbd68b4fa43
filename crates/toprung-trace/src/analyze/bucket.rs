//! What kind of work a function does, told from its name and category.

use serde::Serialize;

/// Kinds of work, as reports add them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bucket {
    /// An order as a whole: what of it is in no stage.
    Order,
    /// A stage or function of the matching core.
    Core,
    /// Getting, growing and giving back memory.
    Allocator,
    /// Pages that were not there.
    PageFault,
    /// Anything else of the operating system: system calls, interrupts, the scheduler.
    Kernel,
    /// Copying and clearing memory.
    MemoryCopy,
    /// The way between JavaScript and the core: napi, V8, node.
    Napi,
    /// Formatting, logging, panicking.
    Format,
    /// Mathematical functions of the C library.
    Math,
    /// The recorder's own work.
    Recorder,
    /// Everything else.
    Other,
}

impl Bucket {
    /// The bucket of a function or stage.
    pub fn of(name: &str, category: &str) -> Bucket {
        match category {
            "order" => return Bucket::Order,
            "stage" | "sink" | "core" | "lob" => return Bucket::Core,
            "alloc" | "allocator" => return Bucket::Allocator,
            "fault" | "page-fault" => return Bucket::PageFault,
            "kernel" | "sched" => return Bucket::Kernel,
            "napi" => return Bucket::Napi,
            "recorder" => return Bucket::Recorder,
            _ => {}
        }
        RULES.iter().find(|(_, words)| words.iter().any(|word| matches(name, word))).map_or(Bucket::Other, |(b, _)| *b)
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Bucket::Order => "order",
            Bucket::Core => "core",
            Bucket::Allocator => "allocator",
            Bucket::PageFault => "page-fault",
            Bucket::Kernel => "kernel",
            Bucket::MemoryCopy => "memory-copy",
            Bucket::Napi => "napi",
            Bucket::Format => "format",
            Bucket::Math => "math",
            Bucket::Recorder => "recorder",
            Bucket::Other => "other",
        }
    }
}

/// `^word` is a beginning, `=word` the whole name, anything else a part.
fn matches(name: &str, word: &str) -> bool {
    if let Some(start) = word.strip_prefix('^') {
        name.starts_with(start)
    } else if let Some(whole) = word.strip_prefix('=') {
        name == whole
    } else {
        name.contains(word)
    }
}

/// First match wins. The names are those of Rust's allocator interface, glibc, Linux, libm, Node-API and V8.
const RULES: &[(Bucket, &[&str])] = &[
    (Bucket::PageFault, &["page_fault", "handle_mm_fault", "do_anonymous_page", "clear_page", "do_fault"]),
    (
        Bucket::Allocator,
        &[
            "__rust_alloc",
            "__rust_realloc",
            "__rust_dealloc",
            "__rdl_",
            "alloc::raw_vec",
            "RawVec",
            "alloc::alloc::",
            "=malloc",
            "=calloc",
            "=realloc",
            "=free",
            "=cfree",
            "_int_malloc",
            "_int_free",
            "_int_realloc",
            "malloc_consolidate",
            "unlink_chunk",
            "sysmalloc",
            "tcache_",
            "=alloc",
            "^posix_memalign",
            "^aligned_alloc",
            "operator new",
            "operator delete",
            "^je_",
            "^mi_malloc",
            "^mi_free",
            "=mmap",
            "=munmap",
            "=mremap",
            "=brk",
        ],
    ),
    (
        Bucket::Kernel,
        &[
            "[untraced]",
            "[syscall]",
            "^asm_",
            "^entry_SYSCALL",
            "do_syscall",
            "^__x64_sys_",
            "=schedule",
            "^__schedule",
            "sysvec_",
            "^irq_",
            "hrtimer",
            "^do_",
            "^native_",
            "exc_",
            "^futex_",
            "^perf_event",
            "=clone3",
            "^ksys_",
            "^finish_task_switch",
            "^sys_",
            "[kernel.kallsyms]",
            "^pvclock",
            "^kvm_",
        ],
    ),
    (Bucket::MemoryCopy, &["memcpy", "memmove", "memset", "^__memcmp", "memcmp"]),
    (Bucket::Napi, &["napi", "^v8::", "^v8impl", "^node::", "^Builtins_", "^uv_", "^uv__"]),
    (Bucket::Format, &["core::fmt", "alloc::fmt", "panicking", "^std::io", "printf", "serde_json"]),
    (Bucket::Recorder, &["toprung_trace::", "magic_trace_stop_indicator"]),
    (Bucket::Core, &["toprung_book", "toprung_sim", "toprung_data", "toprung_venue"]),
    (Bucket::Math, &["=exp", "=log", "=pow", "=log1p", "=expm1", "__ieee754", "^__exp", "^__log", "=sqrt", "libm::"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_allocator_kernel_core_and_boundary_are_told_apart() {
        for (name, category, bucket) in [
            ("malloc", "", Bucket::Allocator),
            ("alloc::raw_vec::RawVecInner<A>::finish_grow", "", Bucket::Allocator),
            ("__rust_realloc", "", Bucket::Allocator),
            ("asm_exc_page_fault", "", Bucket::PageFault),
            ("[untraced]", "", Bucket::Kernel),
            ("__memmove_avx_unaligned_erms", "", Bucket::MemoryCopy),
            ("napi_create_function", "", Bucket::Napi),
            ("v8::internal::Heap::Scavenge", "", Bucket::Napi),
            ("core::fmt::write", "", Bucket::Format),
            ("toprung_book::book::Book::apply", "", Bucket::Core),
            ("match", "stage", Bucket::Core),
            ("limit", "order", Bucket::Order),
            ("freeze_window", "", Bucket::Other),
        ] {
            assert_eq!(Bucket::of(name, category), bucket, "{name}");
        }
    }
}
