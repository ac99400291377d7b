//! Remote actors whose arguments and answers do not travel.

use rendez::{Receiver, actor};

/// The crate that expansions name: with an encoding, which the facade has with its feature `net`.
mod crate_with_wire {
    pub mod __private {
        pub use rendez::__private::*;

        pub mod wire {
            use rendez::CallError;
            use rendez::runtime::RemoteLink;
            use serde::{Serialize, de::DeserializeOwned};
            use std::marker::PhantomData;

            pub fn encode<T: Serialize>(_: &T) -> Result<Vec<u8>, CallError> {
                Ok(vec![])
            }

            pub fn decode<T: DeserializeOwned>(_: &[u8]) -> Result<T, CallError> {
                Err(CallError::Refused(String::new()))
            }

            pub struct Answer<T>(PhantomData<fn() -> T>);

            impl<T> Answer<T> {
                pub fn new() -> Self {
                    Self(PhantomData)
                }
            }

            /// As the facade has it.
            #[diagnostic::on_unimplemented(
                message = "`{Self}` does not travel between nodes",
                label = "no `Serialize` and `Deserialize` for it",
                note = "derive serde's `Serialize` and `Deserialize` for a type of your own; the end of a channel travels as an answer, `Receiver<T>` or `Result<Receiver<T>, E>` where `T` travels, not in an argument or inside of another type"
            )]
            pub trait Travels: serde::Serialize + serde::de::DeserializeOwned {}

            #[diagnostic::do_not_recommend]
            impl<T: serde::Serialize + serde::de::DeserializeOwned> Travels for T {}

            pub const fn travels<T: Travels>() {}

            pub trait ByValue<T> {
                fn pack(self, answer: T, link: &RemoteLink) -> Result<Vec<u8>, CallError>
                where
                    T: Travels;
                fn unpack(self, bytes: &[u8], link: &RemoteLink) -> impl Future<Output = Result<T, CallError>> + Send
                where
                    T: Travels;
            }

            impl<T> ByValue<T> for Answer<T> {
                fn pack(self, answer: T, _: &RemoteLink) -> Result<Vec<u8>, CallError>
                where
                    T: Travels,
                {
                    encode(&answer)
                }

                async fn unpack(self, bytes: &[u8], _: &RemoteLink) -> Result<T, CallError>
                where
                    T: Travels,
                {
                    decode(bytes)
                }
            }
        }
    }
}

struct Place;

struct Shop;

#[actor(remote, crate = crate::crate_with_wire)]
impl Shop {
    pub async fn deliver(&mut self, to: Place) {
        drop(to);
    }
}

struct Office;

#[actor(remote, crate = crate::crate_with_wire)]
impl Office {
    pub async fn place(&self) -> Place {
        Place
    }
}

struct Desk;

#[actor(remote, crate = crate::crate_with_wire)]
impl Desk {
    pub async fn listen(&mut self, news: Receiver<String>) {
        drop(news);
    }
}

fn main() {}
