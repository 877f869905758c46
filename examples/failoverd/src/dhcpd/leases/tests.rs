use super::*;

const FILE: &[u8] = br#"
# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;
failover peer "foo" state {
  my state recover at 6 2026/11/21 08:10:20;
  partner state unknown-state at 6 2026/11/21 08:10:20;
}
server-duid "\000\001\000\0012\224\016l";
lease 10.77.0.150 {
  binding state free;
}
lease 10.77.0.150 {
  starts 6 2026/11/21 08:10:37;
  ends 6 2026/11/21 08:11:47;
  tstp 6 2026/11/21 08:12:02;
  tsfp epoch 1795248722; # Sat Nov 21 08:12:02 2026
  cltt 6 2026/11/21 08:10:37;
  binding state active;
  next binding state expired;
  rewind binding state free;
  hardware ethernet 02:aa:00:00:00:01;
  uid "\001\002\252\000\000\000\001";
  option agent.circuit-id "eth0/1";
  option agent.remote-id 0:1:ff;
  client-hostname "anna\"s";
  set vendor-class-identifier = "MSFT 5.0";
  on expiry { log("x"); }
}
lease 10.77.0.151 {
  ends never;
  binding state backup;
  reserved;
  bootp;
}
failover peer "foo" state {
  my state normal at 6 2026/11/21 08:10:31;
  partner state normal at 6 2026/11/21 08:10:31;
  mclt 10;
}
lease 10.77.0.152 {
  binding state ac"#;

#[test]
fn the_last_word_on_an_address_counts() {
    let file = LeaseFile::parse(FILE);
    let lease = &file.leases[&Ipv4Addr::new(10, 77, 0, 150)];
    assert_eq!(lease.line, 12);
    assert_eq!(lease.state, BindingState::Active);
    assert_eq!(lease.next, Some(BindingState::Expired));
    assert_eq!(lease.rewind, Some(BindingState::Free));
    assert_eq!(lease.starts, Some(Moment::At(1_795_248_637)));
    assert_eq!(lease.tstp, lease.tsfp);
    assert_eq!(lease.hardware, Some((1, vec![2, 0xaa, 0, 0, 0, 1])));
    assert_eq!(lease.uid.as_deref(), Some(&[1, 2, 0xaa, 0, 0, 0, 1][..]));
    assert_eq!(lease.hostname.as_deref(), Some(&b"anna\"s"[..]));
    let agent = [("circuit-id", &b"eth0/1"[..]), ("remote-id", &[0, 1, 255])];
    assert_eq!(lease.agent, agent.map(|(name, value)| (name.to_owned(), value.to_vec())));
    assert_eq!((lease.reserved, lease.bootp), (false, false));
}

#[test]
fn marks_and_endless_leases_are_kept() {
    let file = LeaseFile::parse(FILE);
    let lease = &file.leases[&Ipv4Addr::new(10, 77, 0, 151)];
    assert_eq!((lease.state, lease.ends), (BindingState::Backup, Some(Moment::Never)));
    assert_eq!((lease.reserved, lease.bootp), (true, true));
}

#[test]
fn the_last_state_of_a_peer_counts() {
    let file = LeaseFile::parse(FILE);
    let peer = &file.peers["foo"];
    assert_eq!((peer.own.as_str(), peer.partner.as_str()), ("normal", "normal"));
    assert_eq!((peer.own_since, peer.mclt_s), (Some(Moment::At(1_795_248_631)), Some(10)));
}

#[test]
fn a_torn_end_is_told_and_the_rest_is_good() {
    let file = LeaseFile::parse(FILE);
    assert_eq!(file.leases.len(), 2);
    let problems: Vec<_> = file.problems.iter().map(Problem::to_string).collect();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("line 41") && problems[0].contains("line 40"), "{problems:?}");
}

#[test]
fn what_makes_no_sense_is_told_with_its_line() {
    let file = LeaseFile::parse(
        b"lease x { }\nlease 1.2.3.4 {\n ends 1 2026/13/01 00:00:00;\n binding state odd;\n hardware ethernet zz;\n}\nfailover peer \"a\" state { }",
    );
    let lines: Vec<_> = file.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [1, 3, 4, 5, 7]);
    assert_eq!(file.leases.len(), 1);
}

#[test]
fn an_old_statement_without_a_state_is_a_lease() {
    let file = LeaseFile::parse(b"lease 1.2.3.4 { ends 1 2026/01/01 00:00:00; }");
    assert_eq!(file.leases[&Ipv4Addr::new(1, 2, 3, 4)].state, BindingState::Active);
}
