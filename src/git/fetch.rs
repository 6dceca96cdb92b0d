//! Fetch: the branches and notes of a remote as they are now, kept apart from this repository's own.
//!
//! What is fetched goes to references below `refs/hydrant/remote/`, so that no branch of anybody is lost, and the next
//! fetch need not bring it again. A clone with its whole history keeps it; a shallow one gets the tips alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gix::ObjectId;
use gix::refs::Target;
use gix::refs::transaction::{Change, PreviousValue, RefEdit, RefLog};

use super::error::spell_out;
use super::publish::reference_edit;
use super::remote::Remote;
use super::{BranchName, CommitId, Error, NOTES_REF, Notice, Repository};
use crate::tree::Digest;

/// How often a look is taken again because references moved or were locked under it.
const ATTEMPTS: u32 = 6;

/// How long to wait before that; each time longer.
const PAUSE: Duration = Duration::from_millis(40);

/// What git says where trying again may help.
const PASSING: [&str; 4] =
    ["cannot lock ref", "Unable to create", "couldn't find remote ref", "shallow file has changed"];

/// What a remote has.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) remote: Remote,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By full name: those asked for, and those whose names git keeps from standing beside them.
    tips: BTreeMap<String, CommitId>,
    /// What was pushed since.
    pushed: BTreeSet<String>,
    news: Vec<Notice>,
}

impl Upstream {
    pub(super) fn tip(&self, reference: &str) -> Option<CommitId> {
        self.state().tips.get(reference).copied()
    }

    /// The names of its branches as far as they matter.
    pub(super) fn branches(&self) -> Vec<String> {
        let state = self.state();
        state.tips.keys().filter_map(|name| name.strip_prefix("refs/heads/")).map(str::to_owned).collect()
    }

    pub(super) fn pushed(&self) -> BTreeSet<String> {
        self.state().pushed.clone()
    }

    /// The remote took this.
    pub(super) fn moved(&self, reference: &str, tip: CommitId) {
        let mut state = self.state();
        state.tips.insert(reference.to_owned(), tip);
        state.pushed.insert(reference.to_owned());
    }

    pub(super) fn news(&self) -> Vec<Notice> {
        self.state().news.clone()
    }

