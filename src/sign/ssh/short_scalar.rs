//! ECDSA private keys whose number happens to be short: every second one on P-521, one in 256 on the other curves.
//!
//! `ssh-key` 0.6 wants the number at its full length, where ssh-keygen writes it without zeros in front. Here such a key
//! is written anew, with the zeros.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::PrivateKey;
use zeroize::Zeroizing;

use super::wire::{Reader, put_number, put_string};
use crate::sign::Passphrase;

const MAGIC: &[u8] = b"openssh-key-v1\0";

/// Unencrypted keys are filled up to this.
const BLOCK: usize = 8;

/// Reads such a key. `None` for every other text, and for a wrong passphrase.
pub(super) fn read(text: &str, passphrase: Option<&Passphrase>) -> Option<PrivateKey> {
    let body = text.trim().strip_prefix("-----BEGIN OPENSSH PRIVATE KEY-----")?;
    let body = body.strip_suffix("-----END OPENSSH PRIVATE KEY-----")?;
    let body = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    let file = Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?);
    let mut reader = Reader::new(&file);
    if reader.take(MAGIC.len())? != MAGIC {
        return None;
    }
    let (_cipher, _kdf, _options) = (reader.string()?, reader.string()?, reader.string()?);
    let _number_of_keys = reader.number().filter(|number| *number == 1)?;
    let public = reader.string()?;
    let section = Zeroizing::new(reader.string()?.to_vec());
    let section = match passphrase {
        None => section,
        Some(passphrase) => decrypt(text, section, reader.rest(), passphrase)?,
    };
    let section = with_full_number(&section)?;
    let mut file = Zeroizing::new(MAGIC.to_vec());
    for part in [&b"none"[..], b"none", b""] {
        put_string(&mut file, part);
    }
    put_number(&mut file, 1);
    put_string(&mut file, public);
    put_string(&mut file, &section);
    PrivateKey::from_bytes(&file).ok()
}

fn decrypt(
    text: &str,
    mut section: Zeroizing<Vec<u8>>,
    tag: &[u8],
    passphrase: &Passphrase,
) -> Option<Zeroizing<Vec<u8>>> {
    // encrypted, it is read as far as its public half
    let locked = PrivateKey::from_openssh(text).ok()?;
    let (key, start) = locked.kdf().derive_key_and_iv(locked.cipher(), passphrase.as_str()).ok()?;
    let tag = if tag.is_empty() { None } else { Some(tag.try_into().ok()?) };
    locked.cipher().decrypt(&key, &start, &mut section, tag).ok()?;
    Some(section)
}

/// The private section with its number at full length, filled up anew.
fn with_full_number(section: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut reader = Reader::new(section);
    let (one, other) = (reader.number()?, reader.number()?);
    let (kind, curve, point) = (reader.string()?, reader.string()?, reader.string()?);
    let (number, comment) = (reader.string()?, reader.string()?);
    let length = match curve {
        b"nistp256" => 32,
        b"nistp384" => 48,
        b"nistp521" => 66,
        _ => return None,
    };
    // two equal numbers in front tell that the passphrase was right
    let missing = (one == other && number.len() < length).then(|| length - number.len())?;
    // room for all of it at once: a buffer that grows leaves copies behind
    let mut full = Zeroizing::new(Vec::with_capacity(section.len() + length + BLOCK));
    put_number(&mut full, one);
    put_number(&mut full, other);
    for part in [kind, curve, point] {
        put_string(&mut full, part);
    }
    let mut padded = Zeroizing::new(vec![0; missing]);
    padded.extend_from_slice(number);
    put_string(&mut full, &padded);
    put_string(&mut full, comment);
    let filling = (BLOCK - full.len() % BLOCK) % BLOCK;
    full.extend((1..=filling).map(|byte| u8::try_from(byte).expect("at most seven")));
    Some(full)
}
