//! Ends as `Stream` and `Sink`, for the libraries that take these. Feature `stream`.

use crate::{Ended, Next, Receiver, Send, SendError, Sender};
use futures_core::stream::{FusedStream, Stream};
use futures_sink::Sink;
use pin_project_lite::pin_project;
use std::future::Future;
use std::marker;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

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
}

impl<T: marker::Send + 'static> Sender<T> {
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

    fn start_send(self: Pin<&mut Self>, value: T) -> Result<(), SendError<T>> {
        let mut this = self.project();
        debug_assert!(this.send.is_none(), "a sink takes a value when it is ready");
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
