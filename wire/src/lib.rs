//! rendez-wire: the encoding: budgeted postcard, frames, schema fingerprints. Pure.
