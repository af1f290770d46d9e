//! A machine that changes while it is looked at, with a clock of its own: nobody waits for it.

use std::cell::Cell;
use std::time::Duration;

use whatlistens::command::{Clock, Error, Exit, Source};
use whatlistens::model::Observation;
use whatlistens::os::{ScanScope, Unobservable};
use whatlistens::query::Environment;

use crate::recorded::{Machine, run_on};

/// What is seen from which moment on.
pub struct Changing {
    scenes: Vec<(Duration, Machine)>,
    now: Cell<Duration>,
    /// How often it was looked at by more than a glance.
    pub whole_looks: Cell<usize>,
}

impl Changing {
    pub fn new(first: Machine) -> Changing {
        Changing { scenes: vec![(Duration::ZERO, first)], now: Cell::default(), whole_looks: Cell::new(0) }
    }

    /// From this moment on, in milliseconds since the beginning.
    pub fn then(mut self, at: u64, machine: Machine) -> Changing {
        self.scenes.push((Duration::from_millis(at), machine));
        self
    }

    /// The time that has passed, in milliseconds.
    pub fn passed(&self) -> u128 {
        self.now.get().as_millis()
    }

    pub fn run(&self, line: &str) -> Result<(String, String, Exit), Error> {
        self.run_in(line, &Environment::plain())
    }

    pub fn run_in(&self, line: &str, environment: &Environment) -> Result<(String, String, Exit), Error> {
        run_on(self, line, environment)
    }
}

impl Clock for Changing {
    fn elapsed(&self) -> Duration {
        self.now.get()
    }

    fn wait(&self, time: Duration) {
        assert!(!time.is_zero(), "it waits for nothing");
        self.now.set(self.now.get() + time);
    }
}

impl Source for Changing {
    fn observe(&self, scope: &ScanScope) -> Result<Observation, Unobservable> {
        self.whole_looks.set(self.whole_looks.get() + usize::from(!scope.glance));
        let seen = self.scenes.iter().rev().find(|(from, _)| *from <= self.now.get());
        seen.expect("there is a first").1.observe(scope)
    }

    fn observe_port_rules(&self) -> Result<Observation, Unobservable> {
        self.scenes[0].1.observe_port_rules()
    }

    fn clock(&self) -> Option<&dyn Clock> {
        Some(self)
    }

    fn has_user(&self, _name: &str) -> Option<bool> {
        None
    }
}
