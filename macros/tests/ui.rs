//! Misuse of each macro, as the compiler tells of it: every message says what to write.
//!
//! They stand here and not in `rendez`, whose features would all be built once more for them. After a change of the
//! wording: `TRYBUILD=overwrite cargo test -p rendez-macros --test ui`, and read what changed.

#[test]
fn misuse_is_told_what_to_write() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
