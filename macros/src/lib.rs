//! rendez-macros: the attributes and macros of rendez.
