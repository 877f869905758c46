//! A binding as Windows wants to hear of it, and whom it means ([MS-DHCPF] 3.1.5.2).

use super::convert::to_update as to_draft_update;
use crate::Subnet;
use alloc::boxed::Box;
use dhcp_failover_lease::{Binding, BindingStatus, Client, LeaseInstant};
use dhcp_failover_wire::windows::{self, ClientType, Settings, Status};
use dhcp_failover_wire::{self as wire, BindingUpdate, Dialect, HardwareAddress, IpFlags};

const ETHERNET: u8 = 1;

/// An update of a lease names its client, in a form of its own; one of an available address says
/// nothing but whose it is, and the two are told apart by that.
pub(super) fn to_update(
    binding: &Binding,
    potential: LeaseInstant,
    settings: Settings,
    subnet: Option<Subnet>,
) -> BindingUpdate {
    let subnet = subnet.unwrap_or(Subnet::new(binding.address, 32));
    let mut update = to_draft_update(binding, potential, Dialect::Microsoft(settings));
    if binding.status == BindingStatus::Reset {
        // It has no word for it. What comes of both is the same (§5.11).
        update.status = wire::BindingStatus::EXPIRED;
    }
    // It has other flags here, and hears of reservations by the type of the client.
    update.ip_flags = IpFlags::NONE;
    let part = windows::Binding::new(update.status, settings, subnet.mask);
    let Some(mut part) = part else { return update };
    if binding.status.is_available() {
        if takes_back(binding) {
            part.status = Status::RECONCILE;
        }
        let status = update.status;
        update = BindingUpdate::new(binding.address, status);
    } else {
        name_client(&mut update, binding);
        if update.status != wire::BindingStatus::ABANDONED {
            // Mandatory, and not always known of a lease that the partner told.
            update.client_last_transaction_time.get_or_insert(0);
        }
        part.scope_id = Some(subnet.id);
        part.client_type = Some(match binding.flags {
            flags if flags.reserved => ClientType::RESERVATION,
            flags if flags.bootp => ClientType::BOOTP,
            _ => ClientType::DHCP,
        });
        (part.nap_status, part.nap_probation, part.nap_capable) = (Some(0), Some(0), Some(0));
    }
    update.windows = Some(Box::new(part));
    update
}

/// Of the words for an address of the primary's, the one that means the same in every reading of
/// [MS-DHCPF] says that it was the secondary's before.
fn takes_back(binding: &Binding) -> bool {
    let backup = BindingStatus::Backup;
    let was_backup = binding.knowledge.agreed == backup || binding.knowledge.told.contains(backup);
    binding.status == BindingStatus::Free && was_backup
}

/// Hardware type and address, or what stands in their place: the identifier of a client that sends
/// it so; of a client without an address the identifier; of nobody the address itself, for an update
/// without a client would be about something else.
fn name_client(update: &mut BindingUpdate, binding: &Binding) {
    let named = update.client_hardware_address.is_some();
    if named {
        return;
    }
    let identifier = binding.client.as_ref().and_then(Client::identifier);
    let bytes = identifier.map_or_else(|| binding.address.octets().to_vec(), <[u8]>::to_vec);
    update.client_hardware_address = Some(HardwareAddress { htype: ETHERNET, bytes });
}

