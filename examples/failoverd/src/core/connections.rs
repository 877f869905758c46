//! Which connection belongs to which relationship.

use crate::config::{Relationship, Role};
use crate::link::{DialToken, LinkEvent, LinkId, Links};
use crate::log_limit::LogLimits;
use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_proto::{self as proto, Input, LinkSide, Listener, Route};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

/// What the log says when lines about refused connections were left out.
const REFUSED: &str = "failover connections refused";

/// The connections of all relationships.
#[derive(Debug)]
pub(super) struct Connections {
    links: Links,
    /// The partner of each domain that has one.
    partners: BTreeMap<usize, Partner>,
    listener: Listener,
    /// Accepted connections whose first message has not come.
    unrouted: HashMap<LinkId, SocketAddr>,
    /// By domain.
    routes: HashMap<LinkId, usize>,
    limits: LogLimits,
}

/// What a connection is recognised by.
#[derive(Debug)]
struct Partner {
    name: String,
    role: Role,
    address: SocketAddr,
}

/// Something for an endpoint to handle.
#[derive(Debug)]
pub(super) enum ForDomain {
    Up { link: LinkId, side: LinkSide },
    Frame { link: LinkId, bytes: Vec<u8> },
    Down { link: LinkId },
    DialFailed,
    Stimulus,
}

impl ForDomain {
    pub(super) fn as_input(&self) -> Input<'_> {
        let id = |link: &LinkId| proto::LinkId(link.0);
        match self {
            Self::Up { link, side } => Input::LinkUp { link: id(link), side: *side },
            Self::Frame { link, bytes } => Input::Frame { link: id(link), bytes },
            Self::Down { link } => Input::LinkDown { link: id(link) },
            Self::DialFailed => Input::DialFailed,
            Self::Stimulus => Input::Stimulus,
        }
    }
}

impl Connections {
    pub(super) fn new(links: Links) -> Self {
        Self {
            links,
            partners: BTreeMap::new(),
            listener: Listener::new(),
            unrouted: HashMap::new(),
            routes: HashMap::new(),
            limits: LogLimits::default(),
        }
    }

    /// Expects the partner of a relationship to connect, and knows where to dial.
    pub(super) fn add(&mut self, domain: usize, relationship: &Relationship) {
        let Relationship { name, role, partner, .. } = relationship;
        let partner = Partner { name: name.clone(), role: *role, address: *partner };
        self.partners.insert(domain, partner);
        self.renew_listener();
    }

    /// The relationship has ended, and with it its connections.
    pub(super) fn remove(&mut self, domain: usize) {
        self.partners.remove(&domain);
        self.renew_listener();
        let links = self.routes.extract_if(|_, of| *of == domain);
        for (link, _) in links {
            self.links.close_after_flush(link);
        }
    }

    fn renew_listener(&mut self) {
        self.listener = Listener::new();
        for Partner { name, role: side, address } in self.partners.values() {
            self.listener.add(name, role(*side), address.ip());
        }
    }

    /// Opens the port for partners, if it is not open yet.
    pub(super) fn listen(&mut self, at: SocketAddr) -> std::io::Result<()> {
        self.links.listen(at)
    }

    pub(super) fn dial(&self, domain: usize) {
        if let Some(partner) = self.partners.get(&domain) {
            self.links.dial(partner.address, DialToken(domain as u64));
        }
    }

    pub(super) fn send(&self, link: proto::LinkId, bytes: &[u8]) {
        self.links.send(LinkId(link.0), bytes);
    }

    pub(super) fn close(&mut self, link: proto::LinkId) {
        let link = LinkId(link.0);
        self.routes.remove(&link);
        self.links.close_after_flush(link);
    }

    /// Tells of log lines that were left out.
    pub(super) fn settle_log(&mut self) {
        self.limits.settle();
    }

    /// Whether no connection is left to wait for.
    pub(super) fn is_idle(&self) -> bool {
        self.links.open_count() == 0
    }

