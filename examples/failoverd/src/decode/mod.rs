//! `failoverctl decode`: the failover messages of a capture, readable.

mod line;
mod record;

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use dhcp_failover_capture::{CaptureError, DEFAULT_PORTS, Options, Reader, Statistics};
use dhcp_failover_wire::Dialect;
use thiserror::Error;

use record::Checker;

/// Show the failover messages of a capture.
///
/// One line a message: the time, who sent it to whom, its type, its transaction id and its options.
/// A broken message is shown with what is wrong with it, and does not stop the rest or make the
/// command fail.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A pcap or pcapng file; `-` reads the standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A port to look at, on either side; may be given several times [default: 647, 847, 519, 520].
    #[arg(long = "port", value_name = "PORT")]
    ports: Vec<u16>,
    /// How the servers speak.
    #[arg(long, value_enum, default_value_t = DialectArgument::Auto)]
    dialect: DialectArgument,
    /// Check the message digests with the shared secret in this file (without a newline at its
    /// end).
    #[arg(long, value_name = "SECRET_FILE")]
    verify_secret: Option<PathBuf>,
}

/// `--dialect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DialectArgument {
    /// Found out for each connection by what the servers call themselves.
    Auto,
    /// The text of draft-ietf-dhc-failover-12.
    Draft12,
    /// ISC dhcpd.
    Isc,
    /// Windows Server.
    Microsoft,
}

impl DialectArgument {
    const fn dialect(self) -> Option<Dialect> {
        match self {
            Self::Auto => None,
            Self::Draft12 => Some(Dialect::Draft12),
            Self::Isc => Some(Dialect::IscDhcpd),
            Self::Microsoft => Some(Dialect::MICROSOFT),
        }
    }
}

/// Why a capture cannot be shown, or not in full.
#[derive(Debug, Error)]
pub enum DecodeFailure {
    /// The file cannot be opened.
    #[error("cannot read {}: {error}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// It is no capture, or one with an end that is missing.
    #[error("{}: {error}", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: CaptureError,
    },
    /// There is nothing to show.
    #[error("{0}")]
    Nothing(String),
    /// The reader of our output is gone, or the disk is full.
    #[error("cannot write the messages: {0}")]
    Write(io::Error),
}

/// Shows the messages of a capture on `out`, as lines or as one JSON object a line.
///
/// # Errors
///
/// [`DecodeFailure`]; what could be shown was shown before. A reader that closes early, such as
/// `head`, is no error.
pub fn run(
    arguments: &Arguments,
    as_json: bool,
    out: &mut impl Write,
) -> Result<(), DecodeFailure> {
    match show(arguments, as_json, out) {
        Err(DecodeFailure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn show(arguments: &Arguments, as_json: bool, out: &mut impl Write) -> Result<(), DecodeFailure> {
    let checker = match &arguments.verify_secret {
        Some(path) => Some(Checker::new(&read_secret(path)?)),
        None => None,
    };
    let path = &arguments.file;
    let capture = |error| DecodeFailure::Capture { path: path.clone(), error };
    let ports = match &arguments.ports[..] {
        [] => DEFAULT_PORTS.to_vec(),
        ports => ports.to_vec(),
    };
    let options = Options { ports: ports.clone(), dialect: arguments.dialect.dialect() };
    let source: Box<dyn io::Read + Send> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(
            File::open(path).map_err(|error| DecodeFailure::Open { path: path.clone(), error })?,
        )
    };
    let mut reader = Reader::new(source, options).map_err(capture)?;
    let mut shown = 0_u64;
    let mut ended = Ok(());
    for found in reader.by_ref() {
        match found {
            Ok(found) => {
                shown += 1;
                let record = record::Record::new(&found, checker.as_ref());
                let written =
                    if as_json { record.write_json(out) } else { line::write(&record, out) };
                written.map_err(DecodeFailure::Write)?;
            }
            Err(error) => ended = Err(capture(error)),
        }
    }
    out.flush().map_err(DecodeFailure::Write)?;
    tell_incomplete(reader.statistics());
    ended?;
    if shown == 0 {
        return Err(DecodeFailure::Nothing(nothing_found(&ports, reader.statistics())));
    }
    Ok(())
}

/// What the messages shown may lack, beside them.
fn tell_incomplete(statistics: &Statistics) {
    for (count, what) in [
        (statistics.cut_segments, "segments were not captured in full: capture with -s 0"),
        (statistics.fragments, "IP fragments were not put together"),
    ] {
        if count > 0 {
            eprintln!("failoverctl: note: {count} {what}");
        }
    }
}

fn read_secret(path: &Path) -> Result<Vec<u8>, DecodeFailure> {
    let open = |error| DecodeFailure::Open { path: path.to_path_buf(), error };
    let mut secret = std::fs::read(path).map_err(open)?;
    while secret.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        secret.pop();
    }
    if secret.is_empty() {
        let error = io::Error::new(io::ErrorKind::InvalidData, "the secret is empty");
        return Err(open(error));
    }
    Ok(secret)
}

/// What was looked for, what is there instead, and what to do.
fn nothing_found(ports: &[u16], statistics: &Statistics) -> String {
    let list = |numbers: &mut dyn Iterator<Item = u16>| {
        numbers.map(|port| port.to_string()).collect::<Vec<_>>().join(", ")
    };
    let asked = list(&mut ports.iter().copied());
    let packets = statistics.packets;
    let mut text = if statistics.segments > 0 {
        format!(
            "no failover message in {} TCP segments on port {asked}: they carry no data",
            statistics.segments
        )
    } else if statistics.other_ports.is_empty() {
        format!("no TCP traffic on port {asked} in {packets} packets, and none on other ports")
    } else {
        let others = list(&mut statistics.other_ports.keys().copied());
        format!(
            "no TCP traffic on port {asked} in {packets} packets; there is some on {others}: name \
             the port of the failover with --port"
        )
    };
    if statistics.unknown_link > 0 {
        text += &format!("; {} packets are of an unknown kind of link", statistics.unknown_link);
    }
    text
}
