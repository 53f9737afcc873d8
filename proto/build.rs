//! Generates the gRPC code with protox, a compiler in Rust, so that no protoc is needed.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    for area in std::fs::read_dir(root.join("hall"))? {
        for version in std::fs::read_dir(area?.path())? {
            for file in std::fs::read_dir(version?.path())? {
                files.push(file?.path());
            }
        }
    }
    files.sort();
    let mut compiler = protox::Compiler::new([&root])?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(&files)?;
    // Encoded by the compiler: prost's own types would lose the policies, which are options of methods.
    let set = PathBuf::from(std::env::var("OUT_DIR")?).join("hall.bin");
    std::fs::write(&set, compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .compile_well_known_types(false)
        .compile_fds(compiler.file_descriptor_set())?;
    println!("cargo:rerun-if-changed=hall");
    Ok(())
}
