//! Built-in functions of OPA that regorus does not have, for the interpreter: the virtual machine does not compile a rule
//! that reaches one, and leaves it.
//!
//! Each takes values and gives one; none knows the clock, chance or the network. What OPA calls an error is undefined
//! here too, unless errors are asked for; what OPA would answer and we cannot is always a failure.

mod addresses;
mod certificate;
mod collections;
mod digest;
mod globs;
mod identifier;
mod key;
mod private_key;
mod schema;
mod signature;
mod template;
mod token;

use std::fmt;

use regorus::Engine;
use regorus::Value;

use super::bounded::TOO_LARGE;

/// Why a function has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// What it was given is wrong: the policy's move. To OPA it is undefined.
    #[error("{0}")]
    Undefined(String),
    /// OPA has an answer, and we cannot give it: nobody's mistake, and never silent.
    #[error("{0}")]
    Unanswered(String),
}

impl Failure {
    fn undefined(message: impl fmt::Display) -> Self {
        Self::Undefined(message.to_string())
    }

    fn unanswered(message: impl fmt::Display) -> Self {
        Self::Unanswered(message.to_string())
    }

    fn too_large() -> Self {
        Self::unanswered(TOO_LARGE)
    }
}

type Answer = Result<Value, Failure>;

struct Function {
    name: &'static str,
    arguments: u8,
    call: fn(&[Value]) -> Answer,
}

const fn function(name: &'static str, arguments: u8, call: fn(&[Value]) -> Answer) -> Function {
    Function { name, arguments, call }
}

/// By name.
const FUNCTIONS: [Function; 36] = [
    function("array.flatten", 1, collections::flatten),
    function("crypto.hmac.equal", 2, digest::equal),
    function("crypto.hmac.md5", 2, digest::hmac_md5),
    function("crypto.hmac.sha1", 2, digest::hmac_sha1),
    function("crypto.hmac.sha256", 2, digest::hmac_sha256),
    function("crypto.hmac.sha512", 2, digest::hmac_sha512),
    function("crypto.md5", 1, digest::md5),
    function("crypto.sha1", 1, digest::sha1),
    function("crypto.sha256", 1, digest::sha256),
    function("crypto.x509.parse_rsa_private_key", 1, private_key::rsa),
    function("io.jwt.decode", 1, token::decode),
    function("io.jwt.decode_verify", 2, token::decode_verify),
    function("io.jwt.encode_sign", 3, token::encode_sign),
    function("io.jwt.encode_sign_raw", 3, token::encode_sign_raw),
    function("io.jwt.verify_eddsa", 2, token::verify_eddsa),
    function("io.jwt.verify_es256", 2, token::verify_es256),
    function("io.jwt.verify_es384", 2, token::verify_es384),
    function("io.jwt.verify_es512", 2, token::verify_es512),
    function("io.jwt.verify_hs256", 2, token::verify_hs256),
    function("io.jwt.verify_hs384", 2, token::verify_hs384),
    function("io.jwt.verify_hs512", 2, token::verify_hs512),
    function("io.jwt.verify_ps256", 2, token::verify_ps256),
    function("io.jwt.verify_ps384", 2, token::verify_ps384),
    function("io.jwt.verify_ps512", 2, token::verify_ps512),
    function("io.jwt.verify_rs256", 2, token::verify_rs256),
    function("io.jwt.verify_rs384", 2, token::verify_rs384),
    function("io.jwt.verify_rs512", 2, token::verify_rs512),
    function("json.verify_schema", 1, schema::verify),
    function("net.cidr_contains_matches", 2, addresses::contains_matches),
    function("net.cidr_intersects", 2, addresses::intersects),
    function("net.cidr_merge", 1, addresses::merge),
    function("providers.aws.sign_req", 3, signature::aws_request),
    function("regex.globs_match", 2, globs::meet),
    function("strings.render_template", 2, template::render),
    function("uuid.parse", 1, identifier::uuid),
    // these take the place of functions that regorus has, and that differ from OPA's
    function("hydrant.reachable_paths", 2, collections::reachable_paths),
];

/// Functions of regorus that differ from OPA's, and what is called in their place.
pub(super) const REPLACED: [(&str, &str); 1] = [("graph.reachable_paths", "hydrant.reachable_paths")];

/// How many arguments a function takes; `None` if it is none of these.
pub(super) fn arguments(name: &str) -> Option<usize> {
    FUNCTIONS.iter().find(|function| function.name == name).map(|function| usize::from(function.arguments))
}

/// The names that policies may call.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name).filter(|name| !name.starts_with("hydrant."))
}

/// Gives an engine all of them.
pub(super) fn register(engine: &mut Engine, strict: bool) -> Result<(), String> {
    for Function { name, arguments, call } in &FUNCTIONS {
        let extension = move |given: Vec<Value>| match call(&given) {
            Ok(value) => Ok(value),
            Err(Failure::Undefined(_)) if !strict => Ok(Value::Undefined),
            Err(failure) => Err(failure.into()),
        };
        engine.add_extension((*name).to_owned(), *arguments, Box::new(extension)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// An argument that has to be a text.
fn text(given: &[Value], at: usize) -> Result<&str, Failure> {
    let value = given.get(at).and_then(|value| value.as_string().ok());
    value.map(AsRef::as_ref).ok_or_else(|| Failure::undefined(format!("operand {} must be string", at + 1)))
}

/// The members of an argument that has to be a list or a set.
fn members(given: &[Value], at: usize) -> Result<Vec<&Value>, Failure> {
    match given.get(at) {
        Some(Value::Array(items)) => Ok(items.iter().collect()),
        Some(Value::Set(items)) => Ok(items.iter_sorted().collect()),
        _ => Err(Failure::undefined(format!("operand {} must be one of {{array, set}}", at + 1))),
    }
}
