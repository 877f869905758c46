//! The commands that read files and ask no server.

use crate::config::Config;
use crate::dhcpd;
use crate::dhcpd::import::Imported;
use crate::dhcpd::leases::LeaseFile;
use dhcp_failover_lease::LeaseInstant;
use std::path::Path;
use std::time::SystemTime;

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let bytes = match file.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()).map(String::into_bytes),
        _ => std::fs::read(file),
    };
    bytes.map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// The configuration that a dhcpd.conf becomes.
pub(super) fn convert(file: &Path) -> Result<String, String> {
    let name = file.display();
    let converted = dhcpd::convert::convert(&read(file)?)
        .map_err(|error| format!("{name}, {error}: this is not dhcpd's syntax"))?;
    for left in &converted.left_out {
        eprintln!("failoverctl: not carried over: {name}, {left}");
    }
    Ok(converted.toml)
}

/// Puts the leases of a dhcpd.leases into the store of a configuration.
pub(super) fn import(config: &Path, file: &Path, dry_run: bool) -> Result<String, String> {
    let name = file.display();
    let config = Config::load(config).map_err(|errors| errors.to_string())?;
    let leases = LeaseFile::parse(&read(file)?);
    if leases.leases.is_empty() {
        return Err(format!("{name} holds no lease; is it a dhcpd.leases?"));
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let imported = Imported::new(&config, &leases, LeaseInstant::from_unix_s(now.as_secs()));
    if !dry_run {
        imported.store(&config).map_err(|error| error.to_string())?;
    }
    for left in &imported.left_out {
        eprintln!("failoverctl: not carried over: {name}, {left}");
    }
    Ok(format!("{imported}{}\n", if dry_run { " (not written)" } else { "" }))
}
