//! States of servers and bindings, and their flags.

use core::fmt;

codes! {
    /// State of a failover endpoint (draft-12 §12.24).
    ServerState(u8) {
        /// Never sent; the startup flag of the server-flags says it.
        STARTUP = 1, "STARTUP";
        /// Both servers share the work.
        NORMAL = 2, "NORMAL";
        /// The partner does not answer; it may or may not be running.
        COMMUNICATIONS_INTERRUPTED = 3, "COMMUNICATIONS-INTERRUPTED";
        /// The partner is known not to run.
        PARTNER_DOWN = 4, "PARTNER-DOWN";
        /// Both served without each other in a way that may conflict.
        POTENTIAL_CONFLICT = 5, "POTENTIAL-CONFLICT";
        /// Asking the partner for what was missed.
        RECOVER = 6, "RECOVER";
        /// Out of service for a short time.
        PAUSED = 7, "PAUSED";
        /// Out of service for a long time.
        SHUTDOWN = 8, "SHUTDOWN";
        /// Has recovered and waits for the partner.
        RECOVER_DONE = 9, "RECOVER-DONE";
        /// The connection broke while conflicts were resolved.
        RESOLUTION_INTERRUPTED = 10, "RESOLUTION-INTERRUPTED";
        /// The primary has resolved its conflicts.
        CONFLICT_DONE = 11, "CONFLICT-DONE";
        /// Waits the MCLT out after recovering. The draft has the state but no number for it; this
        /// is dhcpd's.
        RECOVER_WAIT = 254, "RECOVER-WAIT";
    }
}

codes! {
    /// State of a binding (draft-12 §12.3).
    BindingStatus(u8) {
        /// Available to the primary.
        FREE = 1, "FREE";
        /// Assigned to a client.
        ACTIVE = 2, "ACTIVE";
        /// The lease ended.
        EXPIRED = 3, "EXPIRED";
        /// The client gave the lease back.
        RELEASED = 4, "RELEASED";
        /// Somebody found the address in use.
        ABANDONED = 5, "ABANDONED";
        /// Freed by an operator.
        RESET = 6, "RESET";
        /// Available to the secondary.
        BACKUP = 7, "BACKUP";
    }
}

flags! {
    /// Flags of a server (draft-12 §12.23).
    ServerFlags(u8) {
        /// The sender is in STARTUP; the state beside it is the one it will return to.
        STARTUP = 1, "STARTUP";
    }
}

flags! {
    /// Flags of an address (draft-12 §12.12), bits counted from the least significant one.
    IpFlags(u16) {
        /// The address is reserved at the sender.
        RESERVED = 1, "RESERVED";
        /// The address was given to a BOOTP client.
        BOOTP = 2, "BOOTP";
    }
}
