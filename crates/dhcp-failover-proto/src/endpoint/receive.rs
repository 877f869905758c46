//! BNDUPD in, BNDACK out (draft-12 §7.1.2 - §7.1.5, §7.2.1).

use super::Endpoint;
use super::updates::{same_station, status_from_wire};
use crate::{Bindings, Event, Skew, State};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{
    BindingFlags, BindingStatus, Client, Conflict, ConflictRules, HardwareAddress, LeaseInstant,
    LeaseSpan, Receiver, Role, Update, Verdict, resolve,
};
use dhcp_failover_wire::{
    BindingAck, BindingUpdate, Dialect, IpFlags, Message, Packet, RejectReason,
};

/// The most bytes of [`request_options`](dhcp_failover_lease::Binding::request_options),
/// `reply_options` and `ddns`, each: with everything else a binding carries the three still fit a
/// message of 2048 bytes.
pub const MAX_OPAQUE_OPTIONS: usize = 512;
/// The longest client identifier: one DHCP option's worth. A longer one might not fit a message.
pub(super) const MAX_IDENTIFIER: usize = 255;

/// The longest hardware address.
const MAX_HARDWARE: usize = 16;

/// Why an update is not taken, for the BNDACK.
struct Refusal(RejectReason, String);

impl Endpoint {
    /// The partner has the lease of another client here. That was refused; but if the own one has lapsed,
    /// the other may be the one that runs: neither is renewed before both servers agree (S1).
    fn doubts_own_lease<B: Bindings>(&mut self, address: Ipv4Addr, bindings: &B) {
        let Some(mut own) = self.binding(address, bindings) else { return };
        let lapsed = own.status == BindingStatus::Active && self.lease_now >= own.expiries.lease;
        if lapsed && !own.knowledge.crossed {
            own.knowledge.crossed = true;
            self.persist_binding(own);
        }
    }

    pub(super) fn binding_updates<B: Bindings>(
        &mut self,
        packet: &Packet,
        updates: &[BindingUpdate],
        bindings: &B,
    ) {
        if let Some(request) = &mut self.request {
            request.progress = self.now;
        }
        let acks: Vec<_> = updates
            .iter()
            .map(|update| match self.binding_update(update, bindings) {
                Ok(()) => BindingAck::accept(update.address),
                Err(Refusal(reason, text)) => {
                    self.event(Event::UpdateRefused { address: update.address, reason });
                    BindingAck::reject(update.address, reason, Some(text))
                }
            })
            .collect();
        // After the records: it leaves when they are durable (§7.2).
        self.send_as(packet.xid, Message::BndAck(acks));
    }

    fn binding_update<B: Bindings>(
        &mut self,
        received: &BindingUpdate,
        bindings: &B,
    ) -> Result<(), Refusal> {
        self.budget.take();
        let Some(own) = self.binding(received.address, bindings) else {
            let text = String::from("not an address of this relationship; compare the scopes");
            return Err(Refusal(RejectReason::ILLEGAL_IP_ADDRESS, text));
        };
        self.note_told(received.address);
        let skew = self.link.as_ref().and_then(|link| link.skew);
        let mut update = to_local(received, skew.as_ref(), self.lease_now)?;
        let (own, old_lease) = self.trusted(own, &update);
        update.doubt = update.last_transaction.map_or(LeaseSpan::ZERO, |at| self.doubt_of(at));
        if let (Some(_), Some(theirs)) = (&received.windows, &update.client) {
            update.client = same_station(&own, theirs).or(update.client);
        }
        // An address on offer to a client is as good as used (§5.4: "MUST reject").
        let own_available = self.config.role.own_available();
        if bindings.is_pinned(update.address)
            && own.status == own_available
            && update.status.is_available()
            && update.status != own_available
        {
            self.will_answer_refused(update.address);
            let text = String::from("the address is being offered to a client");
            return Err(Refusal(RejectReason::LESS_CRITICAL_BINDING_INFORMATION, text));
        }
        let receiver = Receiver {
            role: self.role_in_conflicts(),
            now: self.lease_now,
            lease_ends: self.view().allocator(self.lease_now).may_have_ended_at(&own),
            instance: self.record.instance,
            rules: self.link.as_ref().map_or(ConflictRules::Draft12, |it| rules_of(it.dialect)),
            reserved_here: Some(bindings.is_reserved(update.address)),
            fetches_all: self.fetches_all(),
        };
        self.check_reserved_lease(&own, &update, bindings);
        match resolve(&own, &update, &receiver) {
            Verdict::Reject(conflict) => {
                if conflict == Conflict::InUseByOther {
                    self.doubts_own_lease(update.address, bindings);
                }
                let is_end =
                    own.status == BindingStatus::Active && update.status == BindingStatus::Expired;
                match self.partner_is_dhcpd() && is_end {
                    true => self.will_answer_early_end(update.address, receiver.lease_ends),
                    false => self.will_answer_refused(update.address),
                }
                Err(Refusal(reject_reason_for(conflict), conflict.to_string()))
            }
            Verdict::Accept(accepted) => {
                let now = &accepted.binding;
                let gone = |it: &Client| now.status != BindingStatus::Active || !now.is_for(it);
                if let Some(client) = accepted.overridden.or(old_lease.filter(gone)) {
                    self.event(Event::ClientOverridden { address: update.address, client });
                }
                let accepted = self.told_anew(accepted.binding);
                self.binding_changed(&accepted);
                self.persist_binding(accepted);
                Ok(())
            }
        }
    }
}

