//! The event log on Postgres: append, read, follow, and publication to JetStream.
