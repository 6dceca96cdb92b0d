//! JSON Web Tokens: read, checked and signed as OPA does it.

use regorus::Value;
use serde_json::Value as Json;

use super::digest::hexadecimal;
use super::key::{Algorithm, Family, Key, NamedKey, from_digits, keys, sign, to_digits, verifies};
use super::{Answer, Failure, text};
use crate::evaluate::value::{member, text as text_of};

/// How often a token may lie in a token.
const DEPTH: usize = 16;

/// The three parts of a token, still in digits.
struct Token<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Token<'a> {
    fn parse(text: &'a str) -> Result<Self, Failure> {
        match text.split('.').collect::<Vec<_>>().as_slice() {
            [header, payload, signature] => Ok(Self { header, payload, signature }),
            [_] => Err(Failure::undefined("encoded JWT had no period separators")),
            parts => Err(Failure::undefined(format!("encoded JWT must have 3 sections, found {}", parts.len()))),
        }
    }

    fn header(&self) -> Answer {
        object(&from_digits(self.header)?)
    }

    fn message(&self) -> String {
        format!("{}.{}", self.header, self.payload)
    }
}

/// What a header says that matters here.
#[derive(Default)]
struct Header {
    algorithm: String,
    id: String,
    content: String,
    /// Whether it demands something that nobody knows.
    demands: bool,
}

impl Header {
    fn of(value: &Value) -> Result<Self, Failure> {
        let mut header = Self::default();
        for (name, place) in [("alg", &mut header.algorithm), ("kid", &mut header.id), ("cty", &mut header.content)] {
            if let Some(value) = member(value, name) {
                let text = text_of(value).ok_or_else(|| Failure::undefined(format!("{name}: must be a string")))?;
                text.clone_into(place);
            }
        }
        if member(value, "typ").is_some_and(|kind| text_of(kind).is_none()) {
            return Err(Failure::undefined("typ: must be a string"));
        }
        if let Some(names) = member(value, "crit") {
            let Value::Array(names) = names else { return Err(Failure::undefined("crit: must be a list")) };
            let names: Vec<&str> = names.iter().map_while(text_of).collect();
            if names.is_empty() {
                return Err(Failure::undefined("crit: must be a nonempty list"));
            }
            let known = ["alg", "kid", "typ", "cty", "crit"];
            header.demands = names.iter().any(|name| !known.contains(name) && member(value, name).is_some());
        }
        Ok(header)
    }
}

fn object(bytes: &[u8]) -> Answer {
    let value = std::str::from_utf8(bytes).ok().and_then(|text| Value::from_json_str(text).ok());
    value.filter(|value| matches!(value, Value::Object(_))).ok_or_else(|| Failure::undefined("invalid JSON object"))
}

/// `io.jwt.decode`: the parts of a token, nothing checked.
pub(super) fn decode(given: &[Value]) -> Answer {
    let mut text = text(given, 0)?.to_owned();
    for _ in 0..DEPTH {
        let token = Token::parse(&text)?;
        let header = token.header()?;
        let payload = from_digits(token.payload)?;
        let content = match member(&header, "cty") {
            Some(content) => Some(text_of(content).ok_or_else(|| Failure::undefined("cty: must be a string"))?),
            None => None,
        };
        if content == Some("JWT") {
            let inner = String::from_utf8(payload).map_err(Failure::undefined)?;
            text = inner.trim_matches(['"', '\'']).to_owned();
            continue;
        }
        let signature = hexadecimal(&from_digits(token.signature)?);
        return Ok(Value::from(vec![header, object(&payload)?, Value::from(signature)]));
    }
    Err(Failure::unanswered("tokens lie in tokens too deep"))
}

/// What the second argument of `io.jwt.decode_verify` demands.
struct Demands {
    keys: Vec<NamedKey>,
    algorithm: Option<String>,
    issuer: Option<String>,
    audience: Option<String>,
    /// In nanoseconds.
    time: Option<f64>,
}

