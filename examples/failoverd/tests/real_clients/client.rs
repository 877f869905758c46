//! dhclient and udhcpc, each in a namespace of its own, with scripts that note what they were told.

use crate::lab::{Guest, INTERFACE, Lab};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Which program, and whether it asks for broadcast answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Dhclient,
    Udhcpc,
    UdhcpcBroadcast,
}

/// One lease a client told its script about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) reason: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) server: Ipv4Addr,
}

/// A running client.
pub(crate) struct RealClient {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// The hardware address as hexadecimal digits.
    pub(crate) hardware: String,
    guest: Guest,
    notes: PathBuf,
}

impl RealClient {
    /// Starts the `number`th client; its files go to `directory`.
    pub(crate) fn start(lab: &mut Lab, directory: &Path, kind: Kind, number: u8) -> Self {
        let name = format!("c{number}");
        let hardware = format!("02:dc:00:00:00:{number:02x}");
        let space = lab.host(&name, &hardware, None).expect("a namespace for a client");
        let file = |extension: &str| directory.join(format!("{name}.{extension}"));
        let text = |path: PathBuf| path.to_str().expect("a path of letters").to_owned();
        let notes = file("notes");
        let script = file("sh");
        let body = match kind {
            Kind::Dhclient => DHCLIENT_SCRIPT,
            Kind::Udhcpc | Kind::UdhcpcBroadcast => UDHCPC_SCRIPT,
        };
        let head =
            format!("#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nnotes={}\n", notes.display());
        std::fs::write(&script, head + body).expect("a script");
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("a mode");
        let config = file("conf");
        std::fs::write(&config, DHCLIENT_CONFIG).expect("a configuration");
        let (script, config) = (text(script), text(config));
        let (leases, pid) = (text(file("leases")), text(file("pid")));
        let command: Vec<&str> = match kind {
            Kind::Dhclient => vec![
                "dhclient", "-4", "-d", "-cf", &config, "-sf", &script, "-lf", &leases, "-pf",
                &pid, INTERFACE,
            ],
            Kind::Udhcpc => vec![
                "udhcpc", "-f", "-i", INTERFACE, "-s", &script, "-p", &pid, "-t", "20", "-T", "1",
                "-A", "1",
            ],
            Kind::UdhcpcBroadcast => vec![
                "udhcpc", "-B", "-f", "-i", INTERFACE, "-s", &script, "-p", &pid, "-t", "20", "-T",
                "1", "-A", "1",
            ],
        };
        let guest = Guest::start(&space, &command, &file("log"));
        Self { kind, name, hardware: hardware.replace(':', ""), guest, notes }
    }

    /// Every lease so far, in order.
    pub(crate) fn told(&self) -> Vec<Told> {
        let text = std::fs::read_to_string(&self.notes).unwrap_or_default();
        text.lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                let reason = words.next()?.to_owned();
                let (address, server) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
                Some(Told { reason, address, server })
            })
            .collect()
    }

    /// Asks udhcpc to renew now; dhclient does it by itself, for the server tells it a short T1.
    pub(crate) fn urge(&self) {
        if self.kind != Kind::Dhclient {
            self.guest.signal("USR1");
        }
    }
}

const DHCLIENT_SCRIPT: &str = r#"
echo "$reason $new_ip_address $new_dhcp_server_identifier" >>"$notes"
case "$reason" in
    BOUND|RENEW|REBIND|REBOOT) ip address replace "$new_ip_address/16" dev eth0 ;;
    EXPIRE|FAIL|RELEASE|STOP) ip address flush dev eth0 ;;
esac
"#;

const UDHCPC_SCRIPT: &str = r#"
echo "$1 $ip $serverid" >>"$notes"
case "$1" in
    bound|renew) ip address replace "$ip/16" dev eth0 ;;
    deconfig) ip address flush dev eth0 ;;
esac
"#;

/// Quick retries, and the server's T1 and T2.
const DHCLIENT_CONFIG: &str = "
timeout 60;
retry 2;
reboot 2;
select-timeout 0;
initial-interval 1;
backoff-cutoff 2;
also request dhcp-renewal-time, dhcp-rebinding-time;
";
