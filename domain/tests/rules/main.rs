//! The rules as a whole: units of work, processes and invariants, over the public interface.

mod catalogue;
mod compensation;
mod complaints;
mod discounts;
mod faults;
mod gifts;
mod goods;
mod holidays;
mod invariants;
mod journeys;
mod levels;
mod merging;
mod money;
mod moves;
mod packages;
mod paying;
mod payments;
mod people;
mod points;
mod processes;
mod splits;
mod venue;
mod world;
