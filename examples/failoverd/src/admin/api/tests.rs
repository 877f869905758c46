//! What the routes answer, and that their description is true.

use super::openapi::Document;
use super::routes;
use crate::admin::tests::{raw, start};
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
