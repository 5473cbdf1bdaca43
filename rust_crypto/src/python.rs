//! The Python module `samovar_crypto`; its types stand in `samovar_crypto.pyi`.
//!
//! Plaintext is written straight into the `bytes` that Python gets, so no copy stays behind here.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::PyBytes;

use crate::error::Error;
use crate::format;
use crate::hashes::keyed;
use crate::primitives::NONCE_LEN;

pyo3::import_exception!(rust_crypto.errors, BlobTooShortError);
pyo3::import_exception!(rust_crypto.errors, HashLengthError);
pyo3::import_exception!(rust_crypto.errors, KeyLengthError);
pyo3::import_exception!(rust_crypto.errors, NoRandomnessError);
pyo3::import_exception!(rust_crypto.errors, SealBrokenError);
pyo3::import_exception!(rust_crypto.errors, TooLongError);
pyo3::import_exception!(rust_crypto.errors, UnknownSuiteError);

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        let why = error.to_string();
        match error {
            Error::KeyLength(_) => KeyLengthError::new_err(why),
            Error::BlobTooShort(_) => BlobTooShortError::new_err(why),
            Error::UnknownSuite(_) => UnknownSuiteError::new_err(why),
            Error::Broken => SealBrokenError::new_err(why),
            Error::TooLong => TooLongError::new_err(why),
            Error::NoRandomness => NoRandomnessError::new_err(why),
            Error::HashLength => HashLengthError::new_err(why),
        }
    }
}

/// Seals under a random nonce.
#[pyfunction]
fn seal<'py>(
    py: Python<'py>,
    key: &[u8],
    plaintext: &[u8],
    associated_data: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    seal_with_nonce(py, key, format::random_nonce()?, plaintext, associated_data)
}

/// Seals under a given nonce: for test vectors only, since a nonce must never serve twice.
#[pyfunction]
fn seal_with_nonce<'py>(
    py: Python<'py>,
    key: &[u8],
    nonce: [u8; NONCE_LEN],
    plaintext: &[u8],
    associated_data: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, plaintext.len() + format::OVERHEAD, |blob| {
        Ok(format::seal_into(blob, key, &nonce, plaintext, associated_data)?)
    })
}

/// Opens a blob.
#[pyfunction]
fn open<'py>(
    py: Python<'py>,
    key: &[u8],
    blob: &[u8],
    associated_data: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, format::opened_len(blob)?, |plaintext| {
        Ok(format::open_into(plaintext, key, blob, associated_data)?)
    })
}

/// The keyed hashes of many texts, one behind the other; other threads go on meanwhile.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // what PyO3 makes of a list is ours
fn keyed_hashes<'py>(
    py: Python<'py>,
    key: &[u8],
    label: &[u8],
    texts: Vec<PyBackedStr>,
    size: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    let hashes = py.detach(|| keyed(key, label, &texts, size))?;
    Ok(PyBytes::new(py, &hashes))
}

/// Samovar's seal in Rust.
#[pymodule]
fn samovar_crypto(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(seal, module)?)?;
    module.add_function(wrap_pyfunction!(seal_with_nonce, module)?)?;
    module.add_function(wrap_pyfunction!(open, module)?)?;
    module.add_function(wrap_pyfunction!(keyed_hashes, module)?)
}
