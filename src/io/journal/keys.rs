//! The file of the keys that seal a journal: beside its folder, never in it, and readable by its
//! owner only.

use crate::engine::record::{Vault, VaultKeys, VaultKeysError};
use crate::io::system;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why a file of keys cannot be used. Never holds a byte of it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("the journal's keys {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{path}: {source}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: VaultKeysError,
    },
    /// Others can read it.
    #[error("the journal's keys {path} can be read by others (mode {mode:03o}): chmod 400 {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Whoever copies the journal would take the keys along.
    #[error("the journal's keys {path} lie in its folder; set [journal] keys to a place outside")]
    Inside {
        /// The file.
        path: PathBuf,
    },
    /// No random bytes.
    #[error("the system gives no random bytes for the journal's keys: {0}")]
    Random(getrandom::Error),
}

/// A file of keys.
#[derive(Clone, Debug)]
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// The keys of the journal in `folder`.
    ///
    /// # Errors
    /// [`KeyFileError::Inside`].
    pub fn new(path: &Path, folder: &Path) -> Result<Self, KeyFileError> {
        let parent = parent(path);
        let inside = match (parent.canonicalize(), folder.canonicalize()) {
            (Ok(parent), Ok(folder)) => parent.starts_with(folder),
            _ => path.starts_with(folder),
        };
        let path = path.to_owned();
        if inside {
            return Err(KeyFileError::Inside { path });
        }
        Ok(Self { path })
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        !self.path.exists()
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the keys; makes them, with a data key for `hour`, if there is no file.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read_or_make(&self, hour: u32) -> Result<VaultKeys, KeyFileError> {
        if self.path.exists() {
            return self.read();
        }
        let keys = VaultKeys::new(&*random()?, hour, &*random()?);
        self.write(&keys)?;
        Ok(keys)
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read(&self) -> Result<VaultKeys, KeyFileError> {
        let mut file = File::open(&self.path).map_err(|e| self.wrong(e))?;
        let mode = system::mode(&file.metadata().map_err(|e| self.wrong(e))?);
        if let Some(mode) = mode.filter(|mode| mode & 0o077 != 0) {
            let path = self.path.clone();
            return Err(KeyFileError::Open { path, mode });
        }
        let mut text = Zeroizing::new(String::with_capacity(1 << 16));
        file.read_to_string(&mut text).map_err(|e| self.wrong(e))?;
        VaultKeys::from_toml(&text).map_err(|source| KeyFileError::Form {
            path: self.path.clone(),
            source,
        })
    }

    /// Puts other keys in place of those in the file, at once or not at all, and wipes the old.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write(&self, keys: &VaultKeys) -> Result<(), KeyFileError> {
        self.replace(keys).map_err(|source| self.wrong(source))
    }

    fn replace(&self, keys: &VaultKeys) -> io::Result<()> {
        std::fs::create_dir_all(parent(&self.path))?;
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        remove_if_there(&new)?;
        let mut options = OpenOptions::new();
        system::with_mode(options.write(true).create_new(true), 0o400);
        let mut file = options.open(&new)?;
        file.write_all(keys.to_toml().as_bytes())?;
        file.sync_all()?;
        let old = self.open_old()?;
        std::fs::rename(&new, &self.path)?;
        system::sync_folder(parent(&self.path))?;
        old.map_or(Ok(()), wipe)
    }

    fn open_old(&self) -> io::Result<Option<File>> {
        if !self.path.exists() {
            return Ok(None);
        }
        system::make_writable(&self.path)?;
        OpenOptions::new().write(true).open(&self.path).map(Some)
    }

    fn wrong(&self, source: io::Error) -> KeyFileError {
        KeyFileError::Io {
            path: self.path.clone(),
            source,
        }
    }
}

/// A vault over keys, with the salt of this run.
///
/// # Errors
/// [`KeyFileError::Random`].
pub(super) fn vault(keys: VaultKeys) -> Result<Vault, KeyFileError> {
    let mut salt = [0; 4];
    getrandom::fill(&mut salt).map_err(KeyFileError::Random)?;
    Ok(Vault::new(keys, salt))
}

/// A new key.
pub(super) fn random() -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *key).map_err(KeyFileError::Random)?;
    Ok(key)
}

/// The folder of a file.
fn parent(path: &Path) -> &Path {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new("."))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Overwrites what no name leads to any more, so that a destroyed key is not found in free blocks.
fn wipe(mut file: File) -> io::Result<()> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    file.write_all(&vec![0; length])?;
    file.sync_all()
}
