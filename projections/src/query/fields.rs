//! Reading the fields of a request, collecting everything that is wrong with them.

use tonic_types::FieldViolation;
use uuid::Uuid;

use super::error::Error;

/// Entries of a page when the caller does not say how many.
const PAGE_SIZE_DEFAULT: u32 = 50;
const PAGE_SIZE_MAX: i32 = 200;

/// The fields that could not be read so far.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    violations: Vec<FieldViolation>,
}

impl Fields {
    pub(crate) fn refuse(&mut self, field: &str, problem: impl Into<String>) {
        self.violations.push(FieldViolation::new(field, problem));
    }

    /// A UUID that must be there.
    pub(crate) fn id(&mut self, field: &str, text: &str) -> Uuid {
        if text.is_empty() {
            self.refuse(field, "is required: a UUID");
        }
        self.optional_id(field, text).unwrap_or_default()
    }

    /// A UUID, or none if empty.
    pub(crate) fn optional_id(&mut self, field: &str, text: &str) -> Option<Uuid> {
        if text.is_empty() {
            return None;
        }
        let id = Uuid::try_parse(text).ok();
        if id.is_none() {
            self.refuse(field, "is not a UUID");
        }
        id
    }

    /// How many entries a page has.
    pub(crate) fn page_size(&mut self, size: i32) -> u32 {
        match u32::try_from(size) {
            Ok(0) => PAGE_SIZE_DEFAULT,
            Ok(given) if size <= PAGE_SIZE_MAX => given,
            _ => {
                self.refuse("page_size", format!("is {size}, not 0 to {PAGE_SIZE_MAX}"));
                PAGE_SIZE_DEFAULT
            }
        }
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.violations))
        }
    }
}
