//! Keyed hashes (`BLAKE2b`, RFC 7693), many at once: what the index of words holds in place of words.

use blake2b_simd::many::{hash_many, HashManyJob};
use blake2b_simd::Params;

use crate::error::Error;

/// The longest key and the longest hash that the algorithm has, in bytes.
pub const LONGEST: usize = 64;

/// The hashes of `label | text` under `key`, `size` bytes each, one behind the other.
///
/// # Errors
/// `HashLength` where the key or the size is longer than the algorithm has, or one of them is 0.
pub fn keyed(key: &[u8], label: &[u8], texts: &[&[u8]], size: usize) -> Result<Vec<u8>, Error> {
    if !(1..=LONGEST).contains(&key.len()) || !(1..=LONGEST).contains(&size) {
        return Err(Error::HashLength);
    }
    let mut params = Params::new();
    params.hash_length(size).key(key);
    let labelled: Vec<Vec<u8>> = texts.iter().map(|text| [label, text].concat()).collect();
    let mut jobs: Vec<HashManyJob> = labelled.iter().map(|text| HashManyJob::new(&params, text)).collect();
    hash_many(&mut jobs); // as many side by side as the processor can
    let mut hashes = Vec::with_capacity(texts.len() * size);
    for job in &jobs {
        hashes.extend_from_slice(job.to_hash().as_bytes());
    }
    Ok(hashes)
}
