//! How available addresses are shared between the servers (draft-12 §5.4).

/// How many addresses of one pool are available to each server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "two counts")]
pub struct PoolCounts {
    /// FREE addresses: the primary's.
    pub free: u32,
    /// BACKUP addresses: the secondary's.
    pub backup: u32,
}

/// The share of the available addresses that the secondary should own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PoolShare {
    backup_percent: u8,
    threshold_percent: u8,
}

impl PoolShare {
    /// The secondary owns `backup_percent` of what is available; values above 100 count as 100.
    /// Addresses move only when the imbalance exceeds a tenth of the pool, or one side has none:
    /// without such a threshold two servers play ping-pong (H11, L4).
    #[must_use]
    pub const fn new(backup_percent: u8) -> Self {
        let backup_percent = if backup_percent > 100 { 100 } else { backup_percent };
        Self { backup_percent, threshold_percent: 10 }
    }

    /// The secondary's share in percent.
    #[must_use]
    pub const fn backup_percent(self) -> u8 {
        self.backup_percent
    }
}

/// Addresses that should change hands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are two servers")]
pub enum Transfer {
    /// The pool is balanced well enough.
    None,
    /// This many FREE addresses should become BACKUP.
    ToSecondary(u32),
    /// This many BACKUP addresses should become FREE.
    ToPrimary(u32),
}

/// Compares a pool with its configured share (§5.4).
///
/// ```
/// use dhcp_failover_lease::{balance, PoolCounts, PoolShare, Transfer};
/// let half = PoolShare::new(50);
/// let fresh = PoolCounts { free: 101, backup: 0 };
/// assert_eq!(balance(fresh, half), Transfer::ToSecondary(50));
/// let balanced = PoolCounts { free: 51, backup: 50 };
/// assert_eq!(balance(balanced, half), Transfer::None);
/// ```
#[must_use]
pub fn balance(counts: PoolCounts, share: PoolShare) -> Transfer {
    let total = u64::from(counts.free).saturating_add(u64::from(counts.backup));
    let target = total.saturating_mul(u64::from(share.backup_percent)) / 100;
    let backup = u64::from(counts.backup);
    let threshold = total.saturating_mul(u64::from(share.threshold_percent)) / 100;
    let missing = target.saturating_sub(backup);
    let surplus = backup.saturating_sub(target);
    let secondary_starves = backup == 0 && missing > 0;
    let primary_starves = counts.free == 0 && surplus > 0;
    let clamp = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    if missing > threshold || secondary_starves {
        Transfer::ToSecondary(clamp(missing))
    } else if surplus > threshold || primary_starves {
        Transfer::ToPrimary(clamp(surplus))
    } else {
        Transfer::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l4_after_a_transfer_there_is_silence() {
        for percent in 0..=100 {
            for free in 0..60 {
                for backup in 0..60 {
                    let share = PoolShare::new(percent);
                    let (free, backup) = match balance(PoolCounts { free, backup }, share) {
                        Transfer::None => (free, backup),
                        Transfer::ToSecondary(n) => (free - n, backup + n),
                        Transfer::ToPrimary(n) => (free + n, backup - n),
                    };
                    assert_eq!(balance(PoolCounts { free, backup }, share), Transfer::None);
                }
            }
        }
    }

    #[test]
    fn a_server_whose_share_is_not_zero_does_not_stay_without_addresses() {
        let tiny = PoolCounts { free: 2, backup: 0 };
        assert_eq!(balance(tiny, PoolShare::new(50)), Transfer::ToSecondary(1));
        let starved = PoolCounts { free: 0, backup: 2 };
        assert_eq!(balance(starved, PoolShare::new(50)), Transfer::ToPrimary(1));
    }
}
