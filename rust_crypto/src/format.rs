//! The sealed blob: `suite (1 byte) | nonce (24) | ciphertext | tag (16)`.
//!
//! Suite 1 is XChaCha20-Poly1305 with a random nonce. The suite byte chooses the cipher and is not
//! part of the associated data; the associated data begins with a version of its own.

use crate::error::Error;
use crate::primitives::{decrypt, encrypt, NONCE_LEN, TAG_LEN};

/// The suite byte of XChaCha20-Poly1305.
pub const SUITE: u8 = 1;
const HEADER_LEN: usize = 1 + NONCE_LEN;
/// How many bytes a blob is longer than its plaintext.
pub const OVERHEAD: usize = HEADER_LEN + TAG_LEN;

/// A nonce for one blob.
///
/// # Errors
/// `NoRandomness`.
pub fn random_nonce() -> Result<[u8; NONCE_LEN], Error> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|_| Error::NoRandomness)?;
    Ok(nonce)
}

/// Seals `plaintext` into `blob`, which has `plaintext.len() + OVERHEAD` bytes.
///
/// # Errors
/// `KeyLength`, `TooLong`.
///
/// # Panics
/// When `blob` has another length.
pub fn seal_into(
    blob: &mut [u8],
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    plaintext: &[u8],
    associated_data: &[u8],
) -> Result<(), Error> {
    assert_eq!(blob.len(), plaintext.len() + OVERHEAD);
    let (header, rest) = blob.split_at_mut(HEADER_LEN);
    let (text, tag) = rest.split_at_mut(plaintext.len());
    header[0] = SUITE;
    header[1..].copy_from_slice(nonce);
    text.copy_from_slice(plaintext);
    tag.copy_from_slice(&encrypt(key, nonce, associated_data, text)?);
    Ok(())
}

/// The length of what `blob` holds.
///
/// # Errors
/// `BlobTooShort`, `UnknownSuite`.
pub fn opened_len(blob: &[u8]) -> Result<usize, Error> {
    match blob.first() {
        Some(&SUITE) => blob.len().checked_sub(OVERHEAD).ok_or(Error::BlobTooShort(blob.len())),
        Some(&other) => Err(Error::UnknownSuite(other)),
        None => Err(Error::BlobTooShort(0)),
    }
}

/// Opens `blob` into `plaintext`, which has `opened_len(blob)` bytes; on an error they are zero.
///
/// # Errors
/// `BlobTooShort`, `UnknownSuite`, `KeyLength`, `Broken`.
///
/// # Panics
/// When `plaintext` has another length.
pub fn open_into(plaintext: &mut [u8], key: &[u8], blob: &[u8], associated_data: &[u8]) -> Result<(), Error> {
    assert_eq!(plaintext.len(), opened_len(blob)?);
    let too_short = Error::BlobTooShort(blob.len());
    let (nonce, rest) = blob[1..].split_first_chunk().ok_or(too_short)?;
    let (text, tag) = rest.split_last_chunk().ok_or(too_short)?;
    plaintext.copy_from_slice(text);
    let opened = decrypt(key, nonce, associated_data, plaintext, tag);
    if opened.is_err() {
        plaintext.fill(0); // also where the key never came to be used
    }
    opened
}

/// `seal_into` a fresh vector, with a random nonce.
///
/// # Errors
/// As `seal_into` and `random_nonce`.
pub fn seal(key: &[u8], plaintext: &[u8], associated_data: &[u8]) -> Result<Vec<u8>, Error> {
    let mut blob = vec![0; plaintext.len() + OVERHEAD];
    seal_into(&mut blob, key, &random_nonce()?, plaintext, associated_data)?;
    Ok(blob)
}

/// `open_into` a fresh vector.
///
/// # Errors
/// As `open_into`.
pub fn open(key: &[u8], blob: &[u8], associated_data: &[u8]) -> Result<Vec<u8>, Error> {
    let mut plaintext = vec![0; opened_len(blob)?];
    open_into(&mut plaintext, key, blob, associated_data)?;
    Ok(plaintext)
}
