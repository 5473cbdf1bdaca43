//! Samovar's seal: bytes under a key, bound to associated data; and the keyed hashes of words.
//!
//! `primitives` is the cipher, `format` the blob, `hashes` the hashes, `error` what can go wrong, `python` the
//! module `samovar_crypto`. `rust_crypto/fallback.py` makes the same bytes without Rust.

pub mod error;
pub mod format;
pub mod hashes;
pub mod primitives;

#[cfg(feature = "python")]
mod python;
