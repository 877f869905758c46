//! The forms of what is stored: this version's, and those of versions before.

use crate::store::{RecordError, decode};
use dhcp_failover_lease::{
    Binding, BindingFlags, BindingStatus, Client, Expiries, Knowledge, LeaseInstant, StatusSet,
};
use dhcp_failover_proto::EndpointRecord;
use std::net::Ipv4Addr;

/// The format of a stored [`Binding`].
pub(crate) const BINDING_FORMAT: u8 = 3;
/// That of a [`Binding`] whose [`Knowledge`] had no last field, whether leases crossed.
const BINDING_FORMAT_WITHOUT_CROSSED: u8 = 2;
/// The same without the binding's last field, the state of DNS records.
const BINDING_FORMAT_WITHOUT_DDNS: u8 = 1;
/// The format of a stored [`EndpointRecord`].
pub(super) const ENDPOINT_FORMAT: u8 = 7;
/// That of one without its last field, the doubt of the clocks.
const ENDPOINT_FORMAT_WITHOUT_DOUBT: u8 = 6;
/// That of one without the number of connections either, and with a stamp of the partner's in
/// the place of such a number.
const ENDPOINT_FORMAT_WITHOUT_CONNECTIONS: u8 = 5;

/// A stored record of a relationship, of this version's format or of one before.
pub(super) fn endpoint(record: &[u8]) -> Result<EndpointRecord, RecordError> {
    match record.split_first() {
        Some((&ENDPOINT_FORMAT_WITHOUT_CONNECTIONS, body)) => {
            let record = [&[ENDPOINT_FORMAT], body, &[0, 0]].concat();
            let record: EndpointRecord = decode(ENDPOINT_FORMAT, &record)?;
            Ok(EndpointRecord { partner_connection: 0, ..record })
        }
        Some((&ENDPOINT_FORMAT_WITHOUT_DOUBT, body)) => {
            decode(ENDPOINT_FORMAT, &[&[ENDPOINT_FORMAT], body, &[0]].concat())
        }
        _ => decode(ENDPOINT_FORMAT, record),
    }
}

/// A stored binding, of this version's format or of one before.
pub(super) fn binding(record: &[u8]) -> Result<Binding, RecordError> {
    match record.split_first() {
        Some((&BINDING_FORMAT_WITHOUT_DDNS, body)) => {
            // Nothing is known of them: an empty sequence.
            former(&[&[BINDING_FORMAT_WITHOUT_CROSSED], body, &[0]].concat())
        }
        Some((&BINDING_FORMAT_WITHOUT_CROSSED, _)) => former(record),
        _ => decode(BINDING_FORMAT, record),
    }
}

/// The fields of a [`Binding`] as they were stored before: a tuple is encoded as a structure.
type FormerBinding = (
    (Ipv4Addr, BindingStatus, Option<Client>, Expiries, LeaseInstant),
    (Option<LeaseInstant>, BindingFlags, u64, (BindingStatus, StatusSet, u64, u32)),
    (Vec<u8>, Vec<u8>, Vec<u8>),
);

