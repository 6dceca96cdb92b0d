use proptest::prelude::*;

use super::*;
use crate::hydrate;
use crate::sign::{OsRng, SshSigner};

/// The record of one app with two files, attested for `env/prod`.
fn record() -> Record {
    let record = serde_json::json!({
        "apps": {"web": {"attestation": "00".repeat(32), "engine": "plain", "inputs": {}, "files": {
            "web/a.yaml": {"objects": 1, "sha256": "11".repeat(32)}, "web/b/c.yaml": {"objects": 1, "sha256": "22".repeat(32)},
        }}},
        "attested": {"branch": "env/prod"},
        "checked": {"judged": 2, "objects": 2, "validated": 2},
        "dryCommit": "0123456789abcdef0123456789abcdef01234567",
        "environment": "prod", "kubernetes": "1.34", "policies": "33".repeat(32), "schemas": "44".repeat(32),
        "tool": {"name": "hydrant", "version": "0.1.0"}, "version": 2,
    });
    serde_json::from_value(record).expect("a record")
}

fn signer() -> SshSigner {
    SshSigner::generate(&mut OsRng, "test key").expect("randomness")
}

fn attestation(signer: &dyn Signer) -> Attestation {
    let record = record();
    let subject = subject_of_app(&record, "web", &"5".repeat(40)).expect("attested");
    let time = CommitTime { seconds: 1_767_225_600, offset: 5400 };
    Attestation::make(&record, Attested::App("web"), subject, time, signer).expect("signs")
}

#[test]
fn an_attestation_reads_back_and_is_by_whoever_made_it() {
    let (signer, other) = (signer(), signer());
    let made = attestation(&signer);
    assert_eq!(Attestation::parse(&made.to_bytes()), Ok(made.clone()));
    assert_eq!((made.time(), made.subject().name.as_str()), (1_767_225_600, "git+local@env/prod//web"));
    assert!(made.is_by(&signer) && !made.is_by(&other));
}

#[test]
fn the_content_digest_is_of_sorted_lines_of_mode_digest_and_path() {
    let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
    let listing = format!("100644 {one}  a\n100644 {two}  b/c\n");
    assert_eq!(content_digest(vec![("b/c", two), ("a", one)]), Digest::of(listing.as_bytes()));
}

#[test]
fn what_is_not_attested_has_no_subject() {
    assert_eq!(subject_of_app(&record(), "api", "5"), None);
    let bare = Record { attested: None, ..record() };
    assert_eq!(subject_of_app(&bare, "web", "5"), None);
    assert_eq!(subject_of_record(&bare, b"", "5"), None);
}

#[test]
fn apps_below_each_other_have_attestations_beside_each_other() {
    let path = |app: &str| record().attestation_path(app).expect("a path").to_string();
    assert_eq!(path("team/web"), ".hydrant/attestations/team%2Fweb.dsse");
    assert_ne!(path("team%2Fweb"), path("team/web"));
    let folder = RepoPath::parse("shop").expect("a path");
    let in_folder = Record { folder: Some(folder), ..record() };
    assert_eq!(in_folder.own_attestation_path().as_str(), "shop/.hydrant/record.dsse");
}

#[test]
fn a_record_has_all_attestations_or_none() {
    let read = |record: &Record| Record::parse(&record.to_bytes());
    assert!(read(&record()).is_ok());
    let without = |branch: bool| {
        let mut record = record();
        match branch {
            true => record.attested = None,
            false => record.apps.values_mut().for_each(|app| app.attestation = None),
        }
        record
    };
    for record in [without(true), without(false)] {
        assert_eq!(read(&record), Err(hydrate::RecordError::Attested("web".to_owned())));
    }
}

#[test]
fn times_outside_of_what_can_be_written_are_the_nearest_that_can() {
    let shown = |seconds| time::of_statement(CommitTime { seconds, offset: 0 });
    assert_eq!(shown(-1), (0, "1970-01-01T00:00:00Z".to_owned()));
    assert_eq!(shown(i64::MAX), (253_402_300_799, "9999-12-31T23:59:59Z".to_owned()));
    for text in [
        "",
        "Z",
        "2026-01-01",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00:00Z",
        "2026-02-30T00:00:00Z",
    ] {
        assert_eq!(time::parse(text), None, "{text}");
    }
}

#[test]
fn what_is_no_attestation_says_why() {
    let made = attestation(&signer());
    let [one, two] = made.envelopes().map(|envelope| String::from_utf8(envelope.to_bytes()).expect("JSON"));
    let parse = |text: String| Attestation::parse(text.as_bytes()).expect_err("none");
    assert_eq!(parse(String::new()), AttestationError::Lines);
    assert_eq!(parse(format!("{one}\n")), AttestationError::Lines);
    assert_eq!(parse(format!("{one}\n{two}\n\n")), AttestationError::Lines);
    assert!(matches!(parse(format!("{two}\n{one}\n")), AttestationError::Torn(_)));
    let other = attestation(&signer());
    let [other, _] = other.envelopes().map(|envelope| String::from_utf8(envelope.to_bytes()).expect("JSON"));
    let torn = parse(format!("{other}\n{two}\n"));
    assert_eq!(torn, AttestationError::Torn("the summary was made for another provenance"));
    let blank = one.replacen("{\"payload\"", "{ \"payload\"", 1);
    assert_eq!(parse(format!("{blank}\n{two}\n")), EnvelopeError::NotCanonical.into());
    let twice = one.replacen("\"signatures\":[", "\"signatures\":[{\"keyid\":\"\",\"sig\":\"\"},", 1);
    assert_eq!(parse(format!("{twice}\n{two}\n")), EnvelopeError::Signatures(2).into());
    let typed = one.replacen("vnd.in-toto+json", "json", 1);
    assert_eq!(parse(format!("{typed}\n{two}\n")), EnvelopeError::PayloadType("application/json".to_owned()).into());
    let large = vec![b' '; MAX_BYTES + 1];
    assert_eq!(Attestation::parse(&large), Err(AttestationError::TooLarge(MAX_BYTES + 1)));
}

proptest! {
    #[test]
    fn every_second_that_can_be_written_reads_back(seconds in 0i64..=253_402_300_799) {
        let (_, text) = time::of_statement(CommitTime { seconds, offset: 0 });
        prop_assert_eq!(time::parse(&text), Some(seconds));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Attestation::parse(&bytes).is_err());
    }

    #[test]
    fn a_changed_byte_is_refused_or_no_longer_by_the_signer(at in 0usize..6000, byte in any::<u8>()) {
        let signer = signer();
        let bytes = attestation(&signer).to_bytes();
        let mut changed = bytes.clone();
        let at = at % changed.len();
        changed[at] = byte;
        // the name of the key is a hint that nothing covers
        let named = |read: &Attestation| read.envelopes().into_iter().all(|envelope| *envelope.key() == crate::sign::KeyId::new(signer.key().fingerprint()));
        if let Ok(read) = Attestation::parse(&changed) {
            prop_assert!(changed == bytes || !read.is_by(&signer) || !named(&read));
        }
    }
}
