//! The forms a client's message takes (RFC 2131 §4.3).

use super::option;
use super::packet::{ClientMessage, PacketError, Request};
use std::net::Ipv4Addr;

/// How a packet was addressed, if the socket could tell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Arrival {
    /// To this server alone.
    Unicast,
    /// To everyone on the link.
    Broadcast,
    /// Not known.
    #[default]
    Unknown,
}

/// What a client wants.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RequestKind {
    /// Is there an address for me? (§4.3.1)
    Discover {
        /// The address it would like (option 50).
        requested: Option<Ipv4Addr>,
    },
    /// I take this server's offer (§4.3.2, SELECTING).
    Selecting {
        /// The server it chose (option 54).
        server_id: Ipv4Addr,
        /// The address it was offered (option 50).
        address: Ipv4Addr,
    },
    /// I had this address before I restarted (§4.3.2, INIT-REBOOT).
    InitReboot {
        /// The address it remembers (option 50).
        address: Ipv4Addr,
    },
    /// Extend my lease, server that gave it (§4.3.2, RENEWING).
    Renewing {
        /// The client's address.
        ciaddr: Ipv4Addr,
    },
    /// Extend my lease, any server (§4.3.2, REBINDING).
    Rebinding {
        /// The client's address.
        ciaddr: Ipv4Addr,
    },
    /// Somebody else uses the address I was given (§4.3.3).
    Decline {
        /// The address (option 50).
        address: Ipv4Addr,
        /// The server that gave it (option 54).
        server_id: Ipv4Addr,
    },
    /// I am done with my address (§4.3.4).
    Release {
        /// The client's address.
        ciaddr: Ipv4Addr,
        /// The server that gave it (option 54).
        server_id: Ipv4Addr,
    },
    /// I have an address and want the other parameters (§4.3.5).
    Inform {
        /// The client's address.
        ciaddr: Ipv4Addr,
    },
}

/// Why a message has none of the forms RFC 2131 allows (§4.3.2 and table 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KindError {
    /// An option the form needs has the wrong size.
    #[error(transparent)]
    Option(#[from] PacketError),
    /// A message without something its form needs.
    #[error("failed to understand {message}: it has no {missing}")]
    Missing {
        /// Its name.
        message: &'static str,
        /// What is not there.
        missing: &'static str,
    },
    /// A message with two things that exclude each other.
    #[error("failed to understand {message}: {conflict}")]
    Conflict {
        /// Its name.
        message: &'static str,
        /// What it says.
        conflict: &'static str,
    },
}

impl RequestKind {
    /// Tells the forms apart.
    ///
    /// RENEWING and REBINDING look alike in the packet; one is unicast, the other broadcast. When
    /// the socket cannot tell, a relayed packet is taken as broadcast (relay agents forward
    /// broadcasts) and any other as unicast.
    ///
    /// # Errors
    /// [`KindError`] for combinations that table 5 of RFC 2131 forbids.
    pub fn of(request: &Request, arrival: Arrival) -> Result<Self, KindError> {
        let address = nonzero(request.address_option(option::REQUESTED_ADDRESS)?);
        let server_id = nonzero(request.address_option(option::SERVER_IDENTIFIER)?);
        let ciaddr = nonzero(Some(request.ciaddr));
        match request.message {
            ClientMessage::Discover => Ok(Self::Discover { requested: address }),
            ClientMessage::Request => Self::of_request(request, arrival, address, server_id),
            ClientMessage::Decline => Ok(Self::Decline {
                address: need("DHCPDECLINE", "requested address (option 50)", address)?,
                server_id: need("DHCPDECLINE", "server identifier (option 54)", server_id)?,
            }),
            ClientMessage::Release => Ok(Self::Release {
                ciaddr: need("DHCPRELEASE", "ciaddr", ciaddr)?,
                server_id: need("DHCPRELEASE", "server identifier (option 54)", server_id)?,
            }),
            ClientMessage::Inform => {
                Ok(Self::Inform { ciaddr: need("DHCPINFORM", "ciaddr", ciaddr)? })
            }
        }
    }

    fn of_request(
        request: &Request,
        arrival: Arrival,
        address: Option<Ipv4Addr>,
        server_id: Option<Ipv4Addr>,
    ) -> Result<Self, KindError> {
        let message = "DHCPREQUEST";
        let conflict = |conflict| Err(KindError::Conflict { message, conflict });
        match (server_id, address, nonzero(Some(request.ciaddr))) {
            (Some(server_id), Some(address), None) => Ok(Self::Selecting { server_id, address }),
            (Some(_), _, Some(_)) => {
                conflict("it has a server identifier (option 54) and a ciaddr")
            }
            (Some(_), None, None) => {
                Err(KindError::Missing { message, missing: "requested address (option 50)" })
            }
            (None, Some(address), None) => Ok(Self::InitReboot { address }),
            (None, Some(_), Some(_)) => {
                conflict("it has a requested address (option 50) and a ciaddr")
            }
            (None, None, Some(ciaddr)) => {
                let to_all = match arrival {
                    Arrival::Unicast => false,
                    Arrival::Broadcast => true,
                    Arrival::Unknown => request.is_relayed(),
                };
                Ok(if to_all { Self::Rebinding { ciaddr } } else { Self::Renewing { ciaddr } })
            }
            (None, None, None) => {
                Err(KindError::Missing { message, missing: "requested address and no ciaddr" })
            }
        }
    }
}

fn nonzero(address: Option<Ipv4Addr>) -> Option<Ipv4Addr> {
    address.filter(|address| !address.is_unspecified())
}

fn need(
    message: &'static str,
    missing: &'static str,
    value: Option<Ipv4Addr>,
) -> Result<Ipv4Addr, KindError> {
    value.ok_or(KindError::Missing { message, missing })
}

#[cfg(test)]
mod tests;
