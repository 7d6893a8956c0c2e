use tokio::sync::Semaphore;

/// Where responses wait until a test releases them.
#[derive(Debug)]
pub(crate) struct Gate(Semaphore);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(0))
    }

    /// Releases `steps` steps, for those who wait now or later.
    pub(crate) fn release(&self, steps: usize) {
        self.0.add_permits(steps);
    }

    /// Waits for one step, in order of arrival.
    pub(crate) async fn step(&self) {
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }
}
