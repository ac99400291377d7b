//! Misuse of `#[rendez::test]`.

#[rendez::test]
fn not_async() {}

#[rendez::test]
async fn with_an_argument(_number: u32) {}

#[rendez::test]
async fn generic<T>() {}

#[rendez::test(often)]
async fn unknown_word() {}

#[rendez::test(schedules = "many")]
async fn no_number() {}

#[rendez::test]
async fn ends_with_a_number() -> u32 {
    7
}

fn main() {}
