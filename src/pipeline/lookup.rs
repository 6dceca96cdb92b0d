//! Look up: the schema file of each kind that was met, from the schema places in their order.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::config::SchemaRequest;
use crate::load::{LoadError, SchemaPlace};
use crate::manifest::{Gvk, Manifest};
use crate::source::Source;
use crate::validate::{Definer, Schemas};

/// Adds to `schemas` what the places hold for the kinds of some manifests. The schemas in the binary stand where
/// `default` stands, and last where it does not; CRDs stand before all places.
pub(super) fn with_schema_files<'a>(
    schemas: Schemas,
    places: &[SchemaPlace<'_>],
    manifests: impl IntoIterator<Item = &'a Manifest>,
    kubernetes: &str,
    strict: bool,
) -> Result<Schemas, LoadError> {
    if places.iter().all(|place| matches!(place, SchemaPlace::Embedded)) {
        return Ok(schemas);
    }
    let kinds: BTreeSet<&Gvk> = manifests.into_iter().map(|manifest| &manifest.object.gvk).collect();
    let kinds: Vec<&Gvk> = kinds.into_iter().collect();
    let find = |gvk: &&Gvk| {
        let request = SchemaRequest { gvk, kubernetes, strict };
        look_up(places, &request, schemas.definer(gvk)).map(|source| source.map(|source| ((*gvk).clone(), source)))
    };
    // the first failure in the order of the kinds, whichever thread met one first
    let found: Vec<_> = kinds.par_iter().map(find).collect();
    let found: Vec<Option<(Gvk, Arc<Source>)>> = found.into_iter().collect::<Result<_, _>>()?;
    Ok(schemas.with_schema_files(found.into_iter().flatten()))
}

fn look_up(
    places: &[SchemaPlace<'_>],
    request: &SchemaRequest<'_>,
    definer: Definer,
) -> Result<Option<Arc<Source>>, LoadError> {
    if definer == Definer::Crd {
        return Ok(None);
    }
    for place in places {
        match place {
            SchemaPlace::Embedded if definer == Definer::Kubernetes => return Ok(None),
            place => {
                if let Some(source) = place.find(request)? {
                    return Ok(Some(source));
                }
            }
        }
    }
    Ok(None)
}
