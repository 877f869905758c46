//! The examples of how relationships are viewed and edited, as scripts with what they print.

use crate::site::{Site, Sites, scope};
use std::path::Path;
use std::process::{Command, Stdio};

/// Two servers with an active-standby relationship for two scopes and an empty one with load balance.
fn pair(sites: &mut Sites) -> [Site; 2] {
    let scopes = [scope(81, 49, ""), scope(82, 49, "")].concat();
    let mut dc1 = sites.start(2, "dc1", &scopes);
    let mut dhcp1 = sites.start(3, "dhcp1", &scopes);
    let sides = [(&dc1, &dhcp1, ["Active", "Secondary"]), (&dhcp1, &dc1, ["Standby", "Primary"])];
    for (site, partner, [role, server_type]) in sides {
        let partner = partner.failover.to_string();
        let add = ["add", "--partner-server", &partner, "--name"];
        let standby = ["dc1-dhcp1", "--server-role", role, "--scope-id", "127.81.0.0,127.82.0.0"];
        site.must(&[&add[..], &standby].concat());
        let balanced = ["dhcp1-dc1 load balance", "--server-type", server_type, "--empty"];
        site.must(&[&add[..], &balanced].concat());
    }
    for site in [&mut dc1, &mut dhcp1] {
        site.wait_for_state("dc1-dhcp1", "NORMAL");
        site.wait_for_state("dhcp1-dc1 load balance", "NORMAL");
    }
    [dc1, dhcp1]
}

/// Runs `scripts/NAME.sh` with failoverctl in its path; it must print `scripts/NAME.out`.
fn run(site: &Site, name: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/relationships/scripts");
    let programs = Path::new(env!("CARGO_BIN_EXE_failoverctl")).parent().expect("a directory");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .arg("-e")
        .arg(directory.join(format!("{name}.sh")))
        .env("PATH", path)
        .env("SOCKET", &site.admin)
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let errors = String::from_utf8_lossy(&output.stderr);
    let expected = std::fs::read_to_string(directory.join(format!("{name}.out"))).expect("a file");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{name}: {errors}");
    assert!(output.status.success(), "{name}: {errors}");
}

#[test]
fn the_examples_of_viewing_and_editing_print_what_they_should() {
    let mut sites = Sites::new();
    let [mut dc1, _dhcp1] = pair(&mut sites);
    run(&dc1, "view");
    run(&dc1, "edit");
    // A moment later the servers have agreed again.
    dc1.wait_for_state("dhcp1-dc1 load balance", "NORMAL");
    run(&dc1, "delete");
}
