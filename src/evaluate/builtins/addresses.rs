//! Networks: what contains, meets or joins what.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use regorus::Value;

use super::{Answer, Failure, members, text};

/// Whether two networks have an address in common.
pub(super) fn intersects(given: &[Value]) -> Answer {
    let (one, other) = (network(text(given, 0)?)?, network(text(given, 1)?)?);
    Ok(Value::from(one.contains(&other) || other.contains(&one)))
}

/// The fewest networks that hold the same addresses.
pub(super) fn merge(given: &[Value]) -> Answer {
    let mut networks = Vec::new();
    for member in members(given, 0)? {
        networks.push(network_or_class(written(member)?)?);
    }
    let merged: BTreeSet<Value> =
        IpNet::aggregate(&networks).into_iter().map(|network| Value::from(network.to_string())).collect();
    Ok(Value::from(merged))
}

/// The pairs of a network and a network or address that it contains, each by its key.
pub(super) fn contains_matches(given: &[Value]) -> Answer {
    let (networks, inner) = (keyed(given, 0)?, keyed(given, 1)?);
    let mut pairs = BTreeSet::new();
    for (key, outer) in &networks {
        for (inner_key, inner) in &inner {
            if network(outer)?.contains(&network_or_address(inner)?) {
                pairs.insert(Value::from(vec![key.clone(), inner_key.clone()]));
            }
        }
    }
    Ok(Value::from(pairs))
}

/// A text by itself; the members of a collection by index, key or themselves.
fn keyed(given: &[Value], at: usize) -> Result<Vec<(Value, String)>, Failure> {
    let own = |key: &Value, value: &Value| Ok((key.clone(), first(value)?.to_owned()));
    match given.get(at) {
        Some(value @ Value::String(_)) => Ok(vec![own(value, value)?]),
        Some(Value::Array(items)) => {
            items.iter().enumerate().map(|(index, value)| own(&Value::from(index), value)).collect()
        }
        Some(Value::Set(items)) => items.iter_sorted().map(|value| own(value, value)).collect(),
        Some(Value::Object(entries)) => entries.iter_sorted().map(|(key, value)| own(key, value)).collect(),
        _ => Err(Failure::undefined(format!("operand {} must be one of {{string, array, set, object}}", at + 1))),
    }
}

/// A text, or the first of a list that begins with one.
fn first(value: &Value) -> Result<&str, Failure> {
    match value {
        Value::Array(items) => written(items.get(0).unwrap_or(&Value::Null)),
        other => written(other),
    }
}

fn written(value: &Value) -> Result<&str, Failure> {
    value.as_string().map(AsRef::as_ref).map_err(|_| Failure::undefined("element must be string"))
}

fn network(text: &str) -> Result<IpNet, Failure> {
    let network: IpNet = text.parse().map_err(|_| Failure::undefined(format!("invalid CIDR address: {text}")))?;
    plain(network.addr())?;
    Ok(network.trunc())
}

fn network_or_address(text: &str) -> Result<IpNet, Failure> {
    match text.parse::<IpAddr>() {
        Ok(address) => {
            plain(address)?;
            Ok(IpNet::from(address))
        }
        Err(_) => network(text),
    }
}

/// An address alone stands for the network of its class, as in the days before CIDR.
fn network_or_class(text: &str) -> Result<IpNet, Failure> {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            let bits = match address.octets()[0] {
                0..0x80 => 8,
                0x80..0xc0 => 16,
                0xc0.. => 24,
            };
            Ok(IpNet::new_assert(IpAddr::V4(address), bits).trunc())
        }
        Ok(IpAddr::V6(_)) => Err(Failure::undefined("IPv6 invalid: needs prefix length")),
        Err(_) => network(text),
    }
}

/// Go takes `::ffff:1.2.3.4` for an address of version 4.
fn plain(address: IpAddr) -> Result<(), Failure> {
    match address {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => {
            Err(Failure::unanswered("an IPv4 address is written as an IPv6 one"))
        }
        _ => Ok(()),
    }
}
