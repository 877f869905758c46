//! Reading `dhcpd.leases`.
//!
//! dhcpd appends to the file whatever changes, so that the last word on an address counts. What is
//! not understood is told and left out; a file that ends in the middle of a lease, as after a crash, is
//! good up to there.

use super::syntax::{Statement, Statements, Word};
use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::time::UNIX_EPOCH;

/// A moment in a lease file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Unix seconds.
    At(u64),
    /// A lease without end.
    Never,
}

/// binding state, by dhcpd's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingState {
    /// Available to the primary.
    Free,
    /// A client has it.
    Active,
    /// The lease has run out; the partner has not heard.
    Expired,
    /// The client gave it back; the partner has not heard.
    Released,
    /// In use by somebody unknown.
    Abandoned,
    /// Made available by an operator.
    Reset,
    /// Available to the secondary.
    Backup,
}

impl BindingState {
    const NAMES: [(&'static str, Self); 7] = [
        ("free", Self::Free),
        ("active", Self::Active),
        ("expired", Self::Expired),
        ("released", Self::Released),
        ("abandoned", Self::Abandoned),
        ("reset", Self::Reset),
        ("backup", Self::Backup),
    ];

    fn parse(word: &Word) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| word.is(name)).map(|(_, state)| *state)
    }
}

impl fmt::Display for BindingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, state)| state == self).map_or("", |it| it.0);
        f.pad(name)
    }
}

/// What the file says last of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The line its statement begins in.
    pub line: usize,
    /// binding state; a statement without one is of an older dhcpd and means a lease.
    pub state: BindingState,
    /// next binding state: what it becomes at `ends`.
    pub next: Option<BindingState>,
    /// rewind binding state: what the partner knows.
    pub rewind: Option<BindingState>,
    /// starts.
    pub starts: Option<Moment>,
    /// ends.
    pub ends: Option<Moment>,
    /// tstp: the potential expiry told to the partner.
    pub tstp: Option<Moment>,
    /// tsfp: the one the partner agreed to, or told.
    pub tsfp: Option<Moment>,
    /// atsfp: the same, if nothing has changed since.
    pub atsfp: Option<Moment>,
    /// cltt: client's last transaction time.
    pub cltt: Option<Moment>,
    /// hardware: type and address.
    pub hardware: Option<(u8, Vec<u8>)>,
    /// uid: the client identifier.
    pub uid: Option<Vec<u8>>,
    /// client-hostname.
    pub hostname: Option<Vec<u8>>,
    /// option agent.NAME: the sub-options of option 82, by name.
    pub agent: Vec<(String, Vec<u8>)>,
    /// reserved.
    pub reserved: bool,
    /// bootp.
    pub bootp: bool,
}

/// The state of a failover relationship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerState {
    /// my state, by dhcpd's name.
    pub own: String,
    /// Since when.
    pub own_since: Option<Moment>,
    /// partner state.
    pub partner: String,
    /// Since when.
    pub partner_since: Option<Moment>,
    /// mclt, which the secondary writes down.
    pub mclt_s: Option<u32>,
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line.
    pub line: usize,
    /// What is wrong with it.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseFile {
    /// By address.
    pub leases: BTreeMap<Ipv4Addr, Lease>,
    /// By the name of the failover peer.
    pub peers: BTreeMap<String, PeerState>,
    /// What was left out.
    pub problems: Vec<Problem>,
}

impl LeaseFile {
    /// Reads a file. Never fails: what it does not understand is among the
    /// [`problems`](Self::problems).
    ///
    /// ```
    /// use failoverd::dhcpd::leases::{BindingState, LeaseFile, Moment};
    /// let file = LeaseFile::parse(
    ///     br#"lease 192.0.2.7 {
    ///       starts 4 2026/01/01 00:00:00; ends 4 2026/01/01 01:00:00;
    ///       binding state active; next binding state expired;
    ///       hardware ethernet 02:00:00:00:00:07;
    ///     }"#,
    /// );
    /// let lease = &file.leases[&"192.0.2.7".parse()?];
    /// assert_eq!((lease.state, lease.ends), (BindingState::Active, Some(Moment::At(1_767_229_200))));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn parse(bytes: &[u8]) -> Self {
        let mut file = Self::default();
        for statement in Statements::new(bytes) {
            match statement {
                Ok(statement) => file.take(&statement),
                Err(error) => {
                    let text = format!("{}; what follows is not read", error.problem);
                    file.problems.push(Problem { line: error.line, text });
                }
            }
        }
        file
    }

    fn problem(&mut self, statement: &Statement, why: &str) {
        let text = format!("{why}: {statement}");
        self.problems.push(Problem { line: statement.line, text });
    }

    fn take(&mut self, statement: &Statement) {
        if statement.begins(&["lease"]) {
            let address = statement.words.get(1).and_then(|word| word.text().parse().ok());
            let Some(address) = address else {
                return self.problem(statement, "a lease without an IPv4 address");
            };
            let lease = self.lease(statement);
            self.leases.insert(address, lease);
        } else if statement.begins(&["failover", "peer"]) {
            let Some(name) = statement.words.get(2).map(Word::text) else {
                return self.problem(statement, "a failover peer without a name");
            };
            if let Some(state) = peer_state(statement) {
                self.peers.insert(name, state);
            } else {
                self.problem(statement, "a failover peer without its states");
            }
        }
        // Others (server-duid, authoring-byte-order, host, group, class, on) say nothing of leases.
    }

    fn lease(&mut self, whole: &Statement) -> Lease {
        let mut lease = Lease {
            line: whole.line,
            state: BindingState::Active,
            next: None,
            rewind: None,
            starts: None,
            ends: None,
            tstp: None,
            tsfp: None,
            atsfp: None,
            cltt: None,
            hardware: None,
            uid: None,
            hostname: None,
            agent: Vec::new(),
            reserved: false,
            bootp: false,
        };
        for statement in whole.inner() {
            if !lease.take(statement) {
                self.problem(statement, "not understood");
            }
        }
        lease
    }
}

