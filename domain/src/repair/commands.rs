//! What a repair can be asked.

use jiff::Timestamp;
use uuid::Uuid;

use crate::device::LightChannel;

use super::Ticket;

/// Commands of a repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepairCommand {
    /// Open it.
    Open {
        /// What is wrong, and where.
        ticket: Ticket,
        /// When.
        at: Timestamp,
    },
    /// See to it.
    Start {
        /// Who does.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// The work is done, and can be tested.
    Complete {
        /// Who says so.
        by: Uuid,
        /// What was done, 1–200 characters.
        note: String,
        /// When.
        at: Timestamp,
    },
    /// Test the light.
    StartTest {
        /// The light over the table by now.
        light: LightChannel,
        /// How long it may take to answer.
        answer_seconds: u32,
        /// When.
        at: Timestamp,
    },
    /// The light did everything that it was told.
    PassTest {
        /// Which test, from 1.
        test: u32,
        /// When.
        at: Timestamp,
    },
    /// It did not.
    FailTest {
        /// Which test, from 1.
        test: u32,
        /// Which of its commands, from 1.
        step: u32,
        /// When.
        at: Timestamp,
    },
}
