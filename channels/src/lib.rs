//! rendez-channels: typed channels, choice, poison. Knows no process, no executor, no socket.