/// Windows names clients by their hardware address only: if that is the address of the client on
/// record, the client on record is meant.
pub(in crate::endpoint) fn same_station(own: &Binding, theirs: &Client) -> Option<Client> {
    let named = own.client.as_ref()?;
    let same = theirs.identifier().is_none() && named.hardware() == theirs.hardware();
    same.then(|| named.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use dhcp_failover_lease::{HardwareAddress as Hardware, StatusSet};
    use dhcp_failover_wire::rules::{self, Part};
    use dhcp_failover_wire::windows::{Flags, Ownership};
    use dhcp_failover_wire::{Message, Packet, decode, encode};

    const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_700_000_000);

    fn binding(status: BindingStatus) -> Binding {
        let address = [192, 0, 2, 7].into();
        Binding { status, last_transaction: Some(NOW), ..Binding::unused(address) }
    }

    /// As its partner reads it.
    fn read(binding: &Binding, settings: Settings) -> BindingUpdate {
        let subnet = Some(Subnet::new(binding.address, 24));
        let update = to_update(binding, NOW, settings, subnet);
        let length = update.encoded_len();
        let message = Message::BndUpd(alloc::vec![update]);
        let mut bytes = Vec::new();
        let dialect = Dialect::Microsoft(settings);
        encode(&Packet { time: 1, xid: 1, message }, dialect, &mut bytes).unwrap();
        assert!(bytes.len() <= wire::HEADER_LEN + length, "room is kept for all of it");
        let Message::BndUpd(mut read) = decode(&bytes, dialect).unwrap().message else { panic!() };
        read.remove(0)
    }

    /// [MS-DHCPF] 3.1.5.2: every status, with a client and without, has all that Windows demands and
    /// nothing it forbids, and means what it is; RESET, for which it has no word, is EXPIRED there.
    #[test]
    fn every_status_is_said_in_windows_words() {
        let hardware = Hardware::new(1, &[2, 0, 0, 0, 0, 7]).unwrap();
        let without = Hardware::new(0, &[]).unwrap();
        let clients = [
            None,
            Some(Client::new(None, hardware)),
            Some(Client::new(Some(b"seven"), hardware)),
            Some(Client::new(Some(b"a client without an address"), without)),
        ];
        for ownership in [Ownership::AsCaptured, Ownership::AsDocumented] {
            let settings = Settings { ownership, ..Settings::DEFAULT };
            for status in BindingStatus::ALL {
                for client in &clients {
                    if status == BindingStatus::Active && client.is_none() {
                        continue; // there is no such lease
                    }
                    let update =
                        read(&Binding { client: client.clone(), ..binding(status) }, settings);
                    let expected = match status {
                        BindingStatus::Reset => BindingStatus::Expired,
                        status => status,
                    };
                    let meant = super::super::status_from_wire(update.status);
                    assert_eq!(meant, Some(expected), "{client:?}");
                    let part = Part::Update(update.status);
                    let checked =
                        rules::check(Dialect::Microsoft(settings), part, update.options());
                    assert_eq!(checked, Ok(()), "{status:?} {client:?}");
                }
            }
        }
    }

    /// Whatever 1 and 2 mean, an address that is taken back is the primary's (S4).
    #[test]
    fn an_address_is_taken_back_by_the_word_that_has_one_meaning() {
        let mut taken = binding(BindingStatus::Free);
        let words =
            |binding: &Binding| read(binding, Settings::DEFAULT).windows.map(|it| it.status);
        assert_eq!(words(&taken), Some(Status::BACKUP));
        taken.knowledge.told = StatusSet::EMPTY.with(BindingStatus::Backup);
        assert_eq!(words(&taken), Some(Status::RECONCILE));
        taken.knowledge.told = StatusSet::EMPTY;
        taken.knowledge.agreed = BindingStatus::Backup;
        assert_eq!(words(&taken), Some(Status::RECONCILE));
        let given = binding(BindingStatus::Backup);
        assert_eq!(words(&given), Some(Status::FREE));
        let part = read(&given, Settings::DEFAULT).windows.unwrap();
        assert_eq!((part.flags, part.scope_id), (Flags::NONE, None));
    }

    /// A client that sends its hardware address as identifier is told by that; nothing is lost of one
    /// with a name of its own, and whom Windows names by hardware alone is the client on record.
    #[test]
    fn clients_are_told_by_their_hardware_address() {
        let hardware = Hardware::new(1, &[2, 0, 0, 0, 0, 7]).unwrap();
        let named = Client::new(Some(b"seven"), hardware);
        let lease = Binding { client: Some(named.clone()), ..binding(BindingStatus::Active) };
        let update = read(&lease, Settings::DEFAULT);
        assert_eq!(update.client_hardware_address.unwrap().bytes, [2, 0, 0, 0, 0, 7]);
        assert_eq!(update.windows.unwrap().scope_id, Some([192, 0, 2, 0].into()));
        assert_eq!(same_station(&lease, &Client::new(None, hardware)), Some(named));
        let other = Hardware::new(1, &[2, 0, 0, 0, 0, 8]).unwrap();
        assert_eq!(same_station(&lease, &Client::new(None, other)), None);
        assert_eq!(same_station(&lease, &Client::new(Some(b"eight"), hardware)), None);
    }
}
