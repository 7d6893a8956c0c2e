//! The memory of a zone, as nginx would count it.

/// nginx's page.
const PAGE_SIZE: usize = 4096;

/// What nginx writes down about each page.
const PAGE_RECORD_SIZE: usize = 24;

/// nginx's node of a tree, without its color.
pub(super) const TREE_NODE_SIZE: usize = 32;

/// How many bytes of a zone are in use.
#[derive(Debug)]
pub(crate) struct Memory {
    capacity: usize,
    used: usize,
}

impl Memory {
    /// Of a zone of that size.
    pub(crate) fn new(size: usize) -> Memory {
        let pages = size.saturating_sub(PAGE_SIZE) / (PAGE_SIZE + PAGE_RECORD_SIZE);
        Memory { capacity: pages * PAGE_SIZE, used: 0 }
    }

    /// Takes memory for a node; false if there is none left.
    pub(crate) fn take(&mut self, size: usize) -> bool {
        let size = size.next_power_of_two();
        let fits = self.used + size <= self.capacity;
        self.used += if fits { size } else { 0 };
        fits
    }

    /// Gives it back.
    pub(crate) fn give_back(&mut self, size: usize) {
        self.used = self.used.saturating_sub(size.next_power_of_two());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_megabyte_holds_eight_thousand_clients() {
        let mut memory = Memory::new(1 << 20);
        let mut count = 0;
        while memory.take(TREE_NODE_SIZE + 48 + 4) {
            count += 1;
        }
        assert_eq!(count, 8096);
        memory.give_back(100);
        assert!(memory.take(128) && !memory.take(1));
    }
}
