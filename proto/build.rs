//! Generates the gRPC code with protox, a compiler in Rust, so that no protoc is needed.

use std::path::{Path, PathBuf};

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for area in std::fs::read_dir(root.join("hall"))? {
        for version in std::fs::read_dir(area?.path())? {
            for file in std::fs::read_dir(version?.path())? {
                files.push(file?.path());
            }
        }
    }
    files.sort();
    let descriptors = protox::compile(&files, [root])?;
    let set = PathBuf::from(std::env::var("OUT_DIR")?).join("hall.bin");
    std::fs::write(&set, descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .compile_well_known_types(false)
        .compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=hall");
    Ok(())
}
