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

/// How many files may be open at once; not known here.
#[cfg(not(unix))]
#[must_use]
pub const fn open_files() -> Option<usize> {
    None
}
