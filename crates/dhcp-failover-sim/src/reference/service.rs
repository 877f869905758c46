//! Whom a state answers (§9.3.1, §9.4.2, §9.5.1, §9.6.1, §9.7.1, §9.8.2, §9.9.2, §9.10.2, §9.11.2,
//! §9.12.2, §9.14.2).

use super::{Reference, Refusal, refuse};
use dhcp_failover_proto::State;

impl Reference {
    pub(super) fn answers(&mut self, renewal: bool) -> Result<(), Refusal> {
        self.answered_ms = Some(self.now);
        self.answered_mclt_s = self.mclt_s();
        let section = match self.state {
            State::Startup => "9.3.1",
            State::Recover => "9.5.1",
            State::RecoverWait => "9.6.1",
            State::RecoverDone if renewal => return Ok(()),
            State::RecoverDone => "9.7.1",
            State::PotentialConflict => "9.10.2",
            State::Shutdown => "9.14.2",
            // Like a server that halts (§9.2, before the figure).
            State::Paused => "9.13",
            _ => return Ok(()),
        };
        let what = if renewal { "a renewal" } else { "a new client" };
        refuse(section, format!("answers {what} in {}", self.state))
    }
}
