//! A DHCP server made of plug-ins, such as there are: what it does without failover. It knows nothing
//! of that.

use dhcp_failover::lease::{Client, LeaseSpan};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::error::Error;
use std::net::Ipv4Addr;

/// What the server knows of one packet, and what the plug-ins add to that.
#[derive(Debug)]
pub struct Context {
    /// Who sent it.
    pub client: Client,
    /// How long it has been asking.
    pub secs: u16,
    /// The address asked for; `None`: any.
    pub wanted: Option<Ipv4Addr>,
    /// The answer: an address and for how long.
    pub response: Option<(Ipv4Addr, LeaseSpan)>,
    locals: HashMap<TypeId, Box<dyn Any>>,
}

impl Context {
    /// Leaves something for the plug-ins that follow, one of each type.
    pub fn set_local<T: 'static>(&mut self, value: T) {
        self.locals.insert(TypeId::of::<T>(), Box::new(value));
    }

    /// What a plug-in before left.
    #[must_use]
    pub fn local<T: 'static>(&self) -> Option<&T> {
        self.locals.get(&TypeId::of::<T>())?.downcast_ref()
    }
}

/// What a plug-in makes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the response.
    Respond,
    /// Send nothing, and let no other plug-in do so.
    NoResponse,
    /// The next plug-in may look at it.
    Continue,
}

/// One step on the way of a packet.
pub trait Plugin: Sync {
    /// Looks at a packet.
    ///
    /// # Errors
    /// The packet is not answered, and the server says why.
    fn handle(&self, context: &mut Context) -> Result<Action, Box<dyn Error>>;
}

/// The server: its plug-ins, in order.
#[expect(missing_debug_implementations, reason = "plug-ins need not have it")]
pub struct Server(pub Vec<Box<dyn Plugin>>);

impl Server {
    /// What the loop of the server does with each packet; the response, if one is to be sent.
    #[must_use]
    pub fn answer(
        &self,
        client: Client,
        wanted: Option<Ipv4Addr>,
    ) -> Option<(Ipv4Addr, LeaseSpan)> {
        let locals = HashMap::new();
        let mut context = Context { client, secs: 0, wanted, response: None, locals };
        for plugin in &self.0 {
            match plugin.handle(&mut context) {
                Ok(Action::Continue) => {}
                Ok(Action::Respond) => return context.response,
                Ok(Action::NoResponse) => return None,
                Err(error) => {
                    eprintln!("not answered: {error}");
                    return None;
                }
            }
        }
        None
    }
}

/// A plug-in such a server has anyway: addresses that belong to one client each, and to no pool.
#[derive(Debug)]
pub struct StaticAddresses(pub Vec<(Client, Ipv4Addr)>);

impl Plugin for StaticAddresses {
    fn handle(&self, context: &mut Context) -> Result<Action, Box<dyn Error>> {
        let found = self.0.iter().find(|(client, _)| *client == context.client);
        context.response = found.map(|(_, address)| (*address, LeaseSpan::from_s(86_400)));
        Ok(if found.is_some() { Action::Respond } else { Action::Continue })
    }
}
