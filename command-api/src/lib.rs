//! gRPC commands, the process runner, its effects and timers.
