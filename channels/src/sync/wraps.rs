//! A guard around another: the inner one acts, the outer one says what that gives. No guard of its own.

/// Makes a future and a guard of a type with the fields `of` and, pinned, `inner`; `finish` makes its output of these.
macro_rules! wraps {
    ([$($generics:tt)*] $name:ty, $output:ty, $finish:expr) => {
        impl<$($generics)*> std::future::Future for $name {
            type Output = $output;

            fn poll(self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<$output> {
                let this = self.project();
                this.inner.poll(cx).map(|inner| $finish(*this.of, inner))
            }
        }

        impl<$($generics)*> crate::guard::Attempt for $name {
            fn attempt(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                seat: crate::guard::Seat<'_>,
            ) -> crate::guard::Progress {
                self.project().inner.attempt(cx, seat)
            }
            fn enlist(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                choice: &std::sync::Arc<crate::choice::Choice>,
                number: usize,
            ) -> crate::guard::Progress {
                self.project().inner.enlist(cx, choice, number)
            }
            fn collect(self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
                self.project().inner.collect(cx)
            }
            fn leave(self: std::pin::Pin<&mut Self>) {
                self.project().inner.leave();
            }
            fn memory(&self) -> Option<&crate::memory::Memory> {
                self.inner.memory()
            }
        }

        impl<$($generics)*> crate::Guard for $name {
            type Output = $output;

            fn output(self: std::pin::Pin<&mut Self>) -> $output {
                let this = self.project();
                let inner = crate::Guard::output(this.inner);
                $finish(*this.of, inner)
            }
        }
    };
}

pub(super) use wraps;
