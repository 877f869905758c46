//! The partner's name, looked up.

use super::error::ApiError;
use crate::admin::message::Partner;
use crate::admin::refusal::{Refusal, codes};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

/// Where partners listen unless a port is written (draft-12 §8.1).
const PORT: u16 = 647;
/// How long a look-up may take; with the time of the core, less than a client waits.
const LOOK_UP_MAX: Duration = Duration::from_secs(4);

/// The partner that is written as a name or an IPv4 address, with a port or without. One that is not
/// given is for the core to complain of, with all else that is wrong.
pub(super) async fn look_up(written: Option<&str>) -> Result<Partner, ApiError> {
    let written = written.unwrap_or_default();
    let (name, port) = match written.rsplit_once(':') {
        None => (written, PORT),
        Some((name, port)) => {
            let port = port.parse().ok().filter(|port| *port != 0 && !name.contains(':'));
            let port = port.ok_or_else(|| {
                let message = format!("PartnerServer {written:?} is no name and no IPv4 address");
                let remedy = "write one, with a colon and a port from 1 to 65535 unless it is 647";
                ApiError::invalid(message, remedy)
            })?;
            (name, port)
        }
    };
    let address = match name.parse() {
        Ok(address) => address,
        Err(_) if name.is_empty() => Ipv4Addr::UNSPECIFIED,
        Err(_) => resolve(name).await?,
    };
    Ok(Partner { name: name.to_owned(), address: SocketAddrV4::new(address, port) })
}

async fn resolve(name: &str) -> Result<Ipv4Addr, ApiError> {
    let unresolved = |why: &str| {
        let message = format!("the partner's name {name:?} cannot be resolved: {why}");
        let remedy = "give its IPv4 address, or a name that this server can look up";
        ApiError::from(Refusal::new(codes::NAME_NOT_RESOLVED, message, remedy))
    };
    let found = tokio::time::timeout(LOOK_UP_MAX, tokio::net::lookup_host((name, PORT))).await;
    let mut addresses = found
        .map_err(|_| unresolved("there was no answer in time"))?
        .map_err(|error| unresolved(&error.to_string()))?;
    let address = addresses.find_map(|address| match address {
        SocketAddr::V4(address) => Some(*address.ip()),
        SocketAddr::V6(_) => None,
    });
    address.ok_or_else(|| unresolved("it has no IPv4 address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_partner_is_a_name_or_an_address_with_or_without_a_port() {
        for (written, name, address) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.7:647"),
            ("192.0.2.7:1647", "192.0.2.7", "192.0.2.7:1647"),
            ("localhost", "localhost", "127.0.0.1:647"),
            ("localhost:7", "localhost", "127.0.0.1:7"),
            ("", "", "0.0.0.0:647"),
        ] {
            let partner = Partner { name: name.into(), address: address.parse().unwrap() };
            assert_eq!(look_up(Some(written)).await.unwrap(), partner, "{written:?}");
        }
        assert_eq!(look_up(None).await.unwrap(), look_up(Some("")).await.unwrap());
    }

    #[tokio::test]
    async fn a_partner_that_cannot_be_found_is_refused_with_its_code() {
        for (written, code) in [
            ("no-such-host.invalid", codes::NAME_NOT_RESOLVED),
            ("two words", codes::NAME_NOT_RESOLVED),
            ("localhost:0", codes::INVALID_PARAMETER),
            ("localhost:port", codes::INVALID_PARAMETER),
            ("192.0.2.7:70000", codes::INVALID_PARAMETER),
            ("2001:db8::7", codes::INVALID_PARAMETER),
        ] {
            let refusal = look_up(Some(written)).await.unwrap_err().into_refusal();
            assert_eq!(refusal.code(), code, "{written}: {refusal}");
            assert!(refusal.first.message.contains(written.split(':').next().unwrap()));
        }
    }
}
