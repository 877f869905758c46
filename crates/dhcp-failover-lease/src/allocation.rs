//! When an address may go to a client (draft-12 §5.2.2, §5.4, §9.4.2, §9.9.2).

use crate::time::CLOCK_GUARD;
use crate::{Binding, BindingStatus, Client, LeaseInstant, LeaseSpan, StatusSet};
use core::fmt;

/// The role of a server in one relationship (draft-12 §2.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a failover pair has two roles")]
pub enum Role {
    /// Owns FREE addresses, decides conflicts, sends CONNECT.
    Primary,
    /// Owns BACKUP addresses.
    Secondary,
}

impl Role {
    /// The partner's role.
    #[must_use]
    pub const fn partner(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }

    /// The status of an unused address that this role may allocate (§5.4).
    #[must_use]
    pub const fn own_available(self) -> BindingStatus {
        match self {
            Self::Primary => BindingStatus::Free,
            Self::Secondary => BindingStatus::Backup,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        })
    }
}

/// Who else may be giving out addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "every answer to 'who else?' is here")]
pub enum Control {
    /// Nobody: the scope has no failover.
    Alone,
    /// The partner may be serving: every responsive state but PARTNER-DOWN.
    Shared,
    /// The partner is down, by the operator's word or the safe period (§9.4).
    PartnerDown {
        /// When this server entered PARTNER-DOWN.
        since: LeaseInstant,
    },
    /// The same, but this server has lost its data or changed its role since it last spoke with
    /// its partner: of no address does it know whose it is.
    PartnerDownWithoutData {
        /// When this server entered PARTNER-DOWN.
        since: LeaseInstant,
    },
}

/// Why an address may not go to a client now.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// Another client's lease is on record.
    HeldByOther,
    /// The address is ABANDONED.
    Abandoned,
    /// It is available, but the partner's to give.
    PartnersPool,
    /// It is on its way to being this server's, but the partner has not agreed yet.
    AwaitingAgreement,
    /// PARTNER-DOWN: the partner may have given it to a client until then (§9.4.2).
    WaitUntil(LeaseInstant),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeldByOther => f.write_str("another client's lease is on record"),
            Self::Abandoned => f.write_str("the address is abandoned"),
            Self::PartnersPool => f.write_str("the address is the partner's to give"),
            Self::AwaitingAgreement => f.write_str("the partner has not agreed yet"),
            Self::WaitUntil(until) => {
                write!(f, "the partner may have leased it; wait for {until:?}")
            }
        }
    }
}

/// The circumstances in which addresses are allocated; one value serves many addresses.
///
/// ```
/// use dhcp_failover_lease::*;
/// let primary = Allocator {
///     role: Role::Primary,
///     control: Control::Shared,
///     mclt: LeaseSpan::from_s(3600),
///     now: LeaseInstant::from_unix_s(1_000_000),
///     storage_lost: None,
/// };
/// let client = Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]).unwrap());
/// let unused = Binding::unused([192, 0, 2, 1].into());
/// assert_eq!(primary.check(&unused, &client), Ok(()));
/// let secondary = Allocator { role: Role::Secondary, ..primary };
/// assert_eq!(secondary.check(&unused, &client), Err(Refusal::PartnersPool));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built by the caller, field by field")]
pub struct Allocator {
    /// This server's role.
    pub role: Role,
    /// Who else may be allocating.
    pub control: Control,
    /// The maximum client lead time in force for waits.
    pub mclt: LeaseSpan,
    /// Now, on the lease clock.
    pub now: LeaseInstant,
    /// When either server's storage was last found lost or restored (H19).
    pub storage_lost: Option<LeaseInstant>,
}

impl Allocator {
    /// Whether `binding`'s address may be leased to `client` now.
    ///
    /// This is S4 (the two servers never own one address) and S6 (an address changes clients only
    /// with the partner's agreement, or after the waits of PARTNER-DOWN).
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(&self, binding: &Binding, client: &Client) -> Result<(), Refusal> {
        let same_client = binding.is_for(client);
        match binding.status {
            BindingStatus::Active if same_client => Ok(()),
            BindingStatus::Active => Err(Refusal::HeldByOther),
            BindingStatus::Abandoned => Err(Refusal::Abandoned),
            BindingStatus::Free | BindingStatus::Backup => self.check_available(binding),
            BindingStatus::Expired | BindingStatus::Released | BindingStatus::Reset => {
                if same_client && !partner_may_have_freed(binding) {
                    return Ok(());
                }
                self.check_transitional(binding)
            }
        }
    }

    /// When this server may take an ACTIVE lease for ended on its own: the latest its
    /// lease-expiration-time can mean, or the MCLT beyond the latest of all its times when a server
    /// lost its storage since the lease began, for that server may have extended it without a trace
    /// (H19). Two seconds more in both cases: the client counts from when it asked, and the
    /// servers' clocks count whole seconds.
    #[must_use]
    pub fn ends_at(&self, binding: &Binding) -> LeaseInstant {
        let expiries = &binding.expiries;
        self.hold(binding).unwrap_or_else(|| expiries.lease.max(expiries.lease_latest))
            + CLOCK_GUARD
    }

