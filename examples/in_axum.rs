//! rendez inside of a web server: a handler asks a process over a channel and runs two others side by side.
//!
//! The handlers run in axum's own tasks and the processes on the same tokio runtime: nothing has to be set up. The
//! program serves `/primes/{limit}`, makes one request to itself, prints what came and ends.
//!
//! Run: `cargo run --example in_axum`
//!
//! ```text
//!  client ~~http~~> handler --> visits
//!                   handler: par![ count(lower half), count(upper half) ]
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! 1229 primes below 10000, you are visitor 1
//! ```

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use rendez::prelude::*;
use std::net::SocketAddr;
use std::ops::Range;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const LIMIT_MAX: u32 = 1_000_000;

/// Counts visits: whoever receives from it gets the next number.
#[process]
async fn visits(output: Sender<u32>) -> Outcome {
    for visitor in 1.. {
        output.send(visitor).await?;
    }
    Ok(())
}

#[process(blocking)]
fn count_primes(range: Range<u32>) -> Outcome<usize> {
    let is_prime = |n: &u32| *n > 1 && (2..).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
    Ok(range.filter(is_prime).count())
}

async fn primes(Path(limit): Path<u32>, State(visits): State<Receiver<u32>>) -> Result<String, (StatusCode, String)> {
    if limit > LIMIT_MAX {
        return Err((StatusCode::BAD_REQUEST, format!("{limit} is too far: ask for at most {LIMIT_MAX}")));
    }
    let answer = async {
        let visitor = visits.recv().await?;
        let (lower, upper) = par![count_primes(0..limit / 2), count_primes(limit / 2..limit)].values().await?;
        Outcome::Ok(format!("{} primes below {limit}, you are visitor {visitor}", lower + upper))
    };
    answer.await.map_err(|failure| (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()))
}

#[process]
async fn server(listener: TcpListener, visits: Receiver<u32>, quit: Receiver<()>) -> Outcome {
    let app = Router::new().route("/primes/{limit}", get(primes)).with_state(visits);
    let quit = async move {
        let _ = quit.next().await;
    };
    axum::serve(listener, app).with_graceful_shutdown(quit).await?;
    Ok(())
}

/// One request; `_quit` retires when it is done.
#[process]
async fn client(server: SocketAddr, _quit: Sender<()>) -> Outcome {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(b"GET /primes/10000 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    let (_head, body) = response.split_once("\r\n\r\n").ok_or_else(|| Failure::new("the response has no body"))?;
    println!("{body}");
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let ((numbers, visitors), (quit, quitting)) = (channel(), channel());
    par![visits(numbers), server(listener, visitors, quitting), client(address, quit)].await
}
