//! Hunts the mutants: with each rule broken on purpose, storms are run seed by seed until something is
//! wrong.

use clap::Args;
use dhcp_failover_sim::Regime;
#[cfg(not(failover_mutants))]
use std::process::ExitCode;

#[derive(Args)]
pub(crate) struct MutantsArgs {
    /// Seeds at most in each try
    #[arg(long, default_value_t = 600)]
    seeds: usize,
    /// In this regime
    #[arg(long, default_value = "honest")]
    regime: Regime,
    /// In all regimes in turn
    #[arg(long, conflicts_with = "regime")]
    in_turn: bool,
    /// Tries for each, each with other seeds
    #[arg(long, default_value_t = 1)]
    tries: u64,
    /// Only this one; all that are left to storms otherwise
    #[arg(long, conflicts_with = "all")]
    only: Option<String>,
    /// Those, too, that a story is to find
    #[arg(long)]
    all: bool,
    /// Hunts none, and prints which story (a test of tests/it) is to find which
    #[arg(long)]
    stories: bool,
}

#[cfg(not(failover_mutants))]
pub(crate) fn mutants(_: &MutantsArgs) -> ExitCode {
    eprintln!("built without mutants: set RUSTFLAGS=\"--cfg failover_mutants\" and build again");
    ExitCode::from(2)
}

#[cfg(failover_mutants)]
pub(crate) use hunt::mutants;

#[cfg(failover_mutants)]
mod hunt {
    use super::MutantsArgs;
    use dhcp_failover_lease::Mutant;
    use dhcp_failover_sim::{Regime, Rng, mutants, runs};
    use std::collections::BTreeSet;
    use std::process::ExitCode;

    /// What storms do not show, or seldom: each story, a test of `tests/it`, must fail then.
    const STORIES: &[(Mutant, &str)] = &[
        (Mutant::AnyUpddone, "faults::updates::u04_"),
        (Mutant::ClockDoubtForgotten, "clocks::s14_"),
        (Mutant::ConflictDoneOnTransition, "holes::states::h9_"),
        (Mutant::DeadlineIgnored, "grants::a_grant_after_the_deadline_is_refused"),
        (Mutant::DropUnackedOnReconnect, "faults::updates::u02_what_a_dead"),
        (Mutant::EqualSecondsOutdated, "holes::times::h8_"),
        (Mutant::EverythingIsNews, "faults::updates::u12_"),
        (Mutant::ExpiryLeftToPrimary, "faults::leases::l34_"),
        (Mutant::InterlockSkipped, "holes::addresses::h21_"),
        (Mutant::InterruptedConflictServes, "conflict::s4_"),
        (Mutant::LongerMcltUnheard, "reconfigured::s1_a_lost_disk"),
        (Mutant::LossForgotten, "holes::times::h19_"),
        (Mutant::McltWaitFromRestart, "recovery::partner_down_uses_the_whole"),
        (Mutant::NeverRewind, "holes::addresses::h10_a_lease"),
        (Mutant::OfferedMoved, "faults::pools::l08_"),
        (Mutant::OldConnectionRead, "faults::updates::u03_"),
        (Mutant::OldCopyKeepsAddresses, "faults::copies::s08_"),
        (Mutant::RebalanceWithoutThreshold, "balance::h11_a_small"),
        (Mutant::RefusalIsAnAnswer, "scopes::h7_"),
        (Mutant::ReservationOnOneSide, "holes::addresses::h3_"),
        (Mutant::ServeInPotentialConflict, "sections::potential_conflict_9_10::nobody"),
        (Mutant::SkipRecoverWait, "sections::recover_wait_9_6::it_counts_from"),
        (Mutant::StartupBitIgnored, "sections::partner_down_9_4::a_starting"),
        (Mutant::WindowNotGivenBack, "faults::updates::u01_"),
        (Mutant::WinnerInverted, "faults::leases::l13_two_clients"),
    ];

    struct Found {
        seeds: usize,
        rule: String,
        simulated_s: u64,
    }

