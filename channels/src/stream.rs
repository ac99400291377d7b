//! Ends as `Stream` and `Sink`, for the libraries that take these. Feature `stream`.

use crate::{Ended, Next, Receiver, Send, SendError, Sender};
use futures_core::stream::{FusedStream, Stream};
use futures_sink::Sink;
use pin_project_lite::pin_project;
use std::future::Future;
use std::marker;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

type Boxed<T> = Pin<Box<dyn Future<Output = T> + marker::Send>>;
/// An end that was lent to an operation, with what that came to.
type Came<T> = (Receiver<T>, Result<Option<T>, Ended>);
type Sent<T> = (Sender<T>, Result<(), SendError<T>>);

/// What a sink says that is given a value too soon.
const READY: &str = "a sink takes a value when it is ready: poll it until it is";

pin_project! {
    /// The values of a channel as a stream; see [`Receiver::stream`].
    #[must_use = "a stream does nothing unless it is polled"]
    pub struct Incoming<'a, T> where T: marker::Send, T: 'static {
        end: &'a Receiver<T>,
        #[pin]
        next: Option<Next<'a, T>>,
        is_over: bool,
    }
}

pin_project! {
    /// A channel as a sink for values; see [`Sender::sink`].
    #[must_use = "a sink does nothing unless it is polled"]
    pub struct Outgoing<'a, T> where T: marker::Send, T: 'static {
        end: &'a Sender<T>,
        #[pin]
        send: Option<Send<'a, T>>,
    }
}

impl<T: marker::Send + 'static> Receiver<T> {
    /// What comes, as a stream: it ends when the channel is retired; poison and loss are its last item.
    ///
    /// # Cancel safety
    /// Nothing is lost: a value that was handed over to a dropped stream goes to the next receive.
    pub const fn stream(&self) -> Incoming<'_, T> {
        Incoming { end: self, next: None, is_over: false }
    }

    /// The same with this end moved into the stream, which may then go elsewhere. It allocates when it has to wait.
    ///
    /// # Cancel safety
    /// As [`stream`](Self::stream).
    pub const fn into_stream(self) -> OwnedIncoming<T> {
        OwnedIncoming { end: Some(Arriving::None(self)) }
    }
}

impl<T: marker::Send + 'static> Sender<T> {
    /// The same as [`sink`](Self::sink) with this end moved into the sink, which may then go elsewhere. It allocates when it has
    /// to wait; closing it gives the end up. What can be sent at once is not held by a receiver that
    /// [holds](Receiver::recv_extended) its senders.
    ///
    /// # Cancel safety
    /// As `sink`.
    pub const fn into_sink(self) -> OwnedOutgoing<T> {
        OwnedOutgoing { end: Some(Leaving::None(self)) }
    }

    /// The channel as a sink, which has one value under way at a time: it is ready for the next when that is sent.
    ///
    /// # Cancel safety
    /// A dropped sink drops the value that is under way, if no receive has committed to it: flush it first.
    pub const fn sink(&self) -> Outgoing<'_, T> {
        Outgoing { end: self, send: None }
    }
}

impl<T: marker::Send + 'static> Stream for Incoming<'_, T> {
    type Item = Result<T, Ended>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if *this.is_over {
            return Poll::Ready(None);
        }
        if this.next.is_none() {
            this.next.set(Some(this.end.next()));
        }
        let next = this.next.as_mut().as_pin_mut().expect("it was set a line ago");
        let item = ready!(next.poll(cx)).transpose();
        this.next.set(None);
        *this.is_over = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

impl<T: marker::Send + 'static> FusedStream for Incoming<'_, T> {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl<T: marker::Send + 'static> Sink<T> for Outgoing<'_, T> {
    type Error = SendError<T>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.poll_flush(cx)
    }

    /// # Panics
    /// When it is not ready; what is under way stays so.
    fn start_send(self: Pin<&mut Self>, value: T) -> Result<(), SendError<T>> {
        let mut this = self.project();
        assert!(this.send.is_none(), "{READY}");
        this.send.set(Some(this.end.send(value)));
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let mut this = self.project();
        if let Some(send) = this.send.as_mut().as_pin_mut() {
            let sent = ready!(send.poll(cx));
            this.send.set(None);
            sent?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.poll_flush(cx)
    }
}

/// The values of a channel as a stream that owns its end; see [`Receiver::into_stream`].
#[must_use = "a stream does nothing unless it is polled"]
pub struct OwnedIncoming<T: marker::Send + 'static> {
    /// None once the channel is over.
    end: Option<Arriving<T>>,
}

enum Arriving<T: marker::Send + 'static> {
    None(Receiver<T>),
    Awaited(Boxed<Came<T>>),
}

impl<T: marker::Send + 'static> Stream for OwnedIncoming<T> {
    type Item = Result<T, Ended>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut awaited = match self.end.take() {
            None => return Poll::Ready(None),
            Some(Arriving::Awaited(awaited)) => awaited,
            Some(Arriving::None(end)) => {
                if let Ok(value) = end.try_recv() {
                    self.end = Some(Arriving::None(end));
                    return Poll::Ready(Some(Ok(value)));
                }
                Box::pin(async move {
                    let next = end.next().await;
                    (end, next)
                })
            }
        };
        let Poll::Ready((end, next)) = awaited.as_mut().poll(cx) else {
            self.end = Some(Arriving::Awaited(awaited));
            return Poll::Pending;
        };
        if let Ok(Some(_)) = next {
            self.end = Some(Arriving::None(end));
        }
        Poll::Ready(next.transpose())
    }
}

impl<T: marker::Send + 'static> FusedStream for OwnedIncoming<T> {
    fn is_terminated(&self) -> bool {
        self.end.is_none()
    }
}

/// A channel as a sink that owns its end; see [`Sender::into_sink`].
#[must_use = "a sink does nothing unless it is polled"]
pub struct OwnedOutgoing<T: marker::Send + 'static> {
    /// None once it is closed.
    end: Option<Leaving<T>>,
}

enum Leaving<T: marker::Send + 'static> {
    None(Sender<T>),
    Awaited(Boxed<Sent<T>>),
}

impl<T: marker::Send + 'static> Sink<T> for OwnedOutgoing<T> {
    type Error = SendError<T>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.poll_flush(cx)
    }

    /// # Panics
    /// When it is not ready, or was closed; what is under way stays so.
    fn start_send(mut self: Pin<&mut Self>, value: T) -> Result<(), SendError<T>> {
        let end = self.end.take_if(|end| matches!(end, Leaving::None(_)));
        let Some(Leaving::None(end)) = end else { panic!("{READY}") };
        self.end = match end.try_send(value) {
            Ok(()) => Some(Leaving::None(end)),
            Err(refused) => {
                let value = refused.into_value();
                Some(Leaving::Awaited(Box::pin(async move {
                    let sent = end.send(value).await;
                    (end, sent)
                })))
            }
        };
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let Some(Leaving::Awaited(awaited)) = &mut self.end else { return Poll::Ready(Ok(())) };
        let (end, sent) = ready!(awaited.as_mut().poll(cx));
        self.end = Some(Leaving::None(end));
        Poll::Ready(sent)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let flushed = ready!(self.as_mut().poll_flush(cx));
        self.end = None;
        Poll::Ready(flushed)
    }
}
