//! Pools that are not the same at both servers (S15).

use alloc::vec::Vec;
use core::fmt;

/// Pools that can be told apart here; of more, all are quarantined together.
pub(crate) const POOLS_TOLD_APART: usize = 256;

/// The pools that are not the same at both servers: other addresses, other reservations.
///
/// Of such a pool neither server knows what the other may do with its addresses. Leases are renewed,
/// but no client gets a new one, and no address changes hands, until both servers have the same and
/// have told each other what they know of it.
/// While this server is in PARTNER-DOWN there is nobody to differ from: the MCLT after it began the
/// pool can be used again.
///
/// Only servers of this implementation tell each other; with others it is always empty. What a server
/// has found is on its disk, and holds until it has compared again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Quarantine(Pools);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
enum Pools {
    #[default]
    None,
    All,
    /// One bit each.
    Some([u64; POOLS_TOLD_APART / 64]),
}

impl Quarantine {
    /// No pool.
    pub(crate) const NONE: Self = Self(Pools::None);
    /// Every pool.
    pub(crate) const ALL: Self = Self(Pools::All);

    /// These pools; all, if one has too high a number.
    pub(crate) fn of(pools: impl IntoIterator<Item = usize>) -> Self {
        let mut found = Self::NONE;
        for pool in pools {
            let mut bits = match found.0 {
                Pools::None => [0; POOLS_TOLD_APART / 64],
                Pools::Some(bits) => bits,
                Pools::All => return found,
            };
            match bits.get_mut(pool / 64) {
                Some(word) => *word |= 1 << (pool % 64),
                None => return Self::ALL,
            }
            found = Self(Pools::Some(bits));
        }
        found
    }

    /// What is in either.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Pools::Some(mut both), Pools::Some(two)) => {
                both.iter_mut().zip(two).for_each(|(word, more)| *word |= more);
                Self(Pools::Some(both))
            }
            (Pools::None, _) | (_, Pools::All) => other,
            _ => self,
        }
    }

    /// Whether it is empty: the usual case.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self.0, Pools::None)
    }

    /// Whether a pool is in it.
    #[must_use]
    pub fn holds(&self, pool: usize) -> bool {
        match self.0 {
            Pools::None => false,
            Pools::All => true,
            Pools::Some(bits) => bits.get(pool / 64).is_some_and(|it| it & (1 << (pool % 64)) != 0),
        }
    }
}

/// How the pools of the two servers differ, found when they connected.
///
/// Its text names the pools by the numbers of this server and says what to do.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct PoolDifference {
    /// This server's pools of which the partner has no like; `None`: too many to be told apart, so
    /// all are meant.
    pub pools: Option<Vec<usize>>,
    /// How many of the partner's pools have no like here, if it told them one by one.
    pub partners: usize,
}

impl PoolDifference {
    pub(crate) fn quarantine(&self) -> Quarantine {
        match &self.pools {
            None => Quarantine::ALL,
            Some(pools) => Quarantine::of(pools.iter().copied()),
        }
    }
}

impl fmt::Display for PoolDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pools.as_deref() {
            None => f.write_str("among all pools some are")?,
            Some([]) => f.write_str("the partner has pools that this server has not:")?,
            Some([pool]) => write!(f, "pool {pool} is")?,
            Some([first, rest @ ..]) => {
                write!(f, "pools {first}")?;
                rest.iter().try_for_each(|pool| write!(f, ", {pool}"))?;
                f.write_str(" are")?;
            }
        }
        if self.pools.as_ref().is_some_and(Vec::is_empty) {
            write!(f, " {}", self.partners)?;
        } else {
            f.write_str(" not the same at the partner")?;
        }
        f.write_str(
            "; leases are renewed, but nobody gets a new one there and no address changes hands until \
             both servers have the same ranges and reservations",
        )
    }
}

/// Settings of two servers that are not safe together, found when they connected.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum UnsafeSettings {
    /// Both have [`StartupPolicy::PartnerDown`](crate::StartupPolicy::PartnerDown).
    BothStartAlone,
}

impl fmt::Display for UnsafeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BothStartAlone => f.write_str(
                "both servers are set to go to PARTNER-DOWN when they start without the other: after \
                 a power cut each would take the other for down and use all addresses; set the \
                 startup policy of one of them to wait",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn it_holds_what_was_put_in() {
        for set in [&[][..], &[0], &[63, 64], &[255, 0, 128]] {
            let quarantine = Quarantine::of(set.iter().copied());
            assert_eq!(quarantine.is_empty(), set.is_empty());
            for pool in 0..300 {
                assert_eq!(quarantine.holds(pool), set.contains(&pool), "{pool} in {set:?}");
            }
        }
        assert_eq!(Quarantine::of([3, 256]), Quarantine::ALL);
        assert!(Quarantine::ALL.holds(usize::MAX) && !Quarantine::NONE.holds(0));
    }

    #[test]
    fn two_together_hold_what_either_holds() {
        let [one, two] = [[3, 64], [64, 200]].map(Quarantine::of);
        let all = [Quarantine::NONE, one, two, Quarantine::ALL];
        for (a, b) in all.into_iter().flat_map(|a| all.map(|b| (a, b))) {
            for pool in 0..300 {
                assert_eq!(a.and(b).holds(pool), a.holds(pool) || b.holds(pool), "{pool}");
            }
            assert_eq!(a.and(b).is_empty(), a.is_empty() && b.is_empty());
        }
    }

    #[test]
    fn a_difference_names_the_pools_and_the_remedy() {
        let text = |pools: Option<&[usize]>, partners| {
            PoolDifference { pools: pools.map(<[_]>::to_vec), partners }.to_string()
        };
        assert!(text(Some(&[3]), 1).starts_with("pool 3 is not the same at the partner; "));
        assert!(text(Some(&[3, 5]), 0).starts_with("pools 3, 5 are not the same"));
        assert!(
            text(Some(&[]), 2).starts_with("the partner has pools that this server has not: 2")
        );
        assert!(text(None, 0).starts_with("among all pools some are not the same"));
        assert!(text(None, 0).ends_with("the same ranges and reservations"));
    }
}
