"""The seal: a Rust crate (src/) and its Python fallback behind one door, seal.py."""