    /// Runs storms from `base` on, as many as the arguments let; `None` if nothing is wrong with any.
    /// What is wrong with the same storm when nothing is broken is not the mutant's doing: it is put
    /// into `unsound`.
    fn hunt(
        mutant: Mutant,
        base: u64,
        arguments: &MutantsArgs,
        unsound: &mut BTreeSet<String>,
    ) -> Option<Found> {
        let mut rng = Rng::new(base);
        let mut simulated_ms = 0;
        let all = Regime::ALL.into_iter().cycle();
        for (seeds, regime) in (1..=arguments.seeds).zip(all) {
            let seed = rng.next_u64();
            let regime = if arguments.in_turn { regime } else { arguments.regime };
            mutant.switch_on();
            let (stats, failure) = runs::run_seed(seed, regime);
            Mutant::None.switch_on();
            simulated_ms += stats.simulated_ms;
            let Some(failure) = failure else { continue };
            match runs::run_seed(seed, regime).1 {
                None => {
                    let rule = rule_in(&failure.what).to_owned();
                    return Some(Found { seeds, rule, simulated_s: simulated_ms / 1_000 });
                }
                Some(sound) => unsound.insert(format!("{}   # {}", sound.command(), sound.what)),
            };
        }
        None
    }

    /// The rule that a finding names first; what is found besides the rules names none.
    fn rule_in(what: &str) -> &str {
        let word = what.split([' ', ':']).next().unwrap_or_default();
        if word.ends_with(|last: char| last.is_ascii_digit()) { word } else { "other" }
    }

    fn median<T: Ord + Copy + ToString>(values: impl Iterator<Item = T>) -> String {
        let mut values: Vec<_> = values.collect();
        values.sort_unstable();
        values.get(values.len() / 2).map_or("-".to_owned(), T::to_string)
    }

    /// Hunts one mutant and prints its row; whether any try found it.
    fn row(mutant: Mutant, arguments: &MutantsArgs, unsound: &mut BTreeSet<String>) -> bool {
        let hunts = (0..arguments.tries).map(|base| hunt(mutant, base, arguments, unsound));
        let tries: Vec<_> = hunts.collect();
        let found: Vec<_> = tries.iter().flatten().collect();
        let rules: BTreeSet<_> = found.iter().map(|it| it.rule.as_str()).collect();
        let rules = rules.into_iter().collect::<Vec<_>>().join(" ");
        println!(
            "| `{mutant:?}` | {rules} | {} of {} | {} | {} |",
            found.len(),
            tries.len(),
            median(found.iter().map(|it| it.seeds)),
            median(found.iter().map(|it| it.simulated_s)),
        );
        !found.is_empty()
    }

    /// Which to hunt.
    fn chosen(arguments: &MutantsArgs) -> Result<Vec<Mutant>, String> {
        if let Some(name) = &arguments.only {
            let names = || Mutant::ALL.iter().map(|(mutant, what)| format!("{mutant:?}: {what}\n"));
            let mutant = mutants::named(name);
            return match mutant {
                Some(mutant) => Ok(vec![mutant]),
                None => Err(format!(
                    "no mutant is called {name}; there are\n{}",
                    names().collect::<String>()
                )),
            };
        }
        let all = Mutant::ALL.iter().map(|(mutant, _)| *mutant);
        let by_story = |mutant: &Mutant| STORIES.iter().any(|(known, _)| known == mutant);
        Ok(all.filter(|mutant| arguments.all || !by_story(mutant)).collect())
    }

    pub(crate) fn mutants(arguments: &MutantsArgs) -> ExitCode {
        if arguments.stories {
            STORIES.iter().for_each(|(mutant, story)| println!("{mutant:?} {story}"));
            return ExitCode::SUCCESS;
        }
        let mutants = match chosen(arguments) {
            Ok(mutants) => mutants,
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::from(2);
            }
        };
        std::panic::set_hook(Box::new(|_| {})); // a panic is a finding, and told as one
        println!("| mutant | seen by | found | seeds, median | simulated s, median |");
        println!("|---|---|---|---|---|");
        let mut unsound = BTreeSet::new();
        let mut missed = mutants;
        missed.retain(|mutant| !row(*mutant, arguments, &mut unsound));
        unsound.iter().for_each(|it| eprintln!("not counted, for nothing was broken: {it}"));
        if missed.is_empty() {
            return ExitCode::SUCCESS;
        }
        eprintln!("not found in {} seeds: {missed:?}", arguments.seeds);
        ExitCode::FAILURE
    }
}
