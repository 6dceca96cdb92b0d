//! The header of a commit that carries its signature: taken out to get the bytes that were signed, put in to publish.
//!
//! git signs a commit's bytes as they are without the header. The header's first line follows its name, further lines
//! begin with one space, and the value ends with a line feed.

use super::Signature;

/// Which header carries the signature: it depends on the repository's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureHeader {
    /// Of SHA-1 repositories.
    Gpgsig,
    /// Of SHA-256 repositories.
    GpgsigSha256,
}

impl SignatureHeader {
    /// The name as written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gpgsig => "gpgsig",
            Self::GpgsigSha256 => "gpgsig-sha256",
        }
    }
}

/// Whether a commit is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitSignature {
    /// No signature header.
    Unsigned,
    /// One.
    Signed(Signature),
}

/// A commit taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCommit {
    /// The bytes that the signature covers.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: CommitSignature,
}

/// Why a commit's headers cannot be trusted to say what is signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitFormatError {
    /// git would join them; nobody writes two.
    #[error("it has more than one signature header")]
    SeveralSignatures,
    /// git leaves every header that begins with `gpgsig` out of what is signed: a place to hide things.
    #[error("it has a header `{0}`, which no signature covers")]
    UnknownHeader(String),
    /// Not even the end of the headers is there.
    #[error("its headers do not end")]
    Endless,
    /// Signatures are ASCII.
    #[error("its signature is not text")]
    NotText,
}

impl SignedCommit {
    /// Takes a commit apart as git does before it verifies a signature.
    pub fn split(commit: &[u8], header: SignatureHeader) -> Result<Self, CommitFormatError> {
        let body = end_of_headers(commit)?;
        let mut payload = Vec::with_capacity(commit.len());
        let mut signature: Option<Vec<u8>> = None;
        let mut place = Place::Covered;
        for line in commit[..body].split_inclusive(|byte| *byte == b'\n') {
            if !line.starts_with(b" ") {
                place = Place::of(line, header)?;
                if place == Place::Ours && signature.replace(Vec::new()).is_some() {
                    return Err(CommitFormatError::SeveralSignatures);
                }
            }
            match (place, &mut signature) {
                (Place::Covered, _) => payload.extend_from_slice(line),
                (Place::Ours, Some(signature)) => signature.extend_from_slice(value_of(line)),
                (Place::Ours | Place::OtherHash, _) => {}
            }
        }
        payload.extend_from_slice(&commit[body..]);
        let signature = match signature {
            None => CommitSignature::Unsigned,
            Some(bytes) => {
                let armor = String::from_utf8(bytes).map_err(|_| CommitFormatError::NotText)?;
                CommitSignature::Signed(Signature::from_armor(&armor))
            }
        };
        Ok(Self { payload, signature })
    }

    /// Puts a signature into a commit without one, after all other headers.
    pub fn join(payload: &[u8], signature: &Signature, header: SignatureHeader) -> Result<Vec<u8>, CommitFormatError> {
        let end = end_of_headers(payload)?;
        let mut commit = payload[..end].to_vec();
        commit.extend_from_slice(header.name().as_bytes());
        for line in signature.armor().lines() {
            commit.push(b' ');
            commit.extend_from_slice(line.as_bytes());
            commit.push(b'\n');
        }
        commit.extend_from_slice(&payload[end..]);
        Ok(commit)
    }
}

/// What a header line is to a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Part of what is signed.
    Covered,
    /// The signature.
    Ours,
    /// The signature over this commit's twin in the other hash: not covered, and none of our business.
    OtherHash,
}

impl Place {
    fn of(line: &[u8], header: SignatureHeader) -> Result<Self, CommitFormatError> {
        let name = line.split(|byte| matches!(byte, b' ' | b'\n')).next().unwrap_or_default();
        match name {
            name if name == header.name().as_bytes() => Ok(Self::Ours),
            b"gpgsig" | b"gpgsig-sha256" => Ok(Self::OtherHash),
            name if name.starts_with(b"gpgsig") => {
                Err(CommitFormatError::UnknownHeader(String::from_utf8_lossy(name).into_owned()))
            }
            _ => Ok(Self::Covered),
        }
    }
}

