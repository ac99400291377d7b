//! Names: who is to be found under which, among the processes of one program. Not the names for people, which many may share.

use crate::cell::Cell;
use crate::{Actor, ProcessRef, World};
use rendez_model::{ProcessId, ProcessKind};
use std::any::{Any, type_name};
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Weak};

/// How many names there may be at one time.
pub const NAMES_MAX: usize = 65_536;
/// How many bytes a name may have.
pub const NAME_MAX: usize = 256;

/// Why a name was not given, or nobody was found under it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Somebody else has it.
    Taken {
        /// The name.
        name: String,
        /// Who has it: name, id and spawn line.
        holder: String,
    },
    /// It is empty, or longer than [`NAME_MAX`] bytes.
    NotAName {
        /// How many bytes it has.
        bytes: usize,
    },
    /// There are [`NAMES_MAX`] names already.
    Full {
        /// The name that there was no room for.
        name: String,
    },
    /// Who was to have it has ended.
    Ended {
        /// The name.
        name: String,
    },
    /// No process runs here that could have it.
    NoProcess {
        /// The name.
        name: String,
    },
    /// Nobody has it.
    Unknown {
        /// The name.
        name: String,
    },
    /// Who has it is no such actor.
    OfAnother {
        /// The name.
        name: String,
        /// Who has it.
        holder: String,
        /// The type of actor that was looked for.
        wanted: &'static str,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { name, holder } => {
                write!(f, "the name `{name}` is taken by {holder}: `unregister` it there, or choose another")
            }
            Self::NotAName { bytes } => write!(f, "a name has 1 to {NAME_MAX} bytes, this one has {bytes}"),
            Self::Full { name } => write!(f, "no room for the name `{name}`: there are {NAMES_MAX} already"),
            Self::Ended { name } => write!(f, "who was to be called `{name}` has ended"),
            Self::NoProcess { name } => {
                write!(f, "no process runs here to be called `{name}`: use `ProcessRef::register`")
            }
            Self::Unknown { name } => write!(f, "nobody is registered under the name `{name}`"),
            Self::OfAnother { name, holder, wanted } => {
                write!(f, "`{name}` is {holder}, and no actor of type `{wanted}`")
            }
        }
    }
}

impl Error for NameError {}

/// Who can have a name. The table does not keep it from ending.
pub(crate) trait Named: Any + Send + Sync {
    /// Its process, the present one if it has several in turn; none when it has ended.
    fn process(&self) -> Option<ProcessRef>;

    /// What tells it from all others.
    fn holder(&self) -> Holder;

    /// Notes that it has a name, so that this is given back at its end; false when it has ended.
    fn note_name(&self) -> bool;
}

/// What tells the holders of names apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    Process(ProcessId),
    /// An actor, by the address of what its incarnations share.
    Actor(usize),
}

/// Who has which name: of one world. Bounded by [`NAMES_MAX`].
#[derive(Default)]
pub(crate) struct Names {
    by_name: BTreeMap<Arc<str>, Arc<dyn Named>>,
    by_holder: HashMap<Holder, Vec<Arc<str>>>,
}

enum Refused {
    Taken(Arc<dyn Named>),
    Full,
}

