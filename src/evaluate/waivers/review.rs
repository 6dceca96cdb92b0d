//! A review holds findings against waivers, and then tells what became of each waiver.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::annotation::{self, Carrier};
use super::{Scope, Waiver, Waivers};
use crate::date::Date;
use crate::diagnostic::{Diagnostic, Waivable, Waived, count, did_you_mean, rules};
use crate::evaluate::PolicyRule;
use crate::manifest::Manifest;
use crate::source::Location;

/// From so many days before its end on, a waiver that is needed says when it ends.
const SOON: i32 = 14;

/// What a finding is about, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Target<'a> {
    /// The environment.
    pub environment: Option<&'a str>,
    /// The app.
    pub app: Option<&'a str>,
    /// The object; `None` for a finding about a text.
    pub manifest: Option<&'a Manifest>,
}

/// Waivers while findings are held against them.
#[derive(Debug)]
pub struct Review {
    /// `None`: nobody said which day it is, so no waiver holds.
    today: Option<Date>,
    annotations: bool,
    entries: Vec<Entry>,
    by_rule: BTreeMap<String, Vec<usize>>,
}

/// One waiver and what it has met.
#[derive(Debug)]
struct Entry {
    waiver: Waiver,
    /// What a finding is given that it covers.
    waived: Arc<Waived>,
    covered: usize,
    /// The first finding that it would cover if it had not ended.
    missed: Option<Met>,
    /// The first finding that no waiver may cover.
    refused: Option<Met>,
}

#[derive(Debug)]
struct Met {
    place: Option<Location>,
    /// Whether a policy found it, and says that it cannot be waived.
    by_policy: bool,
}

/// What became of the waivers.
#[derive(Debug, Default)]
pub struct Audit {
    /// One for each waiver; one that a template puts on an object in several environments is told once.
    pub waivers: Vec<Audited>,
    /// What is wrong with them. Those about an annotation name its environment.
    pub diagnostics: Vec<Diagnostic>,
}

/// A waiver and what became of it.
#[derive(Debug)]
pub struct Audited {
    /// The waiver.
    pub waiver: Waiver,
    /// Where else it names the rule, if a template puts it on an object in several environments.
    pub elsewhere: Vec<Location>,
    /// What became of it.
    pub state: State,
}

/// What became of a waiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It covered a finding.
    Used,
    /// It covered none, and everything that it could have covered was looked at.
    Unused,
    /// It covered none, and not everything was looked at.
    NotCovered,
    /// Its last day is over.
    Expired,
    /// It is for what cannot be waived.
    Refused,
}

impl Review {
    /// Begins with the waivers of the file.
    #[must_use]
    pub fn new(waivers: &Waivers, today: Option<Date>) -> Self {
        let mut review =
            Self { today, annotations: waivers.annotations, entries: Vec::new(), by_rule: BTreeMap::new() };
        waivers.entries.iter().cloned().for_each(|waiver| review.add(waiver));
        review
    }

    /// Takes note of the waivers that an object carries. What is wrong with them is told, and waives nothing.
    pub fn meet(&mut self, environment: Option<&str>, app: Option<&str>, manifest: &Manifest) -> Vec<Diagnostic> {
        let Some(annotation) = annotation::of(manifest) else { return Vec::new() };
        if !self.annotations {
            return vec![annotation::refused(manifest, annotation)];
        }
        let (waivers, diagnostics) = annotation::read(Carrier { environment, app, manifest }, annotation);
        waivers.into_iter().for_each(|waiver| self.add(waiver));
        diagnostics
    }

    /// Marks the findings about one target that a waiver covers: the first that does, in the order of the file. What a
    /// policy excepts needs none.
    pub fn consider(&mut self, findings: &mut [Diagnostic], target: Target<'_>) {
        for finding in findings.iter_mut().filter(|finding| finding.counts()) {
            let Some(named) = self.by_rule.get(finding.rule.as_str()) else { continue };
            let place = || finding.primary.as_ref().map(|label| label.location.clone());
            let mut ended = Vec::new();
            for index in named {
                let entry = &mut self.entries[*index];
                if !entry.waiver.covers(&target) {
                    continue;
                }
                if !finding.is_waivable() {
                    let by_policy = finding.waivable == Waivable::Never;
                    entry.refused.get_or_insert_with(|| Met { place: place(), by_policy });
                } else if self.today.is_some_and(|today| entry.waiver.holds_on(today)) {
                    entry.covered += 1;
                    finding.waived = Some(Arc::clone(&entry.waived));
                    ended.clear();
                    break;
                } else {
                    ended.push(*index);
                }
            }
            for index in ended {
                self.entries[index].missed.get_or_insert_with(|| Met { place: place(), by_policy: false });
            }
        }
    }

