//! What is read of one answer at most: a live site may serve anything, without end, or a byte at a time.

use std::time::Duration;

use crate::ClientError;

/// The limits of one answer, by whatever protocol it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerLimits {
    /// How many bytes a head, a body, or a message of a WebSocket may have.
    pub size: usize,
    /// How long the whole answer may take.
    pub time: Duration,
}

impl AnswerLimits {
    /// Of a proxy on this machine, which serves what scenarios are about, however much or long.
    pub(crate) const LOCAL: AnswerLimits = AnswerLimits { size: usize::MAX, time: Duration::MAX };

    /// The most bytes that wait to be understood: a head, or one chunk of a body. Far more than any proxy sends.
    pub(crate) fn waiting(self) -> usize {
        self.size.min(80 << 20)
    }

    /// Refuses an answer that has more than `length` bytes.
    pub(crate) fn check(self, length: usize) -> Result<(), ClientError> {
        if length > self.size { Err(ClientError::TooLarge { limit: self.size }) } else { Ok(()) }
    }

    /// Waits for a whole answer.
    pub(crate) async fn in_time<T>(
        self,
        answer: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        match tokio::time::timeout(self.time, answer).await {
            Ok(result) => result,
            Err(_) => Err(ClientError::TooLong { limit: self.time }),
        }
    }
}