impl Names {
    fn enter(&mut self, name: &str, named: &Arc<dyn Named>) -> Result<(), Refused> {
        if let Some(holder) = self.by_name.get(name) {
            return Err(Refused::Taken(Arc::clone(holder)));
        }
        if self.by_name.len() >= NAMES_MAX {
            return Err(Refused::Full);
        }
        let name: Arc<str> = name.into();
        self.by_name.insert(Arc::clone(&name), Arc::clone(named));
        self.by_holder.entry(named.holder()).or_default().push(name);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> bool {
        let Some(named) = self.by_name.remove(name) else { return false };
        if let Some(names) = self.by_holder.get_mut(&named.holder()) {
            names.retain(|held| &**held != name);
            if names.is_empty() {
                self.by_holder.remove(&named.holder());
            }
        }
        true
    }

    /// All names of one that has ended are free.
    pub(crate) fn release(&mut self, holder: Holder) {
        for name in self.by_holder.remove(&holder).unwrap_or_default() {
            self.by_name.remove(&name);
        }
    }

    fn all(&self) -> Vec<(Arc<str>, Arc<dyn Named>)> {
        self.by_name.iter().map(|(name, named)| (Arc::clone(name), Arc::clone(named))).collect()
    }

    fn find(&self, name: &str) -> Option<Arc<dyn Named>> {
        self.by_name.get(name).cloned()
    }

    /// Those of one holder, in their order.
    fn of(&self, holder: Holder) -> Vec<String> {
        let mut names: Vec<_> = self.by_holder.get(&holder).into_iter().flatten().map(|name| (**name).into()).collect();
        names.sort();
        names
    }

    /// The actors that have a name, each once.
    fn actors(&self) -> Vec<Arc<dyn Named>> {
        let actors = self.by_holder.iter().filter(|(holder, _)| matches!(holder, Holder::Actor(_)));
        actors.filter_map(|(_, names)| self.find(names.first()?)).collect()
    }
}

impl World {
    /// All names with who has them, in the order of the names; not a step of who explores.
    pub(crate) fn all_names(&self) -> Vec<(String, ProcessRef)> {
        let all = self.names_unseen().all();
        holders(all)
    }

    /// The names of one process, in their order; not a step of who explores. An actor's are those of its actor, which has one process after
    /// another: it is looked for among the actors that have a name.
    pub(crate) fn names_of(&self, id: ProcessId, kind: ProcessKind) -> Vec<String> {
        let mut names = self.names_unseen().of(Holder::Process(id));
        if kind == ProcessKind::Actor {
            let actors = self.names_unseen().actors();
            let is_its = |actor: &&Arc<dyn Named>| actor.process().is_some_and(|process| process.id() == id);
            if let Some(actor) = actors.iter().find(is_its) {
                names.extend(self.names_unseen().of(actor.holder()));
                names.sort();
            }
        }
        names
    }

    /// Gives somebody a name, until it ends.
    pub(crate) fn register(&self, name: &str, named: &Arc<dyn Named>) -> Result<(), NameError> {
        if name.is_empty() || name.len() > NAME_MAX {
            return Err(NameError::NotAName { bytes: name.len() });
        }
        let owned = || name.to_owned();
        if !named.note_name() {
            return Err(NameError::Ended { name: owned() });
        }
        let entered = self.names().enter(name, named);
        match entered {
            Ok(()) if named.process().is_some() => Ok(()),
            Ok(()) => {
                // It has ended since, and may have looked before the name was there.
                self.names().release(named.holder());
                Err(NameError::Ended { name: owned() })
            }
            Err(Refused::Taken(holder)) => Err(NameError::Taken { name: owned(), holder: label(&*holder) }),
            Err(Refused::Full) => Err(NameError::Full { name: owned() }),
        }
    }
}

fn label(named: &dyn Named) -> String {
    named.process().map_or_else(
        || "a process that is ending".to_owned(),
        |process| format!("{} {}", process.id(), process.cell().label()),
    )
}

/// A process with a name.
struct NamedProcess {
    id: ProcessId,
    cell: Weak<Cell>,
}

impl Named for NamedProcess {
    fn process(&self) -> Option<ProcessRef> {
        self.cell.upgrade().filter(|cell| !cell.has_ended()).map(ProcessRef::new)
    }

    fn holder(&self) -> Holder {
        Holder::Process(self.id)
    }

