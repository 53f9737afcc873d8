//! Files named after tables.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baize_proto::hall::view::v1::TableCode;

/// A directory that files are written to.
pub struct Files {
    dir: PathBuf,
    taken: HashSet<String>,
}

impl Files {
    /// Makes the directory if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn in_dir(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("making the directory {}", dir.display()))?;
        Ok(Self {
            dir: dir.to_owned(),
            taken: HashSet::new(),
        })
    }

    /// The table's label as far as a file can be named so, and never the same twice.
    pub fn name(&mut self, code: &TableCode) -> String {
        let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
        let label: String = code.label.chars().map(plain).collect();
        if self.taken.insert(label.to_lowercase()) {
            return label;
        }
        format!("{label}_{}", code.table_id)
    }

    /// Writes a file and says so.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let path = self.dir.join(name);
        std::fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
        println!("{}", path.display());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_stays_in_the_directory_and_no_two_tables_share_a_file() {
        let mut files = Files::in_dir(&std::env::temp_dir()).unwrap();
        let mut name = |label: &str, table_id: &str| {
            files.name(&TableCode {
                label: label.to_owned(),
                table_id: table_id.to_owned(),
                ..TableCode::default()
            })
        };
        assert_eq!(name("A1", "1"), "A1");
        assert_eq!(name("大厅 3", "2"), "大厅_3");
        assert_eq!(name("../../etc/passwd", "3"), "______etc_passwd");
        assert_eq!(name("a1", "4"), "a1_4");
    }
}
