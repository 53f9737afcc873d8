//! Drives the lights over MQTT from the events, and reports back what they did.
