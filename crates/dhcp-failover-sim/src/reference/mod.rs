//! A second opinion: the failover state machine as the text of the draft has it.
//!
//! A [`Reference`] watches one server from outside, and says of everything the server does whether
//! the text allows it (draft-12 §7.9-7.12, §8, §9, §10), or which section forbids it. It is written
//! from the text, not from the endpoint, whose table it has never seen: what both have wrong, two
//! readers have misread. It decides nothing itself. What a MAY leaves open is a set of things it
//! takes; what a MUST says it insists on. Where the pair departs from the draft on purpose, the
//! place says `departure` and names the row of the table in `ARCHITECTURE.md`.
//!
//! | file | what the text says of |
//! |---|---|
//! | `states` | which state follows which, and because of what |
//! | `link` | one connection: order of its messages, answers, windows, timers |
//! | `wire` | which of them a state allows; the one connection in use |
//! | `service` | whom a state answers |
//!
//! It knows nothing of bindings and of clocks other than true time: S1 to S10 have checkers of
//! their own.

mod link;
mod service;
mod states;
mod wire;

use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, State};
use dhcp_failover_wire::Packet;
use link::Link;
use std::collections::BTreeMap;
use std::fmt;

/// What a server does when STARTUP is over and its partner was not heard (§9.3.2 steps 1 and 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alone {
    /// It waits.
    Waits,
    /// It goes on from its previous state.
    GoesOn,
    /// It takes its partner for down.
    PartnerDown,
}

/// What a server was configured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its role.
    pub role: Role,
    /// Its maximum client lead time, seconds. A secondary uses what its primary says.
    pub mclt_s: u64,
    /// tReceive, seconds.
    pub receive_timer_s: u64,
    /// How long it stays in STARTUP without a partner, seconds.
    pub startup_s: u64,
    /// What it does then.
    pub alone: Alone,
    /// The safe period, seconds, if there is one (§10).
    pub safe_period_s: Option<u64>,
}

/// One thing seen at a server, in the order in which it happened there.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// It starts, with this state in stable storage; `None` if there is none.
    Started {
        /// The state.
        recorded: Option<State>,
    },
    /// It is no more.
    Stopped,
    /// While it was down its stable storage was lost.
    StorageLost,
    /// While it was down its stable storage was replaced by an older copy, of which nothing tells it.
    StorageReplaced,
    /// It takes its storage for an older copy. Departure ("only what two of ours tell each other shows
    /// it"): that is as good as lost, and it goes to RECOVER at once.
    OldCopyFound,
    /// It was configured anew, before it starts or while it runs.
    Configured(Facts),
    /// While it was down, it got another role or other addresses than its record is of.
    Estranged,
    /// While it was down, it got another relationship, in which it never ran.
    NewRelationship,
    /// While it was down its clock was set forward: how long ago anything was it cannot know.
    ClockSet,
    /// While the partner was down its clock was set forward: how long ago it was told anything it cannot
    /// know.
    PartnersClockSet,
    /// An operator tells the partner that this server is down, truly or not.
    CalledDown,
    /// It was standing still until now, as a process that is stopped and continued.
    Resumed,
    /// A connection is there.
    Up {
        /// Its number, never used before.
        link: u64,
    },
    /// A connection is gone.
    Down {
        /// Its number.
        link: u64,
    },
    /// A message of the partner's has been read.
    Heard {
        /// The connection.
        link: u64,
        /// The message.
        packet: &'a Packet,
    },
    /// The server sends a message.
    Says {
        /// The connection.
        link: u64,
        /// The message.
        packet: &'a Packet,
    },
    /// The server closes a connection.
    Closes {
        /// The connection.
        link: u64,
    },
    /// An operator orders something.
    Ordered(Command),
    /// It has done all that it does for now, and waits for what comes.
    Rests,
    /// The server enters a state; STARTUP is entered by starting.
    Enters(State),
    /// It begins to process a DHCP client's request.
    Answers {
        /// A renewal or rebinding.
        renewal: bool,
    },
}

/// What the text does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The section of the draft.
    pub section: &'static str,
    /// What was done against it.
    pub why: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\u{a7}{}: {}", self.section, self.why)
    }
}

/// That the text does not allow something.
fn refuse<T>(section: &'static str, why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { section, why: why.into() })
}

/// What a server's clock may go wrong by while so many seconds pass, and what whole seconds hide.
fn slack_ms(of_ms: u64) -> u64 {
    of_ms / 1_000 + 1_000
}

/// When a server was called down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    /// At this moment.
    At(u64),
    /// Its partner, which was told so, cannot know any more.
    Sometime,
}

