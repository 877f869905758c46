//! How available addresses are shared between the servers (draft-12 §5.4).

mod selection;
mod supply;

pub use selection::Selection;
pub use supply::{Supply, time_left};

use crate::{Binding, BindingStatus, Mutant};

/// How many addresses of one pool are available to each server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "two counts")]
pub struct PoolCounts {
    /// FREE addresses: the primary's.
    pub free: u32,
    /// BACKUP addresses: the secondary's.
    pub backup: u32,
}

impl PoolCounts {
    /// Counts what `is_offered` and the configuration leave to be balanced of some bindings.
    ///
    /// ```
    /// use dhcp_failover_lease::{Binding, PoolCounts};
    /// let pool = [1, 2, 3].map(|last| Binding::unused([192, 0, 2, last].into()));
    /// let offered = pool[0].address;
    /// let counts = PoolCounts::of(&pool, |binding| binding.address == offered);
    /// assert_eq!(counts, PoolCounts { free: 2, backup: 0 });
    /// ```
    #[must_use]
    pub fn of<'a>(
        bindings: impl IntoIterator<Item = &'a Binding>,
        is_offered: impl Fn(&Binding) -> bool,
    ) -> Self {
        let mut counts = Self::default();
        for binding in bindings {
            if binding.is_balanced() && !is_offered(binding) {
                let count = match binding.status {
                    BindingStatus::Free => &mut counts.free,
                    _ => &mut counts.backup,
                };
                *count = count.saturating_add(1);
            }
        }
        counts
    }
}

/// The share of the available addresses that the secondary should own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PoolShare {
    backup_percent: u8,
    threshold_percent: u8,
}

impl PoolShare {
    /// The secondary owns `backup_percent` of what is available; values above 100 count as 100.
    ///
    /// Addresses move only when the imbalance exceeds a tenth of the pool, rounded to whole addresses,
    /// and is more than one address, or when one side has none: without such a threshold two servers
    /// play ping-pong (H11, L4). dhcpd gives addresses away until it lacks a tenth, rounded alike.
    #[must_use]
    pub const fn new(backup_percent: u8) -> Self {
        let backup_percent = if backup_percent > 100 { 100 } else { backup_percent };
        Self { backup_percent, threshold_percent: 10 }
    }

    /// How many of `total` available addresses the secondary should own: its share rounded down,
    /// but as long as there are two addresses and neither share is nothing, at least one for each.
    #[must_use]
    pub fn target(self, total: u32) -> u32 {
        let share = u64::from(total).saturating_mul(u64::from(self.backup_percent)) / 100;
        let share = u32::try_from(share).unwrap_or(total);
        if total < 2 || self.backup_percent == 0 || self.backup_percent == 100 {
            return share;
        }
        share.clamp(1, total.saturating_sub(1))
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
    let PoolCounts { free, backup } = counts;
    let total = free.saturating_add(backup);
    let target = share.target(total);
    let threshold = u64::from(total).saturating_mul(u64::from(share.threshold_percent));
    let threshold = threshold.saturating_add(50) / 100;
    let threshold = u32::try_from(threshold).unwrap_or(total).max(1);
    let threshold = if Mutant::RebalanceWithoutThreshold.is_on() { 0 } else { threshold };
    let missing = target.saturating_sub(backup).min(free);
    let surplus = backup.saturating_sub(target);
    if missing > threshold || backup == 0 && missing > 0 {
        Transfer::ToSecondary(missing)
    } else if surplus > threshold || free == 0 && surplus > 0 {
        Transfer::ToPrimary(surplus)
    } else {
        Transfer::None
    }
}
