//! Who gives a command, and what it follows from.

/// Who gives a command. Nobody is authenticated yet: what comes in over gRPC is anonymous.
#[derive(Clone, Debug)]
pub struct Caller {
    /// For the record: `anonymous`, `process:opening`.
    pub actor: String,
    /// What directly caused the command, if the system gave it itself.
    pub causation: Option<String>,
    /// W3C trace context, as it came.
    pub traceparent: Option<String>,
}

impl Caller {
    /// Somebody over gRPC.
    pub fn anonymous(traceparent: Option<String>) -> Self {
        Self {
            actor: "anonymous".to_owned(),
            causation: None,
            traceparent,
        }
    }

    /// A process manager.
    pub fn process(name: &str, cause: &str) -> Self {
        Self {
            actor: format!("process:{name}"),
            causation: Some(cause.to_owned()),
            traceparent: None,
        }
    }
}
