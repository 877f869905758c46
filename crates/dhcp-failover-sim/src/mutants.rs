//! Stories with a rule broken on purpose: which one, an environment variable says.

use dhcp_failover_lease::Mutant;
use std::sync::Once;

/// Switches on the mutant that `DHCP_FAILOVER_MUTANT` names, once for the process.
///
/// # Panics
/// If it names none.
pub(crate) fn switch_on_named() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        let Ok(name) = std::env::var("DHCP_FAILOVER_MUTANT") else { return };
        let known = Mutant::ALL.iter().find(|(mutant, _)| format!("{mutant:?}") == name);
        known
            .unwrap_or_else(|| panic!("DHCP_FAILOVER_MUTANT names no mutant: {name}"))
            .0
            .switch_on();
    });
}