    /// Whether a rule is named by any waiver: findings of others need not be considered.
    #[must_use]
    pub fn names(&self, rule: &str) -> bool {
        self.by_rule.contains_key(rule)
    }

    /// Tells what became of each waiver. `is_covered` says whether the run looked at everything that a waiver could have
    /// covered; `policies` are the rules that judged.
    #[must_use]
    pub fn audit(self, policies: &[PolicyRule], is_covered: impl Fn(&Waiver) -> bool) -> Audit {
        let Some(today) = self.today else {
            let told = siblings(self.entries).into_iter().map(|siblings| audited(siblings, State::NotCovered));
            return Audit { waivers: told.collect(), diagnostics: Vec::new() };
        };
        let auditor = Auditor { today, policies };
        let mut audit = Audit::default();
        for siblings in siblings(self.entries) {
            let state = auditor.state(&siblings, &is_covered);
            // of one that has ended, a run that did not look at all it could have covered says nothing
            let is_told = state != State::Expired
                || siblings.iter().any(|entry| entry.missed.is_some())
                || siblings.iter().all(|entry| is_covered(&entry.waiver));
            if is_told {
                let told = siblings.iter().filter_map(|entry| auditor.tell(entry, state, &siblings));
                audit.diagnostics.extend(told);
            }
            audit.waivers.push(audited(siblings, state));
        }
        audit
    }

    fn add(&mut self, waiver: Waiver) {
        self.by_rule.entry(waiver.rule.clone()).or_default().push(self.entries.len());
        let waived = Waived {
            owner: waiver.owner.clone(),
            reason: waiver.reason.clone(),
            expires: waiver.expires,
            location: waiver.location.clone(),
        };
        self.entries.push(Entry { waiver, waived: Arc::new(waived), covered: 0, missed: None, refused: None });
    }
}

impl Waiver {
    fn covers(&self, target: &Target<'_>) -> bool {
        match &self.scope {
            Scope::Selected(selector) => selector.selects(target),
            Scope::Carrier { environment, place, .. } => {
                let is_object = |manifest: &Manifest| {
                    Arc::ptr_eq(&manifest.source, &place.source) && manifest.root.span == place.span
                };
                environment.as_deref() == target.environment && target.manifest.is_some_and(is_object)
            }
        }
    }
}

/// Waivers that are one waiver to who wrote them: a template puts its annotation on the object of every environment, and
/// may need it in one of them.
fn siblings(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    type Key = (String, Option<String>, String, String, Date, String, String);
    let mut groups: Vec<Vec<Entry>> = Vec::new();
    let mut known: BTreeMap<Key, usize> = BTreeMap::new();
    for entry in entries {
        let waiver = &entry.waiver;
        let Scope::Carrier { app, object, .. } = &waiver.scope else {
            groups.push(vec![entry]);
            continue;
        };
        let template = waiver.location.source.name().to_owned();
        let (owner, reason) = (waiver.owner.clone(), waiver.reason.clone());
        let key = (template, app.clone(), object.clone(), waiver.rule.clone(), waiver.expires, owner, reason);
        match known.get(&key) {
            Some(group) => groups[*group].push(entry),
            None => {
                known.insert(key, groups.len());
                groups.push(vec![entry]);
            }
        }
    }
    groups
}

fn audited(siblings: Vec<Entry>, state: State) -> Audited {
    let mut waivers = siblings.into_iter().map(|entry| entry.waiver);
    let waiver = waivers.next().expect("a group holds what made it");
    Audited { waiver, elsewhere: waivers.map(|waiver| waiver.location).collect(), state }
}

struct Auditor<'a> {
    today: Date,
    policies: &'a [PolicyRule],
}

