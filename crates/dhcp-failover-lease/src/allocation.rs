//! When an address may go to a client (draft-12 §5.2.2, §5.4, §9.4.2, §9.9.2).

use crate::time::CLOCK_GUARD;
use crate::{Binding, BindingStatus, Client, Knowledge, LeaseInstant, LeaseSpan, Mutant, Role};
use core::fmt;

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
    /// The same, but of no address does this server know whose it is: it has lost its data or
    /// changed its role since it last spoke with its partner, or the partner may have been alone
    /// for longer than the MCLT before it went down, and taken over every address (H4).
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
    /// It is reserved for another client (§5.13).
    Reserved,
    /// The partner may have given it to a BOOTP client, for ever (§5.14).
    PartnersBootp,
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
            Self::Reserved => f.write_str("the address is reserved for another client"),
            Self::PartnersBootp => {
                f.write_str("the partner may have given the address to a BOOTP client for ever")
            }
        }
    }
}

/// What the configuration says of one address, for one client.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "built by the caller, field by field")]
pub struct AddressRules {
    /// Whether the address is reserved, and for whom (§5.13). Both servers must have the same
    /// reservations (H3).
    pub reservation: Reservation,
    /// BOOTP clients may get addresses of this pool without a reservation (§5.14). They keep them
    /// for ever, so what was the partner's when it went down may never be used.
    pub dynamic_bootp: bool,
}

/// For whom an address is reserved (§5.13).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[expect(clippy::exhaustive_enums, reason = "nobody, this client or another one")]
pub enum Reservation {
    /// For nobody.
    #[default]
    None,
    /// For the client that asks.
    ThisClient,
    /// For another client.
    OtherClient,
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
    /// Whether `binding`'s address may be leased to `client` now, if nothing particular is
    /// configured for it.
    ///
    /// This is S4 (the two servers never own one address) and S6 (an address changes clients only
    /// with the partner's agreement, or after the waits of PARTNER-DOWN).
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(&self, binding: &Binding, client: &Client) -> Result<(), Refusal> {
        self.check_with(binding, client, AddressRules::default())
    }

