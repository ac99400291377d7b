//! The progress line: how far, how fast, how long still. Pure; printing it is the collector's.

use std::fmt;
use std::time::Duration;

/// How far the first phase is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Files counted.
    pub files: u64,
    /// Bytes counted.
    pub bytes: u64,
    /// Bytes that the walk has seen.
    pub seen: u64,
    /// Whether the walk has seen everything.
    pub all_seen: bool,
    /// How long the phase has run.
    pub elapsed: Duration,
}

impl Progress {
    /// How long it will still take at the speed so far; unknown until the walk is over and something is done.
    fn left(&self) -> Option<Duration> {
        if !self.all_seen || self.bytes == 0 {
            return None;
        }
        let left = self.seen.saturating_sub(self.bytes) as f64 / self.bytes as f64;
        Some(self.elapsed.mul_f64(left))
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.bytes as f64 / 1e6 / self.elapsed.as_secs_f64().max(1e-3);
        write!(f, "{} files, {:.1} MB, {rate:.1} MB/s", self.files, self.bytes as f64 / 1e6)?;
        match self.left() {
            Some(left) => write!(f, ", {:.0} s to go", left.as_secs_f64().ceil()),
            None => f.write_str(", still looking around"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_go_is_told_once_the_walk_is_over() {
        let mut progress =
            Progress { files: 10, bytes: 2_000_000, seen: 6_000_000, all_seen: false, elapsed: Duration::from_secs(4) };
        assert_eq!(progress.to_string(), "10 files, 2.0 MB, 0.5 MB/s, still looking around");
        progress.all_seen = true;
        assert_eq!(progress.to_string(), "10 files, 2.0 MB, 0.5 MB/s, 8 s to go");
    }
}