    /// What an event means, and for whom.
    pub(super) fn event(&mut self, event: LinkEvent, now: LeaseInstant) -> Vec<(usize, ForDomain)> {
        match event {
            LinkEvent::Accepted { link, peer } => self.accepted(link, peer),
            LinkEvent::Dialed { link, dial } => {
                let domain = usize::try_from(dial.0).unwrap_or(usize::MAX);
                if !self.partners.contains_key(&domain) {
                    self.links.abort(link);
                    return Vec::new();
                }
                self.routes.insert(link, domain);
                vec![(domain, ForDomain::Up { link, side: LinkSide::Dialed })]
            }
            LinkEvent::DialFailed { dial, error } => {
                tracing::debug!("{error}");
                let domain = usize::try_from(dial.0).unwrap_or(usize::MAX);
                vec![(domain, ForDomain::DialFailed)]
            }
            LinkEvent::Frame { link, bytes } => match self.routes.get(&link) {
                Some(domain) => vec![(*domain, ForDomain::Frame { link, bytes })],
                None => self.first_frame(link, bytes, now),
            },
            LinkEvent::Broken { link, error } => {
                if self.limits.allow("failover connections that broke") {
                    tracing::warn!("a failover connection broke: {error}");
                }
                self.down(link)
            }
            LinkEvent::Closed { link } => self.down(link),
        }
    }

    fn accepted(&mut self, link: LinkId, peer: SocketAddr) -> Vec<(usize, ForDomain)> {
        if !self.listener.expects(peer.ip()) {
            if self.limits.allow(REFUSED) {
                tracing::warn!(
                    %peer,
                    "refused a failover connection: no relationship has this partner"
                );
            }
            self.links.abort(link);
            return Vec::new();
        }
        let mine = |wanted: Role| {
            self.partners
                .iter()
                .filter(move |(_, it)| it.role == wanted && it.address.ip() == peer.ip())
                .map(|(domain, _)| *domain)
        };
        let primaries: Vec<usize> = mine(Role::Primary).collect();
        // As a secondary this server waits for what the first message says. Otherwise the partner
        // wants to be noticed (§8.2), and the only relationship there is can use the connection.
        if mine(Role::Secondary).next().is_some() || primaries.len() != 1 {
            self.unrouted.insert(link, peer);
            return primaries.into_iter().map(|it| (it, ForDomain::Stimulus)).collect();
        }
        self.links.identify(link);
        let up = |domain| {
            self.routes.insert(link, domain);
            (domain, ForDomain::Up { link, side: LinkSide::Accepted })
        };
        primaries.into_iter().map(up).collect()
    }

    fn first_frame(
        &mut self,
        link: LinkId,
        bytes: Vec<u8>,
        now: LeaseInstant,
    ) -> Vec<(usize, ForDomain)> {
        let Some(peer) = self.unrouted.remove(&link) else { return Vec::new() };
        match self.listener.route(peer.ip(), &bytes, now) {
            Route::Relationship(number) => {
                let Some(&domain) = self.partners.keys().nth(number) else { return Vec::new() };
                self.links.identify(link);
                self.routes.insert(link, domain);
                vec![
                    (domain, ForDomain::Up { link, side: LinkSide::Accepted }),
                    (domain, ForDomain::Frame { link, bytes }),
                ]
            }
            Route::Refuse { reply, message } => {
                if self.limits.allow(REFUSED) {
                    tracing::warn!(%peer, "refused a failover connection: {message}");
                }
                if let Some(reply) = reply {
                    self.links.send(link, &reply);
                }
                self.links.close_after_flush(link);
                Vec::new()
            }
        }
    }

    fn down(&mut self, link: LinkId) -> Vec<(usize, ForDomain)> {
        self.unrouted.remove(&link);
        let domain = self.routes.remove(&link);
        domain.map(|domain| (domain, ForDomain::Down { link })).into_iter().collect()
    }
}

/// The role as the libraries name it.
pub(super) const fn role(role: Role) -> dhcp_failover_lease::Role {
    match role {
        Role::Primary => dhcp_failover_lease::Role::Primary,
        Role::Secondary => dhcp_failover_lease::Role::Secondary,
    }
}
