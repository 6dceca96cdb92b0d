//! Judge: one worker's compiled templates, and what they say of an object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regorus::Value as RegoValue;

use super::constraint::Constraint;
use super::expansion::{Generated, expand};
use super::finding::{Found, Subject};
use super::matching::Origin;
use super::review::{Operation, of_object};
use super::{Gatekeeper, Surroundings};
use crate::date::Date;
use crate::evaluate::complaint::Complaint;
use crate::evaluate::machine::Machine;
use crate::evaluate::reads::{Places, Reads};
use crate::evaluate::value::{member, of_node, text};
use crate::evaluate::{EvaluationLimits, Judgement};
use crate::manifest::Manifest;

/// One worker's templates, each compiled when it is first needed.
pub(in crate::evaluate) struct Judge<'a> {
    gatekeeper: &'a Gatekeeper,
    limits: &'a EvaluationLimits,
    today: Option<Date>,
    machines: Vec<Option<Seeing>>,
    /// The number of each template's rule among all rules.
    rules: Vec<Option<usize>>,
}

/// A machine, and the surroundings that it sees.
struct Seeing {
    machine: Machine,
    reads: Reads,
    surroundings: Option<Arc<Surroundings>>,
}

/// A violation: `msg` and `details`.
pub(super) type Violation = (String, RegoValue);

impl<'a> Judge<'a> {
    /// A worker's own. `first` is the number of the first of Gatekeeper's rules among all rules.
    pub(in crate::evaluate) fn new(
        gatekeeper: &'a Gatekeeper,
        first: usize,
        limits: &'a EvaluationLimits,
        today: Option<Date>,
    ) -> Self {
        let machines = gatekeeper.templates.iter().map(|_| None).collect();
        let rules = gatekeeper.rule_numbers().into_iter().map(|number| Some(first + number?)).collect();
        Self { gatekeeper, limits, today, machines, rules }
    }

    /// Judges one object and what would be created from it.
    pub(in crate::evaluate) fn judge(
        &mut self,
        manifest: &Manifest,
        object: &RegoValue,
        surroundings: &Arc<Surroundings>,
        judgement: &mut Judgement,
    ) {
        let old = surroundings.before(manifest).map(|old| (old, of_node(&old.root)));
        let operation = match &old {
            Some((_, value)) => Operation::Update(value),
            None => Operation::Create,
        };
        let mut review = None;
        let mut make = || review.get_or_insert_with(|| of_object(manifest, object, operation)).clone();
        let old = old.as_ref().map(|(old, _)| *old);
        self.judge_one(&Subject::Written(manifest), old, &mut make, surroundings, judgement);
        match expand(&self.gatekeeper.expansions, manifest) {
            Ok(all) => {
                for generated in &all {
                    let subject = Subject::Generated { written: manifest, generated };
                    let mut review = None;
                    let make = || of_object(&generated.manifest, &of_node(&generated.manifest.root), Operation::Create);
                    self.judge_one(
                        &subject,
                        None,
                        &mut || review.get_or_insert_with(make).clone(),
                        surroundings,
                        judgement,
                    );
                }
            }
            Err(reason) => judgement.diagnostics.push(super::finding::not_expanded(manifest, &reason)),
        }
    }

    /// Judges an object that is to be deleted, by the templates that ask for that: to the others it would look as if it
    /// were to be kept.
    pub(in crate::evaluate) fn judge_deletion(
        &mut self,
        manifest: &Manifest,
        surroundings: &Arc<Surroundings>,
        judgement: &mut Judgement,
    ) {
        let review = of_object(manifest, &of_node(&manifest.root), Operation::Delete);
        self.judge_one(&Subject::Deleted(manifest), None, &mut || review.clone(), surroundings, judgement);
    }

