//! rendez: processes that share nothing and talk over typed channels.