impl Lease {
    /// Takes one statement in; `false` if it makes no sense.
    fn take(&mut self, statement: &Statement) -> bool {
        let words = &statement.words;
        let Some(keyword) = words.first().map(|word| word.text().to_ascii_lowercase()) else {
            return true;
        };
        let rest = words.get(1..).unwrap_or_default();
        let mut parsed = true;
        let mut time = |slot: &mut Option<Moment>| {
            *slot = moment(rest);
            parsed = slot.is_some();
        };
        match keyword.as_str() {
            "starts" => time(&mut self.starts),
            "ends" => time(&mut self.ends),
            "tstp" => time(&mut self.tstp),
            "tsfp" => time(&mut self.tsfp),
            "atsfp" => time(&mut self.atsfp),
            "cltt" => time(&mut self.cltt),
            "binding" | "next" | "rewind" => {
                let state = words.last().and_then(BindingState::parse);
                match keyword.as_str() {
                    "next" => self.next = state,
                    "rewind" => self.rewind = state,
                    _ => self.state = state.unwrap_or(self.state),
                }
                return state.is_some();
            }
            "hardware" => self.hardware = hardware(rest),
            "uid" => self.uid = rest.first().and_then(Word::octets),
            "client-hostname" => self.hostname = rest.first().map(|word| word.bytes.clone()),
            "option" => {
                let name = rest.first().map(Word::text).unwrap_or_default();
                if let (Some(name), Some(value)) =
                    (name.strip_prefix("agent."), rest.get(1).and_then(Word::octets))
                {
                    self.agent.push((name.to_owned(), value));
                }
            }
            "abandoned" => self.state = BindingState::Abandoned,
            "reserved" => self.reserved = true,
            "bootp" | "dynamic-bootp" => self.bootp = true,
            // set, on, ddns-*, billing, vendor-class-identifier: nothing that is carried over.
            _ => {}
        }
        match keyword.as_str() {
            "hardware" => self.hardware.is_some(),
            "uid" => self.uid.is_some(),
            _ => parsed,
        }
    }
}

fn peer_state(statement: &Statement) -> Option<PeerState> {
    let state_of = |whose: &[&str]| {
        let found =
            statement.inner().iter().find(|it| whose.iter().any(|w| it.begins(&[w, "state"])))?;
        let name = found.words.get(2)?.text();
        let since = found.words.get(4..).and_then(moment);
        Some((name, since))
    };
    let (own, own_since) = state_of(&["my"])?;
    let (partner, partner_since) = state_of(&["partner", "peer"])?;
    let mclt = statement.inner().iter().find(|it| it.begins(&["mclt"]));
    let mclt_s = mclt.and_then(|it| it.words.get(1)?.text().parse().ok());
    Some(PeerState { own, own_since, partner, partner_since, mclt_s })
}

/// `5 2026/11/21 08:10:20` (UTC), `epoch 1795248620`, or `never`.
fn moment(words: &[Word]) -> Option<Moment> {
    let first = words.first()?;
    if first.is("never") {
        return Some(Moment::Never);
    }
    if first.is("epoch") {
        return words.get(1)?.text().parse().ok().map(Moment::At);
    }
    let date = words.get(1)?.text().replace('/', "-");
    let time = words.get(2)?.text();
    let at = humantime::parse_rfc3339(&format!("{date}T{time}Z")).ok()?;
    at.duration_since(UNIX_EPOCH).ok().map(|since| Moment::At(since.as_secs()))
}

fn hardware(words: &[Word]) -> Option<(u8, Vec<u8>)> {
    let name = words.first()?.text().to_ascii_lowercase();
    let kind = match name.as_str() {
        "ethernet" => 1,
        "token-ring" => 6,
        "fddi" => 8,
        "infiniband" => 32,
        other => other.strip_prefix("unknown-")?.parse().ok()?,
    };
    // Without an address: a client that has none.
    let address = words.get(1).map_or(Some(Vec::new()), Word::octets)?;
    (address.len() <= 16).then_some((kind, address))
}

#[cfg(test)]
mod tests;
