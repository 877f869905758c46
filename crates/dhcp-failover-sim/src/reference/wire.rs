//! Which message a state allows, and the one connection in use (§7.3-7.12, §8.1, §8.2, §9).

use super::link::{Link, Phase};
use super::{Lost, Reference, Refusal, refuse};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::State;
use dhcp_failover_wire::{ConnectAck, Message, Packet, ServerFlags};

impl Reference {
    /// The connection in use.
    pub(super) fn used_link(&self) -> Option<&Link> {
        self.used.and_then(|used| self.links.get(&used))
    }

    /// A connection is no more.
    pub(super) fn gone(&mut self, number: u64) {
        self.links.remove(&number);
        self.used.take_if(|used| *used == number);
    }

    /// What a STATE says of it now.
    fn state_to_tell(&self) -> (State, bool) {
        match self.state {
            State::Startup => (self.previous, true),
            state => (state, false),
        }
    }

    pub(super) fn heard(&mut self, number: u64, packet: &Packet) {
        let now = self.state_to_tell();
        let Some(link) = self.links.get_mut(&number) else { return };
        link.heard(self.now, packet);
        let maker = match &packet.message {
            Message::Connect(connect) => connect.vendor_class_identifier.as_deref(),
            Message::ConnectAck(ack) => ack.vendor_class_identifier.as_deref(),
            _ => None,
        };
        if let Some(maker) = maker {
            link.with_windows = maker.starts_with(b"MSFT");
        }
        match &packet.message {
            // §7.8.2: two primaries. This one is only to be refused.
            Message::Connect(_) if matches!(link.phase, Phase::Asked(_)) => {
                link.crossed = Some(packet.xid);
            }
            Message::Connect(connect) if link.phase == Phase::New => {
                link.phase = Phase::Asked(packet.xid);
                link.offers(connect.max_unacked_bndupd, connect.receive_timer);
                link.mclt_s = connect.mclt;
                link.with_dhcpd = is_dhcpds(connect.vendor_class_identifier.as_deref());
                link.begins_with(now); // the answer may be decided now, and wait for the disk
            }
            Message::ConnectAck(ack) if link.phase == Phase::Asked(packet.xid) => {
                if ack.reject.is_some() {
                    link.phase = Phase::Over;
                } else {
                    link.offers(ack.max_unacked_bndupd, ack.receive_timer);
                    link.with_dhcpd = is_dhcpds(ack.vendor_class_identifier.as_deref());
                    self.accepted(number);
                }
            }
            Message::State(state) if link.phase == Phase::Accepted => {
                let starting = state.server_flags.contains(ServerFlags::STARTUP);
                if let Some(known) = State::from_wire(state.server_state) {
                    // A primary that begins anew is asked anew (departure, L5).
                    self.updated &= link.partner == Some((known, starting));
                    link.partner = Some((known, starting));
                    link.note_partner();
                    self.partner_changed();
                }
            }
            Message::UpdDone
                if self.used == Some(number)
                    && link.asked_updates.take_if(|xid| *xid == packet.xid).is_some() =>
            {
                self.updated = true;
                self.lost = Lost::No;
            }
            _ => {}
        }
    }

    /// A CONNECT was accepted on this connection: it is the one in use, and a STATE is due.
    fn accepted(&mut self, number: u64) {
        let now = self.state_to_tell();
        let Some(link) = self.links.get_mut(&number) else { return };
        link.accepted(self.now);
        link.begins_with(now);
        self.used = Some(number);
    }

    pub(super) fn says(&mut self, number: u64, packet: &Packet) -> Result<(), Refusal> {
        let Some(link) = self.links.get_mut(&number) else {
            return refuse("8", format!("speaks on connection {number}, which is gone"));
        };
        // Departure: Windows knows no SHUTDOWN; it is left as by a server that is paused.
        let leaves = match self.state {
            State::Shutdown => link.with_windows,
            state => state == State::Paused,
        };
        link.says(self.now, packet, &self.facts, leaves)?;
        let name = packet.message.message_type();
        let role = self.facts.role;
        let told = link.told().unwrap_or(self.state);
        match &packet.message {
            Message::Connect(_) => self.connects(number, packet.xid),
            Message::ConnectAck(ack) => self.acknowledges(number, packet.xid, ack),
            Message::State(state) => {
                let starting = state.server_flags.contains(ServerFlags::STARTUP);
                let others = self
                    .links
                    .iter()
                    .any(|(it, link)| *it != number && link.phase == Phase::Accepted);
                if others {
                    return refuse("8.1", "uses a second connection");
                }
                let Some(known) = State::from_wire(state.server_state) else {
                    return refuse("7.10", format!("STATE {:?}", state.server_state));
                };
                // §9.3.2 step 1: then RECOVER is the state before.
                let anew = self.lost != Lost::No || self.estranged;
                let Some(link) = self.links.get_mut(&number) else { return Ok(()) };
                let known = link.meant(known);
                if anew && starting && known == State::Recover {
                    link.owes_instead(known);
                    self.previous = known;
                }
                // What it tells in STARTUP may wait for the disk until it has left that.
                self.estranged &= starting;
                link.tells(known, starting)?;
                let told = self.recordable.len().saturating_sub(link.still_owed());
                self.lost_on_record = self.lost != Lost::No;
                // §9.2: it is in stable storage now, and what came before is not any more.
                let mut stored = self.recordable.iter().take(told);
                if let Some(at) = stored.rposition(|it| *it == Some(known)) {
                    self.recordable.drain(..at);
                    self.finding_unrecorded = false;
                }
                Ok(())
            }
            Message::BndUpd(_) | Message::UpdReq(_) | Message::UpdReqAll | Message::PoolReq
                if !self.used_link().is_some_and(Link::is_okay) =>
            {
                refuse("8.3", format!("{name} before communications are okay"))
            }
            Message::BndUpd(_) => match told {
                State::Startup => refuse("9.3", "BNDUPD in STARTUP"),
                State::Paused | State::Shutdown => refuse("9.2", "BNDUPD while it halts"),
                _ => Ok(()),
            },
            Message::UpdReq(_) => self.asks_for_updates(packet.xid, false),
            Message::UpdReqAll => self.asks_for_updates(packet.xid, true),
            // Departure: a dhcpd gives its addresses back only if it is asked (isc-L14).
            Message::PoolReq
                if role == Role::Primary && !self.used_link().is_some_and(|it| it.with_dhcpd) =>
            {
                refuse("7.6", "POOLREQ by the primary")
            }
            Message::PoolReq if told != State::Normal => {
                refuse("7.6", format!("POOLREQ in {told}"))
            }
            _ => Ok(()),
        }
    }

