//! Where an exploration begins: after a story in which everything arrives at once.

use crate::model::{Action, Pair};
use crate::world::{Budget, Setup, World};
use stateright::Model;

/// Idle steps after which nothing of what happened is still waited for.
const REST: usize = 20;

/// What has happened before the exploration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beginning {
    /// Nothing: both servers start on empty disks.
    New,
    /// Both are in NORMAL, and nothing is under way.
    Normal,
    /// The secondary is down, and the primary in PARTNER-DOWN.
    Alone,
    /// The same, but then the primary has gone down, and the secondary has been started and ordered
    /// to PARTNER-DOWN, too.
    BothAlone,
}

impl Beginning {
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::New, Self::Normal, Self::Alone, Self::BothAlone];
        all.into_iter()
            .zip(["new", "normal", "alone", "both-alone"])
            .find(|it| it.1 == name)
            .map(|it| it.0)
    }

    /// The world in which the exploration begins, with all that is to happen in it still to come.
    pub fn world(self, setup: &Setup) -> World {
        if self == Self::New {
            return World::new(setup);
        }
        let budget =
            Budget { crashes: [1, 1], partitions: 0, orders: 2, leaves: [0, 0], slow_steps: 0 };
        let mut story = Story::new(Setup { budget, beginning: Self::New, ..*setup });
        story.pass(REST);
        if self != Self::Normal {
            story.alone(0);
        }
        if self == Self::BothAlone {
            story.does(Action::Crash { server: 0, keeps_unsynced: false }).does(Action::Start(1));
            story.pass(REST).does(Action::PartnerDown(1)).pass(REST);
        }
        let mut world = story.world;
        world.budget = setup.budget;
        world
    }
}

/// A world in which one thing happens after the other.
pub struct Story {
    pair: Pair,
    pub world: World,
}

impl Story {
    pub fn new(setup: Setup) -> Self {
        let pair = Pair::new(setup);
        let world = setup.beginning.world(&setup);
        Self { pair, world }
    }

    fn possible(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        self.pair.actions(&self.world, &mut actions);
        actions
    }

    #[cfg(test)]
    pub fn can(&self, action: Action) -> bool {
        self.possible().contains(&action)
    }

    /// What must be possible now.
    pub fn does(&mut self, action: Action) -> &mut Self {
        let possible = self.possible();
        assert!(possible.contains(&action), "{action:?} is not among {possible:?}");
        let next = self.pair.next_state(&self.world, action);
        self.world = next.unwrap_or_else(|| panic!("{action:?} has no outcome"));
        assert!(self.world.broken.is_none(), "{:?}", self.world);
        self
    }

    /// Everything that is under way arrives, and everything written is synced.
    pub fn quiet(&mut self) -> &mut Self {
        let arrives = |action: &Action| {
            matches!(action, Action::Connect(_) | Action::Deliver(..) | Action::Flush(_))
        };
        while let Some(next) = self.possible().into_iter().find(arrives) {
            self.does(next);
        }
        self
    }

    /// So many steps of time, with everything that happens in them.
    pub fn pass(&mut self, steps: usize) -> &mut Self {
        for _ in 0..steps {
            self.quiet().does(Action::Pass);
        }
        self.quiet()
    }

    /// The other server goes down, and this one is told so.
    pub fn alone(&mut self, host: usize) -> &mut Self {
        self.does(Action::Crash { server: 1 - host, keeps_unsynced: false }).pass(REST);
        self.does(Action::PartnerDown(host)).pass(REST)
    }
}
