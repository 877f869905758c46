//! Hunts the mutants: with each rule broken on purpose, storms are run seed by seed until a checker
//! complains.
//!
//! ```sh
//! RUSTFLAGS="--cfg failover_mutants" cargo run --release -p dhcp-failover-sim --example mutants \
//!     [seeds at most [tries [name of a mutant]]]
//! ```
//!
//! Prints a table, and fails if a mutant is not found that storms are known to find. `stories` prints
//! which test is to find which of the others; `.ci/mutants` runs both.

#[cfg(failover_mutants)]
fn main() -> std::process::ExitCode {
    hunt::main()
}

#[cfg(not(failover_mutants))]
fn main() {
    eprintln!("built without mutants: set RUSTFLAGS=\"--cfg failover_mutants\"");
    std::process::exit(2);
}

#[cfg(failover_mutants)]
mod hunt {
    use dhcp_failover_lease::Mutant;
    use dhcp_failover_sim::{Regime, Rng, Storm};
    use std::collections::BTreeSet;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::process::ExitCode;

    /// What few storms show: a story does, a test of `tests/it` that must fail then.
    const STORIES: &[(Mutant, &str)] = &[
        (Mutant::ConflictDoneOnTransition, "holes::states::h9_"),
        (Mutant::DropUnackedOnReconnect, "faults::updates::u02_what_a_dead"),
        (Mutant::EqualSecondsOutdated, "holes::times::h8_"),
        (Mutant::EverythingIsNews, "faults::updates::u12_"),
        (Mutant::InterlockSkipped, "holes::addresses::h21_"),
        (Mutant::LossForgotten, "holes::times::h19_"),
        (Mutant::RefusalIsAnAnswer, "scopes::h7_"),
    ];

    /// What neither a storm nor a story was seen to find: only a hunt for it alone looks for these.
    const SURVIVE: &[Mutant] = &[
        Mutant::AnyUpddone,
        Mutant::DeadlineIgnored,
        Mutant::ExpiryLeftToPrimary,
        Mutant::NeverRewind,
        Mutant::OfferedMoved,
        Mutant::OldConnectionRead,
        Mutant::RebalanceWithoutThreshold,
        Mutant::ReservationOnOneSide,
        Mutant::ServeInPotentialConflict,
        Mutant::StartupBitIgnored,
        Mutant::WindowNotGivenBack,
    ];

    struct Found {
        seeds: usize,
        rule: String,
        simulated_s: u64,
    }

    /// What a storm's checkers say first, and how long it ran in simulated time.
    fn complaint(seed: u64) -> (Option<String>, u64) {
        let mut storm = Storm::new(seed, Regime::Honest);
        let ran = catch_unwind(AssertUnwindSafe(|| storm.run()));
        let broken = storm.broken().map(|it| format!("{:?}", it.rule));
        let rule = broken.or_else(|| ran.is_err().then(|| "panic".to_owned()));
        (rule, storm.pair.now_ms() / 1_000)
    }

    /// Runs storms from `base` on, at most `most`; `None` if nobody complains. What is heard of the same
    /// storm with nothing broken is not the mutant's doing: it is put into `unsound`.
    fn hunt(
        mutant: Mutant,
        base: u64,
        most: usize,
        unsound: &mut BTreeSet<(u64, String)>,
    ) -> Option<Found> {
        let mut rng = Rng::new(base);
        let mut simulated_s = 0;
        for seeds in 1..=most {
            let seed = rng.next_u64();
            mutant.switch_on();
            let (rule, took_s) = complaint(seed);
            simulated_s += took_s;
            let Some(rule) = rule else { continue };
            Mutant::None.switch_on();
            match complaint(seed).0 {
                None => return Some(Found { seeds, rule, simulated_s }),
                Some(rule) => unsound.insert((seed, rule)),
            };
        }
        None
    }

    fn median<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
        values.sort_unstable();
        values.get(values.len() / 2).copied()
    }

    /// Hunts one mutant and prints its row; whether all tries found it.
    fn row(
        (mutant, what): (Mutant, &str),
        most: usize,
        tries: u64,
        unsound: &mut BTreeSet<(u64, String)>,
    ) -> bool {
        let hunts = (0..tries).filter_map(|base| hunt(mutant, base, most, unsound));
        let found: Vec<_> = hunts.collect();
        let rules: BTreeSet<_> = found.iter().map(|it| it.rule.as_str()).collect();
        let rules = rules.into_iter().collect::<Vec<_>>().join(" ");
        let show = |value: Option<u64>| value.map_or("-".to_owned(), |value| value.to_string());
        let seeds = median(found.iter().map(|it| it.seeds as u64).collect());
        let time = median(found.iter().map(|it| it.simulated_s).collect());
        println!(
            "| `{mutant:?}` | {what} | {rules} | {} of {tries} | {} | {} |",
            found.len(),
            show(seeds),
            show(time)
        );
        found.len() as u64 == tries
    }

    pub(super) fn main() -> ExitCode {
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        if arguments.first().is_some_and(|first| first == "stories") {
            STORIES.iter().for_each(|(mutant, test)| println!("{mutant:?} {test}"));
            return ExitCode::SUCCESS;
        }
        let number = |at: usize, usual: usize| {
            arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(usual)
        };
        let (most, tries) = (number(0, 300), number(1, 9) as u64);
        std::panic::set_hook(Box::new(|_| {}));
        println!(
            "| mutant | what is broken | seen by | found | seeds, median | simulated s, median |"
        );
        println!("|---|---|---|---|---|---|");
        let mut bad = Vec::new();
        let mut unsound = BTreeSet::new();
        for (mutant, what) in Mutant::ALL {
            let name = format!("{mutant:?}");
            let left_out = match arguments.get(2) {
                Some(only) => *only != name,
                None => {
                    SURVIVE.contains(mutant) || STORIES.iter().any(|(known, _)| known == mutant)
                }
            };
            if left_out {
                continue;
            }
            if !row((*mutant, what.trim()), most, tries, &mut unsound) {
                bad.push(name);
            }
        }
        for (seed, rule) in &unsound {
            eprintln!("with nothing broken, seed {seed:x} breaks {rule}: it was not counted");
        }
        if bad.is_empty() {
            return ExitCode::SUCCESS;
        }
        eprintln!("not found in {most} seeds in every try: {}", bad.join(", "));
        ExitCode::FAILURE
    }
}
