//! Memory that is not there yet: a page fault when it is wanted, for tests of what finds page faults.

/// Pages that the next [`touch`](FreshPages::touch) faults in, every one.
#[derive(Debug)]
pub struct FreshPages {
    #[cfg(unix)]
    memory: *mut u8,
    #[cfg(unix)]
    bytes: usize,
}

/// Pages are at least this large.
#[cfg(unix)]
const PAGE_BYTES: usize = 4096;

// SAFETY: The mapping belongs to the process, not to a thread, and only `&mut self` reaches it.
#[cfg(unix)]
unsafe impl Send for FreshPages {}

impl FreshPages {
    /// `pages` pages, of which none is there; nothing where the system gives no memory. At most 256: too few for the
    /// system to make one huge page of them.
    #[cfg(unix)]
    pub fn new(pages: usize) -> Option<FreshPages> {
        let bytes = pages.clamp(1, 256) * PAGE_BYTES;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: A new private mapping of no file, at an address that the kernel chooses.
        let memory =
            unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, libc::MAP_PRIVATE | libc::MAP_ANON, -1, 0) };
        (memory != libc::MAP_FAILED).then_some(FreshPages { memory: memory.cast(), bytes })
    }

    /// Not on this system.
    #[cfg(not(unix))]
    pub fn new(_pages: usize) -> Option<FreshPages> {
        None
    }

    /// Writes to every page.
    pub fn touch(&mut self) {
        #[cfg(unix)]
        for at in (0..self.bytes).step_by(PAGE_BYTES) {
            // SAFETY: `at` lies in the mapping, which is writable and ours alone.
            unsafe { self.memory.add(at).write_volatile(1) };
        }
    }

    /// Gives the pages back, so that the next touch finds none again.
    pub fn discard(&mut self) {
        #[cfg(unix)]
        // SAFETY: The whole of the mapping, which is private and of no file: it reads as zeros from now on.
        unsafe {
            libc::madvise(self.memory.cast(), self.bytes, libc::MADV_DONTNEED);
        }
    }
}

#[cfg(unix)]
impl Drop for FreshPages {
    fn drop(&mut self) {
        // SAFETY: The mapping is ours, has this length, and nothing refers to it any more.
        unsafe { libc::munmap(self.memory.cast(), self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn every_touch_faults_every_page() {
        use crate::os::Usage;
        let mut pages = super::FreshPages::new(16).unwrap();
        for _ in 0..3 {
            let before = Usage::now();
            pages.touch();
            assert!(Usage::now().since(&before).minor_faults >= 16);
            pages.discard();
        }
    }
}
