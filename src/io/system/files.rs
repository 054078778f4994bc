//! Reading and writing within files, and making sure of what was written.

use std::fs::File;
use std::io;
use std::path::Path;

/// Writes all bytes at a place of a file, growing it if need be.
///
/// # Errors
/// The system refuses.
#[cfg(unix)]
pub fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

/// Writes all bytes at a place of a file, growing it if need be.
///
/// # Errors
/// The system refuses.
#[cfg(not(unix))]
pub fn write_all_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

/// Reads so many bytes from a place of a file, or as many as it has there.
///
/// # Errors
/// The system refuses.
pub fn read_up_to(file: &File, most: usize, at: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let mut there = 0;
    while let Some(room) = bytes.get_mut(there..).filter(|room| !room.is_empty()) {
        match read_at(file, room, at + there as u64) {
            Ok(0) => break,
            Ok(read) => there += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(there);
    Ok(bytes)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, at)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(at))?;
    file.read(bytes)
}

/// Has the disk put aside so many bytes for a new file.
///
/// # Errors
/// There is no room.
#[cfg(unix)]
pub fn reserve(file: &File, length: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    Ok(fallocate(file, FallocateFlags::empty(), 0, length)?)
}

/// Has the disk put aside so many bytes for a new file, by writing them.
///
/// # Errors
/// There is no room.
#[cfg(not(unix))]
pub fn reserve(file: &File, length: u64) -> io::Result<()> {
    let zeros = usize::try_from(length).map_err(io::Error::other)?;
    write_all_at(file, &vec![0; zeros], 0)?;
    file.sync_all()
}

/// Makes sure that the names in a folder are on disk.
///
/// # Errors
/// The system refuses.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Nothing: names are not synced apart from their files here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_where_they_were_put() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = File::create(&path).unwrap();
        write_all_at(&file, b"end", 5).unwrap();
        write_all_at(&file, b"begin", 0).unwrap();
        sync_folder(folder.path()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"beginend");
        reserve(&file, 100).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 100);
    }
}
