//! Name: what a process is called. Two words: most are of the program's text, and what is made while it runs is kept elsewhere.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

/// A name.
#[derive(Clone)]
pub(crate) enum Name {
    OfText(&'static str),
    Made(Arc<String>),
}

const _: () = assert!(size_of::<Name>() == size_of::<&str>(), "a name takes more memory than a piece of text");

impl From<Cow<'static, str>> for Name {
    fn from(name: Cow<'static, str>) -> Self {
        match name {
            Cow::Borrowed(name) => Self::OfText(name),
            Cow::Owned(name) => Self::Made(Arc::new(name)),
        }
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::OfText(name) => name,
            Self::Made(name) => name,
        }
    }
}
