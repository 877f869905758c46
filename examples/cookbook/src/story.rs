//! What a program tells: printed at once, and kept for its test.

use std::cell::RefCell;
use std::rc::Rc;

/// Lines in the order they were told. Copies of it are one story.
#[derive(Clone, Debug, Default)]
pub struct Story(Rc<RefCell<Vec<String>>>);

impl Story {
    /// The next line.
    pub fn tell(&self, line: impl Into<String>) {
        let line = line.into();
        println!("{line}");
        self.0.borrow_mut().push(line);
    }

    /// How many lines contain this.
    #[must_use]
    pub fn count(&self, part: &str) -> usize {
        self.0.borrow().iter().filter(|line| line.contains(part)).count()
    }

    /// Panics unless there are lines with these parts, in this order.
    pub fn assert_tells(&self, parts: &[&str]) {
        let lines = self.0.borrow();
        let mut rest = lines.iter();
        for part in parts {
            let found = rest.any(|line| line.contains(part));
            assert!(found, "no line with {part:?} where it should be in:\n{}", lines.join("\n"));
        }
    }
}
