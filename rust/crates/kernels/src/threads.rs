//! The threads that share large work.
//!
//! A forked child has its parent's memory but none of its threads: work handed to a pool of the parent would never be
//! done. So each process has a pool of its own, made when it is first needed.
#![allow(unsafe_code)]

use std::process;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

struct Pool {
    process: u32,
    threads: ThreadPool,
}

/// That of this process or, after a fork, of an ancestor. No lock, which another thread might hold at a fork.
static POOL: AtomicPtr<Pool> = AtomicPtr::new(null_mut());

/// Where the parts of a large work run.
pub enum Threads {
    /// In the pool whose thread is calling.
    Around,
    /// In the pool of this process.
    Own(&'static ThreadPool),
}

impl Threads {
    /// None if the operating system grants no threads.
    pub fn find() -> Option<Self> {
        if rayon::current_thread_index().is_some() {
            return Some(Self::Around);
        }
        let process = process::id();
        let found = POOL.load(Ordering::Acquire);
        // SAFETY: null, or from `Box::into_raw` below after it was published; a published pool is never freed.
        if let Some(pool) = unsafe { found.as_ref() }.filter(|pool| pool.process == process) {
            return Some(Self::Own(&pool.threads));
        }
        let threads = ThreadPoolBuilder::new().build().ok()?;
        let made = Box::into_raw(Box::new(Pool { process, threads }));
        let kept = match POOL.compare_exchange(found, made, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => made,
            Err(others) => {
                // SAFETY: from `Box::into_raw`, and nobody else has seen it.
                drop(unsafe { Box::from_raw(made) });
                others
            }
        };
        // SAFETY: published, by this thread or by another one of this process, and never freed.
        Some(Self::Own(unsafe { &(*kept).threads }))
    }

    /// Runs `work`, whose parallel iterators then use these threads.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match self {
            Self::Around => work(),
            Self::Own(pool) => pool.install(work),
        }
    }
}
