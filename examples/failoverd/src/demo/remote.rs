//! What the demo asks the servers through their admin sockets.

use super::checker::{Row, Table};
use crate::admin::{self, AdminRequest, AdminResponse, LeaseRow, StatusRow};
use std::path::Path;

/// The state of the only relationship of the server behind `socket`.
///
/// # Errors
/// In words, when there is no answer or none that makes sense.
pub fn status(socket: &Path) -> Result<StatusRow, String> {
    let request = AdminRequest::Status { relationship: None };
    match admin::call(socket, &request).map_err(|error| error.to_string())? {
        AdminResponse::Status { rows } => {
            rows.into_iter().next().ok_or_else(|| "the server has no relationship".to_owned())
        }
        other => Err(format!("not a status: {other:?}")),
    }
}

/// The lease table of the server behind `socket`.
///
/// # Errors
/// In words, when there is no answer, or an address is in it twice.
pub fn leases(socket: &Path) -> Result<Table, String> {
    table(admin::leases(socket, None).map_err(|error| error.to_string())?)
}

/// Rows as the checker wants them.
fn table(rows: Vec<LeaseRow>) -> Result<Table, String> {
    let mut table = Table::new();
    for lease in rows {
        let row = Row {
            address: lease.address,
            status: lease.status,
            client_id: lease.client_id.as_deref().and_then(digits),
            hardware: lease.hwaddr.as_deref().and_then(digits),
            expires_unix_s: lease.expires,
        };
        if let Some(double) = table.insert(row.address, row) {
            return Err(format!("{} is twice in the lease table", double.address));
        }
    }
    Ok(table)
}

/// The hexadecimal digits of `01:ab:...`; absent when there are none.
fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    (!digits.is_empty()).then(|| digits.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn row() -> LeaseRow {
        LeaseRow {
            address: Ipv4Addr::new(127, 77, 1, 1),
            status: "ACTIVE".to_owned(),
            client_id: Some("00:AB".to_owned()),
            hwaddr: None,
            expires: Some(1_800_000_000),
            owner: "client".to_owned(),
            host_name: None,
            relay_agent: None,
            dispute: None,
        }
    }

    #[test]
    fn rows_become_comparable() {
        let table = table(vec![row()]).expect("a good table");
        let row = &table[&Ipv4Addr::new(127, 77, 1, 1)];
        assert_eq!((row.client_id.as_deref(), row.hardware.as_deref()), (Some("00ab"), None));
    }

    #[test]
    fn an_address_that_is_there_twice_is_refused() {
        assert!(table(vec![row(), row()]).is_err_and(|error| error.contains("127.77.1.1")));
    }

    #[test]
    fn a_server_that_is_not_there_is_told_in_words() {
        let directory = tempfile::tempdir().expect("a directory");
        let error = status(&directory.path().join("none.sock")).expect_err("nobody is there");
        assert!(error.contains("none.sock"), "{error}");
    }
}
