//! What the routes answer, and that their description is true.

use super::openapi::Document;
use super::{BODY_MAX, routes};
use crate::admin::tests::{failover, figures, raw, start};
use dhcp_failover_relationship::cmdlet::{AddFailover, SetFailover};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use utoipa::OpenApi;

/// The status and the body of an answer.
async fn ask(socket: &Path, method: &str, target: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let answer = raw(socket, request.as_bytes()).await;
    let status = answer.get(9..12).and_then(|status| status.parse().ok());
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
    (status.unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_in_one_shape() {
    let harness = start(1);
    let recover = "/v1/relationships/a/recover";
    for (method, target, status, code, words) in [
        ("GET", "/v2/status", 404, 2, "\"/v2/status\""),
        ("GET", "/", 404, 2, "\"/\""),
        ("POST", "/v1/relationships//recover", 400, 87, "the name in the path is empty"),
        ("POST", "/v1/status", 405, 50, "POST is not possible on \"/v1/status\""),
        ("DELETE", "/v1/leases", 405, 50, "DELETE"),
        ("GET", recover, 405, 50, "GET is not possible"),
        ("GET", "/v1/status?relation=a", 400, 87, "\"relation\" is unknown"),
        ("GET", "/v1/status?relationship=a&relationship=b", 400, 87, "relationship is given twice"),
        ("GET", "/v1/leases?limit=0", 400, 87, "limit is 0"),
        ("GET", "/v1/leases?limit=5000", 400, 87, "limit is 5000"),
        ("GET", "/v1/leases?limit=many", 400, 87, "limit=\"many\" is not a number"),
        ("GET", "/v1/leases?after=2001:db8::1", 400, 87, "is not an IPv4 address"),
        ("POST", "/v1/relationships/a/partner-down?what-if=maybe", 400, 87, "is not true or false"),
        ("POST", "/v1/relationships/a/recover?what_if=true", 400, 87, "\"what_if\" is unknown"),
        ("POST", "/v1/relationships/%ff/recover", 400, 87, "not UTF-8"),
        ("POST", "/v1/relationships/nobody/partner-down", 404, 20115, "\"nobody\""),
    ] {
        let (found, body) = ask(&harness.administrators, method, target, "").await;
        assert_eq!((found, &body["error"]["code"]), (status, &json!(code)), "{method} {target}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{target}: {message}");
        assert_ne!(body["error"]["remedy"].as_str().unwrap(), "", "{target}");
    }
    assert!(
        harness.asked.lock().unwrap().iter().all(|it| matches!(
            it,
            crate::admin::AdminRequest::PartnerDown { relationship: Some(name) } if name == "nobody"
        )),
        "only the last one reached the core"
    );
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused_with_what_is_wrong() {
    let harness = start(0);
    let pairs = "/v1/relationships";
    let long = format!("{{\"Name\":\"{}\"}}", "x".repeat(BODY_MAX));
    for (method, target, body, status, words) in [
        ("POST", pairs, "", 400, "EOF"),
        ("POST", pairs, "Name=a", 400, "expected value"),
        ("POST", pairs, "[1]", 400, "invalid type"),
        ("POST", pairs, "{\"Nmae\":\"a\"}", 400, "unknown field `Nmae`, expected one of `Name`"),
        ("POST", pairs, "{\"Name\":1}", 400, "invalid type: integer `1`, expected a string"),
        (
            "POST",
            pairs,
            "{\"MaxClientLeadTime\":\"soon\"}",
            400,
            "\"soon\", expected a number of s",
        ),
        ("POST", pairs, "{\"Mode\":\"Both\"}", 400, "unknown variant `Both`"),
        ("POST", pairs, "{} {}", 400, "trailing characters"),
        ("POST", pairs, &long, 413, "more than 262144 bytes"),
        ("PATCH", "/v1/relationships/a", "{\"Name\":\"b\"}", 400, "unknown field `Name`"),
        ("POST", "/v1/relationships/a/scopes", "{\"ScopeId\":\"10.0.1.0\"}", 400, "a sequence"),
        ("POST", "/v1/relationships/a/scopes", "{\"Scope\":[]}", 400, "unknown field `Scope`"),
        ("POST", "/v1/relationships/a/scopes", "{}", 400, "missing field `ScopeId`"),
    ] {
        let (found, answer) = ask(&harness.administrators, method, target, body).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!((found, &answer["error"]["code"]), (status, &json!(87)), "{message}");
        assert!(message.contains(words), "{message}");
        assert_ne!(answer["error"]["remedy"].as_str().unwrap(), "");
    }
    assert!(harness.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn one_relationship_is_an_object_and_none_is_an_error() {
    let harness = start(0);
    let (status, body) = ask(&harness.readers, "GET", "/v1/relationships/a%20b", "").await;
    assert_eq!(
        (status, &body["Name"], &body["ScopeId"][1]),
        (200, &json!("a b"), &json!("10.0.2.0"))
    );
    let (status, body) = ask(&harness.readers, "GET", "/v1/relationships/nobody", "").await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!(20115)));
}

#[tokio::test]
async fn all_problems_are_told_and_the_first_counts() {
    let harness = start(0);
    let target = "/v1/relationships/wrong%20twice";
    let (status, body) = ask(&harness.administrators, "DELETE", target, "").await;
    let busy = json!({"code": 20133, "message": "it is busy", "remedy": "do otherwise"});
    let nonsense = json!({"code": 87, "message": "and nonsense", "remedy": "do otherwise"});
    let mut error = busy.clone();
    error["problems"] = json!([busy, nonsense]);
    assert_eq!((status, body), (409, json!({ "error": error })));
}

/// The keys of a schema of the description.
fn described(name: &str) -> BTreeSet<String> {
    let document = serde_json::to_value(Document::openapi()).unwrap();
    let properties = document["components"]["schemas"][name]["properties"].as_object();
    properties.unwrap_or_else(|| panic!("no {name}")).keys().cloned().collect()
}

/// The keys of a value as it is written.
fn written(value: &impl serde::Serialize) -> BTreeSet<String> {
    serde_json::to_value(value).unwrap().as_object().unwrap().keys().cloned().collect()
}

/// The keys that are read, out of the complaint about one that is not.
fn read<T: serde::de::DeserializeOwned + std::fmt::Debug>() -> BTreeSet<String> {
    let complaint =
        serde_json::from_value::<T>(json!({ "no such key": 1 })).unwrap_err().to_string();
    complaint.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_description_has_the_keys_that_are_read_and_written() {
    assert_eq!(described("Failover"), written(&failover()));
    assert_eq!(described("ScopeStatistics"), written(&figures()));
    assert_eq!(described("AddFailover"), read::<AddFailover>());
    assert_eq!(described("SetFailover"), read::<SetFailover>());
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let harness = start(0);
    let request = b"PUT /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = raw(&harness.administrators, request).await;
    assert!(answer.to_ascii_lowercase().contains("\r\nallow: get,head\r\n"), "{answer}");
}

#[tokio::test]
async fn readers_read_and_change_nothing() {
    let harness = start(1);
    for target in ["/v1/status", "/v1/leases", "/metrics", "/openapi.json"] {
        assert_eq!(ask(&harness.readers, "GET", target, "").await.0, 200, "{target}");
    }
    let before = harness.asked.lock().unwrap().len();
    for (method, path, _) in routes() {
        if method != "get" {
            let (method, target) = (method.to_uppercase(), path.replace("{name}", "a"));
            let (status, body) = ask(&harness.readers, &method, &target, "").await;
            assert_eq!((status, &body["error"]["code"]), (403, &json!(5)), "{method} {target}");
            assert!(body["error"]["remedy"].as_str().unwrap().contains("admin_socket"));
        }
    }
    for method in ["HEAD", "OPTIONS", "PUT", "TRACE"] {
        assert_eq!(ask(&harness.readers, method, "/v1/status", "").await.0, 403, "{method}");
    }
    assert_eq!(harness.asked.lock().unwrap().len(), before);
}

#[tokio::test]
async fn metrics_and_the_description_are_served() {
    let harness = start(0);
    let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let page = raw(&harness.administrators, request).await;
    assert!(page.contains("failoverd_store_commits_total 0\n"), "{page}");
    assert!(page.contains("application/openmetrics-text"), "{page}");
    let (status, document) = ask(&harness.administrators, "GET", "/openapi.json", "").await;
    assert_eq!(status, 200);
    assert_eq!(document, serde_json::to_value(Document::openapi()).unwrap());
}

fn documented() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(Document::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, item): (&String, &Value)| {
        let found: Vec<_> = item.as_object().unwrap().keys().cloned().collect();
        found.into_iter().map(|method| (path.clone(), method)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(methods).collect()
}

#[test]
fn the_description_has_every_route_and_no_other() {
    let ours = routes().into_iter().map(|(method, path, _)| (path.to_owned(), method.to_owned()));
    assert_eq!(documented(), ours.collect());
}

#[tokio::test]
async fn every_path_of_the_description_is_answered() {
    let harness = start(0);
    for (path, method) in documented() {
        let target = path.replace("{name}", "a%20b");
        let (status, body) =
            ask(&harness.administrators, &method.to_uppercase(), &target, "").await;
        let code = &body["error"]["code"];
        assert!(status != 405 && code != 2, "{method} {path} is not there: {status} {body}");
    }
}

#[test]
fn the_checked_in_description_is_what_the_code_says() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let text = Document::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("FAILOVERD_RENEW_OPENAPI").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&file).is_ok_and(|found| found == text),
        "docs/openapi.json is not what the code says; renew it with \
         FAILOVERD_RENEW_OPENAPI=1 cargo test -p failoverd --lib description"
    );
}