impl Demands {
    fn of(value: Option<&Value>) -> Result<Self, Failure> {
        let Some(Value::Object(entries)) = value else { return Err(Failure::undefined("operand 2 must be object")) };
        let mut demands = Self { keys: Vec::new(), algorithm: None, issuer: None, audience: None, time: None };
        let (mut certificates, mut secret) = (None, None);
        for (name, value) in entries.iter_sorted() {
            let word = || {
                let text = text_of(value).map(str::to_owned);
                text.ok_or_else(|| Failure::undefined("constraint: must be a string"))
            };
            match text_of(name) {
                Some("cert") => certificates = Some(keys(&word()?)?),
                Some("secret") => secret = Some(word()?).filter(|secret| !secret.is_empty()),
                Some("alg") => demands.algorithm = Some(word()?).filter(|word| !word.is_empty()),
                Some("iss") => demands.issuer = Some(word()?).filter(|word| !word.is_empty()),
                Some("aud") => demands.audience = Some(word()?).filter(|word| !word.is_empty()),
                Some("time") => {
                    let time = number(value).filter(|time| *time >= 0.0);
                    demands.time = Some(time.ok_or_else(|| Failure::undefined("token time constraint"))?);
                }
                _ => return Err(Failure::undefined("unknown token validation constraint")),
            }
        }
        demands.keys = match (certificates, secret) {
            (Some(keys), None) => keys,
            (None, Some(secret)) => {
                vec![NamedKey { key: Key::Secret(secret.into_bytes()), algorithm: None, id: None }]
            }
            (Some(_), Some(_)) => return Err(Failure::undefined("duplicate key constraints")),
            (None, None) => return Err(Failure::undefined("no key constraint")),
        };
        Ok(demands)
    }

    fn is_verified(&self, header: &Header, token: &Token<'_>) -> Result<bool, Failure> {
        let signature = from_digits(token.signature)?;
        let Some(algorithm) = Algorithm::parse(&header.algorithm) else { return Ok(false) };
        signed_by_one(&self.keys, header, algorithm, token, &signature)
    }

    fn is_meant(&self, payload: &Value) -> bool {
        let issuer = self.issuer.as_deref();
        if issuer.is_some() && member(payload, "iss").and_then(text_of) != issuer {
            return false;
        }
        let audience = self.audience.as_deref().unwrap_or_default();
        match member(payload, "aud") {
            Some(Value::Array(names)) => names.iter().any(|name| text_of(name) == Some(audience)),
            Some(name) => text_of(name) == Some(audience),
            None => audience.is_empty(),
        }
    }

