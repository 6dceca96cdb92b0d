//! Push: a remote moves branches and notes together, from where they were seen, or leaves all of them alone.
//!
//! Nothing is ever forced. The lease only says where we saw a reference; that its new commit comes right after that one
//! is checked here before anything is sent.

use super::fetch::Upstream;
use super::remote::{in_one_line, words};
use super::{CommitId, Error, Notice, Repository};

/// What git and servers say when somebody else was quicker.
const RACES: [&str; 7] = [
    "fetch first",
    "non-fast-forward",
    "stale info",
    "reference already exists",
    "incorrect old value",
    "failed to update ref",
    "cannot lock ref",
];

/// One reference and where it is to go.
#[derive(Debug, Clone)]
pub(super) struct Move {
    /// Its full name.
    pub(super) reference: String,
    /// Where it was seen; `None`: nowhere.
    pub(super) expected: Option<CommitId>,
    pub(super) new: CommitId,
}

impl Repository {
    /// Moves all of it on the remote, or nothing. A remote that cannot do that moves one after the other.
    pub(super) fn push(&self, upstream: &Upstream, moves: &[Move]) -> Result<(), Error> {
        for one in moves {
            self.refuse_backward(one)?;
        }
        match self.push_together(upstream, moves)? {
            Together::Done => Ok(()),
            Together::NotThere => {
                upstream.tell(Notice::NotAtomic { remote: upstream.remote.name().to_owned() });
                moves.iter().try_for_each(|one| match self.push_together(upstream, std::slice::from_ref(one))? {
                    Together::Done => Ok(()),
                    Together::NotThere => {
                        Err(upstream.remote.failed("cannot be pushed to", "it wants no single branch"))
                    }
                })
            }
        }
    }

    fn push_together(&self, upstream: &Upstream, moves: &[Move]) -> Result<Together, Error> {
        let remote = &upstream.remote;
        let mut arguments: Vec<String> =
            ["push", "--porcelain", "--no-progress", "--no-follow-tags", "--recurse-submodules=no"]
                .map(str::to_owned)
                .into();
        // one alone moves or does not: that needs nothing of the server
        arguments.extend((moves.len() > 1).then(|| "--atomic".to_owned()));
        for Move { reference, expected, .. } in moves {
            let expected = expected.map(|tip| tip.to_string()).unwrap_or_default();
            arguments.push(format!("--force-with-lease={reference}:{expected}"));
        }
        arguments.extend(["--".to_owned(), remote.pushed_to.clone()]);
        arguments.extend(moves.iter().map(|one| format!("{}:{}", one.new, one.reference)));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ended = remote.git(&arguments)?;
        let told = String::from_utf8_lossy(&ended.stdout).into_owned();
        match judge(ended.success, &told, &ended.stderr) {
            Answer::Accepted => {
                for one in moves {
                    upstream.moved(&one.reference, one.new);
                    // only spares the next fetch
                    let _ = self.remember(remote, &one.reference, one.new);
                }
                Ok(Together::Done)
            }
            Answer::NotAtomic => Ok(Together::NotThere),
            Answer::Race => Err(Error::RemoteMoved {
                remote: remote.name().to_owned(),
                references: moves.iter().map(|one| format!("`{}`", short(&one.reference))).collect(),
                words: words(&ended.stderr),
            }),
            Answer::Refused(references) => {
                Err(Error::RemoteRefused { remote: remote.name().to_owned(), references, words: words(&ended.stderr) })
            }
            Answer::Failed => Err(remote.failed("cannot be pushed to", &ended.stderr)),
        }
    }

    /// A commit that does not come right after the one it replaces is not sent, whatever a server would do with it.
    fn refuse_backward(&self, one: &Move) -> Result<(), Error> {
        let Some(old) = one.expected else { return Ok(()) };
        let commit = self.commit(one.new)?;
        let forward = self.parsed(&commit)?.parents().any(|parent| parent == old.0);
        if forward { Ok(()) } else { Err(Error::NotForward { reference: one.reference.clone(), old }) }
    }
}

