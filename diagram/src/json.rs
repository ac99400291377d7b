//! A network, or a recording of one, as JSON, and back: for other programs, and to draw later or elsewhere.

use rendez_model::{Network, Recording};
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

impl JsonError {
    fn new(error: serde_json::Error) -> Self {
        Self { line: error.line(), column: error.column(), problem: error.to_string() }
    }
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
    serde_json::from_str(text).map_err(JsonError::new)
}

/// A recording as JSON, each change in a line of its own.
///
/// # Panics
///
/// Never: all of a recording has a form in JSON.
#[must_use]
pub fn recording_json(recording: &Recording) -> String {
    let line = |value: serde_json::Result<String>| value.expect("a recording is numbers, text and lists of them");
    let first = line(serde_json::to_string(&recording.first));
    let changes: Vec<_> = recording.changes.iter().map(|change| line(serde_json::to_string(change))).collect();
    let (begins, ends) = (recording.begins_ms, recording.ends_ms);
    let changes = changes.join(",\n");
    format!("{{\"first\":{first},\n\"begins_ms\":{begins},\"ends_ms\":{ends},\n\"changes\":[\n{changes}\n]}}\n")
}

/// Reads what [`recording_json`] wrote.
///
/// # Errors
///
/// Where `text` is not JSON, or is of something else, or its times go back.
pub fn recording_from_json(text: &str) -> Result<Recording, JsonError> {
    let recording: Recording = serde_json::from_str(text).map_err(JsonError::new)?;
    let times = [recording.begins_ms].into_iter().chain(recording.changes.iter().map(|change| change.at_ms));
    if !times.chain([recording.ends_ms]).is_sorted() {
        return Err(JsonError { line: 1, column: 1, problem: "its times go back".to_owned() });
    }
    Ok(recording)
}
