//! Loose objects: a file for each. Written here and not by gix, whose half-written files have names that git does not know
//! and never removes.
//!
//! What an object refers to is written before it: whoever finds a tree takes all that is in it for present, after a crash
//! as well.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::ObjectId;
use gix::object::Kind;
use gix::objs::{CommitRefIter, TreeRefIter};

use super::Error;
use super::prepare::NewObject;

/// Writes objects that are not there yet into the `objects` folder. Readers see all of one or nothing.
pub(super) fn write(objects_folder: &Path, objects: &[NewObject]) -> Result<(), Error> {
    children_first(objects).into_iter().try_for_each(|object| {
        let id = object.id.to_string();
        let (folder, name) = id.split_at(2);
        let path = objects_folder.join(folder).join(name);
        let failed = |error: io::Error| Error::Write { path: path.clone(), message: error.to_string() };
        if path.exists() { Ok(()) } else { store(objects_folder, &path, object).map_err(failed) }
    })
}

/// The same objects, each after all of them that it refers to.
fn children_first(objects: &[NewObject]) -> Vec<&NewObject> {
    fn visit<'a>(id: ObjectId, left: &mut BTreeMap<ObjectId, &'a NewObject>, ordered: &mut Vec<&'a NewObject>) {
        let Some(object) = left.remove(&id) else { return };
        children(object).into_iter().for_each(|child| visit(child, left, ordered));
        ordered.push(object);
    }
    let mut left: BTreeMap<ObjectId, &NewObject> = objects.iter().map(|object| (object.id, object)).collect();
    let mut ordered = Vec::with_capacity(objects.len());
    objects.iter().for_each(|object| visit(object.id, &mut left, &mut ordered));
    ordered
}

/// The objects that one refers to. We made it: it can be read.
fn children(object: &NewObject) -> Vec<ObjectId> {
    let hash = object.id.kind();
    match object.kind {
        Kind::Tree => {
            let entries = TreeRefIter::from_bytes(&object.bytes, hash).filter_map(Result::ok);
            entries.map(|entry| entry.oid.to_owned()).collect()
        }
        Kind::Commit => {
            let tree = CommitRefIter::from_bytes(&object.bytes, hash).tree_id().ok();
            tree.into_iter().chain(CommitRefIter::from_bytes(&object.bytes, hash).parent_ids()).collect()
        }
        Kind::Blob | Kind::Tag => Vec::new(),
    }
}

fn store(objects_folder: &Path, path: &Path, object: &NewObject) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    // git removes what begins like this when it finds it left over
    builder.prefix("tmp_obj_");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o444));
    let mut deflate = ZlibEncoder::new(builder.tempfile_in(objects_folder)?, Compression::fast());
    write!(deflate, "{} {}\0", object.kind, object.bytes.len())?;
    deflate.write_all(&object.bytes)?;
    let file = deflate.finish()?;
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    match file.persist(path) {
        // another process wrote the same object, and Windows replaces nothing that is read-only
        Err(error) if !path.exists() => Err(error.error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: Kind, bytes: Vec<u8>) -> NewObject {
        let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, &bytes).expect("hashed");
        NewObject { id, kind, bytes }
    }

    fn folder(name: &str, mode: &str, child: &NewObject) -> NewObject {
        object(Kind::Tree, [format!("{mode} {name}\0").as_bytes(), child.id.as_bytes()].concat())
    }

    fn commit(tree: &NewObject, parent: Option<&NewObject>) -> NewObject {
        let parent = parent.map(|parent| format!("parent {}\n", parent.id)).unwrap_or_default();
        let who = "A <a@b> 1 +0000";
        object(Kind::Commit, format!("tree {}\n{parent}author {who}\ncommitter {who}\n\nx\n", tree.id).into_bytes())
    }

    /// A process that dies between two objects leaves no object behind whose parts are missing: the next one takes what
    /// it finds for complete, and would never write the rest.
    #[test]
    fn an_object_is_written_after_all_that_it_refers_to() {
        for text in 0..50 {
            let file = object(Kind::Blob, format!("{text}").into_bytes());
            let inner = folder("web", "100644", &file);
            let outer = folder("apps", "40000", &inner);
            let first = commit(&outer, None);
            let second = commit(&inner, Some(&first));
            let mut objects = vec![file, inner, outer, first, second];
            // as they come: in order of ids, which is any order
            objects.sort_by_key(|object| object.id);
            let ordered = children_first(&objects);
            assert_eq!(ordered.len(), objects.len());
            for (index, object) in ordered.iter().enumerate() {
                let later = &ordered[index..];
                assert!(!children(object).iter().any(|child| later.iter().any(|later| later.id == *child)), "{text}");
            }
            assert_eq!(children(ordered[4]).len(), 2, "a commit refers to its tree and its parent");
        }
    }
}
