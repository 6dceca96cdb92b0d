//! Objects: read with proof that the bytes are those the id promises.

use gix::ObjectId;
use gix::object::Kind;

use super::Error;
use super::error::spell_out;

/// The bytes of an object of the kind expected. A damaged or replaced object is an error, not a surprise in production.
pub(super) fn read(repo: &gix::Repository, id: ObjectId, kind: Kind) -> Result<Vec<u8>, Error> {
    let object = repo
        .find_object(id)
        .map_err(|error| Error::Object { id: id.to_string(), message: spell_out(&error) })?
        .detach();
    if object.kind != kind {
        return Err(Error::Malformed { id: id.to_string(), message: format!("it is a {}, not a {kind}", object.kind) });
    }
    match gix::objs::compute_hash(id.kind(), kind, &object.data) {
        Ok(actual) if actual == id => Ok(object.data),
        _ => Err(Error::Corrupt { id: id.to_string() }),
    }
}
