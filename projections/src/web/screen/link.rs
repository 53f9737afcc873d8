//! Whether a link to the screen is good: signed by us for this hall, not expired, and not revoked.

use baize_proto::access::{Denial, display_subject};
use uuid::Uuid;

use super::super::Site;
use super::super::halls::READ_MAX;
use super::Wish;
use crate::query::{Deadline, Error};

/// How the screen is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    /// On loopback, or with a token: the guard has seen to it.
    Admitted,
    /// By a link of this hall, whose ticket is ours.
    Signed { hall_id: Uuid, display_id: Uuid },
}

impl Link {
    /// # Errors
    /// The ticket is not for this hall's screen, or has expired.
    pub(super) fn checked(site: &Site, hall_id: Uuid, wish: &Wish) -> Result<Self, Error> {
        let Some(display_id) = wish.display else {
            return match wish.ticket.is_empty() {
                true => Ok(Self::Admitted),
                false => Err(Error::Denied(Denial::NotYours)),
            };
        };
        let subject = display_subject(hall_id, display_id);
        let checked = site.verifier.check_ticket(&wish.ticket, &subject, site.clock.now());
        checked.map_err(|_| Error::Denied(Denial::NotYours))?;
        Ok(Self::Signed { hall_id, display_id })
    }

    /// Asked with every answer, since a link can be revoked at any time.
    ///
    /// # Errors
    /// It was revoked, or has expired.
    pub(super) async fn is_good(self, site: &Site) -> Result<(), Error> {
        let Self::Signed { hall_id, display_id } = self else {
            return Ok(());
        };
        let found = site.reader.display(display_id, Deadline::within(READ_MAX)).await;
        let link = found.map_err(|error| match error {
            Error::NotFound { .. } => Error::Denied(Denial::NotYours),
            other => other,
        })?;
        let good = link.hall_id == hall_id && !link.revoked && site.clock.now() < link.expires_at.timestamp();
        if good {
            Ok(())
        } else {
            Err(Error::Denied(Denial::NotYours))
        }
    }
}
