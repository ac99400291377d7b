//! All-reduce: each member brings a value, all get the same one made of them. It knows channel ends only, so that
//! members may be anywhere.

use rendez_channels::{Ended, Receiver, Sender, channel};
use rendez_model::ProcessKind;
use rendez_runtime::{Failure, Outcome, Process, par};

/// A member's ends; those of other nodes do as well.
///
/// ```
/// use rendez_runtime::{par, run};
/// use rendez_skeletons::{Member, root};
///
/// let largest = run(async {
///     let ((a, a_ends), (b, b_ends)) = (Member::new(), Member::new());
///     let root = root(vec![a_ends, b_ends], |x: u32, y| x.max(y));
///     par![root, async move { a.all_reduce(3).await }, async move { b.all_reduce(7).await }].values().await
/// });
/// let (reduced, at_a, at_b) = largest.unwrap();
/// assert_eq!((reduced.value, at_a, at_b), (7, 7, 7));
/// ```
#[derive(Clone, Debug)]
pub struct Member<T: Send + 'static> {
    /// Where its value goes.
    pub to_root: Sender<T>,
    /// Where the result comes from.
    pub from_root: Receiver<T>,
}

/// What came of an all-reduce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduced<T> {
    /// What all members got that were there.
    pub value: T,
    /// The members whose channels had ended before they brought a value, by their place in the root's list.
    pub absent: Vec<usize>,
}

impl<T: Send + 'static> Member<T> {
    /// A member in this program, and the ends that its root needs.
    #[must_use]
    pub fn new() -> (Self, (Receiver<T>, Sender<T>)) {
        let ((to_root, values), (results, from_root)) = (channel(), channel());
        (Self { to_root, from_root }, (values, results))
    }

    /// Brings `value` and waits for the value made of all; once for each [`root`].
    ///
    /// # Errors
    /// How the channels to the root have ended.
    ///
    /// # Cancel safety
    /// Dropped before the root took the value, the member is absent if its ends go too. Dropped later, its value
    /// counts, and the result waits for [`from_root`](Self::from_root) to receive it.
    pub async fn all_reduce(&self, value: T) -> Outcome<T> {
        self.to_root.send(value).await?;
        Ok(self.from_root.recv().await?)
    }
}

/// The process that makes one value of those of all members and gives it to each.
///
/// `op` is applied from the left in the order of `members`, whoever comes first, so that sums of floats are the same
/// in every run. A member whose channel retires, is poisoned or is lost before it has brought its value is absent: the
/// others get their result without it. It waits for a member as long as its channel stands.
///
/// It fails when nobody has brought a value.
#[track_caller]
pub fn root<T, F>(members: Vec<(Receiver<T>, Sender<T>)>, mut op: F) -> Process<Reduced<T>>
where
    T: Clone + Send + Sync + 'static,
    F: FnMut(T, T) -> T + Send + 'static,
{
    Process::new("all_reduce", async move {
        let mut value = None;
        let (mut present, mut absent) = (vec![], vec![]);
        for (place, (values, results)) in members.into_iter().enumerate() {
            match values.recv().await {
                Ok(brought) => {
                    value = Some(match value {
                        Some(so_far) => op(so_far, brought),
                        None => brought,
                    });
                    present.push((values, results));
                }
                Err(Ended::Cancelled) => return Err(Ended::Cancelled.into()),
                Err(_) => absent.push(place),
            }
        }
        let value = value.ok_or_else(|| Failure::new("nothing to reduce: no member has brought a value"))?;
        par(broadcast(&value, present)).await?;
        Outcome::Ok(Reduced { value, absent })
    })
    .kind(ProcessKind::Scope)
}

/// Side by side, so that a member that is slow to receive holds back nobody.
fn broadcast<T>(value: &T, present: Vec<(Receiver<T>, Sender<T>)>) -> Vec<Process>
where
    T: Clone + Send + Sync + 'static,
{
    let give = |(values, results): (Receiver<T>, Sender<T>)| {
        let value = value.clone();
        Process::new("broadcast", async move {
            // A member that is gone by now needs no result.
            let _ = results.send(value).await;
            drop(values);
        })
    };
    present.into_iter().map(give).collect()
}
