//! Stories with a rule broken on purpose: which one, an environment variable says.

use dhcp_failover_lease::Mutant;
use std::sync::Once;

/// The mutant of this name.
#[must_use]
pub fn named(name: &str) -> Option<Mutant> {
    let known = Mutant::ALL.iter().map(|(mutant, _)| *mutant);
    known.into_iter().find(|mutant| format!("{mutant:?}") == name)
}

/// Switches on the mutant that `DHCP_FAILOVER_MUTANT` names, once for the process. If it names none the
/// process ends with status 2, which no failed test has.
pub fn switch_on_named() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        let Ok(name) = std::env::var("DHCP_FAILOVER_MUTANT") else { return };
        let Some(mutant) = named(&name) else {
            eprintln!(
                "DHCP_FAILOVER_MUTANT={name} names no mutant; `failover-sim mutants` lists them"
            );
            std::process::exit(2);
        };
        mutant.switch_on();
    });
}