/// The value part of a header line: after the name and a space, or after the space of a further line.
fn value_of(line: &[u8]) -> &[u8] {
    line.iter().position(|byte| *byte == b' ').map_or(&line[line.len()..], |space| &line[space + 1..])
}

/// The offset of the empty line that ends the headers.
fn end_of_headers(commit: &[u8]) -> Result<usize, CommitFormatError> {
    let end = commit.windows(2).position(|pair| pair == b"\n\n");
    end.map(|index| index + 1).ok_or(CommitFormatError::Endless)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &[u8] = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nmessage\n\nbody\n";
    const RICH: &[u8] = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\nencoding ISO-8859-1\nmergetag object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n type commit\n tag v1\n \n note\n -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----\n\nm\xe9ssage\n";

    fn signature() -> Signature {
        Signature::from_armor("-----BEGIN SSH SIGNATURE-----\nAAAA\n\nBBBB\n-----END SSH SIGNATURE-----")
    }

    #[test]
    fn what_was_put_in_comes_out_again() {
        for (payload, header) in
            [(PLAIN, SignatureHeader::Gpgsig), (RICH, SignatureHeader::Gpgsig), (PLAIN, SignatureHeader::GpgsigSha256)]
        {
            let commit = SignedCommit::join(payload, &signature(), header).expect("has headers");
            let split = SignedCommit::split(&commit, header).expect("well-formed");
            assert_eq!(split.payload, payload);
            assert_eq!(split.signature, CommitSignature::Signed(signature()));
        }
    }

    #[test]
    fn an_unsigned_commit_is_all_payload() {
        let split = SignedCommit::split(RICH, SignatureHeader::Gpgsig).expect("well-formed");
        assert_eq!((split.payload.as_slice(), split.signature), (RICH, CommitSignature::Unsigned));
    }

    #[test]
    fn headers_that_hide_from_the_signature_are_refused() {
        let once = SignedCommit::join(PLAIN, &signature(), SignatureHeader::Gpgsig).expect("has headers");
        let twice = SignedCommit::join(&once, &signature(), SignatureHeader::Gpgsig).expect("has headers");
        assert_eq!(SignedCommit::split(&twice, SignatureHeader::Gpgsig), Err(CommitFormatError::SeveralSignatures));
        let odd = String::from_utf8_lossy(&once).replace("gpgsig ", "gpgsignature ");
        assert!(matches!(
            SignedCommit::split(odd.as_bytes(), SignatureHeader::Gpgsig),
            Err(CommitFormatError::UnknownHeader(_))
        ));
        assert_eq!(SignedCommit::split(b"tree x\n", SignatureHeader::Gpgsig), Err(CommitFormatError::Endless));
    }

    #[test]
    fn the_signature_of_the_other_hash_is_neither_covered_nor_ours() {
        let commit = SignedCommit::join(PLAIN, &signature(), SignatureHeader::GpgsigSha256).expect("has headers");
        let split = SignedCommit::split(&commit, SignatureHeader::Gpgsig).expect("well-formed");
        assert_eq!((split.payload.as_slice(), split.signature), (PLAIN, CommitSignature::Unsigned));
    }

    proptest! {
        #[test]
        fn any_bytes_split_or_fail_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = SignedCommit::split(&bytes, SignatureHeader::Gpgsig);
        }

        #[test]
        fn joining_and_splitting_is_lossless(headers in "([a-z]{1,8} [a-z ]{0,10}\n( [a-z]{0,5}\n){0,2}){1,4}", body in "[ -~\n]{0,60}") {
            let payload = format!("{headers}\n{body}");
            prop_assume!(!payload.contains("gpgsig"));
            let commit = SignedCommit::join(payload.as_bytes(), &signature(), SignatureHeader::Gpgsig).expect("has headers");
            let split = SignedCommit::split(&commit, SignatureHeader::Gpgsig).expect("well-formed");
            prop_assert_eq!(split.payload, payload.as_bytes());
        }
    }
}
