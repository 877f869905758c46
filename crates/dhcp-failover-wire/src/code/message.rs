//! Message types.

use core::fmt;

codes! {
    /// The type of a message (draft-12 §6.1).
    MessageType(u8) {
        /// Asks the primary for free addresses.
        POOLREQ = 1, "POOLREQ";
        /// Answers a POOLREQ with the number of addresses.
        POOLRESP = 2, "POOLRESP";
        /// Tells the partner about bindings.
        BNDUPD = 3, "BNDUPD";
        /// Accepts or rejects the bindings of a BNDUPD.
        BNDACK = 4, "BNDACK";
        /// Opens the session; only the primary sends it.
        CONNECT = 5, "CONNECT";
        /// Accepts or rejects a CONNECT.
        CONNECTACK = 6, "CONNECTACK";
        /// Asks for all bindings.
        UPDREQALL = 7, "UPDREQALL";
        /// Says that all requested bindings were sent and acknowledged.
        UPDDONE = 8, "UPDDONE";
        /// Asks for the bindings this server has not acknowledged yet.
        UPDREQ = 9, "UPDREQ";
        /// Tells the sender's state.
        STATE = 10, "STATE";
        /// Keeps the connection alive.
        CONTACT = 11, "CONTACT";
        /// The last message before the connection is closed.
        DISCONNECT = 12, "DISCONNECT";
    }
}

impl MessageType {
    /// Whether a receiver that does not know this type ignores the message instead of closing the
    /// connection: types from 128 up (draft-12 §6.1; the text leaves 128 itself to neither range).
    #[must_use]
    pub const fn is_ignorable(self) -> bool {
        self.0 >= 128
    }
}
