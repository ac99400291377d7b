//! What is asked of the models of `channels/verification/`: one row a search, right ones first, then the mutants. Their
//! flags are explained at the head of each model. It runs nothing.

/// One search.
pub(super) struct Row {
    /// The model's file.
    pub(super) model: &'static str,
    /// Its configuration.
    pub(super) flags: &'static str,
    /// What is broken on purpose; the search has to find an error then.
    pub(super) mutant: Option<&'static str>,
    /// What the search looks for.
    pub(super) look: Look,
    /// Whether compiling takes longer than searching.
    pub(super) quick: bool,
}

/// What a search looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// States that should not be.
    States,
    /// Executions that never end.
    Cycles,
}

impl Row {
    /// All flags, in their order.
    pub(super) fn flags(&self) -> impl Iterator<Item = &'static str> {
        self.flags.split(' ').chain(self.mutant)
    }

    /// Millions of states.
    const fn slow(self) -> Self {
        Self { quick: false, ..self }
    }

    const fn ends(self) -> Self {
        Self { look: Look::Cycles, ..self }
    }
}

const fn choice(flags: &'static str) -> Row {
    Row { model: "choice.pml", flags, mutant: None, look: Look::States, quick: true }
}

const fn reserved(flags: &'static str) -> Row {
    Row { model: "reserved.pml", flags, mutant: None, look: Look::States, quick: true }
}

/// The row with something broken.
const fn broken(mutant: &'static str, row: Row) -> Row {
    Row { mutant: Some(mutant), ..row }
}

/// Some minutes in all.
pub(super) const USUAL: &[Row] = &[
    // Choices in rings.
    choice("-DRING=1"),
    choice("-DRING=2"),
    choice("-DRING=2 -DIMPATIENT=1 -DRETIRE -DPOISON"),
    choice("-DRING=3").slow(),
    choice("-DRING=3 -DLISTED -DIMPATIENT=7").slow(),
    choice("-DRING=3 -DLISTED -DTIMED=7").slow(),
    // Senders and receivers, choosing or not.
    choice("-DSENDERS=2 -DRECEIVERS=1 -DPLAIN=7 -DIMPATIENT=4 -DRETIRE"),
    choice("-DSENDERS=2 -DRECEIVERS=1 -DPLAIN=1 -DIMPATIENT=1 -DRETIRE").slow(),
    choice("-DSENDERS=2 -DRECEIVERS=1 -DPLAIN=1 -DPOISON").slow(),
    choice("-DSENDERS=2 -DRECEIVERS=2 -DPLAIN=10 -DBACKWARDS=4 -DLISTED").slow(),
    // Channels with places.
    choice("-DSENDERS=2 -DRECEIVERS=1 -DIMPATIENT=7 -DRETIRE -DCAP=1").slow(),
    choice("-DSENDERS=2 -DRECEIVERS=1 -DIMPATIENT=1 -DRETIRE -DPOISON -DCAP=2").slow(),
    choice("-DSENDERS=3 -DRECEIVERS=1 -DPLAIN=15 -DCAP=2"),
    // Permits.
    choice("-DSENDERS=3 -DRECEIVERS=1 -DPLAIN=15 -DPERMITS=3 -DIMPATIENT=1 -DCAP=1").slow(),
    choice("-DSENDERS=2 -DRECEIVERS=1 -DPLAIN=7 -DPERMITS=1 -DIMPATIENT=5 -DCAP=1 -DRETIRE -DPOISON"),
    choice("-DSENDERS=2 -DRECEIVERS=1 -DPLAIN=1 -DPERMITS=1 -DIMPATIENT=1 -DCAP=1").slow(),
    // Reusable choices.
    choice("-DSENDERS=1 -DRECEIVERS=1 -DPLAIN=1 -DALT=2"),
    choice("-DSENDERS=1 -DRECEIVERS=1 -DPLAIN=1 -DALT=2 -DIMPATIENT=2 -DUSES=3 -DRETIRE -DPOISON"),
    choice("-DSENDERS=2 -DRECEIVERS=1 -DPLAIN=3 -DALT=4 -DIMPATIENT=4"),
    choice("-DSENDERS=2 -DRECEIVERS=1 -DPLAIN=1 -DALT=4").slow(),
    choice("-DRING=2 -DALT=1"),
    choice("-DRING=2 -DALT=3 -DIMPATIENT=3"),
    choice("-DRING=3 -DALT=1 -DIMPATIENT=1").slow(),
    // Nobody is busy for ever.
    choice("-DRING=1 -DLISTED").ends(),
    choice("-DRING=2 -DLISTED").ends(),
    choice("-DRING=3 -DLISTED").ends(),
    choice("-DRING=4 -DLISTED -DBACKWARDS=1 -DCOMMITTED_BEFORE=12").ends(),
    choice("-DRING=2 -DALT=1").ends(),
    // Claims that take time.
    reserved("-DRING=3"),
    reserved("-DRING=3 -DIMPATIENT=7"),
    reserved("-DRING=3 -DROUNDS=2"),
    reserved("-DRING=3 -DIMPATIENT=6 -DMORTAL=1"),
    reserved("-DRING=4 -DIMPATIENT=15"),
    // Mutants.
    broken("-DMUTANT_NO_FLAG", choice("-DRING=3 -DALT=1 -DIMPATIENT=1")),
    broken("-DMUTANT_NO_WAKE", choice("-DRING=3 -DALT=1 -DIMPATIENT=1")),
    broken("-DMUTANT_NO_CLAIM", choice("-DRING=2")),
    broken("-DMUTANT_LEAVE", choice("-DRING=2")),
    broken("-DMUTANT_KEEP", choice("-DRING=2 -DIMPATIENT=1 -DRETIRE -DPOISON")),
    broken("-DMUTANT_POISON", choice("-DRING=2 -DIMPATIENT=1 -DRETIRE -DPOISON")),
    broken("-DMUTANT_ACCEPT", choice("-DRING=2 -DIMPATIENT=1 -DRETIRE -DPOISON")),
    broken("-DMUTANT_RETIRE", choice("-DSENDERS=2 -DRECEIVERS=1 -DPLAIN=7 -DIMPATIENT=4 -DRETIRE")),
    broken("-DMUTANT_NO_REFILL", choice("-DSENDERS=3 -DRECEIVERS=1 -DPLAIN=15 -DCAP=2")),
    broken("-DMUTANT_NO_ROOM", choice("-DSENDERS=3 -DRECEIVERS=1 -DPLAIN=15 -DPERMITS=3 -DIMPATIENT=1 -DCAP=1")),
    broken("-DMUTANT_FORGET_PLACE", choice("-DSENDERS=3 -DRECEIVERS=1 -DPLAIN=15 -DPERMITS=3 -DIMPATIENT=1 -DCAP=1")),
    broken("-DMUTANT_LATE_WAKER", choice("-DSENDERS=2 -DRECEIVERS=1 -DPLAIN=1 -DPOISON")),
    broken("-DMUTANT_NO_MARK", choice("-DSENDERS=1 -DRECEIVERS=1 -DPLAIN=1 -DALT=2")),
    broken("-DMUTANT_NO_RETRY", choice("-DSENDERS=1 -DRECEIVERS=1 -DPLAIN=1 -DALT=2")),
    broken("-DMUTANT_NO_REMARK", choice("-DRING=2 -DALT=1")),
    broken("-DMUTANT_UNMARK_LATE", choice("-DRING=2 -DALT=3 -DIMPATIENT=3")),
    broken("-DMUTANT_EXIT", choice("-DRING=2 -DALT=3 -DIMPATIENT=3")),
    broken("-DMUTANT_ENTER", choice("-DRING=3 -DALT=1 -DIMPATIENT=1")),
    broken("-DMUTANT_SELF", choice("-DRING=1 -DLISTED").ends()),
    broken("-DMUTANT_ORDER", choice("-DRING=2 -DLISTED").ends()),
    broken("-DMUTANT_BLIND", choice("-DRING=4 -DLISTED -DBACKWARDS=1 -DCOMMITTED_BEFORE=12").ends()),
    broken("-DMUTANT_DELAY_ALL", reserved("-DRING=3")),
    broken("-DMUTANT_WITHDRAW", reserved("-DRING=3 -DIMPATIENT=7")),
    broken("-DMUTANT_KEEP", reserved("-DRING=3 -DIMPATIENT=7")),
    broken("-DMUTANT_ROUND", reserved("-DRING=3 -DROUNDS=2")),
    broken("-DMUTANT_FORGET", reserved("-DRING=3 -DROUNDS=2")),
    broken("-DMUTANT_DEATH", reserved("-DRING=3 -DIMPATIENT=6 -DMORTAL=1")),
];

