//! The tests of the crate. Random ones print the seed that repeats them.
//!
//! The mutants that every failover implementation must not survive, as far as they live in this
//! crate, and what kills each:
//!
//! | mutant | killed by |
//! |---|---|
//! | BACKUP usable at the primary until it is acknowledged | `reallocation::s4_the_two_servers_never_own_one_address` |
//! | FREE usable before the acknowledgement | `reallocation::h2_an_address_taken_back_from_the_secondary_waits_for_its_answer` |
//! | the lead time counted from the own expiry | `grants::s2_own_lease_and_sent_times_do_not_extend_a_lease` |
//! | the wait of the MCLT forgotten | `reallocation::s6_partner_down_waits_the_mclt_beyond_the_latest_time_and_beyond_entry` |
//! | that wait not counted from the entry | `reallocation::table_of_section_9`, `reallocation::s6_enumerated_an_address_changes_clients_only_by_agreement_wait_or_rewind` |
//! | the secondary serves FREE without contact | `reallocation::table_of_section_9` |
//! | the winner rule inverted on one side | `crossing::s13_the_order_of_hearing_does_not_matter` |
//! | EXPIRED reused before the acknowledgement | `reallocation::s6_a_released_address_changes_clients_only_by_agreement_or_rewind` |
//! | rebalance without a threshold | `pools::h11_one_address_too_many_is_not_worth_a_move` |
//! | the partner's client-last-transaction-time taken as own | `conflict_more::s10_times_of_one_clients_binding_never_go_back` |
//! | a reservation moved on one side | `conflict_more::a_reservation_on_one_side_is_refused`, `pools::reserved_bootp_and_unsettled_addresses_stay` |

mod conflict;
mod conflict_more;
mod crossing;
mod grants;
mod lattice;
mod mclt;
mod pairs;
mod pools;
mod reallocation;
mod support;
mod times;
