//! What the system allows a process.

/// How many files may be open at once, after that was raised as high as it may be; `None` if there
/// is no limit, or none that is known.
#[cfg(unix)]
#[must_use]
pub fn open_files() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let higher = Rlimit {
        current: maximum,
        maximum,
    };
    let limit = match setrlimit(Resource::Nofile, higher) {
        Ok(()) => maximum,
        Err(_refused) => current,
    };
    limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// How many bytes are free on the disk of a file or folder, for those who are not administrators.
#[cfg(unix)]
#[must_use]
pub fn free_bytes(path: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// How many bytes are free on the disk of a file or folder; not known here.
#[cfg(not(unix))]
#[must_use]
pub const fn free_bytes(_path: &std::path::Path) -> Option<u64> {
    None
}

/// The calling thread gives way to the others of its process, and of the machine.
#[cfg(target_os = "linux")]
pub fn give_way() {
    const NICE: i32 = 10;
    // One that is not heard runs like the others.
    let _refused = rustix::process::nice(NICE);
}

/// The calling thread gives way to others; not known here.
#[cfg(not(target_os = "linux"))]
pub const fn give_way() {}

/// The process takes its memory page by page: the allocator asks for huge ones, of which a gateway
/// fills few.
#[cfg(target_os = "linux")]
pub fn small_pages() {
    // One that is not heard takes more memory.
    let _refused = rustix::thread::disable_transparent_huge_pages(true);
}

/// The process takes its memory page by page; not known here.
#[cfg(not(target_os = "linux"))]
pub const fn small_pages() {}

/// How many files may be open at once; not known here.
#[cfg(not(unix))]
#[must_use]
pub const fn open_files() -> Option<usize> {
    None
}
