//! When a command must wait for those before it: the rule by which memory barriers are placed. Pure: no device.

use crate::interface::Access;

/// What is known of one queue: how many commands it was given, and up to which of them a barrier stands.
#[derive(Debug, Default)]
pub(crate) struct Hazards {
    given: u64,
    covered: u64,
}

/// When a buffer was last read and written, as numbers of commands; 0 is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamps {
    read: u64,
    written: u64,
}

impl Hazards {
    /// Notes the next command and the buffers it uses; says whether a barrier has to stand before it.
    ///
    /// A barrier is needed before a read of what was written, and before a write of what was read or written, unless one
    /// stands in between already. A barrier covers everything given before it, in this command buffer and earlier ones.
    pub(crate) fn command<'a>(&mut self, uses: impl IntoIterator<Item = (&'a mut Stamps, Access)>) -> bool {
        self.given += 1;
        let mut needed = false;
        for (stamps, access) in uses {
            let last = match access {
                Access::Read => stamps.written,
                Access::Write => stamps.written.max(stamps.read),
            };
            // `last == given` is this very command, which reads one buffer through two variables.
            needed |= last > self.covered && last < self.given;
            match access {
                Access::Read => stamps.read = self.given,
                Access::Write => stamps.written = self.given,
            }
        }
        if needed {
            self.covered = self.given - 1;
        }
        needed
    }

    /// Up to where barriers stand; to go back to with [`uncover`](Self::uncover).
    pub(crate) fn covered(&self) -> u64 {
        self.covered
    }

    /// Takes back barriers that will not be executed, as the commands with them were given up.
    pub(crate) fn uncover(&mut self, covered: u64) {
        self.covered = covered;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Access::{Read, Write};

    #[test]
    fn a_reader_waits_for_the_writer_before_it() {
        let (mut queue, mut x, mut y) = (Hazards::default(), Stamps::default(), Stamps::default());
        assert!(!queue.command([(&mut x, Write)]), "nothing came before");
        assert!(queue.command([(&mut x, Read), (&mut y, Write)]), "x was just written");
        assert!(!queue.command([(&mut x, Read)]), "a barrier stands after the write of x");
        assert!(queue.command([(&mut y, Read)]), "y was written after the barrier");
    }

    #[test]
    fn a_writer_waits_for_readers_and_writers() {
        let (mut queue, mut x) = (Hazards::default(), Stamps::default());
        assert!(!queue.command([(&mut x, Read)]));
        assert!(queue.command([(&mut x, Write)]), "write after read");
        assert!(queue.command([(&mut x, Write)]), "write after write");
    }

    #[test]
    fn strangers_do_not_wait_for_each_other() {
        let (mut queue, mut x, mut y) = (Hazards::default(), Stamps::default(), Stamps::default());
        assert!(!queue.command([(&mut x, Write)]));
        assert!(!queue.command([(&mut y, Write)]));
        assert!(!queue.command([]), "a command without buffers");
    }

    #[test]
    fn a_barrier_given_up_is_owed() {
        let (mut queue, mut x) = (Hazards::default(), Stamps::default());
        assert!(!queue.command([(&mut x, Write)]));
        let covered = queue.covered();
        assert!(queue.command([(&mut x, Read)]));
        queue.uncover(covered);
        assert!(queue.command([(&mut x, Read)]), "x is still written and not waited for");
    }

    #[test]
    fn readers_share() {
        let (mut queue, mut x) = (Hazards::default(), Stamps::default());
        assert!(!queue.command([(&mut x, Read)]));
        assert!(!queue.command([(&mut x, Read)]));
    }
}
