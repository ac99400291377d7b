//! All-reduce: each member brings a value, all get the same one made of them. It knows channel ends only, so that
//! members may be anywhere.

use rendez_channels::{Receiver, Sender, channel};
use rendez_runtime::{Failure, Outcome, par, process};

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
#[process]
pub async fn root<T, F>(members: Vec<(Receiver<T>, Sender<T>)>, mut op: F) -> Outcome<Reduced<T>>
where
    T: Clone + Send + 'static,
    F: FnMut(T, T) -> T + Send + 'static,
{
    let mut so_far = None;
    let (mut present, mut absent) = (vec![], vec![]);
    for (place, (values, results)) in members.into_iter().enumerate() {
        match values.recv().await {
            Ok(value) => {
                so_far = Some(match so_far {
                    Some(so_far) => op(so_far, value),
                    None => value,
                });
                present.push((values, results));
            }
            Err(_) => absent.push(place),
        }
    }
    let value = so_far.ok_or_else(|| Failure::new("nothing to reduce: no member has brought a value"))?;
    // Side by side, so that a member that is slow to receive holds back nobody.
    let gives: Vec<_> = present.into_iter().map(|(values, results)| give(value.clone(), values, results)).collect();
    par(gives).await?;
    Ok(Reduced { value, absent })
}

/// A member that is gone by now needs no result. The other channel is kept until it has it.
#[process]
async fn give<T: Send + 'static>(value: T, _values: Receiver<T>, results: Sender<T>) {
    let _ = results.send(value).await;
}