enum Together {
    Done,
    /// The remote cannot do it.
    NotThere,
}

/// What a push came to.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Accepted,
    NotAtomic,
    Race,
    /// The references, each with the reason.
    Refused(Vec<String>),
    Failed,
}

/// Reads what `git push --porcelain` prints: a line for each reference, `!<tab><from>:<to><tab>[rejected] (<reason>)`.
fn judge(success: bool, stdout: &str, stderr: &str) -> Answer {
    let lines = stdout.lines().filter_map(|line| line.strip_prefix("!\t")?.split_once('\t'));
    let rejected: Vec<(&str, &str)> =
        lines.map(|(names, reason)| (names.split_once(':').map_or(names, |(_, to)| to), reason)).collect();
    if success && rejected.is_empty() {
        return Answer::Accepted;
    }
    if rejected.is_empty() {
        let not_atomic = stderr.lines().any(|line| line.contains("does not support") && line.contains("atomic"));
        return if not_atomic { Answer::NotAtomic } else { Answer::Failed };
    }
    if rejected.iter().any(|(_, reason)| reason.contains("unpacker error")) {
        return Answer::Failed;
    }
    let is_race = |text: &str| RACES.iter().any(|word| text.contains(word));
    // one that is refused takes the others with it: their reason is that one
    let own: Vec<&(&str, &str)> = rejected.iter().filter(|(_, reason)| !reason.contains("atomic")).collect();
    let race = match own.as_slice() {
        [] => is_race(stderr),
        own => own.iter().all(|(_, reason)| is_race(reason)),
    };
    if race {
        return Answer::Race;
    }
    let told = if own.is_empty() { rejected.iter().collect() } else { own };
    Answer::Refused(told.iter().map(|(name, reason)| format!("`{}`: {}", short(name), in_one_line(reason))).collect())
}

fn short(reference: &str) -> &str {
    reference.strip_prefix("refs/heads/").unwrap_or(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(reasons: &[(&str, &str)], stderr: &str) -> Answer {
        let lines = reasons.iter().map(|(name, reason)| format!("!\t0123abcd:refs/heads/{name}\t{reason}\n"));
        judge(false, &format!("To /srv/x\n{}Done\n", lines.collect::<String>()), stderr)
    }

    #[test]
    fn somebody_who_was_quicker_is_told_from_a_server_that_refuses() {
        assert_eq!(
            rejected(&[("a", "[rejected] (stale info)"), ("b", "[rejected] (atomic push failed)")], ""),
            Answer::Race
        );
        assert_eq!(rejected(&[("a", "[remote rejected] (failed to update ref)")], ""), Answer::Race);
        let locked = "remote: error: cannot lock ref 'refs/heads/a': is at x but expected y";
        assert_eq!(rejected(&[("a", "[remote rejected] (atomic transaction failed)")], locked), Answer::Race);
        let refused = |text: &str| Answer::Refused(vec![text.to_owned()]);
        let hook = "[remote rejected] (pre-receive hook declined)";
        assert_eq!(rejected(&[("a", hook)], "remote: no"), refused(&format!("`a`: {hook}")));
        let mixed = [("a", "[rejected] (stale info)"), ("b", "[remote rejected] (protected branch hook declined)")];
        assert!(matches!(rejected(&mixed, ""), Answer::Refused(_)));
    }

    #[test]
    fn what_is_neither_accepted_nor_rejected_failed() {
        assert_eq!(judge(true, "To x\n*\ta:refs/heads/b\t[new branch]\nDone\n", ""), Answer::Accepted);
        assert_eq!(judge(false, "", "fatal: the receiving end does not support --atomic push"), Answer::NotAtomic);
        assert_eq!(judge(false, "", "fatal: unable to access"), Answer::Failed);
        assert_eq!(rejected(&[("a", "[remote rejected] (unpacker error)")], ""), Answer::Failed);
    }
}
