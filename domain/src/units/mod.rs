//! Decisions that span several aggregates, each written as one unit of work: all of it or nothing.
