//! Journeys through the real services on real servers.