/// The draft's idea of one server.
#[derive(Clone, Debug)]
pub struct Reference {
    facts: Facts,
    /// True time.
    now: u64,
    running: bool,
    state: State,
    /// In STARTUP: the state to go on from (§9.3.2 steps 1 and 2).
    previous: State,
    entered_ms: u64,
    links: BTreeMap<u64, Link>,
    /// The connection on which a CONNECT was accepted.
    used: Option<u64>,
    order: Option<Command>,
    /// The partner has answered this server's update request in full, in this state.
    updated: bool,
    /// Whether its storage was lost, and nothing has replaced what was in it.
    lost: Lost,
    /// That it was lost may still be on record, though it was replaced: the news may not be.
    lost_on_record: bool,
    estranged: bool,
    /// The states that may be the one in stable storage: the last told, and those entered since.
    /// `None`: there may be nothing. Empty: anything may be there.
    recordable: Vec<Option<State>>,
    /// The MCLT, as the primary told it last.
    told_mclt_s: Option<u64>,
    /// When it last answered a client, if it can know.
    answered_ms: Option<u64>,
    /// The same, but it cannot know unless it finds out that its storage is an older copy.
    answered_since_copy_ms: Option<u64>,
    /// The MCLT then. Departure ("nothing on changing the MCLT"): under that its leases were promised.
    answered_mclt_s: Option<u64>,
    /// It has just found out that its storage is an older copy.
    found_old_copy: bool,
    /// What it has found out may not be on record yet.
    finding_unrecorded: bool,
    /// When it was called down first, since it served after a recovery.
    called_down: Option<Called>,
    /// It need not wait in RECOVER-WAIT: the partner said that the relationship is new.
    new: bool,
}

/// Whether a server lacks what was in its storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    No,
    /// It stopped before it told of a state, so that it may have on record what it fetched, or not; or
    /// an older copy came in the place of the lost storage, from before the loss or after it.
    Perhaps,
    Yes,
}

impl Reference {
    /// Of a server that never ran.
    #[must_use]
    pub const fn new(facts: Facts) -> Self {
        Self {
            facts,
            now: 0,
            running: false,
            state: State::Startup,
            previous: State::Recover,
            entered_ms: 0,
            links: BTreeMap::new(),
            used: None,
            order: None,
            updated: false,
            lost: Lost::No,
            lost_on_record: false,
            estranged: false,
            recordable: Vec::new(),
            told_mclt_s: None,
            answered_ms: None,
            answered_since_copy_ms: None,
            answered_mclt_s: None,
            found_old_copy: false,
            finding_unrecorded: false,
            called_down: None,
            new: false,
        }
    }

    /// Takes note of what happened at `now_ms` of true time.
    ///
    /// # Errors
    ///
    /// If the text does not allow it. The reference goes on from what was done, and may be asked
    /// on; what follows from the first refusal may be refused, too.
    pub fn see(&mut self, now_ms: u64, seen: Seen<'_>) -> Result<(), Refusal> {
        self.now = now_ms;
        match seen {
            Seen::Started { recorded } => self.started(recorded),
            Seen::Stopped => {
                self.running = false;
                self.links.clear();
                self.used = None;
                Ok(())
            }
            Seen::StorageLost => {
                self.lost = Lost::Yes;
                self.lost_on_record = true;
                self.recordable.clear();
                Ok(())
            }
            Seen::StorageReplaced => {
                // What came in the place of a lost one is as old as any.
                self.lost = Lost::No;
                self.recordable.clear();
                self.knows_the_copy_only();
                Ok(())
            }
            Seen::OldCopyFound => {
                self.lost = Lost::Yes;
                self.lost_on_record = true;
                self.found_old_copy = true;
                self.finding_unrecorded = true;
                self.recordable.push(Some(State::Recover));
                self.answered_ms = self.answered_ms.max(self.answered_since_copy_ms);
                Ok(())
            }
            Seen::Configured(facts) => {
                self.facts = facts;
                Ok(())
            }
            Seen::Estranged => {
                self.estranged = true;
                Ok(())
            }
            Seen::NewRelationship => {
                *self = Self::new(self.facts);
                Ok(())
            }
            Seen::ClockSet => {
                self.answered_ms = None;
                self.answered_since_copy_ms = None;
                Ok(())
            }
            Seen::PartnersClockSet => {
                self.called_down = self.called_down.map(|_| Called::Sometime);
                Ok(())
            }
            Seen::CalledDown => {
                self.called_down.get_or_insert(Called::At(now_ms));
                Ok(())
            }
            Seen::Resumed => {
                self.links.values_mut().for_each(|link| link.begin_timers(now_ms));
                Ok(())
            }
            Seen::Up { link } => {
                self.links.insert(link, Link::new(now_ms));
                Ok(())
            }
            Seen::Down { link } => {
                self.gone(link);
                Ok(())
            }
            Seen::Heard { link, packet } => {
                self.heard(link, packet);
                Ok(())
            }
            Seen::Says { link, packet } => self.says(link, packet),
            Seen::Closes { link } => self.closes(link),
            Seen::Ordered(command) => {
                self.order = Some(command);
                if (command, self.state) == (Command::Recover, State::Recover) {
                    self.asks_anew();
                }
                Ok(())
            }
            Seen::Rests => self.rests(),
            Seen::Enters(state) => self.enters(state),
            Seen::Answers { renewal } => self.answers(renewal),
        }
    }

    /// Of when it answered a client it knows what the older copy says, until it finds out.
    fn knows_the_copy_only(&mut self) {
        let answered = self.answered_ms.take();
        self.answered_since_copy_ms = self.answered_since_copy_ms.max(answered);
    }

    /// The state it is in.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }
}
