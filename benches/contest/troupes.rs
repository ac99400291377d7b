//! The troupes that take part, one file a library. No network is here.

mod actix;
mod kameo;
mod ractor;
mod rendez;
mod tokio;
mod xtra;

pub(crate) use actix::Actix;
pub(crate) use kameo::Kameo;
pub(crate) use ractor::Ractor;
pub(crate) use rendez::RendezActors;
pub(crate) use tokio::TokioActors;
pub(crate) use xtra::Xtra;
