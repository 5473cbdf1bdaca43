//! What can go wrong with a seal: one variant per cause.

use std::fmt;

/// Why a blob was not sealed or opened. Nothing of the plaintext comes out with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The key has not 32 bytes.
    KeyLength(usize),
    /// The blob is shorter than an empty one: cut off.
    BlobTooShort(usize),
    /// The first byte names a suite that this version does not know.
    UnknownSuite(u8),
    /// The tag does not fit: another key, other associated data, or an altered blob.
    Broken,
    /// The plaintext is longer than the cipher allows (256 GiB).
    TooLong,
    /// The operating system gave no random bytes.
    NoRandomness,
    /// A key or a hash has 1 to 64 bytes.
    HashLength,
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyLength(bytes) => write!(to, "a key has 32 bytes, this one has {bytes}"),
            Self::BlobTooShort(bytes) => {
                write!(to, "the sealed blob was cut off: only {bytes} bytes are left")
            }
            Self::UnknownSuite(suite) => write!(
                to,
                "the blob was sealed by suite {suite}, which this version does not know: use a newer one"
            ),
            Self::Broken => to.write_str("the seal is broken: another key, another place, or altered bytes"),
            Self::TooLong => to.write_str("too long to be sealed in one blob"),
            Self::NoRandomness => to.write_str("the operating system gave no random bytes"),
            Self::HashLength => to.write_str("the key of a hash, and the hash itself, have 1 to 64 bytes"),
        }
    }
}

impl std::error::Error for Error {}