    /// When it may believe the partner that the lease has ended: the partner's clock is as good as
    /// its own, so of a lease that the partner gave the earliest meaning is enough. Of one that this
    /// server gave since, the partner knows nothing.
    #[must_use]
    pub fn may_have_ended_at(&self, binding: &Binding) -> LeaseInstant {
        let expiries = &binding.expiries;
        let given_here = expiries.lease > expiries.lease_latest;
        let guard = if given_here { CLOCK_GUARD } else { LeaseSpan::ZERO };
        self.hold(binding).unwrap_or(expiries.lease) + guard
    }

    /// What a binding must be again when the partner has lost its storage and asks for everything;
    /// `None` if it may stay what it is. `instance` is the one that begins with that (§5.17).
    ///
    /// The partner will agree to whatever it is told now, for it remembers nothing: so the end of a
    /// lease it may have renewed, or the return of an address it may have leased, must not be asked
    /// of it before those leases are over (H19, S6).
    #[must_use]
    pub fn restored(&self, binding: &Binding, instance: u32) -> Option<Binding> {
        use BindingStatus::{Abandoned, Active, Backup, Expired, Free, Released, Reset};
        let hold = self.hold(binding).filter(|until| self.now < *until + CLOCK_GUARD);
        let mut restored = binding.clone();
        restored.status = match (binding.status, hold) {
            (Expired | Released, Some(_)) => Active,
            (Reset, Some(until)) => {
                restored.expiries.lease = until;
                Abandoned
            }
            (Free, _)
                if self.role == Role::Primary
                    && binding.knowledge.agreed == Backup
                    && binding.knowledge.instance != instance =>
            {
                Backup
            }
            _ => return None,
        };
        restored.version = binding.version.saturating_add(1);
        Some(restored)
    }

    /// Until when a lease is held that the lost storage of a server may have known more of: that
    /// server may have renewed it until it went down, up to the MCLT beyond what both knew.
    fn hold(&self, binding: &Binding) -> Option<LeaseInstant> {
        let began = binding.last_transaction.unwrap_or(binding.start_of_state);
        let lost = self.storage_lost.filter(|lost| began <= *lost)?;
        Some(binding.expiries.latest().max(lost) + self.mclt)
    }

    fn check_available(&self, binding: &Binding) -> Result<(), Refusal> {
        let own = self.role.own_available();
        match self.control {
            Control::Alone => Ok(()),
            Control::PartnerDownWithoutData { since } => self.wait(since + self.mclt),
            _ if binding.status == own && binding.knowledge.is_certainly(own) => Ok(()),
            Control::PartnerDown { since } => self.wait(since + self.mclt),
            Control::Shared if binding.status == own => Err(Refusal::AwaitingAgreement),
            Control::Shared => Err(Refusal::PartnersPool),
        }
    }

    fn check_transitional(&self, binding: &Binding) -> Result<(), Refusal> {
        match self.control {
            Control::Alone => Ok(()),
            Control::PartnerDownWithoutData { since } => {
                self.wait(since.max(binding.expiries.latest()) + self.mclt)
            }
            // Rewind (H10): the partner never heard of this lease and knows the address as ours.
            _ if binding.knowledge.is_certainly(self.role.own_available()) => Ok(()),
            Control::PartnerDown { since } => {
                self.wait(since.max(binding.expiries.latest()) + self.mclt)
            }
            Control::Shared => Err(Refusal::AwaitingAgreement),
        }
    }

    fn wait(&self, until: LeaseInstant) -> Result<(), Refusal> {
        let until = until + CLOCK_GUARD;
        if self.now >= until { Ok(()) } else { Err(Refusal::WaitUntil(until)) }
    }
}