    pub(super) fn tell(&self, notice: Notice) {
        self.state().news.push(notice);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repository {
    /// The same repository with the notes and these branches as `remote` has them now. What is published there is pushed.
    pub fn on(&self, remote: &Remote, branches: &[BranchName]) -> Result<Self, Error> {
        let mut attempt = 1;
        let (tips, news) = loop {
            match self.look(remote, branches) {
                Err(Error::Remote { words, .. })
                    if attempt < ATTEMPTS && PASSING.iter().any(|word| words.contains(word)) =>
                {
                    std::thread::sleep(PAUSE * attempt);
                    attempt += 1;
                }
                looked => break looked?,
            }
        };
        let upstream = Upstream { remote: remote.clone(), state: Mutex::new(State { tips, news, ..State::default() }) };
        Ok(Self { upstream: Some(Arc::new(upstream)), ..self.clone() })
    }

    /// What was pushed to the remote by name.
    #[must_use]
    pub fn pushed(&self) -> BTreeSet<String> {
        let pushed = self.upstream.as_ref().map(|upstream| upstream.pushed()).unwrap_or_default();
        pushed.into_iter().map(|name| name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned()).collect()
    }

    fn look(
        &self,
        remote: &Remote,
        branches: &[BranchName],
    ) -> Result<(BTreeMap<String, CommitId>, Vec<Notice>), Error> {
        let mut tips = self.list(remote, branches)?;
        let wanted = branches.iter().map(BranchName::reference).chain([NOTES_REF.to_owned()]);
        let (mut deep, mut shallow, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for reference in wanted.collect::<BTreeSet<_>>() {
            let copy = copy_name(remote, &reference);
            let before = self.reference_at(&copy)?;
            match (tips.get(&reference), before) {
                (None, None) => continue,
                (None, Some(_)) => {}
                (Some(tip), Some(before)) if *tip == before => continue,
                _ if self.has_history(remote, &reference, before)? => deep.push(format!("+{reference}:{copy}")),
                _ => shallow.push(format!("+{reference}:{copy}")),
            }
            kept.push((reference, copy, before));
        }
        self.remove_left_over_locks();
        self.fetch(remote, &deep, &[])?;
        self.fetch(remote, &shallow, &["--depth=1"])?;
        let mut news = Vec::new();
        for (reference, copy, before) in kept {
            let now = match tips.contains_key(&reference) {
                true => self.reference_at(&copy)?,
                false => None,
            };
            match now {
                // it may have moved since it was listed: what was fetched is what can be built on
                Some(now) => drop(tips.insert(reference.clone(), now)),
                None => self.forget(&copy)?,
            }
            if let Some(before) = before {
                news.extend(self.moved_back(remote, &reference, before, now)?);
            }
        }
        Ok((tips, news))
    }

    /// The references of the remote, those asked for and those that could not exist beside them.
    fn list(&self, remote: &Remote, branches: &[BranchName]) -> Result<BTreeMap<String, CommitId>, Error> {
        let mut patterns = BTreeSet::from([NOTES_REF.to_owned()]);
        for branch in branches {
            let name = branch.reference();
            let above =
                branch.as_str().match_indices('/').map(|(end, _)| format!("refs/heads/{}", &branch.as_str()[..end]));
            patterns.extend(above);
            patterns.extend([format!("{name}/*"), name]);
        }
        let mut arguments = vec!["ls-remote", "--quiet", "--refs", "--", &remote.read_from];
        arguments.extend(patterns.iter().map(String::as_str));
        let ended = remote.git(&arguments)?;
        if !ended.success {
            return Err(remote.failed("cannot be read", &ended.stderr));
        }
        let text = String::from_utf8_lossy(&ended.stdout).into_owned();
        let hash = self.local().object_hash();
        let mut tips = BTreeMap::new();
        for (id, name) in text.lines().filter_map(|line| line.split_once('\t')) {
            match ObjectId::from_hex(id.as_bytes()) {
                Ok(id) if id.kind() == hash => drop(tips.insert(name.to_owned(), CommitId(id))),
                _ => {
                    return Err(
                        remote.failed("cannot be read", &format!("its commits have ids such as {id}, ours are {hash}"))
                    );
                }
            }
        }
        // a pattern of git also means what ends like it
        tips.retain(|name, _| {
            patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(folder) => name.starts_with(folder),
                None => name == pattern,
            })
        });
        Ok(tips)
    }

    /// Whether a fetch brings what is new, or everything there ever was. A whole clone stays whole either way.
    fn has_history(&self, remote: &Remote, reference: &str, before: Option<CommitId>) -> Result<bool, Error> {
        if before.is_some() || !self.local().is_shallow().unwrap_or(false) || self.reference_at(reference)?.is_some() {
            return Ok(true);
        }
        let Some(branch) = reference.strip_prefix("refs/heads/") else { return Ok(false) };
        let tracked = format!("refs/remotes/{}/{branch}", remote.pushed_to);
        Ok(gix::refs::FullName::try_from(tracked.as_str()).is_ok() && self.reference_at(&tracked)?.is_some())
    }

    fn fetch(&self, remote: &Remote, refspecs: &[String], options: &[&str]) -> Result<(), Error> {
        if refspecs.is_empty() {
            return Ok(());
        }
        let quiet = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
        let mut arguments = [&quiet, options, &["--no-recurse-submodules", "--", &remote.read_from]].concat();
        arguments.extend(refspecs.iter().map(String::as_str));
        let ended = remote.git(&arguments)?;
        if ended.success { Ok(()) } else { Err(remote.failed("cannot be fetched from", &ended.stderr)) }
    }

    /// Where somebody has taken back what was there, if that can be told.
    fn moved_back(
        &self,
        remote: &Remote,
        reference: &str,
        from: CommitId,
        to: Option<CommitId>,
    ) -> Result<Option<Notice>, Error> {
        let (name, remote) = (reference.trim_start_matches("refs/heads/").to_owned(), remote.name().to_owned());
        let Some(to) = to else { return Ok(Some(Notice::Gone { name, remote, from })) };
        let whole = !self.local().is_shallow().unwrap_or(false);
        let back = match whole {
            // what was once fetched is kept by nothing any more, and may be gone
            true => !self.is_ancestor(from.0, to)?,
            false => self.is_ancestor(to.0, from)?,
        };
        Ok(back.then_some(Notice::MovedBack { name, remote, from, to }))
    }

    /// The commit that a direct reference names.
    pub(super) fn reference_at(&self, name: &str) -> Result<Option<CommitId>, Error> {
        let broken = |error: gix::Error| Error::Reference { branch: name.to_owned(), message: spell_out(&error) };
        let repo = self.local();
        let found = repo.try_find_reference(name).map_err(broken)?;
        Ok(found.and_then(|found| found.target().try_id().map(|id| CommitId(id.to_owned()))))
    }

    /// Remembers what the remote has, for the next fetch.
    pub(super) fn remember(&self, remote: &Remote, reference: &str, tip: CommitId) -> Result<(), Error> {
        let copy = copy_name(remote, reference);
        let mut edit = reference_edit(full_name(&copy)?, None, tip, "hydrant: push");
        if let Change::Update { expected, .. } = &mut edit.change {
            *expected = PreviousValue::Any;
        }
        self.edit(&copy, edit)
    }

    fn forget(&self, copy: &str) -> Result<(), Error> {
        let change = Change::Delete { expected: PreviousValue::Any, log: RefLog::AndReference };
        self.edit(copy, RefEdit { change, name: full_name(copy)?, deref: false })
    }

    /// Changes one reference of ours.
    pub(super) fn edit(&self, name: &str, edit: RefEdit) -> Result<(), Error> {
        let edited = self.move_references(vec![edit]);
        edited.map_err(|error| Error::Reference { branch: name.to_owned(), message: spell_out(&error) })
    }

    /// Moves a reference of ours from where it was seen.
    pub(super) fn fast_forward(&self, name: &str, from: Option<CommitId>, to: CommitId) -> Result<(), Error> {
        debug_assert_ne!(from.map(|from| Target::Object(from.0)), Some(Target::Object(to.0)));
        self.edit(name, reference_edit(full_name(name)?, from, to, "hydrant: follow the remote"))
    }
}

fn full_name(name: &str) -> Result<gix::refs::FullName, Error> {
    gix::refs::FullName::try_from(name)
        .map_err(|error| Error::BranchName { branch: name.to_owned(), reason: error.to_string() })
}

/// Where the copy of a remote's reference is kept. No name of one lies inside another's, whatever the remote has had.
fn copy_name(remote: &Remote, reference: &str) -> String {
    let is_plain = |name: &str| name.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign));
    let place = match &remote.pushed_to {
        name if is_plain(name) => name.clone(),
        address => Digest::of(address.as_bytes()).to_string().chars().take(16).collect(),
    };
    let inside = reference.strip_prefix("refs/").unwrap_or(reference);
    format!("refs/hydrant/remote/{place}/{}", inside.replace('%', "%25").replace('/', "%2F"))
}
