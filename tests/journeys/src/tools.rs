//! Programs that the tests run and did not build: Python for the foreign client, buf. `./justw setup` provides them.
//!
//! A missing tool fails the test that needs it. A test that is silently skipped proves nothing.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the checkout.
pub fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.map(Path::to_path_buf).unwrap_or_default()
}

/// A Python that has what `tools/requirements-client.txt` lists.
///
/// # Panics
/// If there is none.
pub fn client_python() -> PathBuf {
    tool("BAIZE_CLIENT_PYTHON", ".tools/venv/bin/python")
}

/// The buf command.
///
/// # Panics
/// If there is none.
pub fn buf() -> PathBuf {
    tool("BAIZE_BUF", ".tools/bin/buf")
}

/// axe-core, the checker of accessibility, as a script for a page.
///
/// # Panics
/// If there is none.
pub fn axe() -> PathBuf {
    let packages = std::fs::read_dir(repository().join(".tools/venv/lib"))
        .into_iter()
        .flatten()
        .flatten();
    let scripts = packages.map(|python| python.path().join("site-packages/axe_core_python/axe.min.js"));
    let script = scripts.into_iter().find(|script| script.is_file());
    tool("BAIZE_AXE", &script.unwrap_or_default().to_string_lossy())
}

/// The file that the variable names, else the one that setup makes.
fn tool(variable: &str, made_by_setup: &str) -> PathBuf {
    let named = env::var_os(variable).map(PathBuf::from);
    let file = named.unwrap_or_else(|| repository().join(made_by_setup));
    assert!(
        file.is_file(),
        "{} is missing: run ./justw setup, or name another in {variable}",
        file.display()
    );
    file
}
