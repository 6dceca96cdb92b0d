//! The first look at loose files: each is read, and what can be judged at once is judged where it is read, before the next
//! document is. Of a large file most trees live no longer than that.

use std::sync::Arc;

use rayon::prelude::*;

use super::kept::{Keep, Known};
use super::{LooseRun, ReadFile, read_one};
use crate::evaluate::Kubernetes;
use crate::evaluate::gatekeeper::Surroundings;
use crate::evaluate::waivers::Waivers;
use crate::load::{LooseFile, SchemaPlace};
use crate::manifest::{Manifest, ReadLimits};
use crate::pipeline::Progress;
use crate::pipeline::conftest::LoosePolicies;
use crate::pipeline::cores::Watched;
use crate::pipeline::judge::{Evaluators, Lent, Object};
use crate::validate::{Definer, Schemas, is_crd};

/// What the first look knows, and what it has to wait for.
pub(super) struct FirstLook<'a> {
    run: &'a LooseRun<'a>,
    /// Those of Kubernetes: CRDs are known when everything is read.
    schemas: &'a Schemas,
    kubernetes: Kubernetes,
    evaluators: Evaluators<'a>,
    waivers: &'a Waivers,
    nothing_around: Arc<Surroundings>,
    /// Whether a verdict may depend on other objects.
    needs_neighbours: bool,
    /// Whether all objects that were asked for are judged together as well.
    needs_all: bool,
    /// Whether a schema file may be asked before the schemas of Kubernetes.
    needs_files: bool,
}

impl<'a> FirstLook<'a> {
    pub(super) fn new(
        run: &'a LooseRun<'a>,
        schemas: &'a Schemas,
        policies: &'a LoosePolicies,
        waivers: &'a Waivers,
        kubernetes: Kubernetes,
    ) -> Self {
        Self {
            run,
            schemas,
            kubernetes,
            evaluators: Evaluators::of(&policies.each),
            waivers,
            nothing_around: policies.each.surroundings(&[]),
            needs_neighbours: policies.each.needs_surroundings(),
            needs_all: policies.needs_all(),
            needs_files: run.places.first().is_some_and(|place| !matches!(place, SchemaPlace::Embedded)),
        }
    }

    /// Looks at files side by side; results are in the order of the files.
    pub(super) fn read_all(&self, files: &[LooseFile], limits: &ReadLimits, progress: &dyn Progress) -> Vec<ReadFile> {
        progress.stage("checking", files.len());
        let read = |file: &LooseFile| {
            let worker = || self.evaluators.lend();
            let each = |worker: &mut Lent<'_, '_>, manifest| self.look(worker, manifest);
            let read = read_one(file, limits, &Watched(progress), worker, each);
            progress.advance();
            read
        };
        files.par_iter().map(read).collect()
    }

    fn look(&self, worker: &mut Lent<'_, '_>, manifest: Manifest) -> Known {
        let wanted = self.run.wants(&manifest);
        let judged = (wanted && self.can_be_judged(&manifest)).then(|| {
            let (schemas, kubernetes, surroundings) = (self.schemas, self.kubernetes, &self.nothing_around);
            worker.judge(&Object { manifest: &manifest, schemas, kubernetes, surroundings })
        });
        let keep = self.keep(&manifest, wanted, judged.is_some());
        Known::of(manifest, wanted, judged, keep)
    }

    /// What is still asked for of an object.
    fn keep(&self, manifest: &Manifest, wanted: bool, is_judged: bool) -> Keep {
        let is_waiting = wanted && (!is_judged || self.needs_all);
        if is_waiting || self.needs_neighbours || is_crd(manifest) {
            Keep::Whole
        } else if wanted && self.waivers.concern(manifest) {
            Keep::Head
        } else {
            Keep::Nothing
        }
    }

    /// Whether nothing that is still to be read can change the verdict. No CRD replaces a kind of Kubernetes.
    fn can_be_judged(&self, manifest: &Manifest) -> bool {
        !self.needs_neighbours && !self.needs_files && self.schemas.definer(&manifest.object.gvk) == Definer::Kubernetes
    }
}
