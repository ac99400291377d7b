//! A device as a process of the network: requests come in on a channel, results leave on one. Not the device's own thread.

use crate::{Gpu, GpuError};
use rendez_channels::{Receiver, Sender};
use rendez_model::ProcessKind;
use rendez_runtime::{Outcome, Process};
use std::sync::Arc;

impl Gpu {
    /// A process that serves requests on this device, one after the other: receives one, runs `serve`, sends the result.
    ///
    /// The picture shows it as a device, with the device's name. It ends when the requests retire, or nobody takes
    /// results any more; an error of the device ends it in failure, and its scope with it. Two processes on clones of
    /// the same ends keep the device busy while results travel; results then come in the order in which they are ready.
    ///
    /// Buffers and matrices travel in requests and results, and stay on the device meanwhile.
    ///
    /// ```
    /// use rendez_channels::channel;
    /// use rendez_gpu::{Gpu, Matrix, Pick};
    /// use rendez_runtime::{Outcome, par, run};
    ///
    /// run(async {
    ///     let gpu = Gpu::open(Pick::Auto)?;
    ///     let (requests, inbox) = channel::<Matrix>();
    ///     let (outbox, results) = channel::<Vec<f32>>();
    ///     let pairs = gpu.process("pairs", inbox, outbox, |gpu, rows: Matrix| async move {
    ///         gpu.matmul_transposed(&rows, &rows).await?.download().await
    ///     });
    ///     let client = async move {
    ///         requests.send(gpu.matrix(2, 2, vec![1.0, 0.0, 0.6, 0.8]).await?).await?;
    ///         assert_eq!(results.recv().await?, [1.0, 0.6, 0.6, 1.0]);
    ///         Outcome::Ok(())
    ///     };
    ///     par![pairs, client].await
    /// })
    /// .unwrap();
    /// ```
    #[track_caller]
    pub fn process<Q, R, S, F>(&self, name: &str, requests: Receiver<Q>, results: Sender<R>, mut serve: S) -> Process
    where
        Q: Send + 'static,
        R: Send + 'static,
        S: FnMut(Self, Q) -> F + Send + 'static,
        F: Future<Output = Result<R, GpuError>> + Send,
    {
        let gpu = self.clone();
        // Behind an `Arc` for as long as it takes to declare them: the process has to be made before its ports can name it.
        let (requests, results) = (Arc::new(requests), Arc::new(results));
        let ports = (Arc::clone(&requests), Arc::clone(&results));
        let process = Process::new(name, async move {
            while let Some(request) = requests.next().await? {
                let result = serve(gpu.clone(), request).await?;
                results.send(result).await?;
            }
            Outcome::Ok(())
        })
        .kind(ProcessKind::Device)
        .note(self.info().to_string());
        ports.0.declare(process.id());
        ports.1.declare(process.id());
        process
    }
}
