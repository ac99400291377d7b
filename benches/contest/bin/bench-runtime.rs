//! The program behind `cargo xtask bench runtime`. All of it is in the library, so that its tests are ordinary ones.

fn main() -> std::process::ExitCode {
    rendez_benches::runtime()
}
