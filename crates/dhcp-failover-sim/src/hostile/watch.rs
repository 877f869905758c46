//! What an endpoint must keep whatever its peer does: whom it answers (S7), and what it says where (S11).

use dhcp_failover_proto::{Decision, Endpoint, LinkId, Query, RequestClass, Service};
use dhcp_failover_wire::{Dialect, Message, MessageType, RawMessage, decode};
use std::collections::{BTreeMap, BTreeSet};

/// The endpoint lets no more than this be unanswered, whatever the peer offers.
const LARGEST_WINDOW: u32 = 10_000;

/// What was said on one connection, as far as the endpoint may have taken note of it.
#[derive(Clone, Debug, Default)]
struct Connection {
    /// Requests of the peer that were not answered: transaction and type, and how often.
    open: BTreeMap<(u32, u8), u32>,
    /// Transactions of the endpoint's own.
    used: BTreeSet<u32>,
    /// Its CONNECT.
    connect: Option<u32>,
    /// What the peer has offered to take, in each CONNECT that was not answered yet.
    offers: BTreeMap<u32, u32>,
    /// What counts, once the connection is agreed on.
    window: Option<u32>,
    /// Its BNDUPDs that were not answered.
    unanswered: BTreeSet<u32>,
    /// It was closed by the endpoint.
    is_closed: bool,
}

/// Watches one endpoint.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    connections: BTreeMap<LinkId, Connection>,
}

/// The request that a message of this type answers.
fn asked_by(answer: MessageType) -> &'static [MessageType] {
    match answer {
        MessageType::CONNECTACK => &[MessageType::CONNECT],
        MessageType::BNDACK => &[MessageType::BNDUPD],
        MessageType::UPDDONE => &[MessageType::UPDREQ, MessageType::UPDREQALL],
        MessageType::POOLRESP => &[MessageType::POOLREQ],
        _ => &[],
    }
}

fn offered(window: Option<u32>) -> u32 {
    window.unwrap_or(0).clamp(1, LARGEST_WINDOW)
}

impl Watch {
    /// Bytes are about to be handed to the endpoint.
    pub(super) fn heard(&mut self, link: LinkId, bytes: &[u8]) {
        // What cannot be read is answered, too, if it begins like a CONNECT.
        let Ok(raw) = RawMessage::parse(bytes) else { return };
        let it = self.connections.entry(link).or_default();
        let (xid, kind) = (raw.header().xid, raw.header().message_type);
        *it.open.entry((xid, kind.0)).or_default() += 1;
        let Ok(packet) = decode(bytes, Dialect::Draft12) else { return };
        match &packet.message {
            Message::Connect(connect) => {
                it.offers.insert(xid, offered(connect.max_unacked_bndupd));
            }
            Message::ConnectAck(ack) if it.connect == Some(xid) && ack.reject.is_none() => {
                it.window.get_or_insert(offered(ack.max_unacked_bndupd));
            }
            Message::BndAck(_) => {
                it.unanswered.remove(&xid);
            }
            _ => {}
        }
    }

    /// The endpoint says this.
    ///
    /// # Errors
    /// What of S11 it breaks.
    pub(super) fn said(&mut self, link: LinkId, bytes: &[u8]) -> Result<&'static str, String> {
        let packet = decode(bytes, Dialect::Draft12)
            .map_err(|error| format!("S11: says what nobody can read: {error}"))?;
        let it = self.connections.entry(link).or_default();
        let (xid, kind) = (packet.xid, packet.message.message_type());
        if it.is_closed {
            return Err(format!("S11: {kind} on a connection that it has closed"));
        }
        let requests = asked_by(kind);
        let open = requests.iter().map(|request| (xid, request.0)).find(|key| {
            it.open.get_mut(key).filter(|left| **left > 0).map(|left| *left -= 1).is_some()
        });
        if !requests.is_empty() && open.is_none() {
            return Err(format!("S11: {kind} {xid} answers nothing that came on this connection"));
        }
        if requests.is_empty() && !it.used.insert(xid) {
            return Err(format!("S11: {kind} {xid} uses a transaction id a second time"));
        }
        match &packet.message {
            Message::Connect(_) => it.connect = Some(xid),
            Message::ConnectAck(ack) if ack.reject.is_none() => {
                it.window = it.offers.get(&xid).copied();
            }
            Message::BndUpd(_) => {
                it.unanswered.insert(xid);
                let (count, window) = (it.unanswered.len(), it.window.unwrap_or(0));
                if count > window as usize {
                    return Err(format!("S11: {count} BNDUPDs unanswered of {window}"));
                }
            }
            _ => {}
        }
        Ok(crate::monitor::kind(&packet.message))
    }

    /// The endpoint closes a connection.
    pub(super) fn closed(&mut self, link: LinkId) {
        self.connections.entry(link).or_default().is_closed = true;
    }

    /// The process is gone, and every connection with it.
    pub(super) fn forget(&mut self) {
        self.connections.clear();
    }
}

