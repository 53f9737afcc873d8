//! `hall.complaint.v1.ComplaintService`. What is said in clear here is sealed before it becomes a command.

use std::sync::Arc;

use baize_domain::Fen;
use baize_domain::ids::ComplaintId;
use baize_proto::access::{Access, Belonging};
use baize_proto::hall::complaint::v1::complaint_service_server::ComplaintService;
use baize_proto::hall::complaint::v1::{
    AnswerComplaintRequest, AnswerComplaintResponse, AssignComplaintRequest, AssignComplaintResponse,
    CloseComplaintRequest, CloseComplaintResponse, FileComplaintRequest, FileComplaintResponse, ReadComplaintRequest,
    ReadComplaintResponse, ReopenComplaintRequest, ReopenComplaintResponse, Said,
};
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Request, Response, Status, async_trait};

use super::identity::Identified;
use super::member::no_people;
use super::{Services, permit, told, traceparent};
use crate::dispatch::{Belongs as _, Caller, CommandError, Done, Reply};
use crate::errors;
use crate::people::{Error, People};
use crate::wire::{Fields, answering, filing, reopening, timestamp};

#[async_trait]
impl ComplaintService for Services {
    async fn file_complaint(
        &self,
        request: Request<FileComplaintRequest>,
    ) -> Result<Response<FileComplaintResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let asked = filing(&message, &mut fields);
        let asked = fields.finish(asked).map_err(errors::invalid)?;
        let (people, caller) = self.heard(&metadata, &extensions)?;
        // Asked before anything is sealed for the person.
        permit("FileComplaint", &caller, Belonging::to_member(asked.member_id.0))?;
        let identified = Identified::new(asked.request_id, "FileComplaint", &message, caller.clone());
        let about = (asked.about, asked.category);
        let done = people
            .complain(identified.asked(), asked.member_id, about, &asked.words)
            .await;
        let Done { reply, position } = done.map_err(|error| answered("FileComplaint", &caller, people, error))?;
        let Reply::ComplaintFiled { complaint_id } = reply else {
            return Err(another("FileComplaint"));
        };
        let complaint_id = complaint_id.to_string();
        Ok(Response::new(FileComplaintResponse { complaint_id, position }))
    }

    async fn reopen_complaint(
        &self,
        request: Request<ReopenComplaintRequest>,
    ) -> Result<Response<ReopenComplaintResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let asked = reopening(&message, &mut fields);
        let asked = fields.finish(asked).map_err(errors::invalid)?;
        let (people, caller) = self.heard(&metadata, &extensions)?;
        let identified = Identified::new(asked.request_id, "ReopenComplaint", &message, caller.clone());
        let done = people
            .complain_again(identified.asked(), asked.complaint_id, &asked.words)
            .await;
        let done = done.map_err(|error| answered("ReopenComplaint", &caller, people, error))?;
        Ok(Response::new(ReopenComplaintResponse {
            position: done.position,
        }))
    }

    async fn read_complaint(
        &self,
        request: Request<ReadComplaintRequest>,
    ) -> Result<Response<ReadComplaintResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let complaint_id: ComplaintId = fields.id("complaint_id", &message.complaint_id);
        let complaint_id = fields.finish(complaint_id).map_err(errors::invalid)?;
        let (people, caller) = self.heard(&metadata, &extensions)?;
        let complaint = self.dispatcher.complaint(complaint_id).await.map_err(errors::status)?;
        let complaint_id = complaint_id.to_string();
        permit("ReadComplaint", &caller, complaint.belonging(&complaint_id))?;
        baize_domain::complaint::decide::filed(&complaint)
            .map_err(|error| errors::status(CommandError::refuse(error)))?;
        let said = people.open_complaint(&complaint).await;
        let said = said.map_err(|error| error.status(people.now()))?;
        // Which of the staff said something is the staff's to know.
        let named = caller.access.as_ref().is_none_or(|access| !is_customer(access));
        let said = said.into_iter().map(|said| Said {
            by_staff: said.staff.is_some(),
            staff_id: said
                .staff
                .filter(|_| named)
                .map(|id| id.to_string())
                .unwrap_or_default(),
            words: said.words,
            at: Some(timestamp(said.at)),
        });
        Ok(Response::new(ReadComplaintResponse {
            said: said.collect(),
            complaint_id,
        }))
    }

    async fn assign_complaint(
        &self,
        request: Request<AssignComplaintRequest>,
    ) -> Result<Response<AssignComplaintResponse>, Status> {
        self.execute(request).await
    }

    async fn answer_complaint(
        &self,
        request: Request<AnswerComplaintRequest>,
    ) -> Result<Response<AnswerComplaintResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let asked = answering(&message, &mut fields);
        let give_back = fields.fen("give_back_fen", message.give_back_fen, 0..=Fen::MAX_INPUT.0);
        let asked = fields.finish(asked).map_err(errors::invalid)?;
        let (people, caller) = self.heard(&metadata, &extensions)?;
        let by = caller.access.as_ref().map(|access| access.claims().subject);
        let identified = Identified::new(asked.request_id, "AnswerComplaint", &message, caller.clone());
        let content = (asked.words.as_str(), give_back);
        let done = people
            .answer_complaint(identified.asked(), asked.complaint_id, content, by.unwrap_or_default())
            .await;
        let Done { reply, position } = done.map_err(|error| answered("AnswerComplaint", &caller, people, error))?;
        let Reply::ComplaintAnswered {
            compensation_id,
            needs_approval,
        } = reply
        else {
            return Err(another("AnswerComplaint"));
        };
        Ok(Response::new(AnswerComplaintResponse {
            compensation_id: compensation_id.map(|id| id.to_string()).unwrap_or_default(),
            needs_approval,
            position,
        }))
    }

    async fn close_complaint(
        &self,
        request: Request<CloseComplaintRequest>,
    ) -> Result<Response<CloseComplaintResponse>, Status> {
        self.execute(request).await
    }
}

impl Services {
    /// Who seals and opens what people write, and who calls.
    fn heard(&self, metadata: &MetadataMap, extensions: &Extensions) -> Result<(&Arc<People>, Caller), Status> {
        let people = self.people().ok_or_else(no_people)?;
        let caller = Caller::over_grpc(extensions.get::<Access>().cloned(), traceparent(metadata));
        Ok((people, caller))
    }
}

fn is_customer(access: &Access) -> bool {
    access.claims().role == baize_proto::access::Role::Customer
}

/// A failed step's status; a denial is put on record.
fn answered(method: &str, caller: &Caller, people: &People, error: Error) -> Status {
    match error {
        Error::Command(error) => told(method, caller, error),
        error => error.status(people.now()),
    }
}

fn another(method: &str) -> Status {
    errors::internal(&anyhow::anyhow!("{method} got another method's reply"))
}
