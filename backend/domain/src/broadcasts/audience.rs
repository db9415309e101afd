//! Who gets a broadcast: people counted once, addresses counted once, and everyone behind an address named.

use std::collections::HashMap;

use crate::{
    deliveries::Channel,
    id::{PersonId, UnitId},
};

/// One person of an audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub person: Option<PersonId>,
    pub name: String,
    pub unit: Option<UnitId>,
    pub on_duty: bool,
    pub lead: bool,
    /// In the order in which they are tried.
    pub addresses: Vec<(Channel, String)>,
}

/// A delivery to be made: one address, and the ordinals of the people behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub channel: Channel,
    pub address: String,
    pub people: Vec<i64>,
    pub unit: Option<UnitId>,
}

/// What a broadcast to these people comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// A person's ordinal is their place here, from 0.
    pub people: Vec<Member>,
    pub deliveries: Vec<Planned>,
}

/// Resolves an audience. A person named by several lists is one person, on duty or leading when any list says
/// so; each channel gets the first address of each person, and an address that several people share gets one
/// message for all of them.
pub fn resolve(members: impl IntoIterator<Item = Member>) -> Plan {
    let mut plan = Plan::default();
    let mut known: HashMap<String, usize> = HashMap::new();
    for mut member in members {
        for (channel, address) in &mut member.addresses {
            *address = normal(*channel, address);
        }
        member.addresses.retain(|(_, address)| !address.is_empty());
        let key = member.person.map_or_else(
            || format!("{}|{:?}", member.name.to_lowercase(), member.addresses.first()),
            |person| person.to_string(),
        );
        if let Some(first) = known.get(&key).and_then(|at| plan.people.get_mut(*at)) {
            first.on_duty |= member.on_duty;
            first.lead |= member.lead;
            first.unit = first.unit.or(member.unit);
            for address in member.addresses {
                if !first.addresses.contains(&address) {
                    first.addresses.push(address);
                }
            }
        } else {
            known.insert(key, plan.people.len());
            plan.people.push(member);
        }
    }
    let mut at: HashMap<(Channel, String), usize> = HashMap::new();
    for (ordinal, member) in (0_i64..).zip(&plan.people) {
        for channel in Channel::ALL {
            let Some((_, address)) = member.addresses.iter().find(|(each, _)| *each == channel) else {
                continue;
            };
            if let Some(index) = at.get(&(channel, address.clone())) {
                let delivery = &mut plan.deliveries[*index];
                delivery.people.push(ordinal);
                delivery.unit = delivery.unit.filter(|unit| Some(*unit) == member.unit);
            } else {
                at.insert((channel, address.clone()), plan.deliveries.len());
                let (address, people, unit) = (address.clone(), vec![ordinal], member.unit);
                plan.deliveries.push(Planned { channel, address, people, unit });
            }
        }
    }
    plan
}

/// The address after this one for the same person and channel.
pub fn next_address<'a>(
    addresses: &'a [(Channel, String)],
    channel: Channel,
    failed: &str,
) -> Option<&'a str> {
    let mut same = addresses.iter().filter(|(each, _)| *each == channel).map(|(_, address)| address.as_str());
    same.find(|address| *address == failed)?;
    same.next()
}

/// One spelling for each address, so that two spellings are not two messages.
pub fn normal(channel: Channel, address: &str) -> String {
    match channel {
        Channel::Email => address.trim().to_lowercase(),
        Channel::Sms => address.chars().filter(|sign| sign.is_ascii_digit() || *sign == '+').collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: u128, addresses: &[(Channel, &str)]) -> Member {
        let addresses =
            addresses.iter().map(|(channel, address)| (*channel, (*address).to_owned())).collect();
        let person = Some(PersonId(uuid::Uuid::from_u128(id)));
        Member { person, name: format!("Person {id}"), unit: None, on_duty: false, lead: false, addresses }
    }

    #[test]
    fn a_person_on_two_lists_is_one_person_and_a_shared_address_one_message() {
        let shared = [(Channel::Email, "Ward@x.test"), (Channel::Sms, "+1 555 01")];
        let mut again = member(1, &[(Channel::Email, "ward@x.test")]);
        again.on_duty = true;
        let plan = resolve([member(1, &shared), member(2, &[(Channel::Email, "ward@X.test ")]), again]);
        assert_eq!(plan.people.len(), 2);
        assert!(plan.people[0].on_duty);
        let mail: Vec<_> = plan.deliveries.iter().filter(|each| each.channel == Channel::Email).collect();
        assert_eq!(mail.len(), 1);
        assert_eq!(mail[0].people, [0, 1]);
    }

    #[test]
    fn the_next_address_is_of_the_same_channel() {
        let addresses: Vec<_> = [(Channel::Email, "a"), (Channel::Sms, "1"), (Channel::Email, "b")]
            .map(|(channel, address)| (channel, address.to_owned()))
            .into();
        assert_eq!(next_address(&addresses, Channel::Email, "a"), Some("b"));
        assert_eq!(next_address(&addresses, Channel::Email, "b"), None);
        assert_eq!(next_address(&addresses, Channel::Sms, "1"), None);
    }
}
