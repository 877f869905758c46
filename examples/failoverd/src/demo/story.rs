//! The plot: leases for all, one server fails, the other serves, the first returns, the verdict.

use super::checker::{Evidence, Findings, Table, judge};
use super::cli::{DemoArgs, Fault};
use super::fleet::{Fleet, relay_socket};
use super::pace::{FULL, Pace, QUICK};
use super::pair::{Member, Plan, WorkDirectory, prepare};
use super::random::Random;
use super::remote;
use super::report::Report;
use super::timeline::{Timeline, Tone, seconds};
use super::verdict;
use super::watch::Watch;
use crate::admin::StatusRow;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The relay agent and the two servers.
const RELAY: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);
pub(super) const SERVERS: [Ipv4Addr; 2] =
    [Ipv4Addr::new(127, 77, 0, 2), Ipv4Addr::new(127, 77, 0, 3)];
const SUBNET: &str = "127.77.0.0/16";
const RANGE: &str = "127.77.1.0-127.77.8.255";

/// The servers may take this long to agree after the last renewal.
const SETTLE_MS: u64 = 4_000;
/// The limit of every other wait; each is far shorter when all is well.
const PATIENCE_MS: u64 = 25_000;
/// How often a wait looks.
const LOOK: Duration = Duration::from_millis(20);
/// How often both servers are started anew when one of their ports was taken in the meantime.
const STARTS_MAX: usize = 3;

/// Why the demo could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoryError {
    #[error("{what}: {error}")]
    System { what: &'static str, error: io::Error },
    #[error("interrupted")]
    Interrupted,
    #[error("server {name} ended by itself: {how}")]
    Ended { name: &'static str, how: String },
    #[error("no {what} within {limit_s} s; {situation}")]
    Late { what: String, limit_s: u64, situation: String },
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> StoryError {
    move |error| StoryError::System { what, error }
}

/// When the turns of the story came, on the clock of the fleet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    pub(super) fault_ms: u64,
    pub(super) back_ms: u64,
    pub(super) normal_ms: u64,
    pub(super) last_round_ms: u64,
}

/// All that the verdict needs.
pub(super) struct Played {
    pub(super) lease_s: u32,
    pub(super) moments: Moments,
    pub(super) findings: Findings,
    pub(super) tables: [Table; 2],
    pub(super) final_status: [StatusRow; 2],
}

/// The demo while it runs.
pub(super) struct Story<'a> {
    args: &'a DemoArgs,
    seed: u64,
    pace: Pace,
    timeline: &'a Arc<Timeline>,
    interrupted: Arc<AtomicBool>,
    // In this order: clients, watchers, servers, and then their files.
    fleet: Fleet,
    watch: Watch,
    members: [Member; 2],
    directory: WorkDirectory,
    expected_down: bool,
    row_ms: u64,
    row_acks: u64,
}

impl<'a> Story<'a> {
    /// Starts both servers and the relay agent.
    pub(super) fn new(
        args: &'a DemoArgs,
        seed: u64,
        timeline: &'a Arc<Timeline>,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, StoryError> {
        let pace = if args.quick { QUICK } else { FULL };
        let socket = relay_socket(RELAY).map_err(system("open the relay agent's socket"))?;
        let relay_port = socket.local_addr().map_err(system("read the relay agent's port"))?.port();
        // Ports and directories must differ between two runs with one seed.
        let mut places = Random::new(seed ^ u64::from(std::process::id()) << 32);
        let directory = WorkDirectory::open(args.keep.as_deref(), &mut places)
            .map_err(system("make a directory"))?;
        let plan = Plan {
            executable: std::env::current_exe().map_err(system("find this program"))?,
            directory: directory.path().to_owned(),
            subnet: SUBNET.to_owned(),
            range: RANGE.to_owned(),
            lease_s: pace.lease_s,
            mclt_s: pace.mclt_s,
            receive_timer_s: pace.receive_timer_s,
            addresses: SERVERS,
            relay_port,
            arguments: Vec::new(),
        };
        let members = start_servers(&plan, &mut places)?;
        let [a, b] = &members;
        let watch = Watch::start([(a.name, a.admin.clone()), (b.name, b.admin.clone())], timeline);
        let fleet = Fleet::start(socket, vec![a.dhcp, b.dhcp], 1, seed)
            .map_err(system("start the clients"))?;
        timeline.line(
            Tone::Plain,
            &format!(
                "two servers on {} and {}, MCLT {} s, lease {} s, files in {}\n",
                a.dhcp,
                b.dhcp,
                pace.mclt_s,
                pace.lease_s,
                directory.path().display(),
            ),
        );
        timeline.line(
            Tone::Strong,
            "    time   a (primary)                b (secondary)              leases   acks/s",
        );
        let (expected_down, row_ms, row_acks) = (false, 0, 0);
        Ok(Self {
            args,
            seed,
            pace,
            timeline,
            interrupted,
            fleet,
            watch,
            members,
            directory,
            expected_down,
            row_ms,
            row_acks,
        })
    }