    /// `old` is what was there before under the same name, which a constraint may be about as well; `review` makes the
    /// review when it is first needed.
    fn judge_one(
        &mut self,
        subject: &Subject<'_>,
        old: Option<&Manifest>,
        review: &mut dyn FnMut() -> RegoValue,
        surroundings: &Arc<Surroundings>,
        judgement: &mut Judgement,
    ) {
        let gatekeeper = self.gatekeeper;
        let (mut judged, mut failed) = (BTreeSet::new(), BTreeSet::new());
        let deleted = matches!(subject, Subject::Deleted(_));
        let asked = |constraint: &&Constraint| !deleted || gatekeeper.templates[constraint.template].deletions;
        for constraint in gatekeeper.constraints.iter().filter(asked) {
            let found = Found {
                constraint,
                rule: &gatekeeper.templates[constraint.template].rule,
                subject,
                today: self.today,
                secrets: &surroundings.secrets,
            };
            let (manifest, origin) = subject.judged();
            let matches = |manifest: &Manifest| constraint.applies.matches(manifest, origin, &surroundings.namespaces);
            let matched = matches(manifest).and_then(|matched| match old {
                Some(old) if !matched => matches(old),
                _ => Ok(matched),
            });
            match matched {
                Ok(false) => judgement.rules += 1,
                Ok(true) if !gatekeeper.templates[constraint.template].is_about(manifest) => judgement.rules += 1,
                Ok(true) => {
                    let review = &review();
                    match self.violations(constraint, review, surroundings) {
                        Ok(violations) => {
                            judgement.rules += 1;
                            judged.extend(self.rules[constraint.template]);
                            judgement.count(self.rules[constraint.template], violations.len());
                            let mut places = None;
                            judgement.diagnostics.extend(violations.iter().map(|violation| {
                                found.violation(violation, || {
                                    let look = || self.places(constraint, review, surroundings);
                                    let is_it = |member: &RegoValue| violation_of(member).as_ref() == Some(violation);
                                    places.get_or_insert_with(look).of_all(is_it, &manifest.root)
                                })
                            }));
                        }
                        Err(reason) => {
                            failed.extend(self.rules[constraint.template]);
                            judgement.diagnostics.push(found.failed(&reason));
                        }
                    }
                }
                Err(missing) => {
                    failed.extend(self.rules[constraint.template]);
                    judgement.diagnostics.push(found.without_namespace(&missing.name));
                }
            }
        }
        judgement.add(&judged, &failed);
    }

    /// What a constraint says of a review, or why it says nothing.
    pub(super) fn violations(
        &mut self,
        constraint: &Constraint,
        review: &RegoValue,
        surroundings: &Arc<Surroundings>,
    ) -> Result<BTreeSet<Violation>, String> {
        let seeing = self.seeing(constraint.template, surroundings)?;
        let mut violations = BTreeSet::new();
        for (_, members) in seeing.machine.evaluate(&input(constraint, review), None).results {
            for result in members.map_err(|error| Complaint::parse(&error).message)? {
                violations.insert(violation_of(&result).ok_or("a violation without a message")?);
            }
        }
        Ok(violations)
    }

    /// Where in the object a template looked before it came to its violations.
    fn places(&mut self, constraint: &Constraint, review: &RegoValue, surroundings: &Arc<Surroundings>) -> Places {
        let (mut places, limits) = (Places::default(), self.limits);
        if let Ok(Seeing { machine, reads, .. }) = self.seeing(constraint.template, surroundings) {
            let input = input(constraint, review);
            for rule in 0..machine.plan_and_data().0.rules() {
                places.add(reads.places(machine, rule, &input, &["review", "object"], limits));
            }
        }
        places
    }

    fn seeing(&mut self, number: usize, surroundings: &Arc<Surroundings>) -> Result<&mut Seeing, String> {
        let template = &self.gatekeeper.templates[number];
        let slot = &mut self.machines[number];
        if slot.is_none() {
            let machine = Machine::new(Arc::clone(&template.plan), RegoValue::new_object(), self.limits.clone())?;
            *slot = Some(Seeing { machine, reads: Reads::default(), surroundings: None });
        }
        let Some(seeing) = slot else { return Err("the template was not compiled".to_owned()) };
        let seen = seeing.surroundings.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, surroundings));
        if template.referential && !seen {
            seeing.machine.set_data(surroundings.data.clone())?;
            seeing.surroundings = Some(Arc::clone(surroundings));
        }
        Ok(seeing)
    }
}

/// What a template sees.
fn input(constraint: &Constraint, review: &RegoValue) -> RegoValue {
    RegoValue::from(BTreeMap::from([
        (RegoValue::from("parameters"), constraint.parameters.clone()),
        (RegoValue::from("review"), review.clone()),
    ]))
}

/// What a result says; `None` if that is nothing.
fn violation_of(result: &RegoValue) -> Option<Violation> {
    let message = member(result, "msg").and_then(text).map(str::trim).filter(|message| !message.is_empty())?;
    let details = member(result, "details").cloned().unwrap_or_else(RegoValue::new_object);
    Some((message.to_owned(), details))
}

impl Subject<'_> {
    /// The object that the template sees.
    pub(super) fn judged(&self) -> (&Manifest, Origin) {
        match self {
            Self::Written(manifest) | Self::Deleted(manifest) => (manifest, Origin::Original),
            Self::Generated { generated: Generated { manifest, .. }, .. } => (manifest, Origin::Generated),
        }
    }
}
