//! Schema locations, whatever they are made of: what is read prints as it was written, and no manifest chooses a folder or
//! a host by what it calls itself.

use hydrant::config::{SchemaLocation, SchemaRequest};
use hydrant::manifest::Gvk;
use proptest::prelude::*;

/// Texts made of what the grammar knows, and of what people get wrong in it.
fn written() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("{{ .ResourceKind }}"),
        Just("{{.Group}}"),
        Just("{{ .ResourceAPIVersion }}"),
        Just("{{- .KindSuffix -}}"),
        Just("{{ .StrictSuffix }}"),
        Just("{{ .NormalizedKubernetesVersion }}"),
        Just("{{ .Nothing }}"),
        Just("{{"),
        Just("}}"),
        Just("https://"),
        Just("schemas.example.com"),
        Just("user@"),
        Just("schemas"),
        Just(".json"),
        Just("json"),
        Just("default"),
        Just("/"),
        Just("//"),
        Just(".."),
        Just("."),
        Just(" "),
        Just("ö"),
        Just("\\"),
        Just("?"),
        Just("#"),
    ];
    prop::collection::vec(word, 0..9).prop_map(|words| words.concat())
}

/// What a manifest may call itself, and what it may not.
fn called() -> impl Strategy<Value = Gvk> {
    let group =
        prop_oneof![Just(""), Just("apps"), Just("a.example.com"), Just(".."), Just("a/../b"), Just("@evil.test")];
    let version = prop_oneof![Just("v1"), Just(".."), Just("v1/.."), Just("")];
    let kind = prop_oneof![Just("Deployment"), Just(".."), Just("../../etc/passwd"), Just("a:b@evil.test"), Just("")];
    (group, version, kind).prop_map(|(group, version, kind)| Gvk {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_read_prints_as_it_was_written(text in prop_oneof![written(), any::<String>()]) {
        match SchemaLocation::parse(&text) {
            Ok(location) => {
                prop_assert_eq!(location.to_string(), text.trim());
                prop_assert_eq!(SchemaLocation::parse(&location.to_string()), Ok(location));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty() && !error.help().is_empty()),
        }
    }

    #[test]
    fn no_manifest_leads_out_of_a_location(text in written(), gvk in called(), strict in any::<bool>()) {
        let request = SchemaRequest { gvk: &gvk, kubernetes: "1.34", strict };
        match SchemaLocation::parse(&text) {
            Ok(SchemaLocation::Files(files)) => {
                for path in files.candidates(&request) {
                    let leads_out = path.split('/').any(|part| matches!(part, "" | "." | ".."));
                    prop_assert!(!leads_out, "`{}` leads to `{}`", text, path);
                }
            }
            Ok(SchemaLocation::Url(url)) => {
                let host = |address: &str| address.split('/').nth(2).map(str::to_owned);
                if let Some(address) = url.address(&request) {
                    prop_assert_eq!(host(&address), host(url.as_str()), "`{}` asks `{}`", text, address);
                }
            }
            Ok(SchemaLocation::Embedded) | Err(_) => {}
        }
    }
}
