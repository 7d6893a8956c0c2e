//! How much is kept of what came back.

use super::World;

impl World {
    /// Lets go of bodies of earlier responses, so that they take no more than an eighth of what one may have: there are as
    /// many worlds as scenarios that run at once.
    pub(super) fn make_room(&mut self) {
        let limit =
            self.connection.as_ref().map_or(usize::MAX, |connection| connection.route().limits().size) / 8;
        let mut kept: usize = self.responses.iter().map(|response| response.body.len()).sum();
        for response in &mut self.responses {
            if kept <= limit {
                return;
            }
            kept -= std::mem::take(&mut response.body).len();
        }
    }
}
