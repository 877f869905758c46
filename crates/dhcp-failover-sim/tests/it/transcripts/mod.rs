//! The figures of the draft as scripts in plain text, played by a simulated pair.
//!
//! A script is read from the top. `#` begins a comment. What somebody does:
//!
//! ```text
//! given MCLT 60 s            pool 8 addresses, clients 3, leases 600 s, network 2 ms,
//!                            updates 1 in a message at most
//! both start                 A starts, B crashes, A is told partner-down, the connection breaks
//! the network is cut         and  the network is mended
//! clients ask                all of them join;  clients fall silent, clients hear only B
//! clients leave              all give their leases back;  client 0 leaves
//! 30 s pass
//! until both are in NORMAL   at most 1000 s
//! the operator errs          so that duplicates are possible
//! from here                  what happened so far is not compared
//! ```
//!
//! What must happen, in this order and with nothing else between but CONTACT:
//!
//! ```text
//! A: sends UPDREQ            A: enters RECOVER-WAIT        B: sends STATE NORMAL
//! A: sends BNDUPD            whatever it says; or with what it says, as in figure_5_2_1_1.txt
//! A: gives client 0 192.0.2.1 for 60 s       a DHCPACK; where none is in a script, all are ignored
//! ... BNDUPD and BNDACK      any number of these, by either
//! 55 to 65 s later           the next step comes so much after the one before
//! ```

use dhcp_failover_proto::{Command, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};

/// No address is leased twice in a script without this line.
const ERRS: &str = "the operator errs";

const GIVES: &str = "gives client";
const UPDATE: &str = "sends BNDUPD";

/// A step without what a message says.
fn first_words(step: &str) -> &str {
    step.match_indices(' ').nth(1).map_or(step, |(at, _)| &step[..at])
}

