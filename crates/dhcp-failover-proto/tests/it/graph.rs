//! The table as a graph, to lay beside figure 9.2-1 of the draft.

use crate::{ORDER, snapshot};
use dhcp_failover_proto::{Cause, Outcome, rules_of};
use std::collections::BTreeMap;
use std::fmt::Write;

fn label(cause: Cause) -> String {
    match cause {
        Cause::Partner(state) => format!("partner {state}"),
        Cause::PartnerStarting(state) => format!("partner starting {state}"),
        other => other.to_string(),
    }
}

/// The edges with what leads along them, each once.
fn edges() -> BTreeMap<(&'static str, &'static str), Vec<String>> {
    let mut edges = BTreeMap::<_, Vec<String>>::new();
    for (own, _) in ORDER {
        for rule in rules_of(own) {
            let Outcome::Enter(to) = rule.outcome else { continue };
            let role = rule.role.map_or(String::new(), |role| format!("{role}: "));
            let causes = rule.causes.iter().map(|cause| format!("{role}{}", label(*cause)));
            edges.entry((own.name(), to.name())).or_default().extend(causes);
        }
    }
    edges
}

#[test]
fn the_graph_is_as_shown() {
    let mut dot = String::from(
        "// The state machine as a graph, generated from src/table/. STARTUP leads to the state\n\
         // before it; PAUSED and SHUTDOWN, to which an order leads from anywhere, to a restart.\n\
         // Render with: dot -Tsvg states.dot\n\
         digraph states {\n  node [shape=box];\n  \"STARTUP\" [style=dashed];\n",
    );
    let mut mermaid = String::from("stateDiagram-v2\n");
    let name = |state: &str| state.replace('-', "_");
    for ((from, to), causes) in edges() {
        if matches!(to, "PAUSED" | "SHUTDOWN") {
            continue;
        }
        let _ = writeln!(dot, "  \"{from}\" -> \"{to}\" [label=\"{}\"];", causes.join("\\n"));
        let _ = writeln!(mermaid, "  {} --> {}: {}", name(from), name(to), causes.join(", "));
    }
    dot.push_str("}\n");
    snapshot::check("states.dot", &dot);
    snapshot::check("states.mmd", &mermaid);
}
