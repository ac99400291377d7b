//! Order in a farm: items are numbered on their way in and put back in order on their way out. It knows no workers.

use crate::farm::next_wanted;
use rendez_channels::{Receiver, Sender, channel, channel_bounded};
use rendez_runtime::{Outcome, Process, process, trace};
use std::collections::BTreeMap;

/// An item or what was made of it, with its place in the order.
pub(crate) type Numbered<T> = (u64, T);

/// The two processes around the workers of an ordered farm, and the ends between which the workers go.
pub(crate) struct Order<I: Send + 'static, O: Send + 'static> {
    pub(crate) items: Receiver<Numbered<I>>,
    pub(crate) made: Sender<Numbered<O>>,
    pub(crate) processes: [Process; 2],
}

impl<I: Send + 'static, O: Send + 'static> Order<I, O> {
    /// At most `window` items are past `input` and not yet past `output`.
    #[track_caller]
    pub(crate) fn keep(window: usize, input: Receiver<I>, output: Sender<O>) -> Self {
        let (numbered, items) = channel();
        let (made, in_any_order) = channel();
        // Holds one token for each item under way, so that its capacity is the window.
        let (enter, leave) = channel_bounded(window);
        enter.set_name("window");
        Self { items, made, processes: [number(input, numbered, enter), reorder(in_any_order, output, leave)] }
    }
}

#[process]
async fn number<I: Send + 'static>(input: Receiver<I>, numbered: Sender<Numbered<I>>, enter: Sender<()>) -> Outcome {
    for place in 0.. {
        enter.send(()).await?;
        let Some(item) = next_wanted(&input, &numbered).await? else { break };
        numbered.send((place, item)).await?;
    }
    Ok(())
}

#[process]
async fn reorder<O: Send + 'static>(made: Receiver<Numbered<O>>, output: Sender<O>, leave: Receiver<()>) -> Outcome {
    // Never longer than the window.
    let mut early = BTreeMap::new();
    let mut next = 0;
    while let Some((place, item)) = next_wanted(&made, &output).await? {
        early.insert(place, (item, trace::current()));
        while let Some((item, trace)) = early.remove(&next) {
            trace::within(trace, output.send(item)).await?;
            leave.recv().await?;
            next += 1;
        }
    }
    Ok(())
}
