//! rendez-wire: values to bytes and back, with a budget. Pure: no socket, no clock, no thread.
//!
//! Whatever two nodes say to each other passes through here. A value is encoded with postcard; bytes from outside are
//! decoded under [`Limits`], so that a hostile length prefix costs an error instead of memory; a byte stream is cut
//! into frames by [`FrameReader`]; and a [`Fingerprint`] tells whether both sides mean the same type.
//!
//! ```
//! let bytes = rendez_wire::encode(&vec![(1_u32, "one"), (2, "two")]).unwrap();
//! let back: Vec<(u32, String)> = rendez_wire::decode(&bytes).unwrap();
//! assert_eq!(back[1], (2, "two".to_owned()));
//!
//! let error = rendez_wire::decode::<Vec<u64>>(&[0xff, 0xff, 0xff, 0xff, 0x0f]).unwrap_err();
//! assert_eq!(error.to_string(), "cannot decode `Vec<u64>`: the bytes end inside of it");
//! ```
//!
//! What it does not know: what the bytes are for, and where they come from.

mod budget;
mod codec;
mod fingerprint;
mod frame;
#[doc(hidden)]
pub mod fuzz;

pub use codec::{
    DEPTH_MAX, DecodeError, DecodeFault, EncodeError, Limits, MEMORY_FLOOR, MEMORY_PER_BYTE, decode, decode_within,
    encode, encode_into,
};
pub use fingerprint::{Fingerprint, fingerprint, type_label};
pub use frame::{FRAME_HEADER, FRAME_MAX, FrameError, FrameReader, put_frame};
