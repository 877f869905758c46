use super::mistakes;

/// The only mistake of a `[server]` table with one more key.
fn mistake(key: &str) -> String {
    let lines = mistakes(&format!("{}{key}\n", super::SERVER));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines[0].splitn(3, ':').nth(2).expect("a position").trim_start().to_owned()
}

#[test]
fn addresses_and_ports() {
    assert_eq!(
        mistake("dhcp_listen = \"0.0.0.0\""),
        "server.dhcp_listen = \"0.0.0.0\": this is not an IPv4 address with a port; write an IPv4 \
         address and a port, such as \"0.0.0.0:67\""
    );
    assert_eq!(
        mistake("dhcp_listen = \"[::1]:67\""),
        "server.dhcp_listen = \"[::1]:67\": this is not an IPv4 address with a port; write an IPv4 \
         address and a port, such as \"0.0.0.0:67\""
    );
    assert_eq!(
        mistake("failover_listen = \"eth0:647\""),
        "server.failover_listen = \"eth0:647\": this is not an address with a port; write an IP \
         address and a port, such as \"0.0.0.0:647\""
    );
    assert_eq!(
        mistake("relay_port = 70000"),
        "server.relay_port = 70000: out of range; write a number from 1 to 65535"
    );
    assert_eq!(
        mistake("relay_port = -1"),
        "server.relay_port = -1: out of range; write a number from 1 to 65535"
    );
    assert_eq!(
        mistake("relay_port = 99999999999999999999"),
        "server.relay_port = 99999999999999999999: out of range; write a number from 1 to 65535"
    );
}

#[test]
fn words_out_of_a_list() {
    assert_eq!(
        mistake("log_level = \"loud\""),
        "server.log_level = \"loud\": unknown value; write one of \"error\", \"warn\", \"info\", \
         \"debug\", \"trace\""
    );
    assert_eq!(
        mistake("log_format = true"),
        "server.log_format = true: this is true or false, not a string; write one of \"text\", \
         \"json\""
    );
}

#[test]
fn interfaces() {
    assert_eq!(
        mistake("interfaces = \"eth0\""),
        "server.interfaces = \"eth0\": this is a string, not an array; write a list of interface \
         names, such as [\"eth0\"], or [] for all"
    );
    assert_eq!(
        mistake("interfaces = [\"eth0\", \"a/b\"]"),
        "server.interfaces[1] = \"a/b\": this cannot be the name of an interface; write a list of \
         interface names, such as [\"eth0\"], or [] for all"
    );
    assert_eq!(
        mistake("interfaces = [\"eth0\", \"eth0\"]"),
        "server.interfaces[1] = \"eth0\": this interface is listed twice; list it once"
    );
}

#[test]
fn a_socket_path_longer_than_the_system_allows() {
    let text = format!("[server]\nstore = \"x\"\nadmin_socket = \"/{}\"\n", "a".repeat(120));
    let lines = mistakes(&text);
    assert!(
        lines[0].contains("this makes a path of 121 bytes, and a Unix socket allows 107"),
        "{lines:?}"
    );
    assert!(lines[0].ends_with("write a shorter path"), "{lines:?}");
}

#[test]
fn a_key_far_from_all_others_gets_the_list() {
    let text = mistake("colour = 1");
    assert!(text.contains("unknown key; write one of \"name\", \"dhcp_listen\""), "{text}");
}

/// Group 0 is there on every machine, whatever its name.
#[test]
fn sockets_and_groups_of_the_admin_api() {
    let root = nix::unistd::Group::from_gid(0.into()).expect("a system").expect("group 0").name;
    let keys = format!("admin_group = {root:?}\nreader_socket = \"r\"\nreader_group = {root:?}\n");
    let config = super::parse(&format!("{}{keys}", super::SERVER)).expect("a configuration");
    let group = Some(super::super::Group { name: root.clone(), id: 0 });
    assert_eq!((&config.server.admin_group, &config.server.reader_group), (&group, &group));
    assert_eq!(config.server.reader_socket.as_deref(), Some("dir/r".as_ref()));

    assert_eq!(
        mistake("admin_group = \"no such group\""),
        "server.admin_group = \"no such group\": there is no such group; write the name of a group of \
         this machine, such as \"adm\""
    );
    assert_eq!(
        mistake(&format!("reader_group = {root:?}")),
        format!(
            "server.reader_group = {root:?}: there is no reader_socket; add reader_socket, or remove \
             this key"
        )
    );
    assert_eq!(
        mistake("reader_socket = \"admin.sock\""),
        "server.reader_socket = \"admin.sock\": this is admin_socket, too; write another path, or \
         remove this key"
    );
}
