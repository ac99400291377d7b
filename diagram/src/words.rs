//! How states, numbers and names read, the same in every format. Not where they are put.

use rendez_model::{End, Side, State, Verdict};

/// Characters of a name that are looked at at all.
const LONGEST_NAME: usize = 400;

/// A state without its details: what has a colour and a mark of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    Running,
    Ready,
    Waiting,
    Blocked,
    Done,
    Cancelled,
    Poisoned,
    Failed,
    Lost,
}

impl Mark {
    /// All of them, in the order of the legend.
    pub(crate) const ALL: [Self; 9] = [
        Self::Running,
        Self::Ready,
        Self::Waiting,
        Self::Blocked,
        Self::Done,
        Self::Cancelled,
        Self::Poisoned,
        Self::Failed,
        Self::Lost,
    ];

    pub(crate) const fn of(state: &State) -> Self {
        match state {
            State::Ready => Self::Ready,
            State::Running => Self::Running,
            State::Waiting => Self::Waiting,
            State::Blocked { .. } => Self::Blocked,
            State::Done(End::Normal) => Self::Done,
            State::Done(End::Cancelled) => Self::Cancelled,
            State::Done(End::Poisoned(_)) => Self::Poisoned,
            State::Done(End::Failed(_)) => Self::Failed,
            State::Done(End::Lost) => Self::Lost,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Blocked => "blocked",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Poisoned => "poisoned",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }

    /// What the word means, for the legend.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Running => "running: on a worker now",
            Self::Ready => "ready: has work, waits for a worker",
            Self::Waiting => "waiting: for a timer, I/O or its children",
            Self::Blocked => "blocked: stands at a channel",
            Self::Done => "done",
            Self::Cancelled => "cancelled by its scope",
            Self::Poisoned => "ended by poison",
            Self::Failed => "failed",
            Self::Lost => "lost with its node",
        }
    }

    /// The mark where only characters can be had.
    pub(crate) const fn sign(self) -> char {
        match self {
            Self::Running => '▶',
            Self::Ready => '▷',
            Self::Waiting => '◔',
            Self::Blocked => '‖',
            Self::Done => '✓',
            Self::Cancelled => '⊘',
            Self::Poisoned => '☠',
            Self::Failed => '✗',
            Self::Lost => '?',
        }
    }
}

/// What a party does on this side, as in "waits to send on a".
pub(crate) const fn wish(side: Side) -> &'static str {
    match side {
        Side::Send => "to send on",
        Side::Receive => "to receive from",
    }
}

/// A number with commas between its thousands.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `n thing` or `n things`.
pub(crate) fn counted(n: u64, one: &str) -> String {
    let s = match (n, one.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        _ => "s",
    };
    format!("{} {one}{s}", grouped(n))
}

/// A time in the unit that suits it.
pub(crate) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        _ => format!("{} h {} min", grouped(ms / 3_600_000), ms % 3_600_000 / 60_000),
    }
}

/// A name that can be shown anywhere: one line of bounded length, without control, direction or private characters.
pub(crate) fn clean(name: &str) -> String {
    let mut out: String = name.chars().take(LONGEST_NAME).map(shown).collect();
    if name.chars().nth(LONGEST_NAME).is_some() {
        out.push('…');
    }
    out
}

/// A name without the number at its end: what the members of a family share.
pub(crate) fn stem(name: &str) -> &str {
    let open = name.trim_end_matches([']', ')']);
    let bare = open.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = bare.trim_end_matches(['-', '_', '#', '.', ' ', '[', '(']);
    if bare.len() == open.len() || stem.is_empty() { name } else { stem }
}

fn shown(c: char) -> char {
    match u32::from(c) {
        0x09 | 0x0A | 0x0D => ' ',
        0x00..0x20
        | 0x7F..0xA0
        | 0x061C
        | 0x200B..=0x200F
        | 0x2028..=0x202E
        | 0x2060..=0x206F
        | 0xFEFF
        | 0xFFF0..=0xFFFB
        | 0xFFFE
        | 0xFFFF
        | 0xE000..=0xF8FF
        | 0xE0000.. => '\u{FFFD}',
        _ => c,
    }
}

/// What a deadlock is called.
pub(crate) const fn deadlock(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Certain => "deadlock",
        Verdict::Suspected => "suspected deadlock",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn times_take_the_unit_that_suits_them() {
        assert_eq!([7, 2_450, 61_000, 7_260_000].map(duration), ["7 ms", "2.4 s", "1 min 1 s", "2 h 1 min"]);
    }

    #[test]
    fn a_family_shares_its_stem() {
        for name in ["worker", "worker-7", "worker 12", "worker[3]", "worker_0", "worker#9"] {
            assert_eq!(stem(name), "worker");
        }
        assert_eq!([stem("17"), stem(""), stem("f(x)")], ["17", "", "f(x)"]);
    }

    #[test]
    fn hostile_characters_do_not_survive() {
        assert_eq!(clean("a\u{0}b\u{202E}c\nd"), "a\u{FFFD}b\u{FFFD}c d");
        assert_eq!(clean(&"x".repeat(10_000)).chars().count(), LONGEST_NAME + 1);
    }
}