/// What stands in a line.
enum Line<'a> {
    Step(Host, &'a str),
    AnyNumberOf(Vec<&'a str>),
    Later(u64, u64),
    FromHere,
    Do(&'a str),
}

fn host(name: &str) -> Option<Host> {
    match name {
        "A" => Some(Host::A),
        "B" => Some(Host::B),
        _ => None,
    }
}

fn read(line: &str) -> Line<'_> {
    if let Some((who, step)) = line.split_once(": ")
        && let Some(who) = host(who)
    {
        return Line::Step(who, step.trim());
    }
    if let Some(kinds) = line.strip_prefix("... ") {
        return Line::AnyNumberOf(kinds.split(" and ").collect());
    }
    if let Some(range) = line.strip_suffix(" s later")
        && let Some((from, to)) = range.split_once(" to ")
        && let (Ok(from), Ok(to)) = (from.parse(), to.parse())
    {
        return Line::Later(from, to);
    }
    if line == "from here" { Line::FromHere } else { Line::Do(line) }
}

/// The steps of a script before its end, each with its number and without comments.
fn lines(script: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = script.lines().enumerate().map(|(number, line)| {
        let line = line.split_once('#').map_or(line, |(line, _)| line);
        (number + 1, line.trim())
    });
    numbered.filter(|(_, line)| !line.is_empty())
}

fn number(words: &[&str], at: usize) -> Result<u64, String> {
    let word = words.get(at).ok_or("a number is missing")?;
    word.parse().map_err(|_| format!("{word:?} is no number"))
}

fn given(setup: &mut Setup, text: &str) -> Result<(), String> {
    for fact in text.split(", ") {
        let words: Vec<&str> = fact.split_whitespace().collect();
        let value = number(&words, 1)?;
        match words.first().copied() {
            Some("MCLT") => setup.mclt_s = value,
            Some("leases") => setup.lease_s = value,
            Some("network") => setup.net_delay_ms = value,
            Some("clients") => setup.clients = value as usize,
            Some("pool") => setup.pool = value as u16,
            Some("updates") => setup.max_batch = [value as usize; 2],
            _ => return Err(format!("unknown fact {fact:?}")),
        }
    }
    Ok(())
}

fn act(pair: &mut Pair, line: &str, clients: usize) -> Result<(), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let who = words.first().and_then(|name| host(name));
    match (who, words.as_slice()) {
        _ if line == ERRS => {}
        (_, ["both", "start"]) => pair.start_both(),
        (_, ["the", "connection", "breaks"]) => pair.cut(),
        (_, ["the", "network", "is", "cut"]) => pair.partition(true),
        (_, ["the", "network", "is", "mended"]) => pair.partition(false),
        (_, ["clients", "ask"]) => (0..clients).for_each(|number| pair.join(number)),
        (_, ["clients", "fall", "silent"]) => (0..clients).for_each(|number| pair.mute(number)),
        (_, ["clients", "leave"]) => (0..clients).for_each(|number| leave(pair, number)),
        (_, ["client", _, "leaves"]) => leave(pair, number(&words, 1)? as usize),
        (_, ["clients", "hear", "only", name]) => {
            let other = host(name).ok_or("nobody of that name")?.partner();
            (0..clients).for_each(|number| pair.set_reach(number, other, false));
        }
        (_, [_, "s", "pass"]) => pair.run_s(number(&words, 0)?),
        (_, ["until", "both", "are", "in", name]) => {
            let wanted = State::ALL.into_iter().find(|state| state.name() == *name);
            let wanted = wanted.ok_or_else(|| format!("unknown state {name}"))?;
            if !pair.run_until(1_000, |pair| pair.states() == [Some(wanted); 2]) {
                return Err(format!("they are in {:?} instead", pair.states()));
            }
        }
        (Some(who), [_, "starts"]) => pair.start(who),
        (Some(who), [_, "crashes"]) => pair.crash(who, Survives::Everything),
        (Some(who), [_, "loses", "its", "disk"]) => pair.lose_disk(who),
        (Some(who), [_, "is", "told", "partner-down"]) => pair.command(who, Command::PartnerDown),
        (Some(who), [_, "is", "told", "pause"]) => pair.command(who, Command::Pause),
        (Some(who), [_, "is", "told", "shutdown"]) => pair.command(who, Command::Shutdown),
        _ => return Err("nobody knows how to do that".to_owned()),
    }
    Ok(())
}

fn leave(pair: &mut Pair, number: usize) {
    pair.mute(number);
    pair.release(number);
}

/// Plays a script.
///
/// # Errors
/// The first line that is wrong, and what happened instead.
fn play(script: &str) -> Result<(), String> {
    let mut setup = Setup { clients: 3, pool: 8, ..Setup::new(7) };
    let at = |number: usize, line: &str, text: String| format!("line {number}: {line}\n  {text}");
    for (number, line) in lines(script) {
        if let Some(facts) = line.strip_prefix("given ") {
            given(&mut setup, facts).map_err(|text| at(number, line, text))?;
        }
    }
    let clients = setup.clients;
    let mut pair = Pair::new(setup);
    pair.record_trace();
    let ignores_clients = !lines(script).any(|(_, line)| line.contains(GIVES));
    let (mut next, mut last_ms, mut later) = (0, 0, None);
    let mut any: Vec<&str> = Vec::new();
    for (number, line) in lines(script) {
        match read(line) {
            Line::Do(line) if line.starts_with("given ") => {}
            Line::Do(line) => {
                act(&mut pair, line, clients).map_err(|text| at(number, line, text))?;
            }
            Line::FromHere => next = pair.trace().len(),
            Line::AnyNumberOf(kinds) => any = kinds,
            Line::Later(from, to) => later = Some((from, to)),
            Line::Step(who, step) => {
                let skipped = |what: &str| {
                    let kind = what.strip_prefix("sends ").and_then(|it| it.split(' ').next());
                    kind.is_some_and(|kind| kind == "CONTACT" || any.contains(&kind))
                        || ignores_clients && what.starts_with(GIVES)
                };
                let is = |entry: &(u64, Host, String)| {
                    let what = if step == UPDATE { first_words(&entry.2) } else { &entry.2 };
                    entry.1 == who && what == step
                };
                while pair.trace().get(next).is_some_and(|it| !is(it) && skipped(&it.2)) {
                    next += 1;
                }
                let found = pair.trace().get(next).filter(|entry| is(entry)).map(|entry| entry.0);
                let Some(found) = found else {
                    return Err(at(number, line, instead(&pair, next)));
                };
                let passed = found.saturating_sub(last_ms) / 1_000;
                if let Some((from, to)) =
                    later.take().filter(|(from, to)| passed < *from || passed > *to)
                {
                    let text = format!("came after {passed} s, not after {from} to {to} s");
                    return Err(at(number, line, text));
                }
                (next, last_ms) = (next + 1, found);
                any.clear();
            }
        }
    }
    if !lines(script).any(|(_, line)| line == ERRS) {
        pair.assert_clean();
    }
    Ok(())
}

