//! One line a message, for people.

use std::{
    io,
    time::{Duration, SystemTime},
};

use super::record::Record;

/// `TIME SRC > DST TYPE xid N  NAME VALUE, ...`, each binding after a bar.
pub(super) fn write(record: &Record, out: &mut impl io::Write) -> io::Result<()> {
    let Record { src, dst, .. } = record;
    // The largest time a file can say is beyond the years that have a name.
    let latest = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let time = humantime::format_rfc3339_micros(record.captured.min(latest));
    write!(out, "{time} {src} > {dst} ")?;
    if let (Some(kind), Some(xid)) = (&record.kind, record.xid) {
        write!(out, "{kind} xid {xid}")?;
    }
    for option in &record.options {
        // Longer than all other options together, and of no use to a reader.
        let value = if option.code == 17 { "..." } else { &option.value };
        let separator = if option.code == 2 { " |" } else { "," };
        write!(out, "{separator} {} {value}", option.name)?;
    }
    if let Some(digest) = &record.digest {
        write!(out, "  [digest {digest}]")?;
    }
    if let Some(error) = &record.error {
        write!(out, "  BROKEN: {error}")?;
    }
    writeln!(out)
}
