//! Views fed by the event stream, their queries and live pages.
