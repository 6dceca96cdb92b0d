//! Loose objects: a file for each. Written here and not by gix, whose half-written files have names that git does not know
//! and never removes.

use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::Error;
use super::prepare::NewObject;

/// Writes objects that are not there yet into the `objects` folder. Readers see all of one or nothing.
pub(super) fn write(objects_folder: &Path, objects: &[NewObject]) -> Result<(), Error> {
    objects.iter().try_for_each(|object| {
        let id = object.id.to_string();
        let (folder, name) = id.split_at(2);
        let path = objects_folder.join(folder).join(name);
        let failed = |error: io::Error| Error::Write { path: path.clone(), message: error.to_string() };
        if path.exists() { Ok(()) } else { store(objects_folder, &path, object).map_err(failed) }
    })
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
