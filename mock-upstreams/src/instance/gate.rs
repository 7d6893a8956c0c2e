use tokio::sync::Semaphore;

/// Where responses wait until a test lets them go on.
#[derive(Debug)]
pub(crate) struct Gate(Semaphore);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(0))
    }

    /// Lets `steps` steps happen, now or whenever somebody comes to wait.
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
