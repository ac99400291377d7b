//! rendez-net: nodes on QUIC: remote channel ends, remote actors, names.
