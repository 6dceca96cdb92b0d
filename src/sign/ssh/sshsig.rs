//! SSHSIG: the envelope around an SSH signature, as `ssh-keygen -Y sign` writes it.
//!
//! Read here and not by `ssh-key`, which knows no envelope whose key is a certificate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::HashAlg;

use super::SignatureError;
use super::wire::{Reader, put_number, put_string};
use crate::sign::Signature;

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;

/// How long the lines of armor are that ssh-keygen writes.
const LINE: usize = 70;

/// An armored SSHSIG of any key type is far smaller.
const MAX_BYTES: usize = 64 * 1024;

/// What is inside the armor.
pub(super) struct Envelope {
    /// The public key or certificate, as SSH encodes it.
    pub(super) key: Vec<u8>,
    /// What the signature is for.
    pub(super) namespace: String,
    /// How the message was hashed.
    pub(super) hash: HashAlg,
    /// The signature, as SSH encodes it: its algorithm, then its bytes.
    pub(super) signature: Vec<u8>,
}

impl Envelope {
    pub(super) fn parse(signature: &Signature) -> Result<Self, SignatureError> {
        let malformed = |reason: &str| SignatureError::Malformed(reason.to_owned());
        let armor = signature.armor().trim();
        if armor.len() > MAX_BYTES {
            return Err(SignatureError::Malformed(format!("it has {} bytes", armor.len())));
        }
        let body = armor.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
        let body: String = body.ok_or_else(|| malformed("its armor is damaged"))?.split_ascii_whitespace().collect();
        let bytes = STANDARD.decode(body).map_err(|error| SignatureError::Malformed(error.to_string()))?;
        let mut reader = Reader::new(&bytes);
        if reader.take(MAGIC.len()) != Some(MAGIC) {
            return Err(malformed("it does not begin as one"));
        }
        match reader.number() {
            Some(VERSION) => {}
            Some(other) => return Err(SignatureError::Malformed(format!("version {other}"))),
            None => return Err(malformed("it ends too early")),
        }
        Self::fields(&mut reader).filter(|_| reader.is_at_end()).ok_or_else(|| malformed("its fields are damaged"))
    }

    fn fields(reader: &mut Reader<'_>) -> Option<Self> {
        let key = reader.string()?.to_owned();
        let namespace = reader.text().filter(|namespace| !namespace.is_empty())?.to_owned();
        let _reserved = reader.string()?;
        let hash = HashAlg::new(reader.text()?).ok()?;
        let signature = reader.string()?.to_owned();
        Some(Self { key, namespace, hash, signature })
    }

    pub(super) fn to_armor(&self) -> Signature {
        let mut bytes = MAGIC.to_vec();
        put_number(&mut bytes, VERSION);
        put_string(&mut bytes, &self.key);
        put_string(&mut bytes, self.namespace.as_bytes());
        put_string(&mut bytes, b"");
        put_string(&mut bytes, self.hash.as_str().as_bytes());
        put_string(&mut bytes, &self.signature);
        let body = STANDARD.encode(bytes);
        let lines = body.as_bytes().chunks(LINE).map(|line| std::str::from_utf8(line).expect("base64 is ASCII"));
        let lines: Vec<&str> = std::iter::once(BEGIN).chain(lines).chain([END]).collect();
        Signature::from_armor(&lines.join("\n"))
    }
}

/// The bytes that the key signs.
pub(super) fn signed_bytes(namespace: &str, hash: HashAlg, message: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    put_string(&mut bytes, namespace.as_bytes());
    put_string(&mut bytes, b"");
    put_string(&mut bytes, hash.as_str().as_bytes());
    put_string(&mut bytes, &hash.digest(message));
    bytes
}