impl Auditor<'_> {
    fn state(&self, siblings: &[Entry], is_covered: &dyn Fn(&Waiver) -> bool) -> State {
        let waiver = &siblings[0].waiver;
        if siblings.iter().any(|entry| entry.refused.is_some()) || self.is_refused(&waiver.rule) {
            State::Refused
        } else if !waiver.holds_on(self.today) {
            State::Expired
        } else if siblings.iter().any(|entry| entry.covered > 0) {
            State::Used
        } else if siblings.iter().all(|entry| is_covered(&entry.waiver)) {
            State::Unused
        } else {
            State::NotCovered
        }
    }

    /// Whether every policy of that id refuses waivers, before anything is found; and what is said of waivers themselves.
    fn is_refused(&self, rule: &str) -> bool {
        let mut policies = self.policies.iter().filter(|policy| policy.id.as_str() == rule).peekable();
        rule.starts_with("waiver-") || (policies.peek().is_some() && policies.all(|policy| !policy.overridable))
    }

    fn tell(&self, entry: &Entry, state: State, siblings: &[Entry]) -> Option<Diagnostic> {
        let waiver = &entry.waiver;
        let diagnostic = match state {
            State::NotCovered => return None,
            State::Used if self.today.days_until(waiver.expires) > SOON || entry.covered == 0 => return None,
            State::Used => self.expires_soon(waiver),
            State::Unused => self.unused(waiver),
            State::Expired => expired(entry, siblings)?,
            State::Refused => self.refused(entry, siblings)?,
        };
        Some(of_scope(diagnostic.waivable(Waivable::Never), &waiver.scope))
    }

    fn expires_soon(&self, waiver: &Waiver) -> Diagnostic {
        let left = match self.today.days_until(waiver.expires) {
            0 => "today".to_owned(),
            days => format!("in {}", count(usize::try_from(days).unwrap_or_default(), "day")),
        };
        let message = format!("the waiver for `{}` ends {left}", waiver.rule);
        Diagnostic::note(rules::WAIVER_EXPIRES_SOON, message)
            .at(waiver.end.clone(), "its last day")
            .help(format!("fix what it covers, or ask `{}` for another review", waiver.owner))
    }

    fn unused(&self, waiver: &Waiver) -> Diagnostic {
        let known = self.policies.iter().map(|policy| policy.id.as_str());
        let known: Vec<&str> = known.chain(rules::ALL.iter().map(|rule| rule.id.as_str())).collect();
        let near = match known.contains(&waiver.rule.as_str()) {
            true => None,
            false => did_you_mean(&waiver.rule, known.iter().copied()),
        };
        let message = format!("the waiver for `{}` on {} covers nothing", waiver.rule, waiver.scope_in_words());
        Diagnostic::warning(rules::WAIVER_UNUSED, message).at(waiver.location.clone(), "not needed").help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "remove it".to_owned(),
        })
    }

    /// One that meets nothing is refused at the first sight of its rule; one among siblings only where it met something.
    fn refused(&self, entry: &Entry, siblings: &[Entry]) -> Option<Diagnostic> {
        let rule = &entry.waiver.rule;
        let by_policy = match &entry.refused {
            Some(met) => met.by_policy,
            None if siblings.iter().any(|entry| entry.refused.is_some()) => return None,
            None => true,
        };
        let (message, help) = match () {
            () if rule.starts_with("waiver-") => {
                (format!("`{rule}` is about waivers, and cannot be waived"), "correct the waiver that it is about")
            }
            () if by_policy => {
                (format!("`{rule}` cannot be waived: its policy says `overridable: false`"), "fix what it finds")
            }
            () => (format!("`{rule}` cannot be waived: it is an error that Hydrant itself finds"), "fix what it finds"),
        };
        let diagnostic = Diagnostic::error(rules::WAIVER_REFUSED, message)
            .at(entry.waiver.location.clone(), "waives nothing")
            .help(help);
        Some(with_place(diagnostic, entry.refused.as_ref(), "this counts"))
    }
}

fn expired(entry: &Entry, siblings: &[Entry]) -> Option<Diagnostic> {
    let waiver = &entry.waiver;
    if entry.missed.is_none() && siblings.iter().any(|entry| entry.missed.is_some()) {
        return None;
    }
    let message = format!("the waiver for `{}` of `{}` ended on {}", waiver.rule, waiver.owner, waiver.expires);
    let help = match entry.missed {
        Some(_) => "fix what it covered, or have it reviewed again and give it a later date",
        None => "remove it: it covers nothing",
    };
    let diagnostic =
        Diagnostic::error(rules::WAIVER_EXPIRED, message).at(waiver.end.clone(), "its last day").help(help);
    Some(with_place(diagnostic, entry.missed.as_ref(), "this counts again"))
}

fn with_place(diagnostic: Diagnostic, met: Option<&Met>, label: &str) -> Diagnostic {
    match met.and_then(|met| met.place.clone()) {
        Some(place) => diagnostic.also(place, label),
        None => diagnostic,
    }
}

/// What is said of an annotation is said of its object.
fn of_scope(diagnostic: Diagnostic, scope: &Scope) -> Diagnostic {
    let Scope::Carrier { environment, app, object, .. } = scope else { return diagnostic };
    let mut diagnostic = diagnostic.object(object);
    diagnostic.subject.app.clone_from(app);
    diagnostic.subject.environment.clone_from(environment);
    diagnostic
}
