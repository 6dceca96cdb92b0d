//! Kinds without a schema.

use hydrant::diagnostic::Severity;
use hydrant::validate::{Coverage, SchemaError, Schemas, UnknownKinds};

use super::{check, check_with, parse};

fn unknown(api_version: &str, kind: &str) -> Vec<String> {
    check(&format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n"))
}

#[test]
fn an_unknown_kind_says_what_was_probably_meant() {
    let cases = [
        (
            "apps/v1",
            "deployment",
            "2:7 unknown-kind /kind `deployment` is not a kind of `apps/v1` | did you mean `Deployment`? | write `kind: Deployment`",
        ),
        (
            "apps/v1",
            "Deploymnet",
            "2:7 unknown-kind /kind `Deploymnet` is not a kind of `apps/v1` | did you mean `Deployment`? | write `kind: Deployment`",
        ),
        (
            "v1",
            "Deployment",
            "1:13 unknown-kind /apiVersion `v1` has no kind `Deployment` | `Deployment` is known as `apps/v1` | write `apiVersion: apps/v1`",
        ),
        (
            "app/v1",
            "Deployment",
            "1:13 unknown-kind /apiVersion `app/v1` has no kind `Deployment` | `Deployment` is known as `apps/v1` | write `apiVersion: apps/v1`",
        ),
        (
            "extensions/v1beta1",
            "Ingress",
            "1:13 removed-api /apiVersion `extensions/v1beta1` `Ingress` is gone since Kubernetes 1.22 | `Ingress` is known as `networking.k8s.io/v1` | write `apiVersion: networking.k8s.io/v1`",
        ),
        (
            "autoscaling/v2beta2",
            "HorizontalPodAutoscaler",
            "1:13 removed-api /apiVersion `autoscaling/v2beta2` `HorizontalPodAutoscaler` is gone since Kubernetes 1.26 | `HorizontalPodAutoscaler` is known as `autoscaling/v1`, `autoscaling/v2` | write `apiVersion: autoscaling/v2`",
        ),
        (
            "resource.k8s.io/v1alpha1",
            "PodScheduling",
            "1:13 removed-api /apiVersion `resource.k8s.io/v1alpha1` `PodScheduling` is gone since Kubernetes 1.27 | not in Kubernetes 1.34 | remove the object, or replace it",
        ),
        (
            "v1",
            "Policy",
            "2:7 unknown-kind /kind no schema is known for `v1` `Policy` | not a kind of Kubernetes 1.34 | correct `apiVersion` and `kind`, or remove the object",
        ),
        (
            "cert-manager.io/v1",
            "Certificate",
            "2:7 missing-crd /kind no schema is known for `cert-manager.io/v1` `Certificate` | neither Kubernetes 1.34 nor a CRD defines it | add its CRD to the rendered manifests or to a folder under `schemas.crds`",
        ),
        (
            "serving.knative.dev/v1",
            "Service",
            "2:7 missing-crd /kind no schema is known for `serving.knative.dev/v1` `Service` | neither Kubernetes 1.34 nor a CRD defines it | add its CRD to the rendered manifests or to a folder under `schemas.crds`",
        ),
    ];
    for (api_version, kind, expected) in cases {
        assert_eq!(unknown(api_version, kind), [expected]);
    }
}

#[test]
fn a_kind_newer_than_the_environment_names_its_first_kubernetes() {
    let old = Schemas::new("1.27", UnknownKinds::Deny).expect("1.27 is embedded");
    let text = "apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: x}\n";
    assert_eq!(
        check_with(old, text),
        [
            "1:13 not-yet-api /apiVersion `networking.k8s.io/v1` `ServiceCIDR` comes with Kubernetes 1.33 | not in Kubernetes 1.27 | remove the object, or set `kubernetes: \"1.33\"` for the environment"
        ]
    );
}

#[test]
fn the_setting_for_unknown_kinds_is_about_kinds_a_crd_may_define() {
    let manifests = parse(
        "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x}\n---\napiVersion: apps/v1\nkind: deployment\nmetadata: {name: x}\n",
    );
    let judge = |setting: UnknownKinds| {
        let schemas = Schemas::new("1.34", setting).expect("1.34 is embedded");
        manifests
            .iter()
            .map(|manifest| {
                let verdict = schemas.validate(manifest);
                (verdict.coverage, verdict.diagnostics.iter().map(|diagnostic| diagnostic.severity).collect::<Vec<_>>())
            })
            .collect::<Vec<_>>()
    };
    let refused = (Coverage::Failed, vec![Severity::Error]);
    assert_eq!(judge(UnknownKinds::Deny), [refused.clone(), refused.clone()]);
    assert_eq!(judge(UnknownKinds::Warn), [(Coverage::Skipped, vec![Severity::Warning]), refused.clone()]);
    assert_eq!(judge(UnknownKinds::Allow), [(Coverage::Skipped, vec![]), refused]);
}

#[test]
fn a_kubernetes_version_that_is_not_embedded_names_those_that_are() {
    let error = Schemas::new("1.12", UnknownKinds::Deny).expect_err("too old");
    assert!(matches!(&error, SchemaError::UnknownMinor { version, .. } if version == "1.12"));
    assert_eq!(
        error.to_string(),
        "there are no schemas for Kubernetes `1.12`; embedded are 1.25, 1.26, 1.27, 1.28, 1.29, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37"
    );
    for version in ["", "1", "master", "1.034", "2.34", "1.34.", "1.34.x", "1.34.x/../../etc"] {
        assert!(Schemas::new(version, UnknownKinds::Deny).is_err(), "{version}");
    }
    for version in ["1.34", "v1.34", "1.34.2", "v1.34.2+k3s1", "1.34.2-gke.1005000"] {
        assert!(Schemas::new(version, UnknownKinds::Deny).is_ok(), "{version}");
    }
}