/// Whether the partner may have recorded the end of the lease, and so freed the address (§9.8.3:
/// the same client may come back only "if a BNDUPD has not been sent").
fn partner_may_have_freed(binding: &Binding) -> bool {
    let knowledge = &binding.knowledge;
    let ended = |set: StatusSet| {
        BindingStatus::ALL
            .iter()
            .any(|status| *status != BindingStatus::Active && set.contains(*status))
    };
    ended(knowledge.told) || ended(StatusSet::EMPTY.with(knowledge.agreed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HardwareAddress, Knowledge};

    const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_000_000);
    const MCLT: LeaseSpan = LeaseSpan::from_s(100);

    fn client(last: u8) -> Client {
        Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap())
    }

    fn at(role: Role, control: Control) -> Allocator {
        Allocator { role, control, mclt: MCLT, now: NOW, storage_lost: None }
    }

    fn binding(status: BindingStatus, agreed: BindingStatus, told: &[BindingStatus]) -> Binding {
        let told = told.iter().fold(StatusSet::EMPTY, |set, s| set.with(*s));
        Binding {
            status,
            version: 3,
            client: Some(client(1)),
            knowledge: Knowledge { agreed, told, ..Knowledge::default() },
            ..Binding::unused([192, 0, 2, 1].into())
        }
    }

    #[test]
    fn s4_no_address_is_allocatable_by_both_servers() {
        for status in BindingStatus::ALL {
            for agreed in BindingStatus::ALL {
                for told_bits in 0..128u8 {
                    let told: std::vec::Vec<_> = BindingStatus::ALL
                        .into_iter()
                        .enumerate()
                        .filter(|(i, _)| told_bits & (1 << i) != 0)
                        .map(|(_, s)| s)
                        .collect();
                    // Whatever one server thinks, if it may allocate to a new client, then the
                    // partner cannot know the address as its own.
                    for role in [Role::Primary, Role::Secondary] {
                        let mine = binding(status, agreed, &told);
                        if at(role, Control::Shared).check(&mine, &client(9)).is_ok() {
                            let theirs = role.partner().own_available();
                            assert!(!mine.knowledge.told.contains(theirs), "{mine:?}");
                            assert_ne!(mine.knowledge.agreed, theirs, "{mine:?}");
                            assert_eq!(mine.knowledge.agreed, role.own_available());
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn h2_an_address_taken_back_from_the_secondary_waits_for_its_answer() {
        let reclaimed = binding(BindingStatus::Free, BindingStatus::Backup, &[BindingStatus::Free]);
        let primary = at(Role::Primary, Control::Shared);
        assert_eq!(primary.check(&reclaimed, &client(2)), Err(Refusal::AwaitingAgreement));
        let agreed = binding(BindingStatus::Free, BindingStatus::Free, &[]);
        assert_eq!(primary.check(&agreed, &client(2)), Ok(()));
    }

    #[test]
    fn s6_a_released_address_changes_clients_only_by_agreement_or_rewind() {
        let primary = at(Role::Primary, Control::Shared);
        use BindingStatus::{Active, Free, Released};
        let told = binding(Released, Active, &[Released]);
        assert_eq!(primary.check(&told, &client(2)), Err(Refusal::AwaitingAgreement));
        assert_eq!(primary.check(&told, &client(1)), Err(Refusal::AwaitingAgreement));
        let untold = binding(Released, Active, &[]);
        assert_eq!(primary.check(&untold, &client(2)), Err(Refusal::AwaitingAgreement));
        assert_eq!(primary.check(&untold, &client(1)), Ok(()));
        let never_heard_of = binding(Released, Free, &[]);
        assert_eq!(primary.check(&never_heard_of, &client(2)), Ok(()));
        let secondary = at(Role::Secondary, Control::Shared);
        assert!(secondary.check(&never_heard_of, &client(2)).is_err());
    }

    #[test]
    fn s6_partner_down_waits_the_mclt_beyond_the_latest_time_and_beyond_entry() {
        let since = LeaseInstant::from_unix_s(999_950);
        let down = Control::PartnerDown { since };
        let backup = binding(BindingStatus::Backup, BindingStatus::Backup, &[]);
        let wait = at(Role::Primary, down).check(&backup, &client(2));
        let until = since + MCLT + CLOCK_GUARD;
        assert_eq!(wait, Err(Refusal::WaitUntil(until)));
        let later = Allocator { now: until, ..at(Role::Primary, down) };
        assert_eq!(later.check(&backup, &client(2)), Ok(()));
        let mut expired = binding(BindingStatus::Expired, BindingStatus::Active, &[]);
        expired.expiries.sent_potential = NOW + LeaseSpan::from_s(500);
        let wait = later.check(&expired, &client(2));
        assert_eq!(wait, Err(Refusal::WaitUntil(NOW + LeaseSpan::from_s(602))));
    }

    #[test]
    fn s4_a_server_that_lost_its_data_takes_no_address_for_its_own_before_the_mclt() {
        let since = NOW;
        let lost = at(Role::Primary, Control::PartnerDownWithoutData { since });
        let unused = Binding::unused([192, 0, 2, 1].into());
        let until = since + MCLT + CLOCK_GUARD;
        assert_eq!(lost.check(&unused, &client(1)), Err(Refusal::WaitUntil(until)));
        let later = Allocator { now: until, ..lost };
        assert_eq!(later.check(&unused, &client(1)), Ok(()));
    }

    #[test]
    fn h19_a_lease_from_before_a_storage_loss_ends_the_mclt_after_its_latest_time() {
        let mut lease = binding(BindingStatus::Active, BindingStatus::Active, &[]);
        lease.last_transaction = Some(NOW);
        lease.expiries.lease = NOW + LeaseSpan::from_s(50);
        lease.expiries.acked_potential = NOW + LeaseSpan::from_s(500);
        let before = at(Role::Primary, Control::Shared);
        assert_eq!(before.ends_at(&lease), NOW + LeaseSpan::from_s(52));
        let lost = Allocator { storage_lost: Some(NOW + LeaseSpan::from_s(10)), ..before };
        assert_eq!(lost.ends_at(&lease), NOW + LeaseSpan::from_s(602));
        let renewed_since =
            Binding { last_transaction: Some(NOW + LeaseSpan::from_s(11)), ..lease.clone() };
        assert_eq!(lost.ends_at(&renewed_since), NOW + LeaseSpan::from_s(52));
    }
}
