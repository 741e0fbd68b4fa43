//! `perf_event_open`, as little of it as is needed. Source: `perf_event_open(2)`.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd};
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Release},
};

const TYPE_SOFTWARE: u32 = 1;
const TYPE_BREAKPOINT: u32 = 5;
const SOFTWARE_CPU_MIGRATIONS: u64 = 4;
const BREAKPOINT_EXECUTE: u32 = 4;

const SAMPLE_IP: u64 = 1;
const SAMPLE_TID: u64 = 1 << 1;
const SAMPLE_TIME: u64 = 1 << 2;
const SAMPLE_REGS_USER: u64 = 1 << 12;

const FLAG_EXCLUDE_KERNEL: u64 = 1 << 5;
const FLAG_EXCLUDE_HV: u64 = 1 << 6;
/// Of the call itself.
const FLAG_FD_CLOEXEC: u64 = 8;
const PRECISE_IP_2: u64 = 2 << 15;

/// x86: SI and DI among the registers of a sample, in this order.
const REGS_SI_DI: u64 = 1 << 4 | 1 << 5;

const RECORD_SAMPLE: u32 = 9;

/// Bytes of the ring behind the first page.
const RING_BYTES: usize = 4096;
const PAGE_BYTES: usize = 4096;
const DATA_HEAD_AT: usize = 1024;
const DATA_TAIL_AT: usize = 1032;

#[repr(C)]
#[derive(Default)]
struct Attr {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    bp_type: u32,
    bp_addr: u64,
    bp_len: u64,
    branch_sample_type: u64,
    sample_regs_user: u64,
    sample_stack_user: u32,
    clock_id: i32,
    sample_regs_intr: u64,
    aux_watermark: u32,
    sample_max_stack: u16,
    reserved_2: u16,
    aux_sample_size: u32,
    reserved_3: u32,
}

// PERF_ATTR_SIZE_VER6; the kernel takes every size that it has ever had.
const _: () = assert!(size_of::<Attr>() == 120);

/// An event of one thread, counting from the moment it was opened.
#[derive(Debug)]
pub(super) struct PerfEvent(File);

impl PerfEvent {
    fn open(attr: &Attr, tid: u32) -> io::Result<PerfEvent> {
        let attr = Attr { size: size_of::<Attr>() as u32, ..*attr };
        // SAFETY: `attr` lives through the call and says its own size; the kernel only reads it.
        let fd = unsafe {
            libc::syscall(libc::SYS_perf_event_open, &raw const attr, tid.cast_signed(), -1, -1, FLAG_FD_CLOEXEC)
        };
        match i32::try_from(fd) {
            // SAFETY: The kernel has just given us this descriptor, and nobody else has it.
            Ok(fd) if fd >= 0 => Ok(PerfEvent(unsafe { File::from_raw_fd(fd) })),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// How often `tid` moves to another processor.
    pub(super) fn cpu_migrations(tid: u32) -> io::Result<PerfEvent> {
        PerfEvent::open(&Attr { kind: TYPE_SOFTWARE, config: SOFTWARE_CPU_MIGRATIONS, ..Attr::default() }, tid)
    }

    /// How often `tid` executes the instruction at `address`: with the attributes that magic-trace uses
    /// (`breakpoint_stubs.c`).
    pub(super) fn execution(address: u64, tid: u32) -> io::Result<PerfEvent> {
        let attr = Attr {
            kind: TYPE_BREAKPOINT,
            bp_type: BREAKPOINT_EXECUTE,
            bp_addr: address,
            bp_len: size_of::<libc::c_long>() as u64,
            sample_period: 1,
            sample_type: SAMPLE_TIME | SAMPLE_IP | SAMPLE_REGS_USER | SAMPLE_TID,
            sample_regs_user: REGS_SI_DI,
            flags: PRECISE_IP_2 | FLAG_EXCLUDE_KERNEL | FLAG_EXCLUDE_HV,
            wakeup_events: 1,
            ..Attr::default()
        };
        PerfEvent::open(&attr, tid)
    }

    pub(super) fn count(&self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        (&self.0).read_exact(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }
}

/// A sample of [`PerfEvent::execution`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) ip: u64,
    pub(super) tid: u32,
    pub(super) si: u64,
    pub(super) di: u64,
}

/// The samples of an event, in memory shared with the kernel.
#[derive(Debug)]
pub(super) struct SampleRing {
    memory: *mut u8,
}

// SAFETY: The mapping belongs to the process, not to a thread, and nothing but `drain`, which takes `&mut`, reads it.
unsafe impl Send for SampleRing {}

impl SampleRing {
    pub(super) fn of(event: &PerfEvent) -> io::Result<SampleRing> {
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        let len = PAGE_BYTES + RING_BYTES;
        // SAFETY: A new mapping of the event's own memory at an address that the kernel chooses.
        let memory = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, event.0.as_raw_fd(), 0) };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(SampleRing { memory: memory.cast() })
    }

    fn cursor(&self, at: usize) -> &AtomicU64 {
        // SAFETY: Both places lie in the first page of the mapping, which lives as long as `self`; they are aligned, and
        // the kernel, too, reads and writes them as whole words.
        unsafe { AtomicU64::from_ptr(self.memory.add(at).cast()) }
    }

    fn word(&self, at: u64) -> u64 {
        let bytes: [u8; 8] = std::array::from_fn(|i| {
            let at = PAGE_BYTES + (at as usize + i) % RING_BYTES;
            // SAFETY: `at` lies in the mapping; the kernel writes no byte between tail and head, where we read.
            unsafe { self.memory.add(at).read_volatile() }
        });
        u64::from_ne_bytes(bytes)
    }

    /// The samples that have come since the last call.
    pub(super) fn drain(&mut self) -> Vec<Sample> {
        let head = self.cursor(DATA_HEAD_AT).load(Acquire);
        let mut tail = self.cursor(DATA_TAIL_AT).load(Acquire);
        let mut samples = Vec::new();
        while tail < head {
            let header = self.word(tail);
            let bytes = header >> 48;
            if bytes == 0 {
                break;
            }
            // ip; pid and tid; time; ABI, 0 if there are no registers; the registers in the order of their numbers.
            if header as u32 == RECORD_SAMPLE && bytes >= 56 && self.word(tail + 32) != 0 {
                let (ip, ids) = (self.word(tail + 8), self.word(tail + 16));
                let (si, di) = (self.word(tail + 40), self.word(tail + 48));
                samples.push(Sample { ip, tid: (ids >> 32) as u32, si, di });
            }
            tail += bytes;
        }
        self.cursor(DATA_TAIL_AT).store(head, Release);
        samples
    }
}

impl Drop for SampleRing {
    fn drop(&mut self) {
        // SAFETY: The mapping is ours, has this length, and nothing refers to it any more.
        unsafe { libc::munmap(self.memory.cast(), PAGE_BYTES + RING_BYTES) };
    }
}
