//! Answers that wait for their lease to be durable.

use crate::dhcp::server::Answer;
use crate::log_limit::LogLimits;
use crate::net::{Sender, Via};
use dhcp_failover_proto::Token;
use std::collections::{HashMap, VecDeque};

/// The most answers that wait for the disk. A disk that takes its time makes them many: at a
/// thousand leases a second this is four seconds' worth, and a client that waited for longer has
/// asked again. More would only be memory that a disk which stands still lets clients fill.
pub(super) const HELD_MAX: usize = 4096;

/// DHCPACKs between decision and disk.
#[derive(Debug)]
pub(super) struct Replies {
    sender: Sender,
    last: u64,
    /// With the domain that will confirm it.
    held: HashMap<Token, (usize, Via, Answer)>,
    confirmed: VecDeque<(Via, Answer)>,
}

impl Replies {
    pub(super) fn new(sender: Sender) -> Self {
        Self { sender, last: 0, held: HashMap::new(), confirmed: VecDeque::new() }
    }

    /// Whether [`HELD_MAX`] answers wait. Ask before each [`Self::hold`]; it does not refuse.
    pub(super) fn is_full(&self) -> bool {
        self.held.len() >= HELD_MAX
    }

    /// Keeps an answer until its token is confirmed or forgotten.
    pub(super) fn hold(&mut self, domain: usize, via: Via, answer: Answer) -> Token {
        self.last += 1;
        let token = Token(self.last);
        self.held.insert(token, (domain, via, answer));
        token
    }

    /// Whether the answer is still wanted.
    pub(super) fn is_held(&self, token: Token) -> bool {
        self.held.contains_key(&token)
    }

    pub(super) fn confirm(&mut self, token: Token) {
        let held = self.held.remove(&token);
        self.confirmed.extend(held.map(|(_, via, answer)| (via, answer)));
    }

    /// Nobody will confirm what waits for this domain: its clients ask again.
    pub(super) fn forget_domain(&mut self, domain: usize) {
        self.held.retain(|_, (of, ..)| *of != domain);
    }

    pub(super) fn forget(&mut self, token: Token) {
        self.held.remove(&token);
    }

    /// Sends one confirmed answer and returns its bytes; `None` when there is none.
    pub(super) async fn send_next(&mut self, limits: &mut LogLimits) -> Option<Vec<u8>> {
        let (via, answer) = self.confirmed.pop_front()?;
        Some(self.send_now(via, answer, limits).await)
    }

    /// Sends an answer that promises nothing, and returns its bytes.
    pub(super) async fn send_now(
        &self,
        via: Via,
        answer: Answer,
        limits: &mut LogLimits,
    ) -> Vec<u8> {
        let Answer { bytes, destination } = answer;
        if let Err(error) = self.sender.send(via, destination, &bytes).await
            && limits.allow("answers that could not be sent")
        {
            tracing::warn!("cannot send to {destination:?}: {error}");
        }
        bytes
    }
}