    /// The same with the address's reservation and its pool's BOOTP rule.
    ///
    /// A reserved address that is available may go to its client from either server, whoever's it
    /// is, once both know of the reservation: then neither gives it to anybody else (§5.13). Only
    /// the address's R flag says that they do, for their configurations may differ (H3); before, and
    /// when one of them has cancelled the reservation, the address is its owner's like any other.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check_with(
        &self,
        binding: &Binding,
        client: &Client,
        rules: AddressRules,
    ) -> Result<(), Refusal> {
        let same_client = binding.is_for(client);
        let its_own = same_client && (!binding.knowledge.crossed || self.control == Control::Alone);
        let reserved = match rules.reservation {
            Reservation::OtherClient => return Err(Refusal::Reserved),
            Reservation::ThisClient => self.both_reserve(binding),
            // The partner may give it to the client it is reserved for.
            Reservation::None if binding.flags.reserved && !same_client => {
                return Err(Refusal::Reserved);
            }
            Reservation::None => false,
        };
        match binding.status {
            BindingStatus::Active if its_own => self.check_renewal(binding, rules),
            BindingStatus::Active if same_client => self.check_transitional(binding, rules),
            BindingStatus::Active => Err(Refusal::HeldByOther),
            BindingStatus::Abandoned => Err(Refusal::Abandoned),
            BindingStatus::Free | BindingStatus::Backup if reserved => Ok(()),
            BindingStatus::Free | BindingStatus::Backup => self.check_available(binding, rules),
            BindingStatus::Expired | BindingStatus::Released | BindingStatus::Reset => {
                if its_own && (reserved || !binding.knowledge.may_have_ended()) {
                    return self.check_renewal(binding, rules);
                }
                self.check_transitional(binding, rules)
            }
        }
    }

    /// The client on record asks again. A lease that runs is its own whatever the partner did: that
    /// waits for the end of it. A lapsed one a partner that was alone may have given to another.
    fn check_renewal(&self, binding: &Binding, rules: AddressRules) -> Result<(), Refusal> {
        match self.control {
            Control::PartnerDownWithoutData { since } if self.now >= binding.expiries.lease => {
                self.wait(since + self.mclt, rules.dynamic_bootp)
            }
            _ => Ok(()),
        }
    }

    /// Whether the partner, too, keeps the address for its client. The secondary's flag is what the
    /// primary said; the primary's is its own, and counts when the secondary has agreed to it.
    fn both_reserve(&self, binding: &Binding) -> bool {
        let agreed = binding.knowledge.acked_version == binding.version;
        Mutant::ReservationOnOneSide.is_on()
            || self.control == Control::Alone
            || binding.flags.reserved && (agreed || self.role == Role::Secondary)
    }

    /// Whether nobody else gives out addresses, nor has a lease that may still run on an address
    /// that is unused here: without failover, or the MCLT after PARTNER-DOWN began.
    #[must_use]
    pub fn partner_is_over(&self) -> bool {
        match self.control {
            Control::Alone => true,
            Control::Shared => false,
            Control::PartnerDown { since } | Control::PartnerDownWithoutData { since } => {
                self.wait(since + self.mclt, false).is_ok()
            }
        }
    }

    fn check_available(&self, binding: &Binding, rules: AddressRules) -> Result<(), Refusal> {
        let own = self.role.own_available();
        let until = |since: LeaseInstant| {
            let promised = binding.expiries.lease_latest;
            // A lease was on its way to the partner when this server made the address available.
            let counts = promised > since && !binding.knowledge.is_certainly(binding.status);
            if counts { promised + self.mclt } else { since + self.mclt }
        };
        match self.control {
            Control::Alone => Ok(()),
            Control::PartnerDownWithoutData { since } => {
                self.wait(until(since), rules.dynamic_bootp)
            }
            _ if binding.status == own && binding.knowledge.is_certainly(own) => Ok(()),
            _ if Mutant::BackupUsableUntilAcked.is_on() && binding.knowledge.agreed == own => {
                Ok(())
            }
            _ if Mutant::FreeUsableBeforeAck.is_on() && binding.status == own => Ok(()),
            Control::PartnerDown { since } => {
                let bootp = rules.dynamic_bootp && self.may_be_partners(&binding.knowledge);
                self.wait(until(since), bootp)
            }
            Control::Shared if binding.status == own => Err(Refusal::AwaitingAgreement),
            Control::Shared => Err(Refusal::PartnersPool),
        }
    }

    fn check_transitional(&self, binding: &Binding, rules: AddressRules) -> Result<(), Refusal> {
        let until = |since: LeaseInstant| since.max(binding.expiries.latest()) + self.mclt;
        match self.control {
            Control::Alone => Ok(()),
            Control::PartnerDownWithoutData { since } => {
                self.wait(until(since), rules.dynamic_bootp)
            }
            // Rewind (H10): the partner never heard of this lease and knows the address as ours.
            _ if !Mutant::NeverRewind.is_on()
                && binding.knowledge.is_certainly(self.role.own_available()) =>
            {
                Ok(())
            }
            Control::PartnerDown { since } => {
                let bootp = rules.dynamic_bootp && self.may_be_partners(&binding.knowledge);
                self.wait(until(since), bootp)
            }
            _ if Mutant::ToldIsForgotten.is_on()
                && binding.knowledge.agreed == self.role.own_available() =>
            {
                Ok(())
            }
            Control::Shared if Mutant::ExpiredReusedUnacked.is_on() => Ok(()),
            Control::Shared => Err(Refusal::AwaitingAgreement),
        }
    }

    /// Whether the partner may know the address as its own to give, by what it agreed to or was
    /// told: what has ended it makes FREE, so the primary's.
    pub(crate) fn may_be_partners(&self, knowledge: &Knowledge) -> bool {
        match self.role {
            Role::Primary => knowledge.may_be(BindingStatus::Backup),
            Role::Secondary => BindingStatus::ALL.into_iter().any(|status| {
                (status == BindingStatus::Free || status.is_transitional())
                    && knowledge.may_be(status)
            }),
        }
    }

    fn wait(&self, until: LeaseInstant, partners_bootp: bool) -> Result<(), Refusal> {
        let until = until + CLOCK_GUARD;
        if partners_bootp {
            Err(Refusal::PartnersBootp)
        } else if self.now >= until || Mutant::ForgetMcltWait.is_on() {
            Ok(())
        } else {
            Err(Refusal::WaitUntil(until))
        }
    }
}
