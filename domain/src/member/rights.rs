//! What a person may do. Looking and asking for a price need nobody's name; everything else asks here.

use super::{Member, MemberError, MemberKind, MemberProfile};

impl Member {
    /// The person, if there is one who can still do something.
    ///
    /// # Errors
    /// [`MemberError::NotFound`], [`MemberError::Merged`], [`MemberError::Erased`].
    pub fn active(&self) -> Result<&MemberProfile, MemberError> {
        let profile = self.profile.as_deref().ok_or(MemberError::NotFound)?;
        if let Some(target_id) = profile.merged_into {
            return Err(MemberError::Merged(target_id));
        }
        if profile.erased {
            return Err(MemberError::Erased);
        }
        Ok(profile)
    }

    /// The person, if a table may be opened in the person's name: not barred, and a guest only with a verified phone number.
    ///
    /// # Errors
    /// As [`Member::active`]; [`MemberError::Blacklisted`], [`MemberError::PhoneNotVerified`].
    pub fn may_open(&self) -> Result<&MemberProfile, MemberError> {
        let profile = self.active()?;
        if let Some(reason) = &profile.blacklisted {
            return Err(MemberError::Blacklisted(reason.clone()));
        }
        if profile.kind == MemberKind::Guest && !profile.phone_verified() {
            return Err(MemberError::PhoneNotVerified);
        }
        Ok(profile)
    }

    /// The person, if a member: guests have no balance, no points and no gifts. Also who is barred may pay what is owed.
    ///
    /// # Errors
    /// As [`Member::active`]; [`MemberError::GuestNotAllowed`].
    pub fn members_only(&self) -> Result<&MemberProfile, MemberError> {
        let profile = self.active()?;
        match profile.kind {
            MemberKind::Member => Ok(profile),
            MemberKind::Guest => Err(MemberError::GuestNotAllowed),
        }
    }
}