    /// Plays the story; what the clients and the servers say is judged at its end.
    pub(super) fn play(&mut self) -> Result<Played, StoryError> {
        let mut moments = Moments::default();
        self.wait("both servers NORMAL", |story| story.watch.both_normal())?;
        let clients = usize::from(self.args.clients);
        self.say(format!("{clients} clients arrive"));
        self.fleet.add(clients, self.pace.arrival_ms);
        self.wait("a lease for every client", |story| story.everybody_is_bound())?;
        self.pause(self.pace.traffic_ms)?;

        let new = usize::from(self.args.clients) * 9 / 20;
        self.say(format!("{new} more clients begin to arrive"));
        self.fleet.add(new, self.pace.arrival_ms);
        self.pause(self.pace.arrival_ms / 15)?;
        moments.fault_ms = self.fleet.now_ms();
        self.break_a()?;
        self.pause(self.pace.outage_ms / 2)?;
        self.say(format!("{} clients leave and give their addresses back", self.few()));
        let mut choice = Random::new(self.seed);
        self.fleet.release(self.few(), &mut choice);
        self.pause(self.pace.outage_ms / 2)?;
        self.wait("a lease for every client during the outage", |story| {
            story.everybody_is_bound() && story.watch.state(1) == "COMMUNICATIONS-INTERRUPTED"
        })?;

        moments.back_ms = self.fleet.now_ms();
        self.mend_a()?;
        self.wait("both servers NORMAL again", |story| story.watch.both_normal())?;
        moments.normal_ms = self.fleet.now_ms();
        self.say(format!("both servers are NORMAL again; {} clients arrive", self.few()));
        self.fleet.add(self.few(), self.pace.traffic_ms / 2);
        self.pause(self.pace.traffic_ms)?;

        self.say("every client renews once more".to_owned());
        self.fleet.hold();
        moments.last_round_ms = self.fleet.now_ms();
        self.fleet.renew_all(self.pace.last_round_ms);
        self.pause(self.pace.last_round_ms)?;
        self.wait("an answer for every client", |story| story.fleet.counts().waiting == 0)?;
        let (findings, tables) = self.settle()?;
        let final_status = self.final_status()?;
        Ok(Played { lease_s: self.pace.lease_s, moments, findings, tables, final_status })
    }

    /// Makes the report, or tells why there is none; then everything ends.
    pub(super) fn end(mut self, played: Result<Played, StoryError>) -> Result<Report, StoryError> {
        let report = played.map(|played| {
            let counts = self.fleet.counts();
            let mut report = verdict::report(
                self.args,
                self.seed,
                &played,
                &self.fleet.ledger(),
                &self.fleet.refusals(),
                &counts,
            );
            report.timeline = self.timeline.events();
            report.total_ms = self.timeline.now_ms();
            report
        });
        let good = report.as_ref().is_ok_and(Report::passed);
        if !good && !matches!(report, Err(StoryError::Interrupted)) {
            self.directory.keep();
            for member in &self.members {
                eprintln!("--- last lines of {}:", member.process.log().display());
                eprintln!("{}", member.process.log_tail());
            }
        }
        report
    }

    /// A twentieth of the clients.
    fn few(&self) -> usize {
        usize::from(self.args.clients).div_ceil(20)
    }

    fn everybody_is_bound(&self) -> bool {
        let counts = self.fleet.counts();
        counts.bound == counts.clients
    }

    fn break_a(&mut self) -> Result<(), StoryError> {
        let [a, _] = &mut self.members;
        let id = a.process.id().unwrap_or_default();
        match self.args.fault {
            Fault::Kill | Fault::DiskLoss => {
                a.process.kill().map_err(system("kill a server"))?;
                self.expected_down = true;
                self.say(format!("SIGKILL to server a (process {id}) in mid traffic"));
            }
            Fault::Stall => {
                a.process.stall().map_err(system("stop a server"))?;
                self.say(format!("SIGSTOP to server a (process {id}) in mid traffic"));
            }
        }
        Ok(())
    }

    fn mend_a(&mut self) -> Result<(), StoryError> {
        let [a, _] = &mut self.members;
        match self.args.fault {
            Fault::Stall => {
                a.process.go_on().map_err(system("let a server go on"))?;
                self.say("SIGCONT: server a goes on where it stood".to_owned());
            }
            fault => {
                if fault == Fault::DiskLoss {
                    std::fs::remove_file(&a.store).map_err(system("remove a lease store"))?;
                }
                a.process.start().map_err(system("restart a server"))?;
                self.expected_down = false;
                let how =
                    if fault == Fault::DiskLoss { "with an empty disk" } else { "on its store" };
                self.say(format!("server a starts again {how}"));
            }
        }
        Ok(())
    }

