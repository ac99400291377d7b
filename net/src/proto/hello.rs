//! The first word between two nodes. A connection counts as admitted only after the peer's hello.

use super::{ControlFrame, ProtocolError};

/// The version of the protocol: nodes of different versions do not talk.
pub(crate) const VERSION: u32 = 2;

/// What the first frame of a peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    /// The name that the peer goes by.
    pub(crate) name: String,
}

impl Hello {
    /// This node's first frame.
    pub(crate) const fn ours(name: &str) -> ControlFrame<'_> {
        ControlFrame::Hello { version: VERSION, name }
    }

    /// Reads the peer's first frame.
    ///
    /// # Errors
    /// It is another frame, or of another version.
    pub(crate) fn theirs(frame: &ControlFrame<'_>) -> Result<Self, ProtocolError> {
        match frame {
            ControlFrame::Hello { version: VERSION, name } => Ok(Self { name: (*name).to_owned() }),
            ControlFrame::Hello { version, .. } => Err(ProtocolError::Version { theirs: *version, ours: VERSION }),
            _ => Err(ProtocolError::Unexpected { what: "frame before the hello" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_and_another_frame_are_told_apart() {
        assert_eq!(Hello::theirs(&Hello::ours("a")), Ok(Hello { name: "a".to_owned() }));
        let newer = ControlFrame::Hello { version: VERSION + 1, name: "a" };
        assert_eq!(Hello::theirs(&newer), Err(ProtocolError::Version { theirs: VERSION + 1, ours: VERSION }));
        assert!(matches!(
            Hello::theirs(&ControlFrame::Found { request: 0, actor: 0 }),
            Err(ProtocolError::Unexpected { .. })
        ));
    }
}
