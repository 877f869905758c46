//! `failoverd demo` as a program: its exit code and its JSON.

use serde_json::Value;
use std::process::Command;

#[test]
fn a_small_demo_passes_and_prints_one_json_object() {
    let output = Command::new(env!("CARGO_BIN_EXE_failoverd"))
        .args(["demo", "--clients", "40", "--json", "--quick"])
        .output()
        .expect("the demo runs");
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let report: Value = serde_json::from_str(&stdout).expect("one JSON object and nothing else");
    for key in ["duplicate_addresses", "lost_leases", "changed_addresses"] {
        assert_eq!(report[key], 0, "{key}");
    }
    assert_eq!(report["tables_equal"], true);
    assert_eq!(report["leases"], report["clients"]);
    assert_eq!(
        (&report["final_state_a"], &report["final_state_b"]),
        (&"NORMAL".into(), &"NORMAL".into())
    );
    assert!(report["renewals_during_outage"].as_u64() >= Some(40), "{stdout}");
    assert!(report["new_leases_during_outage"].as_u64() >= Some(16), "{stdout}");
}