impl Endpoint {
    /// A server that recovers gives way, whatever its role: its partner may have been alone, and
    /// has waited before it gave an address to another client (§9.4.2); what this server still
    /// has on record of it is old. Of two that recover neither may: they would swap their records.
    fn role_in_conflicts(&self) -> Role {
        match recovers(self.state) && !self.partner_recovers() {
            true => Role::Secondary,
            false => self.config.role,
        }
    }

    /// Whether the partner is no better a witness than a server that recovers.
    pub(super) fn partner_recovers(&self) -> bool {
        self.partner.is_some_and(|partner| recovers(partner.state))
    }
}

const fn recovers(state: State) -> bool {
    matches!(state, State::Recover | State::RecoverWait | State::RecoverDone)
}

/// How the partner decides conflicts.
const fn rules_of(dialect: Dialect) -> ConflictRules {
    match dialect {
        Dialect::IscDhcpd => ConflictRules::Isc,
        Dialect::Microsoft(_) => ConflictRules::Windows,
        _ => ConflictRules::Draft12,
    }
}

fn reject_reason_for(conflict: Conflict) -> RejectReason {
    match conflict {
        Conflict::MissingInformation => RejectReason::MISSING_BINDING_INFORMATION,
        Conflict::InUseByOther => RejectReason::FATAL_CONFLICT,
        Conflict::Outdated => RejectReason::OUTDATED_BINDING_INFORMATION,
        Conflict::NotReserved => RejectReason::IP_NOT_RESERVED,
        Conflict::LessCritical => RejectReason::LESS_CRITICAL_BINDING_INFORMATION,
        _ => RejectReason::UNKNOWN_ERROR,
    }
}

/// The update with its times on this server's clock (§5.10).
fn to_local(
    received: &BindingUpdate,
    skew: Option<&Skew>,
    now: LeaseInstant,
) -> Result<Update, Refusal> {
    let missing = |text: String| Refusal(RejectReason::MISSING_BINDING_INFORMATION, text);
    let status = status_from_wire(received.status)
        .ok_or_else(|| missing(alloc::format!("unknown binding-status {}", received.status)))?;
    let interval = |time: Option<u32>| match (time.filter(|time| *time > 0), skew) {
        (Some(time), Some(skew)) => skew.interval(time, now),
        _ => (LeaseInstant::ZERO, LeaseInstant::ZERO),
    };
    let (lease_earliest, lease_latest) = interval(received.lease_expiration_time);
    let (potential_earliest, potential_latest) = interval(received.potential_expiration_time);
    let past = |time: Option<u32>| match (time.filter(|time| *time > 0), skew) {
        (Some(time), Some(skew)) => skew.likeliest(time, now),
        _ => LeaseInstant::ZERO,
    };
    Ok(Update {
        address: received.address,
        status,
        client: client_of(received).map_err(missing)?,
        lease_earliest,
        lease_latest,
        potential_earliest,
        potential_latest,
        start_of_state: past(received.start_time_of_state),
        last_transaction: received
            .client_last_transaction_time
            .map(|time| past(Some(time)))
            .filter(|at| *at > LeaseInstant::ZERO),
        doubt: LeaseSpan::ZERO,
        flags: BindingFlags {
            reserved: received.ip_flags.contains(IpFlags::RESERVED),
            bootp: received.ip_flags.contains(IpFlags::BOOTP),
        },
        request_options: opaque(received.client_request_options.as_deref()),
        reply_options: opaque(received.client_reply_options.as_deref()),
        ddns: opaque(received.ddns.as_deref()),
    })
}

fn client_of(received: &BindingUpdate) -> Result<Option<Client>, String> {
    // An empty one names nobody, nor does hardware of type 0: neither could be told on.
    let identifier = received.client_identifier.as_deref().filter(|it| !it.is_empty());
    // Windows has the identifier of a client in the place of its hardware address, if it knows one
    // (MS-DHCPM 2.2.1.2.5.2).
    let in_its_place = received
        .client_hardware_address
        .as_ref()
        .filter(|it| received.windows.is_some() && it.bytes.len() > MAX_HARDWARE);
    let identifier = identifier.or(in_its_place.map(|it| it.bytes.as_slice()));
    if let Some(length) = identifier.map(<[u8]>::len).filter(|length| *length > MAX_IDENTIFIER) {
        return Err(alloc::format!(
            "client-identifier of {length} bytes, at most {MAX_IDENTIFIER} are possible"
        ));
    }
    let hardware = match &received.client_hardware_address {
        Some(hardware) if hardware.htype != 0 && in_its_place.is_none() => {
            HardwareAddress::new(hardware.htype, &hardware.bytes).ok_or_else(|| {
                let length = hardware.bytes.len();
                alloc::format!("client-hardware-address of {length} bytes, at most 16 are possible")
            })?
        }
        _ if identifier.is_none() => return Ok(None),
        _ => HardwareAddress::new(0, &[]).ok_or_else(String::new)?,
    };
    Ok(Some(Client::new(identifier, hardware)))
}

fn opaque(options: Option<&[u8]>) -> Vec<u8> {
    options.filter(|options| options.len() <= MAX_OPAQUE_OPTIONS).unwrap_or_default().to_vec()
}
