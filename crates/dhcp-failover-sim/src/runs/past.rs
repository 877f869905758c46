//! Seeds that found something once.

use crate::Regime;

/// One of `seeds/past.txt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastSeed {
    /// In this regime.
    pub regime: Regime,
    /// The seed.
    pub seed: u64,
    /// What it found.
    pub found: String,
}

/// All of them.
///
/// # Errors
/// The line that is not `regime seed what it found`.
pub fn past_seeds() -> Result<Vec<PastSeed>, String> {
    parse(include_str!("../../seeds/past.txt"))
}

fn parse(text: &str) -> Result<Vec<PastSeed>, String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.splitn(3, ' ');
            let past = words
                .next()
                .and_then(|word| word.parse().ok())
                .zip(words.next().and_then(|word| number(word).ok()).zip(words.next()));
            let (regime, (seed, found)) =
                past.ok_or_else(|| format!("not `regime seed what-it-found`: {line}"))?;
            Ok(PastSeed { regime, seed, found: found.to_owned() })
        })
        .collect()
}

/// A number as people write seeds: decimal, or hexadecimal after `0x`.
///
/// # Errors
/// It is none.
pub fn number(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|error| format!("{text} is no seed: {error}; write 12345 or 0x3039"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_regime_a_seed_and_what_it_found() {
        let past = parse("# a comment\n\nhonest 0x1f S1: an address for two\n");
        let found = "S1: an address for two".to_owned();
        assert_eq!(past, Ok(vec![PastSeed { regime: Regime::Honest, seed: 31, found }]));
        for line in ["honest x y", "honest 1", "nobody 1 y", "honest"] {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(past_seeds().is_ok());
    }
}
