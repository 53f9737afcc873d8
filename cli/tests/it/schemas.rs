//! The contract of the event stream: what stands in `schema/` is what the program writes now.

use std::collections::BTreeMap;
use std::path::Path;

use crate::program::{output, text};

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        (
            entry.file_name().into_string().unwrap(),
            std::fs::read_to_string(entry.path()).unwrap(),
        )
    };
    entries.map(file).collect()
}

#[test]
fn the_documents_in_the_tree_are_those_that_the_program_writes() {
    let dir = tempfile::tempdir().unwrap();
    let written = output(&["schemas", "--out", dir.path().to_str().unwrap()]);
    assert!(written.status.success(), "{}", text(&written));
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema");
    let (kept, now) = (files(&tree.join("json")), files(&dir.path().join("json")));
    assert_eq!(
        kept.keys().collect::<Vec<_>>(),
        now.keys().collect::<Vec<_>>(),
        "run `just schemas`"
    );
    for (name, schema) in now {
        assert!(kept[&name] == schema, "{name} is another now: run `just schemas`");
    }
    let asyncapi = |folder: &Path| std::fs::read_to_string(folder.join("asyncapi.json")).unwrap();
    assert!(
        asyncapi(&tree) == asyncapi(dir.path()),
        "asyncapi.json is another now: run `just schemas`"
    );
}
