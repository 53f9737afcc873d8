//! Who gives a command, and what it follows from.

use baize_proto::access::Access;

/// Who gives a command.
#[derive(Clone, Debug)]
pub struct Caller {
    /// For the record: `customer:UUID`, `process:opening`; `anonymous` where the contract lets anybody in.
    pub actor: String,
    /// What they were let in with; `None` for the system itself and for what is open to anybody.
    pub access: Option<Access>,
    /// What directly caused the command, if the system gave it itself.
    pub causation: Option<String>,
    /// W3C trace context, as it came.
    pub traceparent: Option<String>,
}

impl Caller {
    /// Somebody over gRPC.
    pub fn over_grpc(access: Option<Access>, traceparent: Option<String>) -> Self {
        let actor = access.as_ref().map(|access| access.claims().actor());
        Self {
            actor: actor.unwrap_or_else(|| "anonymous".to_owned()),
            access,
            causation: None,
            traceparent,
        }
    }

    /// A process manager.
    pub fn process(name: &str, cause: &str) -> Self {
        Self {
            actor: format!("process:{name}"),
            access: None,
            causation: Some(cause.to_owned()),
            traceparent: None,
        }
    }
}
