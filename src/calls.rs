//! The encoding of remote calls, for the expansions of `#[actor(remote)]`. What does not decode was not meant for this method.

mod values;

pub use values::{Answer, ByValue, Travels, decode, encode, travels};

use rendez_net::RemoteEnd;
use rendez_runtime::{CallError, RemoteLink};
use serde::{Serialize, de::DeserializeOwned};

/// A type that is an end, as no `Result` is.
pub trait End: RemoteEnd {}

impl<T: Serialize + DeserializeOwned + Send + 'static> End for rendez_channels::Receiver<T> {}
impl<T: Serialize + DeserializeOwned + Send + 'static> End for rendez_channels::Sender<T> {}

impl<T: End> Answer<T> {
    /// Hands the end over.
    pub fn pack(self, answer: T, link: &RemoteLink) -> Result<Vec<u8>, CallError> {
        encode(&answer.lend(link)?)
    }

    /// Takes the end.
    pub async fn unpack(self, bytes: &[u8], link: &RemoteLink) -> Result<T, CallError> {
        T::take(&decode(bytes)?, link).await
    }
}

impl<T: End, E: Serialize + DeserializeOwned> Answer<Result<T, E>> {
    /// Hands the end over, if there is one.
    pub fn pack(self, answer: Result<T, E>, link: &RemoteLink) -> Result<Vec<u8>, CallError> {
        encode(&match answer {
            Ok(end) => Ok(end.lend(link)?),
            Err(error) => Err(error),
        })
    }

    /// Takes the end, if there is one.
    pub async fn unpack(self, bytes: &[u8], link: &RemoteLink) -> Result<Result<T, E>, CallError> {
        match decode::<Result<_, E>>(bytes)? {
            Ok(lent) => T::take(&lent, link).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }
}
