//! Instances: which actor somebody gets who asks for a service. The modes are Pyro's; who connects, a node knows, not this.

use crate::actor::{Actor, ActorOptions};
use crate::shared::Shared;
use crate::supervisor::{ChildSpec, SupervisorRef};
use std::fmt;
use std::sync::Arc;

/// How many instances of an actor there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One for all.
    Single,
    /// One for each that is opened: it ends with the last clone of its reference.
    PerSession,
    /// A new state for each message; nothing is left of it after the answer.
    PerCall,
}

/// A service of actors made on demand, below a supervisor.
///
/// ```
/// use rendez_runtime::{Instances, Mode, Outcome, Supervisor, actor, run};
///
/// struct Basket(u32);
///
/// #[actor(crate = rendez_runtime)]
/// impl Basket {
///     pub async fn add(&mut self, n: u32) -> u32 {
///         self.0 += n;
///         self.0
///     }
/// }
///
/// run(async {
///     let shop = Supervisor::dynamic().start();
///     let baskets = Instances::new(&shop, "basket", Mode::PerSession, || Basket(0));
///     let (ann, bob) = (baskets.open(), baskets.open());
///     assert_eq!((ann.add(2).await?, ann.add(1).await?, bob.add(5).await?), (2, 3, 5));
///     Outcome::Ok(())
/// }).unwrap();
/// ```
pub struct Instances<A: Actor> {
    supervisor: SupervisorRef,
    name: String,
    mode: Mode,
    make: Arc<dyn Fn() -> A + Send + Sync>,
    single: Shared<Option<A::Ref>>,
}

impl<A: Actor> fmt::Debug for Instances<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instances").field("name", &self.name).field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl<A: Actor> Instances<A> {
    /// Instances of the state that `make` gives, below `supervisor`. None is made before the first is opened.
    pub fn new(
        supervisor: &SupervisorRef,
        name: impl Into<String>,
        mode: Mode,
        make: impl Fn() -> A + Send + Sync + 'static,
    ) -> Self {
        let (supervisor, make) = (supervisor.clone(), Arc::new(make));
        Self { supervisor, name: name.into(), mode, make, single: Shared::new(None) }
    }

    /// A reference as the mode gives it: to the one that all share, or to one of its own.
    #[track_caller]
    pub fn open(&self) -> A::Ref {
        if self.mode != Mode::Single {
            return self.start();
        }
        let mut single = self.single.lock();
        single.get_or_insert_with(|| self.start()).clone()
    }

    #[track_caller]
    fn start(&self) -> A::Ref {
        let options = ActorOptions::new().named(&self.name);
        let make = Arc::clone(&self.make);
        let options = if self.mode == Mode::PerCall { options.per_call(Arc::clone(&make)) } else { options };
        let (spec, address) = ChildSpec::actor_with(options, move || make());
        self.supervisor.child(spec);
        address
    }
}
