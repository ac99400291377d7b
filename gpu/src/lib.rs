//! rendez-gpu: devices and kernels as actors, buffers as messages.
