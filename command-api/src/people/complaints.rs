//! What people write in complaints, and what they are answered: sealed before it becomes a command, opened for those who may read it.

use std::sync::Arc;

use baize_domain::Command;
use baize_domain::complaint::{Category, Complaint, Grievance, Speaker};
use baize_domain::ids::{ComplaintId, MemberId};
use baize_domain::personal::Sealed;
use baize_domain::{Fen, complaint};
use jiff::Timestamp;
use uuid::Uuid;

use super::vault::Field;
use super::{Asked, Error, People};
use crate::dispatch::Done;

/// Something that was said, in clear.
#[derive(Debug)]
pub struct Opened {
    /// Who of the staff said it; else whoever complains.
    pub staff: Option<Uuid>,
    /// What; empty if whoever complains was forgotten.
    pub words: String,
    pub at: Timestamp,
}

impl People {
    /// Takes a complaint in.
    ///
    /// # Errors
    /// The command is refused, the person was forgotten, or the database is away.
    pub async fn complain(
        &self,
        asked: Asked<'_>,
        member_id: MemberId,
        (about, category): (Grievance, Category),
        words: &str,
    ) -> Result<Done, Error> {
        if let Some(done) = self.dispatcher.answered(asked.key).await? {
            return Ok(done);
        }
        // A key is made only for those who are known.
        let words = match self.dispatcher.member(member_id).await?.profile {
            Some(_) => self.vault.seal(member_id, Field::Complaint, words).await?,
            None => Sealed(String::new()),
        };
        let command = Command::FileComplaint {
            member_id,
            about,
            category,
            words,
        };
        self.dispatch(command, asked).await
    }

    /// Opens a closed complaint again.
    ///
    /// # Errors
    /// As [`Self::complain`].
    pub async fn complain_again(
        &self,
        asked: Asked<'_>,
        complaint_id: ComplaintId,
        words: &str,
    ) -> Result<Done, Error> {
        let words = self.sealed_for(complaint_id, words).await?;
        self.dispatch(Command::ReopenComplaint { complaint_id, words }, asked)
            .await
    }

    /// Answers a complaint.
    ///
    /// # Errors
    /// As [`Self::complain`].
    pub async fn answer_complaint(
        &self,
        asked: Asked<'_>,
        complaint_id: ComplaintId,
        (words, give_back): (&str, Fen),
        by: Uuid,
    ) -> Result<Done, Error> {
        let command = Command::AnswerComplaint {
            complaint_id,
            words: self.sealed_for(complaint_id, words).await?,
            give_back,
            by,
        };
        self.dispatch(command, asked).await
    }

    /// What was said, oldest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn open_complaint(&self, state: &Complaint) -> Result<Vec<Opened>, Error> {
        let mut opened = Vec::with_capacity(state.said.len());
        let Some(terms) = &state.terms else {
            return Ok(opened);
        };
        for said in &state.said {
            let words = match self.vault.open(terms.member_id, Field::Complaint, &said.words).await {
                Ok(words) => words,
                Err(Error::Erased) => String::new(),
                Err(error) => return Err(error),
            };
            opened.push(Opened {
                staff: match said.by {
                    Speaker::Customer => None,
                    Speaker::Staff(by) => Some(by),
                },
                words,
                at: said.at,
            });
        }
        Ok(opened)
    }

    /// Words for the stream of a complaint; none of them if there is no such complaint, for then the command is refused.
    async fn sealed_for(&self, complaint_id: ComplaintId, words: &str) -> Result<Sealed, Error> {
        let state: Arc<Complaint> = self.dispatcher.complaint(complaint_id).await?;
        match complaint::decide::filed(&state) {
            Ok(terms) => self.vault.seal(terms.member_id, Field::Complaint, words).await,
            Err(_) => Ok(Sealed(String::new())),
        }
    }
}
