//! What dhcpd cannot bear is in no capture of any story.

use crate::pair::OURS;
use dhcp_failover_capture::{Options, Reader, What};
use dhcp_failover_wire::{HEADER_LEN, MessageType, OptionCode, RawMessage};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

/// Looks at every message this server sent; the number of them.
pub(crate) fn check(file: &Path) -> usize {
    let source = std::fs::File::open(file).expect("a capture");
    let reader = Reader::new(source, Options::default()).expect("a capture that can be read");
    let mut count = 0;
    for found in reader.filter_map(Result::ok) {
        let What::Message(bytes) = &found.what else { continue };
        if found.source.ip() == IpAddr::V4(OURS) {
            let told = bearable(bytes);
            assert!(told.is_ok(), "packet {} of the capture: {told:?} {bytes:02x?}", found.frame);
            count += 1;
        }
    }
    count
}

/// Rules 1, 3 to 6, 8, 9 and 12 of those for who talks to dhcpd.
fn bearable(bytes: &[u8]) -> Result<(), &'static str> {
    let raw = RawMessage::parse(bytes).map_err(|_| "no message")?;
    let kind = raw.header().message_type;
    let count = |code| raw.options().filter(|option| option.code == code).count();
    let byte = |code| raw.option(code).and_then(|option| option.value.first().copied());
    let rule = |holds: bool, text| if holds { Ok(()) } else { Err(text) };
    rule(usize::from(bytes.get(3).copied().unwrap_or(0)) == HEADER_LEN, "another payload offset")?;
    rule(bytes.len() <= 2048, "longer than 2048 bytes")?;
    rule(count(OptionCode::DDNS) == 0, "isc-C08: DNS data")?;
    let mut seen = std::collections::BTreeSet::new();
    let twice = raw.options().any(|option| !seen.insert(option.code));
    rule(!twice, "isc-C09: an option twice, such as of a batch")?;
    match kind {
        MessageType::BNDUPD => {
            let status = byte(OptionCode::BINDING_STATUS);
            rule(status.is_some_and(|it| (1..=7).contains(&it)), "isc-C10: binding-status")?;
            let is_abandoned = status == Some(5);
            let names_somebody = count(OptionCode::CLIENT_IDENTIFIER)
                + count(OptionCode::CLIENT_HARDWARE_ADDRESS)
                > 0;
            rule(!(is_abandoned && names_somebody), "ABANDONED with a client")?;
            let has_end = count(OptionCode::LEASE_EXPIRATION_TIME) > 0;
            rule(!is_abandoned || has_end, "isc-L15: ABANDONED without an end")
        }
        MessageType::BNDACK => {
            rule(count(OptionCode::CLIENT_IDENTIFIER) == 0, "isc-U08: a client in BNDACK")
        }
        MessageType::STATE => {
            let state = byte(OptionCode::SERVER_STATE);
            rule(state.is_some_and(|it| matches!(it, 2..=11 | 254)), "isc-C12: server-state")
        }
        MessageType::CONNECT | MessageType::CONNECTACK => {
            let rejects = count(OptionCode::REJECT_REASON) > 0;
            let complete =
                count(OptionCode::RECEIVE_TIMER) == 1 && count(OptionCode::MAX_UNACKED_BNDUPD) == 1;
            rule(rejects || complete, "isc-C13, isc-C14: no timer or window")
        }
        _ => Ok(()),
    }
}

/// The answers to one UPDREQALL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    pub(crate) answers: usize,
    /// From the request to UPDDONE.
    seconds: f64,
}

impl Answered {
    pub(crate) fn per_s(&self) -> f64 {
        self.answers as f64 / self.seconds
    }
}

/// What became of each UPDREQALL of a server's that was done, but those that were not answered with
/// updates.
pub(crate) fn answered(file: &Path, asker: Ipv4Addr) -> Vec<Answered> {
    let source = std::fs::File::open(file).expect("a capture");
    let reader = Reader::new(source, Options::default()).expect("a capture that can be read");
    let mut done = Vec::new();
    let mut request: Option<(f64, usize)> = None;
    for found in reader.filter_map(Result::ok) {
        let What::Message(bytes) = &found.what else { continue };
        let at = found.time.unix_us as f64 / 1e6;
        let by_asker = found.source.ip() == IpAddr::V4(asker);
        match (by_asker, bytes.get(2).copied().map(MessageType)) {
            (true, Some(MessageType::UPDREQALL)) => {
                request.get_or_insert((at, 0));
            }
            (true, Some(MessageType::BNDACK)) => {
                if let Some((_, answers)) = &mut request {
                    *answers += 1;
                }
            }
            (false, Some(MessageType::UPDDONE)) => {
                if let Some((since, answers)) = request.take().filter(|(_, answers)| *answers > 0) {
                    done.push(Answered { answers, seconds: at - since });
                }
            }
            _ => {}
        }
    }
    done
}