/// S7: whom the endpoint would answer now.
///
/// # Errors
/// Whom it must not.
pub(super) fn check_service(endpoint: &Endpoint) -> Result<(), String> {
    let (view, now) = (endpoint.view(), endpoint.lease_now());
    let answers = |class| {
        let query = Query {
            class,
            key: &[1],
            secs: u16::MAX,
            max_delay_s: Some(3),
            partner_pool_empty: true,
            now,
        };
        view.decide(&query) == Decision::Serve
    };
    let state = endpoint.state();
    let service = Service::of(state);
    if service == Service::Nobody && answers(RequestClass::Renewal) {
        return Err(format!("S7: renews leases in {state}"));
    }
    let no_new = matches!(service, Service::Nobody | Service::RenewalsOnly);
    if no_new && answers(RequestClass::New) {
        return Err(format!("S7: answers new clients in {state}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dhcp_failover_wire::{BindingAck, BindingStatus, BindingUpdate, Connect, Packet, encode};

    const LINK: LinkId = LinkId(1);

    fn bytes(xid: u32, message: Message) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&Packet { time: 1, xid, message }, Dialect::Draft12, &mut bytes).unwrap();
        bytes
    }

    fn update() -> Message {
        let address = [192, 0, 2, 1].into();
        Message::BndUpd(vec![BindingUpdate::new(address, BindingStatus::FREE)])
    }

    fn ack() -> Message {
        Message::BndAck(vec![BindingAck::accept([192, 0, 2, 1].into())])
    }

    fn connect(window: u32) -> Message {
        Message::Connect(Connect {
            relationship_name: b"pair".to_vec(),
            max_unacked_bndupd: Some(window),
            protocol_version: 1,
            ..Connect::default()
        })
    }

    fn accept() -> Message {
        Message::ConnectAck(dhcp_failover_wire::ConnectAck {
            relationship_name: b"pair".to_vec(),
            protocol_version: 1,
            ..Default::default()
        })
    }

    /// S11: an answer belongs to a request of its connection, once; a window is kept; ids are new.
    #[test]
    fn s11_what_crosses_connections_or_breaks_a_window_is_seen() {
        let mut watch = Watch::default();
        watch.heard(LINK, &bytes(5, connect(2)));
        assert!(watch.said(LINK, &bytes(5, accept())).is_ok());
        watch.heard(LINK, &bytes(7, update()));
        assert!(watch.said(LinkId(2), &bytes(7, ack())).is_err(), "it came on another connection");
        assert!(watch.said(LINK, &bytes(7, ack())).is_ok());
        assert!(watch.said(LINK, &bytes(7, ack())).is_err(), "a second time");
        assert!(watch.said(LINK, &bytes(1, update())).is_ok());
        assert!(watch.said(LINK, &bytes(1, Message::Contact)).is_err(), "the same number");
        assert!(watch.said(LINK, &bytes(2, update())).is_ok());
        assert!(watch.said(LINK, &bytes(3, update())).is_err(), "the third of two");
        watch.heard(LINK, &bytes(1, ack()));
        watch.heard(LINK, &bytes(3, ack()));
        assert!(watch.said(LINK, &bytes(4, update())).is_ok());
        watch.closed(LINK);
        assert!(watch.said(LINK, &bytes(6, Message::Contact)).is_err(), "it is closed");
    }
}
