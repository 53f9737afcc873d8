//! What a caller was let in with, and whether that reaches as far as what they ask for.

use std::sync::Arc;

use uuid::Uuid;

use super::{Claims, Denial, Role, Scope};

/// A caller who was let in to one method: who they are, and how far their role reaches in it. Found in the extensions of a request.
#[derive(Clone, Debug)]
pub struct Access {
    claims: Arc<Claims>,
    scope: Scope,
}

/// To whom something belongs, as far as that is known. A wallet belongs to a person, a table to a hall, a session to both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Belonging {
    /// The person.
    pub member: Option<Uuid>,
    /// The hall.
    pub hall: Option<Uuid>,
    /// The chain; of something in a hall, the hall's.
    pub chain: Option<Uuid>,
}

impl Belonging {
    /// Of a person.
    pub fn to_member(member: Uuid) -> Self {
        Self {
            member: Some(member),
            ..Self::default()
        }
    }

    /// Of a hall.
    pub fn to_hall(hall: Uuid) -> Self {
        Self {
            hall: Some(hall),
            ..Self::default()
        }
    }

    /// And of this person.
    #[must_use]
    pub fn and_member(self, member: Uuid) -> Self {
        Self {
            member: Some(member),
            ..self
        }
    }

    /// And, by its hall or directly, of this chain.
    #[must_use]
    pub fn and_chain(self, chain: Option<Uuid>) -> Self {
        Self { chain, ..self }
    }
}

impl Access {
    /// Of a caller whose role reaches that far.
    pub fn new(claims: Arc<Claims>, scope: Scope) -> Self {
        Self { claims, scope }
    }

    /// What the caller's token says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// How far the caller's role reaches in this method.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Lets the caller at things that belong to those: everything that the scope looks at must be the caller's, and at
    /// least one thing must be known to be. What belongs to nobody yet is nobody's to ask for.
    ///
    /// # Errors
    /// Something is another's, or nothing is known to be the caller's. Which of the two is not told: whether a foreign
    /// id exists is none of the caller's business.
    pub fn permit(&self, things: &[Belonging]) -> Result<(), Denial> {
        let claims = &*self.claims;
        let all_are = |of: fn(&Belonging) -> Option<Uuid>, theirs: &dyn Fn(Uuid) -> bool| {
            let mut known = things.iter().filter_map(of).peekable();
            known.peek().is_some() && known.all(theirs)
        };
        let reaches = match self.scope {
            Scope::All => true,
            Scope::Own => all_are(|thing| thing.member, &|member| member == claims.subject),
            Scope::Hall => all_are(|thing| thing.hall, &|hall| works_in(claims, hall)),
            Scope::Chain => {
                // What has a hall of which the chain is not known is not known to be the caller's.
                let placed = things.iter().all(|thing| thing.hall.is_none() || thing.chain.is_some());
                placed && all_are(|thing| thing.chain, &|chain| claims.chain == Some(chain))
            }
        };
        if reaches { Ok(()) } else { Err(Denial::NotYours) }
    }
}

/// A bridge that serves every hall has a token that names none.
fn works_in(claims: &Claims, hall: Uuid) -> bool {
    claims.halls.contains(&hall) || (claims.role == Role::Device && claims.halls.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn access(role: Role, scope: Scope) -> Access {
        let claims = Claims::new(id(7), role, Timestamp::UNIX_EPOCH, Duration::from_secs(60));
        let claims = claims.in_halls([id(1), id(2)]).in_chain(id(9));
        Access::new(Arc::new(claims), scope)
    }

    #[test]
    fn own_is_what_belongs_to_the_caller_alone() {
        let customer = access(Role::Customer, Scope::Own);
        let mine = Belonging::to_hall(id(5)).and_member(id(7));
        assert!(customer.permit(&[Belonging::to_hall(id(5)), mine]).is_ok());
        assert!(customer.permit(&[mine, Belonging::to_member(id(8))]).is_err());
        assert!(customer.permit(&[Belonging::to_hall(id(1))]).is_err());
        assert!(customer.permit(&[]).is_err());
    }

    #[test]
    fn a_hall_is_one_that_the_token_names() {
        let staff = access(Role::Staff, Scope::Hall);
        assert!(
            staff
                .permit(&[Belonging::to_hall(id(1)), Belonging::to_hall(id(2))])
                .is_ok()
        );
        assert!(
            staff
                .permit(&[Belonging::to_hall(id(1)), Belonging::to_hall(id(3))])
                .is_err()
        );
        assert!(staff.permit(&[Belonging::to_member(id(7))]).is_err());
        assert!(staff.permit(&[]).is_err());
    }

    #[test]
    fn a_bridge_of_every_hall_names_none_and_nobody_else_may() {
        let nowhere = |role| {
            let claims = Claims::new(id(7), role, Timestamp::UNIX_EPOCH, Duration::from_secs(60));
            Access::new(Arc::new(claims), Scope::Hall)
        };
        assert!(nowhere(Role::Device).permit(&[Belonging::to_hall(id(3))]).is_ok());
        assert!(nowhere(Role::Device).permit(&[]).is_err());
        assert!(nowhere(Role::Staff).permit(&[Belonging::to_hall(id(3))]).is_err());
        assert!(
            access(Role::Device, Scope::Hall)
                .permit(&[Belonging::to_hall(id(3))])
                .is_err()
        );
    }

    #[test]
    fn a_chain_is_the_one_of_the_token_with_every_hall_in_it() {
        let owner = access(Role::Owner, Scope::Chain);
        let hall = Belonging::to_hall(id(4));
        assert!(owner.permit(&[hall.and_chain(Some(id(9)))]).is_ok());
        assert!(owner.permit(&[hall.and_chain(Some(id(8)))]).is_err());
        assert!(owner.permit(&[hall.and_chain(Some(id(9))), hall]).is_err());
        assert!(owner.permit(&[Belonging::default()]).is_err());
    }
}
