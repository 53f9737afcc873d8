//! SQL migrations and the event catalogue.
