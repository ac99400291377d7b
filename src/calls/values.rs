//! The encoding of what travels by value: arguments, and answers that are no channel ends.

use rendez_runtime::{CallError, RemoteLink};
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;
use std::marker::PhantomData;

/// Arguments or an answer as bytes.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CallError> {
    rendez_wire::encode(value).map_err(|error| CallError::NotSent(error.to_string()))
}

/// Bytes as arguments or an answer.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CallError> {
    rendez_wire::decode(bytes).map_err(|error| CallError::Refused(error.to_string()))
}

/// What can be an argument, or an answer, between nodes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not travel between nodes",
    label = "no `Serialize` and `Deserialize` for it",
    note = "derive serde's `Serialize` and `Deserialize` for a type of your own; the end of a channel travels as an answer, `Receiver<T>` or `Result<Receiver<T>, E>` where `T` travels, not in an argument or inside of another type"
)]
pub trait Travels: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Travels for T {}

/// Asks whether a type travels, where that is written.
pub const fn travels<T: Travels>() {}

/// Packs and unpacks an answer of type `T`: a channel end by its own methods, which are found first, all else [by value](ByValue).
pub struct Answer<T>(PhantomData<fn() -> T>);

impl<T> Answer<T> {
    /// Of this type.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// An answer that is encoded as it is.
pub trait ByValue<T> {
    /// As bytes.
    fn pack(self, answer: T, link: &RemoteLink) -> Result<Vec<u8>, CallError>
    where
        T: Travels;

    /// From bytes that came over `link`.
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
