//! What remains of an object of a loose file: who it is, until its file is read; then what came of it, its tree only where
//! somebody has yet to look at it, and of that tree no more than its head where only waivers ask.

use super::classify::template_name;
use crate::evaluate::waivers::{Review, Target, Waivers, head_of};
use crate::manifest::{Manifest, ObjectRef};
use crate::pipeline::judge::Judged;
use crate::source::Span;

/// An object while its file is read.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) object: ObjectRef,
    /// Where its name is written.
    pub(super) name: Span,
    /// Where its name holds template syntax.
    pub(super) template: Option<Span>,
    pub(super) outcome: Outcome,
}

/// What came of an object.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Whether anybody asked for it.
    pub(super) wanted: bool,
    /// There once it was judged.
    pub(super) judged: Option<Judged>,
    /// The whole of it, where somebody has yet to look at it: as a CRD, as a neighbour, or to judge it.
    whole: Option<Box<Manifest>>,
    /// Its head, where the whole of it is gone and waivers may concern it.
    head: Option<Box<Manifest>>,
}

/// How much of an object is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Whole,
    Head,
    Nothing,
}

impl Known {
    /// What is known of an object that nobody judges, or has judged.
    pub(super) fn of(manifest: Manifest, wanted: bool, judged: Option<Judged>, keep: Keep) -> Self {
        let name = manifest.root.get("metadata").and_then(|metadata| metadata.get("name"));
        let name = name.map_or(manifest.root.span, |name| name.span);
        let template = template_name(&manifest);
        let (object, whole, head) = match keep {
            Keep::Whole => (manifest.object.clone(), Some(Box::new(manifest)), None),
            Keep::Head => (manifest.object.clone(), None, Some(Box::new(head_of(manifest)))),
            Keep::Nothing => (manifest.object, None, None),
        };
        Self { object, name, template, outcome: Outcome { wanted, judged, whole, head } }
    }

    /// Of an object that is read for its text alone.
    pub(super) fn unjudged(manifest: Manifest) -> Self {
        Self::of(manifest, false, None, Keep::Nothing)
    }
}

impl Outcome {
    /// The whole object, if it is still there.
    pub(super) fn whole(&self) -> Option<&Manifest> {
        self.whole.as_deref()
    }

    /// The object, if it is still to be judged.
    pub(super) fn waiting(&self) -> Option<&Manifest> {
        self.whole().filter(|_| self.wanted && self.judged.is_none())
    }

    /// What waivers have to know of the object, if anything. There once its tree was dropped.
    pub(super) fn head(&self) -> Option<&Manifest> {
        self.head.as_deref()
    }

    /// Drops the whole of it, but for its head where waivers concern it.
    pub(super) fn drop_tree(&mut self, waivers: &Waivers) {
        let Some(whole) = self.whole.take() else { return };
        if self.wanted && waivers.concern(&whole) {
            self.head = Some(Box::new(head_of(*whole)));
        }
    }

    /// Holds what was found in it against the waivers, its own among them.
    pub(super) fn review(&mut self, review: &mut Review) {
        let (Some(head), Some(judged)) = (&self.head, &mut self.judged) else { return };
        judged.diagnostics.extend(review.meet(None, None, head));
        review.consider(&mut judged.diagnostics, Target { manifest: Some(head), ..Target::default() });
    }
}
