//! The crate against the vectors of tests/vectors/, which the Python fallback passes as well.

use samovar_crypto::error::Error;
use samovar_crypto::format::{open, seal, seal_into, OVERHEAD, SUITE};
use samovar_crypto::hashes::keyed;
use serde_json::{json, Value};

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("the vectors are JSON")
}

fn bytes(vector: &Value, field: &str) -> Vec<u8> {
    let hex = vector[field].as_str().expect("a hex string");
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits"))
        .collect()
}

fn sealed(key: &[u8], nonce: &[u8; 24], plaintext: &[u8], associated_data: &[u8]) -> Vec<u8> {
    let mut blob = vec![0; plaintext.len() + OVERHEAD];
    seal_into(&mut blob, key, nonce, plaintext, associated_data).expect("sealed");
    blob
}

#[test]
fn the_vectors_of_the_draft_hold() {
    let vectors = read(include_str!("../../tests/vectors/seal.json"));
    for vector in vectors["seal"].as_array().expect("a list") {
        let (key, plaintext) = (bytes(vector, "key"), bytes(vector, "plaintext"));
        let (data, blob) = (bytes(vector, "associated_data"), bytes(vector, "blob"));
        let nonce = bytes(vector, "nonce").try_into().expect("24 bytes");
        assert_eq!(sealed(&key, &nonce, &plaintext, &data), blob);
        assert_eq!(open(&key, &blob, &data), Ok(plaintext));
    }
}

#[test]
fn the_vectors_of_wycheproof_hold() {
    let vectors = read(include_str!("../../tests/vectors/seal_wycheproof.json"));
    let (mut valid, mut invalid) = (0, 0);
    for vector in vectors["tests"].as_array().expect("a list") {
        let Ok(nonce) = <[u8; 24]>::try_from(bytes(vector, "iv")) else {
            continue; // the type forbids other lengths
        };
        let (key, data, plaintext) = (bytes(vector, "key"), bytes(vector, "aad"), bytes(vector, "msg"));
        let blob = [vec![SUITE], nonce.to_vec(), bytes(vector, "ct"), bytes(vector, "tag")].concat();
        if vector["result"] == "valid" {
            valid += 1;
            assert_eq!(sealed(&key, &nonce, &plaintext, &data), blob, "{vector}");
            assert_eq!(open(&key, &blob, &data), Ok(plaintext), "{vector}");
        } else {
            invalid += 1;
            assert_eq!(open(&key, &blob, &data), Err(Error::Broken), "{vector}");
        }
    }
    assert_eq!((valid, invalid), (246, 60));
}

#[test]
fn any_altered_bit_breaks_the_seal() {
    let blob = seal(&[7; 32], b"tea", b"here").expect("sealed");
    for at in 8..blob.len() * 8 {
        let mut altered = blob.clone();
        altered[at / 8] ^= 1 << (at % 8);
        assert_eq!(open(&[7; 32], &altered, b"here"), Err(Error::Broken), "bit {at}");
    }
    assert_eq!(open(&[7; 32], &blob, b"there"), Err(Error::Broken));
    assert_eq!(open(&[8; 32], &blob, b"here"), Err(Error::Broken));
}

#[test]
fn each_cause_has_its_error() {
    let blob = seal(&[7; 32], b"", b"").expect("sealed");
    assert_eq!(open(&[7; 31], &blob, b""), Err(Error::KeyLength(31)));
    assert_eq!(seal(&[], b"", b""), Err(Error::KeyLength(0)));
    assert_eq!(open(&[7; 32], &blob[..40], b""), Err(Error::BlobTooShort(40)));
    assert_eq!(open(&[7; 32], &[], b""), Err(Error::BlobTooShort(0)));
    assert_eq!(open(&[7; 32], &[2], b""), Err(Error::UnknownSuite(2)));
}

#[test]
fn the_same_text_never_gives_the_same_blob() {
    let blobs: std::collections::HashSet<Vec<u8>> =
        (0..1000).map(|_| seal(&[7; 32], b"tea", b"").expect("sealed")).collect();
    assert_eq!(blobs.len(), 1000);
}

#[test]
fn the_hashes_are_those_of_the_reference() {
    let key: Vec<u8> = (0..64).collect();
    let known = "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786\
                 b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568";
    let made = keyed(&key, b"", &[b""], 64).expect("hashed");
    assert_eq!(made, bytes(&json!({ "hash": known }), "hash"));
}

#[test]
fn many_hashes_are_as_one_by_one() {
    let texts: Vec<Vec<u8>> = (0..50_usize).map(|length| vec![b'a'; 3 * length]).collect();
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let one_by_one: Vec<u8> =
        texts.iter().flat_map(|text| keyed(b"key", b"label", &[text], 5).expect("hashed")).collect();
    assert_eq!(keyed(b"key", b"label", &texts, 5), Ok(one_by_one));
    assert_eq!(keyed(b"", b"label", &texts, 5), Err(Error::HashLength));
    assert_eq!(keyed(b"key", b"label", &texts, 65), Err(Error::HashLength));
}
