//! A person who plays: guest or member, level, blacklist, ways to pay, and the person's data, sealed.
//!
//! ```text
//!            ┌── GuestStarted ──► guest ── PhoneVerified ──► may open ──┐
//! (nothing) ─┤                      │  │                                │ GuestUpgraded
//!            │                      │  └── GuestMerged ──► (gone into another person)
//!            └── MemberRegistered ──┴──────────────────► member ◄───────┘
//!                                                          │ PersonErased
//!                                                          ▼
//!                                                       (nobody)
//! ```
//!
//! Beside that: levels (by hand, and in [`standing`] by spending), the blacklist and ways to pay change; logins are noted, and a WeChat account that a
//! member comes with later; a guest that is taken in is noted at the one who takes it in.
//!
//! What the person is told beyond the app, and allows, is in [`messages`].
//!
//! Invariants: a guest is on the level `guest`, a member never is. Who was merged or erased does nothing any more. Openid and phone are
//! unique through the streams of [`crate::identity`]; what is unique and what is noted here change in one unit of work.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
pub mod messages;
mod payment_method;
mod rights;
pub mod standing;
mod state;
#[cfg(test)]
mod tests;

pub use commands::MemberCommand;
pub use decide::decide;
pub use errors::MemberError;
pub use events::MemberEvent;
pub use messages::{MessageChannel, MessageField, MessageKind, MessageNote, MessageOutcome, MessageRights};
pub use payment_method::PaymentMethod;
pub use state::{Member, MemberKind, MemberProfile, Registration};
