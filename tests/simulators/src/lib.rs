//! Relays over MQTT and a day of customers over gRPC, for the demo and the tests.