    fn is_in_time(&self, payload: &Value) -> Result<bool, Failure> {
        for name in ["exp", "nbf"] {
            let Some(limit) = member(payload, name) else { continue };
            let limit = number(limit).ok_or_else(|| Failure::undefined(format!("{name} value must be a number")))?;
            let clock = "`io.jwt.decode_verify` makes the verdict depend on the clock: give it a `time`";
            let now = self.time.ok_or_else(|| Failure::unanswered(clock))? / 1e9;
            if (name == "exp" && now >= limit) || (name == "nbf" && now < limit) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The nearest number of 64 bits, as OPA takes it.
fn number(value: &Value) -> Option<f64> {
    value.as_number().ok()?;
    serde_json::to_string(value).ok()?.parse().ok()
}

/// The key that the token names, or any that may be it.
fn signed_by_one(
    keys: &[NamedKey],
    header: &Header,
    algorithm: Algorithm,
    token: &Token<'_>,
    signature: &[u8],
) -> Result<bool, Failure> {
    let message = token.message();
    let check = |key: &NamedKey| verifies(&key.key, algorithm, message.as_bytes(), signature);
    let named = |key: &&NamedKey| !header.id.is_empty() && key.id.as_ref() == Some(&header.id);
    if let Some(key) = keys.iter().find(named) {
        return check(key);
    }
    for key in keys {
        if key.algorithm.as_ref().is_none_or(|algorithm| *algorithm == header.algorithm) && check(key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `io.jwt.decode_verify`: the parts of a token that meets all demands.
pub(super) fn decode_verify(given: &[Value]) -> Answer {
    let demands = Demands::of(given.get(1))?;
    let mut text = text(given, 0)?.to_owned();
    let unverified = || Ok(Value::from(vec![Value::from(false), Value::new_object(), Value::new_object()]));
    for _ in 0..DEPTH {
        let token = Token::parse(&text)?;
        let written = token.header()?;
        let header = Header::of(&written)?;
        let other = demands.algorithm.as_ref().is_some_and(|algorithm| *algorithm != header.algorithm);
        if header.algorithm.is_empty() || header.demands || other || !demands.is_verified(&header, &token)? {
            return unverified();
        }
        let payload = from_digits(token.payload)?;
        if header.content.eq_ignore_ascii_case("JWT") {
            text = String::from_utf8(payload).map_err(Failure::undefined)?;
            continue;
        }
        let payload = object(&payload)?;
        if !demands.is_meant(&payload) || !demands.is_in_time(&payload)? {
            return unverified();
        }
        return Ok(Value::from(vec![Value::from(true), written, payload]));
    }
    Err(Failure::unanswered("tokens lie in tokens too deep"))
}

fn verify(given: &[Value], family: Family, bits: u16) -> Answer {
    let token = Token::parse(text(given, 0)?)?;
    let keys = keys(text(given, 1)?)?;
    let signature = from_digits(token.signature)?;
    let header = Header::of(&token.header()?)?;
    Ok(Value::from(signed_by_one(&keys, &header, Algorithm { family, bits }, &token, &signature)?))
}

fn verify_secret(given: &[Value], bits: u16) -> Answer {
    let (token, secret) = (Token::parse(text(given, 0)?)?, text(given, 1)?);
    let signature = from_digits(token.signature)?;
    let key = Key::Secret(secret.as_bytes().to_vec());
    let algorithm = Algorithm { family: Family::Hmac, bits };
    Ok(Value::from(verifies(&key, algorithm, token.message().as_bytes(), &signature)?))
}

macro_rules! verifying {
    ($($name:ident: $family:ident $bits:literal,)*) => {
        $(pub(super) fn $name(given: &[Value]) -> Answer {
            verify(given, Family::$family, $bits)
        })*
    };
}

verifying! {
    verify_eddsa: Edwards 512,
    verify_es256: Elliptic 256,
    verify_es384: Elliptic 384,
    verify_es512: Elliptic 512,
    verify_ps256: RsaPss 256,
    verify_ps384: RsaPss 384,
    verify_ps512: RsaPss 512,
    verify_rs256: RsaPkcs1 256,
    verify_rs384: RsaPkcs1 384,
    verify_rs512: RsaPkcs1 512,
}

pub(super) fn verify_hs256(given: &[Value]) -> Answer {
    verify_secret(given, 256)
}

pub(super) fn verify_hs384(given: &[Value]) -> Answer {
    verify_secret(given, 384)
}

pub(super) fn verify_hs512(given: &[Value]) -> Answer {
    verify_secret(given, 512)
}

/// `io.jwt.encode_sign`: a token of three values.
pub(super) fn encode_sign(given: &[Value]) -> Answer {
    let mut texts = Vec::new();
    for value in given {
        texts.push(as_go_writes(value)?);
    }
    let [header, payload, key] = texts.as_slice() else { return Err(Failure::undefined("three operands")) };
    signed(header, payload, key)
}

/// `io.jwt.encode_sign_raw`: a token of three texts.
pub(super) fn encode_sign_raw(given: &[Value]) -> Answer {
    signed(text(given, 0)?, text(given, 1)?, text(given, 2)?)
}

fn signed(header: &str, payload: &str, key: &str) -> Answer {
    let read: Json = serde_json::from_str(header).map_err(Failure::undefined)?;
    let name = read.get("alg").and_then(Json::as_str);
    let algorithm =
        name.and_then(Algorithm::parse).ok_or_else(|| Failure::undefined("missing or invalid 'alg' header"))?;
    let kind = read.get("typ").and_then(Json::as_str);
    if kind.is_none_or(|kind| kind == "JWT") && serde_json::from_str::<serde::de::IgnoredAny>(payload).is_err() {
        return Err(Failure::undefined("type is JWT but payload is not JSON"));
    }
    let message = format!("{}.{}", to_digits(header.as_bytes()), to_digits(payload.as_bytes()));
    let signature = sign(key, algorithm, message.as_bytes())?;
    Ok(Value::from(format!("{message}.{}", to_digits(&signature))))
}

/// JSON with the signs escaped that Go escapes.
pub(super) fn as_go_writes(value: &Value) -> Result<String, Failure> {
    let text = serde_json::to_string(value).map_err(Failure::undefined)?;
    let escaped =
        [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];
    Ok(escaped.iter().fold(text, |text, (sign, written)| text.replace(*sign, written)))
}
