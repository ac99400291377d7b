//! Who a node is: an Ed25519 key, and the id that others know it by. Not whom it admits: see [`Admit`](crate::Admit).

use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// First word of a key file; the number is the version of the format.
const KEY_HEADER: &str = "rendez-key-1";
/// The longest file that is read as a key.
const KEY_FILE_MAX: u64 = 4096;
/// Hex digits of a [`NodeId`] in its short form.
const SHORT_DIGITS: usize = 10;

/// The key pair of a node. Who holds it *is* the node: keep it secret.
#[derive(Clone)]
pub struct Identity {
    id: NodeId,
    pkcs8: Vec<u8>,
}

impl Identity {
    /// A fresh key from the system's random numbers.
    ///
    /// # Errors
    /// The system has no random numbers to give.
    pub fn generate() -> Result<Self, IdentityError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| IdentityError::NoRandomness)?;
        Self::from_pkcs8(document.as_ref()).ok_or(IdentityError::NoRandomness)
    }

    /// Reads a key that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// There is no such file, it is not a key, or others than its owner may read it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, IdentityError> {
        let path = path.as_ref();
        let failed = |error: io::Error| IdentityError::File { path: path.to_owned(), why: error.to_string() };
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if is_open_to_others(&metadata) {
            return Err(IdentityError::OpenToOthers { path: path.to_owned() });
        }
        if metadata.len() > KEY_FILE_MAX {
            return Err(IdentityError::NotAKey { path: path.to_owned() });
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        Self::from_line(&text).ok_or_else(|| IdentityError::NotAKey { path: path.to_owned() })
    }

    /// Writes the key to a new file that only its owner may read (mode 0600).
    ///
    /// # Errors
    /// The file exists already, or cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), IdentityError> {
        let path = path.as_ref();
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(path).and_then(|mut file| file.write_all(self.to_line().as_bytes()));
        written.map_err(|error| IdentityError::File { path: path.to_owned(), why: error.to_string() })
    }

    /// Reads the key at `path`, or makes one there.
    ///
    /// # Errors
    /// As [`load`](Self::load) and [`save`](Self::save).
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<Self, IdentityError> {
        let path = path.as_ref();
        if path.exists() {
            return Self::load(path);
        }
        let identity = Self::generate()?;
        identity.save(path)?;
        Ok(identity)
    }

    /// The id that others know this node by.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key as one line of text, for files and pipes.
    pub(crate) fn to_line(&self) -> String {
        format!("{KEY_HEADER} {}\n", hex(&self.pkcs8))
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let digits = line.trim().strip_prefix(KEY_HEADER)?.trim_start();
        Self::from_pkcs8(&unhex(digits)?)
    }

    fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
        let id = NodeId(pair.public_key().as_ref().try_into().ok()?);
        Some(Self { id, pkcs8: pkcs8.to_vec() })
    }
}

/// Shows the id only.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.id)
    }
}

/// The public key of a node: its address that nobody else can take.
///
/// It prints short, as in `3f09c1a27e`, and whole with `{:#}`; only the whole form is read back.
///
/// ```
/// let id = rendez_net::Identity::generate().unwrap().id();
/// assert_eq!(format!("{id:#}").parse(), Ok(id));
/// assert!(format!("{id:#}").starts_with(&id.to_string()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) [u8; 32]);

impl NodeId {
    /// The 32 bytes of the public key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex(&self.0);
        f.write_str(if f.alternate() { &digits } else { &digits[..SHORT_DIGITS] })
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}

impl FromStr for NodeId {
    type Err = NodeIdError;

    fn from_str(text: &str) -> Result<Self, NodeIdError> {
        let bytes = unhex(text).ok_or_else(|| NodeIdError { text: text.chars().take(80).collect() })?;
        bytes.try_into().map(Self).map_err(|_| NodeIdError { text: text.chars().take(80).collect() })
    }
}

/// A text that is not a node id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeIdError {
    /// The text, cut after 80 characters.
    pub text: String,
}

impl fmt::Display for NodeIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a node id: give all 64 hexadecimal digits, as `{{:#}}` prints them", self.text)
    }
}

impl std::error::Error for NodeIdError {}

/// A key that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityError {
    /// The system gave no random numbers.
    NoRandomness,
    /// The file cannot be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The file is something else.
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read the file.
    OpenToOthers {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRandomness => f.write_str("cannot make a key: the system gives no random numbers"),
            Self::File { path, why } => write!(f, "key file {}: {why}", path.display()),
            Self::NotAKey { path } => {
                write!(f, "{} is not a key file: a key is one line that starts with `{KEY_HEADER}`", path.display())
            }
            Self::OpenToOthers { path } => {
                write!(f, "key file {0} can be read by others: run `chmod 600 {0}`, or make a new key", path.display())
            }
        }
    }
}

impl std::error::Error for IdentityError {}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let nibbles: Vec<u32> = digits.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let (pairs, []) = nibbles.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| (high << 4 | low) as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("rendez-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_key_comes_back_from_its_file_which_only_its_owner_may_read() {
        let folder = Folder::new("key");
        let path = folder.0.join("node.key");
        let made = Identity::load_or_create(&path).unwrap();
        assert_eq!(Identity::load_or_create(&path).unwrap().id(), made.id());
        assert!(made.save(&path).is_err(), "a key is never overwritten");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            assert_eq!(Identity::load(&path).unwrap_err(), IdentityError::OpenToOthers { path });
        }
    }

    #[test]
    fn what_is_not_a_key_is_named() {
        let folder = Folder::new("no-key");
        let path = folder.0.join("node.key");
        assert!(Identity::load(&path).unwrap_err().to_string().contains("node.key"));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).unwrap().write_all(b"rendez-key-1 abc").unwrap();
        assert_eq!(Identity::load(&path).unwrap_err(), IdentityError::NotAKey { path });
    }

    #[test]
    fn a_wrong_id_says_what_an_id_is() {
        let error = "abc".parse::<NodeId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"abc\" is not a node id: give all 64 hexadecimal digits, as `{:#}` prints them"
        );
        assert!("0".repeat(66).parse::<NodeId>().is_err());
    }

    #[test]
    fn a_key_does_not_print() {
        let identity = Identity::generate().unwrap();
        assert_eq!(format!("{identity:?}"), format!("Identity({})", identity.id()));
    }
}