    /// Judges again and again until all is well or the servers had time enough to agree.
    fn settle(&mut self) -> Result<(Findings, [Table; 2]), StoryError> {
        let deadline_ms = self.fleet.now_ms() + SETTLE_MS;
        loop {
            let tables = [0, 1]
                .map(|index| self.members.get(index).map(|member| remote::leases(&member.admin)));
            let [Some(Ok(a)), Some(Ok(b))] = tables else {
                let error = io::Error::other(format!("{tables:?}"));
                return Err(StoryError::System { what: "read a lease table", error });
            };
            // The time is taken after the tables: a lease that ended in between is not missed, and
            // one that is still running must be in both.
            let findings = judge(&Evidence {
                acks: &self.fleet.ledger(),
                now_ms: self.fleet.now_ms(),
                now_unix_ms: unix_ms(),
                tables: [("a", &a), ("b", &b)],
            });
            let over = self.fleet.now_ms() >= deadline_ms;
            if over || (findings.is_clean() && self.watch.nothing_pending()) {
                return Ok((findings, [a, b]));
            }
            self.pause(200)?;
        }
    }

    fn final_status(&self) -> Result<[StatusRow; 2], StoryError> {
        let [a, b] = &self.members;
        let ask = |member: &Member| {
            remote::status(&member.admin).map_err(|error| StoryError::System {
                what: "read a server's status",
                error: io::Error::other(error),
            })
        };
        Ok([ask(a)?, ask(b)?])
    }

    fn say(&self, text: String) {
        self.timeline.note(Tone::Strong, format!("* {text}"));
    }

    /// Waits until `condition` holds.
    fn wait(&mut self, what: &str, condition: impl Fn(&Self) -> bool) -> Result<(), StoryError> {
        let deadline_ms = self.fleet.now_ms() + PATIENCE_MS;
        while !condition(self) {
            if self.fleet.now_ms() >= deadline_ms {
                let (a, b) = (self.watch.state(0), self.watch.state(1));
                return Err(StoryError::Late {
                    what: what.to_owned(),
                    limit_s: PATIENCE_MS / 1000,
                    situation: format!("servers in {a} and {b}, {:?}", self.fleet.counts()),
                });
            }
            self.look()?;
        }
        Ok(())
    }

    fn pause(&mut self, for_ms: u64) -> Result<(), StoryError> {
        let end_ms = self.fleet.now_ms() + for_ms;
        while self.fleet.now_ms() < end_ms {
            self.look()?;
        }
        Ok(())
    }

    /// Lets a moment pass; notices signals and dead servers, and prints a row every second.
    fn look(&mut self) -> Result<(), StoryError> {
        std::thread::sleep(LOOK);
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(StoryError::Interrupted);
        }
        for member in &mut self.members {
            if let Some(status) = member.process.exited() {
                return Err(StoryError::Ended { name: member.name, how: status.to_string() });
            }
        }
        let now_ms = self.timeline.now_ms();
        if now_ms / 1000 > self.row_ms / 1000 {
            let counts = self.fleet.counts();
            let rate = (counts.acks - self.row_acks) * 1000 / (now_ms - self.row_ms).max(1);
            let down = if self.expected_down { "(down)".to_owned() } else { self.watch.state(0) };
            let b = self.watch.state(1);
            let row =
                format!("{}  {down:<26} {b:<26} {:>6} {rate:>8}", seconds(now_ms), counts.bound);
            self.timeline.line(Tone::Plain, &row);
            (self.row_ms, self.row_acks) = (now_ms, counts.acks);
        }
        Ok(())
    }
}

/// Starts two servers; chooses other ports when one of them ends at once.
fn start_servers(plan: &Plan, random: &mut Random) -> Result<[Member; 2], StoryError> {
    let mut attempt = 1;
    loop {
        let mut members = prepare(plan, random).map_err(system("write the configuration"))?;
        for member in &mut members {
            member.process.start().map_err(system("start a server"))?;
        }
        std::thread::sleep(Duration::from_millis(300));
        let ended = members.iter_mut().find_map(|member| {
            member.process.exited().map(|status| (member.name, status, member.process.log_tail()))
        });
        match ended {
            None => return Ok(members),
            Some((name, status, log)) if attempt == STARTS_MAX => {
                return Err(StoryError::Ended { name, how: format!("{status}\n{log}") });
            }
            Some(_) => attempt += 1,
        }
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
