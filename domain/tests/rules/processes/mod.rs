//! The process managers together, over real decisions: evenings in order, and evenings in which inputs come twice, late and out of order.

mod chaos;
mod evenings;
mod faults;
mod money;
mod provider;
pub(crate) mod runner;
mod splits;
