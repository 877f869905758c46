//! Figure 5.11-1, arrow by arrow, and the small values beside it.

use crate::support::client;
use dhcp_failover_lease::BindingStatus::{
    Abandoned, Active, Backup, Expired, Free, Released, Reset,
};
use dhcp_failover_lease::*;

/// Every status, every other one, every cause, both roles: the arrows of the figure and no others.
#[test]
fn figure_5_11_1_and_nothing_else() {
    use Role::{Primary, Secondary};
    let both = [Primary, Secondary].as_slice();
    let arrows: &[(&[BindingStatus], BindingStatus, StatusCause, &[Role])] = &[
        // "IP address leased by primary", "by secondary"; by waits, rewind and renewal any but one.
        (&[Free, Backup, Active, Expired, Released, Reset], Active, StatusCause::Lease, both),
        (&[Active], Released, StatusCause::Release, both),
        (&[Active], Expired, StatusCause::End, both),
        // (3)
        (&[Abandoned], Reset, StatusCause::End, both),
        // "from any state"
        (&BindingStatus::ALL, Abandoned, StatusCause::Problem, both),
        // "External command"
        (&BindingStatus::ALL, Reset, StatusCause::Operator, both),
        // "Comm w/Partner" (1)
        (&[Expired, Released, Reset], Free, StatusCause::Agreement, both),
        // H10
        (&[Active, Expired, Released, Reset, Abandoned], Free, StatusCause::Rewind, &[Primary]),
        (&[Active, Expired, Released, Reset, Abandoned], Backup, StatusCause::Rewind, &[Secondary]),
        // "IP addr alloc. to sec." and back (§5.4)
        (&[Free], Backup, StatusCause::Balance, &[Primary]),
        (&[Backup], Free, StatusCause::Balance, &[Primary]),
    ];
    for from in BindingStatus::ALL {
        for to in BindingStatus::ALL {
            for cause in StatusCause::ALL {
                for role in [Primary, Secondary] {
                    let drawn = arrows.iter().any(|(froms, arrow_to, arrow_cause, roles)| {
                        froms.contains(&from)
                            && *arrow_to == to
                            && *arrow_cause == cause
                            && roles.contains(&role)
                    });
                    let got = from.may_become(to, cause, role);
                    assert_eq!(got, drawn, "{from} to {to} by {cause:?} at the {role}");
                }
            }
        }
    }
}

#[test]
fn statuses_and_sets_of_them() {
    for status in BindingStatus::ALL {
        assert_eq!(status.is_available(), [Free, Backup].contains(&status));
        assert_eq!(status.is_transitional(), [Expired, Released, Reset].contains(&status));
        let only = StatusSet::EMPTY.with(status);
        assert!(!only.is_empty() && StatusSet::EMPTY.is_empty());
        assert_eq!(only.with(status), only, "a status is in a set once");
        for other in BindingStatus::ALL {
            assert_eq!(only.contains(other), other == status);
            assert_eq!(only.is_only(other), other == status);
            assert!(StatusSet::EMPTY.is_only(other));
            assert!(!only.with(other).with(status).is_only(Abandoned) || other == Abandoned);
        }
        let width = 12;
        assert_eq!(format!("{status:>width$}"), format!("{:>width$}", status.name()));
    }
    let names = BindingStatus::ALL.map(BindingStatus::name).join(" ");
    assert_eq!(names, "FREE ACTIVE EXPIRED RELEASED ABANDONED RESET BACKUP");
    let set = StatusSet::EMPTY.with(Free).with(Backup);
    assert_eq!(format!("{set:?}"), "{Free, Backup}");
    assert_eq!(format!("{} {}", Role::Primary, Role::Secondary), "primary secondary");
    assert_eq!(Role::Primary.partner(), Role::Secondary);
    assert_eq!(Role::Secondary.partner(), Role::Primary);
}

#[test]
fn a_client_is_its_identifier_or_its_hardware() {
    let hardware = |last| HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap();
    let named = |name: &[u8], last| Client::new(Some(name), hardware(last));
    assert!(named(b"a", 1).is_same(&named(b"a", 2)));
    assert!(!named(b"a", 1).is_same(&named(b"b", 1)));
    assert!(!named(b"a", 1).is_same(&client(1)) && !client(1).is_same(&named(b"a", 1)));
    assert!(client(1).is_same(&client(1)) && !client(1).is_same(&client(2)));
    assert!(named(b"", 1).is_same(&client(1)), "an empty identifier names nobody");
    let other_type = Client::new(None, HardwareAddress::new(6, &[2, 0, 0, 0, 0, 1]).unwrap());
    assert!(!other_type.is_same(&client(1)));
    assert_eq!(named(b"a", 1).identifier(), Some(b"a".as_slice()));
    assert_eq!(named(b"a", 1).balance_key(), b"a");
    assert_eq!(client(7).balance_key(), [2, 0, 0, 0, 0, 7]);
    assert_eq!(client(7).hardware(), &hardware(7));
    assert_eq!(hardware(7).hardware_type(), 1);
    assert_eq!(HardwareAddress::new(6, &[1]).unwrap().hardware_type(), 6);
    assert_eq!(format!("{:?}", hardware(7)), "1/02:00:00:00:00:07");
    assert!(
        HardwareAddress::new(1, &[0; 16]).is_some() && HardwareAddress::new(1, &[0; 17]).is_none()
    );
}

#[test]
fn what_must_be_told() {
    let told = Binding {
        version: 3,
        knowledge: Knowledge { acked_version: 3, instance: 7, ..Knowledge::default() },
        ..Binding::unused([192, 0, 2, 1].into())
    };
    assert!(!told.needs_telling(7) && told.needs_telling(8));
    assert!(Binding { version: 4, ..told.clone() }.needs_telling(7));
    assert!(!told.is_unused());
    let unused = Binding::unused([192, 0, 2, 1].into());
    assert!(unused.is_unused() && !unused.needs_telling(7), "nobody needs to hear of it (§5.16)");
    assert!(!unused.is_for(&client(1)));
    let known = Knowledge { agreed: Backup, told: StatusSet::EMPTY.with(Free), ..told.knowledge };
    assert!(known.may_be(Free) && known.may_be(Backup) && !known.may_be(Active));
    assert!(!known.is_certainly(Free) && !known.is_certainly(Backup));
    let settled = Knowledge { told: StatusSet::EMPTY.with(Backup), ..known };
    assert!(settled.is_certainly(Backup) && settled.may_have_ended());
    assert!(!Knowledge { agreed: Active, told: StatusSet::EMPTY, ..known }.may_have_ended());
}
