//! The program `rendez`.

fn main() {}
