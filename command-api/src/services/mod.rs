//! The gRPC methods: decode, dispatch, encode.

mod calendar;
mod complaint;
mod device;
mod display;
mod identity;
mod loyalty;
mod member;
mod payment;
mod reconciliation;
mod repair;
mod split;
mod staff;
mod table;
mod venue;
mod wallet;

use std::sync::Arc;

use baize_eventlog::RequestKey;
use baize_proto::access::{Access, Belonging, Keys, denied};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::dispatch::{Caller, CommandError, Dispatcher, Done};
use crate::errors;
use crate::messages::MessageOptions;
use crate::payments::Channels;
use crate::people::People;
use crate::wire::{Fields, Mutation, given_by};

pub use identity::IdentityServer;

/// Every service of this program, on one dispatcher.
#[derive(Clone)]
pub struct Services {
    dispatcher: Arc<Dispatcher>,
    /// Sign the tokens of those who act in a role that they were granted.
    keys: Keys,
    people: Option<Arc<People>>,
    channels: Arc<Channels>,
    messages: Arc<MessageOptions>,
}

impl Services {
    /// Services that go through `dispatcher`, sign with `keys`, let people in through `people`, take money through `channels`, and tell
    /// which `messages` there are.
    pub fn new(
        dispatcher: Arc<Dispatcher>,
        keys: Keys,
        people: Option<Arc<People>>,
        channels: Arc<Channels>,
        messages: Arc<MessageOptions>,
    ) -> Self {
        Self {
            dispatcher,
            keys,
            people,
            channels,
            messages,
        }
    }

    /// Who lets people in, if anybody does.
    pub fn people(&self) -> Option<&Arc<People>> {
        self.people.as_ref()
    }

    /// What every mutation does.
    async fn execute<M: Mutation>(&self, request: Request<M>) -> Result<Response<M::Response>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let caller = Caller::over_grpc(extensions.get::<Access>().cloned(), traceparent(&metadata));
        // The content of a request is what came over the wire, not what it became here: ids that we choose differ.
        let mut content = Vec::with_capacity(M::METHOD.len() + message.encoded_len());
        content.extend_from_slice(M::METHOD.as_bytes());
        message.encode_raw(&mut content);
        let mut fields = Fields::default();
        let request_id: Uuid = fields.id("request_id", message.request_id());
        let command = message.command(&mut fields);
        let mut command = fields.finish(command).map_err(errors::invalid)?;
        if let Some(access) = &caller.access {
            given_by(&mut command, access.claims().subject);
        }
        // Request ids are each caller's own: nobody gets an answer that was another's.
        let key = RequestKey::new(&caller.actor, request_id, &content);
        // Asked first: a span that nobody listens to is still offered to the `log` crate, field by field.
        let span = match tracing::enabled!(tracing::Level::INFO) {
            true => tracing::info_span!("command", method = M::METHOD, %request_id),
            false => tracing::Span::none(),
        };
        let answered = async {
            let done = self.dispatcher.dispatch(command, key, &caller).await;
            done.map_err(|error| told(M::METHOD, &caller, error))
        };
        let Done { reply, position } = answered.instrument(span).await?;
        let response = M::response(reply, position);
        let response =
            response.ok_or_else(|| errors::internal(&anyhow::anyhow!("{} got another method's reply", M::METHOD)))?;
        Ok(Response::new(response))
    }
}

/// Whether the caller may do this with something that belongs so.
fn permit(method: &str, caller: &Caller, of: Belonging) -> Result<(), Status> {
    let access = caller.access.as_ref();
    let permitted = access.map_or(Ok(()), |access| access.permit(&[of]));
    permitted.map_err(|denial| told(method, caller, CommandError::Denied(denial)))
}

/// A failed command's status; a denial is put on record.
fn told(method: &str, caller: &Caller, error: CommandError) -> Status {
    if let (CommandError::Denied(denial), Some(access)) = (&error, &caller.access) {
        denied(method, access.claims(), *denial);
    }
    errors::status(error)
}

/// W3C trace context, if it looks like one: it is kept with the events.
fn traceparent(metadata: &MetadataMap) -> Option<String> {
    let text = metadata.get("traceparent")?.to_str().ok()?;
    let plain = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    plain.then(|| text.to_owned())
}