    /// §7.8.1, §8.2. Departure (H18): the primary uses connections that the secondary made, too.
    fn connects(&mut self, number: u64, xid: u32) -> Result<(), Refusal> {
        let busy = self.links.iter().any(|(it, link)| {
            *it != number && matches!(link.phase, Phase::Asked(_) | Phase::Accepted)
        });
        let Some(link) = self.links.get_mut(&number) else { return Ok(()) };
        let first = link.phase == Phase::New;
        link.phase = Phase::Asked(xid);
        if self.facts.role == Role::Secondary {
            return refuse("8.2", "CONNECT by the secondary");
        }
        if !first {
            return refuse("7.8.1", "CONNECT is not the first message");
        }
        if busy {
            return refuse("8.2", "CONNECT on a second connection");
        }
        Ok(())
    }

    /// §7.9.1.
    fn acknowledges(&mut self, number: u64, xid: u32, ack: &ConnectAck) -> Result<(), Refusal> {
        let Some(link) = self.links.get_mut(&number) else { return Ok(()) };
        let asked = link.phase;
        let refuses_crossed = ack.reject.is_some() && link.crossed == Some(xid);
        if asked != Phase::Asked(xid) && !refuses_crossed {
            return refuse("7.9.1", format!("CONNECTACK {xid} in {asked:?}"));
        }
        if ack.reject.is_some() {
            link.phase = Phase::Over;
            return Ok(());
        }
        self.told_mclt_s = link.mclt_s.map(u64::from).or(self.told_mclt_s);
        self.accepted(number);
        if self.facts.role == Role::Primary {
            return refuse("8.2", "the primary accepts a CONNECT");
        }
        Ok(())
    }

    /// Departure: an operator may order RECOVER, also to have everything fetched once more.
    pub(super) fn asks_anew(&mut self) {
        self.updated = false;
        if let Some(link) = self.used.and_then(|used| self.links.get_mut(&used)) {
            link.asks_anew += u32::from(link.asked_updates.take().is_none());
        }
    }

    /// §9.5.2, §9.10: who asks for updates, when, and for how much; once.
    fn asks_for_updates(&mut self, xid: u32, all: bool) -> Result<(), Refusal> {
        let (state, partner, role) = (self.state, self.partner(), self.facts.role);
        let (updated, lost) = (self.updated, self.lost == Lost::Yes);
        let Some(link) = self.used.and_then(|used| self.links.get_mut(&used)) else {
            return Ok(());
        };
        let Some(told) = link.told() else {
            return refuse("7.10", format!("asks for updates in {state} before it tells of it"));
        };
        let (before, done) = (link.asked_updates.replace(xid), link.partner_was_done);
        if before.is_some() || updated && link.is_told() {
            // UPDDONE may have come for the one from before meanwhile, and counts for nothing.
            let Some(left) = link.asks_anew.checked_sub(1) else {
                return refuse("7.3", format!("asks for updates a second time in {told}"));
            };
            link.asks_anew = left;
            self.updated = false;
        }
        match told {
            State::Recover if lost && !all => refuse("9.5.2", "UPDREQ, but its storage was lost"),
            State::Recover => Ok(()),
            // UPDREQALL also by departure: an old copy of a store came back, as the partner says.
            State::PotentialConflict if role == Role::Primary => Ok(()),
            State::PotentialConflict if done => Ok(()),
            State::PotentialConflict => {
                refuse("9.10.1", format!("asks for updates, the partner being {partner:?}"))
            }
            // §9.4.2: it must try to synchronize with its partner, if it never has.
            State::PartnerDown if all => Ok(()),
            // Departure: a pool that was added while the servers run is compared first.
            State::Normal if !all => Ok(()),
            _ => refuse("7.3", format!("asks for updates in {told}")),
        }
    }

    /// §8.6, §7.12: an established connection is ended by DISCONNECT. Departure: Windows drops it.
    pub(super) fn closes(&mut self, number: u64) -> Result<(), Refusal> {
        let link = self.links.get(&number).filter(|link| !link.with_windows);
        let open = link.is_some_and(Link::is_established);
        self.gone(number);
        if open {
            return refuse("8.6", "closes a connection without DISCONNECT");
        }
        Ok(())
    }
}

fn is_dhcpds(vendor_class: Option<&[u8]>) -> bool {
    vendor_class.is_some_and(|maker| maker.starts_with(b"isc"))
}
