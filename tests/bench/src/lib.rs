//! The bench: our event store and services against raw limits, in one run.
