//! A pack is many objects in one file, with an index beside it: one write and one fsync where loose objects need
//! thousands.
//!
//! Objects are stored whole, without deltas: `git gc` finds deltas later, a publication is quick now.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::ObjectId;
use gix::object::Kind;

use super::Error;
use super::prepare::NewObject;

/// Offsets in the index have 31 bits; packs that need more use a table we do not write.
const MAX_PACK_BYTES: usize = i32::MAX as usize;

/// Writes a pack of all objects, sorted by id, into the `objects` folder. Readers see all of it or nothing.
pub(super) fn write(objects_folder: &Path, objects: &[NewObject], hash: gix::hash::Kind) -> Result<(), Error> {
    let folder = objects_folder.join("pack");
    std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    let Pack { bytes, index, name } = encode(objects, hash)?;
    let path = |extension: &str| folder.join(format!("pack-{name}.{extension}"));
    // git reads a pack once its index is there, so the index appears last
    store(&folder, &path("pack"), &bytes)?;
    store(&folder, &path("idx"), &index)?;
    sync_folder(&folder)
}

/// The bytes of a pack and its index, and the name both files get.
struct Pack {
    bytes: Vec<u8>,
    index: Vec<u8>,
    name: String,
}

/// Where an object stands in a pack.
struct Place {
    id: ObjectId,
    checksum: u32,
    offset: u32,
}

fn encode(objects: &[NewObject], hash: gix::hash::Kind) -> Result<Pack, Error> {
    let count = u32::try_from(objects.len()).map_err(|_| Error::TooLarge { bytes: objects.len() })?;
    let mut bytes = b"PACK".to_vec();
    bytes.extend(2_u32.to_be_bytes());
    bytes.extend(count.to_be_bytes());
    let mut places = Vec::with_capacity(objects.len());
    for object in objects {
        let offset = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let start = bytes.len();
        append_entry(&mut bytes, object);
        if bytes.len() > MAX_PACK_BYTES {
            return Err(Error::TooLarge { bytes: bytes.len() });
        }
        places.push(Place { id: object.id, checksum: crc32fast::hash(&bytes[start..]), offset });
    }
    let checksum = digest(&bytes, hash)?;
    bytes.extend(checksum.as_bytes());
    let index = index(&mut places, &checksum, hash)?;
    Ok(Pack { bytes, index, name: checksum.to_string() })
}

/// Kind and length as git's varint, then the bytes deflated.
fn append_entry(pack: &mut Vec<u8>, object: &NewObject) {
    let kind: u8 = match object.kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    };
    let mut rest = object.bytes.len();
    let mut byte = (kind << 4) | low_bits(rest, 4);
    rest >>= 4;
    while rest > 0 {
        pack.push(byte | 0x80);
        byte = low_bits(rest, 7);
        rest >>= 7;
    }
    pack.push(byte);
    // level 1: a tenth larger than the default, three times as fast
    let mut deflate = ZlibEncoder::new(pack, Compression::fast());
    deflate.write_all(&object.bytes).and_then(|()| deflate.finish().map(|_| ())).expect("a vector takes every write");
}

fn low_bits(value: usize, bits: u32) -> u8 {
    u8::try_from(value & ((1 << bits) - 1)).expect("at most seven bits")
}

/// The index, version 2: a table of how many ids begin below each byte, then ids, checksums and offsets in order of id.
fn index(places: &mut [Place], pack: &ObjectId, hash: gix::hash::Kind) -> Result<Vec<u8>, Error> {
    places.sort_by_key(|place| place.id);
    let mut bytes = vec![0xff, b't', b'O', b'c'];
    bytes.extend(2_u32.to_be_bytes());
    let mut below = 0_usize;
    for first in 0..=u8::MAX {
        below += places[below..].partition_point(|place| place.id.first_byte() <= first);
        bytes.extend(u32::try_from(below).unwrap_or(u32::MAX).to_be_bytes());
    }
    places.iter().for_each(|place| bytes.extend(place.id.as_bytes()));
    places.iter().for_each(|place| bytes.extend(place.checksum.to_be_bytes()));
    places.iter().for_each(|place| bytes.extend(place.offset.to_be_bytes()));
    bytes.extend(pack.as_bytes());
    let checksum = digest(&bytes, hash)?;
    bytes.extend(checksum.as_bytes());
    Ok(bytes)
}

fn digest(bytes: &[u8], hash: gix::hash::Kind) -> Result<ObjectId, Error> {
    let mut hasher = gix::hash::hasher(hash);
    hasher.update(bytes);
    // the one way to fail is a SHA-1 collision attack inside the data
    hasher.try_finalize().map_err(|_| Error::Corrupt { id: "of the new pack".to_owned() })
}

/// Writes a file under another name, flushes it to the disk, and only then gives it its name.
fn store(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error: std::io::Error| failed(path, &error);
    let mut builder = tempfile::Builder::new();
    // git removes what begins like this when it finds it left over
    builder.prefix("tmp_pack_");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o444));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Makes the new names durable. Windows has no such thing.
fn sync_folder(folder: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        let file = std::fs::File::open(folder).and_then(|file| file.sync_all());
        file.map_err(|error| failed(folder, &error))?;
    }
    Ok(())
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::Write { path: PathBuf::from(path), message: error.to_string() }
}