/// Minutes each.
pub(super) const LARGE: &[Row] = &[
    choice("-DRING=3 -DLISTED -DIMPATIENT=1 -DRETIRE -DPOISON").slow(),
    choice("-DSENDERS=2 -DRECEIVERS=1 -DIMPATIENT=7 -DRETIRE").slow(),
    choice("-DRING=4 -DLISTED").slow(),
    // A value moves up past nobody who waits.
    choice("-DWEB -DPLAIN=25 -DPERMITS=1 -DKEEPS=1 -DCAP=1 -DLISTED").slow(),
    broken("-DMUTANT_NO_HAND_OVER", choice("-DWEB -DPLAIN=25 -DPERMITS=1 -DKEEPS=1 -DCAP=1 -DLISTED").slow()),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::root;
    use std::collections::BTreeSet;

    #[test]
    fn every_mutant_of_the_models_has_a_row() {
        let mut written = BTreeSet::new();
        for entry in std::fs::read_dir(root().join("channels/verification")).unwrap().flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let names = text.lines().filter_map(|line| line.strip_prefix("#if")?.split_once("MUTANT_"));
            written.extend(names.map(|(_, name)| format!("-DMUTANT_{name}")));
        }
        let rows: BTreeSet<_> = USUAL.iter().chain(LARGE).filter_map(|row| row.mutant).map(str::to_owned).collect();
        assert_eq!(rows, written);
    }

    #[test]
    fn every_mutant_is_one_of_a_right_row() {
        let is_right = |mutant: &Row| {
            USUAL.iter().any(|row| {
                row.mutant.is_none() && (row.model, row.flags, row.look) == (mutant.model, mutant.flags, mutant.look)
            })
        };
        for row in USUAL.iter().filter(|row| row.mutant.is_some()) {
            assert!(is_right(row), "{:?} of {}", row.mutant, row.flags);
        }
    }
}
