//! The `baize` program.

fn main() {}
