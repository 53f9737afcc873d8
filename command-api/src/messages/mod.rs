//! Messages to customers beyond the app: subscription messages of the WeChat mini program, and text messages about what is critical.
//!
//! ```text
//! log ─► plan (which event is told) ─► outbox (a table) ─► courier (one process at a time) ─► provider
//!                                          ▲                   │ what became of it
//!                                          └───────────────────┴─► an event of the person
//! ```
//!
//! The app tells everything (`NoticeService`); this is for who does not look at it. Nothing waits for it: what cannot be sent in time is
//! not sent, and business goes on as if it had been. A message goes out once: a row of the outbox is one event, it is marked before a
//! provider is asked, and what was marked when a process died is `unclear` and not tried again, for neither provider can be asked later.
//!
//! - `plan`: which event is told to whom. `templates`: what is set up. `outbox`: what is to be sent. `courier`: sends it.

mod courier;
mod outbox;
mod plan;
mod templates;

pub use courier::Courier;
pub use outbox::forget;
pub use templates::{MessageOptions, MessageTemplates, SmsTemplate, WechatTemplate};
