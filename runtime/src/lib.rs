//! rendez-runtime: processes and actors: par, seq, scopes, supervision, names, the wait-for graph.
