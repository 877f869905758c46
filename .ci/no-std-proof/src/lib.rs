//! Links the `no_std` libraries into a program without std: with its own panic handler and its own
//! allocator. If any of their dependencies pulled in std, there would be two panic handlers, and the
//! build would fail.
#![no_std]

extern crate alloc;

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;
use dhcp_failover_lease::{BindingStatus, LeaseInstant, Role};
use dhcp_failover_proto::{BindingTable, Endpoint, EndpointConfig, Input, Monotonic, Output};
use dhcp_failover_relationship::{Registry, Relationship, cmdlet::Failover};
use dhcp_failover_wire::{Dialect, decode, encode};
use dhcp_loadbalance::{HashBuckets, hash};

/// An allocator that never has memory; the program is linked, not run.
struct Nothing;

// SAFETY: it hands out null pointers only, which means "out of memory".
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _layout: Layout) -> *mut u8 {
        null_mut()
    }
    unsafe fn dealloc(&self, _pointer: *mut u8, _layout: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Nothing = Nothing;

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Uses something of each library, so that the linker cannot leave it out.
#[unsafe(no_mangle)]
pub extern "C" fn use_the_libraries(byte: u8) -> u64 {
    let frame = [byte; 64];
    let mut out = Vec::new();
    let coded = decode(&frame, Dialect::Draft12)
        .is_ok_and(|packet| encode(&packet, Dialect::IscDhcpd, &mut out).is_ok());
    let bucket = hash(&frame);
    let served = HashBuckets::from_percent(50).is_ok_and(|buckets| buckets.contains(bucket));
    let lease = LeaseInstant::from_unix_s(u64::from(byte)).as_unix_s();
    let named = BindingStatus::Active.name().len() as u64;
    let addresses = [[192, 0, 2, 1], [192, 0, 2, 2]].map(core::net::Ipv4Addr::from);
    let pair = Relationship::builder("pair", addresses[0], addresses[1]).build();
    let modelled = pair.is_ok_and(|pair| {
        Registry::new().insert(pair).is_ok_and(|it| !Failover::of(it).to_list().is_empty())
    });
    let config = EndpointConfig::new("pair", Role::Primary, addresses[1].into());
    let now = Monotonic::default();
    let mut endpoint = Endpoint::new(config, None, now, LeaseInstant::from_unix_s(lease));
    endpoint.handle(now, Input::Tick, &BindingTable::new());
    let dials = matches!(endpoint.poll_output(), Output::Dial);
    lease + named + [coded, served, modelled, dials].into_iter().map(u64::from).sum::<u64>()
}
