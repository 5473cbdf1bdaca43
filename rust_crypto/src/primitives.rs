//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) in place, with the tag apart.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroize;

use crate::error::Error;

/// Bytes of a key.
pub const KEY_LEN: usize = 32;
/// Bytes of a nonce: long enough to be drawn at random for every blob of a key.
pub const NONCE_LEN: usize = 24;
/// Bytes of the authentication tag.
pub const TAG_LEN: usize = 16;

/// The cipher under `key`; its copy of the key is overwritten when it is dropped.
fn cipher(key: &[u8]) -> Result<XChaCha20Poly1305, Error> {
    XChaCha20Poly1305::new_from_slice(key).map_err(|_| Error::KeyLength(key.len()))
}

/// Turns the plaintext in `text` into ciphertext and returns the tag.
///
/// # Errors
/// `KeyLength`, `TooLong`.
pub fn encrypt(
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    associated_data: &[u8],
    text: &mut [u8],
) -> Result<[u8; TAG_LEN], Error> {
    cipher(key)?
        .encrypt_inout_detached(nonce.into(), associated_data, text.into())
        .map(Into::into)
        .map_err(|_| Error::TooLong)
}

/// Turns the ciphertext in `text` into plaintext; where the tag does not fit, into zeros.
///
/// # Errors
/// `KeyLength`, `Broken`.
pub fn decrypt(
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    associated_data: &[u8],
    text: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Result<(), Error> {
    let opened =
        cipher(key)?.decrypt_inout_detached(nonce.into(), associated_data, (&mut *text).into(), tag.into());
    opened.map_err(|_| {
        text.zeroize();
        Error::Broken
    })
}
