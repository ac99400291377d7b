//! The network as JSON, and back: for other programs, and to draw later or elsewhere.

use rendez_model::Network;
use std::fmt;

/// Why a text is not a network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is not a network in JSON: {}", self.problem)
    }
}

impl std::error::Error for JsonError {}

/// The network as JSON.
///
/// # Panics
///
/// Never: all of a network has a form in JSON.
#[must_use]
pub fn json(network: &Network) -> String {
    let mut text = serde_json::to_string_pretty(network).expect("a network is numbers, text and lists of them");
    text.push('\n');
    text
}

/// Reads what [`json`] wrote.
///
/// # Errors
///
/// Where `text` is not JSON, or is of something else.
pub fn from_json(text: &str) -> Result<Network, JsonError> {
    serde_json::from_str(text).map_err(|error| JsonError {
        line: error.line(),
        column: error.column(),
        problem: error.to_string(),
    })
}
