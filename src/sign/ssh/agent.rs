//! Asking an SSH agent: which keys it holds, and to sign with one of them. The connection is somebody else's.

use super::PublicKey;
use super::wire::{Reader, put_number, put_string};

/// A connection to an agent. It must not wait forever.
pub trait Agent {
    /// Sends one message and gives the answer, both without the length before them; else the reason.
    fn ask(&self, message: &[u8]) -> Result<Vec<u8>, String>;
}

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// How many keys an agent may hold: more is a broken answer.
const MAX_KEYS: u32 = 2048;

/// The keys an agent holds; those that do not read are left out.
pub(super) fn keys(agent: &dyn Agent) -> Result<Vec<PublicKey>, String> {
    let answer = agent.ask(&[REQUEST_IDENTITIES])?;
    let mut reader = Reader::new(&answer);
    match reader.byte() {
        Some(IDENTITIES_ANSWER) => {}
        Some(FAILURE) => return Err("it refuses to list its keys".to_owned()),
        _ => return Err("its list of keys does not read".to_owned()),
    }
    let damaged = || "its list of keys does not read".to_owned();
    let count = reader.number().filter(|count| *count <= MAX_KEYS).ok_or_else(damaged)?;
    let mut keys = Vec::new();
    for _ in 0..count {
        let (Some(key), Some(_comment)) = (reader.string(), reader.string()) else { return Err(damaged()) };
        keys.extend(PublicKey::from_bytes(key).ok());
    }
    Ok(keys)
}

/// A signature as SSH encodes it: its algorithm, then its bytes.
pub(super) fn sign(agent: &dyn Agent, key: &[u8], message: &[u8], flags: u32) -> Result<Vec<u8>, String> {
    let mut request = vec![SIGN_REQUEST];
    put_string(&mut request, key);
    put_string(&mut request, message);
    put_number(&mut request, flags);
    let answer = agent.ask(&request)?;
    let mut reader = Reader::new(&answer);
    match reader.byte() {
        Some(SIGN_RESPONSE) => {}
        Some(FAILURE) => return Err("it refuses: the key may be locked, or need a confirmation or a touch".to_owned()),
        _ => return Err("its answer does not read".to_owned()),
    }
    let signature = reader.string().filter(|_| reader.is_at_end());
    signature.map(<[u8]>::to_owned).ok_or_else(|| "its answer does not read".to_owned())
}
