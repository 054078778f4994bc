//! Who may read a file.

use std::fs::{DirBuilder, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// The permissions of a file, such as `0o600`; `None` where files have none.
#[cfg(unix)]
#[must_use]
pub fn mode(file: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(file.permissions().mode() & 0o777)
}

/// The permissions of a file, such as `0o600`; `None` where files have none.
#[cfg(not(unix))]
#[must_use]
pub const fn mode(_file: &Metadata) -> Option<u32> {
    None
}

/// A file that is made has these permissions, where files have any.
#[cfg(unix)]
pub fn with_mode(options: &mut OpenOptions, mode: u32) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, mode)
}

/// A file that is made has these permissions, where files have any.
#[cfg(not(unix))]
pub const fn with_mode(options: &mut OpenOptions, _mode: u32) -> &mut OpenOptions {
    options
}

/// Makes a folder, and those above it, that only its owner may enter, where there are permissions.
///
/// # Errors
/// The system refuses.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Lets the owner of a file write to it.
///
/// # Errors
/// The system refuses.
#[cfg(unix)]
pub fn make_writable(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o600))
}

/// Nothing: files are made writable here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn make_writable(_file: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_is_its_owners() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("above/keys");
        make_private_folder(&folder).unwrap();
        let path = folder.join("key");
        let mut options = OpenOptions::new();
        with_mode(options.write(true).create_new(true), 0o400);
        options.open(&path).unwrap();
        let modes = || [&folder, &path].map(|path| mode(&path.metadata().unwrap()));
        assert_eq!(modes(), [Some(0o700), Some(0o400)]);
        make_writable(&path).unwrap();
        assert_eq!(modes()[1], Some(0o600));
    }
}
