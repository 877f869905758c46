//! The description of the interface for programs.

use super::{relationships, server, state};
use utoipa::OpenApi;

/// The OpenAPI document of all routes. `docs/openapi.json` is a copy that a test keeps true.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "failoverd",
        description = "The admin API of failoverd: HTTP/1.1 on the Unix sockets admin_socket and, for \
                       GET only, reader_socket. A refusal has a code of Windows, what is wrong, and \
                       what to do."
    ),
    tags(
        (name = "state", description = "What the server knows."),
        (name = "relationships",
            description = "What the DhcpServerv4Failover cmdlets of Windows do, on this server."),
        (name = "orders", description = "Orders of an operator to a relationship."),
        (name = "server", description = "The process.")
    ),
    paths(
        state::status,
        state::leases,
        state::explain,
        relationships::list,
        relationships::add,
        relationships::get,
        relationships::set,
        relationships::remove,
        relationships::add_scopes,
        relationships::remove_scopes,
        relationships::set_scope,
        relationships::statistics,
        server::config,
        server::differences,
        state::partner_down,
        state::partner_down_risk,
        state::recover,
        state::pause,
        state::shutdown,
        server::metrics,
        server::document,
    )
)]
pub(super) struct Document;
