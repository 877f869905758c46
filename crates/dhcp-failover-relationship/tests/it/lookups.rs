//! What is read of a registry: enumeration, statistics, what only the primary may do.

use core::num::NonZeroU32;

use dhcp_failover_relationship::{
    AddressCounts, Error, Page, Registry, Relationship, ServerType, Statistics,
};

use crate::pair::{builder, scope, served, with_a};

fn five() -> Registry {
    let mut registry = Registry::new();
    for number in 0..5 {
        registry.create(builder(&format!("r{number}"), &[scope(number)]), &served).unwrap();
    }
    registry
}

fn names(page: &Page<'_>) -> Vec<String> {
    page.relationships.iter().map(|it| it.name().into()).collect()
}

#[test]
fn enumeration_goes_on_where_it_stopped_until_259() {
    let registry = five();
    let two = NonZeroU32::new(2).unwrap();
    let mut resume = 0;
    let mut seen = Vec::new();
    let end = loop {
        match registry.enumerate(resume, two) {
            Ok(page) => {
                seen.push((names(&page).join(" "), page.code(), page.total));
                resume = page.resume;
            }
            Err(error) => break error,
        }
    };
    let part = |names: &str, code, total| (names.to_string(), code, total);
    assert_eq!(seen, [part("r0 r1", 234, 5), part("r2 r3", 234, 3), part("r4", 0, 1)]);
    assert_eq!((end.code(), end), (259, Error::NoMoreItems { resume: 5 }));
    let all = registry.enumerate(0, NonZeroU32::MAX).unwrap();
    assert_eq!((all.relationships.len(), all.has_more(), all.resume), (5, false, 5));
    for beyond in [6, u32::MAX] {
        assert_eq!(registry.enumerate(beyond, two).unwrap_err().code(), 259);
    }
    assert_eq!(Registry::new().enumerate(0, two).unwrap_err().code(), 259);
}

#[test]
fn statistics_are_the_sums_of_what_each_server_has() {
    let counts =
        AddressCounts { this_free: 40, this_in_use: 10, partner_free: 44, partner_in_use: 6 };
    let statistics = with_a().statistics(scope(1), |_| counts).unwrap();
    assert_eq!(
        statistics,
        Statistics {
            num_addr: 100,
            addr_free: 84,
            addr_in_use: 16,
            this_addr_free: 40,
            this_addr_in_use: 10,
            partner_addr_free: 44,
            partner_addr_in_use: 6,
        }
    );
    assert_eq!(statistics.in_use_percent(), 16.0);
    let partners = statistics.of_partner();
    assert_eq!((partners.this_addr_free, partners.partner_addr_in_use), (44, 10));
    assert_eq!((partners.of_partner(), partners.num_addr), (statistics, 100));
    assert_eq!(Statistics::new(AddressCounts::default()).in_use_percent(), 0.0);
}

#[test]
fn a_scope_without_failover_has_no_statistics() {
    let count = |_: &Relationship| -> AddressCounts { panic!("nothing to count") };
    let error = with_a().statistics(scope(3), count).unwrap_err();
    assert_eq!((error.code(), error), (2, Error::NoStatistics { scope: scope(3) }));
}

#[test]
fn some_things_only_the_primary_may_do() {
    let mut registry = with_a();
    let secondary = builder("b", &[scope(3)]).server_type(ServerType::Secondary);
    registry.create(secondary, &served).unwrap();
    assert_eq!(registry.as_primary("a").unwrap().name(), "a");
    assert_eq!(registry.as_primary("b").unwrap_err().code(), 20117);
    assert_eq!(registry.as_primary("c").unwrap_err().code(), 20115);
    assert_eq!(registry.as_primary("").unwrap_err().code(), 87);
}
