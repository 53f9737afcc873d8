//! Publishing, validation, bills computed by hand, and what holds for every tariff.

mod cases;
mod packages;
mod properties;
mod publishing;
mod validation;