fn former(record: &[u8]) -> Result<Binding, RecordError> {
    let (lease, (last_transaction, flags, version, known), opaque) =
        decode::<FormerBinding>(BINDING_FORMAT_WITHOUT_CROSSED, record)?;
    let (address, status, client, expiries, start_of_state) = lease;
    let (agreed, told, acked_version, instance) = known;
    let (request_options, reply_options, ddns) = opaque;
    let knowledge = Knowledge { agreed, told, acked_version, instance, crossed: false };
    Ok(Binding {
        address,
        status,
        client,
        expiries,
        start_of_state,
        last_transaction,
        flags,
        version,
        knowledge,
        request_options,
        reply_options,
        ddns,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::encode;
    use dhcp_failover_lease::{HardwareAddress, LeaseSpan, Role};
    use dhcp_failover_proto::{
        BindingTable, ClockDoubt, Command, Endpoint, EndpointConfig, Input, Monotonic, Output,
        Record,
    };

    /// What former versions stored is read: every field, nothing known of DNS records in the oldest, and
    /// no leases that crossed.
    #[test]
    fn bindings_in_the_former_formats_are_read() {
        let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, 7]).unwrap();
        let knowledge = Knowledge {
            agreed: BindingStatus::Active,
            told: StatusSet::EMPTY.with(BindingStatus::Expired),
            acked_version: 8,
            instance: 1_700_000_001,
            crossed: false,
        };
        let it = Binding {
            status: BindingStatus::Active,
            client: Some(Client::new(Some(b"seven"), hardware)),
            start_of_state: LeaseInstant::from_unix_s(1_700_000_000),
            version: 9,
            knowledge,
            request_options: vec![99, 130, 83, 99, 12, 1, b'a'],
            reply_options: vec![99, 130, 83, 99],
            ddns: vec![0, 3],
            ..Binding::unused([192, 0, 2, 7].into())
        };
        // Field by field, so that a field that is new does not get in here unseen.
        let known = (knowledge.agreed, knowledge.told, knowledge.acked_version, knowledge.instance);
        let lease = (
            (it.address, it.status, &it.client, it.expiries, it.start_of_state),
            (it.last_transaction, it.flags, it.version, known),
        );
        let opaque = (&it.request_options, &it.reply_options);
        let second = encode(BINDING_FORMAT_WITHOUT_CROSSED, &(lease, (opaque, &it.ddns))).unwrap();
        assert_eq!(binding(&second), Ok(it.clone()));
        let first = encode(BINDING_FORMAT_WITHOUT_DDNS, &(lease, opaque)).unwrap();
        assert_eq!(binding(&first), Ok(Binding { ddns: Vec::new(), ..it.clone() }));
        let crossed = Knowledge { crossed: true, ..knowledge };
        let present = Binding { knowledge: crossed, ..it };
        let record = encode(BINDING_FORMAT, &present).unwrap();
        assert_eq!(binding(&record), Ok(present));
        assert!(matches!(binding(&[4, 0]), Err(RecordError::Format { found: 4, .. })));
    }

    /// What versions before stored of a relationship is read, but for the partner's stamp.
    #[test]
    fn endpoint_records_in_the_former_formats_are_read() {
        let config = EndpointConfig::new("pair", Role::Primary, [192, 0, 2, 2].into());
        let mut endpoint = Endpoint::new(config, None, Monotonic::default(), LeaseInstant::ZERO);
        endpoint.handle(
            Monotonic::default(),
            Input::Command(Command::PartnerDown),
            &BindingTable::new(),
        );
        let stored = std::iter::from_fn(|| match endpoint.poll_output() {
            Output::Wait(_) => None,
            output => Some(output),
        });
        let record = stored.filter_map(|output| match output {
            Output::Persist { record: Record::Endpoint(record), .. } => Some(record),
            _ => None,
        });
        let it = EndpointRecord { partner_connection: 0, connection: 0, ..record.last().unwrap() };
        let told = EndpointRecord { partner_connection: 1_700_000_000, ..it };
        let mut former = encode(ENDPOINT_FORMAT, &told).unwrap();
        assert_eq!(former.pop(), Some(0), "the last field");
        former[0] = ENDPOINT_FORMAT_WITHOUT_DOUBT;
        assert_eq!(super::endpoint(&former), Ok(told));
        assert_eq!(former.pop(), Some(0), "the last field before");
        former[0] = ENDPOINT_FORMAT_WITHOUT_CONNECTIONS;
        assert_eq!(super::endpoint(&former), Ok(it));
        let by = LeaseSpan::from_s(24);
        let clock_doubt = Some(ClockDoubt { by, until: LeaseInstant::from_unix_s(1_700_000_000) });
        let newest = EndpointRecord { connection: 7, clock_doubt, ..told };
        assert_eq!(super::endpoint(&encode(ENDPOINT_FORMAT, &newest).unwrap()), Ok(newest));
    }
}