/// What happened in the place of a line.
fn instead(pair: &Pair, next: usize) -> String {
    let before: Vec<_> = pair.trace().iter().take(next).rev().take(3).collect();
    let after = pair.trace().iter().skip(next).take(40);
    let show = |mark: &str, (at, who, step): &(u64, Host, String)| {
        format!("\n  {mark} {:>9.3} s  {who:?}: {step}", *at as f64 / 1_000.0)
    };
    let before: String = before.into_iter().rev().map(|entry| show(" ", entry)).collect();
    let after: String = after.map(|entry| show("!", entry)).collect();
    let after = if after.is_empty() { "\n  ! nothing more".to_owned() } else { after };
    format!("did not happen there; this did:{before}{after}")
}

fn plays(script: &str) {
    if let Err(text) = play(script) {
        panic!("{text}");
    }
}

/// §5.2.1: a lease is the MCLT long, then as long as desired, and the partner hears of what may come.
#[test]
fn figure_5_2_1_1_lazy_update_message_traffic() {
    plays(include_str!("figure_5_2_1_1.txt"));
}

/// §9.5.2: a server that was down comes back to a partner that was told so.
#[test]
fn figure_9_5_2_1_transition_out_of_recover() {
    plays(include_str!("figure_9_5_2_1.txt"));
}

/// §9.9.3: contact is lost and comes back.
#[test]
fn figure_9_9_3_1_communications_interrupted_and_back() {
    plays(include_str!("figure_9_9_3_1.txt"));
}

/// §7.6, §7.7: what comes between the dots of the same figure, where the secondary asks first.
#[test]
fn figure_9_9_3_1_pool_exchange() {
    plays(include_str!("figure_9_9_3_1_pool_exchange.txt"));
}

/// §9.10.3: both were alone.
#[test]
fn figure_9_10_3_1_transition_out_of_potential_conflict() {
    plays(include_str!("figure_9_10_3_1.txt"));
}

/// A script that is wrong is told from one that is right, whichever line it is, and the message
/// names the line and shows what happened.
#[test]
fn a_wrong_line_is_found() {
    let script = include_str!("figure_9_5_2_1.txt");
    let steps: Vec<usize> = lines(script)
        .filter(|(_, line)| matches!(read(line), Line::Step(..)))
        .map(|(number, _)| number)
        .collect();
    assert!(steps.len() > 10);
    for wrong in steps {
        let changed: Vec<String> = script
            .lines()
            .enumerate()
            .map(|(number, line)| match number + 1 == wrong {
                true => "A: sends DISCONNECT".to_owned(),
                false => line.to_owned(),
            })
            .collect();
        let error = play(&changed.join("\n")).expect_err("it was wrong");
        assert!(error.starts_with(&format!("line {wrong}: ")), "{error}");
        assert!(error.contains("this did:"), "{error}");
    }
    let error = play("both start\nA dances").expect_err("it was wrong");
    assert!(error.contains("line 2: A dances"), "{error}");
}