    fn note_name(&self) -> bool {
        self.cell.upgrade().is_some_and(|cell| cell.note_registered())
    }
}

impl ProcessRef {
    /// Gives it a name under which [`whereis`] finds it, until it ends. It may have several.
    ///
    /// # Errors
    /// The name is taken, or cannot be given.
    pub fn register(&self, name: impl AsRef<str>) -> Result<(), NameError> {
        let cell = self.cell();
        let named: Arc<dyn Named> = Arc::new(NamedProcess { id: cell.id(), cell: Arc::downgrade(cell) });
        cell.world().register(name.as_ref(), &named)
    }
}

/// Gives the current process a name under which [`whereis`] finds it, until it ends; then the name is free, before anybody
/// hears of the end.
///
/// Names are those of one program: what is to be found from other nodes is published there (`rendez::net`). An actor has its
/// name through [`ActorRef::register`](crate::ActorRef::register), and keeps it when it is started again. As in Erlang.
///
/// # Errors
/// The name is taken, or cannot be given.
///
/// ```
/// use rendez_runtime::{Outcome, register, run, spawn, stop_requested, whereis};
///
/// run(async {
///     let server = spawn(async {
///         register("printer")?;
///         stop_requested().await;
///         Outcome::Ok(())
///     });
///     while whereis("printer").is_none() {
///         tokio::task::yield_now().await;
///     }
///     assert!(register("printer").unwrap_err().to_string().starts_with("the name `printer` is taken by p"));
///     whereis("printer").expect("it runs").request_stop();
///     server.join().await?;
///     assert!(whereis("printer").is_none());
///     Outcome::Ok(())
/// })
/// .unwrap();
/// ```
pub fn register(name: impl AsRef<str>) -> Result<(), NameError> {
    let name = name.as_ref();
    let current = Cell::current().ok_or_else(|| NameError::NoProcess { name: name.to_owned() })?;
    ProcessRef::new(current).register(name)
}

/// Takes a name from whoever has it. False: nobody had.
pub fn unregister(name: &str) -> bool {
    world().names().remove(name)
}

/// Who has this name; an actor's present process.
#[must_use]
pub fn whereis(name: &str) -> Option<ProcessRef> {
    let named = world().names().find(name)?;
    named.process()
}

/// The actor of this type that has this name.
///
/// # Errors
/// Nobody has the name, or somebody else, who is named; the actor has ended, or is about to as its last reference is gone.
pub fn whereis_actor<A: Actor>(name: &str) -> Result<A::Ref, NameError> {
    let unknown = || NameError::Unknown { name: name.to_owned() };
    let named = world().names().find(name).ok_or_else(unknown)?;
    let any: &dyn Any = &*named;
    match any.downcast_ref::<crate::actor::NamedActor<A>>() {
        Some(actor) => Ok(actor.address().ok_or_else(unknown)?.into()),
        None => Err(NameError::OfAnother { name: name.to_owned(), holder: label(&*named), wanted: type_name::<A>() }),
    }
}

/// All names with who has them, in the order of the names.
#[must_use]
pub fn registered() -> Vec<(String, ProcessRef)> {
    let all = world().names().all();
    holders(all)
}

fn holders(all: Vec<(Arc<str>, Arc<dyn Named>)>) -> Vec<(String, ProcessRef)> {
    all.into_iter().filter_map(|(name, named)| Some((name.as_ref().to_owned(), named.process()?))).collect()
}

fn world() -> Arc<World> {
    World::here()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fake(usize);

    impl Named for Fake {
        fn process(&self) -> Option<ProcessRef> {
            None
        }
        fn holder(&self) -> Holder {
            Holder::Actor(self.0)
        }
        fn note_name(&self) -> bool {
            true
        }
    }

    #[test]
    fn the_table_has_a_bound_and_what_is_given_back_leaves_nothing() {
        let mut names = Names::default();
        let (all, other): (Arc<dyn Named>, Arc<dyn Named>) = (Arc::new(Fake(1)), Arc::new(Fake(2)));
        for n in 0..NAMES_MAX {
            assert!(names.enter(&n.to_string(), &all).is_ok());
        }
        assert!(matches!(names.enter("one more", &other), Err(Refused::Full)));
        assert!(matches!(names.enter("7", &other), Err(Refused::Taken(_))), "that it is taken comes first");
        assert!(names.remove("7") && names.enter("7", &other).is_ok());
        names.release(Holder::Actor(1));
        assert_eq!((names.by_name.len(), names.by_holder.len()), (1, 1));
        names.release(Holder::Actor(2));
        assert!(names.by_name.is_empty() && names.by_holder.is_empty());
    }
}
